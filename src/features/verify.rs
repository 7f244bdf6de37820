//! `pacer verify ID`: is this number still what was answered?

use super::receipts::recount;
use super::{Cx, why};
use crate::domain::words;
use crate::error::Failure;

/// What a recomputation says, in lines for the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whether every figure is the same to the last digit.
    pub equal: bool,
    /// What to print.
    pub lines: Vec<String>,
}

/// Recomputes the receipt from the facts as they are now, as of its instant.
pub async fn verify(cx: &Cx, id: &str) -> Result<Verified, Failure> {
    let receipt = why::receipt(cx, id).await?;
    let evidence = (recount(&receipt)?.evidence)(cx, &receipt).await?;
    let checked = why::check(cx, &receipt, &evidence).await?;
    let name = cx.org.org.scope_name(&receipt.scope);
    let all = receipt.metrics.len() as u64;
    if checked.differs.is_empty() {
        let what = format!(
            "equal: {} of {name}, {} to {}, {} to the same {}",
            words::count(all, "figure", "figures"),
            receipt.window.from,
            receipt.window.to,
            if all == 1 { "recomputes" } else { "recompute" },
            if all == 1 { "value" } else { "values" },
        );
        return Ok(Verified { equal: true, lines: vec![what] });
    }
    let mut lines = vec![format!(
        "different: {} of {} of {name} changed since {}",
        checked.differs.len(),
        words::count(all, "figure", "figures"),
        receipt.asked_at
    )];
    lines.extend(checked.differs.iter().map(|differs| format!("  {}: {}", differs.id, differs.text())));
    if checked.redefined {
        lines.push("  the definitions changed since: see the release notes".into());
    }
    if checked.late.is_empty() && !checked.redefined {
        lines.push("  no row arrived later; the organisation's services or the raw facts were changed by hand".into());
    }
    for late in &checked.late {
        let at = late.at.map_or_else(String::new, |at| format!(", {at}"));
        lines.push(format!("  late {}: {} ({}{at})", late.kind, late.id, late.place));
    }
    Ok(Verified { equal: false, lines })
}
