//! The attacks on the whole of pacer: presses over both transports, reminders, logs, what others see. Each first succeeds on what most
//! people would write.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use pacer::app::App;
use pacer::clock::Clock;
use pacer::config::Config;
use pacer::features::pulse::answer::Round;
use pacer::features::{self, Reply, home};
use pacer::sandbox::{self, Call, Fault, Message, Options, Workspace};
use pacer::slack::outbox::step;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite;

use super::naive::Naive;
use super::*;
use crate::harness::binary::{Pacer, Served};
use crate::harness::forms::{form, updated};
use crate::harness::waves::{self, WAVE};
use crate::harness::{BOTH, Harness, NOW as BEGINS, Transport, id};

const SEVEN: [&str; 7] = ["ana", "ben", "chen", "daria", "elif", "finn", "gita"];
const WAIT: Duration = Duration::from_secs(20);

/// The payload of the last press or form that pacer heard.
fn payload(t: &Harness) -> Value {
    t.slack.calls().into_iter().rfind(|call: &Call| call.method == "ack").expect("a press").body
}

/// Sends a payload as Slack would, signed; its status.
async fn send(t: &Harness, payload: &Value) -> u16 {
    let body = serde_urlencoded::to_string([("payload", payload.to_string())]).expect("a form");
    let now = t.clock.now().0 / 1_000_000;
    let (stamp, signature) = (now.to_string(), t.slack.sign(now, &body));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-slack-request-timestamp", stamp.as_str()),
        ("x-slack-signature", signature.as_str()),
    ];
    t.post("/slack/interactions", &headers, body).await.0
}

async fn rated_by(t: &Harness, person: &str) -> BTreeMap<String, Option<u8>> {
    t.marked(person).await.ratings.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_12_a_press_twice_replayed_or_from_two_windows_is_one_ballot() {
    let naive = Naive::new().await;
    naive.submit("U1", 5, "").await;
    naive.submit("U1", 5, "").await;
    assert_eq!(naive.texts("select cast(count(*) as text) from answer").await, ["2"]);

    for transport in BOTH {
        let t = Harness::on(transport).await;
        let wave = waves::launched(&t.app, "pulse", &SEVEN).await;
        let asked = t.invited(&wave, "ben").await;
        // Twice at once, and once more from what was recorded on the way.
        let (one, two) = tokio::join!(t.slack.press("U0BEN", &asked, "Satisfied"), t.slack.press("U0BEN", &asked, "Satisfied"));
        assert!(one.is_ok() && two.is_ok());
        let replayed = payload(&t);
        assert_eq!(send(&t, &replayed).await, 200);
        t.until("three outcomes are shown", async || t.heard("response_url") == 3).await;
        while t.slack.next_message(Duration::ZERO).await.is_some() {}
        assert_eq!((t.database.count("ballot"), rated_by(&t, "ben").await.len()), (1, 1));
        // Two windows: each adds what was touched in it, and the last word on a question counts.
        let ids: Vec<&str> = wave.rules.items.iter().map(|item| item.id.as_str()).collect();
        let overview = t.slash("ben", "pulse").await;
        t.press(&overview, "Change").await;
        let window = form(&t, "ben", "survey_page").await;
        updated(t.submit(&window, &[(ids[1], "2")]).await);
        let forms = payload(&t);
        assert_eq!(send(&t, &forms).await, 200);
        let mut first = forms.clone();
        let values = first.pointer_mut("/view/state/values").and_then(Value::as_object_mut).expect("values");
        *values = serde_json::Map::from_iter([
            (ids[1].to_owned(), json!({"value": {"type": "radio_buttons", "selected_option": null}})),
            (ids[2].to_owned(), json!({"value": {"type": "radio_buttons", "selected_option": {"value": "5"}}})),
        ]);
        assert_eq!(send(&t, &first).await, 200);
        let expect = [(ids[0], 4), (ids[1], 2), (ids[2], 5)].map(|(item, value)| (item.to_owned(), Some(value)));
        assert_eq!(rated_by(&t, "ben").await, BTreeMap::from(expect), "an untouched question of another window takes nothing back");
        assert_eq!(t.database.count("ballot"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_16_whoever_is_not_asked_or_not_of_this_workspace_stores_nothing() {
    let naive = Naive::new().await;
    for stranger in ["UOUTSIDE", "UBOT", "UGONE"] {
        naive.submit(stranger, 5, "").await;
    }
    assert_eq!(naive.texts("select cast(count(*) as text) from answer").await, ["3"]);

    for transport in BOTH {
        let t = Harness::on(transport).await;
        // Ana is not asked; of bots and of who is deactivated the launch asks nobody.
        let wave = waves::launched(&t.app, "pulse", &SEVEN[1..]).await;
        let asked = t.invited(&wave, "ben").await;
        t.press_as("ben", &asked, "Satisfied").await;
        t.next_message().await;
        let mine = payload(&t);
        for stranger in ["U0ANA", "U0PACER", "USLACKBOT", "U0DEACTIVATED", ""] {
            let mut forged = mine.clone();
            forged["user"]["id"] = json!(stranger);
            assert_eq!(send(&t, &forged).await, 200);
            let told = t.next_message().await;
            assert!(told.text.contains("You are not among those asked this time, so nothing was stored."), "{stranger}: {}", told.text);
        }
        let mut other = mine.clone();
        other["team"]["id"] = json!("T0OTHER");
        other["user"] = json!({"id": "U0CHEN", "team_id": "T0OTHER"});
        assert_eq!(send(&t, &other).await, 403);
        let body = serde_urlencoded::to_string([("payload", mine.to_string())]).expect("a form");
        assert_eq!(t.post("/slack/interactions", &[("content-type", "application/x-www-form-urlencoded")], body).await.0, 401);
        for value in ["w1 overall_satisfied 6", "w1 no_such_question 3", "w1", "", "w9 overall_satisfied 3"] {
            let mut odd = mine.clone();
            odd["actions"][0]["value"] = json!(value);
            assert_eq!(send(&t, &odd).await, 200);
            t.next_message().await;
        }
        assert_eq!((t.database.count("ballot"), rated_by(&t, "ben").await.len()), (1, 1));
        assert!(t.waits_for("chen").await);
    }
}

/// A workspace and pacer, which does nothing by itself.
struct Still {
    slack: Workspace,
    app: Arc<App>,
    clock: Clock,
    database: Database,
    _servers: JoinSet<()>,
}

impl Still {
    async fn new(clock: Clock) -> Self {
        pacer::app::install_tls();
        let ticking = clock.clone();
        let slack = Workspace::new(Options::new(Arc::new(move || ticking.now()))).expect("a workspace");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        slack.at(&format!("http://{}", listener.local_addr().expect("bound")));
        let mut servers = JoinSet::new();
        let router = sandbox::router(slack.clone()).into_make_service_with_connect_info::<SocketAddr>();
        servers.spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let database = Database::new();
        let settings = settings(&slack, &database).into_iter().collect();
        let app = App::open(Config::from_vars(settings).expect("settings"), clock.clone()).await.expect("opens");
        Self { slack, app, clock, database, _servers: servers }
    }

    /// A wave of seven, of whom the first three have answered; a reminder for each is in the outbox.
    async fn half_answered(&self) {
        let wave = waves::launched(&self.app, "pulse", &SEVEN).await;
        for person in &SEVEN[..3] {
            let ratings = BTreeMap::from([("overall_satisfied".to_owned(), Some(4))]);
            let marked = Marked { ratings, texts: BTreeMap::new() };
            assert_eq!(self.app.store.cast(&self.app.keys, WAVE, &id(person), marked).await.expect("stored"), Ok(()));
        }
        let now = self.clock.now();
        let posts = SEVEN.iter().map(|person| waves::post(&wave, person, Round::Reminder { last: true })).collect();
        self.app.store.say(App::wanted(posts, None, now), now).await.expect("said");
    }

    /// Who was written to, in the order of names.
    async fn written_to(&self) -> Vec<String> {
        let mut written = BTreeSet::new();
        while let Some(message) = self.slack.next_message(Duration::ZERO).await {
            assert!(message.text.contains("the last of two reminders"), "{}", message.text);
            written.insert(message.channel);
        }
        written.into_iter().collect()
    }

    /// All rows of the outbox's tables, without what names the person.
    fn rows(&self) -> BTreeSet<String> {
        let columns = "coalesce(cast(subscription as text), '-'), coalesce(thread_of, '-'), body, revision, sent_revision, coalesce(place, '-'), \
            coalesce(ts, '-'), state, not_before, said_at, coalesce(sent_at, -1), tries, coalesce(claimed_at, -1), coalesce(asked_at, -1), fence, \
            coalesce(problem, '-'), reminds_of";
        let texts = |columns: &str, from: &str| {
            let columns: Vec<String> = columns.split(", ").map(str::to_owned).collect();
            // A comma within a call belongs to it.
            let mut whole: Vec<String> = Vec::new();
            for column in columns {
                match whole.last_mut() {
                    Some(last) if last.matches('(').count() > last.matches(')').count() => *last = format!("{last}, {column}"),
                    _ => whole.push(column),
                }
            }
            let columns: Vec<String> = whole.iter().map(|column| format!("cast({column} as text)")).collect();
            self.database.texts(&format!("select {} from {from}", columns.join(" || '|' || ")))
        };
        let mut all: BTreeSet<String> = texts(columns, "outbox").into_iter().collect();
        all.extend(texts("coalesce(place, '-'), free_at, strikes, coalesce(problem, '-')", "outbox_channel where channel <> ''"));
        all
    }
}

fn settings(slack: &Workspace, database: &Database) -> Vec<(String, String)> {
    let options = slack.options();
    let vars = [
        ("PACER_DATABASE_URL", database.url.clone()),
        ("PACER_KEY_DIR", database.path("keys")),
        ("SLACK_API_URL", slack.api_url()),
        ("SLACK_BOT_TOKEN", options.bot_token.clone()),
        ("SLACK_SIGNING_SECRET", options.signing_secret.clone()),
    ];
    vars.map(|(name, value)| (name.to_owned(), value)).into()
}

fn standing() -> Clock {
    Clock::standing(At::parse(BEGINS).expect("an instant"))
}

const UNANSWERED: [&str; 4] = ["D0DARIA", "D0ELIF", "D0FINN", "D0GITA"];

#[tokio::test(flavor = "multi_thread")]
async fn attack_15_the_outbox_is_no_list_of_who_has_not_answered() {
    // Naive: an ordinary message to each who has not answered. The rows are the list.
    let naive = Still::new(standing()).await;
    naive.half_answered().await;
    naive.database.execute("update outbox set reminds_of = null");
    naive.database.execute("delete from outbox where channel in ('U0ANA', 'U0BEN', 'U0CHEN')");
    step(&naive.app).await.expect("steps");
    naive.written_to().await;
    assert_eq!(naive.database.texts("select channel from outbox where ts is not null order by 1").len(), 4, "each by name");

    // Ours, where all goes well, where Slack fails on some in each of its ways, and where it is away.
    let faults: [&[Fault]; 3] = [
        &[],
        &[Fault::Status(500), Fault::RateLimited(30)],
        &[Fault::Error("user_not_found".into()), Fault::Reset, Fault::ResetAfter, Fault::Error("invalid_auth".into())],
    ];
    for faults in faults {
        let still = Still::new(standing()).await;
        still.half_answered().await;
        for fault in faults {
            still.slack.fault("chat.postMessage", fault.clone());
        }
        assert_eq!(step(&still.app).await.expect("steps"), 7);
        let written = still.written_to().await;
        let lost = faults.iter().filter(|fault| **fault != Fault::ResetAfter).count();
        assert_eq!(written.len(), 4 - lost, "{faults:?}");
        assert!(written.iter().all(|channel| UNANSWERED.contains(&channel.as_str())));
        assert_eq!(still.rows().len(), 2, "one row of the outbox, one of its channels, whoever it is: {:?}", still.rows());
        assert!(still.app.store.hold_of("").await.expect("read").is_none(), "nor does the workspace wait");
        // Nothing of it is tried again, and nothing is left to do.
        still.clock.advance(600_000_000);
        assert_eq!(step(&still.app).await.expect("steps"), 0);
        assert!(still.written_to().await.is_empty());
        // No counter tells of a call.
        assert!(!still.app.metrics.text().contains("chat.postMessage"), "{}", still.app.metrics.text());
    }
    // A wave that is over.
    let still = Still::new(standing()).await;
    still.half_answered().await;
    assert!(still.app.store.close_wave(&still.app.keys, WAVE, still.clock.now()).await.expect("closed").is_ok());
    assert_eq!(step(&still.app).await.expect("steps"), 7);
    assert!(still.written_to().await.is_empty() && still.rows().len() == 2);
}

/// The real program.
fn serve(still: &Still, more: &[(&str, &str)]) -> (Served, Pacer) {
    let pacer = Pacer::on(Database::sqlite());
    let settings = settings(&still.slack, &still.database);
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(more);
    (pacer.serve_with(&all), pacer)
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_15_killed_inside_its_sends_the_outbox_tells_nothing_either() {
    let still = Still::new(Clock::real()).await;
    still.half_answered().await;
    for _ in 0..4 {
        still.slack.fault("chat.postMessage", Fault::Late(Duration::from_mins(1)));
    }
    let (served, _pacer) = serve(&still, &[]);
    let mut written = BTreeSet::new();
    while written.len() < 4 {
        written.insert(still.slack.next_message(WAIT).await.expect("Slack took it").channel);
    }
    served.kill();
    assert!(written.iter().all(|channel| UNANSWERED.contains(&channel.as_str())));
    assert_eq!(still.rows().len(), 2, "{:?}", still.rows());
    // A kill before the row was settled: it is taken over, whoever it is, and ends the same.
    still
        .database
        .execute("update outbox set state = 'sending', sent_at = null, claimed_at = claimed_at - 60000000, asked_at = claimed_at");
    let (served, _pacer) = serve(&still, &[]);
    let deadline = tokio::time::Instant::now() + WAIT;
    while still.database.count("outbox where state = 'sent'") < 7 {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", still.rows());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(served.terminate().0, Some(0));
    assert_eq!(still.rows().len(), 2, "{:?}", still.rows());
}

/// Everything that the real program says at TRACE while a person answers over one transport.
async fn traced(transport: Transport) -> String {
    let still = Still::new(Clock::real()).await;
    let full = waves::launched(&still.app, "full", &SEVEN).await;
    let now = still.clock.now();
    // With five buttons, so that one person both taps and writes.
    let posts = vec![waves::post(&NewWave { survey: "pulse".into(), ..full }, "ben", Round::Invitation)];
    still.app.store.say(App::wanted(posts, None, now), now).await.expect("said");
    let pacer = Pacer::on(Database::sqlite());
    let log = pacer.database.path("log");
    let mut command = pacer.command(&["serve"]);
    command.envs(settings(&still.slack, &still.database));
    // The most that anybody could ask for.
    command.env("PACER_LOG", "trace,tungstenite::protocol=trace,slack_morphism=trace,hyper=trace").env("PACER_LISTEN", "127.0.0.1:0");
    if transport == Transport::Socket {
        command.env("SLACK_APP_TOKEN", &still.slack.options().app_token);
    }
    command.stderr(File::create(&log).expect("a file")).stdout(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    let deadline = tokio::time::Instant::now() + WAIT;
    let url = loop {
        assert!(tokio::time::Instant::now() < deadline, "{}", read());
        if let Some(at) = read().find("127.0.0.1:").filter(|_| read().contains("pacer serves")) {
            let line = read();
            let address: String = line[at..].chars().take_while(|letter| letter.is_ascii_digit() || ".:".contains(*letter)).collect();
            break format!("http://{address}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    still.slack.app_at(&url);
    if transport == Transport::Socket {
        assert!(still.slack.connected(WAIT).await, "{}", read());
    }
    let asked: Message = still.slack.next_message(WAIT).await.expect("the invitation");
    while !read().contains("Slack knows the bot token") {
        assert!(tokio::time::Instant::now() < deadline, "{}", read());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A tap, as a pulse has it; then a page with a comment, and the page again with what stands in it.
    still.slack.press("U0BEN", &asked, "Very dissatisfied").await.expect("acknowledged");
    assert!(still.slack.next_message(WAIT).await.expect("the next question").text.contains("Question 2 of "));
    let overview = still.slack.slash("U0BEN", "general", "/metrics", "pulse").await.expect("answered").message.expect("a message");
    still.slack.press("U0BEN", &overview, "Change").await.expect("acknowledged");
    let page = still.slack.next_view("U0BEN", WAIT, |view| view.body["callback_id"] == "survey_page").await.expect("a page");
    let action = |view: &sandbox::View, field: &str| {
        let blocks = view.body["blocks"].as_array().expect("blocks").clone();
        let block = blocks.into_iter().find(|block| block["block_id"] == field).unwrap_or_else(|| panic!("{field} in {}", view.body));
        block["element"]["action_id"].as_str().expect("an id").to_owned()
    };
    let (rated, said) = (action(&page, "overall_satisfied:was"), action(&page, "overall_slowed"));
    let given = [
        ("overall_satisfied:was", rated.as_str(), sandbox::Choice::one("2")),
        ("overall_slowed", said.as_str(), sandbox::Choice::one(MARK)),
    ];
    let submitted = still.slack.submit_view("U0BEN", &page.id, &given).await.expect("acknowledged");
    assert!(matches!(submitted, sandbox::Submitted::Updated(_)), "{submitted:?}");
    still.slack.close_view("U0BEN").await.expect("closed");
    let overview = still.slack.slash("U0BEN", "general", "/metrics", "pulse").await.expect("answered").message.expect("a message");
    still.slack.press("U0BEN", &overview, "Change").await.expect("acknowledged");
    let has_mark = |view: &sandbox::View| view.body.to_string().contains(MARK);
    still.slack.next_view("U0BEN", WAIT, has_mark).await.expect("the page with what was marked");
    let marked = still.app.store.marked(&still.app.keys, WAVE, "U0BEN").await.expect("read").expect("asked");
    assert_eq!((marked.ratings["overall_satisfied"], marked.texts["overall_slowed"].as_str()), (Some(2), MARK));
    child.kill().expect("killed");
    child.wait().expect("gone");
    read()
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_20_the_program_at_trace_says_no_answer_over_either_transport() {
    // Naive: what the WebSocket's library says of each message at TRACE.
    let said = format!("Received message {}", tungstenite::Message::text(json!({"value": MARK}).to_string()));
    assert!(said.contains(MARK));

    for transport in BOTH {
        let log = traced(transport).await;

        assert!(log.contains("DEBUG sqlx::query") && log.contains("insert into ballot"), "it does log: {} bytes", log.len());
        for secret in [MARK.to_owned(), hex::encode(MARK), "selected_option".into(), hex::encode("selected_option"), "initial_value".into()]
        {
            let line = log.lines().find(|line| line.contains(&secret));
            assert!(line.is_none(), "{transport:?}, {secret}: {line:?}");
        }
        for told in ["overall_satisfied", "U0BEN", "survey_page"] {
            let line = log.lines().find(|line| line.contains(told));
            assert!(line.is_none(), "{transport:?}, {told}: {line:?}");
        }
    }
}

/// All that somebody can see of surveys.
async fn seen_by(t: &Harness, person: &str) -> String {
    let cx = t.app.cx(Some(t.app.asker(&id(person)))).await.expect("a context");
    let mut seen = vec![format!("{:?}", home::home(&cx).await.expect("a tab"))];
    for text in ["pulse", "pulse results", "pulse actions", "pulse perception", "health"] {
        seen.push(match features::answer(&cx, text).await {
            Ok(Reply::Card(card)) => format!("{card:?}"),
            Ok(Reply::Form(form)) => form.title,
            Err(error) => error.to_string(),
        });
    }
    seen.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_nothing_that_others_can_call_depends_on_whether_somebody_answered() {
    // Naive: "so many of so many have answered", asked before and after Ben was at his desk.
    let naive = Naive::new().await;
    let count = async || naive.texts("select cast(count(*) as text) from participation").await;
    let before = count().await;
    naive.submit("U0BEN", 5, "").await;
    assert_ne!(before, count().await);

    let t = Harness::http().await;
    let wave = waves::launched(&t.app, "pulse", &SEVEN).await;
    t.invited(&wave, "ben").await;
    let others = ["ana", "chen", "gita"];
    let mut before = Vec::new();
    for other in others {
        before.push(seen_by(&t, other).await);
    }
    let own = seen_by(&t, "ben").await;
    for label in ["Satisfied", "Leave this one out"] {
        let standing = t.slack.messages("U0BEN", "U0BEN").pop().expect("one");
        t.press_as("ben", &standing, label).await;
        t.next_message().await;
    }
    assert_eq!(t.database.count("ballot"), 1);
    for (other, before) in others.iter().zip(before) {
        assert_eq!(seen_by(&t, other).await, before, "{other} sees the same bytes");
    }
    assert_ne!(seen_by(&t, "ben").await, own, "Ben alone sees that his is done");
    // No counter of the program moved with it.
    assert!(!t.app.metrics.text().contains("survey_tap"), "a press that holds an answer is not counted");
}
