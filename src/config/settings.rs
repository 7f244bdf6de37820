//! The table of settings: README, `doctor` and the did-you-mean read it.

use crate::sources::SOURCES;

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The variable; `<SOURCE>` stands for a source's slug in capitals.
    pub name: &'static str,
    /// What holds without it, as README prints it.
    pub default: &'static str,
    /// One line.
    pub about: &'static str,
    /// A secret: never printed, and readable from the file that `NAME_FILE` names.
    pub secret: bool,
}

const fn plain(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, secret: false }
}

const fn secret(name: &'static str, about: &'static str) -> Setting {
    Setting { name, default: "none", about, secret: true }
}

/// Every setting of this version, in README's order.
pub const SETTINGS: &[Setting] = &[
    plain("PACER_DATABASE_URL", "sqlite://pacer.db", "the database: a SQLite file, or postgres://..."),
    plain("PACER_LISTEN", "127.0.0.1:8080", "address and port to listen on"),
    plain("PACER_PUBLIC_URL", "none", "where people reach pacer, for links"),
    secret("SLACK_BOT_TOKEN", "xoxb-...: pacer's calls to Slack"),
    secret("SLACK_SIGNING_SECRET", "checks what Slack posts to /slack/...; without it those paths are off"),
    secret("SLACK_APP_TOKEN", "xapp-...: Socket Mode, which needs no public address"),
    plain("SLACK_API_URL", "https://slack.com/api", "every call to Slack; plain http for loopback only"),
    plain("PACER_SLACK_TEAMS", "the token's own", "ids of the workspaces allowed to call, comma separated"),
    secret("PACER_<SOURCE>_SECRET", "secret(s) of that source's webhook, comma separated for rotation; without it that webhook is off"),
    secret("PACER_<SOURCE>_TOKEN", "token of that source's API, for backfill"),
    plain("PACER_<SOURCE>_URL", "the public API", "URL of that source's API, for backfill; plain http for loopback only"),
    plain("PACER_KEY_DIR", "./pacer-keys", "survey keys, never in the database"),
    plain("PACER_ADMINS", "workspace admins", "Slack user ids who may do what admins may, comma separated"),
    plain("PACER_RATE_LIMIT", "20", "questions a minute and person, or off"),
    secret("PACER_EVENTS_TOKEN", "bearer token(s) of /v1/events and CDEvents, comma separated; without it they are off"),
    plain("PACER_LOG", "info", "what is logged: error, warn, info, debug, or as in info,pacer=debug"),
    plain("PACER_LOG_FORMAT", "text", "text or json"),
    plain("PACER_RETENTION", "90d", "how long raw deliveries are kept: 90d, 12w"),
    plain("PACER_NOW", "none", "an RFC 3339 instant that stands for now; refused by serve"),
];

/// Every variable that pacer reads, with `<SOURCE>` written out and the `_FILE` forms.
pub(super) fn known() -> Vec<String> {
    let mut names = Vec::new();
    for setting in SETTINGS {
        let written = match setting.name.split_once("<SOURCE>") {
            None => vec![setting.name.to_owned()],
            Some((before, after)) => SOURCES.iter().map(|source| format!("{before}{}{after}", source.slug.to_uppercase())).collect(),
        };
        for name in written {
            if setting.secret {
                names.push(format!("{name}_FILE"));
            }
            names.push(name);
        }
    }
    names
}
