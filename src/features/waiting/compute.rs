//! What waits for one person among the open changes, and how an own change stands. Pure.

use std::collections::BTreeMap;

use crate::domain::calendar::WorkCalendar;
use crate::domain::time::At;
use crate::domain::todo::OpenChange;

/// How a change stands with its reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not ready for review.
    Draft,
    /// Nobody has looked at it since it was ready.
    Unreviewed,
    /// Somebody asks for changes, and was not asked to look again.
    ChangesRequested,
    /// Somebody approved it, and nobody asks for changes.
    Approved,
    /// Somebody has looked at it, and decided nothing.
    InReview,
}

impl Standing {
    /// In words, for its author.
    pub fn words(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Unreviewed => "waits for a first review",
            Self::ChangesRequested => "changes requested",
            Self::Approved => "approved, not merged",
            Self::InReview => "in review",
        }
    }
}

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The change.
    pub change: OpenChange,
    /// Since when.
    pub since: At,
    /// For how long, in working time.
    pub waited: i64,
    /// For a review: whether it was asked for again.
    pub again: bool,
    /// For an own change.
    pub standing: Option<Standing>,
}

/// What waits, each the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Reviews that this person is asked for.
    pub reviews: Vec<Row>,
    /// Own changes whose next step is this person's.
    pub own: Vec<Row>,
    /// Own changes that nobody has looked at.
    pub unreviewed: Vec<Row>,
}

/// Sorts open changes into what waits for the person that `is_me` knows by word and source.
pub fn compute(changes: &[OpenChange], is_me: impl Fn(&str, &str) -> bool, calendar: &WorkCalendar, now: At) -> Waiting {
    let mut waiting = Waiting::default();
    let row = |change: &OpenChange, since: At, again: bool, standing: Option<Standing>| Row {
        change: change.clone(),
        since,
        waited: calendar.between(since, now),
        again,
        standing,
    };
    for change in changes {
        let own = change.author.as_deref().is_some_and(|author| is_me(author, &change.source));
        if !own {
            let asked = asked(change, |word| is_me(word, &change.source));
            waiting.reviews.extend(asked.map(|(since, again)| row(change, since, again, None)));
            continue;
        }
        match standing(change) {
            (it @ (Standing::ChangesRequested | Standing::Approved), since) => waiting.own.push(row(change, since, false, Some(it))),
            (it @ Standing::Unreviewed, since) => waiting.unreviewed.push(row(change, since, false, Some(it))),
            (Standing::Draft | Standing::InReview, _) => {}
        }
    }
    for rows in [&mut waiting.reviews, &mut waiting.own, &mut waiting.unreviewed] {
        rows.sort_by(|a, b| (a.since, &a.change.source, &a.change.id).cmp(&(b.since, &b.change.source, &b.change.id)));
    }
    waiting
}

/// Since when somebody is asked to review a change and has not; and whether they were asked again.
fn asked(change: &OpenChange, is_them: impl Fn(&str) -> bool) -> Option<(At, bool)> {
    if change.draft || !change.reviewers.iter().any(|name| is_them(name)) {
        return None;
    }
    let ready = ready(change);
    let given = change.reviews.iter().filter(|review| is_them(&review.reviewer)).map(|review| review.at).max();
    match given {
        Some(at) if at >= ready => asks_again(change, at).then_some((at, true)),
        _ => Some((ready, false)),
    }
}

/// Whether the list of those asked, on which somebody stands, is newer than their review: then they were asked again.
///
/// Why not for GitLab: its API, and its webhooks before 18.6, keep on the list who has reviewed already. A review asked for
/// again there is missed; the other way, everything one has reviewed would wait for ever.
fn asks_again(change: &OpenChange, reviewed_at: At) -> bool {
    change.source != "gitlab" && change.stated_at.is_some_and(|stated_at| stated_at > reviewed_at)
}

fn ready(change: &OpenChange) -> At {
    change.ready_at.unwrap_or(change.opened_at)
}

/// How a change stands, and since when.
pub fn standing(change: &OpenChange) -> (Standing, At) {
    if change.draft {
        return (Standing::Draft, change.opened_at);
    }
    let author = change.author.as_deref().unwrap_or_default();
    let others = || change.reviews.iter().filter(|review| !review.reviewer.eq_ignore_ascii_case(author));
    let mut decided: BTreeMap<&str, (&str, At)> = BTreeMap::new();
    for review in others() {
        match review.state.as_str() {
            "approved" | "changes_requested" => decided.insert(&review.reviewer, (&review.state, review.at)),
            "dismissed" => decided.remove(review.reviewer.as_str()),
            _ => None,
        };
    }
    let looks_again = |name: &str, at: At| change.reviewers.iter().any(|asked| asked == name) && asks_again(change, at);
    let last = |wanted: &str| {
        let found = decided.iter().filter(|(name, (state, at))| *state == wanted && !looks_again(name, *at));
        found.map(|(_, (_, at))| *at).max()
    };
    if let Some(at) = last("changes_requested") {
        return (Standing::ChangesRequested, at);
    }
    let asks = decided.values().any(|(state, _)| *state == "changes_requested"); // and looks again
    if let Some(at) = last("approved").filter(|_| !asks) {
        return (Standing::Approved, at);
    }
    let ready = ready(change);
    let first = others().map(|review| review.at).chain(change.first_review_at).filter(|at| *at >= ready).min();
    first.map_or((Standing::Unreviewed, ready), |at| (Standing::InReview, at))
}
