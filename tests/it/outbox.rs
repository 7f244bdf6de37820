//! What pacer says by itself: each message once, in order, at Slack's pace, through outages, crashes, replicas and channels that go.
//!
//! The senders here are stepped by hand on a clock that the test sets; one story has the real program, killed in the middle.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pacer::app::App;
use pacer::clock::Clock;
use pacer::config::Config;
use pacer::domain::card::{Card, Line};
use pacer::domain::post::{Post, Said};
use pacer::domain::subscription::{Due, State, Subscription};
use pacer::domain::time::{At, DAY, HOUR, SECOND};
use pacer::error::Failure;
use pacer::features::{Cx, Subscribed};
use pacer::sandbox::{self, Channel, Fault, Message, Options, Workspace};
use pacer::schedule;
use pacer::slack::outbox::{PACE, step};
use pacer::slack::outbox::stops::channel_gone;
use pacer::store::outbox::{Depth, WORKSPACE};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::harness::binary::Pacer;
use crate::harness::database::Database;
use crate::harness::{Harness, NOW, Transport};

/// A workspace, a database, and as many replicas as the test opens. None of them runs by itself.
struct World {
    slack: Workspace,
    clock: Clock,
    database: Database,
    _servers: JoinSet<()>,
}

const HISTORY: &[&str] = &["channels:history", "groups:history"];

impl World {
    async fn new(scopes: &[&str]) -> Self {
        let clock = Clock::standing(At::parse(NOW).expect("an instant"));
        let ticking = clock.clone();
        Self::on(Database::new(), clock, scopes, |options| options.now = Arc::new(move || ticking.now())).await
    }

    async fn on(database: Database, clock: Clock, scopes: &[&str], change: impl FnOnce(&mut Options)) -> Self {
        pacer::app::install_tls();
        let ticking = clock.clone();
        let mut options = Options::new(Arc::new(move || ticking.now()));
        options.one_message_a_second = true;
        options.scopes.extend(scopes.iter().map(|scope| (*scope).to_owned()));
        change(&mut options);
        let slack = Workspace::new(options).expect("a workspace");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        slack.at(&format!("http://{}", listener.local_addr().expect("bound")));
        let mut servers = JoinSet::new();
        let router = sandbox::router(slack.clone()).into_make_service_with_connect_info::<SocketAddr>();
        servers.spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { slack, clock, database, _servers: servers }
    }

    /// A replica.
    async fn app(&self) -> Arc<App> {
        let vars = [
            ("PACER_DATABASE_URL", self.database.url.clone()),
            ("SLACK_API_URL", self.slack.api_url()),
            ("SLACK_BOT_TOKEN", self.slack.options().bot_token.clone()),
            ("SLACK_SIGNING_SECRET", self.slack.options().signing_secret.clone()),
        ];
        let config = Config::from_vars(vars.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()).expect("settings");
        App::open(config, self.clock.clone()).await.expect("pacer opens")
    }

    /// Steps until nothing leaves any more, a second each time; how many seconds it took.
    async fn drain(&self, app: &App) -> i64 {
        for second in 0..600 {
            step(app).await.expect("steps");
            if depth(app).await.waiting == 0 {
                return second;
            }
            self.clock.advance(SECOND);
        }
        panic!("it does not end: {:?}", depth(app).await);
    }

    fn texts(&self, channel: &str) -> Vec<String> {
        self.slack.standing(channel).into_iter().map(|message| message.text).collect()
    }

    fn heard(&self, method: &str) -> usize {
        self.slack.calls().iter().filter(|call| call.method == method).count()
    }
}

async fn depth(app: &App) -> Depth {
    app.store.outbox_depth(app.clock.now()).await.expect("counts")
}

fn post(key: &str, channel: &str, thread_of: Option<&str>, text: &str) -> Post {
    let card = Card { title: key.into(), verdict: Line::plain(text), ..Card::default() };
    Post { key: key.into(), channel: channel.into(), thread_of: thread_of.map(str::to_owned), card, not_before: None }
}

async fn say(app: &App, posts: Vec<Post>) {
    let now = app.clock.now();
    app.store.say(App::wanted(posts, Some("s1"), now), now).await.expect("said");
}

fn subscription(id: &str, channel: &str, author: &str, crontab: &str, zone: &str, now: At) -> Subscription {
    Subscription {
        id: id.into(),
        kind: "digest".into(),
        channel: channel.into(),
        crontab: crontab.into(),
        zone: zone.parse().expect("a zone"),
        settings: json!({}),
        memory: json!(null),
        author: author.into(),
        created_at: now,
        changed_at: now,
        state: State::Active,
    }
}

/// Messages of pacer's by key, and how often each stands.
fn by_key(messages: &[Message]) -> std::collections::BTreeMap<String, u32> {
    let mut found = std::collections::BTreeMap::new();
    for message in messages {
        let metadata = message.metadata.as_ref().expect("metadata");
        assert_eq!(metadata["event_type"], "pacer_post");
        *found.entry(metadata["event_payload"]["key"].as_str().expect("a key").to_owned()).or_default() += 1;
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_gets_its_messages_in_order_one_a_second_and_edits_in_place() {
    let world = World::new(&[]).await;
    let app = world.app().await;
    let posts = vec![
        post("a", "C0PAYMENTS", None, "Digest."), post("a/details", "C0PAYMENTS", Some("a"), "Details."), post("b", "C0PAYMENTS", None, "Alert."),
        post("c", "C0SEARCH", None, "Other."), post("dm", "U0BEN", None, "Psst."),
    ];
    say(&app, posts.clone()).await;
    assert_eq!(step(&app).await.expect("steps"), 3, "one of each channel");
    assert_eq!(step(&app).await.expect("steps"), 0, "not within the second");
    assert_eq!(world.drain(&app).await, 2);
    let stands = world.slack.standing("payments");
    let thread: Vec<_> = stands.iter().map(|message| (message.text.contains("Digest."), message.thread_ts.as_ref() == Some(&stands[0].ts))).collect();
    assert_eq!(thread, [(true, false), (false, true), (false, false)]);
    assert_eq!(stands[0].metadata, Some(json!({"event_type": "pacer_post", "event_payload": {"key": "a", "revision": 1}})));
    assert_eq!((world.texts("search").len(), world.texts("D0BEN").len()), (1, 1));
    assert!(world.slack.calls().iter().all(|call| call.status == 200), "never too fast");
    say(&app, posts).await;
    assert_eq!(depth(&app).await.waiting, 0, "the same words change nothing");
    say(&app, vec![post("a", "C0PAYMENTS", None, "Digest, once more."), post("dm", "U0BEN", None, "Psst, psst.")]).await;
    world.clock.advance(SECOND);
    assert_eq!(world.drain(&app).await, 0);
    let edited = world.slack.standing("payments");
    assert!(edited.len() == 3 && edited[0].edited && edited[0].text.contains("once more") && edited[0].ts == stands[0].ts);
    assert_eq!((world.texts("D0BEN").len(), world.heard("conversations.open")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_obeyed_by_the_channel_or_by_all() {
    let world = World::new(&[]).await;
    let app = world.app().await;
    world.slack.fault("chat.postMessage", Fault::RateLimited(4));
    say(&app, vec![post("a", "C0PAYMENTS", None, "One."), post("b", "C0PAYMENTS", None, "Two.")]).await;
    step(&app).await.expect("steps");
    say(&app, vec![post("c", "C0SEARCH", None, "Other.")]).await;
    world.clock.advance(4 * SECOND - 1);
    step(&app).await.expect("steps");
    assert_eq!((world.texts("payments").len(), world.texts("search").len()), (0, 1), "the channel waits, others do not");
    world.clock.advance(1);
    step(&app).await.expect("steps");
    world.clock.advance(SECOND);
    step(&app).await.expect("steps");
    assert_eq!(world.slack.standing("payments").len(), 2);
    assert!(world.texts("payments")[0].contains("One."), "in order");
    world.slack.fault("chat.postMessage", Fault::RateLimited(30));
    say(&app, vec![post("d", "C0PAYMENTS", None, "Three.")]).await;
    world.clock.advance(SECOND);
    step(&app).await.expect("steps");
    say(&app, vec![post("e", "C0SEARCH", None, "Four.")]).await;
    world.clock.advance(29 * SECOND);
    step(&app).await.expect("steps");
    assert_eq!(world.texts("search").len(), 1, "a long pause is everybody's");
    world.clock.advance(SECOND);
    assert!(world.drain(&app).await < 5);
    assert_eq!((world.texts("search").len(), world.texts("payments").len()), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_down_for_a_day_delays_what_is_fresh_and_drops_what_is_stale() {
    for fault in [Fault::Status(503), Fault::Status(500), Fault::Reset] {
        let world = World::new(HISTORY).await;
        let app = world.app().await;
        world.slack.outage(Some(fault.clone()));
        let old: Vec<Post> = (0..40).map(|number| post(&format!("old{number}"), &format!("C0X{number}"), None, "Monday.")).collect();
        for number in 0..40 {
            world.slack.put_channel(Channel::public(&format!("C0X{number}"), &format!("x{number}"), true));
        }
        say(&app, old).await;
        let now = app.clock.now();
        let note = post("note", "U0BEN", None, "A note of pacer's own.");
        app.store.say(App::wanted(vec![note], None, now), now).await.expect("said");
        for _ in 0..24 * 20 {
            step(&app).await.expect("steps");
            world.clock.advance(180 * SECOND);
        }
        say(&app, vec![post("new", "C0SEARCH", None, "Tuesday.")]).await;
        let calls = world.slack.calls().len();
        assert!(calls < 500, "{calls} calls in a day");
        world.clock.advance(300 * SECOND);
        world.slack.outage(None);
        world.drain(&app).await;
        // Those that were under way when it began are in doubt: looked for, not found, and then as good as new.
        let doubted = (0..40).map(|number| world.slack.standing(&format!("x{number}")).len()).sum::<usize>();
        let depth = depth(&app).await;
        assert_eq!((depth.parked, depth.dropped as usize + doubted), (0, 40), "{fault:?}");
        assert!(doubted <= 16, "{doubted}");
        assert_eq!((world.texts("search").len(), world.texts("D0BEN").len()), (1, 1), "{fault:?}");
        assert_eq!(depth.held, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_looked_up_before_anything_is_repeated() {
    for (fault, taken) in [(Fault::ResetAfter, true), (Fault::Malformed, true), (Fault::Reset, false), (Fault::Status(502), false)] {
        for (channel, scopes, may_look) in [("C0PAYMENTS", HISTORY, true), ("C0PAYMENTS", &[][..], false), ("U0BEN", &[][..], true)] {
            let world = World::new(scopes).await;
            let app = world.app().await;
            world.slack.fault("chat.postMessage", fault.clone());
            say(&app, vec![post("a", channel, None, "Once."), post("a/details", channel, Some("a"), "Details.")]).await;
            step(&app).await.expect("steps");
            assert_eq!((world.slack.standing(channel).len(), depth(&app).await.waiting), (usize::from(taken), 2), "{fault:?}");
            world.clock.advance(20 * SECOND);
            let what = format!("{fault:?} in {channel} with {scopes:?}");
            if may_look {
                world.drain(&app).await;
                assert_eq!(by_key(&world.slack.standing(channel)).into_values().collect::<Vec<_>>(), [1, 1], "{what}");
                say(&app, vec![post("a", channel, None, "Twice.")]).await;
                world.clock.advance(SECOND);
                world.drain(&app).await;
                assert!(world.texts(channel)[0].contains("Twice."), "{what}: its name is known");
                continue;
            }
            world.drain(&app).await;
            let parked = app.store.parked().await.expect("reads");
            let told: Vec<_> = parked.iter().map(|it| (it.key.as_str(), it.may_stand)).collect();
            assert_eq!(told, [("a", true), ("a/details", false)], "{what}");
            assert!(parked[0].problem.contains("channels:history"), "{}", parked[0].problem);
            world.clock.advance(DAY);
            step(&app).await.expect("steps");
            assert_eq!(world.slack.standing(channel).len(), usize::from(taken), "{what}: nothing is sent by itself");
            assert!(app.store.resend("a", app.clock.now()).await.expect("sent again"));
            world.drain(&app).await;
            let stands = by_key(&world.slack.standing(channel));
            assert_eq!(stands.into_values().collect::<Vec<_>>(), [1 + u32::from(taken), 1], "{what}: as the admin wanted");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_of_a_send_leaves_one_message_or_one_that_is_parked() {
    for scopes in [HISTORY, &[]] {
        let world = World::new(scopes).await;
        let fresh = async || world.app().await; // after each crash
        say(&*fresh().await, vec![post("a", "C0PAYMENTS", None, "Once.")]).await;
        // Said, not claimed.
        let app = fresh().await;
        world.drain(&app).await;
        assert_eq!(world.texts("payments").len(), 1);
        // Claimed, not called; and called, accepted, not marked.
        for (key, accepted) in [("b", false), ("c", true)] {
            world.clock.advance(SECOND);
            let dies = fresh().await;
            say(&dies, vec![post(key, "C0SEARCH", None, "Once.")]).await;
            let claim = dies.store.claim_messages(PACE, 1, dies.clock.now()).await.expect("claims").remove(0);
            if accepted {
                let body = json!({"channel": "C0SEARCH", "text": "Once.", "metadata": {"event_type": "pacer_post", "event_payload": {"key": claim.key, "revision": 1}}});
                dies.slack.client.call_single("chat.postMessage", &body).await.expect("accepted");
            }
            drop(dies);
            let app = fresh().await;
            step(&app).await.expect("steps");
            assert_eq!(world.slack.standing("search").len(), usize::from(accepted) + usize::from(accepted && scopes.len() > 1), "its claim lives still");
            world.clock.advance(60 * SECOND);
            world.drain(&app).await;
            let count = by_key(&world.slack.standing("search")).get(key).copied().unwrap_or_default();
            let parked = app.store.parked().await.expect("reads").iter().any(|it| it.key == key);
            assert_eq!((count, parked), if scopes.is_empty() { (u32::from(accepted), true) } else { (1, false) }, "{key} {scopes:?}");
        }
        // Marked.
        let calls = world.heard("chat.postMessage");
        world.clock.advance(DAY);
        let app = fresh().await;
        world.drain(&app).await;
        assert_eq!(world.heard("chat.postMessage"), calls);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_paused_for_a_minute_repeats_nothing() {
    let world = World::new(&[]).await;
    let (slow, other) = (world.app().await, world.app().await);
    say(&slow, vec![post("a", "U0BEN", None, "Once.")]).await;
    world.slack.fault("conversations.open", Fault::Late(Duration::from_millis(700)));
    let paused = async { step(&slow).await.expect("steps") };
    let meanwhile = async {
        while world.heard("conversations.open") == 0 && depth(&other).await.oldest.is_some() && world.database.count("outbox where state = 'sending'") == 0 {
            tokio::task::yield_now().await;
        }
        world.clock.advance(61 * SECOND);
        step(&other).await.expect("steps")
    };
    let (first, second) = tokio::join!(paused, meanwhile);
    assert_eq!((first, second), (1, 1), "both had it");
    assert_eq!(by_key(&world.slack.standing("D0BEN")).into_values().collect::<Vec<_>>(), [1]);
    assert_eq!(world.heard("chat.postMessage"), 1, "whoever was paused called nobody");
    assert_eq!(depth(&slow).await.waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_race_and_nothing_is_doubled_lost_or_out_of_order() {
    let world = World::new(HISTORY).await;
    let (one, two) = (world.app().await, world.app().await);
    let channels: Vec<String> = (0..12).map(|number| format!("C0Y{number:02}")).collect();
    for channel in &channels {
        world.slack.put_channel(Channel::public(channel, &channel.to_lowercase(), true));
    }
    let posts = (0..4).flat_map(|round| channels.iter().map(move |channel| post(&format!("{channel}/{round}"), channel, None, &format!("{round}."))));
    say(&one, posts.collect()).await;
    for _ in 0..3 {
        world.slack.fault("chat.postMessage", Fault::ResetAfter);
        world.slack.fault("chat.postMessage", Fault::RateLimited(2));
    }
    for _ in 0..200 {
        let (first, second) = tokio::join!(step(&one), step(&two));
        first.and(second).expect("both step");
        if depth(&one).await.waiting == 0 {
            break;
        }
        world.clock.advance(SECOND);
    }
    assert_eq!(depth(&one).await, Depth::default());
    for channel in &channels {
        let stands: Vec<String> = world.slack.standing(channel).iter().map(|message| message.metadata.as_ref().expect("ours")["event_payload"]["key"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(stands, (0..4).map(|round| format!("{channel}/{round}")).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_goes_stops_its_subscriptions_with_one_note() {
    for (why, go) in [("is_archived", Workspace::archive as fn(&Workspace, &str)), ("not_in_channel", Workspace::remove_app), ("channel_not_found", Workspace::delete_channel)] {
        let world = World::new(&[]).await;
        let app = world.app().await;
        let now = app.clock.now();
        for it in [
            subscription("s1", "C0PAYMENTS", "U0BEN", "0 9 * * mon", "UTC", now),
            subscription("s2", "C0PAYMENTS", "U0BEN", "30 8 * * 1-5", "UTC", now),
            subscription("s3", "C0SEARCH", "U0BEN", "0 9 * * mon", "UTC", now),
        ] {
            app.store.keep_subscription(it).await.expect("kept");
        }
        say(&app, vec![post("stands", "C0PAYMENTS", None, "Before.")]).await;
        world.drain(&app).await;
        go(&world.slack, "C0PAYMENTS");
        say(&app, vec![post("a", "C0PAYMENTS", None, "One."), post("b", "C0PAYMENTS", None, "Two."), post("c", "C0SEARCH", None, "Other.")]).await;
        world.clock.advance(SECOND);
        world.drain(&app).await;
        channel_gone(&app, "C0PAYMENTS", why).await.expect("an event says so once more");
        world.drain(&app).await;
        let told = world.texts("D0BEN");
        assert_eq!(told.len(), 2, "one for each that stopped: {told:?}");
        assert!(told[0].contains("Mondays at 09:00") && told[1].contains("weekdays at 08:30") && told[0].contains("/metrics digest"), "{told:?}");
        let states: Vec<State> = app.store.subscriptions().await.expect("reads").into_iter().map(|it| it.state).collect();
        let stopped = State::Stopped { why: why.into() };
        assert_eq!(states, [stopped.clone(), stopped, State::Active]);
        assert_eq!((depth(&app).await.dropped, world.texts("search").len()), (2, 1));
        // Gone on with, and gone once more: another note.
        world.clock.advance(HOUR);
        app.store.keep_subscription(subscription("s1", "C0PAYMENTS", "U0BEN", "0 9 * * mon", "UTC", app.clock.now())).await.expect("kept");
        say(&app, vec![post("d", "C0PAYMENTS", None, "Three.")]).await;
        world.drain(&app).await;
        assert_eq!(world.texts("D0BEN").len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_the_token_drops_nothing_and_ends_by_itself() {
    let world = World::new(&[]).await;
    let app = world.app().await;
    app.store.keep_subscription(subscription("s1", "C0PAYMENTS", "U0BEN", "0 9 * * mon", "UTC", app.clock.now())).await.expect("kept");
    world.slack.refuse_token(Some("token_revoked"));
    say(&app, vec![post("a", "C0PAYMENTS", None, "One."), post("b", "C0SEARCH", None, "Two.")]).await;
    for _ in 0..60 {
        step(&app).await.expect("steps");
        world.clock.advance(60 * SECOND);
    }
    assert!(world.heard("chat.postMessage") <= 2 && world.heard("auth.test") >= 9, "{} posts, {} looks", world.heard("chat.postMessage"), world.heard("auth.test"));
    let waits = depth(&app).await;
    assert_eq!((waits.waiting, waits.parked, waits.dropped, waits.held.as_deref()), (2, 0, 0, Some("Slack answered `token_revoked`.")));
    assert_eq!(app.slack.connection().as_str(), "refused");
    assert_eq!(app.store.subscription("s1").await.expect("reads").expect("there").state, State::Active);
    world.slack.refuse_token(None);
    world.clock.advance(300 * SECOND);
    assert!(world.drain(&app).await < 3);
    assert_eq!((world.texts("payments").len(), world.texts("search").len(), app.slack.connection().as_str()), (1, 1, "connected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_does_not_edit_stays_and_what_it_refuses_is_parked_until_it_has_other_words() {
    let world = World::new(&[]).await;
    let app = world.app().await;
    for error in ["message_not_found", "edit_window_closed", "cant_update_message"] {
        say(&app, vec![post(error, "C0PAYMENTS", None, "One.")]).await;
        world.drain(&app).await;
        world.slack.fault("chat.update", Fault::Error(error.into()));
        say(&app, vec![post(error, "C0PAYMENTS", None, "Two.")]).await;
        world.clock.advance(SECOND);
        world.drain(&app).await;
        world.clock.advance(SECOND);
        assert_eq!(depth(&app).await, Depth::default(), "{error}");
    }
    world.slack.fault("chat.postMessage", Fault::Error("invalid_blocks".into()));
    say(&app, vec![post("x", "C0SEARCH", None, "One.")]).await;
    world.drain(&app).await;
    assert_eq!((depth(&app).await.parked, world.texts("search").len()), (1, 0));
    say(&app, vec![post("x", "C0SEARCH", None, "Two.")]).await;
    world.clock.advance(SECOND);
    world.drain(&app).await;
    assert_eq!((depth(&app).await.parked, world.texts("search").len()), (0, 1));
}
