//! What an answer of `risk` rests on: each known feature of each project with its number and baseline, in plain words.
//! Weights and what each adds to the score stand in JSON.

use serde_json::{Value, json};

use super::load::{self, State};
use crate::domain::risk;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::store::flow::Whose;
use crate::store::receipts::{Receipt, Rests};

/// What a feature is compared with; the forecast and a yes or no stand for themselves.
fn usual(part: &risk::Part) -> Option<f64> {
    use risk::Feature::{LargestShare, MissChance};
    (![LargestShare, MissChance].contains(&part.seen.feature)).then_some(part.seen.usual)
}

/// A feature as JSON.
pub fn of_part(part: &risk::Part) -> Value {
    let seen = &part.seen;
    let expected = (seen.feature == risk::Feature::MissChance).then_some(seen.usual);
    json!({"feature": seen.feature, "value": seen.value, "unit": risk::unit(seen.feature), "usual": usual(part), "items_expected": expected,
           "n": seen.n, "weight": part.weight, "adds": part.adds})
}

/// The rows of a receipt.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let seen = load::again(cx, receipt).await?;
    let mut rows = Vec::new();
    let mut judged = 0;
    for project in &seen.projects {
        let State::Judged(it) = &project.state else { continue };
        judged += 1;
        rows.extend(it.score.parts.iter().map(|part| {
            let seen = &part.seen;
            let (value, usual) = (risk::figure(seen.feature, seen.value), usual(part).map(|usual| risk::figure(seen.feature, usual)));
            let beside = usual.as_ref().map_or_else(String::new, |usual| format!(" (usual {usual})"));
            let mut data = of_part(part);
            data["project"] = json!(project.id);
            Row {
                story: Some(format!("{}: {}: {value}{beside}", project.name, seen.feature.name()).into()),
                cells: vec![project.name.clone(), words::capitalised(seen.feature.name()), value, usual.unwrap_or_default()],
                data,
            }
        }));
    }
    let features = words::count(rows.len() as u64, "figure", "figures");
    let summary = format!("{features} of {}, each with what it is compared with", words::count(judged, "project", "projects"));
    let hidden = Sight::of(cx).hidden_people();
    let partial = matches!(&hidden, Whose::People(people) if !people.is_empty());
    let columns = vec![("Project", false), ("Feature", false), ("Value", true), ("Usual", true)];
    let empty = "No project can be judged: none has a date and a history.";
    let listing = Listing { heading: "What was looked at", empty, columns, rows, withheld: 0, nouns: ("figure", "figures") };
    let rests = Rests { services: Vec::new(), flow: Some(Whose::All) };
    Ok(Evidence { summary, listings: vec![listing], more: Vec::new(), data: serde_json::Map::new(), rests, partial })
}
