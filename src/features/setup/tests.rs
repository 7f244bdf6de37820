//! What the cards of setting up say, from what is connected in a few words.

use std::collections::BTreeSet;

use super::card::told;
use super::change::State;
use super::next::{self, Connected};
use super::overview::{Overview, ServiceRow, TeamRow};
use crate::domain::card::{Card, SourceHealth};
use crate::domain::org::Project;
use crate::domain::time::{At, HOUR};
use crate::features::Asker;
use crate::features::host::{Feed, Host};
use crate::features::moves::Look;
use crate::render;
use crate::store::following::Followed;
use crate::store::org::{Author, OrgChange};
use crate::store::sources::Freshness;

/// An admin, somewhere.
fn ana(channel: &str) -> Asker {
    Asker { user: "U0ANA".into(), admin: true, email: None, channel: None }.in_channel(channel)
}

/// 23 November 2026, 12:00.
fn now() -> At {
    At::parse("2026-11-23T12:00:00Z").unwrap()
}

fn service(name: &str, teams: &[&str], repository: Option<&str>) -> ServiceRow {
    let teams = teams.iter().map(|team| (*team).to_owned()).collect();
    ServiceRow { name: name.into(), teams, repository: repository.map(str::to_owned), declared: repository.is_some() }
}

fn following(problem: Option<&str>) -> Followed {
    Followed {
        team: "payments".into(),
        group: "S0PAYMENTS".into(),
        handle: "payments-team".into(),
        people: 4,
        not_counted: 1,
        read_at: Some(now().plus(-26 * HOUR)),
        problem: problem.map(str::to_owned),
    }
}

fn overview() -> Overview {
    let heard = |source: &str, hours: i64| Freshness {
        health: SourceHealth { source: source.into(), last_event: Some(now().plus(-hours * HOUR)) },
        last_received: now().plus(-hours * HOUR),
    };
    let team = |id: &str, name: &str, group: Option<Followed>, channels: &[&str]| TeamRow {
        id: id.into(),
        name: name.into(),
        parent: (id == "payments").then(|| "Shop".into()),
        services: 1,
        people: 4,
        below: u64::from(id == "web"),
        follows: group.is_some(),
        group,
        channels: channels.iter().map(|id| (*id).to_owned()).collect(),
    };
    let change = |version: i64, author: Author, summary: &[&str]| OrgChange {
        version,
        at: now().plus((version - 4) * HOUR),
        author: Some(author),
        summary: summary.iter().map(|line| (*line).to_owned()).collect(),
    };
    Overview {
        sources: vec![heard("github", 1), heard("jira", 30)],
        feeds: vec![Feed { slug: "github", name: "GitHub", on: true, backfill: true }],
        services: vec![
            service("ledger", &[], None),
            service("checkout", &["Payments"], Some("acme/shop")),
            service("web <!channel>", &["Web", "Shop"], None),
        ],
        teams: vec![
            team("payments", "Payments", Some(following(None)), &["C0PAYMENTS", "C0OPS"]),
            team("finders", "finders", Some(following(Some("the group is archived in Slack: choose another, or bring it back"))), &[]),
            team("web", "Web", None, &[]),
        ],
        projects: [("wallet".to_owned(), Project { name: "Wallet".into(), planned_share: Some(0.3), ..Project::default() })].into(),
        changes: vec![
            change(
                3,
                Author::Person("U0ANA".into()),
                &["service checkout is declared", "checkout joins payments from the beginning", "channel C1 means team web"],
            ),
            change(2, Author::SlackGroup, &["payments follows @payments-team: 2 joined, 0 left"]),
            change(1, Author::File, &["team payments is new"]),
        ],
    }
}

fn text(card: &Card) -> String {
    render::text(card, false, 100)
}

#[test]
fn the_card_says_what_is_connected() {
    insta::assert_snapshot!(text(&told(&overview(), now(), chrono_tz::Tz::UTC, Some(&ana("C0PAYMENTS")))));
    let blocks = render::message(&told(&overview(), now(), chrono_tz::Tz::UTC, Some(&ana("C0PAYMENTS"))));
    let shown = blocks["blocks"].to_string();
    assert!(shown.contains("<#C0PAYMENTS> <#C0OPS>") && shown.contains("by <@U0ANA>"), "{shown}");
    assert!(shown.contains("web &lt;!channel&gt;") && !shown.contains("<!channel>"), "{shown}");
}

#[test]
fn all_times_of_the_card_are_in_the_organisations_zone() {
    let shown = text(&told(&overview(), now(), chrono_tz::Tz::Europe__Berlin, None));
    assert!(shown.contains("Latest data (Europe/Berlin): github 23 Nov 12:00") && shown.contains("23 Nov 12:00 by"), "{shown}");
}

#[test]
fn the_button_for_a_channel_stands_only_in_one_and_none_without_a_person() {
    let check = |channel: Option<&str>, expect: &[&str]| {
        let asker = channel.map(ana);
        let card = told(&overview(), now(), chrono_tz::Tz::UTC, asker.as_ref());
        assert_eq!(card.buttons.iter().map(|it| it.label.as_str()).collect::<Vec<_>>(), expect, "{channel:?}");
    };
    check(Some("C0PAYMENTS"), &["Connect a service", "Add a team", "Connect this channel"]);
    check(Some("D0ANA"), &["Connect a service", "Add a team"]);
    check(Some(""), &["Connect a service", "Add a team"]);
    check(None, &[]);
    let alone = text(&told(&overview(), now(), chrono_tz::Tz::UTC, None));
    assert!(alone.contains("pacer org export > org.toml"), "{alone}");
}

#[test]
fn nothing_yet_and_very_much_are_said_calmly() {
    let feed = |on| Feed { slug: "github", name: "GitHub", on, backfill: true };
    let empty = |on| text(&told(&Overview { feeds: vec![feed(on)], ..Overview::default() }, now(), chrono_tz::Tz::UTC, Some(&ana(""))));
    assert!(empty(false).contains("Nothing is connected yet") && empty(false).contains("no webhook has a secret"), "{}", empty(false));
    assert!(empty(true).contains("open for webhooks: GitHub"), "{}", empty(true));
    let many = Overview { services: (0..213).map(|n| service(&format!("s{n}"), &[], None)).collect(), ..overview() };
    let card = told(&many, now(), chrono_tz::Tz::UTC, Some(&ana("")));
    let shown = text(&card);
    assert!(
        shown.contains("and 198 more services") && shown.contains("213 of them without a team") && shown.contains("Payments"),
        "{shown}"
    );
    assert!(text(&told(&many, now(), chrono_tz::Tz::UTC, None)).contains("s150"), "the terminal lists them");
}

fn connected(heard: &[&str], repository: Option<&str>, feeds: &[(&'static str, &'static str, bool)], public_url: Option<&str>) -> String {
    let heard: BTreeSet<String> = heard.iter().map(|slug| (*slug).to_owned()).collect();
    let look = Look { changes: vec!["service checkout is declared".into()], ..Look::default() };
    let host = Host {
        public_url: public_url.map(str::to_owned),
        feeds: feeds.iter().map(|(slug, name, on)| Feed { slug, name, on: *on, backfill: *slug != "bitbucket" }).collect(),
        ..Host::default()
    };
    text(&next::card(&Connected { name: "checkout", team: Some("Payments"), repository, heard: &heard, look: &look }, &host))
}

#[test]
fn what_happens_next_depends_on_what_was_heard() {
    let feeds = [("github", "GitHub", false), ("gitlab", "GitLab", false), ("bitbucket", "Bitbucket", false), ("jira", "Jira", true)];
    insta::assert_snapshot!(connected(&[], Some("acme/shop"), &feeds, None));
    let on = [("github", "GitHub", true), ("gitlab", "GitLab", false)];
    let said = connected(&[], Some("acme/shop"), &on, Some("https://pacer.example.com"));
    assert!(said.contains("https://pacer.example.com/hooks/github") && said.contains("PACER_GITHUB_SECRET (set)"), "{said}");
    assert!(!said.contains("GitLab") && !said.contains("HOST"), "{said}");
    let heard = connected(&["github"], Some("acme/shop"), &feeds, None);
    assert!(heard.contains("GitHub tells of it already") && heard.contains("pacer backfill github acme/shop"), "{heard}");
    let heard = connected(&["git", "json"], None, &feeds, None);
    assert!(heard.contains("git and json tell of it already") && !heard.contains("backfill"), "{heard}");
}

#[test]
fn a_forms_state_is_read_back_whatever_the_name() {
    let check = |state: State| assert_eq!(State::read(&state.text()).expect("ours"), state);
    check(State::default());
    check(State { base: 7, previewed: "0a1b".into(), id: "a|b|<!channel>".into() });
    for foreign in ["", "7", "x|y|z", "7|0a"] {
        assert!(State::read(foreign).is_err(), "{foreign}");
    }
}
