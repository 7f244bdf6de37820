//! Calls to Slack: one connector, a limit of 10 s a call, retries where repeating does no harm.
//!
//! Why raw JSON through slack-morphism's generic calls: its block types can't carry all that the renderer writes.
//! Why an own retry: the library's retries only 429 and waits without a limit. Redirects are never followed.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use backon::{ExponentialBuilder, Retryable};
use hyper_rustls::ConfigBuilderExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::{SlackClientHyperConnector, SlackClientHyperHttpsConnector};
use slack_morphism::{ClientResult, SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector};

use crate::config::{Config, is_loopback_url};
use crate::telemetry::Metrics;

/// Longest wait for one call.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// A longer `Retry-After` is not waited for here.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What Slack says of a block that it doesn't know or take.
pub const INVALID_BLOCKS: &str = "invalid_blocks";

/// How the connector says that it got no connection: no such host, refused, no TLS. It has no other sign that reaches us.
const NO_CONNECTION: &str = "client error (Connect)";

/// Calls to Slack.
pub struct Client {
    api: SlackClient<SlackClientHyperHttpsConnector>,
    bot: Option<SlackApiToken>,
    app: Option<SlackApiToken>,
    tls: Arc<rustls::ClientConfig>,
    local: bool,
    metrics: Metrics,
}

/// Why a call failed. Holds no body and no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Slack says no: `not_in_channel`, `invalid_auth`, ...
    #[error("Slack answered `{0}`")]
    Api(String),
    /// Too many calls; come back after this long.
    #[error("Slack asks for a pause")]
    Pause(Option<Duration>),
    /// Slack has trouble of its own.
    #[error("Slack answered with HTTP status {0}")]
    Busy(u16),
    /// There was no connection, so nothing was sent.
    #[error("Slack can't be reached")]
    Unreached,
    /// No answer: reset, cut off, or none within 10 s.
    #[error("Slack did not answer ({0})")]
    Silent(&'static str),
    /// Ours: no token, or a URL that is not Slack's.
    #[error("{0}")]
    Ours(&'static str),
}

impl CallError {
    fn passes(&self) -> bool {
        matches!(self, Self::Pause(_) | Self::Busy(_) | Self::Unreached | Self::Silent(_))
    }

    fn outcome(&self) -> &'static str {
        match self {
            Self::Api(_) => "refused",
            Self::Pause(_) => "pause",
            Self::Busy(_) => "busy",
            Self::Unreached => "unreached",
            Self::Silent(_) => "silent",
            Self::Ours(_) => "not_sent",
        }
    }
}

impl From<SlackClientError> for CallError {
    fn from(error: SlackClientError) -> Self {
        match error {
            SlackClientError::ApiError(error) => match error.code.as_str() {
                "ratelimited" | "rate_limited" => Self::Pause(None),
                "service_unavailable" => Self::Busy(503),
                // Slack says of these that some of it may be done.
                "internal_error" | "fatal_error" => Self::Busy(500),
                _ => Self::Api(error.code),
            },
            SlackClientError::RateLimitError(error) => Self::Pause(error.retry_after),
            // A response URL may say it with a status of its own.
            SlackClientError::HttpError(error) if error.http_response_body.as_deref().is_some_and(|body| body.contains(INVALID_BLOCKS)) => {
                Self::Api(INVALID_BLOCKS.to_owned())
            }
            SlackClientError::HttpError(error) => Self::Busy(error.status_code.as_u16()),
            SlackClientError::ProtocolError(_) => Self::Silent("its answer is not JSON"),
            SlackClientError::HttpProtocolError(error) if error.cause.as_ref().is_some_and(|cause| cause.to_string() == NO_CONNECTION) => {
                Self::Unreached
            }
            _ => Self::Silent("the connection failed"),
        }
    }
}

/// Whether repeating a call does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// It may be repeated whatever happened.
    Freely,
    /// Only where Slack says that it did nothing.
    IfNotDone,
}

impl Client {
    /// Prepares the connector; nothing is called yet.
    ///
    /// # Errors
    /// Where TLS can't be set up.
    pub fn new(config: &Config, metrics: Metrics) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_webpki_roots()
            .with_no_client_auth();
        let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http().enable_http1().build();
        let connector = SlackClientHyperConnector::with_connector(connector).with_slack_api_url(&config.slack.api_url);
        let token = |secret: &Option<SecretString>| {
            secret.as_ref().map(|secret| SlackApiToken::new(SlackApiTokenValue(secret.expose_secret().to_owned())))
        };
        Ok(Self {
            api: SlackClient::new(connector),
            bot: token(&config.slack.bot_token),
            app: token(&config.slack.app_token),
            tls: Arc::new(tls),
            local: config.slack_is_local(),
            metrics,
        })
    }

    /// The TLS of every connection to Slack.
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Whether Slack is played on this machine.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Calls a method that may be repeated.
    pub async fn call(&self, method: &'static str, body: &Value) -> Result<Value, CallError> {
        self.call_with(self.bot.as_ref(), method, body, Repeat::Freely).await
    }

    /// Calls a method that shows somebody something: repeated only where Slack says that it did nothing.
    pub async fn call_once(&self, method: &'static str, body: &Value) -> Result<Value, CallError> {
        self.call_with(self.bot.as_ref(), method, body, Repeat::IfNotDone).await
    }

    /// Calls a method once, whatever comes of it: for whoever keeps a queue of their own.
    pub async fn call_single(&self, method: &'static str, body: &Value) -> Result<Value, CallError> {
        let token = self.bot.as_ref().ok_or(CallError::Ours("SLACK_BOT_TOKEN is not set"))?;
        self.send(token, method, body).await
    }

    /// Calls a method of the app-level token, without repeating: Socket Mode's loop does that.
    pub async fn call_as_app(&self, method: &'static str) -> Result<Value, CallError> {
        let token = self.app.as_ref().ok_or(CallError::Ours("SLACK_APP_TOKEN is not set"))?;
        self.send(token, method, &serde_json::json!({})).await
    }

    async fn call_with(
        &self,
        token: Option<&SlackApiToken>,
        method: &'static str,
        body: &Value,
        repeat: Repeat,
    ) -> Result<Value, CallError> {
        let token = token.ok_or(CallError::Ours("SLACK_BOT_TOKEN is not set"))?;
        (|| self.send(token, method, body))
            .retry(waits())
            .when(|error| match repeat {
                Repeat::Freely => error.passes(),
                Repeat::IfNotDone => matches!(error, CallError::Pause(_)),
            })
            .adjust(obey)
            .await
    }

    /// What Slack knows of a person, as `users.info` answers. Why not through the library's own type: it leaves out whether the
    /// address is confirmed.
    pub async fn user_info(&self, user: &str) -> Result<Value, CallError> {
        let token = self.bot.as_ref().ok_or(CallError::Ours("SLACK_BOT_TOKEN is not set"))?;
        let session = self.api.open_session(token);
        let params = [("user", Some(user))];
        let result = limited(session.http_session_api.http_get("users.info", &params, None)).await;
        self.metrics.slack_call("users.info", result.as_ref().err().map_or("ok", CallError::outcome));
        result
    }

    /// Calls a method that only reads, and takes its arguments in the address alone: JSON is not read by all of them.
    pub async fn read(&self, method: &'static str, arguments: &[(&str, &str)]) -> Result<Value, CallError> {
        let token = self.bot.as_ref().ok_or(CallError::Ours("SLACK_BOT_TOKEN is not set"))?;
        let arguments: Vec<(&str, Option<&str>)> = arguments.iter().map(|(name, value)| (*name, Some(*value))).collect();
        let call = async || {
            let session = self.api.open_session(token);
            let result = limited(session.http_session_api.http_get(method, &arguments, None)).await;
            self.metrics.slack_call(method, result.as_ref().err().map_or("ok", CallError::outcome));
            result
        };
        call.retry(waits()).when(CallError::passes).adjust(obey).await
    }

    async fn send(&self, token: &SlackApiToken, method: &'static str, body: &Value) -> Result<Value, CallError> {
        let session = self.api.open_session(token);
        let result = limited(session.http_session_api.http_post(method, body, None)).await;
        self.metrics.slack_call(method, result.as_ref().err().map_or("ok", CallError::outcome));
        result
    }

    /// Posts a reminder of a survey, once: neither counted nor told of, since either would say who has not answered.
    pub async fn post_unseen(&self, message: &Value) {
        if let Some(token) = &self.bot {
            let session = self.api.open_session(token);
            let _ = limited(session.http_session_api.http_post::<_, Value>("chat.postMessage", message, None)).await;
        }
    }

    /// Posts to a response URL: the one way to answer where the bot is no member.
    pub async fn respond(&self, response_url: &str, body: &Value) -> Result<(), CallError> {
        if !is_response_url(response_url, self.local) {
            return Err(CallError::Ours("the response URL is not Slack's"));
        }
        let url = response_url.parse().map_err(|_| CallError::Ours("the response URL can't be read"))?;
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext { rate_control_params: None, token: None, tracing_span: &span, is_sensitive_url: true };
        let result = limited(self.api.http_api.connector.http_post_uri::<_, Value>(url, body, context)).await;
        self.metrics.slack_call("response_url", result.as_ref().err().map_or("ok", CallError::outcome));
        result.map(|_| ())
    }
}

async fn limited(call: impl Future<Output = ClientResult<Value>>) -> Result<Value, CallError> {
    match tokio::time::timeout(CALL_LIMIT, call).await {
        Ok(answered) => Ok(answered?),
        Err(_) => Err(CallError::Silent("nothing within 10 s")),
    }
}

/// Three more tries, with jitter.
fn waits() -> ExponentialBuilder {
    ExponentialBuilder::default().with_jitter().with_min_delay(Duration::from_millis(200)).with_max_times(3)
}

/// Slack's own pause goes before ours; one that is too long ends the tries.
fn obey(error: &CallError, wait: Option<Duration>) -> Option<Duration> {
    match error {
        CallError::Pause(Some(pause)) => wait.and((*pause <= LONGEST_WAIT).then_some(*pause)),
        _ => wait,
    }
}

/// Whether a URL is one that Slack gives to answer to, or loopback where Slack is played there.
pub fn is_response_url(url: &str, local: bool) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let slack = uri.scheme_str() == Some("https") && uri.authority().is_some_and(|host| host.as_str() == "hooks.slack.com");
    slack || (local && is_loopback_url(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_slacks_own_host_only() {
        let check = |url: &str, local: bool, expect: bool| assert_eq!(is_response_url(url, local), expect, "{url}");
        check("https://hooks.slack.com/commands/T1/2/x", false, true);
        check("http://hooks.slack.com/commands/T1/2/x", false, false);
        check("https://hooks.slack.com.evil.example/x", false, false);
        check("https://hooks.slack.com@evil.example/x", false, false);
        check("https://evil.example/hooks.slack.com", false, false);
        check("https://hooks.slack.com:8443/x", false, false);
        check("http://127.0.0.1:9/x", false, false);
        check("http://127.0.0.1:9/x", true, true);
        check("http://169.254.169.254/latest", true, false);
        check("", true, false);
    }

    #[tokio::test]
    async fn what_got_no_connection_is_told_from_what_got_no_answer() {
        crate::app::install_tls();
        let check = async |address: std::net::SocketAddr, expect: CallError| {
            let vars = [("SLACK_API_URL", format!("http://{address}/api")), ("SLACK_BOT_TOKEN", "xoxb-1".to_owned())];
            let vars = vars.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
            let client = Client::new(&Config::from_vars(vars).unwrap(), Metrics::new()).unwrap();
            assert_eq!(client.call_single("auth.test", &serde_json::json!({})).await.unwrap_err(), expect);
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hangs_up = async { drop(listener.accept().await.unwrap()) };
        tokio::join!(check(address, CallError::Silent("the connection failed")), hangs_up);
        drop(listener);
        check(address, CallError::Unreached).await;
    }

    #[test]
    fn slacks_own_pause_is_obeyed_unless_it_is_long() {
        let second = Duration::from_secs(1);
        let check = |error: CallError, wait: Option<Duration>, expect: Option<Duration>| assert_eq!(obey(&error, wait), expect);
        check(CallError::Pause(Some(second * 7)), Some(second), Some(second * 7));
        check(CallError::Pause(Some(second * 31)), Some(second), None);
        check(CallError::Pause(Some(second)), None, None);
        check(CallError::Busy(500), Some(second), Some(second));
    }
}
