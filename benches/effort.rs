//! What an allocation costs: 500 people over a year, a million signals on 20,000 items, from the rows to a year of weeks.
//!
//! `cargo bench --bench effort`. To be read beside "the base" of the same run: the same signals summed by item in a `HashMap`, which is
//! the least that any allocation does.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use criterion::{Criterion, criterion_group, criterion_main};
use pacer::domain::alloc::{Category, Input, Item, Kind, Ledger, Project, Signal, Worker, person_days};
use pacer::domain::focus;

const PEOPLE: usize = 500;
const ITEMS: usize = 20_000;

fn input() -> Input {
    let weekday = |date: NaiveDate| date.weekday().num_days_from_monday() < 5;
    let span = ["2026-01-01", "2027-01-01"].map(|text| text.parse::<NaiveDate>().expect("a date"));
    let mut input = Input::default();
    for number in 0..PEOPLE {
        let (name, days) = (format!("u{number:03}"), person_days(span, None, &[], weekday));
        for (at, (date, _)) in days.iter().enumerate() {
            for (hour, kind) in (9_u32..17).zip(0_usize..8) {
                let item = format!("P-{}", (number * 40 + at / 6 + kind * kind % 5) % ITEMS);
                let change = (kind % 6 < 4).then(|| item.clone());
                let time = date.and_hms_opt(hour, 0, 0).expect("a time");
                input.signals.push(Signal { people: vec![name.clone()], at: time, kind: Kind::ALL[kind % 6], item, change });
            }
        }
        input.workers.push(Worker { id: name, bot: false, days });
    }
    let item = |number: usize| Item { id: format!("P-{number}"), parent: Some(format!("E-{}", number / 100)), ..Item::default() };
    let project = |number: usize| Project {
        id: format!("p{number}"),
        epics: vec![format!("E-{number}")],
        category: Some(Category::New),
        ..Project::default()
    };
    input.items = (0..ITEMS).map(item).collect();
    input.rules.projects = (0..40).map(project).collect();
    input
}

fn effort(c: &mut Criterion) {
    let input = input();
    c.bench_function("the base: a million signals summed by item", |b| {
        b.iter(|| {
            let mut points: HashMap<&str, i64> = HashMap::new();
            for signal in &black_box(&input).signals {
                *points.entry(&signal.item).or_default() += signal.kind.points();
            }
            points.len()
        });
    });
    c.bench_function("ledger of 500 people over a year", |b| b.iter(|| Ledger::new(black_box(&input))));
    let ledger = Ledger::new(&input);
    c.bench_function("its weeks, as bands", |b| b.iter(|| black_box(&ledger).weeks(|_, _| true).len()));
    c.bench_function("its focus", |b| b.iter(|| focus::weeks(black_box(&ledger), |_, _| true).len()));
}

fn short() -> Criterion {
    Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = benches; config = short(); targets = effort }
criterion_main!(benches);
