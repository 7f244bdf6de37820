//! What pacer says by itself: each message once, in order, at Slack's pace, through outages, crashes, replicas and channels that go.
//!
//! The senders here are stepped by hand on a clock that the test sets; one story has the real program, killed in the middle.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
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
use pacer::slack::outbox::stops::channel_gone;
use pacer::slack::outbox::{PACE, step};
use pacer::store::outbox::Depth;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::harness::binary::Pacer;
use crate::harness::database::Database;
use crate::harness::{Harness, NOW, labels};

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
    Post { key: key.into(), channel: channel.into(), thread_of: thread_of.map(str::to_owned), card, not_before: None, reminds_of: None }
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
        post("a", "C0PAYMENTS", None, "Digest."),
        post("a/details", "C0PAYMENTS", Some("a"), "Details."),
        post("b", "C0PAYMENTS", None, "Alert."),
        post("c", "C0SEARCH", None, "Other."),
        post("dm", "U0BEN", None, "Psst."),
    ];
    say(&app, posts.clone()).await;
    assert_eq!(step(&app).await.expect("steps"), 3, "one of each channel");
    assert_eq!(step(&app).await.expect("steps"), 0, "not within the second");
    assert_eq!(world.drain(&app).await, 2);
    let stands = world.slack.standing("payments");
    let thread: Vec<_> =
        stands.iter().map(|message| (message.text.contains("Digest."), message.thread_ts.as_ref() == Some(&stands[0].ts))).collect();
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
        assert_eq!((depth.parked, depth.dropped + doubted as u64), (0, 40), "{fault:?}");
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
            assert_eq!(
                world.slack.standing("search").len(),
                usize::from(accepted) + usize::from(accepted && scopes.len() > 1),
                "its claim lives still"
            );
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
        while world.heard("conversations.open") == 0
            && depth(&other).await.oldest.is_some()
            && world.database.count("outbox where state = 'sending'") == 0
        {
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
    let posts = (0..4)
        .flat_map(|round| channels.iter().map(move |channel| post(&format!("{channel}/{round}"), channel, None, &format!("{round}."))));
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
        let stands: Vec<String> = world
            .slack
            .standing(channel)
            .iter()
            .map(|message| message.metadata.as_ref().expect("ours")["event_payload"]["key"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(stands, (0..4).map(|round| format!("{channel}/{round}")).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_goes_stops_its_subscriptions_with_one_note() {
    for (why, go) in [
        ("is_archived", Workspace::archive as fn(&Workspace, &str)),
        ("not_in_channel", Workspace::remove_app),
        ("channel_not_found", Workspace::delete_channel),
    ] {
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
        say(
            &app,
            vec![post("a", "C0PAYMENTS", None, "One."), post("b", "C0PAYMENTS", None, "Two."), post("c", "C0SEARCH", None, "Other.")],
        )
        .await;
        world.clock.advance(SECOND);
        world.drain(&app).await;
        channel_gone(&app, "C0PAYMENTS", why).await.expect("an event says so once more");
        world.drain(&app).await;
        let told = world.texts("D0BEN");
        assert_eq!(told.len(), 2, "one for each that stopped: {told:?}");
        assert!(
            told[0].contains("Mondays at 09:00") && told[1].contains("weekdays at 08:30") && told[0].contains("/metrics digest"),
            "{told:?}"
        );
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
    assert!(
        world.heard("chat.postMessage") <= 2 && world.heard("auth.test") >= 9,
        "{} posts, {} looks",
        world.heard("chat.postMessage"),
        world.heard("auth.test")
    );
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
async fn a_message_on_which_slack_fails_each_time_is_given_to_a_person() {
    let world = World::new(HISTORY).await;
    let app = world.app().await;
    (0..20).for_each(|_| world.slack.fault("chat.postMessage", Fault::Status(500)));
    say(&app, vec![post("a", "C0PAYMENTS", None, "One.")]).await;
    world.drain(&app).await;
    let parked = app.store.parked().await.expect("reads");
    assert!(parked[0].problem.contains("failed on it 6 times") && parked[0].may_stand, "{parked:?}");
    assert_eq!(world.heard("chat.postMessage"), 6);
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_leaves_by_itself_and_events_tell_what_is_gone() {
    let t = Harness::http().await;
    let now = t.clock.now();
    t.app.store.keep_subscription(subscription("s1", "C0PAYMENTS", "U0BEN", "0 9 * * mon", "UTC", now)).await.expect("kept");
    say(&t.app, vec![post("a", "C0PAYMENTS", None, "One.")]).await;
    assert!(t.next_message().await.text.contains("One."));
    t.slack.archive("C0PAYMENTS");
    t.slack.event(json!({"type": "channel_archive", "channel": "C0PAYMENTS", "user": "U0ANA"})).await.expect("told");
    let note = t.next_message().await;
    assert!(note.channel == "D0BEN" && note.text.contains("the channel is archived"), "{}", note.text);
    t.slack.rename("C0SEARCH", "find");
    t.advance(SECOND);
    say(&t.app, vec![post("b", "C0SEARCH", None, "Two.")]).await;
    assert_eq!(t.next_message().await.channel, "C0SEARCH", "by its id");
    t.slack.event(json!({"type": "tokens_revoked", "tokens": {"oauth": ["U0ANA"]}})).await.expect("told");
    t.slack.event(json!({"type": "app_uninstalled"})).await.expect("told");
    t.until("messages wait", async || depth(&t.app).await.held.is_some()).await;
    say(&t.app, vec![post("c", "C0SEARCH", None, "Three.")]).await;
    t.advance(60 * SECOND);
    let health = t.ask("health").await["findings"].to_string();
    assert!(health.contains("waiting_messages"), "{health}");
    let metrics = t.client.get(format!("{}/metrics", t.url)).send().await.expect("an answer").text().await.expect("a text");
    assert!(
        metrics.contains("pacer_outbox_messages{state=\"waiting\"} 1") && metrics.contains("pacer_outbox_oldest_seconds 60"),
        "{metrics}"
    );
    t.advance(300 * SECOND);
    step(&t.app).await.expect("steps");
    assert!(t.next_message().await.text.contains("Three."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_decides_of_what_is_in_doubt_in_health() {
    let t = Harness::http().await;
    t.slack.fault("chat.postMessage", Fault::ResetAfter);
    say(&t.app, vec![post("a", "C0PAYMENTS", None, "Once.")]).await;
    assert!(t.next_message().await.text.contains("Once."));
    t.until("it is in doubt", async || t.database.count("outbox where state = 'waiting' and asked_at is not null") == 1).await;
    t.advance(20 * SECOND);
    step(&t.app).await.expect("steps");
    let doctor = Pacer::on(Database::new());
    assert!(doctor.run(&["doctor"]).stdout.contains("none wait to be sent"));
    let seen = t.slash("chen", "health").await;
    assert!(
        seen.text.contains("1 message waits for an admin to decide") && !labels(&seen.blocks).contains(&"Send 1".to_owned()),
        "{}",
        seen.text
    );
    let seen = t.slash("ana", "health").await;
    t.press(&seen, "Drop 1").await;
    let after = t.next_message().await;
    assert!(!after.text.contains("for an admin to decide") && !labels(&after.blocks).contains(&"Drop 1".to_owned()), "{}", after.text);
    assert_eq!((t.app.store.parked().await.expect("reads").len(), t.slack.standing("payments").len()), (0, 1));
}

static DICE: AtomicI64 = AtomicI64::new(7);

fn roll(below: i64) -> i64 {
    let next = DICE
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |dice| Some((dice * 1_103_515_245 + 12_345) % 2_147_483_648))
        .expect("rolled");
    next / 65_536 % below
}

/// One message a slot; one run of twenty fails.
fn test_kind<'a>(_: &'a Cx, due: &'a Due) -> BoxFuture<'a, Result<Said, Failure>> {
    Box::pin(async move {
        if roll(20) == 0 {
            return Err(Failure::Ours(anyhow::anyhow!("a hiccup")));
        }
        let key = format!("{}/{}", due.subscription.id, due.at);
        Ok(Said { posts: vec![post(&key, &due.subscription.channel, None, "Due.")], memory: Some(json!(due.at)), quiet: None })
    })
}

const KINDS: &[Subscribed] = &[Subscribed { kind: "digest", grace: 12 * HOUR, describe: |_, _| "test".into(), run: test_kind }];

/// A year in four zones and through both jumps of each. Two replicas are stepped at random; one dies now and then with a slot or a
/// message in its hands, or is restarted; Slack loses answers, asks for pauses, fails. Each slot has one row and one message.
#[tokio::test(flavor = "multi_thread")]
async fn over_a_year_of_faults_each_slot_has_one_row_and_one_message() {
    let world = World::new(HISTORY).await;
    let begins = At::parse("2026-01-01T00:00:00Z").expect("an instant");
    world.clock.set(begins);
    let mut replicas = [world.app().await, world.app().await];
    let subscriptions = [
        subscription("berlin00", "C0PAYMENTS", "U0BEN", "0 9 * * mon", "Europe/Berlin", begins),
        subscription("newyork0", "C0SEARCH", "U0BEN", "30 2 * * sat,sun", "America/New_York", begins),
        subscription("cairo000", "C0PLATFORM", "U0BEN", "30 0 * * fri", "Africa/Cairo", begins),
        subscription("lordhowe", "C0GENERAL", "U0BEN", "15 2 * * sun", "Australia/Lord_Howe", begins),
    ];
    let mut slots: Vec<(At, &Subscription)> = Vec::new();
    for it in &subscriptions {
        replicas[0].store.keep_subscription(it.clone()).await.expect("kept");
        let crontab = pacer::domain::crontab::Crontab::parse(&it.crontab).expect("a crontab");
        slots.extend(crontab.slots(begins, it.zone).take_while(|at| at.since(begins) < 365 * DAY).map(|at| (at, it)));
    }
    slots.sort_by_key(|(at, _)| *at);
    let (mut died, mut looked) = (0, 0);
    for (at, it) in &slots {
        world.clock.set(at.plus(roll(600) * SECOND));
        if roll(15) == 0 {
            let now = world.clock.now();
            let _ =
                replicas[0].store.take_lease(&format!("digest/{}", it.id), *at, "dies", now.plus(60 * SECOND), now).await.expect("taken");
            died += 1;
        }
        match roll(8) {
            0 => world.slack.fault("chat.postMessage", Fault::ResetAfter),
            1 => world.slack.fault("chat.postMessage", Fault::RateLimited(1 + u32::try_from(roll(40)).expect("few"))),
            2 => world.slack.fault("chat.postMessage", Fault::Status(if roll(2) == 0 { 503 } else { 500 })),
            _ => {}
        }
        let restarted = usize::try_from(roll(2)).expect("few");
        if roll(12) == 0 {
            replicas[restarted] = world.app().await;
        }
        for _ in 0..200 {
            schedule::step_with(&replicas[usize::try_from(roll(2)).expect("few")], "a replica", &[], KINDS).await.expect("steps");
            if roll(12) == 0 {
                // Dies with a message in its hands: it was claimed, and nothing more.
                died += replicas[0].store.claim_messages(PACE, 1, world.clock.now()).await.expect("claims").len();
            }
            step(&replicas[usize::try_from(roll(2)).expect("few")]).await.expect("steps");
            let now = world.clock.now();
            if depth(&replicas[0]).await.waiting == 0
                && replicas[0].store.last_slots(now).await.expect("reads").get(&format!("digest/{}", it.id)) == Some(at)
            {
                break;
            }
            world.clock.advance(31 * SECOND);
        }
    }
    for it in &subscriptions {
        let of_it: Vec<At> = slots.iter().filter(|(_, other)| other.id == it.id).map(|(at, _)| *at).collect();
        let stands = by_key(&world.slack.standing(&it.channel));
        assert_eq!(stands, of_it.iter().map(|at| (format!("{}/{at}", it.id), 1)).collect(), "{}", it.id);
        let rows = replicas[0].store.outcomes(&format!("digest/{}", it.id), 100).await.expect("reads");
        assert!(rows.iter().all(|slot| slot.outcome.as_deref() == Some("said") && of_it.contains(&slot.due_at)), "{rows:?}");
    }
    looked += world.heard("conversations.history");
    assert_eq!(depth(&replicas[0]).await, Depth::default());
    let _ = writeln!(
        std::io::stderr(),
        "{} slots, {died} deaths in the middle, {looked} looks for messages in doubt, none parked",
        slots.len()
    );
    assert!(died > 20 && looked > 20);
}

/// The real program, killed after Slack took a message and before that was marked.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_slacks_yes_and_the_mark_the_message_is_found_again() {
    let world = World::on(Database::new(), Clock::real(), HISTORY, |_| {}).await;
    let app = world.app().await;
    let options = world.slack.options().clone();
    let settings = [
        ("SLACK_API_URL", world.slack.api_url()),
        ("SLACK_BOT_TOKEN", options.bot_token),
        ("SLACK_SIGNING_SECRET", options.signing_secret),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let pacer = Pacer::on(Database::sqlite());
    let url = world.database.url.clone();
    let settings = [settings, vec![("PACER_DATABASE_URL", url.as_str())]].concat();
    world.slack.fault("chat.postMessage", Fault::Late(Duration::from_mins(1)));
    say(&app, vec![post("a", "C0PAYMENTS", None, "Once."), post("a/details", "C0PAYMENTS", Some("a"), "Details.")]).await;
    let served = pacer.serve_with(&settings);
    assert!(world.slack.next_message(Duration::from_secs(20)).await.is_some(), "Slack took it");
    served.kill();
    assert_eq!(world.database.count("outbox where state = 'sending'"), 1);
    world.database.execute("update outbox set claimed_at = claimed_at - 60000000 where state = 'sending'"); // a minute later
    let served = pacer.serve_with(&settings);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while world.database.count("outbox where state = 'sent'") < 2 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{:?}",
            world.database.texts("select key || ' ' || state || ' ' || coalesce(problem, '') from outbox")
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(served.terminate().0, Some(0));
    assert_eq!(by_key(&world.slack.standing("payments")).into_values().collect::<Vec<_>>(), [1, 1]);
    assert_eq!(world.heard("conversations.history"), 1);
}

/// 1,000 channels due at one minute, one message a second each, one of twenty answered with 429. Prints what it took.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test --test it a_thousand_channels -- --ignored --nocapture"]
async fn a_thousand_channels_at_one_minute() {
    const CHANNELS: i64 = 1_000;
    let clock = Clock::standing(At::parse(NOW).expect("an instant"));
    let world = World::on(Database::new(), clock, HISTORY, |options| (options.limited_per_mille, options.seed) = (50, 11)).await;
    let (one, two) = (world.app().await, world.app().await);
    let nine = At::parse("2026-11-30T09:00:00Z").expect("an instant");
    for number in 0..CHANNELS {
        let id = format!("C{number:07}");
        world.slack.put_channel(Channel::public(&id, &id.to_lowercase(), true));
        let it = subscription(&format!("s{number:07}"), &id, "U0BEN", "0 9 * * mon", "UTC", world.clock.now());
        one.store.keep_subscription(it).await.expect("kept");
    }
    world.clock.set(nine);
    let began = std::time::Instant::now();
    while one.store.last_slots(nine).await.expect("reads").len() < usize::try_from(CHANNELS).expect("few") {
        let (first, second) = tokio::join!(schedule::step_with(&one, "one", &[], KINDS), schedule::step_with(&two, "two", &[], KINDS));
        first.and(second).expect("both step");
        world.clock.advance(30 * SECOND);
    }
    let (ran, said) = (began.elapsed(), world.clock.now());
    while depth(&one).await.waiting > 0 {
        let (first, second) = tokio::join!(step(&one), step(&two));
        first.and(second).expect("both step");
        world.clock.advance(SECOND / 10);
    }
    let took = world.clock.now().since(said);
    let calls = world.slack.calls();
    let refused = calls.iter().filter(|call| call.status == 429).count();
    let mut stands = 0;
    for number in 0..CHANNELS {
        let found = by_key(&world.slack.standing(&format!("C{number:07}")));
        assert!(found.values().all(|count| *count == 1), "doubled: {found:?}");
        stands += found.len();
    }
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
    let bound = (CHANNELS - PACE.burst) * PACE.workspace;
    let _ = writeln!(
        std::io::stderr(),
        "{stands} of {CHANNELS} stand, last after {} s of Slack's time (the budget alone: {} s), {refused} times 429; slots ran in {ran:?}, all of it took {:?}; {memory}",
        took / SECOND,
        bound / SECOND,
        began.elapsed()
    );
    assert_eq!(stands, usize::try_from(CHANNELS).expect("few"), "lost");
    assert!(took < bound + 20 * SECOND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_that_could_not_ask_by_day_does_not_ask_by_night() {
    let world = World::new(&[]).await;
    let app = world.app().await;
    let asked = world.clock.now();
    let reminder = Post { reminds_of: Some("w1".into()), ..post("survey/w1/U0BEN/1", "U0BEN", None, "Once more") };
    let posts = vec![post("survey/w1/U0BEN", "U0BEN", None, "How does it go?"), reminder, post("digest/x", "C0GENERAL", None, "News")];
    let posts = App::wanted(posts.into_iter().map(|it| Post { not_before: Some(asked), ..it }).collect(), None, asked);
    app.store.say(posts, asked).await.expect("said");
    let state = || world.database.texts("select key || ' ' || state || ' ' || not_before from outbox order by key");
    // pacer comes back eleven hours late, at night: the channel hears its news, the person sleeps.
    world.clock.set(asked.plus(11 * HOUR));
    world.drain(&app).await;
    let morning = At::parse("2026-11-24T10:00:00Z").expect("an instant").0;
    let waits = |key: &str| format!("{key} waiting {morning}");
    assert_eq!(state()[1..], [waits("survey/w1/U0BEN"), waits("survey/w1/U0BEN/1")]);
    assert!(state()[0].starts_with("digest/x sent"), "{:?}", state());
    world.clock.set(At(morning));
    world.drain(&app).await;
    assert!(state().iter().all(|row| row.contains(" sent ")), "{:?}", state());
}
