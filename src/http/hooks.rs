//! `POST /hooks/{source}`: a delivery is proven, checked, made durable, and only then answered with 202 (Linear: 200).

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::body::{Intake, headers_of, kept};
use super::events::bearer;
use super::problem::Problem;
use super::{CDEVENTS_CAP, HOOK_CAP};
use crate::app::App;
use crate::config::exposed;
use crate::sources::{Refused, Source, source};
use crate::store::Delivery;

/// Takes a delivery.
pub async fn receive(
    State(app): State<Arc<App>>,
    Extension(intake): Extension<Intake>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let Some((source, secrets)) = open_source(&app, &slug) else {
        let hint = match source(&slug) {
            Some(known) if known.slug == "cdevents" => "It opens once PACER_EVENTS_TOKEN is set.".to_owned(),
            Some(known) if known.webhook => format!("It opens once PACER_{}_SECRET is set.", known.slug.to_uppercase()),
            _ => "The README lists the sources that have a webhook.".to_owned(),
        };
        return Problem::new(StatusCode::NOT_FOUND, "source_off", "This webhook is off, or there is no such source.", hint).into_response();
    };
    match take(&app, &intake, source, &secrets, request).await {
        Ok(response) => response,
        Err((outcome, problem)) => {
            app.metrics.delivery(source.slug, outcome);
            tracing::warn!(source = source.slug, outcome, status = problem.status.as_u16(), "a delivery was refused");
            problem.into_response()
        }
    }
}

/// The source and what proves its deliveries; none where it is unknown or off.
fn open_source(app: &App, slug: &str) -> Option<(&'static Source, Vec<String>)> {
    let source = source(slug).filter(|source| source.webhook)?;
    let secrets = if source.slug == "cdevents" { exposed(&app.config.events_tokens) } else { app.config.source_secrets(slug) };
    (!secrets.is_empty()).then_some((source, secrets))
}

type Refusal = (&'static str, Problem);

async fn take(app: &App, intake: &Intake, source: &'static Source, secrets: &[String], request: Request) -> Result<Response, Refusal> {
    if source.slug == "cdevents" && !bearer(request.headers()).is_some_and(|token| app.config.is_events_token(token)) {
        return Err(("unproven", Problem::bad_token()));
    }
    let headers = headers_of(request.headers());
    let cap = if source.slug == "cdevents" { CDEVENTS_CAP } else { HOOK_CAP };
    let (body, _room) = intake.read(source.slug, request, cap).await.map_err(|problem| ("unread", problem))?;
    let received_at = app.clock.now();
    (source.verify)(&headers, &body, secrets, received_at).map_err(refused)?;
    (source.check)(&headers, &body).map_err(refused)?;
    let key = (source.delivery_id)(&headers, &body);
    let delivery = Delivery { source: source.slug.to_owned(), key, headers: kept(&headers), body: body.into(), received_at };
    let recorded = app.store.record(delivery).await.map_err(|error| {
        tracing::error!(source = source.slug, error = format!("{error:#}"), "a delivery could not be stored");
        ("not_stored", Problem::unavailable())
    })?;
    if !recorded.duplicate {
        app.ingest.wake();
    }
    app.metrics.delivery(source.slug, if recorded.duplicate { "duplicate" } else { "recorded" });
    let body = json!({ "batch": recorded.batch, "read": 1, "duplicate": u8::from(recorded.duplicate) });
    Ok((accepted(source), Json(body)).into_response())
}

/// Linear takes every answer but 200 for a failure: it would send again, and in the end switch the webhook off.
fn accepted(source: &Source) -> StatusCode {
    if source.slug == "linear" { StatusCode::OK } else { StatusCode::ACCEPTED }
}

fn refused(refused: Refused) -> Refusal {
    match refused {
        Refused::Origin(message) => {
            let hint = "Check that the sender's secret is the one in pacer's settings.";
            ("unproven", Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message, hint))
        }
        Refused::Syntax(message) => ("malformed", Problem::syntax(message)),
        Refused::TooLarge(message) => ("too_large", Problem::too_large(message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Parsed;
    use crate::sources::Headers;
    use axum::body::Body;
    use serde_json::Value;

    /// A source whose proof is a plain header, and whose bodies are JSON.
    const PLAIN: Source = Source {
        slug: "github",
        name: "plain",
        verify: |headers, _, secrets, _| match headers.get("x-proof") {
            Some(proof) if secrets.iter().any(|secret| secret == proof) => Ok(()),
            _ => Err(Refused::Origin("no proof".into())),
        },
        delivery_id: |headers, _| headers.get("x-id").map(str::to_owned),
        check: |_, body| serde_json::from_slice::<Value>(body).map(drop).map_err(|_| Refused::Syntax("not JSON".into())),
        parse: |_, _| Parsed::default(),
        webhook: true,
        recorded: |_| Headers::default(),
        pages: None,
    };

    async fn send(app: &App, proof: &str, id: &str, body: &str) -> Result<Value, u16> {
        let request = Request::post("/").header("x-proof", proof).header("x-id", id).body(Body::from(body.to_owned())).expect("request");
        let taken = take(app, &Intake::new(), &PLAIN, &["new".to_owned(), "old".to_owned()], request).await;
        let response = taken.map_err(|(_, problem)| problem.status.as_u16())?;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("body");
        Ok(serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn a_delivery_is_stored_once_and_only_with_proof() {
        let (app, _folder) = crate::app::tests::app(&[]).await;
        assert_eq!(send(&app, "wrong", "d1", "{").await, Err(401));
        assert_eq!(send(&app, "new", "d1", "{").await, Err(400));
        assert_eq!(app.store.waiting().await.expect("counts"), 0);
        let first = send(&app, "new", "d1", "{}").await.expect("taken");
        assert_eq!((&first["read"], &first["duplicate"]), (&json!(1), &json!(0)));
        let again = send(&app, "old", "d1", "{}").await.expect("taken");
        assert_eq!(again["duplicate"], json!(1));
        assert_eq!(app.store.waiting().await.expect("counts"), 1);
        app.store.close().await;
        assert_eq!(send(&app, "new", "d2", "{}").await, Err(503));
    }

    #[test]
    fn linear_hears_200_and_all_others_202() {
        for source in crate::sources::SOURCES {
            assert_eq!(accepted(source).as_u16(), if source.slug == "linear" { 200 } else { 202 }, "{}", source.slug);
        }
    }
}
