//! Every request: an id in the log and the answer, counted by route and status; a panic becomes a 500.
//!
//! Logged are method, route and status: never a query string, a header or a body.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::problem::Problem;
use crate::app::App;

/// Wraps every request.
pub async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = format!("{:08x}", rand::random::<u32>());
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let answered = app.tasks.guard("request", next.run(request)).instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|| Problem::broken(&id).into_response());
    let took = began.elapsed();
    app.metrics.request(&route, response.status().as_u16(), took);
    span.in_scope(|| {
        tracing::debug!(status = response.status().as_u16(), took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "answered");
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}
