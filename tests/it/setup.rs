//! Setting up in Slack: an admin connects a service, a team and a channel; teams follow user groups; what is refused, and why.

use pacer::domain::time::{At, DAY, HOUR};
use pacer::features::{self, Effect, Press};
use pacer::sandbox::{Fault, Group, Message, Options, Person, Submitted};
use pacer::schedule;
use pacer::store::org::Author;
use serde_json::{Value, json};

use crate::harness::binary::Pacer;
use crate::harness::facts::{ORG, days_ago, lines, metric, sample, sha};
use crate::harness::forms::{self, form, initial, updated, words};
use crate::harness::{BOTH, Harness, NOW, Transport, id, labels};

/// Eight deployments of a repository that name no service, one a day.
fn mono() -> String {
    let deployment = |n: i64| {
        let at = days_ago(n).rfc3339();
        json!({"type": "deployment", "id": format!("m{n}"), "repository": "acme/mono", "status": "success", "finished_at": at, "commit": sha("mono", n)})
    };
    lines(&(1..=8).map(deployment).collect::<Vec<_>>())
}

/// The sentences under fields, as one text.
fn errors(submitted: Submitted) -> String {
    forms::errors(submitted).iter().map(|(field, error)| format!("{field}: {error}")).collect::<Vec<_>>().join("\n")
}

async fn n(t: &Harness, question: &str) -> u64 {
    metric(&t.ask(question).await, "deployment_frequency")["n"].as_u64().expect("n")
}

/// Runs what is due now, of which the group job is one.
async fn hour(t: &Harness) {
    t.advance(HOUR);
    let ran = schedule::step(&t.app, "test").await.expect("runs");
    assert!(ran.iter().any(|name| name == "slack_groups"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_connects_a_service_and_its_deployments_count_for_the_team() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&mono()).await;
        t.apply_org(ORG).await;
        let card = t.slash_in("ana", "payments", "setup").await;
        assert_eq!(labels(&card.blocks), ["Connect a service", "Add a team", "Connect this channel"]);
        assert!(card.text.contains("1 source heard, 3 services, 1 of them without a team"), "{}", card.text);
        t.press(&card, "Connect a service").await;
        let which = form(&t, "ana", "setup_service_chosen").await;
        let first = &which.body["blocks"][0]["element"]["options"][0];
        assert_eq!(first["text"]["text"], "mono (no team yet)", "unassigned services stand first");
        let sent = updated(t.submit(&which, &[("new_service", "shop-front")]).await);
        assert_eq!((initial(&sent, "team"), initial(&sent, "repository")), (json!("no team"), json!("no repository")));
        let preview = updated(t.submit(&sent, &[("repository", "acme/mono"), ("team", "payments")]).await);
        let said = words(&preview);
        assert!(said.contains("Nothing is stored yet") && said.contains("service shop-front is declared"), "{said}");
        assert!(
            said.contains("service shop-front: 8 deployments since 2026-08-25 move from mono (unassigned) to shop-front, team payments"),
            "{said}"
        );
        assert_eq!((initial(&preview, "repository"), initial(&preview, "team")), (json!("acme/mono"), json!("payments")));
        assert_eq!((n(&t, "dora service:mono 90d").await, t.app.store.newest_org().await.unwrap()), (8, 1), "nothing is stored yet");
        let done = updated(t.submit(&preview, &[]).await);
        let said = words(&done);
        assert!(said.contains("shop-front") && said.contains("belongs to *Payments*"), "{said}");
        assert!(said.contains("json tells of it already"), "{said}");
        assert_eq!((n(&t, "dora team:payments 90d").await, n(&t, "dora service:shop-front 90d").await), (8, 8));
        let changes = t.app.store.org_changes(t.clock.now(), 9).await.unwrap();
        assert_eq!(
            (changes.len(), &changes[0].author, &changes[1].author),
            (2, &Some(Author::Person("U0ANA".into())), &Some(Author::File))
        );
        assert!(changes[0].summary.contains(&"shop-front joins payments from the beginning".to_owned()), "{:?}", changes[0].summary);
        // Opened again it has its values; sent again as it is, nothing changes.
        let card = t.slash("ana", "setup").await;
        assert!(card.text.contains("3 services") && !card.text.contains("without a team"), "{}", card.text);
        t.press(&card, "Connect a service").await;
        let again = updated(t.submit(&form(&t, "ana", "setup_service_chosen").await, &[("service", "shop-front")]).await);
        assert_eq!((initial(&again, "repository"), initial(&again, "team")), (json!("acme/mono"), json!("payments")));
        assert!(words(&updated(t.submit(&again, &[]).await)).contains("Nothing changed"));
        assert_eq!(t.app.store.newest_org().await.unwrap(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_moves_counts_for_its_new_team_from_then_on() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    let open = async || t.slack.slash("U0ANA", "general", "/metrics", "setup checkout").await.expect("acknowledged");
    assert!(open().await.message.is_none(), "a form is no message");
    let sent = form(&t, "ana", "setup_service_sent").await;
    assert_eq!(initial(&sent, "team"), "payments");
    let preview = updated(t.submit(&sent, &[("team", "finders"), ("incident_window", "36h")]).await);
    let said = words(&preview);
    assert!(said.contains("checkout moves from payments to finders from 2026-11-23 13:00"), "{said}");
    assert!(said.contains("No deployment, change or item of the last 90 days counts elsewhere"), "{said}");
    // Other values than those previewed are previewed first.
    let other = updated(t.submit(&preview, &[("incident_window", "48h")]).await);
    assert!(words(&other).contains("Nothing is stored yet") && t.app.store.newest_org().await.unwrap() == 1);
    let before = n(&t, "dora team:payments 90d").await;
    updated(t.submit(&other, &[]).await);
    assert_eq!((n(&t, "dora team:payments 90d").await, n(&t, "dora team:finders 90d").await), (before, 18));
    let org = t.app.store.org_version(2).await.unwrap();
    assert_eq!(org.org.services["checkout"].incident_window, Some(48 * HOUR));
}

/// Two own the gateway; the cart goes over in the new year.
const SHARED: &str = r#"
[[teams]]
id = "platform"
services = ["gateway", { id = "cart", until = 2027-01-01 }]
[[teams]]
id = "search"
services = ["gateway", { id = "cart", from = 2027-01-01 }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn owners_that_a_form_cannot_show_stay_unless_another_team_is_chosen() {
    let t = Harness::http().await;
    t.apply_org(SHARED).await;
    let open = async |name: &str| {
        t.slack.slash("U0ANA", "general", "/metrics", &format!("setup {name}")).await.expect("acknowledged");
        form(&t, "ana", "setup_service_sent").await
    };
    let cart = open("cart").await;
    assert!(cart.body.to_string().contains("It belongs to platform until 2027-01-01 and search from 2027-01-01."), "{}", cart.body);
    // Nothing is said of it yet but who owns it, so that sent as it is it is declared, and nothing else.
    let preview = updated(t.submit(&cart, &[]).await);
    let said = words(&preview);
    assert!(said.contains("service cart is declared") && !said.contains("joins") && !said.contains("leaves"), "{said}");
    updated(t.submit(&preview, &[]).await);
    assert!(words(&updated(t.submit(&open("cart").await, &[]).await)).contains("Nothing changed"));
    let gateway = open("gateway").await;
    let gateway = updated(t.submit(&gateway, &[("incident_window", "36h")]).await);
    let said = words(&gateway);
    assert!(said.contains("service gateway is declared") && !said.contains("leaves"), "{said}");
    // Chosen, another team has it alone: what that ends is told.
    let said = words(&updated(t.submit(&gateway, &[("team", "search"), ("incident_window", "")]).await));
    assert!(said.contains("gateway leaves platform from 2026-11-23 12:00") && !said.contains("leaves search"), "{said}");
    let preview = updated(t.submit(&open("cart").await, &[("team", "search")]).await);
    let said = words(&preview);
    assert!(said.contains("cart leaves platform from 2026-11-23 12:00") || said.contains("cart moves from platform to search"), "{said}");
    updated(t.submit(&preview, &[]).await);
    let org = t.app.store.org_version(t.app.store.newest_org().await.unwrap()).await.unwrap();
    let now: Vec<&str> = org.org.owners("cart").into_iter().filter(|(_, span)| span.holds(t.clock.now())).map(|(team, _)| team).collect();
    assert_eq!(now, ["search"]);
    assert_eq!(org.org.owners("cart").into_iter().filter(|(_, span)| span.holds(At::parse(NOW).unwrap().plus(-DAY))).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clones_folder_and_the_declared_repository_are_offered_as_one() {
    let t = Harness::http().await;
    let deployment = |n: i64, repository: &str| json!({"type": "deployment", "id": format!("d{n}"), "service": "cart", "repository": repository, "status": "success", "finished_at": days_ago(n).rfc3339()});
    t.import_json(&lines(&[deployment(1, "shop"), deployment(2, "acme/shop"), deployment(3, "lone")])).await;
    t.apply_org("[[services]]\nid = \"pay\"\nrepository = \"acme/shop\"\n").await;
    t.slack.slash("U0ANA", "general", "/metrics", "setup pay").await.expect("acknowledged");
    let sent = form(&t, "ana", "setup_service_sent").await;
    let block = sent.body["blocks"].as_array().unwrap().iter().find(|block| block["block_id"] == "repository").unwrap().clone();
    let options: Vec<&str> = block["element"]["options"].as_array().unwrap().iter().filter_map(|it| it["value"].as_str()).collect();
    assert_eq!(options, ["no repository", "acme/shop", "lone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_admin_is_told_who_is() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        let refused = t.slash("ben", "setup").await;
        assert!(refused.text.contains("Setting up is for pacer's admins") && refused.text.contains("<@U0ANA>"), "{}", refused.text);
        assert_eq!(t.ask_as(Some("ben"), "setup").await["error"]["ask"], json!(["U0ANA"]));
        // Whatever the button or form, and whoever made it: each is refused.
        let cx = t.app.cx(Some(t.app.asker(&id("ben")))).await.unwrap();
        for action in features::ACTIONS.iter().filter(|action| action.name.starts_with("setup_")) {
            let outcome = features::press(&cx, action.name, Press { value: "0||x".into(), ..Press::default() }).await;
            assert!(outcome.is_err_and(|error| error.to_string().contains("admins")), "{}", action.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_button_of_somebody_who_is_no_admin_any_more_is_refused() {
    let t = Harness::with(Transport::Http, &[("PACER_ADMINS", "")]).await;
    let card = t.slash("ana", "setup").await;
    assert_eq!(labels(&card.blocks).len(), 3, "Slack says that she is an admin: {}", card.text);
    let ana = t.slack.options().people[0].clone();
    t.slack.put_person(Person { is_admin: false, ..ana });
    t.advance(11 * 60 * 1_000_000);
    t.press(&card, "Add a team").await;
    let refused = t.next_message().await;
    assert!(refused.text.contains("Ask an admin or owner of this workspace"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_person_it_lists_what_there_is() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    let answer = t.ask("setup").await;
    let names = |list: &str, key: &str| answer[list].as_array().unwrap().iter().map(|it| it[key].clone()).collect::<Vec<_>>();
    assert_eq!(
        (names("services", "name"), names("teams", "id")),
        (vec![json!("checkout"), json!("search")], vec![json!("finders"), json!("payments")])
    );
    assert_eq!(t.ask("setup checkout").await["error"]["kind"], "not_allowed");
    assert_eq!(
        t.ask_as(Some("ana"), "setup chekout").await["error"]["message"],
        "I know no service, no team and no portfolio project `chekout`. Did you mean `checkout`?"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_under_its_field() {
    let t = Harness::http().await;
    t.import_json(&mono()).await;
    t.apply_org(ORG).await;
    let card = t.slash("ana", "setup").await;
    t.press(&card, "Connect a service").await;
    let which = form(&t, "ana", "setup_service_chosen").await;
    assert!(errors(t.submit(&which, &[]).await).starts_with("service: Choose a service"));
    assert!(
        errors(t.submit(&which, &[("new_service", "my shop")]).await)
            .contains("new_service: The id my shop of a service is empty or has a space")
    );
    assert!(errors(t.submit(&which, &[("new_service", &"x".repeat(101))]).await).contains("at most 100 letters"));
    assert!(errors(t.submit(&which, &[("new_service", "<!channel>")]).await).contains("or a letter that nobody sees"));
    let sent = updated(t.submit(&which, &[("new_service", "front")]).await);
    let check = async |fields: &[(&str, &str)], expect: &str| {
        let found = errors(t.submit(&sent, fields).await);
        assert!(found.contains(expect), "{found}");
    };
    check(&[("paths", "a/**\nb/{c")], "paths: b/{c is not a glob of files: unclosed alternate group").await;
    check(&[("paths", ""), ("incident_window", "soon")], "incident_window: soon is not a duration: write 2d, 36h, 45m or 90s.").await;
    check(&[("incident_window", "24h"), ("paths", &"x".repeat(3_001))], "paths: This is longer than the 3,000 letters that fit.").await;
    check(&[("paths", "../a")], "paths: ../a in paths of service front: a path with .. matches no file").await;
    updated(t.submit(&updated(t.submit(&sent, &[("paths", "")]).await), &[]).await);
    // A name from an event that would ping everybody is a name, and pings nobody.
    let loud =
        json!({"type": "deployment", "id": "loud", "service": "<!channel>", "status": "success", "finished_at": days_ago(1).rfc3339()});
    t.import_json(&lines(&[loud])).await;
    let card = t.slash("ana", "setup").await;
    assert!(json!(card.blocks).to_string().contains("&lt;!channel&gt;"), "{}", card.text);
    assert!(!card.text.contains("<!channel>") && !json!(card.blocks).to_string().contains("<!channel>"), "{}", card.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_open_while_somebody_else_changed_it_comes_back_with_both() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    t.slack.slash("U0ANA", "general", "/metrics", "setup checkout").await.expect("acknowledged");
    let sent = form(&t, "ana", "setup_service_sent").await;
    t.apply_org(&format!("{ORG}\n[[services]]\nid = \"checkout\"\nenvironments = [\"live\"]\n")).await;
    let merged = updated(t.submit(&sent, &[("incident_window", "36h")]).await);
    let said = words(&merged);
    assert!(said.contains("Somebody changed this since you opened the form") && said.contains("service checkout is declared"), "{said}");
    assert_eq!((initial(&merged, "environments"), initial(&merged, "incident_window")), (json!("live"), json!("36h")));
    updated(t.submit(&updated(t.submit(&merged, &[]).await), &[]).await);
    let org = t.app.store.org_version(3).await.unwrap();
    assert_eq!(
        (&org.org.services["checkout"].environments[..], org.org.services["checkout"].incident_window),
        (&["live".to_owned()][..], Some(36 * HOUR))
    );
    // What has nothing to do with it is no conflict.
    t.slack.slash("U0ANA", "general", "/metrics", "setup search").await.expect("acknowledged");
    let sent = form(&t, "ana", "setup_service_sent").await;
    t.apply_org(&format!("{ORG}\n[[services]]\nid = \"checkout\"\n")).await;
    assert!(words(&updated(t.submit(&sent, &[("incident_window", "36h")]).await)).contains("Nothing is stored yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_twice_is_stored_once() {
    let t = Harness::http().await;
    let cx = t.app.cx(Some(t.app.asker("U0ANA"))).await.unwrap();
    let fields = |team: &str| [("name", team), ("people", "U0BEN")].map(|(field, value)| (field.to_owned(), value.to_owned())).into();
    let Effect::Form(preview) =
        features::press(&cx, "setup_team_sent", Press { value: "0||".into(), fields: fields("Shop & Pay") }).await.unwrap()
    else {
        panic!("a preview")
    };
    let again = Press { value: preview.state, fields: fields("Shop & Pay") };
    let send = async || features::press(&cx, "setup_team_sent", again.clone()).await.unwrap();
    let (one, other) = tokio::join!(send(), send());
    let text = |effect: &Effect| format!("{effect:?}");
    assert!([&one, &other].iter().any(|effect| text(effect).contains("is as you say")), "{one:?}");
    assert!([&one, &other].iter().any(|effect| text(effect).contains("Nothing changed")), "{other:?}");
    let org = t.app.store.org_version(t.app.store.newest_org().await.unwrap()).await.unwrap();
    assert_eq!(
        (org.version, org.org.teams["shop-pay"].name.as_str(), org.org.people["U0BEN"].slack.as_deref()),
        (1, "Shop & Pay", Some("U0BEN"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_adds_a_team_with_people_and_targets_and_changes_it() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.apply_org(ORG).await;
        let card = t.slash("ana", "setup").await;
        t.press(&card, "Add a team").await;
        let which = form(&t, "ana", "setup_team_chosen").await;
        let sent = updated(t.submit(&which, &[]).await);
        let wrong = [("name", "Web"), ("targets", "change_lead_time = soon")];
        assert!(errors(t.submit(&sent, &wrong).await).starts_with("targets: The target of change_lead_time is soon: write a duration"));
        let wrong = [("name", "Payments"), ("targets", "")];
        assert!(errors(t.submit(&sent, &wrong).await).starts_with("name: The team payments exists already"));
        let fields = [
            ("name", "Web"),
            ("parent", "payments"),
            ("people", "U0BEN\nU0GITA"),
            ("visibility", "team"),
            ("targets", "change_lead_time: 2d\nchange_fail_rate 10%"),
        ];
        t.submit(&sent, &fields).await;
        let preview = t.next_view("ana", |view| view.body.to_string().contains("Nothing is stored yet")).await;
        assert!(
            words(&preview).contains("team web is new in payments") && words(&preview).contains("ben joins web"),
            "{}",
            words(&preview)
        );
        let done = updated(t.submit(&preview, &[]).await);
        assert!(words(&done).contains("/metrics dora team:web"), "{}", words(&done));
        let org = t.app.store.org_version(2).await.unwrap();
        let web = &org.org.teams["web"];
        assert_eq!(
            (web.parent.as_deref(), web.visibility.as_deref(), web.targets["change_fail_rate"]),
            (Some("payments"), Some("team"), 0.1)
        );
        let mut members: Vec<&str> = web.members.iter().map(|(person, _)| person.as_str()).collect();
        members.sort_unstable();
        assert_eq!(members, ["U0GITA", "ben"], "ben is known by his Slack id, Gita is new");
        // Changed: who is let go leaves from then on.
        t.advance(DAY);
        t.slack.slash("U0ANA", "general", "/metrics", "setup web").await.expect("acknowledged");
        let sent = form(&t, "ana", "setup_team_sent").await;
        assert_eq!(
            (initial(&sent, "people"), initial(&sent, "targets")),
            (json!(["U0BEN", "U0GITA"]), json!("change_fail_rate = 10%\nchange_lead_time = 2d"))
        );
        t.submit(&sent, &[("people", "U0BEN")]).await;
        let preview = t.next_view("ana", |view| view.body.to_string().contains("Nothing is stored yet")).await;
        assert!(words(&preview).contains("U0GITA leaves web from 2026-11-24 13:00"), "{}", words(&preview));
        updated(t.submit(&preview, &[]).await);
        let org = t.app.store.org_version(3).await.unwrap();
        assert_eq!(org.org.teams_of_user("U0GITA", None, At::parse(NOW).unwrap().plus(HOUR)), ["web"]);
        assert!(org.org.teams_of_user("U0GITA", None, t.clock.now().plus(1)).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_somebody_whom_slack_does_not_know_opens_without_its_people() {
    let t = Harness::http().await;
    t.apply_org("[[teams]]\nid = \"web\"\nmembers = [\"ghost\"]\n[[people]]\nid = \"ghost\"\nslack = \"U0GHOST\"\n").await;
    let card = t.slash("ana", "setup").await;
    t.press(&card, "Add a team").await;
    t.submit(&form(&t, "ana", "setup_team_chosen").await, &[("which_team", "web")]).await;
    let sent = t.next_view("ana", |view| view.body.to_string().contains("Slack does not know one of the people here")).await;
    let preview = updated(t.submit(&sent, &[("name", "Web")]).await);
    assert!(words(&preview).contains("team web is now called Web"), "{}", words(&preview));
    updated(t.submit(&preview, &[]).await);
    let org = t.app.store.org_version(2).await.unwrap();
    assert_eq!(org.org.teams["web"].members.len(), 1, "who could not be shown stays");
    t.slack.slash("U0ANA", "general", "/metrics", "setup web").await.expect("acknowledged");
    t.next_view("ana", |view| view.body.to_string().contains("Slack does not know one of the people here")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_slack_lists_is_typed() {
    let t = Harness::http().await;
    let deployment = |n: i64| json!({"type": "deployment", "id": format!("d{n}"), "service": format!("s{n:03}"), "repository": format!("acme/r{n}"), "status": "success", "finished_at": days_ago(1).rfc3339()});
    t.import_json(&lines(&(0..101).map(deployment).collect::<Vec<_>>())).await;
    t.apply_org(&(0..100).map(|n| format!("[[teams]]\nid = \"t{n:03}\"\n")).collect::<Vec<_>>().concat()).await;
    let card = t.slash("ana", "setup").await;
    t.press(&card, "Connect a service").await;
    let which = form(&t, "ana", "setup_service_chosen").await;
    assert!(which.body.to_string().contains("There are 101 services, more than Slack lists"), "{}", which.body);
    let sent = updated(t.submit(&which, &[("new_service", "S042")]).await);
    assert!(sent.body.to_string().contains("Set up s042") && sent.body.to_string().contains("There are 100 teams, more than Slack lists"));
    assert_eq!((initial(&sent, "repository_other"), initial(&sent, "team")), (json!("acme/r42"), Value::Null));
    assert!(errors(t.submit(&sent, &[("team", "t04")]).await).contains("team: I do not know the team t04. Did you mean t04"));
    let preview = updated(t.submit(&sent, &[("team", "t042")]).await);
    assert!(
        words(&preview).contains("1 deployment since 2026-08-25 moves from s042 (unassigned) to s042, team t042"),
        "{}",
        words(&preview)
    );
    assert!(matches!(t.submit(&preview, &[]).await, Submitted::Updated(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_means_its_team_to_those_without_one() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&sample()).await;
        t.apply_org(ORG).await;
        let card = t.slash_in("ana", "payments", "setup").await;
        t.press(&card, "Connect this channel").await;
        let asked = form(&t, "ana", "setup_channel_sent").await;
        let done = updated(t.submit(&asked, &[("team", "payments")]).await);
        assert!(words(&done).contains("<#C0PAYMENTS> means *Payments* from now on"), "{}", words(&done));
        let title = |message: Message| message.blocks[0]["text"]["text"].as_str().unwrap().to_owned();
        let check = async |person: &str, channel: &str, expect: &str| {
            let title = title(t.slash_in(person, channel, "dora 90d").await);
            assert!(title.contains(expect), "{person} in {channel}: {title}");
        };
        check("gita", "payments", "Payments").await;
        check("gita", "general", "The whole organisation").await;
        check("daria", "payments", "Finders").await;
        // A team that keeps its figures to itself is no stranger's default, not even in its channel.
        let card = t.slash_in("ana", "search", "setup").await;
        t.press(&card, "Connect this channel").await;
        updated(t.submit(&form(&t, "ana", "setup_channel_sent").await, &[("team", "finders")]).await);
        check("gita", "search", "The whole organisation").await;
        assert_eq!(t.app.store.org_version(3).await.unwrap().org.team_of_channel("C0PAYMENTS"), Some("payments"));
    }
}

const FOLLOWS: &str = "[[teams]]\nid = \"payments\"\nslack_group = \"S0PAYMENTS\"\n[[people]]\nid = \"ben\"\nslack = \"U0BEN\"\n";

fn group(t: &Harness, users: &[&str]) -> Group {
    Group { users: users.iter().map(|id| (*id).to_owned()).collect(), ..t.slack.options().groups[0].clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_follows_its_slack_group_and_keeps_its_history() {
    let t = Harness::http().await;
    t.apply_org(FOLLOWS).await;
    schedule::start(&t.app).await.expect("runs");
    let teams = async |person: &str, at: At| {
        let org = t.app.store.org_version(t.app.store.newest_org().await.unwrap()).await.unwrap();
        org.org.teams_of_user(&id(person), None, at).join(" ")
    };
    let began = t.clock.now();
    assert_eq!((teams("ben", began).await, teams("chen", began).await), ("payments".into(), "payments".into()));
    assert_eq!(t.database.count("org_version"), 2);
    hour(&t).await;
    assert_eq!(t.database.count("org_version"), 2, "the same group again writes nothing");
    // Chen leaves, a bot and somebody deactivated come.
    t.slack.put_group(group(&t, &["U0BEN", "U0PACER", "U0ELIF"]));
    let elif = t.slack.options().people[4].clone();
    t.slack.put_person(Person { is_deactivated: true, ..elif });
    hour(&t).await;
    let left = t.clock.now();
    assert_eq!(
        (teams("chen", began).await, teams("chen", left).await, teams("ben", left).await),
        ("payments".into(), String::new(), "payments".into())
    );
    assert_eq!((teams("elif", left).await, teams("U0PACER", left).await), (String::new(), String::new()));
    let known = t.app.store.followed().await.unwrap();
    assert_eq!((known[0].people, known[0].not_counted, known[0].problem.clone(), known[0].read_at), (1, 2, None, Some(left)));
    let change = t.app.store.org_changes(left, 1).await.unwrap().remove(0);
    assert_eq!(
        (change.author, change.summary),
        (Some(Author::SlackGroup), vec!["payments follows @payments-team: 0 joined, 1 left".to_owned()])
    );
    // An older file does not take back whom the group brought.
    t.apply_org(FOLLOWS).await;
    assert_eq!(teams("ben", left).await, "payments");
    // `/metrics` means the group's team, for one of its members.
    assert_eq!(t.ask_as(Some("ben"), "dora 90d").await["scope"], json!({"team": "payments"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_cannot_be_read_changes_nothing_and_is_said() {
    let t = Harness::http().await;
    t.apply_org(FOLLOWS).await;
    schedule::start(&t.app).await.expect("runs");
    let versions = t.database.count("org_version");
    let check = async |says: &str| {
        hour(&t).await;
        assert_eq!(t.database.count("org_version"), versions, "{says}");
        let answer = t.ask("setup").await;
        let problem = answer["teams"][0]["problem"].as_str().unwrap_or_default().to_owned();
        assert!(problem.contains(says), "{problem}");
        assert_eq!(answer["teams"][0]["people"], 2);
        let findings = t.ask("health").await["findings"].clone();
        let told = findings.as_array().unwrap().iter().find(|it| it["kind"] == "unread_group").unwrap_or_else(|| panic!("{findings}"));
        assert_eq!(told["mend"], "/metrics setup payments");
    };
    t.slack.fault("usergroups.list", Fault::Error("missing_scope".into()));
    check("usergroups:read").await;
    t.slack.fault("users.list", Fault::Error("fatal_oops".into()));
    check("fatal_oops").await;
    t.slack.put_group(Group { is_archived: true, ..group(&t, &["U0BEN"]) });
    check("archived").await;
    t.slack.put_group(group(&t, &[]));
    check("nobody is in it").await;
    t.slack.delete_group("S0PAYMENTS");
    check("no such user group").await;
    t.slack.put_group(group(&t, &["U0BEN", "U0CHEN"]));
    hour(&t).await;
    assert_eq!(t.ask("setup").await["teams"][0]["problem"], Value::Null, "and it is well again");
    // Followed no more, nothing is asked or kept.
    t.apply_org("[[teams]]\nid = \"payments\"\n").await;
    let heard = t.heard("usergroups.list");
    hour(&t).await;
    assert_eq!((t.heard("usergroups.list"), t.database.count("slack_group")), (heard, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_a_thousand_is_read_in_pages() {
    let t = Harness::http().await;
    let people: Vec<String> = (0..1_200).map(|n| format!("U1{n:05}")).collect();
    for person in &people {
        t.slack.put_person(Person::new(person, person, person, "developer"));
    }
    let users: Vec<&str> = people.iter().map(String::as_str).collect();
    t.slack.put_group(group(&t, &users));
    t.apply_org(FOLLOWS).await;
    schedule::start(&t.app).await.expect("runs");
    assert_eq!((t.app.store.followed().await.unwrap()[0].people, t.heard("users.list")), (1_200, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_whom_no_page_lists_is_asked_for_alone() {
    let t = Harness::http().await;
    for n in 0..3_000 {
        let id = format!("U1{n:05}");
        t.slack.put_person(Person::new(&id, &id, &id, "developer"));
    }
    t.slack.put_group(group(&t, &["U0BEN", "U9GUEST"]));
    t.apply_org(FOLLOWS).await;
    schedule::start(&t.app).await.expect("runs");
    assert_eq!((t.app.store.followed().await.unwrap()[0].people, t.heard("users.list"), t.heard("users.info")), (2, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_makes_a_team_follow_a_group_and_reads_it_at_once() {
    let t = Harness::http().await;
    let card = t.slash("ana", "setup").await;
    t.press(&card, "Add a team").await;
    let sent = form(&t, "ana", "setup_team_sent").await;
    let preview = updated(t.submit(&sent, &[("name", "Payments"), ("group", "S0PAYMENTS")]).await);
    assert!(words(&preview).contains("2 people join payments by its Slack group"), "{}", words(&preview));
    let done = updated(t.submit(&preview, &[]).await);
    assert!(words(&done).contains("@payments-team was read: 2 people are in it"), "{}", words(&done));
    assert_eq!(t.ask_as(Some("chen"), "dora 90d").await["scope"], json!({"team": "payments"}));
    let card = t.slash("ana", "setup").await;
    assert!(card.text.contains("2 people, follows @payments-team"), "{}", card.text);
}

#[test]
fn what_a_form_made_is_exported_and_an_older_file_is_told_to_take_it_back() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let pacer = Pacer::new();
    pacer.run_at(NOW, &["import", "json", &pacer.database.file("mono.json", mono())]).ok();
    let old = pacer.database.file("old.toml", ORG);
    pacer.run_at(NOW, &["org", "apply", &old]).ok();
    let later = "2026-11-23T13:00:00Z";
    let url = pacer.database.url.clone();
    runtime.block_on(async move {
        let vars = [("PACER_DATABASE_URL".to_owned(), url), ("PACER_ADMINS".to_owned(), "U0ANA".to_owned())];
        let config = pacer::config::Config::from_vars(vars.into()).unwrap();
        pacer::app::install_tls();
        let app = pacer::app::App::open(config, pacer::clock::Clock::standing(At::parse(later).unwrap())).await.unwrap();
        let cx = app.cx(Some(app.asker("U0ANA"))).await.unwrap();
        let fields = [("repository_other", "acme/mono"), ("team", "payments")];
        let fields: std::collections::BTreeMap<String, String> = fields.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
        let press = |value: String| features::press(&cx, "setup_service_sent", Press { value, fields: fields.clone() });
        let Effect::Form(preview) = press("1||shop".into()).await.unwrap() else { panic!("a preview") };
        press(preview.state).await.unwrap();
        app.store.close().await;
    });
    let exported = pacer.run_at("2026-11-23T14:00:00Z", &["org", "export"]).ok().stdout;
    assert!(exported.contains("id = \"shop\"\nrepository = \"acme/mono\""), "{exported}");
    let file = pacer.database.file("exported.toml", &exported);
    let same = pacer.run_at("2026-11-23T14:00:00Z", &["org", "preview", &file]).ok().stdout;
    assert!(same.contains("Nothing would change.") && !same.starts_with('\n'), "{same}");
    assert!(pacer.run_at("2026-11-23T14:00:00Z", &["org", "apply", &file]).ok().last().contains("Nothing changed: version 2"));
    let told = pacer.run_at("2026-11-23T14:00:00Z", &["org", "preview", &old]).ok().stdout;
    for line in [
        "service shop is no longer declared",
        "shop leaves payments from 2026-11-23 15:00",
        "Changed in Slack since the last file; what of it this file does not say is taken back.",
        "23 Nov 14:00 by U0ANA: ",
        "service mono: 8 deployments since 2026-08-25 move from shop, team payments to mono (unassigned)",
        "Nothing was changed: this was the preview.",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
}

#[test]
fn a_preview_counts_what_would_count_elsewhere_and_says_what_is_worth_a_look() {
    let pacer = Pacer::new();
    let items = [("PAY-1", "ana", days_ago(3)), ("PAY-2", "ana", days_ago(5)), ("PAY-3", "zoe", days_ago(5))].map(|(id, who, done)| {
        json!({"type": "item", "id": id, "assignee": who, "created_at": days_ago(9).rfc3339(), "started_at": days_ago(8).rfc3339(), "done_at": done.rfc3339()})
    });
    pacer.run_at(NOW, &["import", "json", &pacer.database.file("mono.json", mono())]).ok();
    pacer.run_at(NOW, &["import", "json", &pacer.database.file("items.json", lines(&items))]).ok();
    pacer.run_at(NOW, &["ask", "dora 90d"]).ok();
    let file = "[[teams]]\nid = \"payments\"\nservices = [\"checkout\", \"ledger\"]\nmembers = [\"ana\", \"ghost\"]\n\
                [[services]]\nid = \"checkout\"\nrepository = \"acme/mono\"\n[[services]]\nid = \"docs\"\nrepository = \"acme/docs\"\npaths = [\"docs/**\"]\n\
                [[people]]\nid = \"ana\"\n";
    let told = pacer.run_at(NOW, &["org", "preview", &pacer.database.file("org.toml", file)]).ok().stdout;
    for line in [
        "team payments is new",
        "checkout joins payments from the beginning",
        "service checkout: 8 deployments since 2026-08-25 move from mono (unassigned) to checkout, team payments",
        "2 items since 2026-08-25 move from no team to team payments",
        "1 receipt of the last 90 days stays as it was (the whole organisation 1)",
        "1 member of team payments is not in [[people]] (ghost)",
        "service ledger: no production deployment of it is known",
        "service docs: no file of acme/docs is known, so `docs/**` decides nothing yet",
        "Nothing was changed: this was the preview.",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(!told.contains("service checkout: no production deployment"), "{told}");
    // What was told is what then happens.
    pacer.run_at(NOW, &["org", "apply", &pacer.database.path("org.toml")]).ok();
    let answer = pacer.run_at(NOW, &["ask", "dora team:payments 90d", "--format", "json"]).ok().json();
    assert_eq!(metric(&answer, "deployment_frequency")["n"], 8);
    assert!(pacer.run_at(NOW, &["org", "preview", &pacer.database.path("org.toml")]).ok().last().contains("Nothing would change."));
}

#[test]
fn what_apply_prints_is_told_as_people_say_it() {
    let pacer = Pacer::new();
    let one = "[[teams]]\nid = \"a\"\n[[services]]\nid = \"x\"\n[[people]]\nid = \"p\"\n[[projects]]\nid = \"w\"\n";
    let told = pacer.run_at(NOW, &["org", "apply", &pacer.database.file("one.toml", one)]).ok();
    assert!(told.last().ends_with("1 team, 1 service, 1 person, 1 project."), "{told:?}");
    let bytes = pacer.database.file("latin.toml", "");
    std::fs::write(&bytes, b"[[teams]]\nid = 'caf\xe9'\n").expect("written");
    pacer.run_at(NOW, &["org", "preview", &bytes]).fails(1, &["line 2: this is not UTF-8 text"]);
    let single = pacer.database.file("single.toml", "[teams]\nid = \"a\"\n");
    pacer.run_at(NOW, &["org", "apply", &single]).fails(1, &["line 1: write `[[teams]]`"]);
}

/// The sample workspace is what these stories take it for.
#[test]
fn the_sample_workspace_has_one_group() {
    let options = Options::new(std::sync::Arc::new(|| At(0)));
    assert_eq!((options.groups.len(), options.people[4].id.as_str()), (1, "U0ELIF"));
}
