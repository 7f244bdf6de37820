//! Where the effort of a scope went, against plan and priority. Pure, from the ledger of all person-days.
//!
//! What is shown of a part beside its whole (a team below another one, a project's teams) is shown only where the rest, too, is of three or
//! more people, or nothing: else a subtraction would give somebody's time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::domain::alloc::{self, Alert, Band, Category, Leaf, POINTS, Planned, Week, off_plan, period};
use crate::domain::card::Scope;
use crate::domain::org::Org;
use crate::features::access::belongs;
use crate::features::effort::{Effort, plan, within};

/// Projects named of a team.
const OF_TEAM: usize = 3;

/// What an answer is made of.
pub struct Basis<'a> {
    pub effort: &'a Effort,
    pub org: &'a Org,
    pub scope: &'a Scope,
    /// The first and the last Monday, of which the last is not included.
    pub mondays: [NaiveDate; 2],
    /// Whether a team keeps its figures to itself, from whoever the answer may be shared with.
    pub hides: &'a (dyn Fn(&str) -> bool + Sync),
}

/// A portfolio project.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: String,
    pub name: String,
    /// Whether the organisation file has it; else it is a project of the tracker alone.
    pub declared: bool,
    pub priority: Option<u32>,
    /// Of the organisation's time; none where the scope is a part of it.
    pub planned: Option<f64>,
    pub objective: Option<String>,
    /// None: too few people to show, which is not 0.
    pub band: Option<Band>,
    /// The items that time went to.
    pub items: usize,
    pub standing: Standing,
}

impl Row {
    /// The share that is its beyond doubt.
    pub fn certain(&self) -> f64 {
        self.band.map_or(0.0, |band| band.share[0])
    }
}

/// How a project stands to its plan and priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Over the whole period, beyond doubt.
    More,
    Less,
    /// Not over the whole period, but in each of its last three weeks.
    MoreLately,
    LessLately,
    /// Too few people worked on it to show anything.
    Withheld,
    /// All that it may have got lies near the plan.
    AsPlanned,
    /// It may have got what was planned, or something else: too much is not known.
    Unclear,
    /// Of the highest priority, and less than one of a lower one, for three weeks.
    Below,
    /// It has no plan to stand to.
    Unplanned,
    /// Nobody declared it.
    Undeclared,
}

impl Standing {
    /// In words; empty where there is nothing to say.
    pub fn word(self) -> &'static str {
        match self {
            Self::More => "more than planned",
            Self::Less => "less than planned",
            Self::MoreLately => "more than planned in the last three weeks",
            Self::LessLately => "less than planned in the last three weeks",
            Self::Withheld => "too few people to show",
            Self::AsPlanned => "as planned",
            Self::Unclear => "too wide to tell",
            Self::Below => "below a lower priority",
            Self::Unplanned => "",
            Self::Undeclared => "not in the portfolio",
        }
    }

    /// The same in a cell below "Against plan".
    pub fn cell(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
            Self::MoreLately => "more, lately",
            Self::LessLately => "less, lately",
            // The cell of its share says so.
            Self::Withheld => "",
            Self::Below => "below a lower",
            _ => self.word(),
        }
    }
}

/// A team of a scope, with what most of its effort went to.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    pub name: String,
    pub id: String,
    /// Projects by name, the greatest first.
    pub projects: Vec<(String, Band)>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Investment {
    /// The weeks of the scope that had working time.
    pub weeks: Vec<Week>,
    /// All of them as one; none: nothing may be shown, or nothing is known.
    pub period: Option<Week>,
    pub rows: Vec<Row>,
    /// None: too few people to show.
    pub objectives: Vec<(String, Option<Band>)>,
    /// None: too few people to show.
    pub categories: Vec<(Category, Option<Band>)>,
    pub teams: Vec<Team>,
    pub alerts: Vec<Alert>,
    /// Of the time that is known to have gone to something: that of no project.
    pub unattributed: f64,
    /// Of the same time: what would tell of one or two people.
    pub withheld: f64,
    /// Of all working time: that of days which nothing tells of.
    pub unobserved: f64,
    /// Where the items of no project lie, with how many there are, most first.
    pub places: Vec<(String, usize)>,
}

/// Computes it.
pub fn compute(basis: &Basis<'_>) -> Investment {
    let (ledger, org) = (&basis.effort.ledger, basis.org);
    let of_scope = within(org, basis.scope);
    let weeks = in_span(ledger.weeks(&of_scope), basis.mondays);
    let Some(all) = period(&weeks).filter(|all| all.figures.as_ref().is_some_and(|figures| figures.capacity > figures.unobserved)) else {
        return Investment { weeks, ..Investment::default() };
    };
    let whole = !matches!(basis.scope, Scope::Team(_) | Scope::Teams(_));
    let plan = plan(org);
    // A plan is for the organisation's time: of a part of it only the order of priorities is looked at.
    let mut alerts: Vec<Alert> = alloc::alerts(&weeks, &plan).into_iter().filter(|alert| is_of(alert, basis.scope, &all)).collect();
    alerts.sort_by(|a, b| gap(b).total_cmp(&gap(a)));
    let figures = all.figures.clone().unwrap_or_default();
    let known = real(figures.capacity - figures.unobserved);
    let lost = figures.leaves.iter().filter(|leaf| leaf.project.is_none());
    let categories = Category::ALL.into_iter().map(|category| (category, all.category(category)));
    Investment {
        rows: rows(&all, org, &plan, &alerts, whole),
        objectives: if whole { objectives(&all, org) } else { Vec::new() },
        categories: categories.collect(),
        teams: teams(basis),
        unattributed: lost.map(|leaf| real(leaf.time.all())).sum::<f64>() / known,
        withheld: real(figures.withheld) / known,
        unobserved: real(figures.unobserved) / real(figures.capacity),
        places: places(basis),
        period: Some(all),
        weeks,
        alerts,
    }
}

/// Whether an alert is about what was asked for: of a team both of its projects are among those that the team is shown to work on, and a plan
/// is none of its own; of a project it names it.
fn is_of(alert: &Alert, scope: &Scope, all: &Week) -> bool {
    let shows = |id: &str| all.figures.iter().flat_map(|figures| &figures.leaves).any(|leaf| leaf.project.as_deref() == Some(id));
    match (scope, alert) {
        (Scope::Team(_) | Scope::Teams(_), Alert::OffPlan { .. }) => false,
        (Scope::Team(_) | Scope::Teams(_), Alert::PriorityBelow { top, lower, .. }) => shows(top) && shows(lower),
        (Scope::Project(id), Alert::OffPlan { project, .. }) => id == project,
        (Scope::Project(id), Alert::PriorityBelow { top, .. }) => id == top,
        _ => true,
    }
}

/// By how much of the effort an alert is about: priorities stand before plans.
fn gap(alert: &Alert) -> f64 {
    match alert {
        Alert::PriorityBelow { top_band, lower_band, .. } => 1.0 + lower_band.share[0] - top_band.share[1],
        Alert::OffPlan { planned, band, more: true, .. } => band.share[0] - planned,
        Alert::OffPlan { planned, band, .. } => planned - band.share[1],
    }
}

fn in_span(weeks: Vec<Week>, [from, until]: [NaiveDate; 2]) -> Vec<Week> {
    weeks.into_iter().filter(|week| from <= week.monday && week.monday < until).collect()
}

/// Declared projects by priority and name, then the others, the greatest first. Of a team only those that it worked on.
fn rows(all: &Week, org: &Org, plan: &[Planned], alerts: &[Alert], whole: bool) -> Vec<Row> {
    let leaves = || all.figures.iter().flat_map(|figures| &figures.leaves);
    let seen: BTreeSet<&str> = leaves().filter_map(|leaf| leaf.project.as_deref()).collect();
    let ids: BTreeSet<&str> =
        org.projects.keys().map(String::as_str).filter(|id| whole || seen.contains(id)).chain(seen.iter().copied()).collect();
    let is_below = |id: &str| alerts.iter().any(|alert| matches!(alert, Alert::PriorityBelow { top, .. } if top == id));
    let lately = |id: &str| {
        alerts.iter().find_map(|alert| match alert {
            Alert::OffPlan { project, more, .. } if project == id => Some(*more),
            _ => None,
        })
    };
    let row = |id: &str| {
        let declared = org.projects.get(id);
        let band = all.project(id);
        let planned = plan.iter().find(|planned| planned.project == id).filter(|_| whole);
        let standing = match declared {
            None => Standing::Undeclared,
            Some(_) if is_below(id) => Standing::Below,
            Some(_) if band.is_none() => Standing::Withheld,
            Some(_) => match (planned.and_then(|planned| off_plan(all, planned)), lately(id)) {
                (Some(true), _) => Standing::More,
                (Some(false), _) => Standing::Less,
                (None, Some(true)) => Standing::MoreLately,
                (None, Some(false)) => Standing::LessLately,
                (None, None) => planned.and_then(|planned| planned.share).map_or(Standing::Unplanned, |share| {
                    let is_near = band.is_some_and(|band| band.share.iter().all(|end| (end - share).abs() < POINTS));
                    if is_near { Standing::AsPlanned } else { Standing::Unclear }
                }),
            },
        };
        let items: BTreeSet<&String> = leaves().filter(|leaf| leaf.project.as_deref() == Some(id)).flat_map(|leaf| &leaf.items).collect();
        Row {
            id: id.to_owned(),
            name: org.project_name(id),
            declared: declared.is_some(),
            priority: declared.and_then(|project| project.priority),
            planned: planned.and_then(|planned| planned.share),
            objective: declared.and_then(|project| project.objective.clone()),
            band,
            items: items.len(),
            standing,
        }
    };
    let mut rows: Vec<Row> = ids.into_iter().map(row).collect();
    rows.sort_by(|a, b| {
        let rank = |row: &Row| (!row.declared, row.priority.unwrap_or(u32::MAX));
        let by_size = if a.declared { std::cmp::Ordering::Equal } else { b.certain().total_cmp(&a.certain()) };
        rank(a).cmp(&rank(b)).then(by_size).then_with(|| a.name.cmp(&b.name))
    });
    rows
}

/// What the projects of each objective got together.
fn objectives(all: &Week, org: &Org) -> Vec<(String, Option<Band>)> {
    let mut of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, project) in &org.projects {
        if let Some(objective) = &project.objective {
            of.entry(objective).or_default().insert(id);
        }
    }
    of.into_iter()
        .map(|(objective, ids)| {
            let own = |leaf: &Leaf| leaf.project.as_deref().is_some_and(|id| ids.contains(id));
            let name = org.objectives.get(objective).map_or(objective, |it| &it.name);
            (name.to_owned(), all.band(own, |leaf| leaf.project.is_none()))
        })
        .collect()
}

/// The teams that people use: those of the scope that have none below.
fn teams(basis: &Basis<'_>) -> Vec<Team> {
    let org = basis.org;
    let below = |id: &str, top: &str| belongs(org, id, top);
    let is_wanted = |id: &str| match basis.scope {
        Scope::Team(top) => id != top && below(id, top),
        Scope::Teams(tops) => tops.iter().any(|top| below(id, top)),
        Scope::Organisation | Scope::Project(_) => true,
        Scope::Service(_) => false,
    };
    let (ledger, of_scope) = (&basis.effort.ledger, within(org, basis.scope));
    let wholes = by_week(ledger.weeks(&of_scope));
    let team = |id: &str| {
        let part = within(org, &Scope::Team(id.to_owned()));
        let rests = by_week(ledger.weeks(|person, day| of_scope(person, day) && !part(person, day)));
        let parts = in_span(ledger.weeks(|person, day| of_scope(person, day) && part(person, day)), basis.mondays);
        let all = period(&beside(parts, &wholes, &rests))?;
        let leaves = all.figures.iter().flat_map(|figures| &figures.leaves);
        let ids: BTreeSet<&str> = leaves.filter_map(|leaf| leaf.project.as_deref()).collect();
        let only = if let Scope::Project(own) = basis.scope { Some(own.as_str()) } else { None };
        let ids = ids.into_iter().filter(|id| only.is_none_or(|only| only == *id));
        let mut projects: Vec<(String, Band)> = ids.filter_map(|id| Some((org.project_name(id), all.project(id)?))).collect();
        projects.sort_by(|(a_name, a), (b_name, b)| b.share[0].total_cmp(&a.share[0]).then_with(|| a_name.cmp(b_name)));
        projects.truncate(OF_TEAM);
        let name = org.scope_name(&Scope::Team(id.to_owned()));
        (!projects.is_empty()).then(|| Team { name, id: id.to_owned(), projects })
    };
    let wanted = org.lowest_teams().filter(|id| is_wanted(id) && !(basis.hides)(id));
    let mut teams: Vec<Team> = wanted.filter_map(team).collect();
    if matches!(basis.scope, Scope::Project(_)) {
        teams.sort_by(|a, b| b.projects[0].1.fte[0].total_cmp(&a.projects[0].1.fte[0]).then_with(|| a.name.cmp(&b.name)));
    }
    teams
}

type ByWeek = BTreeMap<NaiveDate, Week>;

fn by_week(weeks: Vec<Week>) -> ByWeek {
    weeks.into_iter().map(|week| (week.monday, week)).collect()
}

/// The weeks of a part of a whole, with what may be shown beside the whole.
fn beside(mut parts: Vec<Week>, wholes: &ByWeek, rests: &ByWeek) -> Vec<Week> {
    for week in &mut parts {
        let Some(figures) = &mut week.figures else { continue };
        let of = |weeks: &ByWeek, leaf: &Leaf| {
            let leaves = &weeks.get(&week.monday)?.figures.as_ref()?.leaves;
            leaves.iter().find(|it| (&it.project, it.category) == (&leaf.project, leaf.category)).map(|it| it.time.all())
        };
        let may = |leaf: &Leaf| of(wholes, leaf).is_none_or(|all| all == leaf.time.all() || of(rests, leaf).is_some());
        let (shown, hidden): (Vec<Leaf>, Vec<Leaf>) = figures.leaves.drain(..).partition(may);
        figures.withheld += hidden.iter().map(|leaf| leaf.time.all()).sum::<i64>();
        figures.leaves = shown;
    }
    parts
}

/// Where the items lie that belong to nothing, those aside that closed teams worked on.
fn places(basis: &Basis<'_>) -> Vec<(String, usize)> {
    let weeks = visible(basis);
    let leaves = weeks.iter().filter_map(|week| week.figures.as_ref()).flat_map(|figures| &figures.leaves);
    let lost: BTreeSet<&String> = leaves.filter(|leaf| leaf.project.is_none()).flat_map(|leaf| &leaf.items).collect();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for item in lost {
        let place = basis.effort.places.get(item).cloned();
        *places.entry(place.unwrap_or_else(|| prefix(item).to_owned())).or_default() += 1;
    }
    let mut places: Vec<(String, usize)> = places.into_iter().collect();
    places.sort_by(|(a_name, a), (b_name, b)| (b, a_name).cmp(&(a, b_name)));
    places
}

/// The weeks of a scope without the people of teams that keep their figures to themselves.
pub fn visible(basis: &Basis<'_>) -> Vec<Week> {
    let of_scope = within(basis.org, basis.scope);
    let hidden: Vec<&String> = basis.org.teams.keys().filter(|team| (basis.hides)(team)).collect();
    let closed = within(basis.org, &Scope::of_teams(hidden.iter().copied()));
    let shown = |person: &str, day: NaiveDate| of_scope(person, day) && (hidden.is_empty() || !closed(person, day));
    in_span(basis.effort.ledger.weeks(shown), basis.mondays)
}

/// The tracker or repository that an item's name begins with: `PAY` of `PAY-7`, `acme/shop` of `acme/shop#7`.
fn prefix(item: &str) -> &str {
    match item.rsplit_once(['#', '!']) {
        Some((place, _)) => place,
        None => item.rsplit_once('-').filter(|(_, number)| number.parse::<u64>().is_ok()).map_or(item, |(place, _)| place),
    }
}

/// Micro-days as a real number.
#[allow(clippy::cast_precision_loss, reason = "2^53 micro-days are 24 million years of a person")]
pub fn real(micro: i64) -> f64 {
    micro as f64
}
