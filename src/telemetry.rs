//! Logs to stderr, and the counters that Prometheus reads.
//!
//! Why labels are names from our own tables: a label from outside would let anybody grow the memory. Why no library but the database's
//! is logged in detail, whatever the filter asks: those of the WebSocket and of Slack print whole messages there, and among them are answers
//! to surveys; and a line for each connection would tell to whom a reminder went.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Label names and values.
type Labels = Vec<(&'static str, String)>;

/// What may be logged in detail: pacer itself, and statements without their values.
const DETAILED: [&str; 2] = ["pacer", "sqlx"];

/// Whether something may be logged at all: other libraries only tell of trouble.
fn may_be_logged(target: &str, level: tracing::Level) -> bool {
    let library = target.split("::").next().unwrap_or_default();
    level <= tracing::Level::INFO || DETAILED.contains(&library)
}

/// Starts logging. Call once, before anything is logged.
///
/// # Errors
/// Where the filter can't be read, or logging runs already.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)?;
    let allowed = filter_fn(|it| may_be_logged(it.target(), *it.level()));
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // On a terminal colours are as its own settings say (NO_COLOR); in a file or a journal they would be noise.
    let logs = if std::io::stderr().is_terminal() { logs } else { logs.with_ansi(false) };
    // Filters of the whole and not of the layer: a layer's own keeps what sqlx only asks about (a notice of PostgreSQL, a slow statement),
    // and the next line would be lost.
    let registry = tracing_subscriber::registry().with(filter).with(allowed);
    let started = match format {
        LogFormat::Text => registry.with(logs).try_init(),
        LogFormat::Json => registry.with(logs.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging can't start: {error}"))
}

/// What Prometheus reads. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Labels, Counter>,
    latency: Family<Labels, Histogram, fn() -> Histogram>,
    deliveries: Family<Labels, Counter>,
    commands: Family<Labels, Counter>,
    slack_calls: Family<Labels, Counter>,
    queue_depth: Gauge<f64, AtomicU64>,
    outbox: Family<Labels, Gauge>,
    outbox_oldest: Gauge<f64, AtomicU64>,
    leases: Gauge,
    surveys: Family<Labels, Gauge>,
    slack_connected: Gauge,
    panics: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All counters at nought.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("pacer");
        let requests = Family::default();
        registry.register("http_requests", "HTTP requests by route and status", Family::clone(&requests));
        let latency: Family<Labels, Histogram, fn() -> Histogram> = Family::new_with_constructor(seconds);
        registry.register("http_request_seconds", "Time to answer an HTTP request, by route", latency.clone());
        let deliveries = Family::default();
        registry.register("deliveries", "Webhook deliveries and event batches by source and outcome", Family::clone(&deliveries));
        let commands = Family::default();
        registry.register("commands", "Commands and presses in Slack by name and outcome", Family::clone(&commands));
        let slack_calls = Family::default();
        registry.register("slack_calls", "Calls of Slack's Web API by method and outcome", Family::clone(&slack_calls));
        let queue_depth = Gauge::default();
        registry.register("queue_depth", "Recorded deliveries that wait to be parsed", queue_depth.clone());
        let outbox = Family::default();
        registry.register("outbox_messages", "Messages to Slack that wait to leave, or are parked for an admin", Family::clone(&outbox));
        let outbox_oldest: Gauge<f64, AtomicU64> = Gauge::default();
        registry.register("outbox_oldest_seconds", "For how long the first message waits that should have left", outbox_oldest.clone());
        let leases = Gauge::default();
        registry.register("leases", "Slots of the schedule that are under way or will be tried again", leases.clone());
        let surveys = Family::default();
        registry.register(
            "survey_waves",
            "Survey waves that are open, wait for their key, or are over but not cleaned yet",
            Family::clone(&surveys),
        );
        let slack_connected = Gauge::default();
        registry.register("slack_connected", "1 while Slack answers or Socket Mode is connected", slack_connected.clone());
        let panics = Counter::default();
        registry.register("panics", "Tasks and requests that panicked", panics.clone());
        let registry = Arc::new(registry);
        Self {
            registry,
            requests,
            latency,
            deliveries,
            commands,
            slack_calls,
            queue_depth,
            outbox,
            outbox_oldest,
            leases,
            surveys,
            slack_connected,
            panics,
        }
    }

    /// Counts an HTTP request.
    pub fn request(&self, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&vec![("route", route.to_owned()), ("status", status.to_string())]).inc();
        self.latency.get_or_create(&vec![("route", route.to_owned())]).observe(took.as_secs_f64());
    }

    /// Counts a delivery of a source in our table.
    pub fn delivery(&self, source: &'static str, outcome: &'static str) {
        self.deliveries.get_or_create(&vec![("source", source.to_owned()), ("outcome", outcome.to_owned())]).inc();
    }

    /// Counts a command or press; the name is one of our tables, or `other`.
    pub fn command(&self, name: &'static str, outcome: &'static str) {
        self.commands.get_or_create(&vec![("command", name.to_owned()), ("outcome", outcome.to_owned())]).inc();
    }

    /// Counts a call of Slack.
    pub fn slack_call(&self, method: &'static str, outcome: &'static str) {
        self.slack_calls.get_or_create(&vec![("method", method.to_owned()), ("outcome", outcome.to_owned())]).inc();
    }

    /// Counts a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// How many panics there were.
    pub fn panics(&self) -> u64 {
        self.panics.get()
    }

    /// Sets how many recorded deliveries wait.
    #[allow(clippy::cast_precision_loss, reason = "a queue is far shorter than 2^53")]
    pub fn set_queue_depth(&self, waiting: u64) {
        self.queue_depth.set(waiting as f64);
    }

    /// Sets what the outbox holds: messages that wait, how long the first does, messages that are parked.
    pub fn set_outbox(&self, waiting: u64, oldest: Duration, parked: u64) {
        for (state, count) in [("waiting", waiting), ("parked", parked)] {
            self.outbox.get_or_create(&vec![("state", state.to_owned())]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.outbox_oldest.set(oldest.as_secs_f64());
    }

    /// Sets how many slots are under way.
    pub fn set_leases(&self, under_way: u64) {
        self.leases.set(i64::try_from(under_way).unwrap_or(i64::MAX));
    }

    /// Sets how many survey waves are open, of these suspended, and over but not cleaned: nothing of what is in them.
    pub fn set_surveys(&self, open: u64, suspended: u64, not_cleaned: u64) {
        for (state, count) in [("open", open), ("suspended", suspended), ("not_cleaned", not_cleaned)] {
            self.surveys.get_or_create(&vec![("state", state.to_owned())]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Sets whether Slack is there.
    pub fn set_slack_connected(&self, connected: bool) {
        self.slack_connected.set(i64::from(connected));
    }

    /// Everything, in Prometheus's text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail; what was written until then would stand.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

/// Bounds that show both the target of 50 ms and Slack's 3 s.
fn seconds() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 3.0, 10.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_carry_messages_tell_of_trouble_alone() {
        use tracing::Level;
        let check = |target: &str, level: Level, expect: bool| assert_eq!(may_be_logged(target, level), expect, "{target} {level}");
        check("tungstenite::protocol::frame", Level::TRACE, false);
        check("hyper_util::client::legacy::pool", Level::DEBUG, false);
        check("hyper_util::client::legacy::pool", Level::WARN, true);
        check("pacer::slack::socket", Level::TRACE, true);
        check("sqlx::query", Level::DEBUG, true);
    }

    #[test]
    fn counters_show_by_label() {
        let metrics = Metrics::new();
        metrics.request("/healthz", 200, Duration::from_millis(3));
        metrics.delivery("github", "recorded");
        metrics.delivery("github", "recorded");
        metrics.set_queue_depth(7);
        metrics.set_outbox(3, Duration::from_secs(90), 1);
        metrics.set_leases(2);
        metrics.set_surveys(2, 1, 0);
        let text = metrics.text();
        for line in [
            "pacer_http_requests_total{route=\"/healthz\",status=\"200\"} 1",
            "pacer_http_request_seconds_bucket{le=\"0.005\",route=\"/healthz\"} 1",
            "pacer_deliveries_total{source=\"github\",outcome=\"recorded\"} 2",
            "pacer_queue_depth 7",
            "pacer_outbox_messages{state=\"waiting\"} 3",
            "pacer_outbox_messages{state=\"parked\"} 1",
            "pacer_outbox_oldest_seconds 90",
            "pacer_leases 2",
            "pacer_survey_waves{state=\"open\"} 2",
            "pacer_survey_waves{state=\"suspended\"} 1",
            "pacer_survey_waves{state=\"not_cleaned\"} 0",
            "pacer_panics_total 0",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }
}
