//! The card of `investment`: the verdict, projects against their plan, categories, what is not known and what to do about it.

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::compute::{Investment, Row, Standing, Team, name_of, real};
use crate::domain::alloc::{Alert, Band, Category, Week};
use crate::domain::card::{Button, Card, Line, Metric, Part, Scope, SourceHealth, Table, Target};
use crate::domain::chart::{Chart, Lines, Shares, Steps};
use crate::domain::org::Org;
use crate::domain::window::local;
use crate::domain::words;
use crate::features::effort::Effort;
use crate::features::receipts;
use crate::store::receipts::Receipt;

/// The action that opens the form of a portfolio project.
pub const PROJECT: &str = "investment_project";
/// Projects drawn each by itself: a picture has room for six parts.
const DRAWN: usize = 5;
/// Part of the time of which so little is known that no project can be called the one with most.
const MUCH: f64 = 1.0 / 3.0;
/// Reasons, places and sentences listed at most.
const LISTED: usize = 3;

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
    let project = Button { label: "Add a project".into(), action: PROJECT.into(), value: String::new(), primary: false };
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
    let metric = |id: String, value: f64, band: Option<Band>, n: usize, target: Option<Target>| Metric {
        id,
        value: Some(value),
        unit: "fraction".into(),
        n: n as u64,
        interval: band.map(|band| band.share),
        target,
        ..Metric::default()
    };
    let Some(figures) = found.period.as_ref().and_then(|period| period.figures.as_ref()) else { return Vec::new() };
    let of_row = |row: &Row| {
        let status = match row.standing {
            Standing::More | Standing::Less => Some("missed"),
            Standing::AsPlanned => Some("met"),
            Standing::Unclear => Some("not_separable"),
            _ => None,
        };
        let target = row.planned.map(|value| Target { value, status: status.map(str::to_owned) });
        metric(format!("effort_share:{}", row.id), row.band.share[0], Some(row.band), row.items, target)
    };
    let of_category = |(category, band): &(Category, Band)| {
        let leaves = figures.leaves.iter().filter(|leaf| leaf.category == Some(*category));
        metric(format!("effort_category:{}", category.id()), band.share[0], Some(*band), leaves.map(|leaf| leaf.items.len()).sum(), None)
    };
    let all = found.rows.iter().map(of_row).chain(found.categories.iter().map(of_category));
    let known = [("effort_unattributed", found.unattributed), ("effort_unobserved", found.unobserved)];
    all.chain(known.into_iter().map(|(id, value)| metric(id.to_owned(), value, None, figures.people, None))).collect()
}

/// "31 to 45 %".
fn share(band: &Band) -> String {
    let [low, high] = band.share.map(|end| format!("{:.0}", end * 100.0));
    if low == high { format!("{low} %") } else { format!("{low} to {high} %") }
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
    let in_portfolio: f64 = found.rows.iter().filter(|row| row.declared).map(|row| row.band.share[0]).sum();
    if let Some(first) = found.alerts.iter().min_by_key(|alert| matches!(alert, Alert::OffPlan { .. })) {
        let most = if in_portfolio >= 0.5 { "most effort goes to the portfolio, but " } else { "" };
        return Line::plain(format!("{name}: {most}{}.", alert(first, about.org)));
    }
    let largest = found.rows.iter().max_by(|a, b| a.band.share[0].total_cmp(&b.band.share[0]));
    let open = found.unattributed + found.withheld;
    if open > MUCH {
        let rest = largest.filter(|row| row.band.share[0] > 0.0);
        let rest = rest.map_or_else(String::new, |row| {
            format!(" Of the rest {} gets most, {} of effort for certain.", row.name, words::percent(row.band.share[0]))
        });
        let said =
            format!("{name}: {} of effort is of no project that can be shown, so that little is certain.{rest}", words::percent(open));
        return Line::plain(said);
    }
    let most = largest.map_or_else(String::new, |row| format!("{name}: most goes to {}, {} of effort. ", row.name, share(&row.band)));
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
    let name = name_of(about.org, id);
    let Some(row) = about.found.rows.iter().find(|row| row.id == id) else {
        return Line::plain(format!("{name} got no effort that is known in this period."));
    };
    let whom = format!("{name} gets {} of the organisation's effort: {} full-time people", share(&row.band), people(&row.band));
    let plan = row.planned.map_or_else(String::new, |planned| format!(", planned {}", words::percent(planned)));
    let word = if row.standing.word().is_empty() { String::new() } else { format!(": {}", row.standing.word()) };
    Line::plain(format!("{whom}{plan}{word}."))
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
            "{} gets {} of effort, {} than the {} planned, for three weeks running",
            name_of(org, project),
            share(band),
            if *more { "more" } else { "less" },
            words::percent(*planned)
        ),
        Alert::PriorityBelow { top, lower, .. } => {
            let lower_priority = priority(lower);
            format!("{}{} gets less than {}{}", name_of(org, top), priority(top), name_of(org, lower), lower_priority.trim_end_matches(','))
        }
    }
}

impl About<'_> {
    fn scope(&self) -> &Scope {
        &self.receipt.scope
    }

    /// Whether the answer is about the whole organisation or one project of it.
    fn is_whole(&self) -> bool {
        matches!(self.receipt.scope, Scope::Organisation | Scope::Project(_))
    }
}

fn parts(about: &About<'_>) -> Vec<Part> {
    let found = about.found;
    let only = if let Scope::Project(id) = about.scope() { Some(id.as_str()) } else { None };
    let mut parts = Vec::new();
    if only.is_none() && found.alerts.len() > 1 {
        parts
            .push(Part::List(found.alerts.iter().take(LISTED).map(|it| Line::plain(format!("{}.", alert(it, about.org)))).collect(), None));
    }
    let rows: Vec<&Row> = found.rows.iter().filter(|row| only.is_none_or(|id| row.id == id)).collect();
    parts.push(Part::Table(projects(&rows, about.is_whole())));
    parts.push(Part::Chart(only.map_or_else(|| by_week(about), |id| of_weeks(about, id))));
    if only.is_some() {
        parts.extend(teams(found, "Who works on it", |(_, band)| format!("{} full-time people", people(band))));
        return parts;
    }
    if !found.objectives.is_empty() {
        let rows = found.objectives.iter().map(|(name, band)| vec![name.clone(), share(band)]).collect();
        parts.push(Part::Heading("By objective".into()));
        parts.push(Part::Table(table(&["Objective", "Share of effort"], rows)));
    }
    parts.extend(teams(found, "By team", |(name, band)| format!("{name} {}", share(band))));
    let category = |(category, band): &(Category, Band)| vec![category.name().to_owned(), share(band), people(band)];
    parts.push(Part::Heading("By category".into()));
    parts.push(Part::Table(table(&["Category", "Share of effort", "Full-time people"], found.categories.iter().map(category).collect())));
    parts.extend(unknown(found).map(Part::Text));
    parts
}

fn table(columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    let numeric = (0..columns.len()).map(|at| at > 0).collect();
    Table { columns: columns.iter().map(|name| (*name).to_owned()).collect(), numeric, rows, more: None }
}

fn projects(rows: &[&Row], planned: bool) -> Table {
    let mut columns = vec!["Project", "Priority", "Share of effort", "Full-time people", "Against plan"];
    if planned {
        columns.insert(3, "Planned");
    }
    let row = |row: &&Row| {
        let mut cells = vec![
            row.name.clone(),
            row.priority.map_or_else(String::new, |priority| priority.to_string()),
            share(&row.band),
            people(&row.band),
            row.standing.word().to_owned(),
        ];
        if planned {
            cells.insert(3, row.planned.map(words::percent).unwrap_or_default());
        }
        cells
    };
    let mut table = table(&columns, rows.iter().map(row).collect());
    table.numeric[columns.len() - 1] = false;
    table
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

/// When the weeks began.
fn steps(about: &About<'_>) -> Steps {
    Steps::time(about.found.weeks.iter().map(|week| local::midnight(about.zone, week.monday)), about.zone)
}

/// How each week was shared out over the greatest projects.
fn by_week(about: &About<'_>) -> Chart {
    let found = about.found;
    let mut rows: Vec<&Row> = found.rows.iter().collect();
    rows.sort_by(|a, b| b.band.share[0].total_cmp(&a.band.share[0]).then_with(|| a.id.cmp(&b.id)));
    rows.retain(|row| row.items > 0);
    rows.truncate(DRAWN);
    let steps = steps(about);
    let sizes = |week: &Week| -> Vec<f64> {
        let Some(figures) = &week.figures else { return Vec::new() };
        let of =
            |id: &str| figures.leaves.iter().filter(|leaf| leaf.project.as_deref() == Some(id)).map(|leaf| leaf.time.all()).sum::<i64>();
        let own: Vec<i64> = rows.iter().map(|row| of(&row.id)).collect();
        let rest = figures.capacity - figures.unobserved - own.iter().sum::<i64>();
        own.into_iter().chain([rest]).map(real).collect()
    };
    let names = rows.iter().map(|row| row.name.clone()).chain(["Other and unknown".to_owned()]);
    let weeks = found.weeks.iter().enumerate();
    let shares = weeks.fold(Shares::new(names), |shares, (at, week)| shares.row(steps.label(at), sizes(week)));
    Chart::new("Effort by week", shares).subtitle(format!("{}, weeks from Monday", words::capitalised(about.name)))
}

/// What a project got week by week.
fn of_weeks(about: &About<'_>, id: &str) -> Chart {
    let bands: Vec<Option<Band>> = about.found.weeks.iter().map(|week| week.project(id)).collect();
    let low = bands.iter().map(|band| band.map(|band| band.share[0])).collect();
    let lines = Lines::new("fraction", steps(about), "certain", low);
    let lines = lines.band("up to all that may be its", bands.iter().map(|band| band.map(|band| band.share)).collect());
    Chart::new(format!("Effort on {} by week", name_of(about.org, id)), lines).subtitle("Share of the organisation's effort")
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
               "share": row.band.share, "fte": row.band.fte, "items": row.items, "standing": row.standing.word()})
    };
    let of_team = |team: &Team| {
        let projects = team.projects.iter().map(|(name, band)| json!({"name": name, "share": band.share}));
        json!({"id": team.id, "projects": projects.collect::<Vec<_>>()})
    };
    let of_week = |week: &Week| {
        let projects = found.rows.iter().filter_map(|row| Some(json!({"id": row.id, "share": week.project(&row.id)?.share})));
        json!({"monday": week.monday.to_string(), "people": week.figures.as_ref().map(|figures| figures.people), "projects": projects.collect::<Vec<_>>()})
    };
    data.insert("projects".into(), found.rows.iter().map(of_row).collect());
    data.insert("objectives".into(), found.objectives.iter().map(|(name, band)| json!({"name": name, "share": band.share})).collect());
    let of_category = |(category, band): &(Category, Band)| json!({"id": category.id(), "share": band.share, "fte": band.fte});
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
