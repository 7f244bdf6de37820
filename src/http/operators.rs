//! What operators ask: alive, ready, and the figures of Prometheus.
//!
//! Why `/metrics` is free on loopback only where no proxy stands before it: behind one every peer is loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::events::bearer;
use super::problem::Problem;
use crate::app::App;

/// Alive.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// Ready: the database answers and is migrated. Slack is told of, and is never a reason to be red.
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    let slack = app.slack.connection().as_str();
    let stopping = app.tasks.token().is_cancelled();
    let ready = app.store.ready().await;
    if let Err(error) = &ready {
        tracing::warn!(error = format!("{error:#}"), "not ready");
    }
    let database = if ready.is_ok() { "ok" } else { "not ready" };
    let status = if ready.is_ok() && !stopping { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body =
        json!({ "ready": status == StatusCode::OK, "database": database, "migrations": database, "stopping": stopping, "slack": slack });
    (status, Json(body)).into_response()
}

/// Prometheus: on loopback for everybody, elsewhere with a bearer token of `PACER_EVENTS_TOKEN`.
pub async fn metrics(State(app): State<Arc<App>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    let with_token = bearer(&headers).is_some_and(|token| app.config.is_events_token(token));
    if !with_token && !is_here(peer, &headers) {
        return Problem::bad_token().into_response();
    }
    if let Ok(waiting) = app.store.waiting().await {
        app.metrics.set_queue_depth(waiting);
    }
    let now = app.clock.now();
    if let Ok(depth) = app.store.outbox_depth(now).await {
        let oldest = depth.oldest.map_or(0, |oldest| now.since(oldest).max(0));
        app.metrics.set_outbox(depth.waiting, Duration::from_micros(oldest.unsigned_abs()), depth.parked);
    }
    if let Ok(under_way) = app.store.leases_under_way(now).await {
        app.metrics.set_leases(under_way);
    }
    if let Ok((open, suspended, not_cleaned)) = app.store.survey_counts().await {
        app.metrics.set_surveys(open, suspended, not_cleaned);
    }
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics.text()).into_response()
}

/// Whether the request began on this machine, as far as one can see.
fn is_here(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let proxied = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    peer.ip().to_canonical().is_loopback() && !proxied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_here_on_loopback_without_a_proxy() {
        let check = |peer: &str, header: Option<&'static str>, expect: bool| {
            let headers = header.map(|name| (name.parse().expect("name"), header::HeaderValue::from_static("x"))).into_iter().collect();
            assert_eq!(is_here(peer.parse().expect("address"), &headers), expect, "{peer} {header:?}");
        };
        check("127.0.0.1:1", None, true);
        check("[::1]:1", None, true);
        check("[::ffff:127.0.0.1]:1", None, true);
        check("10.0.0.1:1", None, false);
        check("127.0.0.1:1", Some("x-forwarded-for"), false);
        check("127.0.0.1:1", Some("accept"), true);
    }
}
