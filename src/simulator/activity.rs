//! Reviews, and what people did on items: the raw material of effort and focus. It carries no figure about a person.

use std::collections::BTreeSet;

use super::calendar::Calendar;
use super::cast::{FIRST, SERVICES, TEAMS, member};
use super::random::Random;
use crate::domain::event::{Activity, Change, Item, Review};
use crate::domain::time::{At, DAY, SECOND};

/// The reviews of the changes, at most two each: the first, and the approval where that one was none.
pub fn reviews(random: &mut Random, calendar: &Calendar, changes: &[Change]) -> Vec<Review> {
    let mut reviews = Vec::new();
    for change in changes {
        let Some(first) = change.first_review_at else { continue };
        let reviewer = reviewer(random, calendar, change, first);
        let state = random.weighted(&[("approved", 0.62), ("changes_requested", 0.2), ("commented", 0.18)]);
        let review = |number: usize, at: At, state: &str| Review {
            id: format!("{}/r{number}", change.id),
            change: change.id.clone(),
            reviewer: Some(reviewer.into()),
            bot: false,
            at,
            state: state.into(),
        };
        reviews.push(review(1, first, state));
        if let Some(merged) = change.merged_at
            && *state != "approved"
        {
            reviews.push(review(2, first.plus(merged.since(first) * 9 / 10 / SECOND * SECOND), "approved"));
        }
    }
    reviews
}

/// Reviews that whom the sandbox begins as is asked for at least.
const FIRST_ASKED: usize = 3;

/// Whom the authors of open changes ask for a review: for a first one, or for a second after somebody else's.
pub fn ask(random: &mut Random, calendar: &Calendar, changes: &mut [Change], reviews: &[Review]) {
    for change in changes.iter_mut().filter(|change| change.closed_at.is_none() && !change.draft) {
        let given: Vec<&str> =
            reviews.iter().filter(|review| review.change == change.id).filter_map(|review| review.reviewer.as_deref()).collect();
        let count = if !given.is_empty() || random.chance(0.6) { 1 } else { 2 };
        if !given.is_empty() && random.chance(0.4) {
            continue; // the first one is enough
        }
        for _ in 0..count {
            let one = reviewer(random, calendar, change, calendar.now).to_string();
            if !given.contains(&one.as_str()) && !change.reviewers.contains(&one) {
                change.reviewers.push(one);
            }
        }
    }
}

/// Somebody's open changes that whom the sandbox begins as could look at, the oldest first.
pub fn ask_first(changes: &mut [Change]) {
    let (first, team) = FIRST;
    let own = |change: &Change| SERVICES.iter().any(|row| row.team == team && Some(row.repository) == change.repository.as_deref());
    let open = changes.iter_mut().filter(|change| change.closed_at.is_none() && !change.draft && change.first_review_at.is_none());
    for change in open.filter(|change| own(change) && change.author.as_deref() != Some(first)).take(FIRST_ASKED) {
        if !change.reviewers.iter().any(|name| name == first) {
            change.reviewers.push(first.into());
        }
    }
}

/// A colleague of the author.
fn reviewer(random: &mut Random, calendar: &Calendar, change: &Change, at: At) -> &'static str {
    let days_ago = calendar.days_ago(at);
    let row = SERVICES.iter().find(|row| Some(row.repository) == change.repository.as_deref()).unwrap_or(&SERVICES[0]);
    let mut one = member(random, row.owner(days_ago), days_ago);
    for _ in 0..6 {
        if Some(one) != change.author.as_deref() {
            break;
        }
        one = member(random, row.owner(days_ago), days_ago);
    }
    if Some(one) == change.author.as_deref() { "u41" } else { one }
}

/// What was done on items: their transitions, comments, days with commits, reviews.
pub fn activities(random: &mut Random, calendar: &Calendar, items: &[Item], changes: &[Change], reviews: &[Review]) -> Vec<Activity> {
    let mut found: BTreeSet<(At, String, &'static str, String)> = BTreeSet::new();
    for item in items.iter().filter(|item| item.kind.as_deref() != Some("epic")) {
        let (Some(started), Some(assignee)) = (item.started_at, &item.assignee) else { continue };
        found.insert((started, assignee.clone(), "transition", item.id.clone()));
        if let Some(done) = item.done_at {
            found.insert((done, assignee.clone(), "transition", item.id.clone()));
        }
        let until = item.done_at.unwrap_or(calendar.now);
        for _ in 0..random.poisson(0.6) {
            let place = random.between(calendar.work(started), calendar.work(until));
            let at = calendar.at(place).min(calendar.now).max(started);
            found.insert((at, commenter(random, calendar, item, at).into(), "comment", item.id.clone()));
        }
    }
    let mut item_of = std::collections::BTreeMap::new();
    for change in changes.iter().filter(|change| !change.bot) {
        let Some(item) = &change.item else { continue };
        item_of.insert(change.id.as_str(), item);
        let mut days = BTreeSet::new();
        for commit in change.commits.iter().flatten() {
            if let (Some(at), Some(author)) = (commit.authored_at, &commit.author)
                && days.insert(at.0.div_euclid(DAY))
            {
                found.insert((at, author.clone(), "commit", item.clone()));
            }
        }
    }
    for review in reviews {
        if let (Some(item), Some(reviewer)) = (item_of.get(review.change.as_str()), &review.reviewer) {
            found.insert((review.at, reviewer.clone(), "review", (*item).clone()));
        }
    }
    found.into_iter().map(|(at, person, kind, item)| Activity { person, kind: kind.into(), item: Some(item), at }).collect()
}

fn commenter(random: &mut Random, calendar: &Calendar, item: &Item, at: At) -> &'static str {
    let key = item.id.split('-').next();
    let team = TEAMS.iter().find(|team| team.key == key).unwrap_or(&TEAMS[0]);
    member(random, team.id, calendar.days_ago(at))
}
