//! `pacer backfill` against a GitHub that behaves as the real one does, and misbehaves as it may.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pacer::backfill::api::{Api, Bounds, Reach, Time};
use pacer::backfill::place::{Place, Wish};
use pacer::backfill::walk::{Ended, Halted, Walk};
use pacer::clock::Clock;
use pacer::domain::time::At;
use serde_json::{Value, json};

use crate::harness::binary::{Outcome, Pacer};
use crate::harness::facts::{figures, github_signature, metric};
use crate::harness::hub::{Data, Fault, HUB_TOKEN, Hub, Seen, at, commit, pull, sha, shop};
use crate::harness::{GITHUB_SECRET, Harness};

/// What is stored of facts, row by row; `seq` apart, which tells in which delivery they came.
const FACTS: [(&str, &str); 7] = [
    (
        "deployment",
        "source id service repository environment production via status started_at finished_at sha commits hotfix rollback updated_at",
    ),
    (
        "change",
        "source id repository opened_at ready_at merged_at closed_at merge_commit head commits author bot draft title labels lines_added lines_removed item branch reviewers paths url updated_at",
    ),
    ("review", "source id change reviewer bot at state updated_at"),
    ("commits", "sha repository authored_at committed_at author bot subject parents exact shallow email paths"),
    ("run", "source id repository workflow branch sha outcome started_at finished_at updated_at"),
    ("item", "source id project kind labels title created_at done_at status assignee url updated_at"),
    ("part", "source id body updated_at"),
];

/// Rows as texts, in order.
fn rows_of(pacer: &Pacer, table: &str, columns: &str) -> Vec<String> {
    let texts: Vec<String> = columns.split(' ').map(|column| format!("coalesce(cast({column} as text), '-')")).collect();
    pacer.database.texts(&format!("select '{table} ' || {} from {table} order by 1", texts.join(" || ' | ' || ")))
}

fn facts(pacer: &Pacer) -> Vec<String> {
    FACTS.iter().flat_map(|(table, columns)| rows_of(pacer, table, columns)).collect()
}

fn command(pacer: &Pacer, hub: &Hub, args: &[&str]) -> Command {
    let mut command = pacer.command(&[&["backfill", "github"], args].concat());
    command.env("PACER_GITHUB_URL", &hub.url).env("PACER_GITHUB_TOKEN", HUB_TOKEN).stdin(Stdio::null());
    command
}

fn backfill(pacer: &Pacer, hub: &Hub, args: &[&str]) -> Outcome {
    let output = tokio::task::block_in_place(|| command(pacer, hub, args).output().expect("it runs"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let outcome = Outcome { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
    assert!(!format!("{outcome:?}").contains(HUB_TOKEN), "the token is never told: {outcome:?}");
    outcome
}

const LINES: [&str; 7] = [
    "acme/app deployments: 230 at the source, 230 stored",
    "acme/app commits: 230 at the source, 230 read",
    "acme/app pull requests: 230 at the source, 230 stored",
    "acme/app releases: 11 read, 6 stored",
    "acme/app workflow runs: 230 at the source, 230 stored",
    "acme/app issues: 115 at the source, 115 stored",
    "read 1047 new 1271 updated 0 duplicate 2 rejected 0",
];

/// When stories of the sample repository are told: after all of it happened.
fn later(hours: i64) -> String {
    at(1_000 + hours, 0)
}

fn told(outcome: &Outcome) -> Vec<&str> {
    outcome.stdout.lines().collect()
}

fn asked(hub: &Hub) -> Vec<(String, u16)> {
    hub.seen().into_iter().map(|seen| (format!("{} {}", seen.method, seen.path), seen.status)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_is_read_whole_and_its_counts_are_told() {
    let (pacer, hub) = (Pacer::new(), Hub::new(Data { gzip: true, ..shop(230) }).await);
    let outcome = backfill(&pacer, &hub, &["acme/app"]).ok();
    assert_eq!((told(&outcome), outcome.stderr.as_str()), (LINES.to_vec(), ""));
    assert_eq!(hub.seen().len(), 38, "four requests for the details of a page of 100");
    let answer = pacer.run_at(&later(0), &["ask", "dora service:app 6m", "--format", "json"]).ok().json();
    assert_eq!(metric(&answer, "deployment_frequency")["n"], 230 - 20, "every eleventh failed");
    // Squashed pull requests count by their own commits, the others by theirs on main; what failed went out an hour later with
    // the next. What was deployed first has nothing before it.
    let mut leads: Vec<i64> = (2..=230_i64)
        .flat_map(|n| {
            let later = if n % 11 == 0 { 60 } else { 0 };
            if n % 5 == 0 { vec![10 + later] } else { vec![110 + later, 170 + later] }
        })
        .collect();
    leads.sort_unstable();
    let middle = leads.len() / 2;
    #[allow(clippy::cast_precision_loss, reason = "minutes")]
    let median = (leads[middle - 1] + leads[middle]) as f64 / 2.0 * 60.0;
    let lead = metric(&answer, "change_lead_time");
    assert_eq!((lead["n"].as_u64(), lead["value"].as_f64()), (Some(leads.len() as u64), Some(median)), "{lead}");

    let facts_then = facts(&pacer);
    let replayed = pacer.run(&["replay"]).ok();
    assert!(replayed.last().contains(" new 0 updated 0 ") && replayed.last().ends_with("rejected 0"), "{replayed:?}");
    assert_eq!(facts(&pacer), facts_then, "a stored page parses to what it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_run_costs_nothing_where_nothing_changed_and_little_where_something_did() {
    let (pacer, hub) = (Pacer::new(), Hub::new(shop(230)).await);
    let run = |hours: i64, args: &[&str]| {
        let output = tokio::task::block_in_place(|| command(&pacer, &hub, args).env("PACER_NOW", later(hours)).output().expect("it runs"));
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    run(0, &["acme/app"]);
    hub.seen();
    let second = run(1, &[]);
    assert_eq!(
        second,
        [
            "acme/app deployments: 230 at the source, 230 stored, unchanged",
            "acme/app commits: 230 at the source, unchanged",
            "acme/app pull requests: 230 at the source, 230 stored, unchanged",
            "acme/app releases: 6 stored, unchanged",
            "acme/app workflow runs: 230 at the source, 230 stored, unchanged",
            "acme/app issues: 115 at the source, 115 stored",
            "read 0 new 0 updated 0 duplicate 0 rejected 0",
        ]
    );
    let seen = hub.seen();
    assert_eq!(seen.iter().map(|seen| seen.status).collect::<Vec<_>>(), [304, 304, 304, 304, 304, 200, 200]);

    hub.change(|data| {
        for key in ["updated_at", "merged_at", "closed_at"] {
            data.pulls[4][key] = json!(later(1));
        }
        data.pulls[4]["merged"] = json!(true);
        let name = data.name.clone();
        data.commits.insert(0, commit(&name, &sha("main", 999), &[sha("main", 230)], &later(1), &later(1)));
    });
    let third = run(2, &[]);
    assert_eq!(third[2], "acme/app pull requests: 230 at the source, 230 stored");
    assert_eq!(third[1], "acme/app commits: 231 at the source, 1 read");
    assert_eq!(third.last().map(String::as_str), Some("read 2 new 1 updated 1 duplicate 1 rejected 0"));
    assert_eq!(
        pacer.database.texts("select cast(merged_at as text) from change where id = 'acme/app#5'"),
        [At::parse(&later(1)).expect("an instant").0.to_string()]
    );
    let asked = asked(&hub);
    assert_eq!(asked.iter().filter(|(path, _)| path.contains("pulls") || path.contains("graphql")).count(), 4, "{asked:?}");

    let since = run(3, &["--since", "2026-07-09", "acme/app"]);
    assert!(since[2].starts_with("acme/app pull requests: 230 at the source"), "{since:?}");
    assert!(asked_of(&hub, "pulls?").iter().all(|seen| seen.version.is_none()), "an earlier time may hold more than the last run read");
    let again = run(4, &["--again"]);
    assert!(again.last().is_some_and(|line| line.contains(" new 0 updated 0 ")), "{again:?}");
    assert_eq!(again[1], "acme/app commits: 231 at the source, 231 read");
}

fn asked_of(hub: &Hub, part: &str) -> Vec<Seen> {
    hub.seen().into_iter().filter(|seen| seen.path.contains(part)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_and_run_again_it_ends_as_if_it_never_was() {
    let whole = Pacer::new();
    let hub = Hub::new(shop(230)).await;
    backfill(&whole, &hub, &["acme/app"]).ok();
    let question = ["ask", "dora service:app 6m", "--format", "json"];
    let expect = (facts(&whole), whole.database.count("delivery"), figures(&whole.run_at(&later(0), &question).ok().json()));
    let requests = hub.seen().len();
    for at in [0, 1, 4, 11, 17, 22, 29, 33, requests - 1] {
        let (pacer, hub) = (Pacer::new(), Hub::new(shop(230)).await);
        pacer.run(&["migrate"]).ok();
        hub.fault_after(at, "/", Fault::Silence);
        let mut child = command(&pacer, &hub, &["acme/app"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        hub.came(at + 1).await;
        child.kill().expect("killed");
        child.wait().expect("gone");
        let before = hub.seen();
        let doctor = pacer.run(&["doctor"]).stdout;
        let stopped = doctor.contains("`pacer backfill github` goes on there");
        assert_eq!(stopped, pacer.database.count("backfill where asks is not null") > 0, "killed at request {at}: {doctor}");
        let outcome = backfill(&pacer, &hub, &["acme/app"]).ok();
        let lines: Vec<&str> = told(&outcome)[..6].iter().map(|line| line.trim_end_matches(", unchanged")).collect();
        assert_eq!(lines[..1], LINES[..1], "killed at request {at}");
        assert_eq!((lines[2], &lines[4..]), (LINES[2], &LINES[4..6]), "killed at request {at}");
        let found = (facts(&pacer), pacer.database.count("delivery"), figures(&pacer.run_at(&later(0), &question).ok().json()));
        assert_eq!(found, expect, "killed at request {at}");
        // What was answered before the kill is not asked for again; streams that were done say that nothing changed.
        let after = hub.seen();
        let (again, unchanged) =
            (after.iter().filter(|seen| seen.status != 304).count(), after.iter().filter(|seen| seen.status == 304).count());
        assert!(before.len() + again <= requests + 3 && unchanged <= 5, "{at}: {} and {again} of {requests}", before.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_rest_alone_tells_the_same() {
    let (rest, both) = (Pacer::new(), Pacer::new());
    let hub = Hub::new(Data { rest_only: true, ..shop(30) }).await;
    let outcome = backfill(&rest, &hub, &["acme/app"]).ok();
    assert_eq!(told(&outcome)[2], "acme/app pull requests: 30 at the source, 30 stored");
    backfill(&both, &Hub::new(shop(30)).await, &["acme/app"]).ok();
    let shared = |pacer: &Pacer| {
        let mut rows = facts(pacer);
        rows.retain(|row| !["change ", "commits ", "review "].iter().any(|table| row.starts_with(table)));
        rows.extend(rows_of(pacer, "change", "id merge_commit head author lines_added lines_removed labels merged_at reviewers"));
        rows.extend(rows_of(pacer, "review", "id change reviewer state at"));
        rows.extend(rows_of(pacer, "commits", "sha author authored_at subject"));
        rows
    };
    assert_eq!(shared(&rest), shared(&both));
    let question = ["ask", "dora service:app 6m", "--format", "json"];
    let ask = |pacer: &Pacer| figures(&pacer.run_at(&later(0), &question).ok().json());
    assert_eq!(ask(&rest), ask(&both));
}

/// What webhooks would have told of the same repository, as recorded lines.
fn deliveries(data: &Data) -> String {
    let mut lines = Vec::new();
    let mut say = |kind: &str, body: Value| {
        let mut body = body;
        body["repository"] = json!({"full_name": data.name});
        lines
            .push(json!({"headers": {"x-github-event": kind, "x-github-delivery": format!("d{}", lines.len())}, "body": body}).to_string());
    };
    for pull in &data.pulls {
        let mut opened = pull.clone();
        for (key, value) in
            [("updated_at", pull["created_at"].clone()), ("merged", json!(false)), ("merged_at", Value::Null), ("closed_at", Value::Null)]
        {
            opened[key] = value;
        }
        say("pull_request", json!({"action": "opened", "pull_request": opened}));
        say("pull_request", json!({"action": "closed", "pull_request": pull}));
        for review in &data.reviews[&pull["number"].as_u64().unwrap()] {
            say("pull_request_review", json!({"action": "submitted", "review": review, "pull_request": pull}));
        }
        for commit in &data.pull_commits[&pull["number"].as_u64().unwrap()] {
            let author = json!({"name": "Ada", "email": "ada@acme.example", "username": "ada"});
            let pushed = json!({"id": commit["sha"], "message": commit["commit"]["message"], "timestamp": commit["commit"]["author"]["date"], "author": author, "added": [], "modified": ["src/lib.rs"], "removed": []});
            say("push", json!({"ref": "refs/heads/topic", "before": "0000", "commits": [pushed]}));
        }
    }
    for deployment in &data.deployments {
        say("deployment", json!({"action": "created", "deployment": deployment}));
        for status in data.statuses[&deployment["id"].as_u64().unwrap()].iter().rev() {
            say("deployment_status", json!({"action": "created", "deployment": deployment, "deployment_status": status}));
        }
    }
    data.releases.iter().for_each(|release| say("release", json!({"action": "published", "release": release})));
    data.runs.iter().for_each(|run| say("workflow_run", json!({"action": "completed", "workflow_run": run, "workflow": {"name": "ci"}})));
    data.issues.iter().for_each(|issue| say("issues", json!({"action": "closed", "issue": issue})));
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_and_pages_give_the_same_rows_in_either_order() {
    let data = shop(40);
    let (first, second) = (Pacer::new(), Pacer::new());
    let hub = Hub::new(data.clone()).await;
    let import = |pacer: &Pacer| {
        let file = pacer.database.file("hooks.jsonl", deliveries(&data));
        pacer.run(&["import", "github", &file]).ok()
    };
    import(&first);
    let known = first.database.count("deployment") + first.database.count("run") + first.database.count("item");
    let outcome = backfill(&first, &hub, &["acme/app"]).ok();
    backfill(&second, &hub, &["acme/app"]).ok();
    let imported = import(&second);
    assert!(imported.last().contains(" rejected 0"), "{imported:?}");
    assert_eq!(facts(&first), facts(&second));
    assert_eq!(first.database.count("deployment") + first.database.count("run") + first.database.count("item"), known, "the same ids");
    assert!(outcome.last().ends_with("rejected 0"), "{outcome:?}");
}

/// Fake time: pauses are noted and pass at once.
#[derive(Clone, Default)]
struct Pauses(Arc<Mutex<Vec<(u64, String)>>>);

impl Pauses {
    fn time(&self) -> Time {
        let (clock, noted) = (Clock::standing(At::parse(&later(0)).expect("an instant")), self.0.clone());
        let passing = clock.clone();
        Time {
            now: Arc::new(move || clock.now()),
            pause: Arc::new(move |wait, why| {
                noted.lock().unwrap().push((wait.as_secs(), why.to_owned()));
                passing.advance(i64::try_from(wait.as_micros()).unwrap());
                Box::pin(std::future::ready(()))
            }),
        }
    }

    fn secs(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|(secs, _)| *secs).collect()
    }
}

/// A date header as of the fake clock's beginning: resets are told in the source's own time.
fn date() -> (&'static str, String) {
    let at = At::parse(&later(0)).expect("an instant").utc();
    ("date", at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn reset(secs: i64) -> (&'static str, String) {
    ("x-ratelimit-reset", (At::parse(&later(0)).expect("an instant").0 / 1_000_000 + secs).to_string())
}

fn said(message: &str) -> String {
    json!({"message": message, "documentation_url": "https://docs.github.com/rest"}).to_string()
}

/// Reads one stream in this process: what came of it, and the facts that were handed over, in order of their text.
async fn walk(hub: &Hub, stream: &str, pauses: &Pauses, bounds: Bounds) -> (Result<Ended, Halted>, Vec<String>) {
    pacer::app::install_tls();
    let source = pacer::sources::source("github").expect("it is there");
    let pages = source.pages.as_ref().expect("it has");
    let tls = rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let api = Api::new(source, pages, &hub.url, HUB_TOKEN, tls, bounds, pauses.time()).expect("an API");
    let first = (pages.begin)("acme/app", None).into_iter().find(|ask| ask.stream == stream).expect("such a stream");
    let place = Place::start(At(0), None).anew(first, At(0), Wish::default());
    let mut facts = Vec::new();
    let mut rejected = Vec::new();
    let walk = Walk { api: &api, source, pages };
    let ended = walk
        .run(place, async |taken| {
            rejected.extend(taken.parsed.rejected);
            facts.extend(taken.parsed.events.into_iter().map(|stated| format!("{:?}", stated.event)));
            Ok(())
        })
        .await;
    assert_eq!(rejected, []);
    facts.sort();
    facts.dedup();
    (ended, facts)
}

/// A stream with something going wrong ends with the facts of one where nothing does; the pauses that took.
async fn survives(stream: &str, part: &str, faults: Vec<Fault>, bounds: Bounds) -> Vec<u64> {
    let (hub, pauses) = (Hub::new(shop(120)).await, Pauses::default());
    let (_, expect) = walk(&hub, stream, &pauses, bounds).await;
    assert!(!expect.is_empty() && pauses.secs().is_empty());
    for fault in faults {
        hub.fault(part, fault);
    }
    let (ended, found) = walk(&hub, stream, &pauses, bounds).await;
    assert!(matches!(ended, Ok(Ended::Read)), "{ended:?}");
    assert_eq!(found, expect, "{stream}");
    pauses.secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_waited_for_as_long_as_they_say() {
    let usual = Bounds::default();
    let left = |n: &str| ("x-ratelimit-remaining", n.to_owned());
    let primary = |status: u16| Fault::Answer(status, vec![date(), left("0"), reset(90)], said("API rate limit exceeded for user ID 1."));
    assert_eq!(survives("deployments", "deployments?page=2", vec![primary(403)], usual).await, [91]);
    assert_eq!(survives("pull requests", "graphql", vec![primary(429)], usual).await, [91]);
    let after = |value: &str| Fault::Answer(429, vec![date(), ("retry-after", value.to_owned())], said("slow down"));
    assert_eq!(survives("issues", "issues", vec![after("7")], usual).await, [7]);
    let in_half_a_minute = At::parse(&later(0)).expect("an instant").plus(30_000_000).utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    assert_eq!(survives("issues", "issues", vec![after(&in_half_a_minute)], usual).await, [30]);
    let secondary = || {
        Fault::Answer(403, vec![date(), left("4000")], said("You have exceeded a secondary rate limit and have been temporarily blocked."))
    };
    assert_eq!(survives("commits", "commits?page=2", vec![secondary(), secondary(), secondary()], usual).await, [60, 120, 240]);
    // GraphQL tells of its limit in an answer of 200.
    let limited = json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}).to_string();
    assert_eq!(
        survives("pull requests", "graphql", vec![Fault::Answer(200, vec![date(), left("0"), reset(20)], limited)], usual).await,
        [21]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_request_of_the_hour_is_followed_by_a_wait_and_not_by_a_refusal() {
    let (hub, pauses) = (Hub::new(shop(120)).await, Pauses::default());
    let (_, expect) = walk(&hub, "workflow runs", &pauses, Bounds::default()).await;
    hub.fault("runs?per_page=100", Fault::Heads(vec![date(), ("x-ratelimit-remaining", "0".into()), reset(1_000)]));
    hub.seen();
    let (ended, found) = walk(&hub, "workflow runs", &pauses, Bounds::default()).await;
    assert!(matches!(ended, Ok(Ended::Read)), "{ended:?}");
    assert_eq!((found, pauses.secs()), (expect, vec![1_001]));
    assert!(hub.seen().iter().all(|seen| seen.status == 200), "nothing was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_far_away_ends_the_run_and_says_when_to_come_back() {
    let (hub, pauses) = (Hub::new(shop(120)).await, Pauses::default());
    hub.fault(
        "deployments?page=2",
        Fault::Answer(403, vec![date(), ("x-ratelimit-remaining", "0".into()), reset(86_400)], said("API rate limit exceeded")),
    );
    let (ended, found) = walk(&hub, "deployments", &pauses, Bounds::default()).await;
    let Err(Halted::Source(stopped)) = ended else { panic!("{ended:?}") };
    let then = At::parse(&later(24)).expect("an instant").plus(1_000_000);
    assert_eq!(
        stopped.sentence,
        format!("GitHub takes no more requests until {then}: run `pacer backfill github` again then, it goes on where it stopped")
    );
    assert_eq!((stopped.reach, pauses.secs(), found.len()), (Reach::Run, vec![], 100), "what came before is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_tried_again_with_growing_pauses_and_not_for_ever() {
    let usual = Bounds::default();
    let bad = |status: u16| Fault::Answer(status, vec![], "<html>Unicorn!</html>".into());
    for (faults, tries) in
        [(vec![bad(502)], 1), (vec![bad(500), bad(503), bad(504)], 3), (vec![Fault::Cut], 1), (vec![Fault::Cut, bad(502), Fault::Cut], 3)]
    {
        let pauses = survives("pull requests", "pulls?direction=desc&page=2", faults, usual).await;
        assert_eq!(pauses.len(), tries);
        assert!(pauses.iter().zip([1, 2, 4]).all(|(pause, least)| (least..=2 * least).contains(pause)), "{pauses:?}");
    }
    let busy = Fault::Answer(503, vec![("retry-after", "40".into())], String::new());
    assert_eq!(survives("releases", "releases", vec![busy], usual).await, [40]);
    // An answer that ends too soon without anybody noticing: no length was told.
    assert_eq!(survives("releases", "releases", vec![Fault::Answer(200, vec![], "[{\"id\": 9".into())], usual).await, [0_u64; 0]);

    let (hub, pauses) = (Hub::new(shop(3)).await, Pauses::default());
    (0..20).for_each(|_| hub.fault("releases", bad(502)));
    let (ended, _) = walk(&hub, "releases", &pauses, usual).await;
    let sentence = ended.expect_err("it gives up").to_string();
    assert!(
        sentence.starts_with("GitHub does not answer (status 502), however often it is asked: check the network and PACER_GITHUB_URL"),
        "{sentence}"
    );
    assert_eq!((pauses.secs().len(), hub.seen().len()), (6, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_ever() {
    let short = Bounds { idle: Duration::from_millis(200), whole: Duration::from_millis(500), ..Bounds::default() };
    assert_eq!(survives("releases", "releases", vec![Fault::Silence], short).await, [1], "not a byte");
    assert_eq!(survives("releases", "releases", vec![Fault::Drip], short).await, [1], "a byte now and then");
    let small = Bounds { bytes: 2_000, tries: 1, ..Bounds::default() };
    let hub = Hub::new(shop(120)).await;
    for gzip in [false, true] {
        hub.change(|data| data.gzip = gzip);
        let (ended, _) = walk(&hub, "workflow runs", &Pauses::default(), small).await;
        let sentence = ended.expect_err("too large").to_string();
        assert!(sentence.contains("too large"), "{sentence}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_asked_whatever_an_answer_says() {
    let (hub, pauses) = (Hub::new(shop(120)).await, Pauses::default());
    let other = Hub::new(shop(120)).await;
    hub.fault("deployments?per_page=100", Fault::Link(format!("<{}/repos/acme/app/deployments?page=2>; rel=\"next\"", other.url)));
    let (ended, found) = walk(&hub, "deployments", &pauses, Bounds::default()).await;
    let sentence = ended.expect_err("refused").to_string();
    assert!(sentence.contains(&format!("it leads to {}, and not to {}", other.url, hub.url)), "{sentence}");
    let moved = || Fault::Answer(302, vec![("location", format!("{}/repos/acme/app/deployments", other.url))], String::new());
    hub.fault("deployments?per_page=100", moved());
    let (ended, _) = walk(&hub, "deployments", &pauses, Bounds::default()).await;
    assert!(ended.expect_err("refused").to_string().contains("it leads to"), "a redirect neither");
    hub.fault(
        "deployments?per_page=100",
        Fault::Answer(301, vec![("location", "/repos/acme/app/deployments?per_page=100".into())], String::new()),
    );
    let (ended, _) = walk(&hub, "deployments", &pauses, Bounds::default()).await;
    assert!(ended.is_ok(), "to itself, once, is no harm");
    assert_eq!((found.len(), other.seen().len()), (100, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_moves_while_it_is_read_loses_nothing() {
    let pauses = Pauses::default();
    let count = |facts: &[String], what: &str| facts.iter().filter(|fact| fact.starts_with(what)).count();
    // The pull request that was changed longest ago is changed while the last page is still to come, and one is opened: both
    // move to the front, which was read.
    let hub = Hub::new(shop(230)).await;
    hub.fault(
        "pulls?direction=desc&page=2",
        Fault::Then(Box::new(|data| {
            data.pulls[0]["title"] = json!("retitled");
            data.pulls[0]["updated_at"] = json!(at(900, 0));
            let mut opened = pull("acme/app", 231);
            opened["updated_at"] = json!(at(901, 0));
            data.pulls.push(opened);
        })),
    );
    let (_, found) = walk(&hub, "pull requests", &pauses, Bounds::default()).await;
    assert_eq!(count(&found, "Change("), 231);
    assert!(found.iter().any(|fact| fact.starts_with("Change(") && fact.contains("retitled")));
    assert!(!found.iter().any(|fact| fact.contains("\"PAY-1: change\"")), "its old state was never met");

    // Issues: one that was read is changed, one that was read is deleted; the list moves forward by two.
    let hub = Hub::new(shop(230)).await;
    hub.fault(
        "direction=asc&per_page=100",
        Fault::Then(Box::new(|data| {
            data.issues[3]["updated_at"] = json!(at(900, 0));
            data.issues.remove(5);
        })),
    );
    let (_, found) = walk(&hub, "issues", &pauses, Bounds::default()).await;
    assert_eq!(count(&found, "Item("), 115);

    // Deployments and runs: new ones come first. Commits: pinned to the tip.
    let hub = Hub::new(shop(230)).await;
    let newer = || {
        Fault::Then(Box::new(|data: &mut Data| {
            let next = shop(233);
            (data.deployments, data.statuses, data.runs, data.commits) = (next.deployments, next.statuses, next.runs, next.commits);
        }))
    };
    for (stream, part, what) in [
        ("deployments", "deployments?per_page=100", "Deployment("),
        ("workflow runs", "runs?per_page=100", "Run("),
        ("commits", "per_page=100", "Commit("),
    ] {
        hub.change(|data| *data = shop(230));
        hub.fault(part, newer());
        let (_, found) = walk(&hub, stream, &pauses, Bounds::default()).await;
        assert_eq!(count(&found, what), 230, "{stream}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_inside_a_thing_are_read_to_their_end() {
    let hub = Hub::new(shop(12)).await;
    hub.change(|data| {
        let review = |n: u64| json!({"id": 8_000_000_000_u64 + n, "user": {"login": "rita", "type": "User"}, "state": "COMMENTED", "submitted_at": at(300, 0)});
        data.reviews.insert(3, (0..160).map(review).collect());
        let name = data.name.clone();
        let line = |n: u64| commit(&name, &sha("long", n), &[sha("long", n.wrapping_sub(1))], &at(1, 0), &at(1, 0));
        data.pull_commits.insert(4, (0..250).map(line).collect());
        let status = |n: i64| json!({"state": "in_progress", "environment": "production", "created_at": at(400, n), "updated_at": at(400, n)});
        let mut statuses: Vec<Value> = (0..150).map(status).collect();
        statuses.push(json!({"state": "success", "environment": "production", "created_at": at(500, 0), "updated_at": at(500, 0)}));
        data.statuses.insert(5_000_000_005, statuses);
    });
    let (_, found) = walk(&hub, "pull requests", &Pauses::default(), Bounds::default()).await;
    assert_eq!(found.iter().filter(|fact| fact.starts_with("Review(")).count(), 11 + 160);
    assert_eq!(found.iter().filter(|fact| fact.starts_with("Commit(") && fact.contains("exact_parents: true")).count(), 250);
    let cut = found.iter().find(|fact| fact.contains("acme/app#4\"") && fact.starts_with("Change(")).expect("it is there");
    assert!(cut.contains("commits: None"), "a part of the list would pass for the whole: {cut}");
    let (_, found) = walk(&hub, "deployments", &Pauses::default(), Bounds::default()).await;
    let fifth = found.iter().rfind(|fact| fact.contains("5000000005")).expect("it is there");
    assert!(fifth.contains("Success"), "{fifth}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_said_with_what_to_do_and_the_rest_is_read() {
    let hub = Hub::new(shop(30)).await;
    let pacer = Pacer::new();
    let no_token = pacer.command(&["backfill", "github", "acme/app"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&no_token.stderr).contains("PACER_GITHUB_TOKEN is not set"), "{no_token:?}");
    backfill(&pacer, &hub, &[]).fails(1, &["no repository of GitHub is known yet", "pacer backfill github acme/app"]);
    backfill(&pacer, &hub, &["../../user"]).fails(1, &["`../../user` is no repository of GitHub"]);
    pacer.run_with("PACER_GIT_TOKEN", "x", &["backfill", "git"]).fails(1, &["git has no API that pacer reads", "github"]);
    pacer.run(&["backfill", "gitbuh"]).fails(1, &["no source `gitbuh`"]);
    pacer.run(&["backfill", "github", "--since", "soon"]).fails(2, &["2026-01-31"]);
    assert!(hub.seen().is_empty());

    let nowhere = backfill(&pacer, &hub, &["acme/nowhere", "acme/app"]);
    nowhere
        .fails(1, &["acme/nowhere deployments: GitHub answers 404 (Not Found): the repository is not there, or the token may not see it"]);
    assert!(nowhere.stdout.contains("acme/app pull requests: 30 at the source, 30 stored"), "{nowhere:?}");
    assert_eq!(hub.seen().iter().filter(|seen| seen.path.contains("nowhere")).count(), 1, "one answer is enough");

    let forbidden =
        Fault::Answer(403, vec![("x-ratelimit-remaining", "4999".into())], said("Resource not accessible by personal access token"));
    hub.fault("actions/runs", forbidden);
    hub.fault("acme/app/issues", Fault::Answer(410, vec![], said("Issues has been disabled in this repository.")));
    let outcome = backfill(&pacer, &hub, &["--again"]);
    outcome.fails(1, &["acme/app workflow runs: GitHub answers 403 (Resource not accessible by personal access token): give PACER_GITHUB_TOKEN the right to read the workflow runs"]);
    assert!(outcome.stdout.contains("acme/app issues: "), "switched off is no failure: {outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");

    hub.fault("deployments", Fault::Answer(401, vec![], said("Bad credentials")));
    let outcome = backfill(&pacer, &hub, &[]);
    outcome.fails(1, &["GitHub does not take the token (Bad credentials): check that PACER_GITHUB_TOKEN is whole and not expired"]);

    hub.change(|data| *data = Data { name: "acme/app".into(), ..Data::default() });
    let empty = Pacer::new();
    let outcome = backfill(&empty, &hub, &["acme/app"]).ok();
    assert_eq!(outcome.last(), "read 0 new 0 updated 0 duplicate 0 rejected 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_followed_and_called_by_its_new_name() {
    let (pacer, hub) = (Pacer::new(), Hub::new(shop(130)).await);
    let outcome = backfill(&pacer, &hub, &["acme/old"]).ok();
    assert!(
        outcome.stdout.contains("acme/old deployments: 130 at the source, 130 stored (it is called acme/app now, and so are its facts)"),
        "{outcome:?}"
    );
    let plain = Pacer::new();
    backfill(&plain, &hub, &["acme/app"]).ok();
    assert_eq!(facts(&pacer), facts(&plain));
    hub.seen();
    backfill(&pacer, &hub, &[]).ok();
    assert!(hub.seen().iter().all(|seen| !seen.path.contains("acme/old")), "the old name is asked for no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_come_from_the_organisation_file_and_from_deliveries() {
    let (pacer, hub) = (Pacer::new(), Hub::new(shop(10)).await);
    let toml = "[[services]]\nid = \"checkout\"\nrepository = \"acme/app\"\n[[services]]\nid = \"local\"\nrepository = \"a-folder\"\n";
    pacer.run(&["org", "apply", &pacer.database.file("org.toml", toml)]).ok();
    let outcome = backfill(&pacer, &hub, &[]).ok();
    assert!(outcome.stdout.contains("acme/app deployments: 10 at the source, 10 stored"), "{outcome:?}");
    assert_eq!(pacer.database.texts("select distinct service from deployment"), ["checkout"]);
    let doctor = pacer.command(&["doctor"]).env("PACER_GITHUB_TOKEN", HUB_TOKEN).output().expect("it runs");
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("backfill github") && !doctor.contains(HUB_TOKEN), "{doctor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_webhook_passes_for_a_page() {
    let t = Harness::http().await;
    let asked = json!({"stream": "issues", "scope": "acme/app", "path": "/x", "memory": "{\"of\":\"list\"}"}).to_string();
    let body = json!({"zen": "Design for failure.", "hook_id": 1}).to_string();
    let signature = github_signature(GITHUB_SECRET, &body);
    let headers =
        [("content-type", "application/json"), ("x-github-event", "ping"), ("x-hub-signature-256", &signature), ("x-pacer-asked", &asked)];
    assert_eq!(t.post("/hooks/github", &headers, body).await.0, 202);
    t.parsed().await;
    assert_eq!(t.database.texts("select coalesce(note, '-') from delivery"), ["ping"], "it is the delivery that it says it is");
}
