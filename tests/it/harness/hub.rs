//! GitHub as its API behaves on the wire: lists in pages with `Link` headers, `ETag` and 304, GraphQL by node ids, and
//! whatever goes wrong, when a test says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use pacer::domain::time::{At, HOUR, SECOND};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The token that this GitHub takes.
pub const HUB_TOKEN: &str = "ghp_s3cret";
const MINUTE: i64 = 60 * SECOND;

/// What a repository holds.
#[derive(Clone, Default)]
pub struct Data {
    pub name: String,
    pub pulls: Vec<Value>,
    pub reviews: BTreeMap<u64, Vec<Value>>,
    pub pull_commits: BTreeMap<u64, Vec<Value>>,
    pub deployments: Vec<Value>,
    pub statuses: BTreeMap<u64, Vec<Value>>,
    pub commits: Vec<Value>,
    pub releases: Vec<Value>,
    pub runs: Vec<Value>,
    pub issues: Vec<Value>,
    /// Whether it answers the REST API alone.
    pub rest_only: bool,
    /// Whether it sends gzip to who takes it.
    pub gzip: bool,
}

/// What goes wrong with one request.
pub enum Fault {
    /// Another answer.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection ends in the middle of the body.
    Cut,
    /// A byte now and then, for ever.
    Drip,
    /// No answer, for ever.
    Silence,
    /// The right answer; and then something changes.
    Then(Box<dyn FnOnce(&mut Data) + Send>),
    /// The right answer with another `Link`.
    Link(String),
    /// The right answer with these headers besides.
    Heads(Vec<(&'static str, String)>),
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub version: Option<String>,
    pub status: u16,
}

struct Inner {
    data: Mutex<Data>,
    seen: Mutex<Vec<Seen>>,
    faults: Mutex<Vec<(String, usize, Fault)>>,
    url: Mutex<String>,
    count: watch::Sender<usize>,
}

/// The server. Dropped, it is gone.
pub struct Hub {
    inner: Arc<Inner>,
    pub url: String,
    _servers: JoinSet<()>,
}

impl Hub {
    pub async fn new(data: Data) -> Self {
        let inner = Arc::new(Inner {
            data: Mutex::new(data),
            seen: Mutex::default(),
            faults: Mutex::default(),
            url: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let mut servers = JoinSet::new();
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let url = super::serve(&mut servers, router).await;
        inner.url.lock().unwrap().clone_from(&url);
        Self { inner, url, _servers: servers }
    }

    /// The next request whose path and query hold `part` meets that fault; once each, in the order told.
    pub fn fault(&self, part: &str, fault: Fault) {
        self.fault_after(0, part, fault);
    }

    /// As [`Hub::fault`], after so many such requests.
    pub fn fault_after(&self, skip: usize, part: &str, fault: Fault) {
        self.inner.faults.lock().unwrap().push((part.to_owned(), skip, fault));
    }

    pub fn change(&self, change: impl FnOnce(&mut Data)) {
        change(&mut self.inner.data.lock().unwrap());
    }

    /// The requests since this was last asked.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.inner.seen.lock().unwrap())
    }

    /// Waits until so many requests have come.
    pub async fn came(&self, count: usize) {
        let mut counted = self.inner.count.subscribe();
        counted.wait_for(|came| *came >= count).await.expect("it serves");
    }
}

async fn answer(State(hub): State<Arc<Inner>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path_and_query().expect("a path").as_str().to_owned();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let version = text(header::IF_NONE_MATCH);
    let fault = {
        let mut faults = hub.faults.lock().unwrap();
        let found = faults.iter().position(|(part, ..)| path.contains(part.as_str()));
        match found.map(|at| (at, &mut faults[at].1)) {
            Some((at, 0)) => Some(faults.remove(at).2),
            Some((_, skip)) => {
                *skip -= 1;
                None
            }
            None => None,
        }
    };
    let mut response = if text(header::AUTHORIZATION).as_deref() != Some(&format!("Bearer {HUB_TOKEN}")) {
        told(401, json!({"message": "Bad credentials"}))
    } else if text(header::USER_AGENT).is_none() {
        told(403, json!({"message": "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"}))
    } else if method == Method::POST {
        graphql(&hub.data.lock().unwrap(), &path, &body)
    } else {
        let url = hub.url.lock().unwrap().clone();
        rest(&hub.data.lock().unwrap(), &url, &path, text(header::ACCEPT_ENCODING).is_some_and(|coding| coding.contains("gzip")))
    };
    let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    if version.is_some() && version == etag {
        response = StatusCode::NOT_MODIFIED.into_response();
    }
    let response = match fault {
        None => response,
        Some(Fault::Answer(status, headers, body)) => {
            let headers = headers.into_iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            (StatusCode::from_u16(status).unwrap(), headers.collect::<HeaderMap>(), body).into_response()
        }
        Some(Fault::Cut) => broken(response).await,
        Some(Fault::Drip) => dripping(),
        Some(Fault::Silence) => {
            note(&hub, &method, path, version, 0);
            return std::future::pending::<Response>().await;
        }
        Some(Fault::Then(change)) => {
            change(&mut hub.data.lock().unwrap());
            response
        }
        Some(Fault::Heads(more)) => {
            for (name, value) in more {
                response.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
            }
            response
        }
        Some(Fault::Link(link)) => {
            response.headers_mut().insert(header::LINK, link.parse().unwrap());
            response
        }
    };
    note(&hub, &method, path, version, response.status().as_u16());
    response
}

fn note(hub: &Inner, method: &Method, path: String, version: Option<String>, status: u16) {
    hub.seen.lock().unwrap().push(Seen { method: method.to_string(), path, version, status });
    hub.count.send_modify(|count| *count += 1);
}

/// Half of the body, and no more: the length that was announced is not reached.
async fn broken(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let half = whole.slice(..whole.len() / 2);
    let pieces = futures::stream::iter([Ok(half), Err(std::io::Error::other("cut"))]);
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn dripping() -> Response {
    let beat = tokio::time::interval(std::time::Duration::from_millis(5));
    let drops = futures::stream::unfold(beat, |mut beat| async move {
        beat.tick().await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), beat))
    });
    Body::from_stream(drops).into_response()
}

#[allow(clippy::needless_pass_by_value, reason = "each answer is made for one call")]
fn told(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

fn rest(data: &Data, base: &str, path: &str, gzip: bool) -> Response {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: BTreeMap<String, String> = serde_urlencoded::from_str(query).unwrap();
    let own = format!("/repos/{}/", data.name);
    let Some(rest) = path.strip_prefix(&own).or_else(|| path.strip_prefix("/repositories/7/")) else {
        if let Some(rest) = path.strip_prefix("/repos/acme/old/") {
            let location = format!("{base}/repositories/7/{rest}?{}", serde_urlencoded::to_string(&query).unwrap());
            let mut response = told(301, json!({"message": "Moved Permanently", "url": location, "documentation_url": "x"}));
            response.headers_mut().insert(header::LOCATION, location.parse().unwrap());
            return response;
        }
        return told(404, json!({"message": "Not Found", "documentation_url": "x", "status": "404"}));
    };
    let newest = |list: &[Value], by: &str, down: bool| {
        let mut list = list.to_vec();
        list.sort_by_key(|item| item[by].as_str().unwrap().to_owned());
        if down {
            list.reverse();
        }
        list
    };
    let down = query.get("direction").is_some_and(|direction| direction == "desc");
    let parts: Vec<&str> = rest.split('/').collect();
    let number = |text: &str| text.parse::<u64>().unwrap();
    let of = |all: &BTreeMap<u64, Vec<Value>>, id: &str| all.get(&number(id)).cloned().unwrap_or_default();
    let list = match parts[..] {
        ["pulls"] => newest(&data.pulls, "updated_at", down).iter().map(listed).collect(),
        ["pulls", id] => {
            return data
                .pulls
                .iter()
                .find(|pull| pull["number"] == number(id))
                .map_or_else(|| told(404, json!({"message": "Not Found"})), |pull| told(200, pull.clone()));
        }
        ["pulls", id, "reviews"] => of(&data.reviews, id),
        ["pulls", id, "commits"] => of(&data.pull_commits, id),
        ["deployments"] => newest(&data.deployments, "created_at", true),
        ["deployments", id, "statuses"] => of(&data.statuses, id),
        ["releases"] => newest(&data.releases, "created_at", true),
        ["actions", "runs"] => newest(&data.runs, "created_at", true),
        ["commits"] if data.commits.is_empty() => return told(409, json!({"message": "Git Repository is empty."})),
        ["commits"] => {
            let from = query.get("sha").map_or(0, |sha| data.commits.iter().position(|commit| commit["sha"] == **sha).unwrap());
            let since = query.get("since").cloned().unwrap_or_default();
            data.commits[from..]
                .iter()
                .filter(|commit| commit["commit"]["committer"]["date"].as_str().unwrap() > since.as_str())
                .cloned()
                .collect()
        }
        ["issues"] => {
            let pulls = data.pulls.iter().map(|pull| json!({"number": pull["number"], "pull_request": {}, "updated_at": pull["updated_at"], "repository_url": pull["issue_of"]}));
            let all: Vec<Value> = data.issues.iter().cloned().chain(pulls).collect();
            let since = query.get("since").cloned().unwrap_or_default();
            newest(&all, "updated_at", down).into_iter().filter(|item| item["updated_at"].as_str().unwrap() >= since.as_str()).collect()
        }
        _ => return told(404, json!({"message": "Not Found"})),
    };
    page(&list, &query, &format!("{base}{path}"), parts == ["actions", "runs"], gzip && data.gzip)
}

/// In the list a pull request has no lines.
fn listed(pull: &Value) -> Value {
    let mut pull = pull.clone();
    for left_out in ["additions", "deletions", "merged", "issue_of"] {
        pull.as_object_mut().unwrap().remove(left_out);
    }
    pull
}

fn page(list: &[Value], query: &BTreeMap<String, String>, url: &str, keyed: bool, gzip: bool) -> Response {
    let number = |name: &str, default: usize| query.get(name).map_or(default, |text| text.parse().unwrap());
    let (size, at) = (number("per_page", 30), number("page", 1));
    let pages = list.len().div_ceil(size).max(1);
    let items: Vec<Value> = list.iter().skip(size * (at - 1)).take(size).cloned().collect();
    let body = if keyed { json!({"total_count": list.len(), "workflow_runs": items}) } else { Value::Array(items) }.to_string();
    let link = |page: usize, rel: &str| {
        let mut query = query.clone();
        query.insert("page".into(), page.to_string());
        format!("<{url}?{}>; rel=\"{rel}\"", serde_urlencoded::to_string(&query).unwrap())
    };
    let etag = format!("W/\"{}\"", hex::encode(Sha256::digest(&body)));
    let mut response =
        ([(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::ETAG, etag.as_str())], body.clone()).into_response();
    if gzip {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, body.as_bytes()).unwrap();
        let heads = response.headers().clone();
        response = (heads, packed.finish().unwrap()).into_response();
        response.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    }
    let mut links = Vec::new();
    if at < pages {
        links.extend([link(at + 1, "next"), link(pages, "last")]);
    }
    if at > 1 {
        links.extend([link(1, "first"), link(at - 1, "prev")]);
    }
    if !links.is_empty() {
        response.headers_mut().insert(header::LINK, links.join(", ").parse().unwrap());
    }
    response
}

fn graphql(data: &Data, path: &str, body: &[u8]) -> Response {
    if data.rest_only || path != "/graphql" {
        return told(404, json!({"message": "Not Found"}));
    }
    let asked: Value = serde_json::from_slice(body).unwrap();
    let query = asked["query"].as_str().unwrap();
    if query.contains("issues{totalCount}") {
        return told(200, json!({"data": {"repository": {"issues": {"totalCount": data.issues.len()}}}}));
    }
    let nodes = asked["variables"]["ids"].as_array().unwrap().iter().map(|id| {
        let has = |item: &&Value| item["node_id"] == *id;
        if query.contains("Deployment") {
            data.deployments.iter().find(has).map_or(Value::Null, |deployment| deployment_node(data, deployment))
        } else {
            data.pulls.iter().find(has).map_or(Value::Null, |pull| pull_node(data, pull))
        }
    });
    let nodes: Vec<Value> = nodes.collect();
    told(200, json!({"data": {"nodes": nodes}}))
}

fn of<'a>(all: &'a BTreeMap<u64, Vec<Value>>, id: &Value) -> &'a [Value] {
    all.get(&id.as_u64().unwrap()).map_or(&[], Vec::as_slice)
}

fn deployment_node(data: &Data, deployment: &Value) -> Value {
    let upper = |status: &Value| json!({"state": status["state"].as_str().unwrap().to_uppercase(), "environment": status["environment"], "created_at": status["created_at"], "updated_at": status["updated_at"]});
    let statuses: Vec<Value> = of(&data.statuses, &deployment["id"]).iter().map(upper).collect();
    let more = statuses.len() > 20;
    json!({"id": deployment["node_id"], "statuses": {"pageInfo": {"hasNextPage": more}, "nodes": statuses[..statuses.len().min(20)]}})
}

/// GraphQL names a bot without `[bot]`.
fn actor(user: &Value) -> Value {
    json!({"login": user["login"].as_str().unwrap().trim_end_matches("[bot]"), "type": user["type"]})
}

fn pull_node(data: &Data, pull: &Value) -> Value {
    let mut node = json!({"repository": {"full_name": data.name}, "user": actor(&pull["user"]), "label_list": {"nodes": pull["labels"]},
        "head_sha": pull["head"]["sha"], "head_branch": pull["head"]["ref"], "merge": {"sha": pull["merge_commit_sha"]},
        "asked": {"nodes": [{"who": {"login": "rita"}}, {"who": {}}]}, "ready": {"nodes": []}, "file_list": {"nodes": [{"path": "src/lib.rs"}]}});
    for same in [
        "number",
        "title",
        "body",
        "html_url",
        "draft",
        "merged",
        "additions",
        "deletions",
        "created_at",
        "updated_at",
        "merged_at",
        "closed_at",
    ] {
        node[same] = pull[same].clone();
    }
    let review = |review: &Value| json!({"id": review["id"].to_string(), "state": review["state"], "submitted_at": review["submitted_at"], "updated_at": review["submitted_at"], "user": actor(&review["user"])});
    let reviews: Vec<Value> = of(&data.reviews, &pull["number"]).iter().map(review).collect();
    node["review_list"] = json!({"page": {"more": reviews.len() > 50}, "nodes": reviews[..reviews.len().min(50)]});
    let commit = |item: &Value| {
        let commit = &item["commit"];
        json!({"commit": {"sha": item["sha"], "message": commit["message"], "authored_at": commit["author"]["date"], "committed_at": commit["committer"]["date"],
            "author": {"name": commit["author"]["name"], "email": commit["author"]["email"], "user": {"login": item["author"]["login"]}}}})
    };
    let commits: Vec<Value> = of(&data.pull_commits, &pull["number"]).iter().map(commit).collect();
    node["commit_list"] = json!({"page": {"more": commits.len() > 100}, "nodes": commits[..commits.len().min(100)]});
    node
}

/// So many hours and minutes after the repository's beginning.
pub fn at(hours: i64, minutes: i64) -> String {
    At::parse("2026-07-01T00:00:00Z").unwrap().plus(hours * HOUR + minutes * MINUTE).rfc3339()
}

pub fn sha(what: &str, n: u64) -> String {
    hex::encode(&Sha256::digest(format!("{what}{n}"))[..20])
}

/// A commit as the REST API lists it.
pub fn commit(repository: &str, sha: &str, parents: &[String], authored: &str, committed: &str) -> Value {
    let parents: Vec<Value> = parents.iter().map(|sha| json!({"sha": sha, "url": "x"})).collect();
    json!({"sha": sha, "url": format!("https://api.github.com/repos/{repository}/commits/{sha}"), "parents": parents,
        "commit": {"message": format!("Work on {}", &sha[..7]), "author": {"name": "Ada", "email": "ada@acme.example", "date": authored},
            "committer": {"name": "GitHub", "email": "noreply@github.com", "date": committed}},
        "author": {"login": "ada", "type": "User"}})
}

/// Pull request `n`: two commits, squashed when merged.
pub fn pull(name: &str, n: u64) -> Value {
    let hour = i64::try_from(n).unwrap();
    let merged = !n.is_multiple_of(5);
    let user = if n.is_multiple_of(9) { json!({"login": "renovate[bot]", "type": "Bot"}) } else { json!({"login": "ada", "type": "User"}) };
    json!({"number": n, "node_id": format!("PR_{n}"), "title": format!("PAY-{n}: change"), "body": null, "html_url": format!("https://github.com/{name}/pull/{n}"),
        "user": user, "labels": [{"name": "x"}], "requested_reviewers": [{"login": "rita", "type": "User"}], "head": {"sha": sha("head", n), "ref": format!("topic-{n}")},
        "base": {"ref": "main", "repo": {"full_name": name}}, "draft": false, "merged": merged, "merge_commit_sha": sha("main", n),
        "additions": n * 3, "deletions": n, "created_at": at(hour, 0), "updated_at": at(hour, 40),
        "merged_at": merged.then(|| at(hour, 40)), "closed_at": merged.then(|| at(hour, 40)), "issue_of": format!("https://api.github.com/repos/{name}")})
}

/// A repository of so many pull requests, each merged and deployed, with the rest of what GitHub holds of it.
pub fn shop(count: u64) -> Data {
    let name = "acme/app";
    let mut data = Data { name: name.into(), ..Data::default() };
    let mut before: Vec<String> = Vec::new();
    for n in 1..=count {
        let hour = i64::try_from(n).unwrap();
        let base = format!("https://api.github.com/repos/{name}");
        data.pulls.push(pull(name, n));
        data.reviews.insert(n, vec![json!({"id": 3_000_000_000 + n, "user": {"login": "rita", "type": "User"}, "state": "APPROVED", "submitted_at": at(hour, 20), "pull_request_url": format!("{base}/pulls/{n}")})]);
        let first = commit(name, &sha("first", n), &before, &at(hour - 2, 0), &at(hour - 2, 0));
        let head = commit(name, &sha("head", n), &[sha("first", n)], &at(hour - 1, 0), &at(hour - 1, 0));
        data.pull_commits.insert(n, vec![first, head]);
        data.commits.insert(0, commit(name, &sha("main", n), &before, &at(hour, 40), &at(hour, 40)));
        before = vec![sha("main", n)];
        data.deployments.push(json!({"id": 5_000_000_000 + n, "node_id": format!("DE_{n}"), "sha": sha("main", n), "environment": "production", "production_environment": true,
            "created_at": at(hour, 45), "updated_at": at(hour, 50), "repository_url": base}));
        let state = if n.is_multiple_of(11) { "failure" } else { "success" };
        let status = |state: &str, minute: i64| json!({"state": state, "environment": "production", "created_at": at(hour, minute), "updated_at": at(hour, minute)});
        let mut statuses = vec![status(state, 50), status("in_progress", 46)];
        if n < count {
            statuses.insert(0, status("inactive", 59));
        }
        data.statuses.insert(5_000_000_000 + n, statuses);
        data.runs.push(json!({"id": 7_000_000_000 + n, "name": "ci", "head_sha": sha("head", n), "head_branch": "topic", "status": "completed", "conclusion": "success",
            "created_at": at(hour, 1), "run_started_at": at(hour, 1), "updated_at": at(hour, 9), "repository": {"full_name": name}, "url": format!("{base}/actions/runs/{n}")}));
        if n.is_multiple_of(2) {
            data.issues.push(json!({"number": 100_000 + n, "title": "A bug", "state": "closed", "labels": [{"name": "bug"}], "created_at": at(hour, 2), "updated_at": at(hour, 30),
                "closed_at": at(hour, 30), "repository_url": base, "html_url": "x"}));
        }
        if n.is_multiple_of(20) {
            data.releases.push(json!({"id": 9_000 + n, "draft": false, "prerelease": n.is_multiple_of(40), "target_commitish": "main", "created_at": at(hour, 55), "published_at": at(hour, 56), "url": format!("{base}/releases/{n}")}));
        }
    }
    data
}
