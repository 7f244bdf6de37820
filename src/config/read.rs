//! From variables to [`Config`]: each value parsed once, each mistake a sentence.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use secrecy::{ExposeSecret, SecretString};

use super::{BadSettings, Config, LogFormat, SlackConfig, is_loopback_url, settings};
use crate::domain::time::At;
use crate::sources::SOURCES;

/// Reads variables and gathers what is wrong with them.
pub(super) struct Reader {
    vars: BTreeMap<String, String>,
    errors: Vec<String>,
}

impl Reader {
    pub(super) fn new(vars: BTreeMap<String, String>) -> Self {
        Self { vars, errors: Vec::new() }
    }

    /// The whole configuration, or every mistake in it.
    pub(super) fn config(mut self) -> Result<Config, BadSettings> {
        let slack = self.slack();
        let mut warnings = self.unknown();
        warnings.extend(swapped_tokens(&slack));
        let config = Config {
            database_url: self.database(),
            listen: self.listen(),
            public_url: self.url("PACER_PUBLIC_URL"),
            slack,
            events_tokens: self.secrets("PACER_EVENTS_TOKEN"),
            key_dir: self.text("PACER_KEY_DIR").unwrap_or_else(|| "./pacer-keys".to_owned()).into(),
            admins: self.list("PACER_ADMINS"),
            rate_limit: self.rate_limit(),
            log: self.log(),
            log_format: self.log_format(),
            retention_days: self.retention(),
            now: self.now(),
            warnings,
            source_secrets: self.source_secrets(),
            source_tokens: self.source_tokens(),
            source_urls: self.source_urls(),
        };
        if self.errors.is_empty() { Ok(config) } else { Err(BadSettings(self.errors)) }
    }

    /// A variable's value without the blanks around it; empty counts as not set.
    fn text(&self, name: &str) -> Option<String> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    fn wrong(&mut self, name: &str, what: &str) {
        self.errors.push(format!("{name}: {what}"));
    }

    fn list(&self, name: &str) -> Vec<String> {
        split(&self.text(name).unwrap_or_default())
    }

    /// A secret from `NAME`, or from the file that `NAME_FILE` names.
    fn secret(&mut self, name: &str) -> Option<SecretString> {
        let file_name = format!("{name}_FILE");
        match (self.text(name), self.text(&file_name)) {
            (Some(_), Some(_)) => {
                self.wrong(name, &format!("is set, and so is {file_name}. Keep one of them."));
                None
            }
            (Some(value), None) => Some(value.into()),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(value) if !value.trim().is_empty() => Some(value.trim().to_owned().into()),
                Ok(_) => {
                    self.wrong(&file_name, &format!("the file {path} is empty."));
                    None
                }
                Err(error) => {
                    self.wrong(&file_name, &format!("the file {path} can't be read ({error})."));
                    None
                }
            },
            (None, None) => None,
        }
    }

    fn secrets(&mut self, name: &str) -> Vec<SecretString> {
        self.secret(name).map(|value| split(value.expose_secret()).into_iter().map(SecretString::from).collect()).unwrap_or_default()
    }

    fn source_secrets(&mut self) -> BTreeMap<String, Vec<SecretString>> {
        SOURCES
            .iter()
            .map(|source| (source.slug.to_owned(), self.secrets(&format!("PACER_{}_SECRET", source.slug.to_uppercase()))))
            .filter(|(_, secrets)| !secrets.is_empty())
            .collect()
    }

    fn source_tokens(&mut self) -> BTreeMap<String, SecretString> {
        let mut token = |slug: &str| Some((slug.to_owned(), self.secret(&format!("PACER_{}_TOKEN", slug.to_uppercase()))?));
        SOURCES.iter().filter_map(|source| token(source.slug)).collect()
    }

    /// The token goes there with every request.
    fn source_urls(&mut self) -> BTreeMap<String, String> {
        let mut url = |slug: &str| Some((slug.to_owned(), self.private_url(&format!("PACER_{}_URL", slug.to_uppercase()))?));
        SOURCES.iter().filter_map(|source| url(source.slug)).collect()
    }

    /// The URL of an API that is called with a token: https, or this machine.
    fn private_url(&mut self, name: &str) -> Option<String> {
        let url = self.text(name)?;
        let allowed = url.starts_with("https://") || (url.starts_with("http://") && is_loopback_url(&url));
        if !allowed {
            self.wrong(name, &format!("`{url}` must begin with https://; plain http is allowed for 127.0.0.1 only."));
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    fn database(&mut self) -> String {
        let url = self.text("PACER_DATABASE_URL").unwrap_or_else(|| "sqlite://pacer.db".to_owned());
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            self.wrong("PACER_DATABASE_URL", "must begin with sqlite:// or postgres://, as in sqlite://pacer.db.");
        }
        url
    }

    fn listen(&mut self) -> String {
        let listen = self.text("PACER_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let port = listen.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            self.wrong("PACER_LISTEN", &format!("`{listen}` is not an address and port, as in 127.0.0.1:8080."));
        }
        listen
    }

    fn url(&mut self, name: &str) -> Option<String> {
        let url = self.text(name)?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            self.wrong(name, &format!("`{url}` must begin with https:// (or http://)."));
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    fn slack(&mut self) -> SlackConfig {
        let api_url = self.private_url("SLACK_API_URL").unwrap_or_else(|| "https://slack.com/api".to_owned());
        SlackConfig {
            bot_token: self.secret("SLACK_BOT_TOKEN"),
            signing_secret: self.secret("SLACK_SIGNING_SECRET"),
            app_token: self.secret("SLACK_APP_TOKEN"),
            api_url,
            teams: self.list("PACER_SLACK_TEAMS"),
        }
    }

    fn rate_limit(&mut self) -> Option<NonZeroU32> {
        let text = self.text("PACER_RATE_LIMIT").unwrap_or_else(|| "20".to_owned());
        if text.eq_ignore_ascii_case("off") {
            return None;
        }
        let limit = text.parse().ok();
        if limit.is_none() {
            self.wrong("PACER_RATE_LIMIT", &format!("`{text}` is not a number of questions a minute, as in 20, or off."));
        }
        limit
    }

    fn log(&mut self) -> String {
        let filter = self.text("PACER_LOG").unwrap_or_else(|| "info".to_owned());
        if tracing_subscriber::EnvFilter::try_new(&filter).is_err() {
            self.wrong("PACER_LOG", &format!("`{filter}` is not a filter, as in info or info,pacer=debug."));
        }
        filter
    }

    fn log_format(&mut self) -> LogFormat {
        match self.text("PACER_LOG_FORMAT").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                let sentence = format!("`{other}` is neither text nor json.");
                self.wrong("PACER_LOG_FORMAT", &sentence);
                LogFormat::Text
            }
        }
    }

    fn retention(&mut self) -> u32 {
        let text = self.text("PACER_RETENTION").unwrap_or_else(|| "90d".to_owned()).to_lowercase();
        let (number, days) = match text.strip_suffix('w') {
            Some(weeks) => (weeks, 7),
            None => (text.strip_suffix('d').unwrap_or(&text), 1),
        };
        let parsed = number.parse::<u32>().ok().and_then(|number| number.checked_mul(days));
        // A hundred years are for good, and nothing that counts with them overflows.
        let parsed = parsed.filter(|days| (1..=36_525).contains(days));
        if parsed.is_none() {
            self.wrong("PACER_RETENTION", &format!("`{text}` is not a length of time, as in 90d or 12w, of a hundred years at most."));
        }
        parsed.unwrap_or(90)
    }

    fn now(&mut self) -> Option<At> {
        let text = self.text("PACER_NOW")?;
        let now = At::parse(&text);
        if now.is_none() {
            self.wrong("PACER_NOW", &format!("`{text}` is not an RFC 3339 time, as in 2026-11-23T12:00:00Z."));
        }
        now
    }

    /// A sentence for each `PACER_` or `SLACK_` variable that is no setting.
    fn unknown(&self) -> Vec<String> {
        let known = settings::known();
        let ours = |name: &&String| name.starts_with("PACER_") || name.starts_with("SLACK_");
        self.vars.keys().filter(ours).filter(|name| !known.contains(name)).map(|name| unknown_sentence(name, &known)).collect()
    }
}

fn unknown_sentence(name: &str, known: &[String]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len() / 4);
    match nearest {
        Some((_, nearest)) => format!("{name} is not a setting of pacer and does nothing; did you mean {nearest}?"),
        None => format!("{name} is not a setting of pacer and does nothing."),
    }
}

fn swapped_tokens(slack: &SlackConfig) -> Vec<String> {
    let begins = |token: &Option<SecretString>, with: &str| token.as_ref().is_some_and(|token| token.expose_secret().starts_with(with));
    let mut sentences = Vec::new();
    if begins(&slack.bot_token, "xapp-") {
        sentences.push("SLACK_BOT_TOKEN holds an app-level token (xapp-); it needs the bot token (xoxb-).".to_owned());
    }
    if begins(&slack.app_token, "xoxb-") {
        sentences.push("SLACK_APP_TOKEN holds a bot token (xoxb-); it needs the app-level token (xapp-).".to_owned());
    }
    sentences
}

/// The parts of a comma list, without blanks and empty parts.
fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
