//! The organisation as it is changed, and what a change would do, on each database.

use super::*;
use crate::domain::org::follow::Following;
use crate::domain::org::moves;
use crate::domain::org::{OrgFile, apply};
use crate::store::org::{Author, OrgVersion};

fn org(file: &str) -> Org {
    apply(&Org::default(), OrgFile::parse(file).unwrap_or_else(|error| panic!("{error}")), hour(0)).expect("applies")
}

async fn newest(store: &Store) -> Arc<OrgVersion> {
    store.org_version(store.newest_org().await.unwrap()).await.unwrap()
}

/// A deployment of a repository, perhaps of a commit that touches files, that names no service.
async fn shared(store: &Store, id: &str, at: i64, files: Option<&str>) {
    let sha = format!("{id:0>40}");
    if let Some(files) = files {
        let before = (at > 6).then(|| format!("{:0>40}", id.parse::<u32>().unwrap() - 1));
        let commit = Commit {
            repository: Some("o/mono".into()),
            paths: Some(files.lines().map(str::to_owned).collect()),
            parents: Some(before.into_iter().collect()),
            exact_parents: true,
            ..commit(&sha, at - 1)
        };
        say(store, &format!("c{id}"), Event::Commit(commit), 1).await;
    }
    let it = Deployment { service: None, repository: Some("o/mono".into()), sha: Some(sha), ..deployed("", id, at, None) };
    say(store, id, Event::Deployment(it), 1).await;
}

#[test]
fn a_version_keeps_who_made_it_and_what_changed() {
    on_each(|store| async move {
        let first = org("[[teams]]\nid='pay'\nservices=['checkout']");
        let nothing = store.org_version(0).await.unwrap();
        assert_eq!(store.apply_org(&nothing, first.clone(), hour(1)).await.unwrap(), 1);
        let before = newest(&store).await;
        let second = org("[[teams]]\nid='pay'\nname='Payments'\nservices=['checkout']");
        let by = |who: &str| Author::Person(who.into());
        let said = vec!["team pay is now called Payments".to_owned()];
        assert_eq!(store.change_org(&before, second.clone(), hour(2), by("U1"), said.clone()).await.unwrap(), Some(2));
        assert_eq!(store.change_org(&before, first, hour(3), by("U2"), Vec::new()).await.unwrap(), Some(1), "as it was: nothing to store");
        let third = org("[[teams]]\nid='web'");
        assert_eq!(store.change_org(&before, third.clone(), hour(3), by("U2"), Vec::new()).await.unwrap(), None, "somebody came first");
        let refused = store.apply_org(&before, third.clone(), hour(3)).await.unwrap_err().to_string();
        assert!(refused.contains("meanwhile: run it again"), "{refused}");
        let latest = newest(&store).await;
        let stored = store.change_org(&latest, third, hour(4), Author::SlackGroup, Vec::new()).await.unwrap();
        assert_eq!(stored, Some(3));
        let changes = store.org_changes(hour(3), 9).await.unwrap();
        let told: Vec<_> = changes.iter().map(|it| (it.version, it.author.clone(), it.summary.clone())).collect();
        let file = ["team pay is new", "checkout joins pay from the beginning"].map(str::to_owned).to_vec();
        assert_eq!(told, [(2, Some(by("U1")), said), (1, Some(Author::File), file)], "later ones do not exist");
        assert_eq!(store.org_changes(hour(9), 1).await.unwrap()[0].author, Some(Author::SlackGroup));
    });
}

#[test]
fn a_store_that_stays_at_one_version_derives_under_the_newest_file_all_the_same() {
    on_each(|store| async move {
        say(&store, "1", Event::Deployment(Deployment { environment: Some("blue".into()), ..deployed("a", "d1", 5, None) }), 1).await;
        let pinned = store.reading().await.unwrap();
        let declared = org("[[services]]\nid='a'\nenvironments=['blue']");
        store.apply_org(&store.org_version(0).await.unwrap(), declared, hour(6)).await.unwrap();
        pinned.refresh(None).await.unwrap();
        assert_eq!(pool(&store, &[("a", ALWAYS)], 100).await.deployments.len(), 1);
    });
}

#[test]
fn how_groups_were_read_is_kept_and_forgotten() {
    on_each(|store| async move {
        let read = |team: &str, problem: Option<&str>| Following {
            team: team.into(),
            group: format!("S{team}"),
            handle: if problem.is_some() { String::new() } else { format!("{team}-team") },
            people: 4,
            not_counted: if problem.is_some() { 0 } else { 2 },
            problem: problem.map(str::to_owned),
            ..Following::default()
        };
        store.keep_followed(vec![read("pay", None), read("web", Some("it is archived"))], hour(1)).await.unwrap();
        store.keep_followed(vec![read("pay", Some("Slack did not answer")), read("web", Some("it is archived"))], hour(2)).await.unwrap();
        let known = store.followed().await.unwrap();
        let told: Vec<_> =
            known.iter().map(|it| (it.team.as_str(), it.handle.as_str(), it.not_counted, it.read_at, it.problem.as_deref())).collect();
        let expect = [("pay", "pay-team", 2, Some(hour(1)), Some("Slack did not answer")), ("web", "", 0, None, Some("it is archived"))];
        assert_eq!(told, expect);
        store.keep_followed(vec![Following { group: "S9".into(), ..read("pay", Some("gone")) }], hour(3)).await.unwrap();
        let known = store.followed().await.unwrap();
        assert_eq!((known.len(), known[0].group.as_str(), known[0].read_at), (1, "S9", None), "another group is another story");
    });
}

/// What a change would move, as its preview tells it; then it is applied, and where the rows are is compared with it.
async fn previewed(store: &Store, after: &str, at: i64) -> Vec<String> {
    let before = newest(store).await;
    let after = apply(&before.org, OrgFile::parse(after).unwrap_or_else(|error| panic!("{error}")), hour(at)).expect("applies");
    let moves = store.moves(&before.org, &after, hour(0), hour(100)).await.unwrap();
    let day = chrono::NaiveDate::from_ymd_opt(2026, 8, 26).unwrap();
    let lines = moves::lines(moves.rows.clone(), day);
    store.apply_org(&before, after.clone(), hour(at)).await.unwrap();
    for name in ["mono", "pay", "web", "own"] {
        let place =
            |row: &&moves::Placed| row.kind == moves::Kind::Deployment && row.after.iter().any(|it| it.service.as_deref() == Some(name));
        let touched = moves.rows.iter().any(|row| {
            row.kind == moves::Kind::Deployment && row.before.iter().chain(&row.after).any(|it| it.service.as_deref() == Some(name))
        });
        if touched {
            let told = moves.rows.iter().filter(place).count();
            assert_eq!(pool(store, &[(name, ALWAYS)], 100).await.deployments.len(), told, "{name} is as it was told");
        }
    }
    lines.into_iter().map(|line| line.replace(" since 2026-08-26", "")).collect()
}

#[test]
fn a_preview_tells_what_then_happens() {
    on_each(|store| async move {
        shared(&store, "1", 5, None).await;
        shared(&store, "2", 6, None).await;
        say(&store, "3", Event::Deployment(Deployment { repository: Some("o/mono".into()), ..deployed("own", "d3", 7, None) }), 1).await;
        store.refresh(None).await.unwrap();
        let all = "[[services]]\nid='pay'\nrepository='o/mono'\n[[teams]]\nid='payments'\nservices=['pay']";
        assert_eq!(previewed(&store, all, 10).await, ["service pay: 2 deployments move from mono (unassigned) to pay, team payments"]);
        // A dated move of the team alone.
        let dated = "[[services]]\nid='pay'\nrepository='o/mono'\n[[teams]]\nid='payments'\nservices=[{id='pay', until=\"1970-02-11T22:00:00Z\"}]\n\
                     [[teams]]\nid='shop'\nservices=[{id='pay', from=\"1970-02-11T22:00:00Z\"}]";
        assert_eq!(previewed(&store, dated, 11).await, ["service pay: 1 deployment moves from pay, team payments to pay, team shop"]);
        // Another name for the same, and back.
        assert_eq!(
            previewed(&store, "[[services]]\nid='web'\nrepository='o/mono'", 12).await,
            [
                "service web: 1 deployment moves from pay, team payments to web (unassigned)",
                "service web: 1 deployment moves from pay, team shop to web (unassigned)"
            ]
        );
        assert_eq!(previewed(&store, "", 13).await, ["service mono: 2 deployments move from web (unassigned) to mono (unassigned)"]);
        assert_eq!(previewed(&store, "", 14).await, Vec::<String>::new());
    });
}

#[test]
fn a_preview_reads_paths_as_answers_do() {
    on_each(|store| async move {
        for (n, files) in [(1, "pay/a.rs"), (2, "web/b.rs"), (3, "pay/c.rs\nweb/d.rs"), (4, "README.md")] {
            shared(&store, &n.to_string(), 5 + n, Some(files)).await;
        }
        store.refresh(None).await.unwrap();
        let file = "[[services]]\nid='pay'\nrepository='o/mono'\npaths=['pay/**', 'lib/pay/**']\n[[services]]\nid='web'\nrepository='o/mono'\npaths=['web/**']";
        let lines = previewed(&store, file, 20).await;
        assert!(lines.iter().any(|line| line.contains("to pay (unassigned)")), "{lines:?}");
        let org = newest(&store).await;
        let unmatched = store.unmatched(&org.org, &["pay", "web"].map(str::to_owned).into()).await.unwrap();
        let told: Vec<_> = unmatched.iter().map(|it| (it.service.as_str(), it.glob.as_str(), it.files_known)).collect();
        assert_eq!(told, [("pay", "lib/pay/**", true)]);
        assert!(store.unmatched(&org.org, &std::collections::BTreeSet::new()).await.unwrap().is_empty());
    });
}

#[test]
fn a_preview_tells_what_a_new_bot_takes_away() {
    on_each(|store| async move {
        shared(&store, "1", 5, None).await;
        let change = |id: &str, author: &str| Change {
            id: id.into(),
            repository: Some("o/mono".into()),
            author: Some(author.into()),
            opened_at: Some(hour(3)),
            merged_at: Some(hour(4)),
            ..Change::default()
        };
        for (id, author) in [("o/mono#1", "robo"), ("o/mono#2", "robo"), ("o/mono#3", "ada")] {
            say(&store, id, Event::Change(change(id, author)), 1).await;
        }
        store.refresh(None).await.unwrap();
        let bot = "[[people]]\nid='robo'\nbot=true";
        assert_eq!(previewed(&store, bot, 10).await, ["service mono: 2 changes count no longer for mono (unassigned)"]);
        assert_eq!(previewed(&store, "", 11).await, ["service mono: 2 changes count for mono (unassigned), too"]);
    });
}

#[test]
fn files_known_under_a_clones_folder_are_those_of_the_declared_repository() {
    on_each(|store| async move {
        let commit = |sha: &str, files: Option<&str>| Commit {
            repository: Some("mono".into()),
            paths: files.map(|files| files.lines().map(str::to_owned).collect()),
            ..commit(sha, 5)
        };
        for (sha, files) in [("a1", None), ("a2", Some("pay/a.rs\nREADME.md")), ("a3", Some("lib/b.rs"))] {
            say(&store, sha, Event::Commit(commit(sha, files)), 1).await;
        }
        let org = org("[[services]]\nid='pay'\nrepository='o/mono'\npaths=['lib/**', 'pay/**', 'gone/**']\n\
                       [[services]]\nid='web'\nrepository='o/mono'\npaths=['web/**']\n[[services]]\nid='far'\nrepository='o/far'\npaths=['**']");
        let all: std::collections::BTreeSet<String> = ["pay", "web", "far"].map(str::to_owned).into();
        let unmatched = store.unmatched(&org, &all).await.unwrap();
        let told: Vec<_> =
            unmatched.iter().map(|it| (it.service.as_str(), it.glob.as_str(), it.repository.as_str(), it.files_known)).collect();
        assert_eq!(told, [("far", "**", "o/far", false), ("pay", "gone/**", "o/mono", true), ("web", "web/**", "o/mono", true)]);
        let window = Window { from: hour(0), to: hour(9), zone: chrono_tz::UTC, label: String::new() };
        let names: Vec<String> = all.into_iter().collect();
        let bare = store.commits_without_files(&names, &window, &org).await.unwrap();
        assert_eq!(bare, [("mono".to_owned(), 1, Some(hour(5)))], "`health` looks under both names as well");
    });
}

#[test]
fn an_incident_that_names_its_service_itself_stays_with_it() {
    on_each(|store| async move {
        let of = |service: Option<&str>, id: &str| Incident { repository: Some("o/shop".into()), ..incident(service, id, 300, None) };
        say(&store, "i1", Event::Incident(of(Some("shop"), "i1")), 1).await;
        say(&store, "i2", Event::Incident(of(None, "i2")), 1).await;
        let unlinked = async |name: &str| pool(&store, &[(name, ALWAYS)], 400).await.unlinked.len();
        assert_eq!(unlinked("shop").await, 2);
        store.apply_org(&*newest(&store).await, org("[[services]]\nid='pay'\nrepository='o/shop'"), hour(310)).await.unwrap();
        assert_eq!((unlinked("shop").await, unlinked("pay").await), (1, 1));
        store.apply_org(&*newest(&store).await, org(""), hour(320)).await.unwrap();
        assert_eq!((unlinked("shop").await, unlinked("pay").await), (2, 0));
    });
}

#[test]
fn what_was_seen_is_offered() {
    on_each(|store| async move {
        shared(&store, "1", 5, None).await;
        let staged = Deployment { repository: Some("o/shop".into()), environment: Some("live".into()), ..deployed("shop", "d2", 6, None) };
        say(&store, "2", Event::Deployment(staged), 1).await;
        let texts = |set: std::collections::BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(texts(store.seen_repositories().await.unwrap()), "o/mono o/shop");
        assert_eq!(texts(store.repositories_of("shop").await.unwrap()), "o/shop");
        assert_eq!(texts(store.environments_of("shop").await.unwrap()), "live");
        assert_eq!(texts(store.sources_of("none", Some("o/shop")).await.unwrap()), "json");
        assert_eq!(texts(store.sources_of("none", None).await.unwrap()), "");
        assert_eq!(texts(store.workflows_of("o/shop").await.unwrap()), "");
        let receipt = |scope: Scope, at: i64| Receipt {
            id: new_id(),
            command: "dora".into(),
            scope,
            window: Window { from: hour(0), to: hour(1), zone: chrono_tz::UTC, label: String::new() },
            asked_at: hour(at),
            org_version: 0,
            watermark: 0,
            definitions: 1,
            metrics: Vec::new(),
        };
        for (scope, at) in
            [(Scope::Organisation, 1), (Scope::Team("pay".into()), 5), (Scope::Team("pay".into()), 6), (Scope::Organisation, 7)]
        {
            store.keep_receipt(receipt(scope, at)).await.unwrap();
        }
        let given = store.receipts_since(hour(5)).await.unwrap();
        assert_eq!(given, [(Scope::Team("pay".into()), 2), (Scope::Organisation, 1)]);
    });
}
