//! Sentences of `forecast` that depend on counts: which dates are unlikely, how scope grows, what is old, how past forecasts held. Pure.

use super::card::rounded;
use crate::domain::card::Line;
use crate::domain::forecast::backtest::Record;
use crate::domain::forecast::prospect::Prospect;
use crate::domain::forecast::score::Coverage;
use crate::domain::words;

/// Scope grows where more than this is added for each finished item.
const GROWS: f64 = 0.2;
/// The promise that the record is about.
const PROMISED: f64 = 0.85;
/// Issued forecasts in a row that look at the same weeks.
const OVERLAP: u32 = 4;

/// How many of the dates are unlikely to be met, with their projects and chances, the least likely first.
pub fn dates(name: &str, dated: &[(&str, f64)]) -> Line {
    let named = |(project, chance): &(&str, f64)| format!("{project} ({})", words::percent(rounded(*chance)));
    if let [only] = dated {
        return Line::plain(format!("{name}: the one date, of {}, is ", named(only))).strong(met(only.1)).and(".");
    }
    let mut sorted = dated.to_vec();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |which: &dyn Fn(Prospect) -> bool| -> Vec<String> {
        sorted.iter().filter(|(_, chance)| which(Prospect::of(*chance))).map(named).collect()
    };
    let (warned, uncertain) = (of(&Prospect::is_warned_of), of(&|prospect| prospect == Prospect::Uncertain));
    let all = dated.len();
    let line = Line::plain(format!("{name}: "));
    let line = match warned.len() {
        0 => line.strong(format!("none of {all} dates is unlikely to be met")).and("."),
        few => {
            let verb = if few == 1 { "is" } else { "are" };
            line.strong(format!("{few} of {all} dates {verb} unlikely to be met")).and(format!(": {}.", words::join(&warned)))
        }
    };
    if uncertain.is_empty() { line } else { line.and(format!(" Uncertain: {}.", words::join(&uncertain))) }
}

fn met(chance: f64) -> &'static str {
    match Prospect::of(chance) {
        Prospect::Likely => "likely to be met",
        Prospect::Uncertain => "uncertain",
        Prospect::Unlikely => "unlikely to be met",
        Prospect::VeryUnlikely => "very unlikely to be met",
    }
}

/// The same as a cell below "In time".
pub fn in_time(chance: f64) -> String {
    Prospect::of(chance).words().trim_end_matches(" in time").to_owned()
}

/// Whether scope grows, and since when that is counted.
pub fn growth(since: Option<&str>, finished: u32, added: u32) -> String {
    let since = since.map_or_else(|| "Lately".to_owned(), |since| format!("Since {since}"));
    let done = words::count(u64::from(finished), "was finished", "were finished");
    if added == 0 {
        return format!("Scope stands. {since} no item was added while {done}.");
    }
    let counted = format!("{since} {} while {done}.", words::count(u64::from(added), "item was added", "items were added"));
    if f64::from(added) > GROWS * f64::from(finished) {
        format!("Scope grows. {counted} The dates expect that to go on.")
    } else {
        format!("Little is added. {counted}")
    }
}

/// "2 of 5 in work are older".
pub fn older(old: usize, in_work: usize) -> String {
    match (old, in_work) {
        (_, 0) => "Nothing is in work".into(),
        (0, 1) => "The one in work is not older".into(),
        (0, all) => format!("None of the {all} in work is older"),
        (1, 1) => "The one in work is older".into(),
        (1, all) => format!("1 of {all} in work is older"),
        (some, all) => format!("{some} of {all} in work are older"),
    }
}

/// How past forecasts held, of which kind they are, and what follows where they held less often than promised.
pub fn record(records: &[Record], issued: Option<(u64, u64)>) -> String {
    let replayed = records.iter().rfind(|record| record.made > 0);
    let worth = replayed.filter(|record| record.is_no_better());
    let worth = worth.map_or("", |_| " A simple average of past weeks does as well here, so take it as a rough guide.");
    if let Some((held, of)) = issued {
        let all = u32::try_from(of).unwrap_or(u32::MAX);
        let coverage = Coverage::of((0..all).map(|at| u64::from(at) < held), OVERLAP);
        let under = short(&coverage, "take later dates");
        return format!("our 85 % promises: {held} of {of} held, each issued before its outcome{under}.{worth}");
    }
    let made: Vec<&Record> = records.iter().filter(|record| record.made > 0).collect();
    if made.is_empty() {
        return "none yet: no past week leaves room for a forecast and its outcome.".into();
    }
    let share = |held: &Coverage| format!("{} of {} held", held.held, held.of);
    let of_items = |record: &&Record| {
        format!("{} weeks ahead {}{}", record.weeks, share(&record.held[1]), short(&record.held[1], "take smaller counts"))
    };
    let counts: Vec<String> = made.iter().map(of_items).collect();
    let dates = replayed.map(|record| &record.dates_held[1]).filter(|held| held.of > 0);
    let dates = dates.map_or_else(String::new, |held| format!("our 85 % dates: {}{}. ", share(held), short(held, "take later dates")));
    let asked_again = "Asked again at the end of past weeks with nothing later in sight, since fewer than 10 issued forecasts have ended.";
    format!("{dates}{}: {}. {asked_again}{worth}", if dates.is_empty() { "our 85 % counts" } else { "Counts" }, counts.join("; "))
}

/// Said where promises clearly held less often than they should have.
fn short(held: &Coverage, then: &str) -> String {
    if held.of > 0 && held.interval[1] < PROMISED { format!(", less often than promised: {then}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_that_are_unlikely_are_counted_and_named() {
        let check = |dated: &[(&str, f64)], expect: &str| assert_eq!(dates("Payments", dated).text(), expect);
        check(&[("A", 0.42)], "Payments: the one date, of A (42 %), is unlikely to be met.");
        check(&[("A", 0.9), ("B", 0.85)], "Payments: none of 2 dates is unlikely to be met.");
        check(&[("A", 0.9), ("B", 0.6)], "Payments: none of 2 dates is unlikely to be met. Uncertain: B (60 %).");
        check(&[("A", 0.9), ("B", 0.5)], "Payments: 1 of 2 dates is unlikely to be met: B (50 %).");
        let three = [("A", 0.42), ("B", 0.9), ("C", 0.07), ("D", 0.66)];
        check(&three, "Payments: 2 of 4 dates are unlikely to be met: C (7 %) and A (42 %). Uncertain: D (66 %).");
    }

    #[test]
    fn scope_grows_only_where_much_is_added_and_says_since_when() {
        let check = |finished: u32, added: u32, expect: &str| assert_eq!(growth(Some("1 Sep"), finished, added), expect);
        check(29, 0, "Scope stands. Since 1 Sep no item was added while 29 were finished.");
        check(29, 3, "Little is added. Since 1 Sep 3 items were added while 29 were finished.");
        check(10, 2, "Little is added. Since 1 Sep 2 items were added while 10 were finished.");
        check(1, 1, "Scope grows. Since 1 Sep 1 item was added while 1 was finished. The dates expect that to go on.");
    }

    #[test]
    fn one_is_no_plural() {
        let said = [(0, 0), (0, 1), (0, 3), (1, 1), (1, 2), (2, 5)].map(|(old, all)| older(old, all));
        let expect = [
            "Nothing is in work",
            "The one in work is not older",
            "None of the 3 in work is older",
            "The one in work is older",
            "1 of 2 in work is older",
            "2 of 5 in work are older",
        ];
        assert_eq!(said, expect);
        assert_eq!([0.9, 0.6, 0.4, 0.1].map(in_time), ["likely", "uncertain", "unlikely", "very unlikely"]);
    }

    #[test]
    fn a_record_clearly_under_its_promise_is_said() {
        // Of 80 that overlap by four 20 count. 8 of 20: Wilson's 95 % ends at 61 %; 16 of 20: at 92 %.
        assert!(record(&[], Some((32, 80))).contains("held, each issued before its outcome, less often than promised: take later dates."));
        assert!(!record(&[], Some((64, 80))).contains("less often"));
        assert!(record(&[], None).starts_with("none yet"));
    }
}
