//! The attacks on what the database holds: each takes the evidence and says what came of it.

use chrono::{Days, NaiveDate};

use super::Came;
use super::folder::Looked;
use crate::domain::survey::attack::Shown;
use crate::domain::survey::{LEAST_COUNTS, LEAST_SCORE, LEAST_TEXT, Minima};
use crate::domain::words;
use crate::store::file;
use crate::store::survey::{COMMENTS_FOR, Evidence, INVITES_FOR, State, WaveEvidence, scan};

/// What each table has: one column more could say what none does.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("invite", &["node_id", "user_id", "wave_id"]),
    ("ballot", &["seal", "tag", "wave_id"]),
    ("ballot_text", &["seal", "tag2", "wave_id"]),
    ("cell", &["cell_id", "label", "n_answered", "n_invited", "wave_id"]),
    ("tally", &["cell_id", "item_id", "n", "value", "wave_id"]),
    ("comment", &["body", "category", "cell_id", "id", "state", "wave_id"]),
    ("survey_optout", &["scope", "user_id"]),
];
/// Days that what is forgotten by a job may be late.
const LATE: u64 = 2;

/// Waves of which sealed ballots may stand in the database.
pub fn open(evidence: &Evidence) -> impl Iterator<Item = &WaveEvidence> {
    evidence.waves.iter().filter(|it| matches!(it.wave.state, State::Open | State::Closing))
}

fn over(evidence: &Evidence) -> impl Iterator<Item = &WaveEvidence> {
    evidence.waves.iter().filter(|it| matches!(it.wave.state, State::Closed | State::Void))
}

fn closed(evidence: &Evidence) -> impl Iterator<Item = &WaveEvidence> {
    evidence.waves.iter().filter(|it| it.wave.state == State::Closed)
}

fn waves(count: usize, which: &str) -> String {
    words::count(count as u64, &format!("{which} wave"), &format!("{which} waves"))
}

/// Attack 1: somebody dumps the database while a wave is open.
pub fn dump(evidence: &Evidence) -> Came {
    let mut wrong = Vec::new();
    for it in open(evidence) {
        let id = &it.wave.id;
        for (what, sealed) in [("answers", &it.ratings), ("comments", &it.texts)] {
            if sealed.readable > 0 {
                wrong.push(format!("{what} of {id} can be read in {}: void the wave", rows(sealed.readable)));
            } else if sealed.odd > 0 {
                wrong.push(format!(
                    "sealed {what} of {id} have a length of their own in {}, which tells of them: void the wave",
                    rows(sealed.odd)
                ));
            }
        }
        let texts = it.frozen.rules.texts().count();
        if it.texts.rows != texts * it.ratings.rows {
            wrong.push(format!(
                "{id} has not a sealed comment for each question and ballot, so how many there are tells who wrote: void the wave"
            ));
        }
        if !it.cells.is_empty() || !it.rows.is_empty() || !it.comments.is_empty() {
            wrong.push(format!("{id} is open and has results already: void the wave"));
        }
    }
    let count = open(evidence).count();
    let ballots: usize = open(evidence).map(|it| it.ratings.rows).sum();
    Came::of(
        wrong,
        format!("{}, {}, all of one length", waves(count, "open"), words::count(ballots as u64, "sealed ballot", "sealed ballots")),
    )
}

fn rows(count: usize) -> String {
    words::count(count as u64, "row", "rows")
}

/// Attacks 2 and 5: somebody reads tables and files after a wave.
pub fn left_over(evidence: &Evidence, looked: &Looked, database_url: &str) -> Came {
    let mut wrong = Vec::new();
    for it in over(evidence) {
        let (id, left) = (&it.wave.id, it.ratings.rows + it.texts.rows);
        if left > 0 {
            wrong.push(format!(
                "{id} is over, and {} of its ballots are left: start `pacer serve`, and void the wave if they stay",
                rows(left)
            ));
        }
        if looked.has(id) {
            wrong.push(format!("{id} is over, and its key is left: start `pacer serve`, which destroys it"));
        } else if !it.wave.cleaned {
            wrong.push(format!("{id} is over, and the database's files are not cleaned yet: start `pacer serve`"));
        }
    }
    let count = over(evidence).count();
    let Some(database) = file(database_url) else {
        return Came::of(
            wrong,
            format!("tables and keys of {}; not possible here: the server's own files, which are its admin's", waves(count, "closed")),
        );
    };
    // An id that an open wave's begins with would be found in the open one's rows.
    let alone = |id: &&str| !open(evidence).any(|it| it.wave.id.starts_with(*id));
    let ids: Vec<&str> = over(evidence).map(|it| it.wave.id.as_str()).filter(alone).collect();
    let mut bytes = 0;
    for path in scan::files(&database) {
        bytes += path.metadata().map_or(0, |known| known.len());
        match scan::ballots_in(&path, &ids) {
            Err(error) => return Came::Impossible(format!("{} can't be read by whoever runs this ({error})", path.display())),
            Ok(found) => wrong.extend(
                found
                    .into_iter()
                    .map(|id| format!("ballots of {id} still lie in {}: start `pacer serve`, which cleans it", path.display())),
            ),
        }
    }
    Came::of(wrong, format!("tables, keys and {} KB of files; {}", bytes / 1_024, waves(count, "closed")))
}

/// Attack 3: the order of rows, or a column more, says who answered.
pub fn order(evidence: &Evidence) -> Came {
    let mut wrong = Vec::new();
    for (table, expected) in COLUMNS {
        let found = evidence.columns.get(table).map(Vec::as_slice).unwrap_or_default();
        let more = found.iter().filter(|column| !expected.contains(&column.as_str()));
        wrong.extend(
            more.map(|column| format!("the table {table} has a column `{column}` that is not pacer's: drop it, and void what is open")),
        );
    }
    match &evidence.in_order {
        Some(tables) => {
            wrong.extend(
                tables
                    .iter()
                    .map(|table| format!("the table {table} keeps the order in which rows came: run the migrations on a new database")),
            );
            Came::of(wrong, "tables are stored by their keys")
        }
        None if wrong.is_empty() => Came::Impossible(
            "PostgreSQL stores rows as they come, and its log is its admin's; both hold but sealed ballots. No table has a column more"
                .into(),
        ),
        None => Came::Failed(wrong),
    }
}

/// Attacks 7, 8 and 18: somebody adds and subtracts all that is shown.
pub fn sums(evidence: &Evidence) -> Came {
    let mut wrong = Vec::new();
    for it in closed(evidence) {
        match shown(it).too_few() {
            Ok(found) => wrong.extend(found.into_iter().map(|sentence| format!("in {}, {sentence}. Void what is shown of it", it.wave.id))),
            Err(sentence) => wrong.push(format!("in {}, {sentence}", it.wave.id)),
        }
    }
    let figures: usize = closed(evidence).map(|it| it.cells.len() + it.rows.len()).sum();
    Came::of(
        wrong,
        format!("{} of {}, solved exactly", words::count(figures as u64, "figure", "figures"), waves(closed(evidence).count(), "closed")),
    )
}

fn shown(it: &WaveEvidence) -> Shown<'_> {
    let rules = &it.frozen.rules;
    Shown { tree: &it.frozen.tree, items: &rules.items, minima: rules.minima.floored(), cells: &it.cells, rows: &it.rows }
}

/// Attack 10: somebody lowers the least groups.
pub fn minima(evidence: &Evidence) -> Came {
    let low = |it: Minima| it.score < LEAST_SCORE || it.counts < LEAST_COUNTS || it.text < LEAST_TEXT;
    let said = |it: Minima| {
        format!("{}, {} and {}, below the {LEAST_SCORE}, {LEAST_COUNTS} and {LEAST_TEXT} that are promised", it.score, it.counts, it.text)
    };
    let surveys =
        evidence.surveys.iter().filter(|(_, it)| low(*it)).map(|(id, it)| format!("the survey {id} has least groups of {}", said(*it)));
    let mut wrong: Vec<String> = surveys.collect();
    for it in evidence.waves.iter().filter(|it| it.wave.state != State::Draft) {
        if low(it.frozen.rules.minima) {
            wrong.push(format!("the wave {} has least groups of {}", it.wave.id, said(it.frozen.rules.minima)));
        } else if it.untouched == Some(false) {
            wrong.push(format!("what {} froze at launch was changed in the database: void the wave", it.wave.id));
        }
    }
    Came::of(
        wrong,
        format!("{} and {}", words::count(evidence.surveys.len() as u64, "survey", "surveys"), waves(evidence.waves.len(), "launched")),
    )
}

/// Attack 15: the rows of reminders say who had answered by then.
pub fn reminders(evidence: &Evidence) -> Came {
    let telling = evidence.reminders.iter().filter(|it| it.tells);
    let wrong = telling.map(|it| {
        format!(
            "the reminder {} of {} says what Slack made of it, and so whether it was sent: remove that row of `outbox`",
            it.key, it.wave
        )
    });
    let done = evidence.reminders.iter().filter(|it| it.done).count() as u64;
    Came::of(wrong.collect(), format!("{}, all alike", words::count(done, "reminder is done", "reminders are done")))
}

/// Attack 19: a comment stands among few.
pub fn comments(evidence: &Evidence) -> Came {
    let all = closed(evidence).flat_map(|it| {
        shown(it)
            .lonely_comments(it.comments.iter().cloned())
            .into_iter()
            .map(move |sentence| format!("in {}, {sentence}: hide them", it.wave.id))
    });
    let count: usize = closed(evidence).map(|it| it.comments.len()).sum();
    Came::of(all.collect(), words::count(count as u64, "comment", "comments"))
}

/// Attack 22: what should be gone by now.
pub fn retention(evidence: &Evidence, today: NaiveDate) -> Came {
    let mut wrong = Vec::new();
    for it in over(evidence) {
        let id = &it.wave.id;
        let since = |days: u64| it.wave.closes_on.checked_add_days(Days::new(days + LATE)).is_some_and(|until| until < today);
        if since(if it.wave.state == State::Void { 0 } else { INVITES_FOR }) && !it.frozen.invited.is_empty() {
            wrong.push(format!(
                "the invitations of {id} are kept for longer than {INVITES_FOR} days: start `pacer serve`, which forgets them"
            ));
        }
        if since(COMMENTS_FOR) && !it.comments.is_empty() {
            wrong.push(format!("the comments of {id} are kept for longer than a year: start `pacer serve`, which forgets them"));
        }
    }
    if evidence.overdue > 0 {
        let who =
            words::count(evidence.overdue.unsigned_abs(), "person who asked to be forgotten is", "people who asked to be forgotten are");
        wrong.push(format!("{who} still written down as that: start `pacer serve`, which removes it"));
    }
    Came::of(wrong, format!("invitations at most {INVITES_FOR} days, comments at most {COMMENTS_FOR}"))
}
