//! [`compare`]: the same question twice, as things stand and as they would be: other scope, other people, a WIP limit, another project
//! dropped.
//!
//! Paired: both answers come from the same sums of weeks and the same grid of drift, so that a difference is the change's and nothing
//! else's, and no change gives exactly none. What a change does to the pace is arithmetic that the answer should say, not a law:
//!
//! - **scope** changes the count only;
//! - **people** change the pace in proportion, which is the most they can: new people slow a team down first;
//! - **a WIP limit** at or above what is in work changes nothing; a lower one takes pace away as far as fewer people have an item to work
//!   on than now; what it changes is the time an item takes, in work over pace (Little's law);
//! - **dropping another project** gives its share of the team's finished items to this one.
//!
//! Never for a named person: people are a number.

use super::engine::{Dates, Outlook};
use super::scope::Scope;

/// How things stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What has to be done.
    pub scope: Scope,
    /// Full-time people whose work the pace is of.
    pub people: f64,
    /// Items in work.
    pub in_work: u32,
    /// The share of the team's finished items that are this project's.
    pub share: f64,
}

/// What would be otherwise. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Change {
    /// Items added, or cut where negative.
    pub items: i32,
    /// Full-time people added, or taken away where negative.
    pub people: f64,
    /// At most so many items in work.
    pub wip_limit: Option<u32>,
    /// The share of the team's finished items that belong to projects that would be dropped.
    pub dropped: f64,
}

/// Why a change cannot be worked out.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Impossible {
    /// Nobody is there now, so that the pace is of nobody.
    #[error("the pace is of nobody: say how many people work on it now")]
    NobodyNow,
    /// The change takes away more people than there are.
    #[error("only {have} people work on it: take away fewer")]
    TooFewPeople {
        /// How many there are.
        have: f64,
    },
    /// A limit of no items at all.
    #[error("a WIP limit of 0 stops all work: choose at least 1")]
    NoWork,
    /// Shares are outside 0 to 1, or come to more than 1.
    #[error("this project and those dropped have {percent:.0} % of the team's finished items: choose projects that come to at most 100 %")]
    Shares {
        /// Their sum.
        percent: f64,
    },
}

/// The two answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// As things stand.
    pub now: Dates,
    /// As they would be.
    pub then: Dates,
    /// The pace then over the pace now.
    pub speed: f64,
    /// The time an item takes then over now; none where nothing is in work, or nothing would be done.
    pub item_time: Option<f64>,
}

impl Comparison {
    /// Weeks gained (lost where negative) for each promise; none where one of the two is not within a year.
    pub fn weeks_gained(&self) -> [Option<i64>; 3] {
        let (now, then) = (self.now.promised(), self.then.promised());
        std::array::from_fn(|at| Some(i64::from(now[at]?) - i64::from(then[at]?)))
    }
}

/// Asks twice.
pub fn compare(outlook: &mut Outlook, standing: &Standing, change: &Change) -> Result<Comparison, Impossible> {
    let (people, share) = (standing.people, standing.share);
    if people.is_nan() || people <= 0.0 {
        return Err(Impossible::NobodyNow);
    }
    let people_then = people + change.people;
    if people_then < 0.0 {
        return Err(Impossible::TooFewPeople { have: people });
    }
    if change.wip_limit == Some(0) {
        return Err(Impossible::NoWork);
    }
    let shares = share + change.dropped;
    if !(share > 0.0 && change.dropped >= 0.0 && shares <= 1.0 + super::HAIR) {
        return Err(Impossible::Shares { percent: shares * 100.0 });
    }
    let busy = |people: f64, items: f64| if people > items { items / people } else { 1.0 };
    let in_work = f64::from(standing.in_work);
    // A limit that nothing exceeds binds nobody, and who has no item now loses none.
    let binding = change.wip_limit.map(f64::from).filter(|limit| *limit < in_work);
    let limited = binding.map_or(1.0, |limit| busy(people_then, limit) / busy(people_then, in_work));
    let speed = people_then / people * limited * (shares / share);
    let in_work_then = change.wip_limit.map_or(in_work, |limit| in_work.min(f64::from(limit)));
    let scope_then = Scope { items: standing.scope.items.saturating_add_signed(change.items), ..standing.scope.clone() };
    Ok(Comparison {
        now: outlook.when(&standing.scope, 1.0),
        then: outlook.when(&scope_then, speed),
        speed,
        item_time: (in_work > 0.0 && speed > 0.0).then(|| in_work_then / in_work / speed),
    })
}

#[cfg(test)]
mod tests {
    use super::super::drift::Spread;
    use super::super::engine::ENOUGH;
    use super::super::throughput::{Pace, Week};
    use super::*;
    use proptest::prelude::*;

    fn outlook() -> Outlook {
        let weeks = [7, 9, 4, 8, 6, 11, 7, 5, 9, 8, 6, 10].map(|finished| Week { finished, days: 5.0 });
        Outlook::new(Pace::learn(&weeks, 5.0).unwrap(), Spread::even(0.4))
    }

    fn standing() -> Standing {
        Standing { scope: Scope::of(60), people: 5.0, in_work: 12, share: 0.5 }
    }

    /// The weeks gained for the three promises, the speed, and the time of an item.
    fn check(change: Change, gained: [Option<i64>; 3], speed: f64, item_time: Option<f64>) {
        let ours = compare(&mut outlook(), &standing(), &change).unwrap();
        assert_eq!(ours.weeks_gained(), gained, "{change:?}");
        assert!((ours.speed - speed).abs() < 1e-12, "{}", ours.speed);
        assert_eq!(ours.item_time.map(|time| (time * 1e9).round()), item_time.map(|time| (time * 1e9).round()));
    }

    #[test]
    fn no_change_is_exactly_no_difference() {
        let same = compare(&mut outlook(), &standing(), &Change::default()).unwrap();
        assert_eq!(same.now, same.then);
        check(Change::default(), [Some(0); 3], 1.0, Some(1.0));
    }

    /// The weeks are those of a million draws of the same model in `NumPy`: 8, 12 and 16 as things stand.
    #[test]
    fn each_change_does_what_the_answer_says() {
        check(Change { items: -20, ..Change::default() }, [Some(2), Some(4), Some(6)], 1.0, Some(1.0));
        check(Change { items: -90, ..Change::default() }, [Some(8), Some(12), Some(16)], 1.0, Some(1.0));
        check(Change { people: 5.0, ..Change::default() }, [Some(4), Some(6), Some(9)], 2.0, Some(0.5));
        check(Change { people: -5.0, ..Change::default() }, [None; 3], 0.0, None);
        check(Change { wip_limit: Some(6), ..Change::default() }, [Some(0); 3], 1.0, Some(0.5));
        check(Change { wip_limit: Some(30), ..Change::default() }, [Some(0); 3], 1.0, Some(1.0));
        check(Change { wip_limit: Some(4), ..Change::default() }, [Some(-2), Some(-3), Some(-4)], 0.8, Some(5.0 / 12.0));
        check(Change { dropped: 0.25, ..Change::default() }, [Some(2), Some(4), Some(6)], 1.5, Some(2.0 / 3.0));
    }

    #[test]
    fn a_limit_of_work_binds_only_below_what_is_in_work() {
        let speed = |people: f64, in_work: u32, limit: u32| {
            let standing = Standing { people, in_work, ..standing() };
            let ours = compare(&mut outlook(), &standing, &Change { wip_limit: Some(limit), ..Change::default() }).unwrap();
            (ours.speed * 1e9).round() / 1e9
        };
        let percent = |speed: f64| super::super::whole((speed * 100.0).round());
        assert_eq!([speed(15.0, 2, 3), speed(15.0, 2, 2), speed(15.0, 2, 20)].map(percent), [100; 3], "as many as are in work, or more");
        assert_eq!(
            [speed(15.0, 2, 1), speed(15.0, 0, 1)].map(percent),
            [50, 100],
            "half of those busy lose their item; nobody has none to lose"
        );
        assert_eq!([speed(5.0, 12, 6), speed(5.0, 12, 4), speed(5.0, 4, 1)].map(percent), [100, 80, 25]);
    }

    #[test]
    fn what_cannot_be_is_said() {
        let refused = |standing: &Standing, change: &Change| compare(&mut outlook(), standing, change).map(|_| ()).unwrap_err().to_string();
        let nobody = Standing { people: 0.0, ..standing() };
        assert_eq!(refused(&nobody, &Change::default()), "the pace is of nobody: say how many people work on it now");
        assert_eq!(refused(&standing(), &Change { people: -6.0, ..Change::default() }), "only 5 people work on it: take away fewer");
        assert_eq!(
            refused(&standing(), &Change { wip_limit: Some(0), ..Change::default() }),
            "a WIP limit of 0 stops all work: choose at least 1"
        );
        let all = "this project and those dropped have 120 % of the team's finished items: choose projects that come to at most 100 %";
        assert_eq!(refused(&standing(), &Change { dropped: 0.7, ..Change::default() }), all);
    }

    /// How much likelier it is to be done by the end of a week; above [`ENOUGH`] both are as good as done.
    fn chance_gained(of: &Comparison, week: u32) -> f64 {
        of.then.chance_by(week).min(ENOUGH) - of.now.chance_by(week).min(ENOUGH)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn helping_never_delays(items in 0..60_i32, people in 0.0..5.0_f64, dropped in 0.0..0.5_f64) {
            let change = Change { items: -items, people, wip_limit: None, dropped };
            let gained = compare(&mut outlook(), &standing(), &change).unwrap();
            prop_assert!(gained.weeks_gained().iter().all(|weeks| weeks.is_none_or(|weeks| weeks >= 0)));
            prop_assert!((0..40).all(|week| chance_gained(&gained, week) >= -1e-9));
        }
    }
}
