//! Which scopes the bot token has, for `doctor`: Slack tells it in a header of any answer.

use std::time::Duration;

use anyhow::{Context, Result};
use secrecy::ExposeSecret;

use crate::app::App;

/// The scopes that pacer's calls need; `manifest.yml` asks for exactly these.
pub const NEEDED: &[&str] = &["commands", "chat:write", "im:write", "users:read", "users:read.email", "usergroups:read"];

/// The scopes of the bot token; none where Slack does not say.
pub async fn granted(app: &App) -> Result<Option<Vec<String>>> {
    let token = app.config.slack.bot_token.as_ref().context("SLACK_BOT_TOKEN is not set")?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured((*app.slack.client.tls()).clone())
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .context("preparing a call to Slack")?;
    let url = format!("{}/auth.test", app.config.slack.api_url.trim_end_matches('/'));
    let answer = client.post(url).bearer_auth(token.expose_secret()).send().await.context("calling Slack")?;
    let scopes = answer.headers().get("x-oauth-scopes").and_then(|value| value.to_str().ok());
    Ok(scopes.map(|list| list.split(',').map(|scope| scope.trim().to_owned()).filter(|scope| !scope.is_empty()).collect()))
}
