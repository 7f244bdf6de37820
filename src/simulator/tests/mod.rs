//! What the sample must show, computed from its events alone, by the plainest reading of `metrics.md`.

mod story;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::*;
use crate::domain::event::{Activity, Change, Commit, Item, Review, Status};
use crate::domain::time::{DAY, WEEK};

const NOW: &str = "2026-11-24T04:17:31Z";

fn now() -> At {
    At::parse(NOW).unwrap()
}

/// The events by kind.
#[derive(Default)]
struct Facts {
    deployments: Vec<Deployment>,
    changes: Vec<Change>,
    reviews: Vec<Review>,
    incidents: Vec<Incident>,
    items: Vec<Item>,
    activities: Vec<Activity>,
    runs: Vec<crate::domain::event::Run>,
}

fn facts(seed: u64, now: At) -> Facts {
    facts_of(sample(seed, now).events)
}

fn facts_of(events: Vec<Stated>) -> Facts {
    let mut facts = Facts::default();
    for stated in events {
        match stated.event {
            Event::Deployment(one) => facts.deployments.push(one),
            Event::Change(one) => facts.changes.push(one),
            Event::Review(one) => facts.reviews.push(one),
            Event::Incident(one) => facts.incidents.push(one),
            Event::Item(one) => facts.items.push(one),
            Event::Activity(one) => facts.activities.push(one),
            Event::Run(one) => facts.runs.push(one),
            other => panic!("not made by the sample: {other:?}"),
        }
    }
    facts
}

impl Facts {
    /// Successful production deployments of a team's first services, oldest first.
    fn live(&self, team: &str) -> Vec<&Deployment> {
        let owned = |one: &&Deployment| cast::SERVICES.iter().any(|row| row.team == team && Some(row.id) == one.service.as_deref());
        let live = |one: &&Deployment| one.status == Status::Success && one.environment.as_deref() == Some("production");
        let mut found: Vec<&Deployment> = self.deployments.iter().filter(owned).filter(live).collect();
        found.sort_by_key(|one| one.finished_at);
        found
    }

    /// Lead times in days of the team's commits deployed in that span of days before now.
    fn lead_days(&self, team: &str, from: f64, until: f64) -> Vec<f64> {
        let mut spans = Vec::new();
        for one in self.live(team) {
            let finish = one.finished_at.unwrap();
            if !(until..from).contains(&days_ago(finish)) {
                continue;
            }
            for commit in one.commits.iter().flatten().filter(|commit| commit.bot != Some(true)) {
                spans.push(days(finish.since(commit.authored_at.unwrap())));
            }
        }
        spans.sort_by(f64::total_cmp);
        spans
    }

    /// Failures with their recovery in hours, by the id of the deployment that failed.
    fn failures(&self, team: &str) -> BTreeMap<String, Option<f64>> {
        let mut failed: BTreeMap<String, Option<f64>> = BTreeMap::new();
        for service in cast::SERVICES.iter().filter(|row| row.team == team) {
            let mine: Vec<&Deployment> = self.live(team).into_iter().filter(|one| one.service.as_deref() == Some(service.id)).collect();
            for (index, one) in mine.iter().enumerate() {
                let finish = one.finished_at.unwrap();
                if index > 0
                    && one.sha != mine[index - 1].sha
                    && let Some(last) = mine[..index].iter().rposition(|other| other.sha == one.sha)
                {
                    note(&mut failed, mine[last + 1], Some(finish));
                }
                for commit in one.commits.iter().flatten() {
                    let Some((_, sha)) = commit.message.as_deref().and_then(|text| text.split_once("This reverts commit ")) else {
                        continue;
                    };
                    let holds = |other: &&&Deployment| other.commits.iter().flatten().any(|old| sha.trim_end_matches('.') == old.sha);
                    note(&mut failed, mine.iter().find(holds).expect("the reverted commit was deployed"), Some(finish));
                }
            }
            for incident in self.incidents.iter().filter(|incident| incident.service.as_deref() == Some(service.id)) {
                let near = |one: &&&Deployment| {
                    let since = incident.started_at.since(one.finished_at.unwrap());
                    !one.rollback && (0..=DAY).contains(&since)
                };
                let cause = match &incident.deployment {
                    Some(id) => mine.iter().find(|one| one.id == *id),
                    None => mine.iter().rev().find(|one| !one.rollback && one.finished_at.unwrap() <= incident.started_at).filter(near),
                };
                if let Some(cause) = cause {
                    note(&mut failed, cause, incident.resolved_at);
                }
            }
        }
        failed
    }

    /// Failed and all deployments in that span of days before now; the median recovery of the failed in hours.
    fn fail_rate(&self, team: &str, from: f64, until: f64) -> (usize, usize, f64) {
        let failures = self.failures(team);
        let within: Vec<&Deployment> = self
            .live(team)
            .into_iter()
            .filter(|one| !one.rollback && (until..from).contains(&days_ago(one.finished_at.unwrap())))
            .collect();
        let failed: Vec<&Option<f64>> = within.iter().filter_map(|one| failures.get(&one.id)).collect();
        let mut recoveries: Vec<f64> = failed.iter().filter_map(|hours| **hours).collect();
        recoveries.sort_by(f64::total_cmp);
        (failed.len(), within.len(), median(&recoveries))
    }
}

fn note(failed: &mut BTreeMap<String, Option<f64>>, one: &Deployment, end: Option<At>) {
    let took = end.map(|end| days(end.since(one.finished_at.unwrap())) * 24.0);
    let known = failed.entry(one.id.clone()).or_insert(took);
    *known = known.zip(took).map(|(one, two)| one.max(two));
}

#[allow(clippy::cast_precision_loss, reason = "spans of a year")]
fn days(micros: i64) -> f64 {
    micros as f64 / DAY as f64
}

fn days_ago(at: At) -> f64 {
    days(now().since(at))
}

fn median(sorted: &[f64]) -> f64 {
    if sorted.is_empty() { f64::NAN } else { f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]) }
}

#[allow(clippy::cast_precision_loss, reason = "counts")]
fn share((failed, all, _): (usize, usize, f64)) -> f64 {
    failed as f64 / all as f64
}

/// Lag-1 autocorrelation, and variance over mean.
#[allow(clippy::cast_precision_loss, reason = "counts")]
fn shape(series: &[f64]) -> (f64, f64) {
    let n = series.len() as f64;
    let mean = series.iter().sum::<f64>() / n;
    let squares: f64 = series.iter().map(|x| (x - mean).powi(2)).sum();
    let lagged: f64 = series.windows(2).map(|two| (two[0] - mean) * (two[1] - mean)).sum();
    (lagged / squares, squares / (n - 1.0) / mean)
}

/// Counts in whole weeks back from now, oldest first.
fn weekly(times: impl Iterator<Item = At>) -> Vec<f64> {
    let mut counts = vec![0.0; 52];
    for at in times {
        if let Some(count) = usize::try_from(now().since(at).div_euclid(WEEK)).ok().and_then(|week| counts.get_mut(week)) {
            *count += 1.0;
        }
    }
    counts.reverse();
    counts
}

#[test]
fn the_same_seed_and_hour_give_the_same_sample() {
    use sha2::Digest as _;
    let hash = |seed: u64, at: &str| {
        let sample = sample(seed, At::parse(at).unwrap());
        let mut hash = sha2::Sha256::new();
        for stated in &sample.events {
            hash.update(serde_json::to_vec(&stated.event).unwrap());
        }
        hash.update(&sample.org_toml);
        hex::encode(hash.finalize())
    };
    assert_eq!(hash(1, NOW), hash(1, NOW));
    assert_eq!(hash(1, NOW), hash(1, "2026-11-24T04:00:00Z"));
    assert_ne!(hash(1, NOW), hash(1, "2026-11-24T13:00:00Z"));
    assert_ne!(hash(1, NOW), hash(2, NOW));
}

#[test]
fn sizes_are_those_of_a_middling_organisation() {
    for seed in 1..=3 {
        let facts = facts(seed, now());
        let commits: HashSet<&str> =
            facts.changes.iter().flat_map(|change| change.commits.iter().flatten()).map(|commit| commit.sha.as_str()).collect();
        let sizes = [
            ("deployments", facts.deployments.len(), 1_700..3_300),
            ("commits", commits.len(), 9_000..15_000),
            ("changes", facts.changes.len(), 3_200..5_000),
            ("incidents", facts.incidents.len(), 85..160),
            ("items", facts.items.len(), 2_000..3_300),
            ("reviews", facts.reviews.len(), 3_500..7_500),
            ("activities", facts.activities.len(), 9_000..19_000),
        ];
        println!("seed {seed}: {sizes:?}");
        for (what, size, range) in sizes {
            assert!(range.contains(&size), "{size} {what} with seed {seed}");
        }
    }
}

#[test]
fn every_event_is_well_formed() {
    for (seed, at) in [(1, NOW), (2, "2026-01-03T23:30:00Z"), (3, "2027-04-04T12:00:00Z"), (4, "2026-08-10T06:00:00Z")] {
        let now = At::parse(at).unwrap();
        let facts = facts(seed, now);
        let ordered = |what: &str, times: &[Option<At>]| {
            let times: Vec<At> = times.iter().copied().flatten().collect();
            assert!(times.is_sorted(), "{what}: {times:?}");
            assert!(times.iter().all(|at| *at <= now && at.0 % 1_000_000 == 0), "{what} after {now} or not a whole second: {times:?}");
        };
        let commit = |what: &str, commit: &Commit, end: Option<At>| {
            assert_eq!(commit.sha.len(), 40);
            ordered(what, &[commit.authored_at, commit.committed_at, end]);
        };
        for one in &facts.deployments {
            ordered(&one.id, &[one.started_at, one.finished_at]);
            assert!(one.sha.is_some() && one.finished_at.is_some(), "{one:?}");
            one.commits.iter().flatten().for_each(|each| commit(&one.id, each, one.finished_at));
        }
        for one in &facts.changes {
            ordered(&one.id, &[one.opened_at, one.ready_at, one.first_review_at, one.merged_at, one.closed_at]);
            assert!(one.opened_at.is_some() && one.title.as_ref().is_some_and(|title| title.len() < 80), "{one:?}");
            assert_eq!(one.merge_commit.is_some(), one.merged_at.is_some());
            one.commits.iter().flatten().for_each(|each| commit(&one.id, each, one.merged_at));
        }
        for one in &facts.incidents {
            ordered(&one.id, &[Some(one.started_at), one.resolved_at]);
        }
        for one in &facts.items {
            ordered(&one.id, &[one.created_at, one.started_at, one.done_at]);
        }
        assert!(facts.reviews.iter().all(|one| one.at <= now) && facts.activities.iter().all(|one| one.at <= now));
        let changes: HashSet<&str> = facts.changes.iter().map(|one| one.id.as_str()).collect();
        assert!(facts.reviews.iter().all(|one| changes.contains(one.change.as_str())));
        let authors: BTreeMap<&str, &Change> = facts.changes.iter().map(|one| (one.id.as_str(), one)).collect();
        assert!(facts.reviews.iter().all(|one| authors[one.change.as_str()].author != one.reviewer), "a self review");

        let items: HashSet<&str> = facts.items.iter().map(|one| one.id.as_str()).collect();
        assert!(facts.changes.iter().filter_map(|one| one.item.as_deref()).all(|item| items.contains(item)));
        assert!(facts.items.iter().filter_map(|one| one.parent.as_deref()).all(|epic| items.contains(epic)));
        let unique = |ids: Vec<&str>| assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        unique(facts.items.iter().map(|one| one.id.as_str()).collect());
        unique(facts.changes.iter().map(|one| one.id.as_str()).collect());
        unique(facts.reviews.iter().map(|one| one.id.as_str()).collect());
        unique(facts.incidents.iter().map(|one| one.id.as_str()).collect());
        unique(facts.deployments.iter().map(|one| one.id.as_str()).collect());
        unique(facts.deployments.iter().flat_map(|one| one.commits.iter().flatten()).map(|commit| commit.sha.as_str()).collect());
    }
}

#[test]
fn the_planted_effects_are_there() {
    for seed in 1..=3 {
        let facts = facts(seed, now());
        let lead = |team: &str, from: f64, until: f64| median(&facts.lead_days(team, from, until));
        let (before, after) = (lead("payments", 180.0, 75.0), lead("payments", 60.0, 0.0));
        let (steady, worse) = (facts.fail_rate("search", 380.0, 90.0), facts.fail_rate("search", 90.0, 0.0));
        println!("seed {seed}: payments {before:.2} d to {after:.2} d; search {steady:?} to {worse:?}");
        assert!((0.25..0.65).contains(&(after / before)), "payments {before} to {after} with seed {seed}");
        let often = |from: f64, until: f64| {
            let live = facts.live("payments");
            let count = live.iter().filter(|one| (until..from).contains(&days_ago(one.finished_at.unwrap()))).count();
            f64::from(u32::try_from(count).unwrap()) / (from - until)
        };
        assert!(often(65.0, 0.0) > 1.5 * often(200.0, 75.0), "payments deploys more often");
        assert!(share(worse) > 1.7 * share(steady) && worse.2 > 1.5 * steady.2, "search {steady:?} to {worse:?} with seed {seed}");
        assert!((1..5).contains(&facts.live("labs").len()), "labs has too few");
        for team in ["platform", "checkout", "payments", "search", "mobile"] {
            let live = facts.live(team).iter().filter(|one| days_ago(one.finished_at.unwrap()) < 90.0).count();
            println!("  {team}: {live} in 90 d, lead {:.2} d, fails {:?}", lead(team, 90.0, 0.0), facts.fail_rate(team, 90.0, 0.0));
        }
        assert!(lead("platform", 90.0, 0.0) < 0.8, "platform is elite");
        assert!((1.0..6.0).contains(&lead("checkout", 90.0, 0.0)), "checkout is high");
        assert!((7.5..29.0).contains(&lead("mobile", 180.0, 0.0)), "mobile is medium: {}", lead("mobile", 180.0, 0.0));
        assert!(
            (5..9).contains(&facts.live("mobile").iter().filter(|one| !one.hotfix && days_ago(one.finished_at.unwrap()) < 90.0).count())
        );
    }
}

#[test]
fn a_window_of_twelve_months_is_full_for_every_team_but_the_young_one() {
    let facts = facts(1, now());
    for team in ["platform", "checkout", "payments", "search", "mobile"] {
        let first = facts.live(team)[0].finished_at.unwrap();
        assert!((366.0..386.0).contains(&days_ago(first)), "{team} begins {first}");
    }
}

#[test]
fn troubles_are_of_every_kind() {
    let facts = facts(1, now());
    let count = |holds: &dyn Fn(&Deployment) -> bool| facts.deployments.iter().filter(|one| holds(one)).count();
    let reverts = |one: &Deployment| {
        one.commits.iter().flatten().any(|commit| commit.message.as_ref().is_some_and(|text| text.contains("This reverts commit")))
    };
    assert!(count(&|one| one.rollback) >= 8 && count(&|one| one.hotfix) >= 8 && count(&reverts) >= 5);
    assert!(count(&|one| one.status == Status::Failure) >= 30 && count(&|one| one.environment.as_deref() == Some("staging")) >= 300);
    assert!(facts.incidents.iter().filter(|one| one.deployment.is_some()).count() >= 8);
    let open: Vec<_> = facts.incidents.iter().filter(|one| one.resolved_at.is_none()).collect();
    assert!(open.iter().any(|one| one.service.as_deref() == Some("checkout")), "{open:?}");
    let unlinked = facts.incidents.iter().filter(|incident| {
        let linked = |one: &&Deployment| {
            one.service == incident.service
                && one.status == Status::Success
                && one.environment.as_deref() == Some("production")
                && (0..=DAY).contains(&incident.started_at.since(one.finished_at.unwrap()))
        };
        incident.deployment.is_none() && !facts.deployments.iter().any(|one| linked(&one))
    });
    assert_eq!(unlinked.count(), 2);
    assert!(facts.changes.iter().filter(|one| one.bot).count() > 150);
    assert!(facts.changes.iter().any(|one| one.title.as_deref() == Some(words::LOUD_CHANGE)));
    assert!(facts.items.iter().any(|one| one.title.as_deref() == Some(words::LOUD_ITEM)));
}

#[test]
fn people_have_something_to_do() {
    let facts = facts(1, now());
    let open: Vec<&Change> = facts.changes.iter().filter(|change| change.closed_at.is_none()).collect();
    let asked: BTreeSet<&str> = open.iter().flat_map(|change| change.reviewers.iter().map(String::as_str)).collect();
    let authors: BTreeSet<&str> = open.iter().filter(|change| !change.bot).filter_map(|change| change.author.as_deref()).collect();
    assert!(asked.len() >= 8 && authors.len() >= 8, "{asked:?} {authors:?}");
    for change in &open {
        assert!(!change.draft || change.reviewers.is_empty(), "nobody is asked to review a draft: {change:?}");
        assert!(change.reviewers.iter().all(|name| Some(name) != change.author.as_ref()), "nobody reviews their own: {change:?}");
    }
    assert!(facts.changes.iter().all(|change| change.closed_at.is_none() || change.reviewers.is_empty()));
    let todo = facts.items.iter().filter(|item| item.started_at.is_none() && item.assignee.is_some()).count();
    let going = facts.items.iter().filter(|item| item.started_at.is_some() && item.done_at.is_none() && item.assignee.is_some()).count();
    let first = |name: &Option<String>| name.as_deref() == Some(cast::FIRST.0);
    let theirs = facts.items.iter().filter(|item| first(&item.assignee) && item.done_at.is_none()).count();
    let asked = open.iter().filter(|change| change.reviewers.iter().any(|name| name == cast::FIRST.0)).count();
    assert!(theirs >= 2 && asked >= 1, "whom the sandbox begins as has {theirs} items and {asked} reviews");
    assert!((8..60).contains(&todo) && (8..120).contains(&going), "{todo} to begin, {going} in progress");
}

#[test]
fn weekly_series_wander_as_real_ones_do() {
    let (mut correlations, mut dispersions) = (Vec::new(), Vec::new());
    for seed in 1..=4 {
        let facts = facts(seed, now());
        for team in ["platform", "checkout", "search", "mobile"] {
            let owner = |change: &&Change| {
                cast::SERVICES.iter().any(|row| row.team == team && Some(row.repository) == change.repository.as_deref())
            };
            let merged = weekly(facts.changes.iter().filter(owner).filter_map(|change| change.merged_at));
            let key = cast::team(team).key.unwrap();
            let done = weekly(facts.items.iter().filter(|item| item.id.starts_with(key)).filter_map(|item| item.done_at));
            for (what, series) in [("merged", merged), ("done", done)] {
                let (correlation, dispersion) = shape(&series);
                println!("seed {seed} {team} {what}: lag-1 {correlation:.2}, variance over mean {dispersion:.1}");
                assert!((-0.05..0.9).contains(&correlation) && (1.2..14.0).contains(&dispersion), "{team} {what} {series:?}");
                correlations.push(correlation);
                dispersions.push(dispersion);
            }
        }
    }
    correlations.sort_by(f64::total_cmp);
    dispersions.sort_by(f64::total_cmp);
    println!("medians {:.2} and {:.1}", median(&correlations), median(&dispersions));
    assert!((0.24..0.8).contains(&median(&correlations)) && (3.0..9.0).contains(&median(&dispersions)));
}

#[test]
fn work_is_done_in_working_hours_and_little_at_christmas() {
    use chrono::{Datelike, Timelike};
    let facts = facts(1, now());
    let commits: Vec<_> = facts.changes.iter().flat_map(|change| change.commits.iter().flatten()).collect();
    let local = |at: Option<At>| at.unwrap().utc().with_timezone(&calendar::ZONE);
    let weekend = commits.iter().filter(|commit| local(commit.authored_at).weekday().number_from_monday() > 5).count();
    let office = commits.iter().filter(|commit| (9..18).contains(&local(commit.authored_at).hour())).count();
    assert!(weekend > 0 && weekend * 20 < commits.len() && office * 10 > commits.len() * 8, "{weekend} and {office} of {}", commits.len());
    let merged = weekly(facts.changes.iter().filter_map(|change| change.merged_at));
    let usual = median(&{
        let mut sorted = merged.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    });
    let week = usize::try_from(52 - 1 - now().since(At::parse("2025-12-28T00:00:00Z").unwrap()).div_euclid(WEEK)).unwrap();
    assert!(merged[week..=week + 1].iter().all(|count| *count < usual * 0.6), "{usual}: {merged:?}");
}

#[test]
fn the_organisation_file_is_toml_with_what_is_promised() {
    let sample = sample(1, now());
    let file: toml::Table = sample.org_toml.parse().unwrap_or_else(|error| panic!("{error}\n{}", sample.org_toml));
    let keys: Vec<&str> = file.keys().map(String::as_str).collect();
    assert_eq!(
        keys.iter().copied().collect::<BTreeSet<_>>(),
        ["calendar", "objectives", "people", "projects", "services", "teams", "time_zone"].into()
    );
    let count = |key: &str| file[key].as_array().unwrap().len();
    assert_eq!((count("teams"), count("services"), count("projects"), count("objectives"), count("people")), (8, 11, 9, 3, 42));
    let moves: Vec<String> = file["teams"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|team| team.get("services").and_then(|list| list.as_array()).into_iter().flatten())
        .filter(|entry| entry.get("id").and_then(|id| id.as_str()) == Some("notifications"))
        .map(|entry| format!("{:?} {:?}", entry.get("from").map(ToString::to_string), entry.get("until").map(ToString::to_string)))
        .collect();
    assert_eq!(moves, ["Some(\"2026-06-27\") None", "None Some(\"2026-06-27\")"]);
    let people: HashSet<&str> = sample.users.iter().map(|user| user.id).collect();
    assert!(facts(1, now()).activities.iter().all(|one| people.contains(one.person.as_str())));
    assert_eq!(Sample::about().lines().count(), 6);
    assert_eq!((sample.users.iter().filter(|user| user.admin).count(), sample.channels.len()), (2, 10));
}

#[test]
#[ignore = "a measurement: run it in release"]
#[allow(clippy::disallowed_methods, reason = "a stop watch")]
fn how_long_it_takes() {
    let begin = std::time::Instant::now();
    let events = sample(1, now()).events.len();
    println!("{events} events in {:?}", begin.elapsed());
}

#[test]
fn assistants_write_along_more_and_more_and_builds_pass_or_fail() {
    let facts = facts(1, now());
    let share = |from: i64, until: i64| {
        let held = |at: At| now().plus(-from * DAY) <= at && at < now().plus(-until * DAY);
        let commits = facts.deployments.iter().flat_map(|one| one.commits.iter().flatten());
        let own: Vec<bool> = commits
            .filter(|commit| commit.bot == Some(false) && commit.authored_at.is_some_and(held))
            .map(|commit| commit.message.as_deref().is_some_and(crate::domain::machines::says_assisted))
            .collect();
        crate::domain::figure::to_f64(own.iter().filter(|assisted| **assisted).count() as u64)
            / crate::domain::figure::to_f64(own.len() as u64)
    };
    let (before, after) = (share(360, 270), share(90, 0));
    assert!(before > 0.03 && after > before + 0.08 && after < 0.5, "{before} {after}");
    let ids: HashSet<&str> = facts.runs.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(ids.len(), facts.runs.len());
    assert!(facts.runs.iter().all(|run| run.finished_at.is_some_and(|at| at <= now()) && run.started_at < run.finished_at));
    let failed = facts.runs.iter().filter(|run| run.outcome == crate::domain::event::Outcome::Failure).count();
    assert!(failed * 20 > facts.runs.len() && failed * 4 < facts.runs.len(), "{failed} of {}", facts.runs.len());
}

#[test]
fn the_organisation_file_is_accepted_by_its_parser() {
    use crate::domain::org::{Org, OrgFile, apply};
    let sample = sample(1, now());
    let file = OrgFile::parse(&sample.org_toml).unwrap_or_else(|error| panic!("{error}"));
    let org = apply(&Org::default(), file, now()).unwrap_or_else(|error| panic!("{error}"));
    let owners = org.owners("notifications");
    assert_eq!(
        owners.iter().map(|(team, span)| (*team, span.from.is_some(), span.until.is_some())).collect::<Vec<_>>(),
        [("checkout", true, false), ("platform", false, true)]
    );
    assert!((org.teams["payments"].targets["change_lead_time"] - 3.0 * 86_400.0).abs() < 1e-6);
    assert!(sample.users.iter().all(|user| org.person_by_slack(&user.slack).is_some_and(|(id, _)| id == user.id)));
}
