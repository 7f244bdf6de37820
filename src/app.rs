//! [`App`]: the only state, held by every door; and [`Tasks`]: everything that runs besides requests.
//!
//! Why tasks are wrapped: a panic in a task that nobody awaits would vanish. Here each is logged, counted and ends
//! only itself.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::post::Post;
use crate::domain::time::At;
use crate::features::host::{Feed, Host};
use crate::features::memo::Memo;
use crate::features::{Asker, Cx, Needs};
use crate::ingest::Ingest;
use crate::render::blocks;
use crate::slack::Slack;
use crate::sources::{SOURCES, Source};
use crate::store::Store;
use crate::store::keys::KeyDir;
use crate::store::outbox::Wanted;
use crate::telemetry::Metrics;

/// The only state.
pub struct App {
    /// Every setting.
    pub config: Config,
    /// Facts and raw deliveries.
    pub store: Store,
    /// Raw deliveries to facts.
    pub ingest: Ingest,
    /// The workspace: calls to it, and who may call us.
    pub slack: Slack,
    /// What time it is.
    pub clock: Clock,
    /// Everything that runs besides requests.
    pub tasks: Tasks,
    /// What features computed a moment ago.
    pub memo: Memo,
    /// What Prometheus reads.
    pub metrics: Metrics,
    /// The folder of survey keys.
    pub keys: KeyDir,
}

impl App {
    /// Opens the database and puts everything together; nothing runs yet but the store's writer.
    ///
    /// # Errors
    /// Where the database can't be opened or migrated.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Arc<Self>> {
        // The writer ends with the last clone of the store, after the tasks that a stop waits for: a tracker of its own.
        let store = Store::open(&config.database_url, &TaskTracker::new()).await?;
        let ingest = Ingest::new(store.clone());
        Self::new(config, clock, store, ingest)
    }

    /// Puts it together; nothing runs yet.
    ///
    /// # Errors
    /// Where the connection to Slack can't be prepared.
    pub fn new(config: Config, clock: Clock, store: Store, ingest: Ingest) -> anyhow::Result<Arc<Self>> {
        let metrics = Metrics::new();
        let slack = Slack::new(&config, metrics.clone())?;
        let tasks = Tasks::new(metrics.clone());
        let keys = KeyDir::at(&config.key_dir);
        Ok(Arc::new(Self { config, store, ingest, slack, clock, tasks, memo: Memo::default(), metrics, keys }))
    }

    /// Starts what runs in the background: parsing of recorded deliveries, and the connection to Slack.
    pub fn start(self: &Arc<Self>) {
        let (ingest, stop) = (self.ingest.clone(), self.tasks.token());
        self.tasks.spawn("ingest", async move { ingest.run(stop).await });
        crate::slack::start(self);
    }

    /// What a feature is given.
    ///
    /// # Errors
    /// Where the organisation can't be read.
    pub async fn cx(&self, asker: Option<Asker>) -> anyhow::Result<Cx> {
        let (store, now) = (self.store.reading().await?, self.clock.now());
        let org = store.org(now).await?;
        let (host, memo, keys) = (self.host(), self.memo.clone(), self.keys.clone());
        Ok(Cx { store, now, org, asker, retention_days: self.config.retention_days, host, memo, keys })
    }

    /// What features are told of this process and its workspace.
    fn host(&self) -> Host {
        let on = |source: &Source| match source.slug {
            "cdevents" => !self.config.events_tokens.is_empty(),
            slug => !self.config.source_secrets(slug).is_empty(),
        };
        let feed =
            |source: &'static Source| Feed { slug: source.slug, name: source.name, on: on(source), backfill: source.pages.is_some() };
        Host {
            public_url: self.config.public_url.clone(),
            admins: self.config.admins.clone(),
            feeds: SOURCES.iter().filter(|source| source.webhook).map(feed).collect(),
            slack_groups: self.config.slack.bot_token.is_some().then(|| crate::slack::groups::reader(&self.slack)),
            slack_people: self.config.slack.bot_token.is_some().then(|| crate::slack::people::reader(&self.slack)),
        }
    }

    /// Messages as the outbox keeps them.
    pub fn wanted(posts: Vec<Post>, subscription: Option<&str>, now: At) -> Vec<Wanted> {
        let wanted = |post: Post| Wanted {
            body: blocks::message(&post.card).to_string(),
            key: post.key,
            subscription: subscription.map(str::to_owned),
            channel: post.channel,
            thread_of: post.thread_of,
            not_before: post.not_before.unwrap_or(now),
            reminds_of: post.reminds_of,
        };
        posts.into_iter().map(wanted).collect()
    }

    /// The person behind a Slack id, as Slack knows them: without `PACER_ADMINS` the workspace's admins are pacer's, and whom the
    /// organisation file does not know is known by address. Slack is asked only where that matters: where some team shows its
    /// figures to its members alone; where the question needs it, or the file has people by address.
    ///
    /// # Errors
    /// Where the organisation can't be read.
    pub async fn asker_in_slack(&self, user: &str, needs: Needs) -> anyhow::Result<Asker> {
        let mut asker = self.asker(user);
        let org = self.store.org(self.clock.now()).await?;
        let closed = org.org.teams.values().any(|team| team.visibility.as_deref() == Some("team"));
        let by_address = org.org.people.values().any(|person| person.slack.is_none() && !person.emails.is_empty());
        let admin = self.config.admins.is_empty() && (closed || needs.admin);
        let address = (needs.names || by_address) && org.org.person_by_slack(user).is_none();
        if (admin || address) && self.config.slack.bot_token.is_some() {
            let profile = self.slack.profile(user, self.clock.now()).await;
            asker.admin |= admin && profile.admin;
            asker.email = profile.email.filter(|_| address);
        }
        Ok(asker)
    }

    /// The person with a Slack id, by the settings alone.
    pub fn asker(&self, user: &str) -> Asker {
        Asker { user: user.to_owned(), email: None, admin: self.config.admins.iter().any(|admin| admin == user), channel: None }
    }
}

/// Everything that runs besides requests: each task is known, told to stop, and waited for.
#[derive(Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
    metrics: Metrics,
}

impl Tasks {
    /// None yet.
    pub fn new(metrics: Metrics) -> Self {
        Self { tracker: TaskTracker::new(), token: CancellationToken::new(), metrics }
    }

    /// Runs a task to its end. It should watch [`Tasks::token`] where it runs for long.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let tasks = self.clone();
        self.tracker.spawn(async move {
            tasks.guard(name, task).await;
        });
    }

    /// Awaits something that may panic: then it is logged and counted, and there is none.
    pub async fn guard<T>(&self, name: &'static str, work: impl Future<Output = T>) -> Option<T> {
        let outcome = AssertUnwindSafe(work).catch_unwind().await;
        if outcome.is_err() {
            self.metrics.panicked();
            tracing::error!(task = name, "a task panicked; it ended, the rest goes on");
        }
        outcome.ok()
    }

    /// Cancelled when pacer stops.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Tells every task to stop.
    pub fn stop(&self) {
        self.token.cancel();
    }

    /// Tells every task to stop and waits, but not for longer than `limit`. True where all ended.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.stop();
        self.tracker.close();
        tokio::time::timeout(limit, self.tracker.wait()).await.is_ok()
    }
}

/// Makes ring the TLS of this process, once. Before the first connection; calling it again does no harm.
pub fn install_tls() {
    // An error says that one is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An app of its own on an empty database, its clock standing at 1,000,000 s. The folder goes when it is dropped.
    pub async fn app(vars: &[(&str, &str)]) -> (Arc<App>, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut vars: std::collections::BTreeMap<_, _> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        vars.insert("PACER_DATABASE_URL".into(), format!("sqlite://{}/pacer.db", folder.path().display()));
        let config = Config::from_vars(vars).expect("settings");
        (App::open(config, Clock::standing(At::from_secs(1_000_000))).await.expect("app"), folder)
    }

    #[tokio::test]
    async fn a_panic_ends_only_its_task_and_is_counted() {
        let tasks = Tasks::new(Metrics::new());
        tasks.spawn("bad", async { panic!("as the test wants") });
        let (told, hears) = tokio::sync::oneshot::channel();
        tasks.spawn("good", async move {
            let _ = told.send(1);
        });
        assert_eq!(hears.await, Ok(1));
        assert!(tasks.drain(Duration::from_secs(5)).await);
        assert_eq!(tasks.metrics.panics(), 1);
    }

    #[tokio::test]
    async fn draining_waits_for_work_and_gives_up_on_what_never_ends() {
        let tasks = Tasks::new(Metrics::new());
        let token = tasks.token();
        tasks.spawn("long", async move { token.cancelled().await });
        assert!(tasks.drain(Duration::from_secs(5)).await);
        let deaf = Tasks::new(Metrics::new());
        deaf.spawn("deaf", std::future::pending());
        assert!(!deaf.drain(Duration::from_millis(1)).await);
        assert_eq!(deaf.running(), 1);
    }
}
