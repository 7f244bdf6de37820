//! The simulator: a believable organisation, made of a seed. `pacer demo` shows it; [`portfolio`] tries what warns of slips.
//!
//! [`sample`] is pure: the same seed and hour give the same events, to the second. It is not a recording: `pace.rs` says how
//! each service's work flows and where that changes, `cast.rs` who there is, and the rest plays it week by week in the
//! working hours of Berlin. Three effects are planted: Payments gets faster, Search less stable, Labs is too young to say.
//!
//! | file | holds |
//! |---|---|
//! | `random`, `calendar` | the dice; working hours, holidays, slow weeks |
//! | `cast`, `aims`, `pace`, `words` | the tables: who, what for, how fast, in what words |
//! | `plan` | what items are for: the story of the portfolio |
//! | `items`, `changes`, `deployments`, `trouble`, `runs`, `activity` | what happens, in the order in which one follows from the other |
//! | `surveys`, `opinions` | what its people answered in surveys, and why |
//! | `org_file` | the organisation's TOML |
//! | [`portfolio`] | teams and projects over years, with planted slips: for backtests, not for the demo |
//!
//! Why it ends now and is not fixed in time: people ask for "90 days", and an answer must be full on any day. So another day
//! makes another history under the same ids; give a sample to an empty database only.

mod activity;
#[allow(missing_docs, reason = "rows of tables, with plain names")]
mod aims;
mod calendar;
#[allow(missing_docs, reason = "rows of tables, with plain names")]
mod cast;
mod changes;
mod deployments;
mod items;
#[allow(missing_docs, reason = "rows of tables, with plain names")]
mod opinions;
mod org_file;
#[allow(missing_docs, reason = "rows of tables, with plain names")]
mod pace;
mod plan;
pub mod portfolio;
mod random;
mod runs;
pub mod surveys;
mod trouble;
mod words;

#[cfg(test)]
mod tests;

use calendar::Calendar;
use chrono::NaiveDate;
use random::Random;

use crate::domain::event::{Deployment, Event, Incident, Stated};
use crate::domain::improvement::Wanted;
use crate::domain::time::{At, HOUR};

/// A sample organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What happened in its last 55 weeks, in order of time.
    pub events: Vec<Stated>,
    /// Its organisation file.
    pub org_toml: String,
    /// Who is in its Slack workspace.
    pub users: Vec<SampleUser>,
    /// The channels there.
    pub channels: Vec<SampleChannel>,
    /// Its surveys: two that are closed, one that is open.
    pub surveys: surveys::SampleSurveys,
    /// When Payments began to work in small batches: the mark of an improvement.
    pub improved_at: At,
    /// The improvements that its teams have declared.
    pub improvements: Vec<SampleImprovement>,
}

/// An improvement that a team has declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleImprovement {
    /// In the team's words.
    pub name: &'static str,
    /// Whose it is.
    pub team: &'static str,
    /// The id of the metric that it should move.
    pub metric: &'static str,
    /// Which way.
    pub wanted: Wanted,
    /// Its first day.
    pub since: NaiveDate,
    /// Who declared it, by Slack id.
    pub by: String,
}

/// A person in the sample workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleUser {
    /// The Slack user id.
    pub slack: String,
    /// The person's id in the organisation file and in events.
    pub id: &'static str,
    /// As Slack shows it.
    pub name: &'static str,
    /// The team now; none for the head of engineering and for one who left.
    pub team: Option<&'static str>,
    /// Whether an admin of the workspace.
    pub admin: bool,
}

/// A channel in the sample workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleChannel {
    /// The Slack channel id.
    pub id: String,
    /// Its name, without the hash.
    pub name: String,
    /// What it is for.
    pub topic: String,
    /// The team whose channel it is.
    pub team: Option<&'static str>,
}

impl Sample {
    /// What the sample shows, in six lines.
    pub fn about() -> &'static str {
        "A web shop with six teams, eleven services and nine portfolio projects, and its last twelve months.\n\
         Payments works in small batches since ten weeks: its lead time fell by half.\n\
         Search fails more often and recovers more slowly since three months.\n\
         Platform deploys several times a day; Mobile takes a release train every second week.\n\
         Checkout took over the notifications service five months ago, and has an incident open.\n\
         Labs began five weeks ago: too few data to judge. Two surveys are closed, one is open and waits for you. All of it is made up."
    }
}

/// The sample of a seed, ending at `now`, which counts in whole hours.
pub fn sample(seed: u64, now: At) -> Sample {
    let calendar = Calendar::new(now.plus(-now.0.rem_euclid(HOUR)));
    Sample {
        events: events(seed, &calendar),
        org_toml: org_file::org_toml(&calendar),
        users: users(),
        channels: channels(),
        surveys: surveys::surveys(seed, &calendar),
        improved_at: calendar.midnight_ago(cast::IMPROVED_DAYS_AGO),
        improvements: aims::IMPROVEMENTS.iter().map(|row| improvement(row, &calendar)).collect(),
    }
}

fn improvement(row: &aims::ImprovementRow, calendar: &Calendar) -> SampleImprovement {
    SampleImprovement {
        name: row.name,
        team: row.team,
        metric: row.metric,
        wanted: row.wanted,
        since: calendar.date_ago(row.days_ago),
        by: slack_id(row.by),
    }
}

/// Everything that happened, in order of time; what happens at the same time in the order of kinds.
fn events(seed: u64, calendar: &Calendar) -> Vec<Stated> {
    let now = calendar.now;
    let work = items::Work::new(seed, calendar);
    let (mut planned, mut deployments, mut incidents) = (Vec::new(), Vec::new(), Vec::new());
    for service in 0..cast::SERVICES.len() {
        let changes = changes::changes(seed, calendar, service, &work);
        let deployed = deployments::deployments(seed, calendar, service, &changes);
        planned.extend(changes);
        planned.extend(deployed.fixes);
        deployments.extend(deployed.deployments);
        incidents.extend(deployed.incidents);
    }
    incidents.extend(trouble::strays(seed, calendar, &deployments));
    work.link(seed, calendar, &mut planned);
    let mut changes = changes::cut(now, planned);
    let items = work.known(&mut Random::stream(seed, "states of items"), now);
    let reviews = activity::reviews(&mut Random::stream(seed, "reviews"), calendar, &changes);
    activity::ask(&mut Random::stream(seed, "reviewers asked"), calendar, &mut changes, &reviews);
    activity::ask_first(&mut changes);
    let mut activities = activity::activities(&mut Random::stream(seed, "activity"), calendar, &items, &changes, &reviews);
    activities.extend(plan::answers(&mut Random::stream(seed, "answers"), calendar, &items));

    let runs = runs::runs(&mut Random::stream(seed, "runs"), calendar, &changes);

    let mut dated: Vec<(At, Event)> = Vec::new();
    let latest = |times: &[Option<At>]| times.iter().copied().flatten().max().unwrap_or(now);
    dated.extend(items.into_iter().map(|item| (latest(&[item.created_at, item.started_at, item.done_at]), Event::Item(item))));
    dated.extend(changes.into_iter().map(|change| {
        let times = [change.opened_at, change.ready_at, change.first_review_at, change.merged_at, change.closed_at];
        (latest(&times), Event::Change(change))
    }));
    dated.extend(runs.into_iter().map(|run| (latest(&[run.finished_at]), Event::Run(run))));
    dated.extend(reviews.into_iter().map(|review| (review.at, Event::Review(review))));
    dated.extend(deployments.into_iter().map(|one: Deployment| (latest(&[one.finished_at]), Event::Deployment(one))));
    dated.extend(numbered(incidents).into_iter().map(|one| (latest(&[Some(one.started_at), one.resolved_at]), Event::Incident(one))));
    dated.extend(activities.into_iter().map(|activity| (activity.at, Event::Activity(activity))));
    dated.sort_by_key(|(at, _)| *at);
    (1..).zip(dated).map(|(line, (at, event))| Stated { event, updated_at: Some(at), line }).collect()
}

/// Incidents in the order in which they began.
fn numbered(mut incidents: Vec<Incident>) -> Vec<Incident> {
    incidents.sort_by_key(|incident| incident.started_at);
    for (number, incident) in (101..).zip(&mut incidents) {
        incident.id = format!("INC-{number}");
    }
    incidents
}

/// The Slack id of a person: `u07` is `U0DEMO07`.
fn slack_id(person: &str) -> String {
    format!("U0DEMO{}", person.trim_start_matches('u'))
}

fn users() -> Vec<SampleUser> {
    let user = |person: &cast::PersonRow| SampleUser {
        slack: slack_id(person.id),
        id: person.id,
        name: person.name,
        team: person.teams.iter().find(|(_, _, until)| until.is_none()).map(|(team, ..)| *team),
        admin: cast::ADMINS.contains(&person.id),
    };
    cast::PEOPLE.iter().map(user).collect()
}

fn channels() -> Vec<SampleChannel> {
    let common = [
        ("general", "Everybody", None),
        ("engineering", "All of engineering", None),
        ("incidents", "What is broken, and who is on it", None),
        ("metrics", "Figures and questions about them", None),
    ];
    let teams = cast::TEAMS.iter().filter(|team| team.key.is_some()).map(|team| (team.id, team.name, Some(team.id)));
    let all = common.into_iter().map(|(name, topic, team)| (name.to_owned(), topic.to_owned(), team));
    let of_teams = teams.map(|(id, name, team)| (format!("team-{id}"), format!("The {name} team"), team));
    (1..)
        .zip(all.chain(of_teams))
        .map(|(number, (name, topic, team))| SampleChannel { id: format!("C0DEMO{number:02}"), name, topic, team })
        .collect()
}
