//! What an answer of `risk` rests on: each known feature of each project with its number, baseline, weight and what it adds to the odds.

use serde_json::json;

use super::load::{self, State};
use crate::domain::risk;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::store::flow::Whose;
use crate::store::receipts::{Receipt, Rests};

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
            let digits = |value: f64| words::short((value * 1_000.0).round() / 1_000.0);
            let exact = |value: f64| if value.abs() < 10.0 { format!("{value:.2}") } else { digits(value) };
            Row {
                cells: vec![
                    project.name.clone(),
                    words::capitalised(seen.feature.name()),
                    exact(seen.value),
                    exact(seen.usual),
                    format!("{:.2}", part.weight),
                    format!("{:+.2}", part.adds),
                ],
                story: Some(risk::reason(seen).into()),
                data: json!({"project": project.id, "feature": seen.feature, "value": seen.value, "usual": seen.usual, "n": seen.n,
                             "weight": part.weight, "adds": part.adds}),
            }
        }));
    }
    let features = words::count(rows.len() as u64, "feature", "features");
    let summary =
        format!("{features} of {}; what each adds to the log odds of missing the date", words::count(judged, "project", "projects"));
    let hidden = Sight::of(cx).hidden_people();
    let partial = matches!(&hidden, Whose::People(people) if !people.is_empty());
    let columns = vec![("Project", false), ("Feature", false), ("Value", true), ("Usual", true), ("Weight", true), ("Adds", true)];
    let empty = "No project can be judged: none has a date and a history.";
    let listing = Listing { heading: "Features", empty, columns, rows, withheld: 0, nouns: ("feature", "features") };
    let rests = Rests { services: Vec::new(), flow: Some(Whose::All) };
    Ok(Evidence { summary, listings: vec![listing], more: Vec::new(), data: serde_json::Map::new(), rests, partial })
}
