//! Incidents by `PagerDuty`'s REST API, `GET /incidents`, for `pacer backfill pagerduty account` (or one service).
//!
//! `PagerDuty` lists at most six months at once, by the time of the beginning, and at most 10,000 incidents of those. So the
//! way leads through stretches of 150 days up to the time in the answer's `Date`, and where a stretch holds too many the next
//! begins at the last one listed. Asked for what changed since an instant, the incidents that are open are listed too, then
//! those resolved since, the newest first: `PagerDuty` has no list by time of change. Where the way stands is in the ask's query.

use super::{ended, listed};
use crate::domain::time::{At, DAY, SECOND};
use crate::sources::object::Object;
use crate::sources::pages::{Answer, Ask, Page, Pages};
use crate::sources::{Outcome, without_nul};

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
    let time = |name: &str| ask.query(name).as_deref().and_then(At::parse);
    let leg = match (time("since"), time("until"), ask.query("statuses[]").as_deref()) {
        (Some(from), Some(to), _) => Leg::Stretch { from, to },
        (_, _, Some("resolved")) => Leg::Resolved,
        (_, _, Some(_)) => Leg::Open,
        _ => Leg::Oldest,
    };
    Some((leg, ask.query("offset")?.parse().ok()?))
}

fn read(ask: &Ask, answer: &Answer) -> Result<Page, String> {
    let json = without_nul(&answer.body);
    let told = Object::parse(&json)?;
    let all = told.need_objects("incidents")?;
    let (leg, offset) = place(ask).ok_or("pacer did not ask for it")?;
    let since = ask.memory.as_deref().and_then(At::parse);
    if leg == Leg::Oldest {
        let first = all.first().map_or(Ok(None), |incident| incident.time("created_at"))?;
        // The stretch must not begin with it, or it would seem to belong to the one before.
        let next = first.map(|at| self::ask(&ask.scope, stretch(at.plus(-SECOND)), 0, since));
        let total = told.count("total")?.filter(|_| is_whole(&ask.scope));
        return Ok(Page { next, total, ..Page::default() });
    }
    let mut page = Page::default();
    for (line, incident) in (1..).zip(&all) {
        if is_wanted(incident, &ask.scope) {
            // One that began at the very beginning of a stretch was listed by the one before.
            let again = matches!(leg, Leg::Stretch { from, .. } if began(incident).is_some_and(|at| at <= from));
            page.listed += u64::from(!again);
            page.take(line, listed(incident).map(|(event, version)| Outcome::one(event, version)));
        }
    }
    if !answer.is_stored() {
        let now = answer.headers.get("date").and_then(At::parse_http);
        let next = next(leg, offset, &all, told.is_true("more")?, since, now)?;
        page.next = next.map(|(leg, offset)| self::ask(&ask.scope, leg, offset, since));
    }
    Ok(page)
}

/// When it began, where it can be told.
fn began(incident: &Object<'_>) -> Option<At> {
    incident.time("created_at").ok().flatten()
}

fn is_wanted(incident: &Object<'_>, scope: &str) -> bool {
    let is = |path: &str| incident.text(path).ok().flatten().is_some_and(|name| name.eq_ignore_ascii_case(scope));
    is_whole(scope) || is("service/id") || is("service/summary")
}

/// Whether `PagerDuty` itself lists just what is wanted.
fn is_whole(scope: &str) -> bool {
    scope == ACCOUNT || is_id(scope)
}

fn next(leg: Leg, offset: u64, all: &[Object<'_>], more: bool, since: Option<At>, now: Option<At>) -> Result<Option<(Leg, u64)>, String> {
    if more && offset < LAST && !(leg == Leg::Resolved && is_before(all, since)) {
        return Ok(Some((leg, offset + PAGE)));
    }
    Ok(match leg {
        Leg::Stretch { from, to } => {
            let last = all.last().and_then(began).filter(|at| more && *at > from);
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
fn is_before(all: &[Object<'_>], since: Option<At>) -> bool {
    all.last().and_then(|incident| ended(incident).ok().flatten()) < since
}
