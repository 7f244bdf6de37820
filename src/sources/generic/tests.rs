//! The generic source, from payloads to events.

use super::*;
use crate::domain::event::{Event, Status};
use crate::domain::time::At;

fn one(text: &str) -> Result<Event, String> {
    parse_line(text, 7).map(|stated| stated.event).map_err(|rejected| {
        assert_eq!(rejected.line, 7);
        rejected.reason
    })
}

fn time(text: &str) -> Option<At> {
    At::parse(text)
}

#[test]
fn the_documented_shapes_are_read() {
    let deployment = r#"{"type":"deployment","id":"d1","service":"checkout","environment":"production","status":"success",
        "started_at":"2026-05-01T10:00:00Z","finished_at":"2026-05-01T12:05:00+02:00","commit":"ABC123","updated_at":"2026-05-02T00:00:00Z",
        "commits":[{"sha":"abc123","authored_at":"2026-04-30T10:00:00Z","committed_at":"2026-04-30T11:00:00Z","author":"renovate[bot]","message":"Bump"}],
        "flags":["hotfix","rollback"],"previous":"d0","colour":"red"}"#;
    let stated = parse_line(deployment, 1).expect("a deployment");
    assert_eq!(stated.updated_at, time("2026-05-02T00:00:00Z"));
    let Event::Deployment(deployment) = stated.event else { panic!("a deployment") };
    assert_eq!((deployment.status, deployment.hotfix, deployment.rollback), (Status::Success, true, true));
    assert_eq!((deployment.via.as_str(), deployment.sha.as_deref()), ("deployment", Some("abc123")));
    assert_eq!(deployment.finished_at, time("2026-05-01T10:05:00Z"));
    let commit = &deployment.commits.expect("a list")[0];
    assert_eq!((commit.bot, commit.message.as_deref()), (Some(true), Some("Bump")));

    let change = r#"{"type":"change","id":"org/app#12","repository":"org/app","opened_at":"2026-05-01T10:00:00Z","merged_at":"2026-05-02T10:00:00Z",
        "merge_commit":"f00","commits":[{"sha":"a1"}],"author":"u1","bot":false,"title":"  ","labels":["x",""],"lines_added":1,"lines_removed":0,"item":"PAY-1"}"#;
    let Ok(Event::Change(change)) = one(change) else { panic!("a change") };
    assert_eq!((change.title, change.labels, change.lines_added), (None, vec!["x".to_owned()], Some(1)));
    assert_eq!(change.commits.expect("a list")[0].repository.as_deref(), Some("org/app"));

    let incident = r#"{"type":"incident","id":"i1","service":"checkout","started_at":"2026-05-01T10:00:00Z","resolved_at":null,"deployment":"d1","severity":"sev2"}"#;
    let Ok(Event::Incident(incident)) = one(incident) else { panic!("an incident") };
    assert_eq!((incident.resolved_at, incident.deployment.as_deref()), (None, Some("d1")));

    assert!(matches!(one(r#"{"type":"item","id":"PAY-1"}"#), Ok(Event::Item(_))));
    let activity = r#"{"type":"activity","person":"u1","kind":"review","at":"2026-05-01T10:00:00Z"}"#;
    assert!(matches!(one(activity), Ok(Event::Activity(_))));
}

#[test]
fn a_wrong_row_is_told_by_its_field() {
    let check = |text: &str, expect: &str| {
        let reason = one(text).expect_err(text);
        assert!(reason.contains(expect), "{text}\n  says {reason:?}\n  not  {expect:?}");
    };
    let deployment = |rest: &str| format!(r#"{{"type":"deployment","id":"d1","service":"s","status":"success",{rest}}}"#);
    check("{}", "\"type\" is missing");
    check(r#"{"type":"deploy"}"#, "\"type\" is \"deploy\"; deployment, change,");
    check(r#"{"type":7}"#, "\"type\" must be a text, not the number 7");
    check("[1]", "an event is a JSON object, not a list");
    check("\"x\"", "an event is a JSON object, not \"x\"");
    check("{\"type\":\"deployment\",", "it is not JSON: EOF");
    check("{\"type\" \"deployment\"}", "it is not JSON: expected `:`");
    check(r#"{"type":"deployment","status":"success"}"#, "a deployment needs \"id\"");
    check(r#"{"type":"deployment","id":" ","status":"success"}"#, "a deployment needs \"id\"");
    check(r#"{"type":"deployment","id":"d"}"#, "needs \"service\" or \"repository\"");
    check(r#"{"type":"deployment","id":"d","service":"s"}"#, "a deployment needs \"status\"");
    check(
        r#"{"type":"deployment","id":"d","service":"s","status":"done"}"#,
        "\"status\" is \"done\"; success, failure and pending are known",
    );
    check(&deployment("\"commit\":\"a\""), "a success needs \"finished_at\"");
    check(&deployment(r#""finished_at":"yesterday""#), "\"finished_at\" is not an RFC 3339 time: \"yesterday\"");
    check(&deployment(r#""finished_at":1714557600"#), "\"finished_at\" must be an RFC 3339 time in quotes, not the number 1714557600");
    check(&deployment(r#""finished_at":"0001-01-01T00:00:00Z""#), "not between the years 1970 and 2200: \"0001-");
    check(&deployment(r#""finished_at":"2201-01-01T00:00:00Z""#), "not between the years 1970 and 2200");
    check(&deployment(r#""finished_at":"2026-05-01T10:00:00Z","flags":["fix"]"#), "\"flags\" has \"fix\"; hotfix and rollback are known");
    check(&deployment(r#""finished_at":"2026-05-01T10:00:00Z","flags":"hotfix""#), "\"flags\" must be a list of texts, not \"hotfix\"");
    check(&deployment(r#""finished_at":"2026-05-01T10:00:00Z","commits":[{"sha":"a"},{}]"#), "\"commits[1].sha\" is missing");
    check(
        &deployment(r#""finished_at":"2026-05-01T10:00:00Z","commits":[{"sha":"a","authored_at":"x"}]"#),
        "\"commits[0].authored_at\" is not an",
    );
    check(
        &deployment(r#""finished_at":"2026-05-01T10:00:00Z","commits":["a"]"#),
        "\"commits[0]\" must be an object with a \"sha\", not \"a\"",
    );
    check(&deployment(r#""id":"d2""#), "duplicate field `id`");
    check(r#"{"type":"change","id":"c"}"#, "a change needs \"repository\"");
    check(r#"{"type":"change","id":"c","repository":"o/r","lines_added":-1}"#, "\"lines_added\" is below zero: -1");
    check(
        r#"{"type":"change","id":"c","repository":"o/r","lines_added":1.5}"#,
        "\"lines_added\" must be a whole number, not the number 1.5",
    );
    check(r#"{"type":"change","id":"c","repository":"o/r","bot":"no"}"#, "\"bot\" must be true or false, not \"no\"");
    check(r#"{"type":"change","id":"c","repository":"o/r","lines_added":1e999}"#, "number out of range");
    check(r#"{"type":"incident","id":"i"}"#, "an incident needs \"started_at\"");
    let backwards = r#"{"type":"incident","id":"i","started_at":"2026-05-01T10:00:00Z","resolved_at":"2026-05-01T09:00:00Z"}"#;
    check(backwards, "\"resolved_at\" is before \"started_at\"");
    check(r#"{"type":"item"}"#, "an item needs \"id\"");
    check(r#"{"type":"activity","person":"u","kind":"lunch"}"#, "\"kind\" is \"lunch\"");
    check(&format!(r#"{{"type":"item","id":"{}"}}"#, "é".repeat(513)), "\"id\" is longer than 512 characters");
    check(&format!(r#"{{"type":"item","id":"x","labels":{}}}"#, "[".repeat(100_000)), "it is not JSON: recursion limit");
    assert!(one(&format!(r#"{{"type":"item","id":"{}"}}"#, "é".repeat(512))).is_ok());
    let deep = format!(r#"{{"type":"item","id":"x","unknown":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(one(&deep).is_ok(), "an unknown field never fails");
}

#[test]
fn a_nul_is_replaced_since_postgres_takes_none() {
    let Ok(Event::Item(item)) = one(r#"{"type":"item","id":"a\u0000b"}"#) else { panic!("an item") };
    assert_eq!(item.id, "a\u{fffd}b");
}

#[test]
fn a_body_may_be_an_array_an_object_or_lines() {
    let check = |body: &str, lines: &[u64], rejected: &[u64]| {
        assert_eq!(super::check(body.as_bytes()), Ok(()), "{body:?}");
        let parsed = parse(body.as_bytes(), false);
        assert_eq!(parsed.events.iter().map(|stated| stated.line).collect::<Vec<_>>(), lines, "{body:?}");
        assert_eq!(parsed.rejected.iter().map(|row| row.line).collect::<Vec<_>>(), rejected, "{body:?}");
        assert_eq!(parsed.read, (lines.len() + rejected.len()) as u64, "{body:?}");
    };
    let item = r#"{"type":"item","id":"x"}"#;
    check("[]", &[], &[]);
    check(item, &[1], &[]);
    check("{\n  \"type\": \"item\",\n  \"id\": \"x\"\n}\n", &[1], &[]);
    check(&format!("\u{feff}{item}\r\n\r\n{{\"type\":\"?\"}}\r\n{item}"), &[1, 4], &[3]);
    check(&format!("[{item},\n{{}},5,{item}]"), &[1, 4], &[2, 3]);
}

#[test]
fn a_syntax_error_anywhere_refuses_the_whole_body() {
    let check = |body: &[u8], expect: &str| {
        let Err(Refused::Syntax(said) | Refused::TooLarge(said)) = super::check(body) else {
            panic!("{:?} is taken", String::from_utf8_lossy(body))
        };
        assert!(said.contains(expect), "{said:?} does not say {expect:?}");
    };
    let item = r#"{"type":"item","id":"x"}"#;
    check(b"", "the body is empty");
    check(b" \n", "the body is empty");
    check(b"5", "line 1 is not a JSON object");
    check(b"null", "line 1 is not a JSON object");
    check(b"hello", "line 1: it is not JSON");
    check(format!("{item}\n{{\"type\"\n{item}").as_bytes(), "line 2: it is not JSON");
    check(format!("[{item},{{\"type\":]").as_bytes(), "event 2: ");
    check(format!("[{item}").as_bytes(), "event 1: the array is cut off");
    check(format!("[{item},]").as_bytes(), "event 2: it is not JSON");
    check(format!("[{item}] {item}").as_bytes(), "event 2: there is more text");
    check(b"{\"type\":\"\xff\"}", "not valid UTF-8 from byte 10 on");
    check(b"\xff\xfe{\0", "UTF-16");
    let many = vec!["{}"; 10_001].join(",");
    check(format!("[{many}]").as_bytes(), "more than 10000 events");
    assert_eq!(super::check(format!("[{}]", &many[3..]).as_bytes()), Ok(()));
}

#[test]
fn a_bad_line_of_a_file_costs_that_line_only() {
    let file = b"{\"type\":\"item\",\"id\":\"a\"}\nhello\n{\"type\":\"item\",\"id\":\"\xff\"}\n{\"type\":\"item\",\"id\":\"b\"}\n";
    let found: Vec<_> = rows(&file[..], false).map(|row| row.expect("memory reads").map(|stated| stated.line)).collect();
    let lines: Vec<_> = found.iter().map(|row| row.as_ref().map_or_else(|rejected| rejected.line, |line| *line)).collect();
    assert_eq!((lines, found.iter().filter(|row| row.is_ok()).count()), (vec![1, 2, 3, 4], 2));
    assert_eq!(found[2].as_ref().expect_err("bytes").reason, "it is not valid UTF-8");
}

#[test]
fn a_row_whose_service_was_said_beside_it_needs_none() {
    let row = br#"{"type":"deployment","id":"d1","status":"success","finished_at":"2026-05-01T10:00:00Z"}"#;
    assert_eq!(parse(row, false).rejected[0].reason, "a deployment needs \"service\" or \"repository\"");
    assert_eq!((parse(row, true).events.len(), parse(row, true).rejected.len()), (1, 0));
    let headers = Headers([(said::SERVICE.to_string(), "pay".to_string())].into());
    assert_eq!((SOURCE.parse)(&headers, row).events.len(), 1, "as replay reads it again");
}
