//! The reasons as sentences, each with its number and what it is compared with; and what is missing.
//!
//! A reason is said where a feature adds to the odds of missing the date; at most three, most first. Never one that names or ranks people.

use super::super::words;
use super::feature::{Feature, Seen};
use super::score::{Band, Part, Score};
use super::snapshot::Snapshot;

/// How many reasons are said.
const MOST: usize = 3;
/// What adds less to the log odds is no reason.
const LEAST: f64 = 0.05;

/// At most three reasons, most first.
/// Of a project that is flagged, what the forecast rests on comes first. `added`: items that are expected to be added by the date.
pub fn reasons(score: &Score, added: f64) -> Vec<String> {
    let is_first = |part: &&Part| score.band > Band::Green && part.seen.feature == Feature::MissChance;
    let others = score.parts.iter().filter(|part| !is_first(part) && part.adds >= LEAST);
    score.parts.iter().filter(is_first).chain(others).take(MOST).map(|part| reason(&part.seen, added)).collect()
}

/// One as a sentence.
pub fn reason(seen: &Seen, added: f64) -> String {
    let (value, usual, n) = (seen.value, seen.usual, seen.n);
    let count = |n: f64, one: &str, many: &str| {
        let said = words::short(n);
        format!("{said} {}", if said == "1" { one } else { many })
    };
    let are = |n: f64| if words::short(n) == "1" { "is" } else { "are" };
    match seen.feature {
        Feature::MissChance => {
            let remain = words::count(u64::from(n), "item remains", "items remain");
            // Where the pace seems to suffice, how unsteady it is makes it doubtful.
            let (finished, added) = (usual.round(), added.round());
            let room = if finished - added < f64::from(n) { "" } else { ": little room for slow weeks" };
            let more = match added {
                added if added < 1.0 => String::new(),
                added if (added - finished).abs() <= 0.15 * finished => ", but about as many are added".to_owned(),
                added => {
                    let joined = if finished < f64::from(n) { "while" } else { "but" };
                    format!(", {joined} about {} {} added", words::short(added), are(added))
                }
            };
            format!("{remain}, and about {} {} expected to be finished by the date{more}{room}.", words::short(finished), are(finished))
        }
        Feature::Slide => {
            let more = if value > usual { "rose" } else { "fell" };
            format!("The chance to miss the date {more} from {} to {} in 3 weeks.", whole(usual), whole(value))
        }
        Feature::Growth => {
            let (added, usually) = ((value * f64::from(n)).round(), (usual * f64::from(n)).round());
            format!("{} added in the last 4 weeks to {n}; usual is {}.", count(added, "item was", "items were"), words::short(usually))
        }
        Feature::Pace => {
            let only = if value < usual / 2.0 { "Only " } else { "" };
            format!("{only}{} finished in the last 3 weeks; usual is {}.", count(value, "item was", "items were"), words::short(usual))
        }
        Feature::OldWork => {
            let old = (value * f64::from(n)).round();
            format!("{} of {n} items in work {} taking longer than 85 % of the finished ones took.", words::short(old), are(old))
        }
        Feature::Rework => {
            format!("{} of {n} finished items were opened again; usual is {}.", words::percent(value), words::percent(usual))
        }
        Feature::FailRate => {
            format!("{} of {n} deployments of its services failed lately; usual is {}.", words::percent(value), words::percent(usual))
        }
        Feature::Focus => {
            format!("The people seen on it work on about {} projects in a week, on average over them.", words::short(value))
        }
        Feature::Investment => {
            let side = if value < usual { "At most" } else { "At least" };
            format!("{side} {} of the organisation's time went to it in the last 4 weeks; planned is {}.", whole(value), whole(usual))
        }
        Feature::LargestShare => if value > 0.5 {
            "Much of its work is one person's: an absence would stop it."
        } else {
            "Its work does not hang on one person."
        }
        .to_owned(),
        Feature::Silence => {
            let lately = count(value.floor(), "working day", "working days");
            format!("Nothing was added, begun or finished for {lately}; usual is a change every {}.", days(usual))
        }
        Feature::ReviewWait => {
            format!("Changes wait {} for a review; usual is {}.", words::duration(value * 3_600.0), words::duration(usual * 3_600.0))
        }
        Feature::Survey => {
            format!("In the last survey its people gave {} of 100 points; usual is {}.", words::short(value), words::short(usual))
        }
    }
}

/// The unit of a feature's value and usual, as JSON has it.
pub fn unit(feature: Feature) -> &'static str {
    match feature {
        Feature::MissChance
        | Feature::Slide
        | Feature::Growth
        | Feature::OldWork
        | Feature::Rework
        | Feature::FailRate
        | Feature::Investment => "fraction",
        Feature::Pace => "items",
        Feature::Focus => "projects",
        Feature::LargestShare => "yes_or_no",
        Feature::Silence => "working_days",
        Feature::ReviewWait => "hours",
        Feature::Survey => "points",
    }
}

/// A value or usual with its unit.
pub fn figure(feature: Feature, value: f64) -> String {
    match unit(feature) {
        "fraction" => whole(value),
        "yes_or_no" => if value > 0.5 { "yes" } else { "no" }.to_owned(),
        unit => format!("{} {}", words::short(value), unit.replace('_', " ")),
    }
}

/// A share without decimals.
fn whole(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn days(days: f64) -> String {
    if days < 1.0 { "day".to_owned() } else { format!("{} working days", words::short(days)) }
}

/// The features that are not known, as people call them.
pub fn missing(snapshot: &Snapshot) -> Vec<&'static str> {
    Feature::ALL.into_iter().filter(|feature| snapshot.seen(*feature).is_none()).map(Feature::name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::score::Model;
    use super::*;
    use crate::domain::time::At;

    fn check(feature: Feature, value: f64, usual: f64, n: u32, expect: &str) {
        assert_eq!(reason(&Seen { feature, value, usual, n }, 0.0), expect);
    }

    #[test]
    fn each_reason_has_its_number_and_what_it_is_compared_with() {
        use Feature::{Focus, Growth, Investment, LargestShare, MissChance, OldWork, Pace, ReviewWait, Rework, Silence, Slide, Survey};
        check(MissChance, 0.8, 9.3, 18, "18 items remain, and about 9 are expected to be finished by the date.");
        check(MissChance, 0.8, 0.7, 1, "1 item remains, and about 1 is expected to be finished by the date: little room for slow weeks.");
        check(Slide, 0.71, 0.32, 18, "The chance to miss the date rose from 32 % to 71 % in 3 weeks.");
        check(Growth, 0.3, 0.06, 40, "12 items were added in the last 4 weeks to 40; usual is 2.");
        check(Pace, 2.0, 6.0, 20, "Only 2 items were finished in the last 3 weeks; usual is 6.");
        check(Pace, 1.0, 5.8, 20, "Only 1 item was finished in the last 3 weeks; usual is 5.8.");
        check(OldWork, 0.5, 0.15, 6, "3 of 6 items in work are taking longer than 85 % of the finished ones took.");
        check(Rework, 0.2, 0.05, 20, "20 % of 20 finished items were opened again; usual is 5 %.");
        check(Feature::FailRate, 0.3, 0.1, 20, "30 % of 20 deployments of its services failed lately; usual is 10 %.");
        check(Focus, 3.4, 1.5, 5, "The people seen on it work on about 3.4 projects in a week, on average over them.");
        check(Investment, 0.12, 0.3, 9, "At most 12 % of the organisation's time went to it in the last 4 weeks; planned is 30 %.");
        check(LargestShare, 1.0, 0.5, 5, "Much of its work is one person's: an absence would stop it.");
        check(LargestShare, 0.0, 0.5, 16, "Its work does not hang on one person.");
        check(
            Silence,
            12.4,
            2.1,
            30,
            "Nothing was added, begun or finished for 12 working days; usual is a change every 2.1 working days.",
        );
        check(Silence, 12.4, 0.4, 30, "Nothing was added, begun or finished for 12 working days; usual is a change every day.");
        check(ReviewWait, 50.0, 20.0, 30, "Changes wait 2.1 days for a review; usual is 20 h.");
        check(Survey, 48.0, 61.0, 9, "In the last survey its people gave 48 of 100 points; usual is 61.");
    }

    #[test]
    fn what_is_added_is_said_where_it_is_why_the_date_is_missed() {
        let check = |remain: u32, finished: f64, added: f64, expect: &str| {
            let seen = Seen { feature: Feature::MissChance, value: 0.8, usual: finished, n: remain };
            assert_eq!(reason(&seen, added), expect);
        };
        let as_many = "82 items remain, and about 75 are expected to be finished by the date, but about as many are added.";
        check(82, 75.0, 73.0, as_many);
        check(40, 52.0, 20.0, "40 items remain, and about 52 are expected to be finished by the date, but about 20 are added.");
        check(50, 21.0, 1.2, "50 items remain, and about 21 are expected to be finished by the date, while about 1 is added.");
        check(
            20,
            41.0,
            1.2,
            "20 items remain, and about 41 are expected to be finished by the date, but about 1 is added: little room for slow weeks.",
        );
    }

    #[test]
    fn of_a_flagged_project_what_the_forecast_rests_on_comes_first() {
        let seen = |feature, value, usual| Seen { feature, value, usual, n: 10 };
        let features = vec![seen(Feature::MissChance, 0.51, 3.0), seen(Feature::Silence, 16.0, 1.0)];
        let snapshot = Snapshot { project: "p".into(), at: At(0), due: At(1), done: 1, remaining: 9, features };
        let said = reasons(&Model::default().score(&snapshot).unwrap(), 0.0);
        assert!(said[0].contains("remain") && said[1].starts_with("Nothing"), "{said:?}");
    }

    #[test]
    fn figures_have_their_units() {
        let check = |feature, value, expect: &str| assert_eq!(figure(feature, value), expect);
        check(Feature::Slide, 0.49, "49 %");
        check(Feature::Pace, 6.0, "6 items");
        check(Feature::Silence, 2.0, "2 working days");
        check(Feature::LargestShare, 1.0, "yes");
        check(Feature::LargestShare, 0.0, "no");
    }

    #[test]
    fn only_what_adds_is_a_reason_and_what_is_not_known_is_missing() {
        let seen = |feature, value, usual| Seen { feature, value, usual, n: 10 };
        let features = vec![
            seen(Feature::MissChance, 0.8, 3.0),
            seen(Feature::Slide, 0.8, 0.5),
            seen(Feature::Pace, 9.0, 6.0),
            seen(Feature::Silence, 16.0, 1.0),
        ];
        let snapshot = Snapshot { project: "p".into(), at: At(0), due: At(1), done: 1, remaining: 9, features };
        let said = reasons(&Model::default().score(&snapshot).unwrap(), 0.0);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("remain") && said[1].starts_with("Nothing") && said[2].contains("from 50 % to 80 %"), "{said:?}");
        let unknown = missing(&snapshot);
        assert!(unknown.contains(&"old items in work") && !unknown.contains(&"days without a change"), "{unknown:?}");
        assert_eq!(unknown.len(), 9);
    }
}
