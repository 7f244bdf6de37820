//! The HTTP door: webhooks, events, Slack's routes, and what operators ask.

pub mod body;
pub mod events;
pub mod hooks;
pub mod operators;
pub mod problem;
pub mod watch;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Router, middleware};
use tokio::net::{TcpListener, TcpStream};

use crate::app::App;
use problem::Problem;

/// How long a stop may take.
const DRAIN: Duration = Duration::from_secs(10);
/// The limit of a delivery. GitHub and GitLab send up to 25 MB; what pacer uses of them is far smaller. Only a push of very
/// many files could be larger, and its commits come with `pacer import git` as well.
const HOOK_CAP: usize = 10 * 1024 * 1024;
/// That of `CDEvents`: `CloudEvents` asks of nobody to carry more than 64 KiB, and a batch has several.
const CDEVENTS_CAP: usize = 1024 * 1024;
/// The limit of `/v1/events`, before and after inflation.
const EVENTS_CAP: usize = 5 * 1024 * 1024;

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    let intake = body::Intake::new();
    let hooks = Router::new().route("/hooks/{source}", post(hooks::receive)).layer(DefaultBodyLimit::max(HOOK_CAP));
    let events = Router::new()
        .route("/v1/events", post(events::receive))
        .route("/v1/batches/{id}", axum::routing::delete(events::undo))
        .layer(DefaultBodyLimit::max(EVENTS_CAP));
    Router::new()
        .merge(hooks)
        .merge(events)
        .layer(axum::Extension(intake))
        .route("/healthz", get(operators::healthz))
        .route("/readyz", get(operators::readyz))
        .route("/metrics", get(operators::metrics))
        .merge(crate::slack::routes())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn_with_state(Arc::clone(&app), watch::watch))
        .with_state(app)
}

/// Answers until `shutdown`, then stops accepting and waits up to 10 s for what is under way.
///
/// # Errors
/// Where the listener breaks. A stop that took too long is logged and no error.
pub async fn serve(app: Arc<App>, listener: TcpListener, shutdown: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let router = router(Arc::clone(&app));
    serve_router(app, router, listener, shutdown).await
}

/// As [`serve`], with a router that has more than pacer's own: `demo` adds the sandbox.
///
/// # Errors
/// As [`serve`].
pub async fn serve_router(
    app: Arc<App>,
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let tasks = app.tasks.clone();
    let told = app.tasks.token();
    let stop = async move {
        tokio::select! {
            () = shutdown => {}
            () = told.cancelled() => {}
        }
        tracing::info!("stopping: no new requests, what is under way has 10 s");
        tasks.stop();
    };
    let token = app.tasks.token();
    let serving = std::future::IntoFuture::into_future(axum::serve(listener.tap_io(no_delay), router).with_graceful_shutdown(stop));
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => served.context("answering HTTP requests")?,
        () = token.cancelled() => {
            let deadline = tokio::time::Instant::now() + DRAIN;
            let requests = tokio::time::timeout_at(deadline, &mut serving).await;
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let tasks = app.tasks.drain(left).await;
            if requests.is_err() || !tasks {
                tracing::warn!(tasks = app.tasks.running(), "some work did not end within 10 s");
            }
        }
    }
    app.tasks.drain(DRAIN).await;
    app.store.close().await;
    Ok(())
}

/// Small answers leave at once.
fn no_delay(connection: &mut TcpStream) {
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "a connection goes on without TCP_NODELAY");
    }
}

#[cfg(test)]
mod tests;
