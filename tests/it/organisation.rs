//! The organisation file: pools, ownership over time, targets, who may see what.

use serde_json::{Value, json};

use crate::harness::binary::{Pacer, git};
use crate::harness::facts::{ORG, days_ago, deployment, figures, lines, metric, sample, sample_events};
use crate::harness::{Harness, NOW};

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_the_pool_of_its_services_and_of_the_teams_below() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(
        "[[teams]]\nid = \"shop\"\n[[teams]]\nid = \"payments\"\nparent = \"shop\"\nservices = [\"checkout\"]\n\
         [[teams]]\nid = \"finders\"\nparent = \"shop\"\nservices = [\"search\"]\n",
    )
    .await;
    let n = async |question: &str| metric(&t.ask(question).await, "deployment_frequency")["n"].as_u64().expect("n");
    let (checkout, search) = (n("dora team:payments 90d").await, n("dora team:finders 90d").await);
    assert_eq!((checkout, search), (45, 18));
    assert_eq!(n("dora team:shop 90d").await, checkout + search);
    assert_eq!(n("dora team:shop 90d").await, n("dora 90d").await);
    assert!(
        t.slash("ana", "dora team:shop 90d")
            .await
            .blocks
            .iter()
            .any(|block| block.to_string().contains("2 services of this team and the teams below it"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ownership_that_moved_leaves_history_where_it_was() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let org = "[[teams]]\nid = \"old\"\nservices = [{ id = \"checkout\", until = 2026-10-24 }]\n\
               [[teams]]\nid = \"new\"\nservices = [{ id = \"checkout\", from = 2026-10-24 }]\n";
    t.apply_org(org).await;
    let n = async |question: &str| metric(&t.ask(question).await, "deployment_frequency")["n"].as_u64().expect("n");
    let (old, new, all) = (n("dora team:old 90d").await, n("dora team:new 90d").await, n("dora service:checkout 90d").await);
    assert!(old > 0 && new > 0, "{old} {new}");
    assert_eq!(old + new, all, "each deployment is one team's");
    assert_eq!(n("dora team:new 2026-08..2026-09").await, 0);
    // Moving it now, without a date, moves it from now on.
    let before = figures(&t.ask("dora team:new 90d").await);
    t.apply_org("[[teams]]\nid = \"old\"\nservices = [\"checkout\"]\n[[teams]]\nid = \"new\"\n").await;
    assert_eq!(figures(&t.ask("dora team:new 90d").await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_met_or_missed_in_words() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    let org = ORG.replace(
        "targets = { change_lead_time = \"2d\", change_fail_rate = \"5%\" }",
        "targets = { change_lead_time = \"2d\", failed_deployment_recovery_time = \"10m\" }",
    );
    t.apply_org(&org).await;
    let answer = t.ask("dora team:payments 6m").await;
    let target = |id: &str| metric(&answer, id)["target"].clone();
    assert_eq!(target("change_lead_time"), json!({"value": 172_800.0, "status": "met"}));
    assert_eq!(target("failed_deployment_recovery_time"), json!({"value": 600.0, "status": "missed"}));
    assert_eq!(target("deployment_frequency"), Value::Null);
    let text = t.slash("ana", "dora team:payments 6m").await.text;
    assert!(text.contains("target 2 days or less: met") && text.contains("target 10 min or less: missed"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_team_is_for_its_members_and_admins() {
    let t = Harness::http().await;
    t.import_json(&sample()).await;
    t.apply_org(ORG).await;
    let check = async |person: &str, question: &str, allowed: bool| {
        let answer = t.ask_as(Some(person), question).await;
        let kind = &answer["error"]["kind"];
        assert_eq!(*kind, if allowed { Value::Null } else { json!("not_allowed") }, "{person} {question}: {answer}");
    };
    check("daria", "dora team:finders 90d", true).await;
    check("ana", "dora team:finders 90d", true).await;
    check("ben", "dora team:finders 90d", false).await;
    check("ben", "dora service:search 90d", false).await;
    check("ben", "dora team:payments 90d", true).await;
    check("ben", "dora 90d", true).await;
    // A receipt opens no back door, nor does a button.
    let answer = t.slash("daria", "dora team:finders 90d").await;
    let receipt = answer.blocks.iter().filter_map(|block| block["elements"][0]["value"].as_str()).next_back().expect("a receipt");
    check("ben", &format!("why {receipt}"), false).await;
    check("daria", &format!("why {receipt}"), true).await;
    let refused = t.slash("ben", "dora team:finders").await;
    assert!(refused.text.contains("shows its figures to its members only"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_two_teams_use_or_a_broken_file_changes_nothing() {
    use pacer::domain::org::OrgFile;
    let check = |toml: &str, words: &str| {
        let error = OrgFile::parse(toml).expect_err("refused").to_string();
        assert!(error.contains("line ") && error.contains(words), "{error}");
    };
    check("[[teams]]\nid = \"a\"\n[[teams]]\nid = \"a\"\n", "a");
    check("[[teams]]\nid = \"a\"\nparent = \"b\"\n", "b");
    check("[[teams]]\nid = \"a\"\ncolour = \"red\"\n", "colour");
    check("[[teams]]\nid = \"a\"\ntargets = { change_lead_time = \"soon\" }\n", "soon");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_nobody_declared_is_there_from_its_first_event() {
    let t = Harness::http().await;
    assert_eq!(t.ask("dora service:novel").await["error"]["kind"], "unknown_service");
    t.import_json(&lines(&[deployment("novel", 1, days_ago(1))])).await;
    let answer = t.ask("dora service:novel 30d").await;
    assert_eq!(
        (&metric(&answer, "deployment_frequency")["n"], &metric(&answer, "change_fail_rate")["reason"]),
        (&json!(1), &json!("no_incident_source"))
    );
}

/// A repository of two services whose tags deploy whichever of them changed, checked against `git log -- FOLDER`.
#[test]
fn a_clone_of_several_services_is_divided_by_the_folders_they_declare() {
    let pacer = Pacer::new();
    let mono = pacer.database.folder.path().join("mono");
    std::fs::create_dir(&mono).expect("a folder");
    git(&mono, &["init", "-q"]);
    for (tag, folders) in [
        ("v1.0", ["pay", "web"]),
        ("v1.1", ["pay", "docs"]),
        ("v1.2", ["web", "web"]),
        ("v1.3", ["pay", "web"]),
        ("v1.4", ["docs", "docs"]),
    ] {
        for (at, folder) in folders.into_iter().enumerate() {
            std::fs::create_dir_all(mono.join(folder)).expect("a folder");
            std::fs::write(mono.join(folder).join("file"), format!("{tag} {at}")).expect("written");
            git(&mono, &["add", "."]);
            git(&mono, &["commit", "-q", "-m", tag]);
        }
        git(&mono, &["tag", tag]);
    }
    let tags = ["v1.0", "v1.1", "v1.2", "v1.3", "v1.4"];
    let ranges: Vec<String> = tags.windows(2).map(|pair| format!("{}..{}", pair[0], pair[1])).collect();
    let deployed =
        |folder: &str| 1 + ranges.iter().filter(|range| !git(&mono, &["log", "--format=%H", range, "--", folder]).is_empty()).count();
    let brought = |folder: &str| git(&mono, &["log", "--format=%H", "v1.0..v1.4", "--", folder]).lines().count();

    let org = "[[services]]\nid = \"pay\"\nrepository = \"acme/mono\"\npaths = [\"pay/**\"]\n\
               [[services]]\nid = \"web\"\nrepository = \"acme/mono\"\npaths = [\"web/**\"]\n";
    let (org, path) = (pacer.database.file("org.toml", org), mono.display().to_string());
    let told = |service: &str| {
        let answer = pacer.run_at(NOW, &["ask", &format!("dora service:{service} 10y"), "--format", "json"]).ok().json();
        let n = |id: &str| metric(&answer, id)["n"].as_u64().expect("n");
        (n("deployment_frequency"), n("change_lead_time"))
    };
    pacer.run(&["import", "git", &path]).ok();
    assert_eq!(told("mono").0, 5, "nobody has said yet that it is two services");
    // Imported before the paths were declared, its files are not known: the command that mends it is named, until it was run.
    let mend = "pacer import git PATH --no-deployments";
    let told_of = |args: &[&str]| pacer.run(args).ok().stdout.contains(mend);
    assert!(told_of(&["org", "apply", &org]));
    assert!(told_of(&["org", "preview", &org]) && told_of(&["ask", "health 10y"]));
    pacer.run(&["import", "git", &path]).ok();
    assert!(!told_of(&["org", "apply", &org]) && !told_of(&["ask", "health 10y"]));
    for folder in ["pay", "web"] {
        assert_eq!(told(folder), (deployed(folder) as u64, brought(folder) as u64), "{folder}");
    }
}

/// Ben is in two teams, and in one below one of them; daria in none of ben's.
const TWO_TEAMS: &str = r#"
[[teams]]
id = "payments"
name = "Payments"
services = ["checkout"]
members = ["ben"]
targets = { change_lead_time = "2d" }
[[teams]]
id = "finders"
name = "Finders"
services = ["search"]
members = ["ben", "daria"]
[[teams]]
id = "ledger"
parent = "payments"
services = ["ledger"]
members = ["ben"]
[[people]]
id = "ben"
slack = "U0BEN"
[[people]]
id = "daria"
slack = "U0DARIA"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_two_teams_is_answered_for_both_together() {
    let t = Harness::http().await;
    let mut events = sample_events();
    events.extend((0..12).map(|number| deployment("ledger", number, days_ago(number * 2))));
    events.extend((0..12).map(|number| deployment("nobodys", number, days_ago(number * 2))));
    t.import_json(&lines(&events)).await;
    t.apply_org(TWO_TEAMS).await;
    let n = |answer: &Value| metric(answer, "deployment_frequency")["n"].as_u64().expect("a count");
    let own = t.ask_as(Some("ben"), "").await;
    assert_eq!(own["scope"], json!({"teams": ["finders", "payments"]}), "ledger is a part of payments");
    let alone = [t.ask("dora team:finders").await, t.ask("dora team:payments").await, t.ask("dora").await];
    assert_eq!(n(&own), n(&alone[0]) + n(&alone[1]));
    assert!(n(&own) < n(&alone[2]), "what is nobody's is not theirs");
    assert_eq!(figures(&t.ask("dora team:payments team:finders").await), figures(&own), "as one types it");
    assert_eq!(t.ask_as(Some("daria"), "").await["scope"], json!({"team": "finders"}));
    let receipt = own["receipt"].as_str().expect("a receipt");
    let cx = t.app.cx(None).await.expect("a context");
    let verified = pacer::features::verify::verify(&cx, receipt).await.expect("verified");
    assert!(verified.equal, "{:?}", verified.lines);
    let why = t.ask(&format!("why {receipt}")).await;
    assert_eq!((why["rows_total"].as_u64(), &why["scope"]), (Some(n(&own)), &own["scope"]));
    for question in ["flow", "trend change_lead_time", "benchmark"] {
        assert_eq!(t.ask_as(Some("ben"), question).await["scope"], own["scope"], "{question}");
    }
    let seen = t.slash("ben", "").await;
    assert!(seen.text.contains("Finders and Payments"), "{}", seen.text);
}

/// Leads, absences and own survey questions: in words before, taken as said, printed as they can be taken back.
#[test]
fn who_leads_who_is_away_and_what_surveys_ask_is_in_the_one_file() {
    let pacer = Pacer::new();
    let file = |away: &str| {
        format!(
            "[[teams]]\nid = \"payments\"\nmembers = [\"ana\", \"ben\"]\nleads = [\"ana\", \"U0LEAD\"]\n\n[[people]]\nid = \"ana\"\nslack = \"U0ANA\"\n\
             away = [{away}]\n\n[[survey.categories]]\nid = \"onboarding\"\nname = \"Onboarding\"\n\n[[survey.categories.items]]\n\
             id = \"onboarding_week\"\nkind = \"effort\"\nreversed = true\ntext = \"How hard was your first week?\"\n\n[[survey.items]]\n\
             id = \"ci_queue\"\nkind = \"often\"\nreversed = true\ntext = \"How often did you wait for a runner?\"\ncategory = \"ci\"\n"
        )
    };
    let first = file("{ from = 2026-12-21, until = 2026-12-31 }");
    let path = pacer.database.file("org.toml", &first);
    let said = pacer.run_at(NOW, &["org", "preview", &path]).ok().stdout;
    for line in [
        "ana leads payments",
        "U0LEAD leads payments",
        "ana is away from 2026-12-21 to 2026-12-31",
        "surveys ask `onboarding_week` in onboarding: How hard was your first week?",
        "surveys have a category Onboarding, asked in turn",
        "surveys ask `ci_queue` in ci: How often did you wait for a runner?",
    ] {
        assert!(said.lines().any(|said| said == line), "{line} is not in {said}");
    }
    pacer.run_at(NOW, &["org", "apply", &path]).ok();
    let exported = pacer.run(&["org", "export"]).ok().stdout;
    assert_eq!(exported.trim(), first.trim());
    let again = pacer.database.file("again.toml", exported);
    assert!(pacer.run(&["org", "preview", &again]).ok().stdout.contains("Nothing would change."));
    let moved = pacer.database.file("moved.toml", file("{ from = 2026-12-24, until = 2026-12-24 }"));
    let said = pacer.run_at(NOW, &["org", "apply", &moved]).ok().stdout;
    assert!(said.contains("ana is no longer away from 2026-12-21 to 2026-12-31\nana is away on 2026-12-24\n"), "{said}");
    let wrong =
        pacer.database.file("wrong.toml", first.replace("\"ana\", \"U0LEAD\"", "\"anna\"").replace("kind = \"often\"", "kind = \"stars\""));
    pacer
        .run(&["org", "apply", &wrong])
        .fails(1, &["line 4: the lead `anna` of team `payments`", "line 23: `kind` is `stars`: it may be agree"]);
}
