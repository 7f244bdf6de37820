//! The whole of pacer on a port of its own, the sandbox as Slack, a clock that the test sets.
//!
//! A story: `let t = Harness::http().await; t.import_json(&sample()).await; let answer = t.slash("ana", "dora 30d").await;`.
//! Dropping the harness fails the test where a task panicked, a task did not end, or a message was not read.
//! Tests need `#[tokio::test(flavor = "multi_thread")]`: the drop waits for tasks that other threads must run.

pub mod binary;
pub mod database;
pub mod facts;
pub mod forms;
pub mod held;
pub mod hub;
pub mod waves;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pacer::app::App;
use pacer::clock::Clock;
use pacer::config::Config;
use pacer::domain::event::Parsed;
use pacer::domain::org::{self, OrgFile};
use pacer::domain::time::At;
use pacer::features::{self, Reply};
use pacer::sandbox::{self, Choice, Message, Options, Place, Submitted, View, Workspace};
use pacer::slack::admission::Admission;
use pacer::slack::outbox;
use pacer::store::Delivery;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use database::Database;

/// What the clock says at the beginning of each story.
pub const NOW: &str = "2026-11-23T12:00:00Z";
/// The bearer token of `/v1/events`.
pub const TOKEN: &str = "events-token";
/// The secret of GitHub's webhook.
pub const GITHUB_SECRET: &str = "github-secret";
/// Longest wait for what must happen; long, so that a busy machine fails nothing.
const WAIT: Duration = Duration::from_secs(20);

/// How Slack reaches pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Http,
    Socket,
}

/// Both ways: a story that must read the same on each runs once for each.
pub const BOTH: [Transport; 2] = [Transport::Http, Transport::Socket];

/// pacer, Slack and a database.
pub struct Harness {
    pub app: Arc<App>,
    pub slack: Workspace,
    pub clock: Clock,
    pub database: Database,
    /// Where pacer listens.
    pub url: String,
    /// For calls that do not come from Slack.
    pub client: reqwest::Client,
    servers: JoinSet<()>,
}

impl Harness {
    /// Slack over signed HTTP.
    pub async fn http() -> Self {
        Self::on(Transport::Http).await
    }

    /// Slack over that transport.
    pub async fn on(transport: Transport) -> Self {
        Self::with(transport, &[]).await
    }

    /// With further settings.
    pub async fn with(transport: Transport, settings: &[(&str, &str)]) -> Self {
        pacer::app::install_tls();
        let database = Database::new();
        let clock = Clock::standing(At::parse(NOW).expect("an instant"));
        let ticking = clock.clone();
        let slack = Workspace::new(Options::new(Arc::new(move || ticking.now()))).expect("a workspace");
        let mut servers = JoinSet::new();
        slack.at(&serve(&mut servers, sandbox::router(slack.clone())).await);
        let config = config(&slack, &database, transport, settings);
        let strangers = !config.slack.teams.is_empty();
        let app = App::open(config, clock.clone()).await.expect("pacer opens");
        let url = serve(&mut servers, pacer::http::router(Arc::clone(&app))).await;
        slack.app_at(&url);
        app.start();
        let t =
            Self { app, slack, clock, database, url, client: reqwest::Client::builder().no_proxy().build().expect("a client"), servers };
        if transport == Transport::Socket {
            assert!(t.slack.connected(WAIT).await, "Socket Mode connects");
        }
        let team = t.slack.options().team_id.clone();
        t.until("pacer knows its workspace", async || strangers || t.app.slack.workspaces.admit(&team, "") == Admission::Welcome).await;
        t
    }

    /// Lets all that pacer says by itself go out, a second of the clock for each that waits, and reads what nobody read yet.
    pub async fn sent(&self) -> Vec<Message> {
        for _ in 0..600 {
            outbox::step(&self.app).await.expect("sends");
            if self.app.store.outbox_depth(self.clock.now()).await.expect("counts").waiting == 0 {
                break;
            }
            self.advance(1_000_000);
        }
        let mut read = Vec::new();
        while let Some(message) = self.slack.next_message(Duration::ZERO).await {
            read.push(message);
        }
        read
    }

    /// The organisation of `pacer demo`, with its year of data.
    pub async fn demo() -> Self {
        let t = Self::http().await;
        let sample = pacer::simulator::sample(1, t.clock.now());
        t.apply_org(&sample.org_toml).await;
        for (at, events) in sample.events.chunks(5_000).enumerate() {
            let parsed = Parsed { events: events.to_vec(), read: events.len() as u64, ..Parsed::default() };
            let (source, key) = ("sample".to_owned(), Some(format!("sample-{at}")));
            let delivery = Delivery { source, key, headers: BTreeMap::new(), body: Vec::new(), received_at: t.clock.now() };
            t.app.store.ingest(delivery, parsed).await.expect("taken");
        }
        t.app.store.refresh(None).await.expect("derived");
        t
    }

    /// Moves the clock forward.
    pub fn advance(&self, micros: i64) {
        self.clock.advance(micros);
    }

    /// Types `/metrics TEXT` in #general; the answer as that person sees it.
    pub async fn slash(&self, person: &str, text: &str) -> Message {
        self.slash_in(person, "general", text).await
    }

    /// Types `/metrics TEXT` in a channel.
    pub async fn slash_in(&self, person: &str, channel: &str, text: &str) -> Message {
        let ack = self.slack.slash(&id(person), channel, "/metrics", text).await.expect("acknowledged");
        let answer = ack.message.unwrap_or_else(|| panic!("`{text}` is answered in the acknowledgement, not with {}", ack.body));
        let message = self.next_message().await;
        assert_eq!(message.ts, answer.ts, "the answer is the next message");
        message
    }

    /// Presses a button of a message, as whom it is shown to.
    pub async fn press(&self, message: &Message, label: &str) {
        let person = message.only_for.clone().expect("a private message; press a public one with `press_as`");
        self.press_as(&person, message, label).await;
    }

    /// Presses a button of a message.
    pub async fn press_as(&self, person: &str, message: &Message, label: &str) {
        self.slack.press(&id(person), message, label).await.unwrap_or_else(|why| panic!("pressing {label}: {why}"));
    }

    /// Presses a button of a modal.
    pub async fn press_in(&self, view: &View, label: &str) {
        let (block, action) = button(&view.body["blocks"], label);
        let place = Place::View(view.id.clone());
        self.slack.choose(&view.user, &place, &block, &action, &Choice::Press).await.expect("pressed");
    }

    /// Fills in a form by field and sends it.
    pub async fn submit(&self, view: &View, fields: &[(&str, &str)]) -> Submitted {
        let blocks = view.body["blocks"].as_array().expect("blocks");
        let action = |field: &str| {
            let block = blocks.iter().find(|block| block["block_id"] == field).unwrap_or_else(|| panic!("no field {field}"));
            block["element"]["action_id"].as_str().expect("an action id").to_owned()
        };
        let actions: Vec<String> = fields.iter().map(|(field, _)| action(field)).collect();
        let several =
            |field: &str| blocks.iter().any(|block| block["block_id"] == field && block["element"]["type"] == "multi_users_select");
        let choice = |field: &str, value: &str| {
            if several(field) { Choice::Many(value.lines().map(str::to_owned).collect()) } else { Choice::one(value) }
        };
        let values: Vec<(&str, &str, Choice)> =
            fields.iter().zip(&actions).map(|((field, value), action)| (*field, action.as_str(), choice(field, value))).collect();
        self.slack.submit_view(&view.user, &view.id, &values).await.expect("sent")
    }

    /// The next message that pacer posted or edited.
    pub async fn next_message(&self) -> Message {
        self.slack.next_message(WAIT).await.expect("a message")
    }

    /// A modal of that person that `wanted` accepts.
    pub async fn next_view(&self, person: &str, wanted: impl Fn(&View) -> bool) -> View {
        let found = self.slack.next_view(&id(person), WAIT, wanted).await;
        found.unwrap_or_else(|| panic!("no such modal; it is {:?}", self.slack.view_of(&id(person)).map(|view| view.body)))
    }

    /// Sends generic events to `/v1/events` and gives the answer, which must be 202.
    pub async fn import_json(&self, lines: &str) -> Value {
        let (status, body) = self.events(lines).await;
        assert_eq!(status, 202, "{body}");
        body
    }

    /// Sends a body to `/v1/events`.
    pub async fn events(&self, body: &str) -> (u16, Value) {
        self.post("/v1/events", &[("content-type", "application/x-ndjson"), ("authorization", &format!("Bearer {TOKEN}"))], body.to_owned())
            .await
    }

    /// Posts to pacer: status and JSON.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> (u16, Value) {
        let mut request = self.client.post(format!("{}{path}", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer_of(request.send().await.expect("an answer")).await
    }

    /// Gets from pacer: status and JSON.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer_of(self.client.get(format!("{}{path}", self.url)).send().await.expect("an answer")).await
    }

    /// Sends a recorded GitHub delivery, signed as GitHub signs.
    pub async fn github(&self, event: &str, delivery: &str, body: &str) -> (u16, Value) {
        let signature = facts::github_signature(GITHUB_SECRET, body);
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signature),
        ];
        self.post("/hooks/github", &headers, body.to_owned()).await
    }

    /// Waits until every recorded delivery is parsed.
    pub async fn parsed(&self) {
        self.until("deliveries are parsed", async || self.app.store.waiting().await.expect("counts") == 0).await;
    }

    /// Asks as the organisation, in the shape of `pacer ask --format json`; an error likewise.
    pub async fn ask(&self, text: &str) -> Value {
        self.ask_as(None, text).await
    }

    /// Asks as a person.
    pub async fn ask_as(&self, person: Option<&str>, text: &str) -> Value {
        let cx = self.app.cx(person.map(|person| self.app.asker(&id(person)))).await.expect("a context");
        match features::answer(&cx, text).await {
            Ok(Reply::Card(card)) => pacer::render::json(&card),
            Ok(Reply::Form(form)) => panic!("a form: {}", form.title),
            Err(pacer::error::Failure::User(error)) => pacer::render::error_json(&error),
            Err(pacer::error::Failure::Ours(error)) => panic!("{error:#}"),
        }
    }

    /// Applies an organisation file, as `pacer org apply` does.
    pub async fn apply_org(&self, toml: &str) {
        let store = &self.app.store;
        let before = store.org_version(store.newest_org().await.expect("a version")).await.expect("an organisation");
        let after = org::apply(&before.org, OrgFile::parse(toml).expect("a right file"), self.clock.now()).expect("applies");
        store.apply_org(&before, after, self.clock.now()).await.expect("stored");
    }

    /// Names a lead of a team.
    pub async fn lead(&self, team: &str, user: &str) {
        let store = &self.app.store;
        let before = store.org_version(store.newest_org().await.expect("a version")).await.expect("an organisation");
        let mut after = before.org.clone();
        after.teams.get_mut(team).expect("a team").leads = vec![user.to_owned()];
        self.advance(1);
        store.apply_org(&before, after, self.clock.now()).await.expect("stored");
    }

    /// Polls until it holds; the one place where tests wait for something that gives no sign.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = tokio::time::Instant::now() + WAIT;
        while !holds().await {
            assert!(tokio::time::Instant::now() < deadline, "not within {WAIT:?}: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Calls of a Web API method that Slack heard.
    pub fn heard(&self, method: &str) -> usize {
        self.slack.calls().iter().filter(|call| call.method == method).count()
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let app = Arc::clone(&self.app);
        let drained = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let drained = app.tasks.drain(Duration::from_secs(10)).await;
                app.store.close().await;
                drained
            })
        });
        self.servers.abort_all();
        if std::thread::panicking() {
            return;
        }
        assert!(drained, "{} tasks did not end", app.tasks.running());
        assert_eq!(app.metrics.panics(), 0, "something panicked");
        let unread: Vec<String> = self.slack.unread().into_iter().map(|message| message.text).collect();
        assert!(unread.is_empty(), "nobody read: {unread:?}");
    }
}

async fn serve(servers: &mut JoinSet<()>, router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    servers.spawn(async move { axum::serve(listener, router).await.expect("serves") });
    url
}

fn config(slack: &Workspace, database: &Database, transport: Transport, settings: &[(&str, &str)]) -> Config {
    let options = slack.options();
    let mut vars: BTreeMap<String, String> = [
        ("PACER_DATABASE_URL", database.url.as_str()),
        ("PACER_KEY_DIR", &database.path("keys")),
        ("SLACK_API_URL", &slack.api_url()),
        ("SLACK_BOT_TOKEN", &options.bot_token),
        ("SLACK_SIGNING_SECRET", &options.signing_secret),
        ("PACER_EVENTS_TOKEN", TOKEN),
        ("PACER_GITHUB_SECRET", GITHUB_SECRET),
        ("PACER_RATE_LIMIT", "off"),
        ("PACER_ADMINS", "U0ANA"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    if transport == Transport::Socket {
        vars.insert("SLACK_APP_TOKEN".to_owned(), options.app_token.clone());
    }
    vars.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Config::from_vars(vars).expect("settings")
}

async fn answer_of(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The Slack id of a person of the sample workspace: `ana` is `U0ANA`.
pub fn id(person: &str) -> String {
    if person.starts_with('U') { person.to_owned() } else { format!("U0{}", person.to_uppercase()) }
}

/// The labels of all buttons.
pub fn labels(blocks: &[Value]) -> Vec<String> {
    let elements = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
    elements
        .filter(|element| element["type"] == "button")
        .filter_map(|element| Some(element["text"]["text"].as_str()?.to_owned()))
        .collect()
}

/// Block and action of the button with that label.
fn button(blocks: &Value, label: &str) -> (String, String) {
    for block in blocks.as_array().into_iter().flatten() {
        for element in block["elements"].as_array().into_iter().flatten().chain([&block["accessory"]]) {
            if element["text"]["text"] == label {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                return (text(&block["block_id"]), text(&element["action_id"]));
            }
        }
    }
    panic!("no button {label} in {blocks}")
}
