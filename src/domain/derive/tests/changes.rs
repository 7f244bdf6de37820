//! The stages of a merged change. Times are hours; `m` in the notation has no opening, so changes are made here.

use super::super::changes::Merged;
use super::*;

fn change(id: &str, opened: &str, merged: &str) -> ChangeRow {
    ChangeRow {
        source: "t".into(),
        id: id.into(),
        repository: Some("acme/app".into()),
        opened_at: Some(hour(opened)),
        merged_at: Some(hour(merged)),
        author: Some("ada".into()),
        ..ChangeRow::default()
    }
}

fn reviewed(at: &str, reviewer: &str) -> ReviewRow {
    ReviewRow { at: hour(at), reviewer: reviewer.into() }
}

/// Coding, pickup, review, deploy and cycle of the only change, in hours; `-` where not known.
fn stages(facts: &ServiceFacts) -> String {
    let derived = derive(facts, At(i64::MAX));
    let [Merged { coding, pickup, review, deploy, cycle, .. }] = &derived.changes[..] else { panic!("{:?}", derived.changes) };
    let told = |span: &Option<i64>| span.map_or("-".into(), |micros| (micros as f64 / HOUR as f64).to_string());
    [coding, pickup, review, deploy, cycle].map(told).join(" ")
}

#[test]
fn the_four_stages_follow_one_another_and_add_up() {
    let mut facts = facts("c a@1; c o1<a@2; c o2<o1@3; c m<a+o2@10; d d1=a@4; d d2=m@12");
    facts.changes = vec![ChangeRow {
        merge_commit: Some("m".into()),
        head: Some("o2".into()),
        reviews: vec![reviewed("8", "bo"), reviewed("9", "cy")],
        ..change("1", "5", "10")
    }];
    assert_eq!(stages(&facts), "3 3 2 2 10");
}

#[test]
fn a_squash_is_known_by_its_head_and_deployed_by_its_merge_commit() {
    let mut facts = facts("c a@1; c o1<a@2; c o2<o1@3; c s<a@10; d d1=a@4; d d2=s@12");
    facts.changes = vec![ChangeRow { merge_commit: Some("s".into()), head: Some("o2".into()), ..change("1", "5", "10") }];
    assert_eq!(stages(&facts), "3 - - 2 10");
}

#[test]
fn an_abbreviated_sha_stands_for_the_one_commit_that_begins_so() {
    // As Bitbucket Cloud tells them, of twelve digits.
    let (base, own, merge) = ("ba5e".repeat(10), "0123456789ab".to_owned() + &"c".repeat(28), "764413d85e29".to_owned() + &"d".repeat(28));
    let told = |shas: &str| {
        let mut facts = facts(&format!("c {base}@1; c {own}<{base}@2; c {merge}<{base}+{own}@10; d d1={base}@4; d d2={merge}@12{shas}"));
        facts.changes = vec![ChangeRow { merge_commit: Some(merge[..12].into()), head: Some(own[..12].into()), ..change("1", "5", "10") }];
        facts
    };
    assert_eq!(stages(&told("")), "3 - - 2 10");
    // Where two begin so, neither is meant: of a head like that nobody knows when its coding began.
    let twin = |sha: &str| told(&format!("; c {}{}@3", &sha[..12], "e".repeat(28)));
    assert_eq!(stages(&twin(&own)), "- - - 2 7");
    // Without the merge, the branch is taken to go back to the beginning; its head was deployed all the same.
    assert_eq!(stages(&twin(&merge)), "4 - - 2 11");
    // A service that deploys by merging deploys what the merge made.
    let mut facts = told("");
    facts.rules.deploys_by = "merge".into();
    facts.deployments[0].via = "merge".into();
    facts.deployments[1] = DeploymentRow { via: "merge".into(), sha: Some(merge[..12].into()), ..facts.deployments[1].clone() };
    assert_eq!(stages(&facts), "3 - - 2 10");
}

#[test]
fn listed_commits_say_when_coding_began_without_any_history() {
    let mut facts = facts("c o1@2; c o2@3");
    facts.changes = vec![ChangeRow { commits: Some(vec!["o2".into(), "o1".into()]), ..change("1", "5", "10") }];
    assert_eq!(stages(&facts), "3 - - - 8");
}

#[test]
fn draft_time_is_in_no_stage_and_a_review_of_a_draft_waits_for_nobody() {
    let mut facts = facts("c o1@2");
    let draft = ChangeRow { commits: Some(vec!["o1".into()]), ready_at: Some(hour("7")), ..change("1", "5", "10") };
    facts.changes = vec![ChangeRow { reviews: vec![reviewed("8", "bo")], ..draft.clone() }];
    assert_eq!(stages(&facts), "3 1 2 - 6");
    facts.changes = vec![ChangeRow { reviews: vec![reviewed("6", "bo")], ..draft }];
    assert_eq!(stages(&facts), "3 0 3 - 6");
}

#[test]
fn a_review_after_the_merge_came_too_late_and_a_first_review_may_be_stated() {
    let mut facts = facts("c o1@2");
    let listed = ChangeRow { commits: Some(vec!["o1".into()]), ..change("1", "5", "10") };
    facts.changes = vec![ChangeRow { reviews: vec![reviewed("11", "bo")], ..listed.clone() }];
    assert_eq!(stages(&facts), "3 - - - 8");
    facts.changes = vec![ChangeRow { first_review_at: Some(hour("6")), reviews: vec![reviewed("8", "bo")], ..listed }];
    assert_eq!(stages(&facts), "3 1 4 - 8");
}

#[test]
fn a_commit_written_after_the_opening_leaves_coding_negative_and_no_cycle() {
    let mut facts = facts("c o1@6");
    facts.changes = vec![ChangeRow { commits: Some(vec!["o1".into()]), ..change("1", "5", "10") }];
    assert_eq!(stages(&facts), "-1 - - - -");
}

#[test]
fn what_the_first_deployment_contains_was_perhaps_there_before() {
    let mut facts = facts("c a@1; c b<a@2; d d1=b@12");
    facts.changes = vec![ChangeRow { merge_commit: Some("b".into()), ..change("1", "5", "10") }];
    assert_eq!(stages(&facts), "3 - - - 8");
}

#[test]
fn later_facts_do_not_exist() {
    let mut facts = facts("c a@1; c b<a@2; d d1=a@4; d d2=b@12");
    let row = ChangeRow { merge_commit: Some("b".into()), reviews: vec![reviewed("8", "bo")], ..change("1", "5", "10") };
    facts.changes = vec![row];
    assert_eq!(derive(&facts, hour("9")).changes, []);
    assert_eq!(derive(&facts, hour("11")).changes[0].deploy, None);
    assert_eq!(derive(&facts, hour("12")).changes[0].deploy, Some(2 * HOUR));
}

#[test]
fn a_service_that_deploys_by_merging_waits_for_nothing() {
    let mut facts = facts("c a@1; c b<a@2");
    facts.rules.deploys_by = "merge".into();
    facts.changes = vec![ChangeRow { merge_commit: Some("b".into()), ..change("1", "5", "10") }];
    facts.deployments = vec![DeploymentRow {
        source: "t".into(),
        id: "1".into(),
        via: "merge".into(),
        status: Status::Success,
        finished_at: Some(hour("10")),
        sha: Some("b".into()),
        ..DeploymentRow::default()
    }];
    assert_eq!(stages(&facts), "3 - - 0 8");
}

#[test]
fn assistance_is_told_by_a_message_or_an_account() {
    let ai = |told: Option<bool>, author: &str| {
        let mut facts = facts("c o1@2");
        facts.commits[0].ai = told;
        facts.changes = vec![ChangeRow { commits: Some(vec!["o1".into()]), author: Some(author.into()), ..change("1", "5", "10") }];
        derive(&facts, At(i64::MAX)).changes[0].ai
    };
    assert_eq!((ai(None, "ada"), ai(Some(false), "ada"), ai(Some(true), "ada")), (None, Some(false), Some(true)));
    assert_eq!(ai(Some(false), "copilot-swe-agent[bot]"), Some(true));
}
