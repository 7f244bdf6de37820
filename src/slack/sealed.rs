//! Presses and forms that hold the answer to a survey: stored sealed before they are acknowledged, shown after.
//!
//! What was pressed is never queued, kept raw, logged, counted, or remembered to tell a double click: the ballot's tag makes a second
//! press the same ballot. Slack shows a press that was not acknowledged as failed; so an acknowledgement means that the answer is durable,
//! and where it is not, the person is told that nothing was stored. Why no answer of a form may follow its acknowledgement: the form would
//! be closed by then, and with it what somebody wrote.
//!
//! Values are wiped from memory where pacer holds them; the buffers of the HTTP and WebSocket libraries are not ours to wipe.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::commands;
use super::effects::{Place, carry_out, finish_message};
use super::inbound::Interaction;
use super::interactions::{as_errors, field_error, update};
use crate::app::App;
use crate::error::{Failure, Kind, UserError};
use crate::features::{self, Action, Effect, Press};
use crate::render::blocks;

/// What is said where an answer could not be stored.
const NOT_STORED: (&str, &str) = ("Nothing was stored: something broke on our side.", "Press it again; what you gave before is safe.");
/// What is said where it is stored, and only what comes next can't be shown.
const NOT_SHOWN: (&str, &str) = ("It is stored, but what comes next could not be shown.", "Type `/metrics pulse` to go on.");

/// A button: acknowledged once what it holds is stored.
pub(super) async fn pressed(app: &Arc<App>, action: &'static Action, mut click: Interaction) -> Value {
    let place = Place::of_click(app, &click);
    if let Some(sentence) = app.slack.limit.refuse(&click.user_id) {
        click.wipe();
        let late = Arc::clone(app);
        let message = commands::say(&format!("Nothing was stored. {sentence}"));
        app.tasks.spawn("limited press", async move { place.tell(&late, message).await });
        return Value::Null;
    }
    let press = Press { value: std::mem::take(&mut click.action_value), ..Press::default() };
    click.wipe();
    let (stored, is_stored) = oneshot::channel();
    let (late, user) = (Arc::clone(app), click.user_id);
    // A task of its own: it goes on where Slack hangs up.
    app.tasks.spawn("sealed press", async move {
        let result = run(&late, action, &user, press).await;
        let _ = stored.send(());
        match result {
            Ok(effect) => show(&late, &place, effect, action.name).await,
            Err(Failure::User(error)) => place.tell(&late, commands::said_no(&error, action.name)).await,
            Err(Failure::Ours(error)) => place.tell(&late, not_stored(&error, action.name)).await,
        }
    });
    let _ = is_stored.await;
    Value::Null
}

/// A form: what comes of it stands in its acknowledgement, however long storing takes.
pub(super) async fn submitted(app: &Arc<App>, action: &'static Action, mut click: Interaction) -> Value {
    let press = Press { value: click.private_metadata.clone(), fields: std::mem::take(&mut click.fields) };
    // Of the inputs the door keeps the names alone, to set errors under them.
    click.fields = press.fields.keys().map(|name| (name.clone(), String::new())).collect();
    let result = run(app, action, &click.user_id, press).await;
    let place = Place { view_id: String::new(), ..Place::of_click(app, &click) };
    match result {
        Ok(Effect::Modal(card)) => update(&blocks::modal(&card)),
        Ok(Effect::Finish(card)) => {
            let (late, shown) = (Arc::clone(app), card.clone());
            app.tasks.spawn("sealed form", async move { finish_message(&late, &place, &shown).await });
            update(&blocks::modal(&card))
        }
        Ok(Effect::Form(form)) => update(&blocks::form(&form)),
        Ok(Effect::Wrong(_, errors)) => json!({ "response_action": "errors", "errors": as_errors(&errors, &click) }),
        Ok(effect) => {
            let late = Arc::clone(app);
            app.tasks.spawn("sealed form", async move { show(&late, &place, effect, action.name).await });
            Value::Null
        }
        Err(Failure::User(error)) => field_error(&error, &click, action.name),
        Err(Failure::Ours(error)) => {
            commands::log_broken(&error, action.name);
            field_error(&user_error(NOT_STORED), &click, action.name)
        }
    }
}

/// The feature's part. Slack is asked nothing of the person: only who was invited may answer.
async fn run(app: &Arc<App>, action: &'static Action, user: &str, press: Press) -> Result<Effect, Failure> {
    let work = async {
        let cx = app.cx(Some(app.asker(user))).await?;
        features::press(&cx, action.name, press).await
    };
    app.tasks.guard("sealed press", work).await.unwrap_or_else(|| Err(Failure::Ours(anyhow::anyhow!("it panicked"))))
}

async fn show(app: &App, place: &Place, effect: Effect, name: &'static str) {
    match carry_out(app, place, effect).await {
        Ok(()) => {}
        Err(Failure::User(error)) => place.tell(app, commands::said_no(&error, name)).await,
        Err(Failure::Ours(error)) => {
            let reference = commands::log_broken(&error, name);
            place.tell(app, blocks::error(&user_error(NOT_SHOWN), &reference)).await;
        }
    }
}

fn not_stored(error: &anyhow::Error, name: &'static str) -> Value {
    blocks::error(&user_error(NOT_STORED), &commands::log_broken(error, name))
}

fn user_error((message, hint): (&str, &str)) -> UserError {
    UserError::new(Kind::NotAllowed, message, hint)
}
