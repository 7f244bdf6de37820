//! Every portfolio project as of an instant, judged; with the weights, the labels and the record of that instant.
//!
//! All read here was known by then: items as they were, snapshots and outcomes written by then, labels given by then. The commitment
//! date and what belongs to which project are the organisation's of that instant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Band as BenchmarkBand, Metric, Scope};
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::risk::{self, Band, Ended, Facts, Flip, LEARNT_FROM, Lesson, Model, Record, Score, Snapshot, Taken};
use crate::domain::time::{At, DAY, WEEK};
use crate::domain::window::local;
use crate::error::{Failure, Kind, UserError};
use crate::features::forecast::{self, Known};
use crate::features::portfolio::{Hidden, refused};
use crate::features::{Cx, effort, portfolio};
use crate::store::receipts::Receipt;
use crate::store::risk::{Commitment, Label};

/// Over how long the ledger of person-days is read.
const LATELY: i64 = 4 * WEEK;
/// Items of how long ago say whose project it is.
const OWN: i64 = 90 * DAY;

/// A project.
pub struct Project {
    pub id: String,
    pub name: String,
    pub priority: Option<u32>,
    pub due: Option<NaiveDate>,
    /// Whether the organisation file has it.
    pub declared: bool,
    pub state: State,
}

/// How it stands.
pub enum State {
    /// No commitment date.
    NoDate,
    /// A date, and no item.
    NoItems,
    /// Nothing remains.
    Done,
    /// The date has passed with open items.
    Late { due: At, remaining: u32 },
    /// Too little is known for a forecast: what is missing.
    NoHistory(String),
    /// Judged.
    Judged(Box<Judged>),
}

/// A project that was judged.
pub struct Judged {
    pub taken: Taken,
    pub score: Score,
    pub flip: Option<Flip>,
}

impl Judged {
    /// The chance to meet the date, as `forecast` has it.
    pub fn meets_date(&self) -> f64 {
        1.0 - self.score.chance
    }
}

/// What an answer is made of.
pub struct Seen {
    pub scope: Scope,
    pub now: At,
    /// In order of priority and name, declared ones first.
    pub projects: Vec<Project>,
    pub model: Model,
    pub labels: Vec<Label>,
    pub record: Record,
}

impl Project {
    /// The instant from which on it is late.
    pub fn late_from(&self) -> Option<At> {
        match &self.state {
            State::Late { due, .. } => Some(*due),
            State::Judged(judged) => Some(judged.taken.snapshot.due),
            _ => None,
        }
    }

    /// The band of the judged; late ones are red.
    pub fn band(&self) -> Option<Band> {
        match &self.state {
            State::Late { .. } => Some(Band::Red),
            State::Judged(judged) => Some(judged.score.band),
            _ => None,
        }
    }

    /// The state as JSON has it.
    pub fn word(&self) -> &'static str {
        match &self.state {
            State::NoDate => "no_date",
            State::NoItems => "no_items",
            State::Done => "done",
            State::Late { .. } => "late",
            State::NoHistory(_) => "no_history",
            State::Judged(judged) => judged.score.band.name(),
        }
    }

    fn metric(&self) -> Metric {
        let judged = if let State::Judged(judged) = &self.state { Some(judged) } else { None };
        let band =
            |judged: &Judged| BenchmarkBand { name: Some(judged.score.band.name().into()), candidates: Vec::new(), source: "pacer".into() };
        Metric {
            id: format!("risk:{}", self.id),
            value: judged.map(|judged| judged.score.chance),
            unit: "fraction".into(),
            n: judged.map_or(0, |judged| judged.taken.snapshot.features.len() as u64),
            band: judged.map(|judged| band(judged)),
            reason: judged.is_none().then(|| self.word().to_owned()),
            ..Metric::default()
        }
    }
}

impl Seen {
    /// The figures in machine form.
    pub fn metrics(&self) -> Vec<Metric> {
        self.projects.iter().map(Project::metric).collect()
    }

    /// The last word of a kind on a project as it stands.
    pub fn label(&self, project: &Project, kind: &str) -> Option<&Label> {
        let due = project.late_from()?;
        self.labels.iter().rev().find(|label| label.kind == kind && label.project == project.id && label.due == due)
    }

    /// Who has seen to it: until it stands worse than then.
    pub fn acknowledged(&self, project: &Project) -> Option<&Label> {
        self.label(project, "acknowledged").filter(|label| project.band().is_some_and(|band| band <= label.band))
    }

    /// Who wanted to hear no more of it, until when.
    pub fn snoozed(&self, project: &Project) -> Option<&Label> {
        self.label(project, "snoozed").filter(|label| label.until.is_some_and(|until| until > self.now))
    }
}

/// What the asker may see of a scope now.
pub async fn seen(cx: &Cx, scope: &Scope) -> Result<Seen, Failure> {
    if let Scope::Service(name) = scope {
        let message = format!("Risk is of projects, and `{name}` is a service.");
        return Err(UserError::new(Kind::NotUnderstood, message, "Ask `/metrics risk`, or name a team or a project.").into());
    }
    let all = Everything::load(cx, cx.now, &cx.org.org).await?;
    let hidden = Hidden::of(cx);
    let members = Members::of(scope, &cx.org.org);
    let own = |id: &str| match scope {
        Scope::Project(wanted) => wanted == id,
        Scope::Team(_) | Scope::Teams(_) => all.is_of(id, &members),
        Scope::Organisation | Scope::Service(_) => true,
    };
    let ids: Vec<String> = all.ids().into_iter().filter(|id| own(id)).collect();
    let (shown, kept): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| !hidden.hides(&all.known.work, id, all.now));
    if let (Scope::Project(_), Some(_)) = (scope, kept.first()) {
        return Err(refused());
    }
    all.judged(cx, scope, &shown).await
}

/// The same of a receipt, as of its instant.
pub async fn again(cx: &Cx, receipt: &Receipt) -> Result<Seen, Failure> {
    let org = cx.store.org_version(receipt.org_version).await?;
    let all = Everything::load(cx, receipt.asked_at, &org.org).await?;
    let ids: Vec<String> = receipt.metrics.iter().filter_map(|metric| metric.id.strip_prefix("risk:")).map(str::to_owned).collect();
    let hidden = Hidden::of(cx);
    if ids.iter().any(|id| hidden.hides(&all.known.work, id, all.now)) {
        return Err(refused());
    }
    all.judged(cx, &receipt.scope, &ids).await
}

/// One project of whoever presses a button, as it stands now.
pub async fn one(cx: &Cx, id: &str) -> Result<Seen, Failure> {
    seen(cx, &Scope::Project(id.to_owned())).await
}

/// All items and what was kept, as of an instant.
pub struct Everything<'a> {
    now: At,
    org: &'a Org,
    known: std::sync::Arc<Known>,
    calendar: WorkCalendar,
}

impl<'a> Everything<'a> {
    pub async fn load(cx: &Cx, now: At, org: &'a Org) -> Result<Self, Failure> {
        let known = forecast::known(cx, now, org).await?;
        Ok(Self { now, org, known, calendar: portfolio::calendar(&Scope::Organisation, org) })
    }

    /// Every project: declared ones by priority and name, then those of trackers alone.
    pub fn ids(&self) -> Vec<String> {
        let key = |id: &String| {
            self.org.projects.get(id).map_or((true, u32::MAX, id.clone()), |it| (false, it.priority.unwrap_or(u32::MAX), self.name(id)))
        };
        let all: BTreeSet<&String> = self.org.projects.keys().chain(self.known.work.projects.iter().flatten()).collect();
        let mut ids: Vec<String> = all.into_iter().cloned().collect();
        ids.sort_by_cached_key(key);
        ids
    }

    fn name(&self, id: &str) -> String {
        self.org.project_name(id)
    }

    /// Whether people of a scope's teams work on a project: have one of its items that is open, or was until a quarter ago.
    fn is_of(&self, id: &str, members: &Members) -> bool {
        let mut own = self.known.work.of_project(id).filter(|item| item.done_at.is_none_or(|done| self.now.since(done) < OWN));
        own.any(|item| members.has(item, self.now))
    }

    /// The outcome of a commitment, where its date has passed.
    pub fn outcome(&self, id: &str, due: At) -> Option<(At, bool)> {
        let last = local::wall(self.calendar.zone(), due).date().checked_sub_days(Days::new(1))?;
        risk::outcome(&self.known.work.lives(id), &self.calendar, last, self.now)
    }

    /// Projects with their scores.
    pub async fn judged(&self, cx: &Cx, scope: &Scope, ids: &[String]) -> Result<Seen, Failure> {
        let effort = effort::load(cx, self.org, [self.now.plus(-LATELY), self.now], self.now).await?;
        let labels = cx.store.risk_labels(self.now).await?;
        let commitments = trusted(cx.store.commitments(self.now).await?, &labels);
        let model = model(cx, &commitments, self.now).await?;
        let day = |at: At| local::wall(self.calendar.zone(), at).date();
        let days = [day(self.now.plus(-LATELY)), day(self.now)];
        let mut projects = Vec::new();
        for id in ids {
            let declared = self.org.projects.get(id);
            let due = declared.and_then(|it| it.due);
            let beside = |id: &str| risk::of_effort(&effort.ledger, id, declared.and_then(|it| it.planned_share), days);
            let state = match due {
                None => State::NoDate,
                Some(due) => self.state(cx, id, due, beside(id), &model).await?,
            };
            projects.push(Project {
                name: self.name(id),
                priority: declared.and_then(|it| it.priority),
                due,
                declared: declared.is_some(),
                id: id.clone(),
                state,
            });
        }
        let ended = commitments.iter().filter_map(|it| Some(Ended { due: it.due, missed: it.outcome?.1, warned: it.warned }));
        let record = risk::record(&ended.collect::<Vec<_>>(), self.now);
        Ok(Seen { scope: scope.clone(), now: self.now, projects, model, labels, record })
    }

    async fn state(&self, cx: &Cx, id: &str, due: NaiveDate, beside: Vec<risk::Seen>, model: &Model) -> Result<State, Failure> {
        let lives = self.known.work.lives(id);
        if lives.is_empty() {
            return Ok(State::NoItems);
        }
        let open = lives.iter().filter(|life| life.done_at.is_none()).count();
        let (late, remaining) = (risk::late_from(&self.calendar, due), u32::try_from(open).unwrap_or(u32::MAX));
        if remaining == 0 {
            return Ok(State::Done);
        }
        if self.now >= late {
            return Ok(State::Late { due: late, remaining });
        }
        let forecast = forecast::unchecked(cx, &self.known, &Scope::Project(id.to_owned()), self.now, self.org).await?;
        let asked = forecast.plan.as_ref().zip(forecast.due()).map(|(plan, until)| risk::Asked {
            outlook: forecast.outlook.clone(),
            scope: plan.scope.clone(),
            left: forecast.capacity.weeks_until(self.now, until),
        });
        let facts = Facts {
            project: id,
            lives: &lives,
            calendar: &self.calendar,
            due,
            spread: forecast.learnt.spread,
            tail: self.known.ended.tail,
            beside,
            forecast: asked,
        };
        let taken = risk::take(&facts, self.now).map_err(anyhow::Error::from)?;
        let Some(score) = model.score(&taken.snapshot) else {
            let why =
                taken.ahead.outlook.as_ref().err().map_or_else(|| "its date is more than a year away".to_owned(), ToString::to_string);
            return Ok(State::NoHistory(why));
        };
        // The same people as `whatif` reckons with, so that the very change says the same there.
        let people = forecast.plan.as_ref().map(|plan| plan.workers(self.org, self.now)).and_then(|people| u32::try_from(people).ok());
        let flip = risk::flip(&taken, people.map(f64::from));
        Ok(State::Judged(Box::new(Judged { taken, score, flip })))
    }
}

/// Commitments without those whose warning rested on wrong data.
fn trusted(commitments: Vec<Commitment>, labels: &[Label]) -> Vec<Commitment> {
    let wrong = |it: &Commitment| {
        labels.iter().any(|label| label.choice.as_deref() == Some("wrong_data") && label.project == it.project && label.due == it.due)
    };
    commitments.into_iter().filter(|it| !wrong(it)).collect()
}

/// The weights as of an instant: published ones, or learnt from commitments whose date has passed.
async fn model(cx: &Cx, commitments: &[Commitment], now: At) -> Result<Model, Failure> {
    let ended: Vec<&Commitment> = commitments.iter().filter(|it| it.outcome.is_some()).collect();
    if ended.len() < LEARNT_FROM {
        return Ok(Model::default());
    }
    let mut snapshots: BTreeMap<(String, At), Vec<Snapshot>> = BTreeMap::new();
    for kept in cx.store.risk_snapshots(now).await? {
        snapshots.entry((kept.snapshot.project.clone(), kept.snapshot.due)).or_default().push(kept.snapshot);
    }
    let none = Vec::new();
    let lesson = |it: &&Commitment| {
        let (known_at, missed) = it.outcome?;
        Some(Lesson { known_at, missed, snapshots: snapshots.get(&(it.project.clone(), it.due)).unwrap_or(&none) })
    };
    Ok(risk::learn(&ended.iter().filter_map(lesson).collect::<Vec<_>>(), now))
}
