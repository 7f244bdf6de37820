//! `POST /v1/events`: generic events, parsed and stored before they are answered, so that each row's fate is told; and
//! `DELETE /v1/batches/{id}`, which takes a batch back.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use super::EVENTS_CAP;
use super::body::{Intake, inflate};
use super::problem::Problem;
use crate::app::App;
use crate::sources::{Headers, Refused, generic};
use crate::store::Tally;

/// The slug that these events are kept and counted under.
const SOURCE: &str = generic::SOURCE.slug;

/// Takes a batch.
pub async fn receive(State(app): State<Arc<App>>, Extension(intake): Extension<Intake>, request: Request) -> Response {
    if app.config.events_tokens.is_empty() {
        return off().into_response();
    }
    match take(&app, &intake, request).await {
        Ok(tally) => {
            app.metrics.delivery(SOURCE, "recorded");
            (StatusCode::ACCEPTED, Json(tally)).into_response()
        }
        Err(problem) => {
            app.metrics.delivery(SOURCE, problem.kind);
            tracing::warn!(source = SOURCE, status = problem.status.as_u16(), "a batch was refused");
            problem.into_response()
        }
    }
}

/// Takes a batch back: `DELETE /v1/batches/{id}`.
pub async fn undo(State(app): State<Arc<App>>, Path(batch): Path<String>, headers: HeaderMap) -> Response {
    if app.config.events_tokens.is_empty() {
        return off().into_response();
    }
    if !bearer(&headers).is_some_and(|token| app.config.is_events_token(token)) {
        return Problem::bad_token().into_response();
    }
    match app.ingest.undo(&batch).await {
        Ok(Some(undone)) => {
            tracing::info!(batch, removed = undone.removed, restored = undone.restored, "a batch was undone");
            Json(serde_json::json!({"batch": batch, "removed": undone.removed, "restored": undone.restored})).into_response()
        }
        Ok(None) => {
            let hint =
                "The answer to `POST /v1/events` names its batch; raw deliveries, and with them batches, are kept for PACER_RETENTION.";
            Problem::new(StatusCode::NOT_FOUND, "unknown_batch", "No batch of that name is kept.", hint).into_response()
        }
        Err(error) => {
            tracing::error!(batch, error = format!("{error:#}"), "a batch could not be undone");
            Problem::unavailable().into_response()
        }
    }
}

fn off() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "source_off", "/v1/events is off.", "Set PACER_EVENTS_TOKEN and start pacer again.")
}

async fn take(app: &App, intake: &Intake, request: Request) -> Result<Tally, Problem> {
    if !bearer(request.headers()).is_some_and(|token| app.config.is_events_token(token)) {
        return Err(Problem::bad_token());
    }
    check_type(request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default())?;
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").to_owned());
    let (body, _room) = intake.read(SOURCE, request, EVENTS_CAP).await?;
    let body = inflate(encoding.as_deref(), body, EVENTS_CAP)?;
    (generic::SOURCE.check)(&Headers::default(), &body).map_err(|refused| match refused {
        Refused::TooLarge(message) => Problem::too_large(message),
        Refused::Syntax(message) | Refused::Origin(message) => Problem::syntax(message),
    })?;
    app.ingest.events(body, app.clock.now()).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a batch could not be stored");
        Problem::unavailable()
    })
}

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// JSON or JSON lines, in UTF-8.
fn check_type(content_type: &str) -> Result<(), Problem> {
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media = parts.next().unwrap_or_default();
    let json = [
        "application/json",
        "text/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/json-lines",
    ];
    let charset = parts.find_map(|part| part.strip_prefix("charset=").map(|charset| charset.trim_matches('"').to_owned()));
    if json.contains(&media.as_str()) && charset.is_none_or(|charset| charset == "utf-8" || charset == "utf8") {
        return Ok(());
    }
    let hint = "Send JSON as `Content-Type: application/json`, JSON lines as `application/x-ndjson`, both in UTF-8.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type", "The content type is not one that pacer reads.", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_read_and_nothing_else() {
        let check = |content_type: &str, expect: bool| assert_eq!(check_type(content_type).is_ok(), expect, "{content_type}");
        check("application/json", true);
        check("Application/JSON; Charset=UTF-8", true);
        check("application/x-ndjson;charset=\"utf-8\"", true);
        check("text/json", true);
        check("application/json; charset=utf-16", false);
        check("application/x-www-form-urlencoded", false);
        check("text/plain", false);
        check("", false);
    }

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_its_scheme() {
        let check = |value: &str, expect: Option<&str>| {
            let headers = [(header::AUTHORIZATION, value.parse().expect("value"))].into_iter().collect();
            assert_eq!(bearer(&headers), expect);
        };
        check("Bearer abc", Some("abc"));
        check("bearer  abc", Some("abc"));
        check("Basic abc", None);
        check("Bearer", None);
    }
}
