//! The form of `whatif`: what would be otherwise, from a button below a forecast or from `/metrics whatif PROJECT`.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::super::forecast::{known, share};
use super::super::{Action, Cx, Effect, Press, understood, why};
use super::answered;
use super::change::FIELDS;
use crate::domain::ask::scope_text;
use crate::domain::card::Scope;
use crate::domain::form::{Field, Form, Input};
use crate::error::Failure;

/// "What if" below a forecast. Value: its receipt.
pub const ACTION: Action = Action { name: "whatif", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pressed(cx, press)) } };
/// The form, sent. State: the command without changes.
pub const SENT: Action = Action { name: "whatif_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

/// Projects that can be chosen: as many as Slack shows.
const MOST: usize = 100;
const NONE: &str = "-";

async fn pressed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let receipt = why::receipt(cx, &press.value).await?;
    let Scope::Project(id) = &receipt.scope else { return Err(anyhow::anyhow!("a what-if of no project").into()) };
    let command = format!("whatif {}", scope_text(&receipt.scope));
    Ok(Effect::Form(form(cx, id, &command, &BTreeMap::new()).await?))
}

/// The form about a project, with what was put in before.
pub async fn form(cx: &Cx, id: &str, command: &str, values: &BTreeMap<String, String>) -> Result<Form, Failure> {
    let org = &cx.org.org;
    let known = known(cx, cx.now, org).await?;
    let work = &known.work;
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let text = |id: &str, label: &str, hint: &str| Field {
        id: id.into(),
        label: label.into(),
        hint: Some(hint.into()),
        optional: true,
        input: Input::Text(value(id)),
    };
    let mut others: Vec<(String, String)> = work
        .by_project()
        .into_keys()
        .filter(|other| *other != id && share(work, org, None, other, cx.now) > 0.0)
        .map(|other| (other.to_owned(), org.project_name(other)))
        .collect();
    others.sort_by(|a, b| a.1.cmp(&b.1));
    others.truncate(MOST - 1);
    others.insert(0, (NONE.into(), "None".into()));
    let chosen = others.iter().map(|(id, _)| id.clone()).find(|other| *other == value("drop")).unwrap_or_else(|| NONE.into());
    Ok(Form {
        title: "What if".into(),
        submit: "Compare".into(),
        action: "whatif_sent".into(),
        state: command.to_owned(),
        fields: vec![
            text("items", "Items added or cut", "As in 4, or -9 to cut nine."),
            text(
                "people",
                "People more or fewer",
                "As in 1, 0.5 or -1. It is the most that people can do: new ones slow a team down first.",
            ),
            text("wip", "At most so many items in work", "As in 6."),
            Field {
                id: "drop".into(),
                label: "Another project dropped".into(),
                hint: Some("Its share of the team's finished items goes to this one.".into()),
                optional: true,
                input: Input::Select(others, Some(chosen)),
            },
        ],
    })
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let mut ask = understood(cx, &press.value).await?;
    let typed = |field: &&str| press.fields.get(*field).map(|text| text.trim()).filter(|text| !text.is_empty() && *text != NONE);
    ask.words = FIELDS.iter().filter_map(|field| Some(format!("{field}:{}", typed(field)?))).collect();
    let command = press.value.clone();
    let Scope::Project(id) = ask.scope.clone() else { return Err(anyhow::anyhow!("a what-if of no project").into()) };
    Ok(match answered(cx, &ask).await? {
        Ok(card) => Effect::Answer(Box::new(card)),
        Err(wrong) => {
            let form = form(cx, &id, &command, &press.fields).await?;
            Effect::Wrong(form, wrong.into_iter().map(|(field, sentence)| (field.to_owned(), sentence)).collect())
        }
    })
}
