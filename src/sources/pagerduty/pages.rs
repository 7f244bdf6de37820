//! Incidents by `PagerDuty`'s REST API, `GET /incidents`, for `pacer backfill pagerduty account` (or one service).
//!
//! `PagerDuty` lists at most six months at once, by the time of the beginning, and at most 10,000 incidents of those. So the
//! way leads through stretches of 150 days up to the time in the answer's `Date`, and where a stretch holds too many the next
//! begins at the last one listed. Asked for what changed since an instant, the incidents that are open are listed too, then
//! those resolved since, the newest first: `PagerDuty` has no list by time of change. Where the way stands is in the ask's query.

use chrono::DateTime;

use super::super::pages::{Answer, Ask, Page, Pages, Unread};
use super::super::tree::{self, Tree};
use super::listed;
use crate::domain::event::{Parsed, Rejected};
use crate::domain::time::{At, DAY, SECOND};

/// How the API is read.
pub const PAGES: Pages = Pages { url: "https://api.pagerduty.com", headers, scope: "service", begin, read };

/// The scope that is all services.
const ACCOUNT: &str = "account";
/// Incidents a page; `PagerDuty`'s limit.
const PAGE: u64 = 100;
/// The last offset that `PagerDuty` answers.
const LAST: u64 = 10_000 - PAGE;
/// A stretch; `PagerDuty`'s limit is six months.
const STRETCH: i64 = 150 * DAY;

fn headers(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Token token={token}")), ("accept", "application/vnd.pagerduty+json;version=2".into())]
}

/// What is asked for, in the order of the way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leg {
    /// The oldest incident of all: where the way begins.
    Oldest,
    /// Those that began between two instants, the oldest first.
    Stretch { from: At, to: At },
    /// Those that are open.
    Open,
    /// Those that are resolved, the newest first.
    Resolved,
}

fn begin(scope: &str, since: Option<At>) -> Vec<Ask> {
    vec![ask(scope, since.map_or(Leg::Oldest, stretch), 0, since)]
}

fn stretch(from: At) -> Leg {
    Leg::Stretch { from, to: from.plus(STRETCH) }
}

fn ask(scope: &str, leg: Leg, offset: u64, since: Option<At>) -> Ask {
    let mut query: Vec<(&str, String)> = match leg {
        Leg::Oldest => vec![("date_range", "all".into()), ("sort_by", "created_at:asc".into()), ("total", "true".into())],
        Leg::Stretch { from, to } => vec![("since", from.rfc3339()), ("until", to.rfc3339()), ("sort_by", "created_at:asc".into())],
        Leg::Open => ["triggered", "acknowledged"]
            .map(|status| ("statuses[]", status.to_owned()))
            .into_iter()
            .chain([("date_range", "all".into())])
            .collect(),
        Leg::Resolved => vec![("statuses[]", "resolved".into()), ("date_range", "all".into()), ("sort_by", "resolved_at:desc".into())],
    };
    if is_id(scope) {
        query.push(("service_ids[]", scope.to_owned()));
    }
    query.push(("limit", if leg == Leg::Oldest { 1 } else { PAGE }.to_string()));
    query.push(("offset", offset.to_string()));
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    Ask {
        stream: "incidents".into(),
        scope: scope.into(),
        path: format!("/incidents?{query}"),
        memory: since.map(At::rfc3339),
        ..Ask::default()
    }
}

/// Whether `PagerDuty` can filter by it. An id without a digit is found by name, which costs more pages.
fn is_id(scope: &str) -> bool {
    scope.starts_with(['P', 'Q'])
        && scope.len() >= 7
        && scope.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && scope.bytes().any(|byte| byte.is_ascii_digit())
}

/// Where an ask stands: its leg and offset.
fn place(ask: &Ask) -> Option<(Leg, u64)> {
    let query: Vec<(String, String)> = serde_urlencoded::from_str(ask.path.split_once('?')?.1).ok()?;
    let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let leg = match (value("since").and_then(At::parse), value("until").and_then(At::parse), value("statuses[]")) {
        (Some(from), Some(to), _) => Leg::Stretch { from, to },
        (_, _, Some("resolved")) => Leg::Resolved,
        (_, _, Some(_)) => Leg::Open,
        _ => Leg::Oldest,
    };
    Some((leg, value("offset")?.parse().ok()?))
}

fn read(ask: &Ask, answer: &Answer) -> Result<Page, Unread> {
    let unread = |why: String| Unread(format!("PagerDuty's answer to {}: {why}", ask.path));
    let value = tree::read(&answer.body).map_err(unread)?;
    let tree = Tree::new(&value);
    if !value.get("incidents").is_some_and(serde_json::Value::is_array) {
        return Err(unread("it has no list `incidents`".into()));
    }
    let (leg, offset) = place(ask).ok_or_else(|| unread("pacer did not ask for it".into()))?;
    let since = ask.memory.as_deref().and_then(At::parse);
    let all: Vec<Tree<'_>> = tree.list("incidents").collect();
    if leg == Leg::Oldest {
        let first = all.first().and_then(|incident| incident.time("created_at"));
        // The stretch must not begin with it, or it would seem to belong to the one before.
        let next = first.map(|at| self::ask(&ask.scope, stretch(at.plus(-SECOND)), 0, since));
        let total = tree.number("total").and_then(|total| u64::try_from(total).ok()).filter(|_| is_whole(&ask.scope));
        return Ok(Page { next, total, ..Page::default() });
    }
    let wanted = wanted(ask, tree);
    // One that began at the very beginning of a stretch was listed by the one before.
    let again = |incident: &&Tree<'_>| matches!(leg, Leg::Stretch { from, .. } if incident.time("created_at").is_some_and(|at| at <= from));
    let counted = wanted.iter().filter(|incident| !again(incident)).count();
    let next = next(leg, offset, &all, tree.truth("more"), since, now(answer)).map_err(unread)?;
    let next = next.map(|(leg, offset)| self::ask(&ask.scope, leg, offset, since));
    let events = wanted.iter().filter_map(|incident| listed(*incident, 1).ok()).collect();
    Ok(Page { events, next, listed: counted as u64, ..Page::default() })
}

/// The incidents of a page that are of the scope.
fn wanted<'a>(ask: &Ask, page: Tree<'a>) -> Vec<Tree<'a>> {
    let named =
        |incident: &Tree<'_>| ["service/id", "service/summary"].iter().any(|path| incident.word(path).eq_ignore_ascii_case(&ask.scope));
    page.list("incidents").filter(|incident| is_whole(&ask.scope) || named(incident)).collect()
}

/// A page that was stored as a delivery.
pub fn stored(ask: &Ask, body: &[u8]) -> Parsed {
    let value = match tree::read(body) {
        Ok(value) => value,
        Err(reason) => return Parsed { read: 1, rejected: vec![Rejected { line: 1, reason }], ..Parsed::default() },
    };
    let mut parsed = Parsed::default();
    // The oldest incident is listed again by the first stretch.
    let rows = wanted(ask, Tree::new(&value)).into_iter().filter(|_| place(ask).is_some_and(|(leg, _)| leg != Leg::Oldest));
    for (line, incident) in (1..).zip(rows) {
        parsed.read += 1;
        match listed(incident, line) {
            Ok(stated) => parsed.events.push(stated),
            Err(reason) => parsed.rejected.push(Rejected { line, reason }),
        }
    }
    if parsed.read == 0 {
        parsed.ignored = Some("the page lists no incident of the scope".into());
    }
    parsed
}

/// Whether `PagerDuty` itself lists just what is wanted.
fn is_whole(scope: &str) -> bool {
    scope == ACCOUNT || is_id(scope)
}

fn now(answer: &Answer) -> Option<At> {
    Some(DateTime::parse_from_rfc2822(answer.headers.get("date")?).ok()?.to_utc().into())
}

fn next(leg: Leg, offset: u64, all: &[Tree<'_>], more: bool, since: Option<At>, now: Option<At>) -> Result<Option<(Leg, u64)>, String> {
    if more && offset < LAST && !(leg == Leg::Resolved && is_before(all, since)) {
        return Ok(Some((leg, offset + PAGE)));
    }
    Ok(match leg {
        Leg::Stretch { from, to } => {
            let last = all.last().and_then(|incident| incident.time("created_at")).filter(|at| more && *at > from);
            let now = now.ok_or("it has no header Date, so that its end can't be told")?;
            match last.or(Some(to).filter(|to| *to < now)) {
                Some(from) => Some((stretch(from), 0)),
                None => since.map(|_| (Leg::Open, 0)),
            }
        }
        Leg::Open => Some((Leg::Resolved, 0)),
        Leg::Oldest | Leg::Resolved => None,
    })
}

/// Whether the last one listed was resolved before what is asked for.
fn is_before(all: &[Tree<'_>], since: Option<At>) -> bool {
    all.last().and_then(|incident| super::ended(*incident)) < since
}
