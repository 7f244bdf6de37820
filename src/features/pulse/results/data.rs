//! A cell as JSON; `cells` and `suppressed` are the rows of the CSV. Pure.
//!
//! `n_is` is `at_least` where nearly all answered: then `n` is the least that may be said, scores are whole numbers and shares hundredths.

use serde_json::{Map, Value, json};

use super::card::About;
use super::compute::{Group, Level, Question, Said};
use crate::domain::survey::score::Count;

/// As JSON and CSV call it.
pub fn count_is(n: Count) -> &'static str {
    if n.is_exact() { "exactly" } else { "at_least" }
}

/// The members of the answer.
pub fn members(about: &About<'_>) -> Map<String, Value> {
    let groups = std::iter::once(about.group).chain(about.below.iter().copied()).chain(about.whole);
    let cells: Vec<Value> = groups.flat_map(|group| group.said.iter().map(move |said| cell(group, said))).collect();
    let folded = about.folded.iter().map(|(label, home)| json!({"label": label, "folds_into": home, "suppressed": true}));
    let response = about.group.response.map(|it| {
        let about = it.told().is_none().then_some("nearly_all");
        json!({"answered": it.told(), "response": about, "invited": it.invited, "read_as_notes": it.read_as_notes()})
    });
    let wave = json!({"id": about.wave.id, "survey": about.survey.id, "opens_on": about.wave.opens_on, "closes_on": about.wave.closes_on,
        "closed_at": about.closed_at});
    let comments = about.comments.iter().map(|(category, bodies)| json!({"category": category, "count": bodies.len()}));
    let members = [
        ("cells", json!(cells)),
        ("suppressed", folded.collect()),
        ("response", json!(response)),
        ("pulse_index", json!(about.group.index)),
        ("wave", wave),
        ("comments", comments.collect()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn cell(group: &Group, said: &Said) -> Value {
    let score = said.level.score();
    let band = if let Level::Rough(rough) = said.level { Some(rough.words()) } else { None };
    let questions: Vec<Value> = said.questions.iter().map(question).collect();
    let change = said.change.map_or("first time", |it| it.words());
    json!({"label": group.label, "category": said.id, "n": said.n.least(), "n_is": count_is(said.n), "score": score.map(|it| it.value),
        "interval": score.map(|it| it.interval), "band": band, "change": change, "suppressed": false, "questions": questions})
}

fn question(it: &Question) -> Value {
    json!({"id": it.id, "n": it.n.least(), "n_is": count_is(it.n), "band": it.shares.is_none().then(|| it.rough.words()),
        "favourable": it.shares.map(|it| it.favourable), "neutral": it.shares.map(|it| it.neutral),
        "unfavourable": it.shares.map(|it| it.unfavourable), "interval": it.shares.map(|it| it.interval)})
}
