//! The portfolio in Slack: an admin adds a project, changes it and takes it out; what is refused stands under its field; file and Slack agree.

use std::sync::Arc;

use pacer::features::{self, Effect, Press};
use pacer::sandbox::View;
use pacer::store::org::{Author, OrgVersion};
use serde_json::json;

use crate::harness::facts::{days_ago, lines};
use crate::harness::forms::{self, act, form, initial, refused, updated, words};
use crate::harness::{BOTH, Harness};

const PORTFOLIO: &str = r#"
time_zone = "Europe/Berlin"
[[objectives]]
id = "grow"
name = "Grow in the south"
[[projects]]
id = "search"
name = "Search"
priority = 2
planned_share = 0.45
epics = ["SRC-1"]
labels = ["search"]
[[projects]]
id = "ledger"
planned_share = 0.4
due = 2026-11-01
"#;

/// Items of the tracker's project PAY, two of them below the epic PAY-1.
fn items() -> String {
    let item = |id: &str, parent: Option<&str>| json!({"type": "item", "id": id, "project": "PAY", "parent": parent, "created_at": days_ago(9).rfc3339()});
    lines(&[item("PAY-1", None), item("PAY-2", Some("PAY-1")), item("PAY-3", Some("PAY-1")), item("PAY-4", None)])
}

async fn newest(t: &Harness) -> Arc<OrgVersion> {
    t.app.store.org_version(t.app.store.newest_org().await.unwrap()).await.unwrap()
}

/// The form of a project, from the button of `setup`.
async fn open(t: &Harness, project: &str) -> View {
    let card = t.slash("ana", "setup").await;
    t.press(&card, "Change the portfolio").await;
    updated(t.submit(&form(t, "ana", "investment_project_chosen").await, &[("which_project", project)]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_adds_a_project_changes_it_and_takes_it_out() {
    for transport in BOTH {
        let t = Harness::on(transport).await;
        t.import_json(&items()).await;
        t.apply_org(PORTFOLIO).await;
        let card = t.slash("ana", "setup").await;
        assert!(json!(card.blocks).to_string().contains("2 projects; planned shares add up to 85 %"), "{:?}", card.blocks);
        let sent = open(&t, "a new project").await;
        let fields = [
            ("name", "The wallet"),
            ("short", "wallet"),
            ("priority", "1"),
            ("share", "12.5 %"),
            ("due", "2027-02-01"),
            ("objective", "grow"),
            ("epics", "PAY-1"),
            ("labels", "wallet, purse"),
            ("category", "new"),
        ];
        let preview = updated(t.submit(&sent, &fields).await);
        let said = words(&preview);
        for line in [
            "Nothing is stored yet",
            "project wallet joins the portfolio",
            "the name of project wallet is The wallet",
            "the planned share of project wallet is 12.5 %",
            "the commitment date of project wallet is 2027-02-01",
            "the labels of project wallet are wallet and purse",
            "3 work items move from project PAY to project wallet",
        ] {
            assert!(said.contains(line), "no `{line}` in {said}");
        }
        assert_eq!(newest(&t).await.version, 1, "nothing is stored yet");
        let done = words(&updated(t.submit(&preview, &[]).await));
        assert!(done.contains("/metrics forecast project:wallet"), "{done}");
        let org = newest(&t).await;
        let wallet = &org.org.projects["wallet"];
        assert_eq!((wallet.name.as_str(), wallet.priority, wallet.planned_share), ("The wallet", Some(1), Some(0.125)));
        assert_eq!((wallet.objective.as_deref(), wallet.category.as_deref()), (Some("grow"), Some("new")));
        assert_eq!((&wallet.epics[..], &wallet.labels[..]), (&["PAY-1".to_owned()][..], &["wallet".to_owned(), "purse".to_owned()][..]));
        let changes = t.app.store.org_changes(t.clock.now(), 9).await.unwrap();
        assert_eq!(changes[0].author, Some(Author::Person("U0ANA".into())));

        // Opened again it has its values; sent as it is, nothing changes; changed, only that is told.
        t.slack.slash("U0ANA", "general", "/metrics", "setup the wallet").await.expect("acknowledged");
        let again = form(&t, "ana", "investment_project_sent").await;
        assert_eq!(
            (initial(&again, "share"), initial(&again, "epics"), initial(&again, "category")),
            (json!("12.5"), json!("PAY-1"), json!("new"))
        );
        assert!(words(&updated(t.submit(&again, &[]).await)).contains("Nothing changed"));
        let preview = updated(t.submit(&open(&t, "wallet").await, &[("share", "15"), ("due", "")]).await);
        let said = words(&preview);
        assert!(
            said.contains("the planned share of project wallet is 15 %") && said.contains("commitment date of project wallet is left open"),
            "{said}"
        );
        assert!(!said.contains("epics"), "{said}");
        updated(t.submit(&preview, &[]).await);
        assert_eq!((newest(&t).await.version, newest(&t).await.org.projects["wallet"].due), (3, None));

        // Out of the portfolio: asked first, then gone from now on, with what it was kept.
        let asked = updated(t.submit(&open(&t, "wallet").await, &[("keeps", "goes")]).await);
        let said = words(&asked);
        assert!(said.contains("project wallet leaves the portfolio; its past is kept"), "{said}");
        assert!(said.contains("3 work items move from project wallet to project PAY"), "{said}");
        assert_eq!(asked.body["submit"]["text"], "Take it out");
        assert!(newest(&t).await.org.projects.contains_key("wallet"), "only asked");
        assert!(words(&updated(t.submit(&asked, &[]).await)).contains("out of the portfolio, from now on"));
        assert!(!newest(&t).await.org.projects.contains_key("wallet"));
        assert!(t.app.store.org_version(3).await.unwrap().org.projects.contains_key("wallet"), "history is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_the_tracker_joins_under_its_own_id() {
    let t = Harness::http().await;
    t.import_json(&items()).await;
    t.apply_org("").await;
    let sent = open(&t, "PAY").await;
    assert_eq!(initial(&sent, "name"), "PAY");
    let preview = updated(t.submit(&sent, &[("priority", "1")]).await);
    let said = words(&preview);
    assert!(said.contains("project PAY joins the portfolio") && !said.contains("work items move"), "{said}");
    updated(t.submit(&preview, &[]).await);
    assert_eq!(newest(&t).await.org.projects["PAY"].priority, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_under_its_field() {
    let t = Harness::http().await;
    t.apply_org(PORTFOLIO).await;
    let check = async |project: &str, fields: &[(&str, &str)], expect: (&str, &str)| {
        let found = forms::errors(t.submit(&open(&t, project).await, fields).await);
        assert_eq!(found.get(expect.0).map(String::as_str), Some(expect.1), "{fields:?}");
    };
    let new = "a new project";
    // Slack itself asks for a name; what comes without one all the same is refused here.
    let effect = act(&t, "ana", "C0PAYMENTS", "investment_project_sent", "1||", &[("name", " "), ("share", "30")]).await.unwrap();
    let Effect::Wrong(_, found) = effect else { panic!("{effect:?}") };
    assert_eq!(found[0], ("name".to_owned(), "A name has 1 to 100 letters.".to_owned()));
    check(new, &[("name", "W"), ("share", "0 %")], ("share", "A planned share is above 0 %: leave it empty where nothing is planned."))
        .await;
    check(new, &[("name", "W"), ("share", "130")], ("share", "130 % is more than all the time there is: write 100 or less.")).await;
    check(new, &[("name", "W"), ("share", "a third")], ("share", "a third is no share: write percent, such as 30.")).await;
    let sentence = "The planned shares would add up to 115 %, which is 15 % too much: ledger 40 %, Search 45 % and this one 30 %. Plan less here or there.";
    check(new, &[("name", "W"), ("share", "30")], ("share", sentence)).await;
    let sentence = "2026-11-22 is over, and today is 2026-11-23: choose today or a later day, or leave it empty.";
    check(new, &[("name", "W"), ("due", "2026-11-22")], ("due", sentence)).await;
    let sentence = "src-1 is an epic of Search already. Take it out there first: an item counts in one project only.";
    check(new, &[("name", "W"), ("epics", "PAY-9\nsrc-1")], ("epics", sentence)).await;
    let sentence = "Search is a label of Search already. Take it out there first: an item counts in one project only.";
    check(new, &[("name", "W"), ("labels", "Search")], ("labels", sentence)).await;
    check(
        new,
        &[("name", "W"), ("priority", "first")],
        ("priority", "first is no priority: write a whole number from 1 on, where 1 is the first."),
    )
    .await;
    check(
        new,
        &[("name", "W"), ("priority", "0")],
        ("priority", "0 is no priority: write a whole number from 1 on, where 1 is the first."),
    )
    .await;
    check(
        new,
        &[("name", "Search")],
        ("name", "The project search exists already. To change it, close this and choose it in the first step."),
    )
    .await;
    check(
        new,
        &[("name", "W"), ("short", "my wallet")],
        ("short", "The id my wallet of a project is empty or has a space or quote in it."),
    )
    .await;
    check(
        "search",
        &[("share", "70")],
        (
            "share",
            "The planned shares would add up to 110 %, which is 10 % too much: ledger 40 % and this one 70 %. Plan less here or there.",
        ),
    )
    .await;
    assert_eq!(newest(&t).await.version, 1, "nothing of it is stored");

    // An objective that vanished since the form was opened.
    let sent = open(&t, new).await;
    t.apply_org(&PORTFOLIO.replace("grow", "sell")).await;
    let found = forms::errors(t.submit(&sent, &[("name", "W"), ("objective", "grow")]).await);
    assert_eq!(
        found["objective"],
        "I do not know the objective grow. Choose one of those there are; new ones are declared in the organisation file."
    );

    // What the file has already is not refused: a day that is over.
    t.apply_org(PORTFOLIO).await;
    let said = words(&updated(t.submit(&open(&t, "ledger").await, &[("priority", "3")]).await));
    assert!(said.contains("the priority of project ledger is 3") && !said.contains("commitment date"), "{said}");
    let said = words(&updated(t.submit(&open(&t, "ledger").await, &[("share", "20")]).await));
    assert!(said.contains("the planned share of project ledger is 20 %"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_change_a_project_at_once_both_see_it() {
    let t = Harness::http().await;
    t.apply_org(PORTFOLIO).await;
    let sent = open(&t, "search").await;
    t.apply_org(&PORTFOLIO.replace("priority = 2", "priority = 5")).await;
    let merged = updated(t.submit(&sent, &[("share", "50")]).await);
    assert!(words(&merged).contains("Somebody changed this since you opened the form"), "{}", words(&merged));
    assert_eq!((initial(&merged, "priority"), initial(&merged, "share")), (json!("5"), json!("50")));
    updated(t.submit(&updated(t.submit(&merged, &[]).await), &[]).await);
    let org = newest(&t).await.org.clone();
    assert_eq!((org.projects["search"].priority, org.projects["search"].planned_share), (Some(5), Some(0.5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_admin_may_not_change_the_portfolio() {
    let t = Harness::http().await;
    t.apply_org(PORTFOLIO).await;
    for action in features::ACTIONS.iter().filter(|action| action.name.starts_with("investment_project")) {
        let said = refused(act(&t, "ben", "C0PAYMENTS", action.name, "0||search", &[]).await);
        assert!(said.contains("Setting up is for pacer's admins") && said.contains("U0ANA"), "{}: {said}", action.name);
    }
    let cx = t.app.cx(Some(t.app.asker("U0ANA"))).await.unwrap();
    assert!(features::press(&cx, "investment_project", Press { value: "search".into(), ..Press::default() }).await.is_ok());
}
