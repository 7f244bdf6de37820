//! [`Config`]: every setting, read once from the environment. The only reader of environment variables.
//!
//! Why all errors at once: somebody who sets up a service mends one list, not one line a start. Why warnings are
//! data: settings are read before logging is set up, so whoever starts it says them.

mod read;
mod settings;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use axum::http::Uri;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::time::At;
pub use settings::{SETTINGS, Setting};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Every setting, checked.
#[derive(Clone)]
pub struct Config {
    /// `sqlite://...` or `postgres://...`; may hold a password, so it is not printed.
    pub database_url: String,
    /// Address and port to listen on.
    pub listen: String,
    /// Where people reach pacer, without a slash at the end.
    pub public_url: Option<String>,
    /// All of Slack.
    pub slack: SlackConfig,
    /// Bearer tokens of `/v1/events` and `/hooks/cdevents`; empty: they are off.
    pub events_tokens: Vec<SecretString>,
    /// Folder of the survey keys.
    pub key_dir: PathBuf,
    /// Slack user ids who may do what admins may.
    pub admins: Vec<String>,
    /// Questions a minute and person; none: no limit.
    pub rate_limit: Option<NonZeroU32>,
    /// Log filter, as in `info,pacer=debug`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How many days raw deliveries are kept.
    pub retention_days: u32,
    /// The instant that stands for now.
    pub now: Option<At>,
    /// What to tell whoever starts this: unknown variables, swapped tokens.
    pub warnings: Vec<String>,
    source_secrets: BTreeMap<String, Vec<SecretString>>,
    source_tokens: BTreeMap<String, SecretString>,
    source_urls: BTreeMap<String, String>,
}

/// The settings of Slack.
#[derive(Clone)]
pub struct SlackConfig {
    /// `xoxb-...`: calls of the Web API.
    pub bot_token: Option<SecretString>,
    /// Checks what Slack posts to `/slack/...`; none: those paths are off.
    pub signing_secret: Option<SecretString>,
    /// `xapp-...`: Socket Mode.
    pub app_token: Option<SecretString>,
    /// The Web API, without a slash at the end.
    pub api_url: String,
    /// Workspaces allowed to call; empty: the bot token's own.
    pub teams: Vec<String>,
}

/// What is wrong with the settings: one sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BadSettings(pub Vec<String>);

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every setting that can't be used, one sentence each.
    pub fn from_env() -> Result<Self, BadSettings> {
        // Names and values that are not UTF-8 can't be settings of ours.
        let vars = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_vars(vars.collect())
    }

    /// Reads the given variables; files named by `NAME_FILE` are read from disk.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_vars(vars: BTreeMap<String, String>) -> Result<Self, BadSettings> {
        read::Reader::new(vars).config()
    }

    /// The secrets of a source's webhook, newest first; empty: the webhook is off.
    pub fn source_secrets(&self, slug: &str) -> Vec<String> {
        self.source_secrets.get(slug).map(|secrets| exposed(secrets)).unwrap_or_default()
    }

    /// The token of a source's API, for `backfill`.
    pub fn source_token(&self, slug: &str) -> Option<&SecretString> {
        self.source_tokens.get(slug)
    }

    /// The URL of a source's API, where it is not the public one.
    pub fn source_url(&self, slug: &str) -> Option<&str> {
        self.source_urls.get(slug).map(String::as_str)
    }

    /// Whether a bearer token is one of `/v1/events`. Takes the same time for any token of the same length.
    pub fn is_events_token(&self, token: &str) -> bool {
        use subtle::ConstantTimeEq;
        let known = self
            .events_tokens
            .iter()
            .fold(subtle::Choice::from(0), |found, known| found | known.expose_secret().as_bytes().ct_eq(token.as_bytes()));
        known.into()
    }

    /// Refuses what `serve` can't run under.
    ///
    /// # Errors
    /// Where time would stand still.
    pub fn check_serve(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.now.is_none(), "PACER_NOW is set, and `pacer serve` runs on real time. Unset PACER_NOW.");
        Ok(())
    }

    /// Whether Slack is played on this machine: then plain http and its response URLs on loopback are allowed.
    pub fn slack_is_local(&self) -> bool {
        is_loopback_url(&self.slack.api_url)
    }
}

/// The texts of secrets, for a call that needs them.
pub fn exposed(secrets: &[SecretString]) -> Vec<String> {
    secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
}

/// Whether a URL's host is this machine.
pub fn is_loopback_url(url: &str) -> bool {
    let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(|host| host.trim_matches(['[', ']']).to_owned()));
    host.is_some_and(|host| host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

impl std::fmt::Debug for Config {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let database = self.database_url.split(':').next().unwrap_or_default();
        out.debug_struct("Config")
            .field("database", &database)
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("slack", &self.slack)
            .field("events_tokens", &self.events_tokens.len())
            .field("source_secrets", &self.source_secrets.keys().collect::<Vec<_>>())
            .field("source_tokens", &self.source_tokens.keys().collect::<Vec<_>>())
            .field("source_urls", &self.source_urls.keys().collect::<Vec<_>>())
            .field("key_dir", &self.key_dir)
            .field("rate_limit", &self.rate_limit)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SlackConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SlackConfig")
            .field("bot_token", &self.bot_token.is_some())
            .field("signing_secret", &self.signing_secret.is_some())
            .field("app_token", &self.app_token.is_some())
            .field("api_url", &self.api_url)
            .field("teams", &self.teams)
            .finish()
    }
}

#[cfg(test)]
mod tests;
