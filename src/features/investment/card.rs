//! The card of `investment`: the verdict, projects against their plan, categories, what is not known and what to do about it.

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::chart::{by_week, of_weeks};
use super::compute::{Investment, Row, Standing, Team};
use crate::domain::alloc::{Alert, Band, Category, Week};
use crate::domain::card::{Button, Card, Line, Metric, Part, Scope, SourceHealth, Table, Target};
use crate::domain::org::Org;
use crate::domain::words;
use crate::features::effort::Effort;
use crate::features::{receipts, setup};
use crate::store::receipts::Receipt;

/// Part of the time of which so little is known that no project can be called the one with most.
const MUCH: f64 = 1.0 / 3.0;
/// Reasons, places and sentences listed at most.
pub const LISTED: usize = 3;
/// Points from the lower to the upper end above which a share says nothing of a team.
const WIDE: f64 = 0.4;
/// What stands for a share that is withheld.
const FEW: &str = "too few people to show";

/// What the card is about.
pub struct About<'a> {
    pub found: &'a Investment,
    pub effort: &'a Effort,
    pub org: &'a Org,
    pub name: &'a str,
    pub receipt: &'a Receipt,
    pub health: Vec<SourceHealth>,
    /// Whether the asker may change the portfolio from here.
    pub changes: bool,
    pub zone: Tz,
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let (found, receipt) = (about.found, about.receipt);
    let window = &receipt.window;
    let project = Button { label: "Add a project".into(), action: setup::PROJECT.name.into(), value: String::new(), primary: false };
    let mut buttons = if found.period.is_some() { receipts::buttons(&receipt.id, None) } else { Vec::new() };
    if found.period.is_some() {
        buttons.push(receipts::chart_button(&receipt.id));
    }
    buttons.extend(about.changes.then_some(project));
    Card {
        zone: None,
        command: "investment".into(),
        title: format!("Investment - {} - {}", words::capitalised(about.name), window.title()),
        scope: receipt.scope.clone(),
        window: Some(window.clone()),
        verdict: verdict(about),
        parts: if found.period.is_some() { parts(about) } else { Vec::new() },
        metrics: metrics(found),
        notes: notes(about),
        health: about.health.clone(),
        receipt: found.period.as_ref().map(|_| receipt.id.clone()),
        buttons,
        data: data(about),
    }
}

/// The figures of a receipt.
pub fn metrics(found: &Investment) -> Vec<Metric> {
    let metric = |id: String, value: f64| Metric { id, value: Some(value), unit: "fraction".into(), ..Metric::default() };
    let banded = |id: String, band: Option<Band>, n: usize, target: Option<Target>| Metric {
        value: band.map(|band| band.share[0]),
        n: n as u64,
        interval: band.map(|band| band.share),
        target,
        reason: band.is_none().then(|| "too_few_people".to_owned()),
        ..metric(id, 0.0)
    };
    let Some(figures) = found.period.as_ref().and_then(|period| period.figures.as_ref()) else { return Vec::new() };
    let of_row = |row: &Row| {
        let status = match row.standing {
            Standing::More | Standing::Less | Standing::MoreLately | Standing::LessLately => Some("missed"),
            Standing::AsPlanned => Some("met"),
            Standing::Unclear => Some("not_separable"),
            _ => None,
        };
        let target = row.planned.map(|value| Target { value, status: status.map(str::to_owned) });
        banded(format!("effort_share:{}", row.id), row.band, row.items, target)
    };
    let of_category = |(category, band): &(Category, Option<Band>)| {
        let leaves = figures.leaves.iter().filter(|leaf| leaf.category == Some(*category));
        banded(format!("effort_category:{}", category.id()), *band, leaves.map(|leaf| leaf.items.len()).sum(), None)
    };
    let all = found.rows.iter().map(of_row).chain(found.categories.iter().map(of_category));
    let known = [("effort_unattributed", found.unattributed), ("effort_unobserved", found.unobserved)];
    all.chain(known.into_iter().map(|(id, value)| Metric { n: figures.people as u64, ..metric(id.to_owned(), value) })).collect()
}

/// "31 to 45 %".
fn share(band: &Band) -> String {
    let [low, high] = band.share.map(|end| format!("{:.0}", end * 100.0));
    if low == high { format!("{low} %") } else { format!("{low} to {high} %") }
}

/// The same, or that it is withheld.
fn share_or_few(band: Option<&Band>) -> String {
    band.map_or_else(|| FEW.to_owned(), share)
}

/// The same of a team, where a wide range says nothing.
fn share_of_team(band: &Band) -> String {
    if band.share[1] - band.share[0] > WIDE { "too wide to tell".to_owned() } else { share(band) }
}

/// "2.1 to 3.4".
fn people(band: &Band) -> String {
    let [low, high] = band.fte.map(words::short);
    if low == high { low } else { format!("{low} to {high}") }
}

fn verdict(about: &About<'_>) -> Line {
    let found = about.found;
    if found.period.is_none() {
        return nothing(about);
    }
    if let Scope::Project(id) = about.scope() {
        return of_project(about, id);
    }
    let name = words::capitalised(about.name);
    let in_portfolio: f64 = found.rows.iter().filter(|row| row.declared).map(Row::certain).sum();
    if let Some(first) = found.alerts.first() {
        let most = if in_portfolio >= 0.5 { "most effort goes to the portfolio, but " } else { "" };
        return Line::plain(format!("{name}: {most}{}.", alert(first, about.org)));
    }
    let largest = found.rows.iter().max_by(|a, b| a.certain().total_cmp(&b.certain()));
    let open = found.unattributed + found.withheld;
    if open > MUCH {
        let rest = largest.filter(|row| row.certain() > 0.0);
        let rest = rest.map_or_else(String::new, |row| {
            format!(" Of the rest {} gets most, {} of effort for certain.", row.name, words::percent(row.certain()))
        });
        let said =
            format!("{name}: {} of effort is of no project that can be shown, so that little is certain.{rest}", words::percent(open));
        return Line::plain(said);
    }
    let most = largest
        .map_or_else(String::new, |row| format!("{name}: most goes to {}, {} of effort. ", row.name, share_or_few(row.band.as_ref())));
    let line = Line::plain(most);
    if found.rows.iter().all(|row| !row.declared) {
        return line.and("No portfolio project is declared here, so that nothing says whether that is right.");
    }
    let off: Vec<String> = found
        .rows
        .iter()
        .filter(|row| matches!(row.standing, Standing::More | Standing::Less))
        .map(|row| format!("{} got {} over the whole period", row.name, row.standing.word()))
        .collect();
    if !off.is_empty() {
        return line.and(format!("{}.", words::join(&off[..off.len().min(LISTED)])));
    }
    if found.rows.iter().any(|row| row.planned.is_some()) {
        return line.and("No project is off its plan beyond doubt, and none gets less than one of lower priority.");
    }
    line.and("No project surely gets less than one of lower priority.")
}

fn of_project(about: &About<'_>, id: &str) -> Line {
    let name = about.org.project_name(id);
    let Some(row) = about.found.rows.iter().find(|row| row.id == id) else {
        return Line::plain(format!("{name} got no effort that is known in this period."));
    };
    let Some(band) = &row.band else {
        return Line::plain(format!("{name}: too few people to show what it got; a figure of one or two would be theirs."));
    };
    let whom = format!("{name} gets {} of the organisation's effort, which is {} full-time people", share(band), people(band));
    let plan = row.planned.map_or_else(String::new, |planned| format!(", planned {}", words::percent(planned)));
    let below = about.found.alerts.iter().find(|it| matches!(it, Alert::PriorityBelow { .. }));
    let said = match (row.standing, below) {
        (Standing::Below, Some(below)) => format!(". {}", alert(below, about.org)),
        _ if row.standing.word().is_empty() => String::new(),
        _ => format!(": {}", row.standing.word()),
    };
    Line::plain(format!("{whom}{plan}{said}."))
}

/// Why nothing is shown, and what to do.
fn nothing(about: &About<'_>) -> Line {
    let name = words::capitalised(about.name);
    if about.found.weeks.is_empty() {
        let line = Line::plain(format!("Nobody of {name} had a working day in this period, as far as pacer knows. "));
        return line.and("Declare people and who is in which team: ").code("/metrics setup").and(".");
    }
    if about.found.weeks.iter().all(|week| week.figures.is_none()) {
        return Line::plain(format!("{name}: effort is shown of three people or more, and fewer had working days in this period."));
    }
    let line =
        Line::plain(format!("{name}: no trace of work is known in this period. Feed commits, changes and work items with a webhook or "));
    line.code("pacer backfill").and(": ").code("/metrics health").and(" says what is missing.")
}

/// An alert as a sentence without its full stop.
fn alert(alert: &Alert, org: &Org) -> String {
    let priority = |id: &str| org.projects.get(id).and_then(|it| it.priority).map_or_else(String::new, |it| format!(", priority {it},"));
    match alert {
        Alert::OffPlan { project, planned, band, more } => format!(
            "{} got {} than the {} planned in each of the last three weeks ({} in the last one)",
            org.project_name(project),
            if *more { "more" } else { "less" },
            words::percent(*planned),
            share(band)
        ),
        Alert::PriorityBelow { top, lower, .. } => {
            let lower_priority = priority(lower);
            format!(
                "{}{} got less than {}{} in each of the last three weeks",
                org.project_name(top),
                priority(top),
                org.project_name(lower),
                lower_priority.trim_end_matches(',')
            )
        }
    }
}

impl About<'_> {
    fn scope(&self) -> &Scope {
        &self.receipt.scope
    }
}

fn parts(about: &About<'_>) -> Vec<Part> {
    let found = about.found;
    let only = if let Scope::Project(id) = about.scope() { Some(id.as_str()) } else { None };
    let mut parts = Vec::new();
    if only.is_none() && found.alerts.len() > 1 {
        // The first is the verdict.
        let rest = found.alerts.len().saturating_sub(1 + LISTED) as u64;
        let mut said: Vec<String> = found.alerts.iter().skip(1).take(LISTED).map(|it| format!("{}.", alert(it, about.org))).collect();
        if let Some(last) = said.last_mut().filter(|_| rest > 0) {
            *last = format!("{last} And {rest} like these.");
        }
        parts.push(Part::List(said.into_iter().map(Line::plain).collect(), None));
    }
    let rows: Vec<&Row> = found.rows.iter().filter(|row| only.is_none_or(|id| row.id == id)).collect();
    parts.push(Part::Table(projects(&rows)));
    parts.push(Part::Chart(only.map_or_else(|| by_week(about), |id| of_weeks(about, id))));
    if only.is_some() {
        parts.extend(teams(found, "Who works on it", |(_, band)| format!("{} full-time people", people(band))));
        parts.extend(unknown(found).map(Part::Text));
        return parts;
    }
    if !found.objectives.is_empty() {
        let said: Vec<String> = found.objectives.iter().map(|(name, band)| format!("{name} {}", share_or_few(band.as_ref()))).collect();
        parts.push(Part::Text(Line::default().strong("By objective").and(format!(": {}.", said.join(", ")))));
    }
    let known = found.categories.iter().filter_map(|(category, band)| Some((category, band.as_ref()?)));
    let said: Vec<String> = known.map(|(category, band)| format!("{} {}", category.name(), share(band))).collect();
    if !said.is_empty() {
        parts.push(Part::Text(Line::default().strong("By category").and(format!(": {}.", said.join(", ")))));
    }
    parts.extend(unknown(found).map(Part::Text));
    parts.extend(teams(found, "By team", |(name, band)| format!("{name} {}", share_of_team(band))));
    parts
}

/// The projects with what is known of each; a column that says nothing of any is left out.
fn projects(rows: &[&Row]) -> Table {
    let columns = ["Project", "Prio", "Effort", "People", "Plan", "Against plan"];
    // Beside plans there is no room for full-time people in a message.
    let with_people = rows.len() < 2 || rows.iter().all(|row| row.planned.is_none());
    let row = |row: &&Row| {
        let priority = row.priority.map_or_else(String::new, |priority| priority.to_string());
        let effort = row.band.as_ref().map_or_else(|| "too few people".to_owned(), share);
        let full_time = row.band.as_ref().filter(|_| with_people).map(people).unwrap_or_default();
        let planned = row.planned.map(words::percent).unwrap_or_default();
        vec![row.name.clone(), priority, effort, full_time, planned, row.standing.cell().to_owned()]
    };
    let mut rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    let says: Vec<bool> = (0..columns.len()).map(|at| at == 0 || rows.iter().any(|row| !row[at].is_empty())).collect();
    for row in &mut rows {
        let mut keep = says.iter();
        row.retain(|_| keep.next() == Some(&true));
    }
    let shown = columns.into_iter().zip(&says).enumerate().filter(|(_, (_, says))| **says).map(|(at, (name, _))| (at, name));
    let (columns, numeric) = shown.map(|(at, name)| (name.to_owned(), (1..5).contains(&at))).unzip();
    Table { columns, numeric, rows, more: None }
}

/// What each team works on, or how much of it works on a project.
fn teams(found: &Investment, heading: &str, said: impl Fn(&(String, Band)) -> String) -> Vec<Part> {
    if found.teams.is_empty() {
        return Vec::new();
    }
    let line = |team: &Team| {
        Line::default().strong(team.name.clone()).and(format!(": {}", team.projects.iter().map(&said).collect::<Vec<_>>().join(", ")))
    };
    vec![Part::Heading(heading.into()), Part::List(found.teams.iter().map(line).collect(), None)]
}

/// What is in no share, in one paragraph, with what to do about it.
fn unknown(found: &Investment) -> Option<Line> {
    let mut line = Line::default();
    if found.unattributed >= 0.005 {
        line = line.and(format!("{} of effort is of no project", words::percent(found.unattributed)));
        for (at, (place, count)) in found.places.iter().take(LISTED).enumerate() {
            let glue = if at == 0 { ", most of it in " } else { ", " };
            line = line.and(glue).code(place.clone()).and(format!(" ({})", words::count(*count as u64, "item", "items")));
        }
        line = line.and(": name its epics, labels or repositories in a project of the organisation file. ");
    }
    if found.unobserved >= 0.005 {
        line = line.and(format!("{} of all working time left no trace and is in no share. ", words::percent(found.unobserved)));
    }
    if found.withheld >= 0.005 {
        line = line.and(format!("{} is withheld, since it would tell of one or two people.", words::percent(found.withheld)));
    }
    (!line.is_empty()).then_some(line)
}

fn notes(about: &About<'_>) -> Vec<Line> {
    let found = about.found;
    let mut notes = Vec::new();
    if let Some(figures) = found.period.as_ref().and_then(|period| period.figures.as_ref()) {
        let weeks = words::count(found.weeks.len() as u64, "whole week", "whole weeks");
        notes.push(Line::plain(format!(
            "An estimate from the traces that work leaves, of {} and {weeks} in {}: a share runs from what is certain to all that may belong there. Never of a person.",
            words::count(figures.people as u64, "person", "people"),
            about.zone.name()
        )));
    }
    if found.rows.iter().any(|row| matches!(row.standing, Standing::MoreLately | Standing::LessLately)) {
        notes.push("Against plan it is the whole period that counts; \"lately\" is each of its last three weeks.".into());
    }
    let strangers = about.effort.ledger.signals_of_nobody;
    if strangers > 0 {
        let said = words::count(strangers, "trace is of somebody", "traces are of people");
        notes.push(
            Line::plain(format!("{said} whom the organisation does not know, or who had no working day that week: "))
                .code("/metrics health")
                .and(" names tools' names that are nobody's."),
        );
    }
    notes.extend(about.effort.problems.iter().take(LISTED).map(|problem| Line::sentence(problem)));
    notes
}

fn data(about: &About<'_>) -> Map<String, Value> {
    let found = about.found;
    let mut data = Map::new();
    let Some(figures) = found.period.as_ref().and_then(|period| period.figures.as_ref()) else {
        let few = !found.weeks.is_empty() && found.weeks.iter().all(|week| week.figures.is_none());
        data.insert("reason".into(), json!(if few { "too_few_people" } else { "no_data" }));
        return data;
    };
    let of_row = |row: &Row| {
        json!({"id": row.id, "name": row.name, "declared": row.declared, "priority": row.priority, "planned": row.planned,
               "share": row.band.map(|it| it.share), "fte": row.band.map(|it| it.fte), "items": row.items, "standing": row.standing.word()})
    };
    let of_team = |team: &Team| {
        let projects = team.projects.iter().map(|(name, band)| json!({"name": name, "share": band.share}));
        json!({"id": team.id, "projects": projects.collect::<Vec<_>>()})
    };
    let of_week = |week: &Week| {
        let projects = found.rows.iter().map(|row| json!({"id": row.id, "share": week.project(&row.id).map(|it| it.share)}));
        json!({"monday": week.monday.to_string(), "people": week.figures.as_ref().map(|figures| figures.people), "projects": projects.collect::<Vec<_>>()})
    };
    data.insert("projects".into(), found.rows.iter().map(of_row).collect());
    data.insert(
        "objectives".into(),
        found.objectives.iter().map(|(name, band)| json!({"name": name, "share": band.map(|it| it.share)})).collect(),
    );
    let of_category = |(category, band): &(Category, Option<Band>)| json!({"id": category.id(), "share": band.map(|it| it.share), "fte": band.map(|it| it.fte)});
    data.insert("categories".into(), found.categories.iter().map(of_category).collect());
    data.insert("teams".into(), found.teams.iter().map(of_team).collect());
    data.insert("weeks".into(), found.weeks.iter().map(of_week).collect());
    for (name, value) in [("unattributed", found.unattributed), ("unobserved", found.unobserved), ("withheld", found.withheld)] {
        data.insert(name.into(), json!(value));
    }
    data.insert("alerts".into(), found.alerts.iter().map(|it| json!(format!("{}.", alert(it, about.org)))).collect());
    data.insert("people".into(), json!(figures.people));
    data
}
