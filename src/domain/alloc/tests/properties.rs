//! What must hold of every input.

use proptest::prelude::*;

use super::super::ledger::apportion;
use super::super::roll_up::{Key, Raw, hide};
use super::*;

const PEOPLE: [&str; 5] = ["ada", "bob", "cat", "dan", "eve"];
const ITEMS: [&str; 7] = ["I1", "I2", "I3", "I4", "I5", "I6", "I7"];

fn signals() -> impl Strategy<Value = Vec<Signal>> {
    let one = (0..5_usize, prop::option::of(0..5_usize), 1..29_u32, 0..4_u32, 0..60_u32, 0..6_usize, 0..7_usize);
    let one = one.prop_map(|(who, other, date, hour, minute, kind, item)| {
        let kind = Kind::ALL[kind];
        let both =
            other.filter(|_| kind == Kind::Commit).map_or(PEOPLE[who].to_owned(), |other| format!("{}+{}", PEOPLE[who], PEOPLE[other]));
        signal(&both, &format!("{date:02}"), &format!("{:02}:{minute:02}", 9 + hour), kind, ITEMS[item])
    });
    prop::collection::vec(one, 0..60)
}

fn input() -> impl Strategy<Value = Input> {
    let away = prop::collection::vec((0..5_usize, 0..20_usize), 0..25);
    let assigned = prop::collection::vec((0..5_usize, 0..7_usize, 1..28_u32, 0..15_u32), 0..6);
    (signals(), away, assigned, 0..=1_000_000_i64).prop_map(|(signals, away, assigned, part)| {
        let mut workers: Vec<Worker> = PEOPLE.map(worker).into();
        for day in &mut workers[0].days {
            day.1 = part;
        }
        for (who, at) in away {
            workers[who].days[at].1 = 0;
        }
        let assigned = assigned.into_iter().map(|(who, item, from, length)| {
            let from = day(&format!("{from:02}"));
            Assigned {
                person: PEOPLE[who].into(),
                item: ITEMS[item].into(),
                from,
                until: from.checked_add_days(chrono::Days::new(length.into())),
            }
        });
        let items = vec![item("I1", Some("E1")), item("I2", Some("E1")), item("I3", Some("E2")), item("I4", Some("I3")), item("I5", None)];
        let projects = vec![project("new", &["E1"], Some(Category::New)), project("old", &["E2"], Some(Category::Ktlo))];
        let labels = vec![("toil".to_owned(), Category::Ktlo)];
        Input { workers, signals, assigned: assigned.collect(), items, rules: Rules { projects, labels, ..Rules::default() } }
    })
}

fn capacity(input: &Input) -> i64 {
    input.workers.iter().flat_map(|worker| &worker.days).map(|(_, micro)| micro).sum()
}

fn everybody(_: &str, _: NaiveDate) -> bool {
    true
}

/// All that is shown of some weeks.
fn shown(weeks: &[Week]) -> i64 {
    let sum = |figures: &Figures| figures.leaves.iter().map(|leaf| leaf.time.all()).sum::<i64>() + figures.withheld + figures.unobserved;
    weeks.iter().filter_map(|week| week.figures.as_ref()).map(sum).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn time_is_conserved_at_every_roll_up_and_split(input in input(), line in 0..5_usize) {
        let ledger = Ledger::new(&input);
        for worker in &input.workers {
            for (date, micro) in &worker.days {
                prop_assert_eq!(of_day(&ledger, &worker.id, *date).values().sum::<i64>(), *micro);
            }
        }
        let weeks = ledger.weeks(everybody);
        for week in &weeks {
            if let Some(figures) = &week.figures {
                let leaves: i64 = figures.leaves.iter().map(|leaf| leaf.time.all()).sum();
                prop_assert_eq!(leaves + figures.withheld + figures.unobserved, figures.capacity);
            }
        }
        // Two scopes that part the people part the time; so do weeks.
        let of = |person: &str| PEOPLE.iter().position(|known| *known == person).unwrap() < line;
        let sum = |side: bool| ledger.person_days(|person, _| of(person) == side).flatten().map(|share| share.micro).sum::<i64>();
        prop_assert_eq!(sum(true) + sum(false), capacity(&input));
        let hidden: i64 = weeks.iter().filter(|week| week.figures.is_none()).map(|week| {
            ledger.person_days(|_, date| monday(date) == week.monday).flatten().map(|share| share.micro).sum::<i64>()
        }).sum();
        prop_assert_eq!(shown(&weeks) + hidden, capacity(&input));
    }

    #[test]
    fn order_and_repetition_change_nothing(input in input(), seed in any::<u64>()) {
        let mut random = crate::domain::stats::SplitMix64::new(seed);
        let mut other = input.clone();
        other.signals.extend(input.signals.iter().step_by(2).cloned());
        other.assigned.extend(input.assigned.iter().cloned());
        other.items.extend(input.items.iter().cloned());
        other.workers.extend(input.workers.iter().take(2).cloned());
        for at in 1..other.signals.len() {
            other.signals.swap(at, random.below(at + 1));
        }
        for at in 1..other.items.len() {
            other.items.swap(at, random.below(at + 1));
        }
        other.workers.reverse();
        other.assigned.reverse();
        other.rules.projects.reverse();
        prop_assert_eq!(Ledger::new(&input), Ledger::new(&other));
    }

    #[test]
    fn one_persons_events_never_move_anothers(input in input(), more in signals(), who in 0..5_usize) {
        let before = Ledger::new(&input);
        let mut other = input.clone();
        other.signals.retain(|signal| signal.people != [PEOPLE[who]]);
        other.signals.extend(more.into_iter().map(|signal| Signal { people: vec![PEOPLE[who].into()], ..signal }));
        other.assigned.retain(|assigned| assigned.person != PEOPLE[who]);
        let after = Ledger::new(&other);
        for worker in input.workers.iter().filter(|worker| worker.id != PEOPLE[who]) {
            for (date, _) in &worker.days {
                prop_assert_eq!(of_day(&before, &worker.id, *date), of_day(&after, &worker.id, *date));
            }
        }
    }

    #[test]
    fn splitting_a_commit_within_its_hour_changes_nothing(input in input(), minutes in prop::collection::vec(0..60_u32, 1..4)) {
        let mut other = input.clone();
        for signal in input.signals.iter().filter(|signal| signal.kind == Kind::Commit) {
            let hour = signal.at.date().and_hms_opt(chrono::Timelike::hour(&signal.at), 0, 0).unwrap();
            other.signals.extend(minutes.iter().map(|minute| {
                Signal { at: hour + chrono::TimeDelta::minutes(i64::from(*minute)), ..signal.clone() }
            }));
        }
        prop_assert_eq!(Ledger::new(&input), Ledger::new(&other));
    }

    #[test]
    fn a_signal_on_an_item_never_lowers_its_share_that_day(input in input(), more in signals()) {
        let before = Ledger::new(&input);
        for signal in more.into_iter().take(6) {
            let mut other = input.clone();
            other.signals.push(signal.clone());
            let after = Ledger::new(&other);
            let of = |ledger: &Ledger, person: &str| {
                let day = of_day(ledger, person, signal.at.date());
                [signal.item.clone(), format!("~{}", signal.item)].iter().filter_map(|name| day.get(name)).sum::<i64>()
            };
            for person in &signal.people {
                prop_assert!(of(&before, person) <= of(&after, person), "{:?}", signal);
            }
        }
    }

    #[test]
    fn relinking_moves_exactly_that_items_time(input in input(), parent in prop::option::of(0..3_usize)) {
        let before = Ledger::new(&input);
        let mut other = input.clone();
        other.items[1].parent = parent.map(|at| ["E1", "E2", "I5"][at].to_owned());
        let after = Ledger::new(&other);
        prop_assert!(before.shares == after.shares, "nobody's time on any item moves");
        for (one, two) in before.items.iter().zip(&after.items) {
            prop_assert!(one == two || one.id == "I2");
        }
    }

    #[test]
    fn machines_add_nothing(input in input(), more in signals()) {
        let mut other = input.clone();
        other.workers.push(Worker { bot: true, ..worker("robot") });
        other.signals.extend(more.into_iter().map(|signal| Signal { people: vec!["robot".into()], ..signal }));
        other.assigned.push(Assigned { person: "robot".into(), item: "I1".into(), from: day("02"), until: None });
        for signal in &mut other.signals {
            if signal.kind == Kind::Commit {
                signal.people.push("robot".into());
            }
        }
        prop_assert_eq!(Ledger::new(&input), Ledger::new(&other));
    }

    #[test]
    fn unattributed_time_is_neither_dropped_nor_spread(input in input()) {
        let ledger = Ledger::new(&input);
        let unattributed = |ledger: &Ledger| -> i64 {
            let place = |share: &&Share| share.item.is_some_and(|item| ledger.items[item as usize].place.project.is_none());
            ledger.shares.iter().filter(place).map(|share| share.micro).sum()
        };
        let mut bare = input.clone();
        bare.rules.projects.clear();
        let none = Ledger::new(&bare);
        prop_assert_eq!(unattributed(&none), none.shares.iter().filter(|share| share.item.is_some()).map(|share| share.micro).sum::<i64>());
        let of_projects: i64 = ledger.shares.iter().filter(|share| ledger.project_of(share).is_some()).map(|share| share.micro).sum();
        prop_assert_eq!(unattributed(&ledger) + of_projects, unattributed(&none));
    }

    #[test]
    fn nothing_shown_is_of_fewer_than_three_people(input in input()) {
        let ledger = Ledger::new(&input);
        let mut raw: BTreeMap<(NaiveDate, Option<u32>), Raw> = BTreeMap::new();
        for share in &ledger.shares {
            let leaf = raw.entry((monday(share.date), share.item)).or_default();
            leaf.people.insert(share.person);
            leaf.time += Time { observed: share.micro, inferred: 0 };
        }
        let mondays: std::collections::BTreeSet<NaiveDate> = raw.keys().map(|(monday, _)| *monday).collect();
        for week in mondays {
            let of_week = raw.iter().filter(|((monday, _), _)| *monday == week);
            let mut leaves: BTreeMap<Key, Raw> = of_week
                .map(|((_, item), leaf)| {
                    let place = super::super::lineage::Place { project: *item, category: None };
                    let key = if item.is_none() { Key::Unobserved } else { Key::Work(place) };
                    (key, Raw { time: leaf.time, people: leaf.people.clone(), ..Raw::default() })
                })
                .collect();
            let all = leaves.clone();
            let withheld = hide(&mut leaves);
            let hidden: std::collections::BTreeSet<u32> =
                all.iter().filter(|(key, _)| !leaves.contains_key(key)).flat_map(|(_, leaf)| leaf.people.clone()).collect();
            prop_assert!(leaves.values().all(|leaf| leaf.people.len() >= FEWEST_PEOPLE));
            prop_assert!(hidden.is_empty() || hidden.len() >= FEWEST_PEOPLE || leaves.is_empty());
            let sum = |leaves: &BTreeMap<Key, Raw>| leaves.values().map(|leaf| leaf.time.all()).sum::<i64>();
            prop_assert_eq!(sum(&leaves) + withheld, sum(&all));
        }
    }

    #[test]
    fn parts_add_up_and_none_falls_when_only_its_weight_rises(weights in prop::collection::vec(0..20_000_i64, 1..9), total in 0..=1_000_000_i64, at in 0..9_usize, more in 1..9_000_i64) {
        let parts = apportion(total, &weights);
        prop_assert!(weights.iter().sum::<i64>() == 0 || parts.iter().sum::<i64>() == total);
        let at = at % weights.len();
        let mut raised = weights.clone();
        raised[at] += more;
        let before = parts.get(at).copied().unwrap_or(0);
        prop_assert!(apportion(total, &raised)[at] >= before);
    }
}
