//! What waits for Ana, from changes in a few words.

use chrono_tz::Tz;

use super::compute::{Row, Standing, compute, standing};
use crate::domain::calendar::WorkCalendar;
use crate::domain::org::Calendar;
use crate::domain::time::{At, HOUR};
use crate::domain::todo::{Given, OpenChange};

/// Monday 16 November 2026, 00:00.
pub(super) fn hour(hour: i64) -> At {
    At::parse("2026-11-16T00:00:00Z").unwrap().plus(hour * HOUR)
}

/// "#1 by bo ready 9 asks ana dan": opened at hour 0, ready at 9. Further words: `draft`, `stated 20`, `gitlab`, and
/// `ana=approved@12` for a review at hour 12.
pub(super) fn change(text: &str) -> OpenChange {
    let mut words = text.split_whitespace().peekable();
    let id = words.next().unwrap().to_string();
    let mut change = OpenChange {
        source: "github".into(),
        title: Some(format!("Change {id}")),
        repository: Some("acme/shop".into()),
        id,
        opened_at: hour(0),
        ..OpenChange::default()
    };
    while let Some(word) = words.next() {
        let mut number = || hour(words.next().unwrap().parse().unwrap());
        match word {
            "ready" => change.ready_at = Some(number()),
            "stated" => change.stated_at = Some(number()),
            "seen" => change.first_review_at = Some(number()),
            "by" => change.author = words.next().map(str::to_string),
            "draft" => change.draft = true,
            "gitlab" => change.source = word.into(),
            "asks" => {}
            word => match word.split_once('=') {
                Some((who, given)) => {
                    let (state, at) = given.split_once('@').unwrap();
                    let at = hour(at.parse().unwrap());
                    change.reviews.push(Given { reviewer: who.into(), state: state.into(), at });
                }
                None => change.reviewers.push(word.into()),
            },
        }
    }
    change
}

fn rows(rows: &[Row]) -> String {
    let row = |row: &Row| format!("{} {}{}", row.change.id, row.waited / HOUR, if row.again { " again" } else { "" });
    rows.iter().map(row).collect::<Vec<_>>().join(", ")
}

pub(super) fn calendar() -> WorkCalendar {
    WorkCalendar::new(&Calendar::default(), Tz::UTC)
}

/// Reviews, own and unreviewed of Ana (who is `ana` anywhere, `ana-l` in GitHub) a week and 12 hours on.
fn check(changes: &str, expect: &str) {
    let changes: Vec<OpenChange> = changes.split(',').map(change).collect();
    let is_ana = |word: &str, source: &str| word == "ana" || (word.eq_ignore_ascii_case("ana-l") && source == "github");
    let waiting = compute(&changes, is_ana, &calendar(), hour(180));
    assert_eq!([rows(&waiting.reviews), rows(&waiting.own), rows(&waiting.unreviewed)].join("; "), expect, "{changes:?}");
}

#[test]
fn a_review_waits_from_ready_on_in_working_time() {
    check("#1 by bo ready 9 asks ana", "#1 123; ; "); // a week and 12 hours, less a weekend and 9 hours
    check("#1 by bo asks ana", "#1 132; ; "); // from opened, where ready is not known
    check("#1 by bo ready 140 asks ana", "#1 12; ; "); // ready on Saturday: from Monday on
    check("#1 by bo ready 9 asks dan", "; ; ");
    check("#1 by bo ready 9 draft asks ana", "; ; ");
    check("#1 by bo ready 60 asks Ana-L, #2 by cy ready 30 asks ana-l dan, #3 by cy gitlab asks ana-l", "#2 102, #1 72; ; ");
    check("#1 by ana ready 9 asks ana bo", "; ; #1 123"); // nobody reviews their own
}

#[test]
fn a_review_given_waits_no_longer_unless_asked_again() {
    check("#1 by bo ready 9 asks ana ana=commented@20", "; ; ");
    check("#1 by bo ready 9 stated 20 asks ana ana=approved@20", "; ; "); // the list as it was when she reviewed
    check("#1 by bo ready 9 stated 100 asks ana ana=changes_requested@84", "#1 48 again; ; ");
    check("#1 by bo ready 9 stated 100 asks dan ana=approved@84", "; ; ");
    check("#1 by bo ready 84 stated 20 asks ana ana=commented@10", "#1 48; ; "); // seen as a draft only
    check("#1 by bo ready 9 stated 100 gitlab asks ana ana=approved@84", "; ; "); // GitLab keeps on the list who has reviewed
    check("#1 by bo ready 9 asks ana dan dan=approved@20", "#1 123; ; ");
}

#[test]
fn an_own_change_waits_for_its_author_or_for_a_first_look() {
    check("#1 by ana ready 9 bo=changes_requested@84", "; #1 48; ");
    check("#1 by ana ready 9 bo=approved@84", "; #1 48; ");
    check("#1 by ana ready 9 bo=commented@84", "; ; ");
    check("#1 by ana ready 9 seen 20", "; ; ");
    check("#1 by ana ready 9", "; ; #1 123");
    check("#1 by ana ready 9 ana=commented@20", "; ; #1 123"); // a word of her own is no review
    check("#1 by ana draft, #2 by bo ready 9 bo=approved@20", "; ; ");
}

#[test]
fn the_last_word_of_each_reviewer_counts() {
    let check = |text: &str, expect: Standing, at: i64| assert_eq!(standing(&change(text)), (expect, hour(at)), "{text}");
    check("#1 by ana draft bo=approved@20", Standing::Draft, 0);
    check("#1 by ana ready 9 bo=changes_requested@20 bo=approved@30", Standing::Approved, 30);
    check("#1 by ana ready 9 bo=approved@20 bo=changes_requested@30", Standing::ChangesRequested, 30);
    check("#1 by ana ready 9 bo=approved@20 cy=changes_requested@15", Standing::ChangesRequested, 15);
    check("#1 by ana ready 9 bo=approved@20 bo=commented@30", Standing::Approved, 20);
    check("#1 by ana ready 9 bo=approved@20 bo=dismissed@30", Standing::InReview, 20);
    check("#1 by ana ready 9 stated 40 asks bo bo=changes_requested@20", Standing::InReview, 20); // asked to look again
    check("#1 by ana ready 9 stated 40 asks bo bo=changes_requested@20 cy=approved@30", Standing::InReview, 20);
    check("#1 by ana ready 9 stated 10 asks bo bo=changes_requested@20", Standing::ChangesRequested, 20);
    check("#1 by ana ready 90 bo=commented@20", Standing::Unreviewed, 90); // a look at the draft
}
