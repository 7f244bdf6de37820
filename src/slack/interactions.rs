//! Clicks on buttons and forms sent: acknowledged at once, carried out by [`effects`](super::effects). Those that hold the answer to a
//! survey go another way: [`sealed`].
//!
//! Why a loading modal only after 800 ms: most presses are counted sooner, and then the modal opens full; a trigger
//! lives 3 s, so waiting longer would lose it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::admission::Admission;
use super::client::CallError;
use super::effects::{Place, carry_out};
use super::inbound::{self, Interaction};
use super::{Answer, Stranger, commands, sealed};
use crate::app::App;
use crate::error::{Failure, Kind, UserError};
use crate::features::{self, ACTIONS, Action, Effect, Needs, Press, SEALED};
use crate::render::blocks;

/// A second click on the same button within this time does nothing.
const DOUBLE_CLICK_SECS: i64 = 3;
/// A press slower than this gets a loading modal.
const BEFORE_LOADING: Duration = Duration::from_millis(800);
/// A form's answer later than this follows its acknowledgement.
const IN_ACKNOWLEDGEMENT: Duration = Duration::from_millis(1_500);
/// How long it is waited whether Slack takes a form, within the 3 s of its acknowledgement.
const TRIAL: Duration = Duration::from_secs(1);

/// Takes an interaction.
///
/// # Errors
/// Where it comes from another workspace.
pub async fn interact(app: &Arc<App>, mut payload: Value) -> Answer {
    let click = Interaction::read(&payload);
    inbound::wipe(&mut payload);
    match app.slack.workspaces.admit(&click.team_id, &click.enterprise_id) {
        Admission::Welcome => {}
        other => {
            tracing::warn!(team = click.team_id, kind = click.kind, "an interaction was refused: {}", other.sentence());
            return Err(Stranger(other));
        }
    }
    let sealed = |name: &str| SEALED.iter().find(|action| action.name == name);
    match (click.kind.as_str(), sealed(click.action()), sealed(&click.callback_id)) {
        ("block_actions", Some(action), _) => Ok(sealed::pressed(app, action, click).await),
        ("view_submission", _, Some(action)) => Ok(sealed::submitted(app, action, click).await),
        ("block_actions", ..) => {
            pressed(app, click);
            Ok(Value::Null)
        }
        ("view_submission", ..) => Ok(submitted(app, click).await),
        ("view_closed", ..) => {
            app.slack.origins.forget(&click.view_id);
            Ok(Value::Null)
        }
        (kind, ..) => {
            tracing::info!(kind, "an interaction of this kind is not used");
            Ok(Value::Null)
        }
    }
}

fn action_of(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// A click: counted once, then a task of its own.
fn pressed(app: &Arc<App>, click: Interaction) {
    let Some(action) = action_of(click.action()) else {
        tracing::info!(action = click.action(), "a button of this name is not in the table");
        return;
    };
    let at = if click.view_id.is_empty() { &click.message_ts } else { &click.view_id };
    let key = [&click.user_id, at, &click.action_id, &click.action_value].map(String::as_str).join("|");
    if app.slack.clicks.again(key, app.clock.now(), DOUBLE_CLICK_SECS) {
        app.metrics.command(action.name, "double_click");
        return;
    }
    let app = Arc::clone(app);
    app.clone().tasks.spawn("press", async move {
        let place = Place::of_click(&app, &click);
        if let Some(sentence) = app.slack.limit.refuse(&click.user_id) {
            app.metrics.command(action.name, "limited");
            place.tell(&app, commands::say(&sentence)).await;
            return;
        }
        let press = Press { value: click.action_value.clone(), ..Press::default() };
        let work = run(&app, action, &click, press);
        carry(&app, action.name, place, work, BEFORE_LOADING).await;
    });
}

/// Awaits a press and carries it out; where it takes longer than `patience`, a loading modal stands meanwhile.
pub(super) async fn carry(app: &App, name: &'static str, mut place: Place, mut work: Work, patience: Duration) {
    let result = if let Ok(result) = tokio::time::timeout(patience, &mut work).await {
        result
    } else {
        place.open_loading(app).await;
        work.await
    };
    finish(app, name, &place, result).await;
}

/// A press under way.
pub(super) type Work = BoxFuture<'static, Result<Effect, Failure>>;

/// The feature's part of a press.
fn run(app: &Arc<App>, action: &'static Action, click: &Interaction, press: Press) -> Work {
    let (app, user) = (Arc::clone(app), click.user_id.clone());
    let channel = Place::of_click(&app, click).origin.channel_id;
    async move {
        let work = async {
            let asker = app.asker_in_slack(&user, Needs::of_press(action.name, &press.value)).await?;
            let cx = app.cx(Some(asker.in_channel(&channel))).await?;
            match features::press(&cx, action.name, press).await? {
                Effect::Say(posts, then) => {
                    app.store.say(App::wanted(posts, None, cx.now), cx.now).await?;
                    Ok(*then)
                }
                effect => Ok(effect),
            }
        };
        app.tasks.guard("press", work).await.unwrap_or_else(|| Err(Failure::Ours(anyhow::anyhow!("it panicked"))))
    }
    .boxed()
}

/// Carries out what a press led to, or says why not, where the person looks.
async fn finish(app: &App, name: &'static str, place: &Place, result: Result<Effect, Failure>) {
    let done = match result {
        Ok(effect) => carry_out(app, place, effect).await,
        Err(failure) => Err(failure),
    };
    let outcome = match done {
        Ok(()) => "ok",
        Err(Failure::User(error)) => {
            place.tell(app, commands::said_no(&error, name)).await;
            "user_error"
        }
        Err(Failure::Ours(error)) => {
            place.tell(app, commands::broke(&error, name)).await;
            "failed"
        }
    };
    app.metrics.command(name, outcome);
    tracing::info!(action = name, outcome, "pressed");
}

/// A form sent: its outcome stands in the acknowledgement where it is ready, else in the modal a little later.
async fn submitted(app: &Arc<App>, click: Interaction) -> Value {
    let Some(action) = action_of(&click.callback_id) else {
        tracing::info!(form = click.callback_id, "a form of this name is not in the table");
        return Value::Null;
    };
    let press = Press { value: click.private_metadata.clone(), fields: click.fields.clone() };
    let mut work = run(app, action, &click, press);
    if let Ok(result) = tokio::time::timeout(IN_ACKNOWLEDGEMENT, &mut work).await {
        let mut body = acknowledge(app, action.name, &click, result);
        if let Some(less) = blocks::without_people(&body["view"])
            && refuses(app, &click.view_id, &body["view"]).await
        {
            body = update(&less);
        }
        return body;
    }
    let late = Arc::clone(app);
    app.tasks.spawn("late form", async move {
        // The form became the loading modal in its acknowledgement.
        let place = Place { view_id: String::new(), loading_id: click.view_id.clone(), ..Place::of_click(&late, &click) };
        let result = work.await;
        finish(&late, action.name, &place, result).await;
    });
    update(&blocks::loading())
}

/// Whether Slack refuses a form for its people. In an acknowledgement nothing would be heard of it, so it is shown by a call first.
async fn refuses(app: &App, view_id: &str, view: &Value) -> bool {
    let body = json!({ "view_id": view_id, "view": view });
    match tokio::time::timeout(TRIAL, app.slack.client.call("views.update", &body)).await {
        Ok(Err(CallError::Api(code))) if code == "invalid_arguments" => {
            tracing::warn!("Slack refused a form with people in it: one of their Slack ids is wrong");
            true
        }
        _ => false,
    }
}

/// What stands in a form's acknowledgement.
fn acknowledge(app: &Arc<App>, name: &'static str, click: &Interaction, result: Result<Effect, Failure>) -> Value {
    let (body, outcome) = match result {
        Ok(Effect::Modal(card) | Effect::Finish(card)) => (update(&blocks::modal(&card)), "ok"),
        Ok(Effect::Form(form)) => (update(&blocks::form(&form)), "ok"),
        Ok(Effect::Wrong(_, errors)) => (json!({ "response_action": "errors", "errors": as_errors(&errors, click) }), "user_error"),
        Ok(effect) => {
            let (app, place) = (Arc::clone(app), Place { view_id: String::new(), ..Place::of_click(app, click) });
            app.clone().tasks.spawn("form", async move { finish(&app, name, &place, Ok(effect)).await });
            // A form on top of another modal closes both: the outcome stands in the message.
            let stacked = !click.root_view_id.is_empty() && click.root_view_id != click.view_id;
            return if stacked { json!({ "response_action": "clear" }) } else { Value::Null };
        }
        Err(Failure::User(error)) => (field_error(&error, click, name), "user_error"),
        Err(Failure::Ours(error)) => (update(&super::effects::as_modal(&commands::broke(&error, name))), "failed"),
    };
    app.metrics.command(name, outcome);
    body
}

pub(super) fn update(view: &Value) -> Value {
    json!({ "response_action": "update", "view": view })
}

/// A sentence under each input that is wrong, without marks, which Slack would show as they are. Slack takes only errors of
/// inputs that it shows: others stand under the first.
pub(super) fn as_errors(errors: &[(String, String)], click: &Interaction) -> Value {
    let first = || click.fields.keys().next().cloned().unwrap_or_default();
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for (field, error) in errors {
        let field = if click.fields.contains_key(field) { field.clone() } else { first() };
        let sentences = shown.entry(field).or_default();
        format!("{sentences} {}", error.replace('`', "")).trim().clone_into(sentences);
    }
    json!(shown)
}

/// The sentence under the input that it is about, else under the first.
pub(super) fn field_error(error: &UserError, click: &Interaction, name: &str) -> Value {
    let about = match error.kind {
        Kind::BadWindow => "window",
        Kind::UnknownTeam => "team",
        Kind::UnknownService => "service",
        Kind::UnknownProject => "project",
        Kind::UnknownMetric => "metric",
        _ => "",
    };
    match click.fields.get_key_value(about).or_else(|| click.fields.first_key_value()) {
        Some((field, _)) => {
            json!({ "response_action": "errors", "errors": { field: format!("{} {}", error.message, error.hint).replace('`', "") } })
        }
        None => update(&super::effects::as_modal(&commands::said_no(error, name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_shows_the_error_under_the_input_it_is_about() {
        let check = |kind: Kind, fields: &[&str], expect: Option<&str>| {
            let click =
                Interaction { fields: fields.iter().map(|id| ((*id).to_owned(), String::new())).collect(), ..Interaction::default() };
            let body = field_error(&UserError::new(kind, "No such `x`.", "Type `y`."), &click, "period_chosen");
            match expect {
                Some(field) => assert_eq!(body, json!({ "response_action": "errors", "errors": { field: "No such x. Type y." } })),
                None => assert_eq!(body["response_action"], "update"),
            }
        };
        check(Kind::BadWindow, &["team", "window"], Some("window"));
        check(Kind::UnknownTeam, &["a", "team"], Some("team"));
        check(Kind::NotAllowed, &["b", "c"], Some("b"));
        check(Kind::BadWindow, &[], None);
    }
}
