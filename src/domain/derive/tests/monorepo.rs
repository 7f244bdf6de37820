//! Rule 9: one repository, several services. `check` says for each service which deployments are its own, with the lead
//! times of its own commits.

use super::super::claims::{Claim, Claims};
use super::*;

/// `pay` owns `pay/**`, `web` owns `web/**`; commits as `c SHA<PARENT@HOUR` with the files they touch.
fn facts_of(service: &str, notation: &str, files: &[(&str, &str)]) -> ServiceFacts {
    let mut facts = facts(notation);
    facts.service = service.into();
    for row in &mut facts.deployments {
        row.repository = Some("acme/mono".into());
    }
    for (sha, paths) in files {
        let commit = facts.commits.iter_mut().find(|commit| commit.sha == *sha).unwrap();
        commit.paths = Some(paths.replace(' ', "\n"));
    }
    let declared = |name: &str| Claim::declared(name, &[format!("{name}/**")], &[]).unwrap();
    facts.claims.insert("acme/mono".into(), Claims::new(vec![declared("pay"), declared("web")], "mono"));
    facts
}

#[track_caller]
fn check(notation: &str, files: &[(&str, &str)], expect: &[(&str, &str)]) {
    for (service, expect) in expect {
        let told = told(&derive(&facts_of(service, notation, files), At(i64::MAX)));
        assert_eq!(told.lines().map(str::trim).collect::<Vec<_>>().join("; "), *expect, "{service} in {notation}");
    }
}

const HISTORY: &str = "c a@1; c b<a@2; c x<b@3; c y<x@4; d d1=a@5; d d2=b@6; d d3=y@9";

#[test]
fn a_deployment_is_of_each_service_whose_files_it_touches_with_their_own_commits() {
    check(
        HISTORY,
        &[("a", "README.md"), ("b", "pay/a.rs"), ("x", "web/a.ts"), ("y", "web/b.ts pay/b.rs")],
        &[
            ("pay", "d1 no_baseline; d2 [4]; d3 [5]"),
            ("web", "d1 no_baseline; d3 [6 5]"),
            // The first deployment put everything there; later ones that touch nobody's files are nobody's.
            ("mono", "d1 no_baseline"),
        ],
    );
}

#[test]
fn what_touches_nobodys_files_belongs_to_the_repositorys_own_service() {
    check(
        HISTORY,
        &[("a", "README.md"), ("b", "docs/a.md"), ("x", "pay/a.rs"), ("y", "docs/b.md")],
        &[("pay", "d1 no_baseline; d3 [6]"), ("web", "d1 no_baseline"), ("mono", "d1 no_baseline; d2 [4]")],
    );
}

#[test]
fn commits_whose_files_nobody_told_leave_the_deployment_unassigned() {
    check(HISTORY, &[], &[("pay", "d1 no_baseline"), ("web", "d1 no_baseline"), ("mono", "d1 no_baseline; d2 [4]; d3 [6 5]")]);
}

#[test]
fn a_redeploy_goes_where_the_deployment_went_and_a_rollback_takes_back_whose_it_was() {
    check(
        "c a@1; c b<a@2; c x<b@3; d d1=a@5; d d2=b@6; d d3=b@7; d d4=x@8; d d5=b@10",
        &[("a", "README.md"), ("b", "pay/a.rs"), ("x", "web/a.ts")],
        &[("pay", "d1 no_baseline; d2 [4]; d3 []"), ("web", "d1 no_baseline; d4 [5] failed, over after 2; d5 [] rollback rework")],
    );
}

#[test]
fn a_revert_fails_the_service_whose_files_it_takes_back() {
    check(
        r#"c a@1"Start"; c b<a@2"Add pay"; c x<b@3"Add web"; c r<x@6"Revert "Add web""; d d1=a@4; d d2=x@5; d d3=r@8"#,
        &[("a", "README.md"), ("b", "pay/a.rs"), ("x", "web/a.ts"), ("r", "web/a.ts")],
        &[("pay", "d1 no_baseline; d2 [3]"), ("web", "d1 no_baseline; d2 [2] failed, over after 3; d3 [2] rework")],
    );
}

#[test]
fn a_deployment_that_names_its_service_counts_for_it_alone() {
    let mut facts = facts_of("pay", HISTORY, &[("b", "web/a.ts"), ("x", "pay/a.rs"), ("y", "web/b.ts")]);
    facts.deployments.iter_mut().for_each(|row| row.stated = true);
    // Its own commits are those that touch its files; one whose files are not known counts.
    assert_eq!(told(&derive(&facts, At(i64::MAX))), "d1 no_baseline\nd2 []\nd3 [6]");
}

#[test]
fn environments_draw_the_line_where_services_declare_them() {
    let declared = |name: &str, environment: &str| Claim::declared(name, &[], &[environment.to_string()]).unwrap();
    let of = |service: &str, environment: &str| {
        let mut facts = facts_of(service, "c a@1; c b<a@2; d d1=a@5; d d2=b@6", &[]);
        let claims = Claims::new(vec![declared("pay", "prod-pay"), declared("web", "prod-web")], "mono");
        facts.claims.insert("acme/mono".into(), claims);
        facts.deployments.iter_mut().for_each(|row| row.environment = Some(environment.into()));
        derive(&facts, At(i64::MAX)).deployments.len()
    };
    assert_eq!((of("pay", "prod-pay"), of("web", "prod-pay"), of("mono", "prod-pay")), (2, 0, 0));
    assert_eq!((of("pay", "prod"), of("web", "prod"), of("mono", "prod")), (0, 0, 2));
}

#[test]
fn a_change_belongs_to_whom_its_commits_files_say() {
    let change = |id: &str, merge: &str, head: &str, at: &str| ChangeRow {
        source: "t".into(),
        id: id.into(),
        repository: Some("acme/mono".into()),
        opened_at: Some(hour("1")),
        merged_at: Some(hour(at)),
        merge_commit: Some(merge.into()),
        head: Some(head.into()),
        ..ChangeRow::default()
    };
    let of = |service: &str| -> Vec<String> {
        let files = [("b", "pay/a.rs"), ("x", "web/a.ts"), ("y", "docs/a.md")];
        let mut facts = facts_of(service, HISTORY, &files);
        facts.changes = vec![change("1", "b", "b", "6"), change("2", "x", "x", "7"), change("3", "y", "y", "8")];
        derive(&facts, At(i64::MAX)).changes.into_iter().map(|change| change.id).collect()
    };
    assert_eq!((of("pay"), of("web"), of("mono")), (vec!["1".into()], vec!["2".into()], vec!["3".into()]));
}
