//! The gitlab source's pages: what is asked, what the answers say, and that webhooks say the same.
//!
//! The answers in `tests/fixtures/gitlab/pages/` are modelled on the examples of <https://docs.gitlab.com/api/>:
//! `merge_requests`, `notes`, `commits`, `environments`, `deployments`, `pipelines`, `issues` and `releases`, with the times
//! and people of the webhooks beside them. The wording of system notes is that of `app/services/system_notes/`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Ask, Memory, PAGES, Page, after_environments};
use crate::domain::event::{Change, Deployment, Event, Run, Stated, Status};
use crate::domain::time::At;
use crate::sources::gitlab::SOURCE;
use crate::sources::{Headers, golden};

const SCOPE: &str = "group/sub/app";
const PROJECT: &str = "/projects/group%2Fsub%2Fapp";

fn fixture(name: &str) -> Vec<u8> {
    golden::file(&SOURCE, &format!("{name}.json"))
}

fn ask(path: &str, memory: Option<&str>) -> Ask {
    Ask { stream: "stream".into(), scope: SCOPE.into(), path: format!("{PROJECT}/{path}"), body: None, memory: memory.map(Into::into) }
}

fn page(ask: &Ask, headers: &[(&str, &str)], body: &[u8]) -> Page {
    golden::page(&SOURCE, ask, headers, body).expect("a page")
}

/// Each fixture with the ask that would bring it.
fn recorded() -> Vec<(&'static str, Ask)> {
    let of_change = r#"{"change":"group/sub/app!12","author":51}"#;
    vec![
        ("merge_requests", ask("merge_requests?state=all", None)),
        ("notes", ask("merge_requests/12/notes?sort=asc", Some(of_change))),
        ("merge_request_commits", ask("merge_requests/13/commits", Some(of_change))),
        ("commits", ask("repository/commits?all=true", None)),
        ("environments", ask("environments?per_page=100", None)),
        ("deployments", ask("deployments?order_by=updated_at", Some(r#"{"production":[3],"tiers":true}"#))),
        ("pipelines", ask("pipelines?order_by=updated_at", None)),
        ("issues", ask("issues?scope=all", None)),
        ("releases", ask("releases", None)),
    ]
}

fn facts(name: &str) -> Vec<Stated> {
    let (_, ask) = recorded().into_iter().find(|(known, _)| *known == name).expect("an ask");
    page(&ask, &[], &fixture(&format!("pages/{name}"))).events
}

fn webhook(name: &str) -> Vec<Stated> {
    let parsed = (SOURCE.parse)(&Headers::default(), &fixture(name));
    assert_eq!(parsed.rejected, [], "{name}");
    parsed.events
}

#[test]
fn every_recorded_page_states_its_facts() {
    let mut lines = Vec::new();
    for (name, ask) in recorded() {
        let body = fixture(&format!("pages/{name}"));
        let read = page(&ask, &[], &body);
        assert_eq!((SOURCE.parse)(&golden::asked(&ask), &body), read.clone().parsed(&ask), "{name}: stored, it says the same");
        assert_eq!(read.rejected, [], "{name}");
        let entries = serde_json::from_slice::<Vec<Value>>(&body).expect("a list").len() as u64;
        let beside = ["environments", "notes", "merge_request_commits"].contains(&name);
        assert_eq!(read.listed, if beside { 0 } else { entries }, "{name}");
        lines.extend(read.events.iter().map(|stated| format!("{name}[{}] {}", stated.line, golden::line(stated))));
    }
    golden::same_as_snapshot("gitlab_pages", &lines);
}

#[test]
fn a_backfill_begins_with_a_list_for_each_kind_of_fact() {
    let paths = |scope: &str, since: Option<At>| -> Vec<String> {
        let asks = (PAGES.begin)(scope, since);
        assert_eq!(asks.iter().map(|ask| &ask.stream).collect::<BTreeSet<_>>().len(), asks.len(), "a cursor each");
        asks.into_iter().map(|ask| format!("{}: {}", ask.stream, ask.path)).collect()
    };
    let by_time = "order_by=updated_at&sort=asc&updated_after=2026-05-01T00%3A00%3A00Z&per_page=100";
    let expect = [
        format!("merge requests: {PROJECT}/merge_requests?scope=all&state=all&{by_time}"),
        format!("commits: {PROJECT}/repository/commits?all=true&since=2026-05-01T00%3A00%3A00Z&per_page=100"),
        format!("deployments: {PROJECT}/environments?per_page=100"),
        format!("pipelines: {PROJECT}/pipelines?{by_time}"),
        format!("issues: {PROJECT}/issues?scope=all&{by_time}"),
        format!("releases: {PROJECT}/releases?per_page=100"),
    ];
    assert_eq!(paths(SCOPE, At::parse("2026-05-01T00:00:00Z")), expect);
    assert_eq!(paths("/group/sub/app/", At::parse("2026-05-01T00:00:00Z")), expect);
    let whole = paths(SCOPE, None);
    assert!(whole[0].contains("updated_after=1970-01-01T00%3A00%3A00Z") && !whole[1].contains("since"), "{whole:?}");
    let headers = (PAGES.headers)("glpat-1");
    assert!(headers.contains(&("authorization", "Bearer glpat-1".to_owned())), "{headers:?}");
}

/// A list of GitLab's, as many merge requests with the time of their last change in milliseconds.
struct Gitlab(Vec<(u64, i64)>);

impl Gitlab {
    fn answer(&self, ask: &Ask) -> Page {
        let after = ask.query("updated_after").as_deref().and_then(At::parse).expect("a time");
        let number: usize = ask.query("page").map_or(1, |page| page.parse().expect("a number"));
        let mut list: Vec<_> = self.0.iter().filter(|(_, at)| at * 1_000 > after.0).collect();
        list.sort_by_key(|(iid, at)| (*at, std::cmp::Reverse(*iid)));
        let shown = list.chunks(100).nth(number - 1).unwrap_or_default();
        let entries: Vec<Value> = shown
            .iter()
            .map(|(iid, at)| json!({"iid": iid, "state": "opened", "updated_at": At(at * 1_000).rfc3339(), "author": {"id": 1}}))
            .collect();
        let next = (list.len() > number * 100).then_some("<https://gitlab.com/api/v4/x?page=2>; rel=\"next\"");
        let total = list.len().to_string();
        let mut headers = vec![("x-total", total.as_str())];
        headers.extend(next.map(|next| ("link", next)));
        page(ask, &headers, json!(entries).to_string().as_bytes())
    }

    /// What a backfill sees, what it counts, and what it was told there is; `meanwhile` happens behind each page.
    fn backfill(&mut self, mut meanwhile: impl FnMut(&mut Vec<(u64, i64)>, usize)) -> (BTreeSet<String>, u64, Option<u64>) {
        let mut ask = Some((PAGES.begin)(SCOPE, None).remove(0));
        let (mut seen, mut listed, mut total) = (BTreeSet::new(), 0, None);
        for turn in 0.. {
            let Some(asked) = ask.take() else { break };
            assert!(turn < 50, "it does not end: {asked:?}");
            // A cut-off run goes on from the ask as it was kept.
            let kept: Ask = serde_json::from_str(&serde_json::to_string(&asked).expect("plain data")).expect("the same");
            let page = self.answer(&kept);
            seen.extend(
                page.events.iter().filter_map(|stated| if let Event::Change(it) = &stated.event { Some(it.id.clone()) } else { None }),
            );
            listed += page.listed;
            total = total.or(page.total);
            ask = page.next;
            meanwhile(&mut self.0, turn);
        }
        (seen, listed, total)
    }
}

#[test]
fn a_list_in_the_order_of_time_is_read_whole_and_counted_once() {
    let check = |times: Vec<i64>| {
        let many = times.len();
        let mut gitlab = Gitlab((1..).zip(times).collect());
        let (seen, listed, total) = gitlab.backfill(|_, _| {});
        assert_eq!((seen.len(), listed, total), (many, many as u64, Some(many as u64)));
    };
    check((0..250).map(|at| 1_000 + at).collect());
    check(vec![]);
    check((0..100).map(|at| 1_000 + at).collect());
    check((0..101).map(|at| 1_000 + at * 60_000).collect());
    check(vec![5_000; 350]); // all changed at once, as by a migration
    check((0..350).map(|at| if at < 80 { at + 1 } else { 5_000 }).collect());
    check((0..350).map(|at| at / 3 + 1).collect());
}

#[test]
fn what_changes_while_it_is_read_hides_nothing() {
    let mut gitlab = Gitlab((1..).zip((0..450).map(|at| 1_000 + at * 10)).collect());
    // Behind each page, five of those read already are changed, so that all behind them move up.
    let (seen, ..) = gitlab.backfill(|list, turn| {
        for (iid, at) in
            list.iter_mut().filter(|(iid, _)| *iid > 5 * turn as u64 && *iid <= 5 * turn as u64 + 5).take(if turn < 4 { 5 } else { 0 })
        {
            *at = 900_000 + i64::try_from(*iid).expect("small");
        }
    });
    assert_eq!(seen.len(), 450);
}

#[test]
fn a_list_without_the_order_of_time_goes_on_by_its_link() {
    let next = "<https://gitlab.com/api/v4/projects/15/repository/commits?all=true&page=2&per_page=100>; rel=\"next\"";
    let first = page(&ask("repository/commits?all=true&per_page=100", None), &[("link", next)], &fixture("pages/commits"));
    let second = first.next.expect("a next page");
    assert_eq!(second.path, "https://gitlab.com/api/v4/projects/15/repository/commits?all=true&page=2&per_page=100");
    let last = page(&second, &[], &fixture("pages/commits"));
    assert_eq!((last.events.len(), last.next, last.total), (3, None, None));
    let releases = page(&ask("releases?per_page=100", None), &[("x-total", "2")], &fixture("pages/releases"));
    assert_eq!((releases.total, releases.listed, releases.next), (Some(2), 2, None));
}

#[test]
fn a_merge_request_is_asked_for_its_notes_and_a_squashed_one_for_its_commits() {
    let read = page(&ask("merge_requests?state=all", None), &[], &fixture("pages/merge_requests"));
    let inner: Vec<(&str, &str)> = read.inner.iter().map(|ask| (ask.path.as_str(), ask.memory.as_deref().unwrap_or(""))).collect();
    let notes = |iid: u64| format!("{PROJECT}/merge_requests/{iid}/notes?sort=asc&order_by=created_at&per_page=100");
    let memory = |iid: u64, author: u64| format!(r#"{{"change":"group/sub/app!{iid}","author":{author}}}"#);
    let expect = [
        (notes(12), memory(12, 51)),
        (notes(13), memory(13, 51)),
        (format!("{PROJECT}/merge_requests/13/commits?per_page=100"), memory(13, 51)),
        (notes(14), memory(14, 51)),
        (notes(15), memory(15, 77)),
    ];
    assert_eq!(inner, expect.iter().map(|(path, memory)| (path.as_str(), memory.as_str())).collect::<Vec<_>>());
    assert!(read.inner.iter().all(|inner| inner.stream == "stream" && inner.scope == SCOPE));
}

#[test]
fn the_tier_of_a_deployment_is_asked_for_with_the_environments() {
    let since = r#"{"since":"2026-05-01T00:00:00Z"}"#;
    let next = "<https://gitlab.com/api/v4/projects/15/environments?page=2>; rel=\"next\"";
    let more = page(&ask("environments?per_page=100", Some(since)), &[("link", next)], &fixture("pages/environments")).next.expect("more");
    assert_eq!(more.path, "https://gitlab.com/api/v4/projects/15/environments?page=2");
    let deployments = page(&more, &[], b"[]").next.expect("the deployments");
    assert_eq!(
        deployments.path,
        format!("{PROJECT}/deployments?order_by=updated_at&sort=asc&updated_after=2026-05-01T00%3A00%3A00Z&per_page=100")
    );
    let told = |ask: &Ask| -> Vec<Option<bool>> {
        let facts = page(ask, &[], &fixture("pages/deployments")).events.into_iter();
        facts.filter_map(|stated| if let Event::Deployment(it) = stated.event { Some(it.production) } else { None }).collect()
    };
    assert_eq!(told(&deployments), [Some(true), Some(false), Some(true), Some(true)]);
    let untold = after_environments(&ask("environments", None), Memory::default(), &[], None);
    assert_eq!(told(&untold), [None; 4], "a GitLab that does not tell tiers");
}

#[test]
fn notes_tell_comments_approvals_and_readiness() {
    let reviews: Vec<(String, String)> = facts("notes")
        .into_iter()
        .filter_map(|stated| if let Event::Review(it) = stated.event { Some((it.id, format!("{} {}", it.state, it.bot))) } else { None })
        .collect();
    let expect = [
        ("note:1244", "commented false"),
        ("note:1246", "changes_requested false"),
        ("approval:group/sub/app!12:bob", "approved false"),
        ("note:1248", "commented true"),
        ("approval:group/sub/app!12:cyd", "dismissed false"),
    ];
    assert_eq!(reviews, expect.map(|(id, state)| (id.to_owned(), state.to_owned())));
    let counted = page(&recorded()[1].1, &[("x-total", "10")], &fixture("pages/notes"));
    assert_eq!((counted.total, counted.listed), (None, 0), "they are not the merge requests that their stream counts");
    let parts = facts("notes").iter().filter(|stated| matches!(stated.event, Event::Part(_))).count();
    assert_eq!(parts, 1, "the author's own word makes it ready");
}

#[test]
fn the_commits_of_a_squashed_merge_request_lie_on_each_other() {
    let parents: Vec<(Option<Vec<String>>, bool)> = facts("merge_request_commits")
        .into_iter()
        .filter_map(|stated| if let Event::Commit(it) = stated.event { Some((it.parents, it.exact_parents)) } else { None })
        .collect();
    assert_eq!(parents, [(Some(vec!["7".repeat(40)]), false), (None, false)]);
    let told = json!([{"id": "b", "parent_ids": ["a"]}, {"id": "a", "parent_ids": []}]).to_string();
    let events = page(&ask("merge_requests/13/commits", None), &[], told.as_bytes()).events;
    assert!(matches!(&events[0].event, Event::Commit(it) if it.exact_parents && it.parents == Some(vec!["a".into()])));
}

#[test]
fn the_repositorys_commits_come_with_gits_own_parents_and_author_dates() {
    let commits: Vec<_> =
        facts("commits").into_iter().filter_map(|stated| if let Event::Commit(it) = stated.event { Some(it) } else { None }).collect();
    assert_eq!(commits[0].parents.as_ref().map(Vec::len), Some(2), "a merge");
    assert_eq!((commits[1].authored_at, commits[1].committed_at), (At::parse("2026-05-03T16:00:00Z"), At::parse("2026-05-04T08:00:00Z")));
    assert_eq!((&commits[2].parents, commits[2].exact_parents), (&Some(vec![]), true), "the first of all");
}

/// Two facts of one identity: the one that wins, whatever came first.
fn winner<'a>(one: &'a Stated, other: &'a Stated) -> &'a Stated {
    assert_ne!(one.updated_at, other.updated_at, "the hash would choose between {one:?} and {other:?}");
    if one.updated_at > other.updated_at { one } else { other }
}

#[test]
fn a_webhook_and_a_page_state_the_same_thing_under_one_id() {
    let identity = |event: &Event| match event {
        Event::Deployment(it) => it.id.clone(),
        Event::Change(it) => it.id.clone(),
        Event::Review(it) => it.id.clone(),
        Event::Incident(it) => format!("incident {}", it.id),
        Event::Item(it) => it.id.clone(),
        Event::Run(it) => it.id.clone(),
        Event::Part(it) => format!("{} {}", it.id, it.step.as_str()),
        Event::Commit(it) => it.sha.clone(),
        Event::Activity(_) => panic!("none"),
    };
    let pairs = [
        ("own.merge_request_merged", "merge_requests"),
        ("own.merge_request_approved", "notes"),
        ("own.note_of_the_reviewer", "notes"),
        ("own.merge_request_ready", "notes"),
        ("own.push_default_branch", "commits"),
        ("own.deployment_success", "deployments"),
        ("own.deployment_failed", "deployments"),
        ("own.pipeline_failed", "pipelines"),
        ("own.pipeline_manual", "pipelines"),
        ("own.issue_closed", "issues"),
        ("own.work_item_incident", "issues"),
        ("own.release_created", "releases"),
    ];
    for (hook, list) in pairs {
        let paged: Vec<String> = facts(list).iter().map(|stated| identity(&stated.event)).collect();
        let shared = webhook(hook).iter().filter(|stated| paged.contains(&identity(&stated.event))).count();
        assert!(shared > 0, "{hook}: none of it is in {list}: {paged:?}");
    }
}

#[test]
fn of_a_webhook_and_a_page_of_the_same_state_the_fuller_one_wins_in_any_order() {
    let change = |stated: &Stated| if let Event::Change(it) = &stated.event { Some(it.clone()) } else { None };
    let hook = webhook("own.merge_request_merged").into_iter().find(|stated| change(stated).is_some()).expect("a change");
    let listed =
        facts("merge_requests").into_iter().find(|stated| change(stated).is_some_and(|it| it.id.ends_with("!12"))).expect("a change");
    let (said, known): (Change, Change) = (change(&hook).expect("one"), change(winner(&hook, &listed)).expect("one"));
    assert_eq!(known.author.as_deref(), Some("ada"), "the webhook of the one who merges does not name the author");
    // All else is the same, but for the fractions of a second that the webhook lacks.
    let cut = |at: Option<At>| at.map(|at| at.0 / 1_000_000);
    assert_eq!(
        (cut(known.opened_at), cut(known.merged_at), cut(known.closed_at)),
        (cut(said.opened_at), cut(said.merged_at), cut(said.closed_at))
    );
    let alike = Change { author: None, opened_at: None, merged_at: None, closed_at: None, ..known };
    assert_eq!(alike, Change { author: None, opened_at: None, merged_at: None, closed_at: None, ..said });

    let deployment = |stated: &Stated| if let Event::Deployment(it) = &stated.event { Some(it.clone()) } else { None };
    let hook = webhook("own.deployment_success").remove(0);
    let listed = facts("deployments").into_iter().find(|stated| deployment(stated).is_some_and(|it| it.id == "15")).expect("one");
    let (said, known): (Deployment, Deployment) = (deployment(&hook).expect("one"), deployment(winner(&hook, &listed)).expect("one"));
    assert_eq!((known.status, known.production, &known.sha), (Status::Success, Some(true), &said.sha));
    assert!(known.finished_at.expect("ended").since(said.finished_at.expect("ended")).abs() < 1_000_000);

    let run = |stated: &Stated| if let Event::Run(it) = &stated.event { Some(it.clone()) } else { None };
    let hook = webhook("own.pipeline_failed").remove(0);
    let listed = facts("pipelines").into_iter().find(|stated| run(stated).is_some_and(|it| it.id == "pipeline:32")).expect("one");
    let (said, known): (Run, Run) = (run(&hook).expect("one"), run(winner(&hook, &listed)).expect("one"));
    assert_eq!((known.outcome, known.workflow, known.branch), (said.outcome, said.workflow, said.branch));
}

#[test]
fn an_entry_that_cannot_be_read_is_rejected_in_its_place_and_the_rest_is_kept() {
    let ask = ask("issues?scope=all", None);
    let parsed = golden::parsed(&SOURCE, &golden::asked(&ask), &json!([{"iid": 1}, {"iid": "2"}, 3, {"iid": 4}]));
    let rejected: Vec<(u64, &str)> = parsed.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(rejected, [(2, "stream: [1].iid must be a whole number, not \"2\""), (3, "stream: [2] must be an object, not 3")]);
    assert_eq!((parsed.read, parsed.events.len()), (4, 2));
}

#[test]
fn an_answer_that_is_no_list_stops_the_run_with_a_sentence() {
    let said = |path: &str, body: &str| golden::page(&SOURCE, &ask(path, None), &[], body).expect_err("no page");
    assert!(said("issues", r#"{"message":"404 Project Not Found"}"#).starts_with("it cannot be read: invalid type: map"));
    assert!(said("issues", "<html>").starts_with("it cannot be read: "));
    assert_eq!(said("snippets", "[{}]"), "pacer does not ask GitLab for `snippets`");
}
