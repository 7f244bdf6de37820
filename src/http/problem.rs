//! [`Problem`]: an error as every error of pacer looks over HTTP: `{"error":{"kind","message","hint"}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What is wrong with a request, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// Stable name, for scripts.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// When to come back.
    pub retry_after_secs: Option<u32>,
}

impl Problem {
    /// A sentence and what to do.
    pub fn new(status: StatusCode, kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), hint: hint.into(), retry_after_secs: None }
    }

    /// 404 of a path that is none.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this path.", "The paths are listed in pacer's README.")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This path does not take that method.",
            "Webhooks and events are sent by POST.",
        )
    }

    /// 401 of a bearer token.
    pub fn bad_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "The bearer token is missing or wrong.",
            "Send `Authorization: Bearer` with a token of PACER_EVENTS_TOKEN.",
        )
    }

    /// 400 of a body that can't be read.
    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_syntax", message, "Nothing of it was stored. Mend it and send it again.")
    }

    /// 413.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message, "Send it in smaller parts.")
    }

    /// 503: it was not stored.
    pub fn unavailable() -> Self {
        let message = "It could not be stored just now. Nothing of it was kept.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message, "Send it again in a few seconds.").retry_after(5)
    }

    /// 429: too much of one source at once.
    pub fn too_many() -> Self {
        let message = "Too much came from this source at once.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message, "Send it again in a second.").retry_after(1)
    }

    /// 500.
    pub fn broken(reference: &str) -> Self {
        let message = format!("Something broke on our side. Reference {reference}.");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", message, "It stands in pacer's log under this reference.")
    }

    fn retry_after(self, secs: u32) -> Self {
        Self { retry_after_secs: Some(secs), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "kind": self.kind, "message": self.message, "hint": self.hint } });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
