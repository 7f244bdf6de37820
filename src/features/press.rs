//! The buttons below an answer: share it, change its period, ask a command.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::receipts::recount;
use super::{Action, Cx, Effect, Press, Reply, answer, answer_ask, understood, why};
use crate::domain::ask::Ask;
use crate::domain::form::{Field, Form, Input};
use crate::domain::window::Window;
use crate::error::{Failure, Kind, UserError};

/// "Share to channel": the answer as it was given, for everybody. Value: a receipt.
pub const SHARE: Action = Action { name: "share", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(share(cx, press)) } };
/// "Chart": the answer as it was given, with its picture where Slack shows one. Value: a receipt.
pub const CHART: Action = Action { name: "chart", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(chart(cx, press)) } };
/// "Change period": asks which. Value: a receipt.
pub const PERIOD: Action = Action { name: "period", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(period(cx, press)) } };
/// The period chosen. Value: a receipt; fields: `period`, `own`.
pub const PERIOD_CHOSEN: Action =
    Action { name: "period_chosen", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(period_chosen(cx, press)) } };
/// Asks a command. Value: what one would type.
pub const ASK: Action = Action { name: "ask", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(ask(cx, press.value)) } };

/// The periods offered, as typed and as read.
const PERIODS: [(&str, &str); 7] = [
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
    ("6m", "Last 6 months"),
    ("12m", "Last 12 months"),
    ("last month", "Last month"),
    ("last quarter", "Last quarter"),
    ("this quarter", "This quarter so far"),
];

async fn share(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let receipt = why::receipt(cx, &press.value).await?;
    Ok(Effect::Share(Box::new((recount(&receipt)?.card)(cx, &receipt).await?)))
}

async fn chart(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let receipt = why::receipt(cx, &press.value).await?;
    Ok(Effect::Replace(Box::new((recount(&receipt)?.card)(cx, &receipt).await?)))
}

async fn period(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let receipt = why::receipt(cx, &press.value).await?;
    let options = PERIODS.iter().map(|(value, label)| ((*value).to_string(), (*label).to_string())).collect();
    Ok(Effect::Form(Form {
        title: "Change period".into(),
        submit: "Show".into(),
        action: "period_chosen".into(),
        state: receipt.id,
        fields: vec![
            Field {
                id: "period".into(),
                label: "Period".into(),
                hint: None,
                optional: true,
                input: Input::Select(options, Some("90d".into())),
            },
            Field {
                id: "own".into(),
                label: "Or another one".into(),
                hint: Some("As in 12w, Q3 2026, 2026-01..2026-03 or since 2026-05-01. It wins over the list.".into()),
                optional: true,
                input: Input::Text(String::new()),
            },
        ],
    }))
}

async fn period_chosen(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let receipt = why::receipt(cx, &press.value).await?;
    let window = Window::parse(chosen(&press.fields)?, cx.now, cx.org.org.zone_for(&receipt.scope))?;
    let ask = Ask { window, window_named: true, ..understood(cx, &receipt.command).await? };
    effect(answer_ask(cx, ask).await?)
}

/// What was typed, else what was chosen.
fn chosen(fields: &BTreeMap<String, String>) -> Result<&str, Failure> {
    let of = |id: &str| fields.get(id).map(|text| text.trim()).filter(|text| !text.is_empty());
    let missing = || UserError::new(Kind::BadWindow, "No period was chosen.", "Choose one from the list, or type one such as `12w`.");
    Ok(of("own").or_else(|| of("period")).ok_or_else(missing)?)
}

async fn ask(cx: &Cx, text: String) -> Result<Effect, Failure> {
    effect(answer(cx, &text).await?)
}

#[allow(clippy::unnecessary_wraps, reason = "the last step of each action")]
fn effect(reply: Reply) -> Result<Effect, Failure> {
    Ok(match reply {
        Reply::Card(card) => Effect::Replace(card),
        Reply::Form(form) => Effect::Form(form),
    })
}
