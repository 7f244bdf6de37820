//! The machine form of a comparison: the members `benchmark`, `spread` and `quick_check`, as documented in `mod.rs`.

use serde_json::{Map, Value, json};

use super::compute::{Against, Benchmark};
use super::survey;
use crate::domain::benchmark::answer::Answer;
use crate::domain::metric::DORA;
use crate::features::dora::compute::Dora;

/// Adds them all.
pub fn members(dora: &Dora, benchmark: &Benchmark) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("benchmark".into(), compared(benchmark));
    if !benchmark.choice.quick_check {
        data.insert("spread".into(), spread(benchmark));
    }
    data.insert("quick_check".into(), quick_check(dora, benchmark));
    data
}

fn compared(benchmark: &Benchmark) -> Value {
    let choice = &benchmark.choice;
    let metrics = benchmark.compared.iter().zip(DORA).map(|(compared, definition)| {
        let mut members = answer(definition.id, compared.answer);
        members.extend(against(compared.against.first().copied().flatten()));
        if let Some(size) = compared.against.get(1) {
            members.insert("by_size".into(), against(*size).into());
        }
        Value::from(members)
    });
    json!({
        "year": choice.edition.year,
        "industry": choice.industry.map(|group| &group.id),
        "size": choice.size.map(|group| &group.id),
        "source": choice.source(),
        "licence": "CC-BY-4.0",
        "metrics": metrics.collect::<Vec<_>>(),
    })
}

fn answer(id: &str, answer: Option<Answer>) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("id".into(), json!(id));
    members.insert("answer".into(), json!(answer.map(Answer::number)));
    members.insert("text".into(), json!(answer.map(|answer| answer.text(id))));
    members.insert("score".into(), json!(answer.map(Answer::score)));
    members
}

fn against(against: Option<Against>) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("mean".into(), json!(against.map(|it| it.mean)));
    members.insert("sd".into(), json!(against.map(|it| it.deviation)));
    members.insert("percentile".into(), json!(against.and_then(|it| it.percentile)));
    members.insert("range".into(), json!(against.and_then(|it| it.range)));
    members
}

fn spread(benchmark: &Benchmark) -> Value {
    let rows = benchmark.spread.iter().map(|spread| {
        let (definition, [min, p25, median, p75, max]) = (DORA[spread.place], spread.points);
        json!({"id": definition.id, "unit": definition.unit, "teams": spread.teams, "min": min, "p25": p25, "median": median, "p75": p75, "max": max})
    });
    rows.collect()
}

fn quick_check(dora: &Dora, benchmark: &Benchmark) -> Value {
    let questions = survey::questions(benchmark).map(|(place, name)| {
        let metric = &dora.metrics[place];
        let mut members = answer(&metric.id, benchmark.compared[place].answer);
        members.insert("name".into(), json!(name));
        members.insert("value".into(), json!(metric.value));
        members.insert("unit".into(), json!(metric.unit));
        members.insert("n".into(), json!(metric.n));
        members.insert("reason".into(), json!(metric.reason));
        Value::from(members)
    });
    let scores = benchmark.scores;
    json!({
        "site": survey::SITE,
        "link": survey::link(benchmark),
        "score": scores.overall,
        "throughput": scores.throughput,
        "stability": scores.stability,
        "mean": scores.mean,
        "questions": questions.collect::<Vec<_>>(),
    })
}
