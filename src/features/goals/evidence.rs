//! The weeks behind an answer of `goals`: those that were frozen, and those since.

use serde_json::json;

use super::list;
use super::told::{Moved, Told};
use crate::domain::card::{Line, Part};
use crate::domain::metric::FLOW;
use crate::domain::time::{At, WEEK};
use crate::domain::words;
use crate::error::Failure;
use crate::features::access::Sight;
use crate::features::receipts::{Evidence, Listing, Row};
use crate::features::{Cx, flow, scope};
use crate::store::receipts::{Receipt, Rests};

/// The rows of a receipt as `why` shows them.
pub async fn evidence(cx: &Cx, receipt: &Receipt) -> Result<Evidence, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let told = list::told(cx, receipt, &org.org).await?;
    let all = || told.iter().flat_map(|it| it.metrics.iter().map(move |moved| (it, moved)));
    let rows: Vec<Row> = all().flat_map(|(it, moved)| rows(it, moved, cx.now, receipt)).collect();
    let mut services: Vec<String> = Vec::new();
    for it in &told {
        services.extend(scope::services(&cx.store, &it.improvement.scope, &org.org).await?.into_iter().map(|(name, _)| name));
    }
    services.sort();
    services.dedup();
    let of_flow = all().any(|(_, moved)| FLOW.iter().any(|known| known.id == moved.definition.id));
    let sight = Sight::of(cx);
    let partial = services.iter().any(|service| sight.hides_in(service, receipt.window.from, receipt.window.to));
    let mut defined: Vec<(&str, &str)> = all().map(|(_, moved)| (moved.definition.name, moved.definition.text)).collect();
    defined.sort_unstable();
    defined.dedup();
    let lines = defined.into_iter().map(|(name, text)| Line::default().strong(name).and(format!(": {text}"))).collect();
    let summary = format!(
        "{}, {} of weeks",
        words::count(told.len() as u64, "improvement", "improvements"),
        words::count(rows.len() as u64, "figure", "figures"),
    );
    let listing = Listing {
        heading: "Weeks",
        empty: "No whole week says anything yet.",
        columns: vec![("Week to", false), ("Improvement", false), ("Metric", false), ("When", false), ("Value", true)],
        rows,
        withheld: 0,
        nouns: ("week", "weeks"),
    };
    let rests = Rests { services, flow: of_flow.then(|| flow::whose(&receipt.scope, &org.org)) };
    let more = vec![Part::Heading("How each is counted".into()), Part::List(lines, None)];
    Ok(Evidence { summary, listings: vec![listing], more, data: serde_json::Map::new(), rests, partial })
}

fn rows(told: &Told, moved: &Moved, now: At, receipt: &Receipt) -> Vec<Row> {
    let row = |when: &str, from: At, value: f64| Row {
        cells: vec![
            words::date(from.plus(WEEK - 1), now, receipt.window.zone),
            told.improvement.name.clone(),
            moved.definition.name.to_owned(),
            when.to_owned(),
            words::value(moved.definition.unit, value),
        ],
        story: None,
        data: json!({"improvement": told.improvement.id, "metric": moved.definition.id, "week": from, "when": when, "value": value}),
    };
    let before = moved.before.points().into_iter().map(|(from, value)| row("before, frozen", from, value));
    before.chain(moved.after.points().into_iter().map(|(from, value)| row("since", from, value))).collect()
}
