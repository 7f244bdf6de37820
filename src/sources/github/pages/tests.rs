//! Pages of GitHub: from answers to facts, and to what is asked next.

use super::super::SOURCE;
use super::*;
use crate::sources::pages::STATUS;
use crate::sources::{Headers, golden};

fn first(stream: &str, since: Option<&str>) -> Ask {
    let asks = golden::begin(&SOURCE, "Codertocat/Hello-World", since);
    asks.into_iter().find(|ask| ask.stream == stream).expect("such a stream")
}

fn answer(body: impl Into<Vec<u8>>) -> Answer {
    Answer { headers: Headers::default(), body: body.into() }
}

/// With a link to a next page, and to a last one.
fn linked(body: impl Into<Vec<u8>>, next: &str) -> Answer {
    let link = format!("<https://api.github.com{next}>; rel=\"next\", <https://api.github.com/x?per_page=1&page=42>; rel=\"last\"");
    Answer { headers: Headers([("link".to_owned(), link)].into()), body: body.into() }
}

fn file(name: &str) -> Vec<u8> {
    golden::file(&SOURCE, &format!("pages/{name}"))
}

fn refusal(status: u16) -> Answer {
    Answer { headers: Headers([(STATUS.to_owned(), status.to_string())].into()), body: Vec::new() }
}

fn page(ask: &Ask, answer: &Answer) -> Page {
    (PAGES.read)(ask, answer).expect("it is read")
}

/// An ask on one line.
fn line(ask: &Ask) -> String {
    let method = if ask.body.is_some() { "POST" } else { "GET" };
    format!("{method} {} {}", ask.path, ask.memory.as_deref().unwrap_or_default())
}

#[test]
fn every_recorded_page_is_read() {
    let mut lines = Vec::new();
    let mut read = |name: &str, ask: &Ask| -> Page {
        let page = page(ask, &answer(file(name)));
        lines.push(format!("{name} {}", line(ask)));
        lines.push(format!("  listed {} total {:?}", page.listed, page.total));
        lines.extend(page.events.iter().map(|stated| format!("  {}", golden::line(stated))));
        lines.extend(page.inner.iter().map(|ask| format!("  then {}", line(ask))));
        lines.extend(page.next.iter().map(|ask| format!("  next {}", line(ask))));
        // As it is stored, it parses to the same.
        assert_eq!((SOURCE.parse)(&golden::asked(ask), &file(name)), page.clone().parsed(ask), "{name}");
        assert_eq!(page.rejected, [], "{name}");
        page
    };
    let deployments = read("deployments.json", &first("deployments", None));
    let statuses = read("statuses.graphql.json", &deployments.inner[0]);
    read("statuses.json", &statuses.inner[0]);
    let tip = read("commits.json", &first("commits", None));
    read("commits.json", &tip.next.expect("its history"));
    let pulls = read("pulls.json", &first("pull requests", None));
    let whole = read("pulls.graphql.json", &pulls.inner[0]);
    read("reviews.json", &whole.inner[0]);
    let alone = page(&pulls.inner[0], &refusal(404));
    let pull = read("pull.json", &alone.inner[0]);
    read("reviews.json", &pull.inner[0]);
    read("commits.json", &pull.inner[1]);
    read("releases.json", &first("releases", None));
    read("runs.json", &first("workflow runs", None));
    read("issues.json", &first("issues", None));
    golden::same_as_snapshot("github_pages", &lines);
}

#[test]
fn only_a_repository_s_name_becomes_part_of_a_path() {
    let count = |scope: &str| (PAGES.begin)(scope, None).len();
    assert_eq!((count("acme/app"), count("a-b/c_d.e"), count("acme/.github")), (6, 6, 6));
    for odd in ["acme", "acme/app/x", "../../user", "acme/..", "./app", "acme/a?b", "acme/a b", "acme/", "/", "", "acme/a%2fb", "ä/b"] {
        assert_eq!(count(odd), 0, "{odd}");
    }
}

#[test]
fn a_list_ends_at_what_was_read_before() {
    let next = |stream: &str, since: &str, item: &str| {
        let body =
            if stream == "workflow runs" { format!("{{\"total_count\": 5, \"workflow_runs\": [{item}]}}") } else { format!("[{item}]") };
        page(&first(stream, Some(since)), &linked(body, "/next")).next.map(|ask| ask.path)
    };
    let more = Some("https://api.github.com/next".to_owned());
    let pull = r#"{"number": 1, "node_id": "n", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-05-10T00:00:00Z"}"#;
    assert_eq!(next("pull requests", "2026-05-10T00:00:00Z", pull), more, "others of the same instant may follow");
    assert_eq!(next("pull requests", "2026-05-10T00:00:01Z", pull), None);
    // What was created a week before may have ended since.
    let run = r#"{"id": 1, "created_at": "2026-05-10T00:00:00Z", "updated_at": "2026-05-10T00:00:00Z"}"#;
    for stream in ["deployments", "workflow runs"] {
        assert_eq!(next(stream, "2026-05-16T23:59:59Z", run), more, "{stream}");
        assert_eq!(next(stream, "2026-05-17T00:00:01Z", run), None, "{stream}");
    }
    assert_eq!(next("releases", "2026-05-17T00:00:01Z", r#"{"id": 1, "created_at": "2020-05-10T00:00:00Z"}"#), more, "always all");
}

#[test]
fn the_front_is_read_again_until_nothing_moved_there() {
    let pull =
        |number: u64, day: u32| format!(r#"{{"number": {number}, "node_id": "n{number}", "updated_at": "2026-05-{day:02}T00:00:00Z"}}"#);
    let two = |a: String, b: String| format!("[{a},{b}]");
    let whole = page(&first("pull requests", None), &linked(two(pull(9, 20), pull(8, 19)), "/2"));
    assert_eq!(whole.inner.len(), 2, "how many there are, and their details");
    let second = page(whole.next.as_ref().expect("a second page"), &answer(two(pull(7, 18), pull(6, 17))));
    let front = second.next.expect("the front again");
    assert!(front.path.contains("direction=desc"), "{front:?}");
    // 3 was changed meanwhile: it was still to come, and moved to the front.
    let moved = page(&front, &linked(two(pull(3, 21), pull(9, 20)), "/2"));
    assert_eq!((moved.inner.len(), moved.listed), (1, 2));
    let on = moved.next.expect("others may have moved too");
    let quiet = page(&on, &answer(two(pull(8, 19), pull(7, 18))));
    let last = quiet.next.expect("and once more, from 3 on");
    let end = page(&last, &linked(two(pull(3, 21), pull(9, 20)), "/2"));
    assert_eq!((end.next, end.listed), (None, 1));
}

#[test]
fn issues_go_on_from_the_last_instant_and_never_stand_still() {
    let issue = |number: usize, second: usize| {
        format!(
            r#"{{"number": {number}, "created_at": "2026-05-01T00:00:00Z", "updated_at": "2026-05-01T00:{:02}:{:02}Z"}}"#,
            second / 60,
            second % 60
        )
    };
    let list = |seconds: &dyn Fn(usize) -> usize, count: usize| {
        format!("[{}]", (0..count).map(|n| issue(n + 1, seconds(n))).collect::<Vec<_>>().join(","))
    };
    let asked = first("issues", None);
    let next = |asked: &Ask, body: String| page(asked, &answer(body)).next;
    let second = next(&asked, list(&|n| n, 100)).expect("a full page");
    assert!(second.path.ends_with("&since=2026-05-01T00:01:38Z&page=1"), "{}", second.path);
    assert_eq!(next(&second, list(&|n| n + 98, 99)), None, "the last page is not full");
    // More than a page of one second: the place in the list is all that is left.
    let third = next(&second, list(&|_| 99, 100)).expect("a full page");
    assert!(third.path.ends_with("&since=2026-05-01T00:01:38Z&page=2"), "{}", third.path);
    let fourth = next(&third, list(&|_| 99, 100)).expect("a full page");
    assert!(fourth.path.ends_with("&since=2026-05-01T00:01:38Z&page=3"), "{}", fourth.path);
    let fifth = next(&fourth, list(&|n| 99 + n, 100)).expect("a full page");
    assert!(fifth.path.ends_with("&since=2026-05-01T00:03:17Z&page=1"), "{}", fifth.path);
}

#[test]
fn things_are_counted_where_the_source_tells() {
    let total = |ask: &Ask, answer: &Answer| page(ask, answer).total;
    let one = r#"[{"id": 1, "number": 1, "node_id": "n", "sha": "a"}]"#;
    assert_eq!(total(&first("deployments", None), &answer(one)), Some(1), "one page holds all");
    let asked = page(&first("deployments", None), &linked(one, "/2")).inner.remove(0);
    assert_eq!(
        (asked.path.as_str(), total(&asked, &linked(one, "/2"))),
        ("/repos/Codertocat/Hello-World/deployments?per_page=1", Some(42))
    );
    assert_eq!((total(&asked, &answer(one)), total(&asked, &answer("[]"))), (Some(1), Some(0)));
    assert_eq!(total(&first("commits", None), &linked(one, "/2")), Some(42));
    let issues = page(&first("issues", None), &answer("[]")).inner.remove(0);
    assert_eq!(total(&issues, &answer(r#"{"data": {"repository": {"issues": {"totalCount": 7}}}}"#)), Some(7));
    assert_eq!(page(&issues, &refusal(404)), Page::default(), "good to know, no more");
}

#[test]
fn without_graphql_each_thing_is_asked_for_by_itself() {
    let details = page(&first("pull requests", None), &answer(file("pulls.json"))).inner.remove(0);
    let asked = |page: &Page| page.inner.iter().map(|ask| ask.path.clone()).collect::<Vec<_>>();
    let alone = ["/repos/Codertocat/Hello-World/pulls/2", "/repos/Codertocat/Hello-World/pulls/3"];
    let failed = r#"{"data": null, "errors": [{"message": "Something went wrong while executing your query."}]}"#;
    let unknown = r#"{"errors": [{"message": "Field 'fullDatabaseId' doesn't exist on type 'PullRequestReview'"}]}"#;
    for no in [refusal(404), refusal(403), refusal(405), answer(failed), answer(unknown)] {
        assert_eq!(asked(&page(&details, &no)), alone, "{no:?}");
    }
    let statuses = page(&first("deployments", None), &answer(file("deployments.json"))).inner.remove(0);
    assert_eq!(asked(&page(&statuses, &refusal(404))).len(), 3);
    let limited = answer(r#"{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}"#);
    assert!((PAGES.read)(&details, &limited).is_err(), "it is asked again, after a while");
    // Without node ids there is nothing to ask by.
    let plain = page(&first("pull requests", None), &answer(r#"[{"number": 4, "updated_at": "2026-05-01T00:00:00Z"}]"#));
    assert_eq!(asked(&plain), ["/repos/Codertocat/Hello-World/pulls/4"]);
}

#[test]
fn a_refusal_means_what_it_means_to_github() {
    let ok = |stream: &str, status: u16| (PAGES.read)(&first(stream, None), &refusal(status)).is_ok();
    assert!(ok("issues", 410), "switched off");
    assert!(ok("commits", 409), "an empty repository");
    for (stream, status) in
        [("issues", 404), ("issues", 403), ("deployments", 404), ("deployments", 410), ("commits", 404), ("pull requests", 422)]
    {
        assert!(!ok(stream, status), "{stream} {status}");
    }
}

#[test]
fn one_thing_that_can_not_be_read_leaves_the_others() {
    let check = |stream: &str, body: &str, expect: &str, others: usize| {
        let parsed = (SOURCE.parse)(&golden::asked(&first(stream, None)), body.as_bytes());
        let reasons: Vec<String> = parsed.rejected.iter().map(|row| format!("{} {}", row.line, row.reason)).collect();
        assert!(reasons.len() == 1 && reasons[0].contains(expect), "{stream}: {reasons:?} does not say {expect:?}");
        assert_eq!(parsed.events.len(), others, "{stream}");
    };
    check("issues", r#"[{"number": 1}, {"title": "x"}]"#, "2 issues: it has no issue.number", 1);
    check("issues", r#"[{"number": "one"}, {"number": 1}]"#, "1 issues: it cannot be read: invalid type: string", 1);
    check("workflow runs", r#"{"workflow_runs": [{"id": 1}, {}]}"#, "2 workflow runs: it has no workflow_run.id", 1);
    check("releases", r#"[{"published_at": "2026-05-01T00:00:00Z"}]"#, "1 releases: it has no release.id", 0);
    check("deployments", r#"[{"sha": "x"}]"#, "1 deployments: it cannot be read: missing field `id`", 0);
    check("pull requests", r#"[{"title": "x"}]"#, "1 pull requests: it has no number", 0);
    let whole = (SOURCE.parse)(&golden::asked(&first("issues", None)), br#"{"message": "odd"}"#);
    assert!(whole.rejected[0].reason.contains("issues: it cannot be read"), "{whole:?}");
    let other = Ask { memory: Some("{\"of\":\"later\"}".into()), ..first("issues", None) };
    assert!((PAGES.read)(&other, &answer("[]")).is_err(), "another version's ask");
}
