//! Declaring an improvement: who may, what is wrong with it, and the weeks before its start as they are known now, which then stand still.
//!
//! Each mistake is a sentence for a field of the form; where it was typed in words, the first of them is the answer.

use chrono::NaiveDate;

use super::weeks;
use crate::domain::card::Scope;
use crate::domain::figure::Figure;
use crate::domain::improvement::{Series, Wanted};
use crate::domain::metric::Definition;
use crate::domain::time::{At, WEEK};
use crate::domain::window::local;
use crate::domain::words::{self, Better};
use crate::error::{Failure, Kind, UserError};
use crate::features::typed::today;
use crate::features::verdict::lowered;
use crate::features::{Cx, access, me};
use crate::store::improvements::{Frozen, Improvement};

/// Metrics of an improvement, and characters of its name and of what was done.
pub const METRICS: usize = 5;
pub const NAME: usize = 80;
pub const DONE: usize = 600;

/// An improvement as somebody wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub id: String,
    pub scope: Scope,
    pub name: String,
    pub done: String,
    pub metrics: Vec<(&'static Definition, Option<Wanted>)>,
    pub starts_on: NaiveDate,
}

/// What is wrong: the field of the form, and the sentence.
pub type Wrong = (&'static str, UserError);

fn wrong(field: &'static str, kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Wrong {
    (field, UserError::new(kind, message, hint))
}

/// Whether the asker may declare improvements of a scope: those of a team its members, its leads and admins; those of a service whoever may
/// for a team that owns it; those of the organisation admins.
pub fn may(cx: &Cx, scope: &Scope) -> bool {
    let Some(asker) = &cx.asker else { return false };
    let is_in = |team: &str| me::teams(cx).iter().any(|own| access::belongs(&cx.org.org, own, team)) || me::leads(cx, team);
    asker.admin
        || match scope {
            Scope::Team(team) => is_in(team),
            Scope::Service(name) => cx.org.org.owners(name).iter().any(|(team, span)| span.holds(cx.now) && is_in(team)),
            Scope::Organisation | Scope::Teams(_) | Scope::Project(_) => false,
        }
}

/// Refuses a scope that has no improvements, and those who may not declare any of it.
pub fn allowed(cx: &Cx, scope: &Scope) -> Result<(), UserError> {
    let name = cx.org.org.scope_name(scope);
    let lives = |team: &String| cx.org.org.teams.get(team).is_some_and(|team| team.dissolved.is_none());
    let (kind, message, hint) = match scope {
        Scope::Teams(_) => (
            Kind::UnknownTeam,
            "An improvement is of one team, and you are in several.".to_owned(),
            "Name it: `/metrics goals improvement team:NAME`, or `team:all` for the organisation.",
        ),
        Scope::Project(_) => (
            Kind::NotUnderstood,
            "An improvement is of a team, a service or the organisation, not of a project.".to_owned(),
            "Name a team: `/metrics goals improvement team:NAME`.",
        ),
        Scope::Team(team) if !lives(team) => (
            Kind::UnknownTeam,
            format!("{} is no longer in the organisation.", words::capitalised(&name)),
            "Name another: `/metrics goals improvement team:NAME`.",
        ),
        _ if cx.asker.is_none() => {
            (Kind::NotAllowed, "An improvement is declared by somebody.".to_owned(), "Declare it in Slack, or with `pacer ask --as USER`.")
        }
        _ if may(cx, scope) => return Ok(()),
        Scope::Organisation => {
            (Kind::NotAllowed, "Improvements of the whole organisation are declared by admins.".to_owned(), "Name your team: `team:NAME`.")
        }
        _ => (
            Kind::NotAllowed,
            format!("Improvements of {name} are declared by its members, its leads and admins."),
            "`/metrics goals` shows them. An admin puts you into the team.",
        ),
    };
    Err(UserError::new(kind, message, hint))
}

/// The improvement with its weeks before, or all that is wrong with it.
pub async fn check(cx: &Cx, draft: Draft) -> Result<Result<Improvement, Vec<Wrong>>, Failure> {
    if let Err(why) = allowed(cx, &draft.scope) {
        return Ok(Err(vec![("scope", why)]));
    }
    super::seen(cx, &draft.scope)?;
    let mut wrongs = of_words(cx, &draft);
    let zone = cx.org.org.zone_for(&draft.scope);
    let starts_at = local::midnight(zone, draft.starts_on);
    wrongs.extend(duplicate(cx, &draft).await?);
    if !wrongs.is_empty() {
        return Ok(Err(wrongs));
    }
    let known: Vec<&'static Definition> = draft.metrics.iter().map(|(known, _)| *known).collect();
    let org = &cx.org.org;
    let before = weeks::before(&draft.scope, org, starts_at);
    let since = weeks::all_since(&draft.scope, org, starts_at, cx.now);
    let all: Vec<(At, At)> = before.iter().chain(&since).copied().collect();
    let figures = weeks::figures(cx, &draft.scope, &known, &all, (cx.now, org)).await?;
    let mut watched = Vec::new();
    for (((definition, way), figures), field) in draft.metrics.iter().zip(figures).zip(super::form::METRIC_FIELDS) {
        if let Some((kind, message, hint)) = of_metric(cx, &draft.scope, definition, starts_at, &figures) {
            wrongs.push(wrong(field, kind, message, hint));
            continue;
        }
        let before: Vec<(At, Figure)> = figures.into_iter().filter(|(from, _)| *from < starts_at).collect();
        let wanted = way.or(default_way(definition)).unwrap_or(Wanted::More);
        let before = Series::of(definition.unit, &before).since_known();
        watched.push(Frozen { metric: definition.id.to_owned(), wanted, before });
    }
    if !wrongs.is_empty() {
        return Ok(Err(wrongs));
    }
    Ok(Ok(Improvement {
        id: draft.id,
        scope: draft.scope,
        name: draft.name,
        done: draft.done,
        author: cx.user(),
        starts_on: draft.starts_on,
        starts_at,
        declared_at: cx.now,
        ended_at: None,
        watched,
    }))
}

/// Which way a metric gets better; none where it gets neither.
fn default_way(definition: &Definition) -> Option<Wanted> {
    match definition.better {
        Better::Higher => Some(Wanted::More),
        Better::Lower => Some(Wanted::Less),
        Better::Neither => None,
    }
}

/// What is wrong with the words alone.
fn of_words(cx: &Cx, draft: &Draft) -> Vec<Wrong> {
    let mut wrongs = Vec::new();
    let letters = draft.name.chars().count();
    let control = |text: &str| text.chars().any(|letter| letter.is_control() && !letter.is_whitespace());
    if draft.name.is_empty() {
        wrongs.push(wrong("name", Kind::NotUnderstood, "An improvement needs a name.", super::asked::EXAMPLE));
    } else if letters > NAME {
        wrongs.push(wrong(
            "name",
            Kind::NotUnderstood,
            format!("The name has {letters} characters, and there is room for {NAME}."),
            "Say it shorter.",
        ));
    }
    if draft.done.chars().count() > DONE {
        wrongs.push(wrong("done", Kind::NotUnderstood, format!("What was done is longer than {DONE} characters."), "Say it shorter."));
    }
    for (field, text) in [("name", &draft.name), ("done", &draft.done)] {
        if control(text) {
            wrongs.push(wrong(field, Kind::NotUnderstood, "There are control characters in it.", "Type it anew by hand."));
        }
    }
    let [first, ..] = super::form::METRIC_FIELDS;
    if draft.metrics.is_empty() {
        wrongs.push(wrong(first, Kind::UnknownMetric, "An improvement needs a metric that it should move.", super::asked::EXAMPLE));
    }
    if draft.metrics.len() > METRICS {
        let message = format!("These are {} metrics, and an improvement has at most {METRICS}.", draft.metrics.len());
        wrongs.push(wrong(first, Kind::NotUnderstood, message, "Name those that it should move: each further one makes proof harder."));
    }
    for (at, (field, (known, way))) in super::form::METRIC_FIELDS.into_iter().zip(&draft.metrics).enumerate() {
        let name = lowered(known.name);
        if draft.metrics[..at].iter().any(|(other, _)| other.id == known.id) {
            wrongs.push(wrong(field, Kind::NotUnderstood, format!("It names {name} twice."), "Name each metric once."));
        } else if way.or(default_way(known)).is_none() {
            let message = format!("Neither more nor less of {name} is better, so say which way it should move.");
            wrongs.push(wrong(field, Kind::NotUnderstood, message, format!("Type `metric:{} more`, or `less`.", known.id)));
        }
    }
    if draft.starts_on > today(cx, &draft.scope) {
        let message = format!("{} is still to come: an improvement is declared when it has begun.", draft.starts_on);
        wrongs.push(wrong("start", Kind::BadWindow, message, "Choose today or an earlier day."));
    }
    wrongs
}

/// Another improvement of the same scope and name that still runs.
async fn duplicate(cx: &Cx, draft: &Draft) -> Result<Option<Wrong>, Failure> {
    let all = cx.store.improvements(cx.now).await?;
    let same = |it: &&Improvement| {
        it.id != draft.id && it.ended_at.is_none() && it.scope == draft.scope && it.name.to_lowercase() == draft.name.to_lowercase()
    };
    Ok(all.iter().find(same).map(|it| {
        let day = words::day(it.starts_on, today(cx, &draft.scope));
        let message =
            format!("{} has an improvement of that name already, since {day}.", words::capitalised(&cx.org.org.scope_name(&draft.scope)));
        wrong(
            "name",
            Kind::NotUnderstood,
            message,
            format!("`/metrics goals improvement {}` shows it. End it first, or choose another name.", it.id),
        )
    }))
}

/// Why a metric of a scope can't be watched from that start on.
fn of_metric(cx: &Cx, scope: &Scope, known: &Definition, start: At, weeks: &[(At, Figure)]) -> Option<(Kind, String, String)> {
    let (name, of) = (known.name, cx.org.org.scope_name(scope));
    let told: Vec<At> = Series::of(known.unit, weeks).points().into_iter().map(|(from, _)| from).collect();
    if told.first().is_some_and(|first| *first < start) {
        return None;
    }
    let (message, hint) = if weeks.iter().any(|(_, figure)| figure.reason == Some("too_few_people")) {
        (
            format!("{name} of {of} is not told: of fewer than 3 people it would be a figure of persons."),
            "Declare it of a larger team: `team:NAME`.".to_owned(),
        )
    } else if let Some(first) = told.first() {
        let day = |at: At| words::date(at, cx.now, cx.org.org.zone_for(scope));
        let hint = format!("With a start on {} or later there are eight weeks before it.", day(first.plus(8 * WEEK)));
        (format!("{name} of {of} is known since {} only, so nothing stands before this start.", day(*first)), hint)
    } else {
        (
            format!("{name} of {of} is not known, neither in the year before this start nor since."),
            "`/metrics health` tells what arrives.".to_owned(),
        )
    };
    Some((Kind::NotEnoughHistory, message, hint))
}
