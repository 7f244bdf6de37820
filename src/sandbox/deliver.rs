//! From the workspace to pacer: over Socket Mode where it is connected, else signed HTTP; and how long the answer took.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Call, Workspace};
use crate::domain::time::SECOND;

/// Why an act of a person was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Not within 3 s.
    #[error("operation_timeout")]
    Timeout,
    /// Nobody listens.
    #[error("dispatch_failed")]
    Unreachable,
    /// An HTTP status other than 200.
    #[error("http_service_error")]
    Status(u16),
    /// The answer is not what Slack takes.
    #[error("invalid_command_response")]
    BadAnswer(String),
    /// The person can't do that: no such channel, message, button.
    #[error("{0}")]
    Impossible(String),
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    Interaction,
    Event,
}

/// The client for calls to pacer on this machine: no proxy, no redirect.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().redirect(reqwest::redirect::Policy::none()).build()?)
}

impl Workspace {
    /// Slack's signature of a body at a time in seconds: `v0=...`.
    ///
    /// # Panics
    ///
    /// Never: HMAC takes a key of any length.
    pub fn sign(&self, timestamp_secs: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.options.signing_secret.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(format!("v0:{timestamp_secs}:{body}").as_bytes());
        format!("v0={}", hex::encode(mac.finalize().into_bytes()))
    }

    /// Sends something to pacer and gives the acknowledgement's body: null, a string or JSON.
    pub(super) async fn deliver(&self, kind: Kind, payload: &Value) -> Result<(Value, Duration), Unanswered> {
        let (name, accepts) = match kind {
            Kind::Command => ("slash_commands", true),
            Kind::Interaction => ("interactive", payload["type"] == "view_submission"),
            Kind::Event => ("events_api", false),
        };
        let begun = Instant::now();
        let limit = self.options.acknowledge_within;
        let answer = if let Some(waiting) = self.envelope(name, accepts, payload) {
            match tokio::time::timeout(limit, waiting).await {
                Ok(answer) => answer.map_err(|_| Unanswered::Unreachable),
                Err(_) => Err(Unanswered::Timeout),
            }
        } else {
            tokio::time::timeout(limit, self.post(kind, payload)).await.unwrap_or(Err(Unanswered::Timeout))
        };
        let took = begun.elapsed();
        let (shown, status) = match &answer {
            Ok(body) => (body.clone(), 200),
            Err(Unanswered::Status(status)) => (Value::Null, *status),
            Err(why) => (json!({"ok": false, "error": why.to_string()}), 0),
        };
        self.lock().log(Call { method: "ack".to_owned(), body: payload.clone(), answer: shown, status, at: self.now() });
        Ok((answer?, took))
    }

    async fn post(&self, kind: Kind, payload: &Value) -> Result<Value, Unanswered> {
        let (path, content_type) = match kind {
            Kind::Command => ("commands", "application/x-www-form-urlencoded"),
            Kind::Interaction => ("interactions", "application/x-www-form-urlencoded"),
            Kind::Event => ("events", "application/json"),
        };
        let body = match kind {
            Kind::Command => serde_urlencoded::to_string(payload.as_object()),
            Kind::Interaction => serde_urlencoded::to_string([("payload", payload.to_string())]),
            Kind::Event => Ok(payload.to_string()),
        }
        .map_err(|error| Unanswered::Impossible(error.to_string()))?;
        let base = self.lock().app_url.clone().ok_or(Unanswered::Unreachable)?;
        let now_secs = self.now().0.div_euclid(SECOND);
        let sent = self
            .http
            .post(format!("{base}/slack/{path}"))
            .header("content-type", content_type)
            .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("x-slack-request-timestamp", now_secs)
            .header("x-slack-signature", self.sign(now_secs, &body))
            .body(body);
        let response = sent.send().await.map_err(|_| Unanswered::Unreachable)?;
        let status = response.status().as_u16();
        let is_json = response.headers().get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        let text = response.text().await.map_err(|_| Unanswered::Unreachable)?;
        match (status, is_json) {
            (200, _) if text.trim().is_empty() => Ok(Value::Null),
            (200, true) => serde_json::from_str(&text).map_err(|error| Unanswered::BadAnswer(error.to_string())),
            (200, false) => Ok(Value::String(text)),
            _ => Err(Unanswered::Status(status)),
        }
    }
}
