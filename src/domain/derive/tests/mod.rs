//! The rules, each from a one-line notation. Times are hours since 1970.
//!
//! `c a@1` a commit; `c b<a@2` with its parents (`<a+x` two: a merge); `~` after the time: by a bot; `"..."` its
//! subject. `d d1=a@5` a production deployment; `!hotfix`, `!rollback`, `!failed`, `!staging`; `[x,y]` an explicit
//! list. `i i1@6-8` an incident, `@6-` still open, `>d1` with a reference. `m M^h@4` a change merged as M with head h.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    reason = "a notation of small hours and short lines"
)]

mod changes;
mod monorepo;
mod properties;

use super::*;

fn facts(notation: &str) -> ServiceFacts {
    let mut facts = ServiceFacts { service: "checkout".into(), ..ServiceFacts::default() };
    for step in notation.split(';').map(str::trim).filter(|step| !step.is_empty()) {
        let (kind, rest) = step.split_once(' ').unwrap();
        let (name, at) = rest.split_once('@').unwrap();
        match kind {
            "c" => facts.commits.push(commit(name, at)),
            "d" => facts.deployments.push(deployment(name, at)),
            "i" => facts.incidents.push(incident(name, at)),
            "m" => {
                let (merge, head) = name.split_once('^').unwrap();
                facts.changes.push(ChangeRow {
                    merge_commit: Some(merge.into()),
                    head: Some(head.into()),
                    merged_at: Some(hour(at)),
                    ..ChangeRow::default()
                });
            }
            other => panic!("no step `{other}`"),
        }
    }
    facts
}

fn hour(text: &str) -> At {
    let hours: f64 = text.trim().parse().unwrap();
    At((hours * HOUR as f64) as i64)
}

fn commit(name: &str, at: &str) -> CommitRow {
    let (sha, parents) = name.split_once('<').map_or((name, None), |(sha, parents)| (sha, Some(parents)));
    let (at, subject) = at.split_once('"').map_or((at, None), |(at, rest)| (at, rest.strip_suffix('"').map(str::to_string)));
    let bot = at.contains('~');
    CommitRow {
        sha: sha.into(),
        authored_at: Some(hour(&at.replace('~', ""))),
        bot,
        subject,
        reverts: Vec::new(),
        parents: Some(parents.map_or(Vec::new(), |text| text.split('+').map(str::to_string).collect())),
        exact: true,
        ..CommitRow::default()
    }
}

fn deployment(name: &str, at: &str) -> DeploymentRow {
    let (id, sha) = name.split_once('=').unwrap();
    let (at, flags) = at.split_once('!').map_or((at, ""), |(at, flags)| (at, flags));
    let (at, list) = at.split_once('[').map_or((at, None), |(at, list)| (at, Some(list.trim().trim_end_matches(']'))));
    DeploymentRow {
        source: "t".into(),
        id: id.into(),
        environment: flags.contains("staging").then(|| "staging".into()),
        production: None,
        via: "deployment".into(),
        status: if flags.contains("failed") { Status::Failure } else { Status::Success },
        finished_at: Some(hour(at)),
        sha: (!sha.is_empty()).then(|| sha.into()),
        commits: list.map(|list| list.split(',').map(str::to_string).collect()),
        hotfix: flags.contains("hotfix"),
        rollback: flags.contains("rollback"),
        seq: 1,
        ..DeploymentRow::default()
    }
}

fn incident(name: &str, at: &str) -> IncidentRow {
    let (id, reference) = name.split_once('>').map_or((name, None), |(id, reference)| (id, Some(reference.to_string())));
    let (from, to) = at.split_once('-').unwrap();
    IncidentRow {
        source: "t".into(),
        id: id.into(),
        started_at: hour(from),
        resolved_at: (!to.trim().is_empty()).then(|| hour(to)),
        deployment: reference,
        title: None,
        seq: 1,
    }
}

/// One line a deployment: its lead times in hours, what was left out, and what became of it.
fn told(derived: &Derived) -> String {
    let mut lines = Vec::new();
    for it in &derived.deployments {
        let leads: Vec<String> = it.leads.iter().map(|lead| (lead.micros as f64 / HOUR as f64).to_string()).collect();
        let mut line = match it.reason.code() {
            None => format!("{} [{}]", it.id, leads.join(" ")),
            Some(code) => format!("{} {code}", it.id),
        };
        for (word, count) in [
            ("merge", it.merges.len()),
            ("bot", it.bots.len()),
            ("negative", it.negative.len()),
            ("unmatched", it.unmatched_reverts as usize),
        ] {
            if count > 0 {
                line += &format!(" {count} {word}");
            }
        }
        if it.rollback {
            line += " rollback";
        }
        if !it.rework.is_empty() {
            line += " rework";
        }
        match it.recovery {
            Some(Recovery::At(at)) => line += &format!(" failed, over after {}", at.since(it.finished_at) as f64 / HOUR as f64),
            Some(Recovery::Open) => line += " failed, open",
            None => {}
        }
        lines.push(line);
    }
    for it in &derived.unlinked {
        lines.push(format!("{} unlinked", it.id));
    }
    lines.join("\n")
}

#[track_caller]
fn check(notation: &str, expect: &str) {
    let expect: Vec<&str> = expect.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let facts = facts(notation);
    assert_eq!(told(&derive(&facts, At(i64::MAX))), expect.join("\n"), "{notation}");
    let mut turned = facts.clone();
    turned.deployments.reverse();
    turned.commits.reverse();
    turned.incidents.reverse();
    assert_eq!(told(&derive(&turned, At(i64::MAX))), expect.join("\n"), "order must be immaterial: {notation}");
}

#[test]
fn a_deployment_contains_what_no_earlier_one_reached() {
    check("c a@1; c b<a@2; c x<b@3; d d1=a@5; d d2=x@6", "d1 no_baseline\nd2 [4 3]");
}

#[test]
fn a_merge_commit_and_a_bots_are_left_out_and_counted() {
    check("c a@1; c b<a@2; c x<a@2~; c m<b+x@3; d d1=a@5; d d2=m@6", "d1 no_baseline\nd2 [4] 1 merge 1 bot");
}

#[test]
fn a_commit_written_after_its_deployment_is_left_out_never_clamped() {
    check("c a@1; c b<a@9; d d1=a@5; d d2=b@6", "d1 no_baseline\nd2 [] 1 negative");
}

#[test]
fn a_backport_has_no_baseline_and_costs_the_main_line_nothing() {
    check(
        "c a@1; c b<a@2; c x<b@3; c p<a@3; d d1=b@5; d d2=p@6; d d3=x@7",
        "d1 no_baseline
         d2 no_baseline
         d3 [4]",
    );
}

#[test]
fn a_release_branch_off_an_earlier_deployment_has_a_baseline() {
    check("c a@1; c b<a@2; c p<a@3; d d1=a@4; d d2=b@5; d d3=p@6", "d1 no_baseline\nd2 [3]\nd3 [3]");
}

#[test]
fn redeploying_the_same_commit_has_no_lead_time_and_fails_nothing() {
    check("c a@1; c b<a@2; d d1=a@4; d d2=b@5; d d3=b@6", "d1 no_baseline\nd2 [3]\nd3 []");
}

#[test]
fn an_explicit_list_needs_no_baseline_and_a_commit_counts_at_its_first_deployment() {
    check("c a@1; c b@2; c x@3; d d1=@5[a,b]; d d2=@6[b,x]", "d1 [4 3]\nd2 [3]");
}

#[test]
fn an_unknown_commit_is_said_but_its_redeploy_is_a_deployment_without_lead_time() {
    check("d d1=z@5; d d2=z@6; d d3=y@7", "d1 unknown_commit\nd2 []\nd3 unknown_commit");
}

#[test]
fn the_edge_of_a_shallow_history_is_said() {
    let mut facts = facts("c a@1; c b<a@2; c y@3; c z<y@4; d d1=b@5; d d2=z@6");
    facts.commits[2].shallow = true;
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 shallow");
}

#[test]
fn an_edge_that_an_earlier_deployment_reached_may_hide_a_baseline_too() {
    let mut facts = facts("c e@1; c b<e@2; c p<e@3; d d1=b@4; d d2=p@5");
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 no_baseline");
    facts.commits[0].shallow = true;
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 shallow");
}

#[test]
fn staging_and_failed_attempts_are_no_deployments() {
    let derived = derive(&facts("c a@1; d d1=a@4!staging; d d2=a@5!failed; d d3=a@6"), At(i64::MAX));
    assert_eq!(told(&derived), "d3 no_baseline");
    assert_eq!(derived.attempts, [hour("5")]);
    assert_eq!(derived.elsewhere.get("staging"), Some(&1));
}

#[test]
fn an_incident_links_to_the_latest_deployment_within_the_window() {
    check(
        "d d1=a@4; d d2=b@10; i i1@12-15; i i2@34-35; i i3@34.5-36; i i4@3-4",
        "d1 unknown_commit\nd2 unknown_commit failed, over after 25\ni4 unlinked\ni3 unlinked",
    );
}

#[test]
fn a_reference_wins_over_time_and_an_unknown_one_is_unlinked() {
    check("d d1=a@4; d d2=b@10; i i1>d1@12-15; i i2>nope@12-15", "d1 unknown_commit failed, over after 11\nd2 unknown_commit\ni2 unlinked");
}

#[test]
fn several_incidents_are_one_failure_that_is_over_with_the_last() {
    check("d d1=a@4; i i1@5-6; i i2@5-9", "d1 unknown_commit failed, over after 5");
    check("d d1=a@4; i i1@5-6; i i2@5-", "d1 unknown_commit failed, open");
}

#[test]
fn deploying_an_earlier_commit_rolls_back_the_first_success_after_it() {
    check(
        "c a@1; c b<a@2; c x<b@3; d d1=a@4; d d2=b@5; d d3=x@6; d d4=a@7",
        "d1 no_baseline
         d2 [3] failed, over after 2
         d3 [3]
         d4 [] rollback rework",
    );
}

#[test]
fn a_rollback_flag_alone_fails_the_success_just_before() {
    check(
        "c a@1; c b<a@2; c x<b@3; d d1=a@4; d d2=b@5; d d3=x@8!rollback",
        "d1 no_baseline\nd2 [3] failed, over after 3\nd3 [5] rollback rework",
    );
}

#[test]
fn an_incident_skips_a_rollback_and_blames_what_was_rolled_out_before() {
    check("d d1=a@4; d d2=b@5; d d3=a@6; i i1@7-8", "d1 unknown_commit\nd2 unknown_commit failed, over after 3\nd3 [] rollback rework");
}

#[test]
fn a_hotfix_is_rework_and_fails_nobody() {
    check("d d1=a@4; d d2=b@5!hotfix", "d1 unknown_commit\nd2 unknown_commit rework");
}

#[test]
fn a_revert_fails_the_deployment_that_brought_the_commit() {
    check(
        r#"c a@1"Start"; c b<a@2"Add cache"; c x<b@3"More"; c r<x@6"Revert "Add cache""; d d1=a@4; d d2=x@5; d d3=r@8"#,
        "d1 no_baseline
         d2 [3 2] failed, over after 3
         d3 [2] rework",
    );
}

#[test]
fn a_revert_that_never_met_production_is_neither_failure_nor_rework() {
    check(r#"c a@1"Start"; c b<a@2"Add cache"; c r<b@3"Revert "Add cache""; d d1=a@4; d d2=r@8"#, "d1 no_baseline\nd2 [6 5]");
}

#[test]
fn a_revert_of_what_was_there_before_the_first_deployment_is_rework_alone() {
    check(r#"c a@1"Add cache"; c b<a@2"More"; c r<b@6"Revert "Add cache""; d d1=b@4; d d2=r@8"#, "d1 no_baseline\nd2 [2] rework");
}

#[test]
fn a_revert_needs_exactly_one_earlier_subject() {
    check(
        r#"c a@1"Start"; c b<a@2"Fix"; c x<b@3"Fix"; c r<x@6"Revert "Fix""; d d1=a@4; d d2=x@5; d d3=r@8"#,
        "d1 no_baseline\nd2 [3 2]\nd3 [2] 1 unmatched",
    );
}

#[test]
fn a_revert_of_a_revert_is_none() {
    check(
        r#"c a@1"Start"; c b<a@2"Add"; c r<b@6"Revert "Add""; c s<r@9"Revert "Revert "Add"""; d d1=a@4; d d2=b@5; d d3=r@8; d d4=s@10"#,
        "d1 no_baseline
         d2 [3] failed, over after 3
         d3 [2] rework
         d4 [1]",
    );
}

#[test]
fn a_squash_contributes_the_original_commits_of_its_change() {
    let mut facts = facts("c a@1; c o1<a@2; c o2<o1@3; c s<a@6; m s^o2@6; d d1=a@4; d d2=s@8");
    for commit in &mut facts.commits {
        commit.exact = false; // as webhooks tell it: the push's order, not git's parents
    }
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 [6 5]");
}

#[test]
fn a_merge_commit_is_known_by_its_change_when_the_changes_head_is_on_the_branch() {
    let mut facts = facts("c a@1; c o1<a@2; c m<o1@6; m m^o1@6; d d1=a@4; d d2=m@8");
    for commit in &mut facts.commits {
        commit.exact = false;
    }
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 [6] 1 merge");
}

#[test]
fn later_facts_do_not_exist() {
    let facts = facts("c a@1; c b<a@2; d d1=a@4; d d2=b@5; d d3=a@9; i i1@6-20");
    assert_eq!(told(&derive(&facts, hour("5.5"))), "d1 no_baseline\nd2 [3]");
    assert_eq!(told(&derive(&facts, hour("7"))), "d1 no_baseline\nd2 [3] failed, open");
    assert_eq!(told(&derive(&facts, hour("30"))), "d1 no_baseline\nd2 [3] failed, over after 15\nd3 [] rollback rework");
}

#[test]
fn production_is_what_the_file_names_then_what_the_event_says_then_the_name() {
    let row = |environment: &str, said: Option<bool>| DeploymentRow {
        environment: Some(environment.into()),
        production: said,
        ..deployment("d=a", "1")
    };
    let named = |names: &[&str]| Rules { environments: names.iter().map(|name| (*name).to_string()).collect(), ..Rules::default() };
    let check = |rules: &Rules, environment: &str, said, expect| {
        assert_eq!(rules.production(&row(environment, said)), expect, "{environment} {said:?}");
    };
    let default = Rules::default();
    check(&default, "", None, true);
    check(&default, "Production", None, true);
    check(&default, "prod-eu", None, true);
    check(&default, "live", None, true);
    check(&default, "staging", None, false);
    check(&default, "preprod", None, false);
    check(&default, "github-pages", Some(true), true);
    check(&default, "production", Some(false), false);
    check(&named(&["blue"]), "blue", Some(false), true);
    check(&named(&["blue"]), "production", Some(true), false);
}

#[test]
fn a_deployment_that_names_no_environment_is_production_whatever_the_file_calls_its_own() {
    for environments in [vec![], vec!["production".to_string()], vec!["Blue".to_string()]] {
        let rules = Rules { environments, ..Rules::default() };
        for environment in [None, Some(String::new()), Some("  ".into())] {
            let row = DeploymentRow { environment, ..deployment("d=a", "1") };
            assert!(rules.production(&row), "{rules:?} {:?}", row.environment);
        }
    }
    let mut facts = facts("c a@1; c b<a@2; d d1=a@4; d d2=b@5");
    facts.rules.environments = vec!["production".into()];
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 [3]");
}

#[test]
fn where_environments_tell_services_apart_one_that_names_none_is_that_of_production() {
    let claimed = |service: &str, environments: &[&str]| {
        let environments: Vec<String> = environments.iter().map(|name| (*name).to_string()).collect();
        claims::Claim::declared(service, &[], &environments).unwrap()
    };
    let count = |service: &str, environments: &[&str], environment: Option<&str>| {
        let mut facts = facts("c a@1; d d1=a@4");
        facts.service = service.into();
        facts.rules.environments = environments.iter().map(|name| (*name).to_string()).collect();
        (facts.deployments[0].repository, facts.deployments[0].environment) = (Some("o/mono".into()), environment.map(Into::into));
        let all = vec![claimed("eu", &["Production"]), claimed("us", &["live-us"])];
        facts.claims.insert("o/mono".into(), claims::Claims::new(all, "mono"));
        derive(&facts, At(i64::MAX)).deployments.len()
    };
    assert_eq!((count("eu", &["Production"], None), count("us", &["live-us"], None), count("mono", &[], None)), (1, 0, 0));
    assert_eq!((count("eu", &["Production"], Some("live-us")), count("us", &["live-us"], Some("live-us"))), (0, 1));
}

#[test]
fn a_rollback_is_over_at_its_own_finish_though_another_source_uses_its_id() {
    let mut facts = facts("c a@1; c b<a@2; d d1=a@4; d d2=b@5; d d3=a@7; d d3=b@30");
    facts.deployments[3].source = "u".into();
    let derived = derive(&facts, At(i64::MAX));
    assert_eq!(derived.deployments[1].recovery, Some(Recovery::At(hour("7"))));
}

#[test]
fn a_listed_commit_without_an_author_date_is_said_and_the_others_count() {
    let mut facts = facts("c a@1; c b@2; d d1=@5[a,b]");
    facts.commits[0].authored_at = None;
    let shipped = &derive(&facts, At(i64::MAX)).deployments[0];
    assert_eq!((shipped.left_out(), shipped.undated, shipped.leads.len()), (Reason::UnknownCommit, 1, 1));
}
