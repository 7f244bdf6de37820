//! Changes and their commits, week by week: first commit, opened, ready, first review, merged.

use super::calendar::{Calendar, WEEKS, hours};
use super::cast::{SERVICES, ServiceRow, member, team};
use super::items::Work;
use super::pace::{BOT_CHANGES, Pace, RATE_PERSISTENCE, RATE_SIGMA, pace};
use super::random::Random;
use super::words::{self, Text};
use crate::domain::event::{Change, Commit};
use crate::domain::time::At;

/// A change as it will have been, also beyond now; `cut` makes it what is known now.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Index in `SERVICES`.
    pub service: usize,
    /// Without its number yet.
    pub change: Change,
    pub commits: Vec<Commit>,
    /// Where its merge lies on the axis of working hours; none for one that is closed without.
    pub merged_work: Option<f64>,
}

/// Weeks after now that are simulated too, for what is in progress now.
pub const WEEKS_AFTER: usize = 4;

/// A team's weekly rates against its usual one: a lognormal first-order autoregression.
pub fn rates(seed: u64, team: &str) -> Vec<f64> {
    let mut random = Random::stream(seed, &format!("rates of {team}"));
    let mut level = random.normal();
    let fresh = (1.0 - RATE_PERSISTENCE * RATE_PERSISTENCE).sqrt();
    let mut rates = Vec::with_capacity(WEEKS + WEEKS_AFTER);
    for _ in 0..WEEKS + WEEKS_AFTER {
        rates.push((RATE_SIGMA * level - RATE_SIGMA * RATE_SIGMA / 2.0).exp());
        level = RATE_PERSISTENCE * level + fresh * random.normal();
    }
    rates
}

/// All changes of a service.
pub fn changes(seed: u64, calendar: &Calendar, service: usize, work: &Work) -> Vec<Planned> {
    let row = &SERVICES[service];
    let rates = rates(seed, row.team);
    let mut random = Random::stream(seed, &format!("changes of {}", row.id));
    let mut planned = Vec::new();
    for (week, rate) in rates.iter().take(WEEKS).enumerate() {
        let (from, until, slow) = calendar.week(week);
        let usual = pace(row.id, calendar.days_ago(calendar.at(from))).changes;
        for _ in 0..random.poisson(usual * rate * slow) {
            let opened = random.between(from, until);
            planned.push(change(&mut random, calendar, service, opened, work));
        }
        let bots = if usual > 0.0 { BOT_CHANGES } else { 0.0 };
        for _ in 0..random.poisson(bots) {
            let opened = random.between(from, until);
            planned.push(bump(&mut random, calendar, service, opened));
        }
    }
    assist(&mut Random::stream(seed, &format!("assistants of {}", row.id)), calendar, &mut planned);
    if row.id == "checkout"
        && let Some(loud) =
            planned.iter_mut().rev().find(|loud| !loud.change.bot && loud.change.merged_at.is_some_and(|at| at < calendar.now))
    {
        loud.change.title = Some(words::LOUD_CHANGE.into());
    }
    planned
}

fn change(random: &mut Random, calendar: &Calendar, service: usize, opened: f64, work: &Work) -> Planned {
    let row = &SERVICES[service];
    let days_ago = calendar.days_ago(calendar.at(opened));
    let pace = pace(row.id, days_ago);
    let owner = row.owner(days_ago);
    let nouns = team(row.team).nouns;
    let coding = random.lognormal(pace.coding, 0.8);
    let draft = if random.chance(0.15) { random.lognormal(4.0, 0.7) } else { 0.0 };
    let ready = opened + draft;
    let reviewed = ready + random.lognormal(pace.pickup, 0.9);
    let ended = reviewed + random.lognormal(pace.review, 0.9);
    let merged = random.chance(0.97).then_some(ended);
    let author = member(random, owner, days_ago);
    let commits = commits(random, calendar, row, &pace, author, [opened - coding, opened, ended]);
    let item = if random.chance(0.78) { work.in_progress(random, owner, calendar.at(opened)) } else { None };
    Planned {
        service,
        merged_work: merged,
        change: Change {
            repository: Some(row.repository.into()),
            opened_at: Some(calendar.at(opened)),
            ready_at: Some(calendar.at(ready)),
            first_review_at: Some(calendar.at(reviewed)),
            merged_at: merged.map(|merged| calendar.at(merged)),
            closed_at: Some(calendar.at(ended)),
            merge_commit: merged.map(|_| random.sha()),
            head: commits.last().map(|commit| commit.sha.clone()),
            author: Some(author.into()),
            title: Some(words::text(random, Text::Change, nouns)),
            labels: labels(random, row),
            lines_added: Some(count(random.lognormal(pace.lines, 1.1))),
            lines_removed: Some(count(random.lognormal(pace.lines * 0.4, 1.2))),
            item,
            ..Change::default()
        },
        commits,
    }
}

fn labels(random: &mut Random, row: &ServiceRow) -> Vec<String> {
    let path = row.path.map(|_| format!("area:{}", row.id));
    let kind = random.weighted(&[(None, 0.7), (Some("bug"), 0.18), (Some("refactoring"), 0.12)]);
    path.into_iter().chain(kind.map(str::to_owned)).collect()
}

/// The commits of a change, oldest first: two of three before it is opened, the others in review.
fn commits(
    random: &mut Random,
    calendar: &Calendar,
    row: &ServiceRow,
    pace: &Pace,
    author: &str,
    [first, opened, ended]: [f64; 3],
) -> Vec<Commit> {
    let mut places = vec![first];
    for _ in 0..random.poisson(pace.commits - 1.0) {
        places.push(if random.chance(0.67) { random.between(first, opened) } else { random.between(opened, ended) });
    }
    places.sort_by(f64::total_cmp);
    let latest = calendar.at(ended);
    let nouns = team(row.team).nouns;
    let mut commits: Vec<Commit> = places
        .into_iter()
        .map(|place| {
            let authored = after_hours(random, calendar.at(place), latest);
            let committed = if random.chance(0.1) { authored.plus(hours(0.6)).min(latest) } else { authored };
            Commit {
                sha: random.sha(),
                repository: Some(row.repository.into()),
                authored_at: Some(authored),
                committed_at: Some(committed.max(authored)),
                author: Some(author.into()),
                bot: Some(false),
                message: Some(words::text(random, Text::Commit, nouns)),
                ..Commit::default()
            }
        })
        .collect();
    commits.sort_by_key(|commit| commit.authored_at);
    commits
}

/// Assistants write along in one change of twelve a year ago, in one of three now.
fn assist(random: &mut Random, calendar: &Calendar, planned: &mut [Planned]) {
    for planned in planned.iter_mut().filter(|planned| !planned.change.bot) {
        let age = planned.change.opened_at.map_or(0.0, |at| calendar.days_ago(at) / 365.0);
        if !random.chance(0.34 - 0.26 * age.clamp(0.0, 1.0)) {
            continue;
        }
        for message in planned.commits.iter_mut().filter_map(|commit| commit.message.as_mut()) {
            message.push_str(words::ASSISTED);
        }
    }
}

/// Some commits are written in the evening, few at the weekend, where the merge leaves room for it.
fn after_hours(random: &mut Random, at: At, latest: At) -> At {
    let late = match random.unit() {
        u if u < 0.05 => at.plus(hours(5.5)),
        u if u < 0.075 => at.plus(hours(24.0)),
        _ => at,
    };
    if late < latest { late } else { at }
}

fn bump(random: &mut Random, calendar: &Calendar, service: usize, opened: f64) -> Planned {
    let row = &SERVICES[service];
    let title = words::bump(random);
    let reviewed = opened + random.lognormal(6.0, 0.8);
    let merged = reviewed + random.between(0.05, 1.0);
    let at = calendar.at(opened);
    let commit = Commit {
        sha: random.sha(),
        repository: Some(row.repository.into()),
        authored_at: Some(at),
        committed_at: Some(at),
        author: Some(BOT.into()),
        bot: Some(true),
        message: Some(title.clone()),
        ..Commit::default()
    };
    let change = Change {
        repository: Some(row.repository.into()),
        opened_at: Some(at),
        ready_at: Some(at),
        first_review_at: Some(calendar.at(reviewed)),
        merged_at: Some(calendar.at(merged)),
        closed_at: Some(calendar.at(merged)),
        merge_commit: Some(random.sha()),
        head: Some(commit.sha.clone()),
        author: Some(BOT.into()),
        bot: true,
        title: Some(title),
        labels: vec!["dependencies".into()],
        lines_added: Some(2),
        lines_removed: Some(2),
        ..Change::default()
    };
    Planned { service, change, commits: vec![commit], merged_work: Some(merged) }
}

/// The bot that keeps dependencies up to date.
pub const BOT: &str = "dependabot[bot]";

/// Lines as a count of at least one.
#[allow(clippy::cast_possible_truncation, reason = "a few thousand at most")]
pub fn count(lines: f64) -> i64 {
    lines.round().clamp(1.0, 20_000.0) as i64
}

/// What is known of the changes now, numbered per repository in the order in which they were opened.
pub fn cut(now: At, mut planned: Vec<Planned>) -> Vec<Change> {
    planned.retain(|planned| planned.change.opened_at.is_some_and(|at| at <= now));
    planned.sort_by(|one, two| (one.change.opened_at, &one.change.head).cmp(&(two.change.opened_at, &two.change.head)));
    let mut numbers: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let known = |at: Option<At>| at.filter(|at| *at <= now);
    planned
        .into_iter()
        .map(|Planned { service, change, commits, .. }| {
            let repository = SERVICES[service].repository;
            // Where services share a repository, files tell whose it is.
            let paths = SERVICES[service].path.map(|path| vec![path.replace("**", "src/lib.rs")]);
            let number = numbers.entry(repository).or_insert(0);
            *number += 1;
            let merged_at = known(change.merged_at);
            let ready_at = known(change.ready_at);
            // A message stands with the deployment; a change in work carries it itself.
            let listed = commits.into_iter().filter(|commit| commit.authored_at.is_some_and(|at| at <= now)).map(|commit| Commit {
                message: if merged_at.is_some() { None } else { commit.message },
                paths: paths.clone(),
                ..commit
            });
            let listed: Vec<Commit> = listed.collect();
            Change {
                id: format!("{repository}#{number}"),
                draft: ready_at.is_none(),
                ready_at,
                first_review_at: known(change.first_review_at),
                closed_at: known(change.closed_at),
                merge_commit: change.merge_commit.filter(|_| merged_at.is_some()),
                merged_at,
                head: listed.last().map(|commit| commit.sha.clone()),
                commits: Some(listed),
                paths,
                url: Some(format!("https://git.acme.example/{repository}/pull/{number}")),
                ..change
            }
        })
        .collect()
}
