//! "Add a project": a portfolio project, new or to change: what it should get, by when, what for, and which items are its own.
//!
//! It stands beside the other forms that change the organisation and not beside `investment`, whose card has the button: it is checked,
//! previewed, merged and stored as they are. To take a project out of the portfolio is a choice in the same form; the preview, which says what
//! then goes, is the question whether it is meant. A project of the tracker that nobody declared is listed and joins under its own id.
//!
//! Beyond what the file refuses: a share of nothing or of more than all, shares that add up to more than there is, a day that is over, and an
//! epic or label of another project. What stands in the file already is never refused here, so that a form can still be sent that changes
//! something else. Never to be used to plan people: a share is of the organisation's time.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use futures::future::BoxFuture;

use super::admin;
use super::change::{self, Errors, Sent, Settled, State, Values, said, settle};
use super::service::{listed, listed_field, texts};
use super::team::short_name;
use crate::domain::alloc::Category;
use crate::domain::ask::closest;
use crate::domain::card::{Card, Line, Part, Scope};
use crate::domain::form::{Form, Input};
use crate::domain::org::{Draft, Org, Project, quoted};
use crate::domain::words;
use crate::error::Failure;
use crate::features::moves::Look;
use crate::features::typed::{field, today};
use crate::features::{Action, Cx, Effect, Press};

/// The button. Value: the project's id; empty: asks which, where there are any.
pub const PROJECT: Action = Action { name: "investment_project", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pressed(cx, press)) } };
/// Which one. Field: `which_project`.
pub const PROJECT_CHOSEN: Action =
    Action { name: "investment_project_chosen", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(chosen(cx, press)) } };
/// Its values. State: a [`State`].
pub const PROJECT_SENT: Action =
    Action { name: "investment_project_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

/// Options that mean none; no id may have a blank in it.
const NEW: &str = "a new project";
const NO_OBJECTIVE: &str = "no objective";
const NO_CATEGORY: &str = "no category";
const STAYS: &str = "stays";
const GOES: &str = "goes";
/// Letters of a name, and of an id.
const NAME: usize = 100;
/// Projects that a sentence names one by one.
const NAMED: usize = 6;

async fn pressed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let projects = if press.value.is_empty() { known(cx, &cx.org.org).await? } else { Vec::new() };
    Ok(Effect::Form(if projects.is_empty() { form_of(cx, &press.value).await? } else { which(&projects) }))
}

/// Declared projects, then those of trackers that nobody declared.
async fn known(cx: &Cx, org: &Org) -> Result<Vec<(String, String)>, Failure> {
    let mut all: Vec<(String, String)> = org.projects.iter().map(|(id, project)| (id.clone(), project.name.clone())).collect();
    let seen = cx.store.projects().await?.into_iter().filter(|id| !id.is_empty() && !org.projects.contains_key(id));
    all.extend(seen.map(|id| (id.clone(), format!("{id}, not in the portfolio"))));
    Ok(all)
}

fn which(projects: &[(String, String)]) -> Form {
    let field = listed_field("which_project", "Which project?", "projects", projects, NEW, (NEW, "A new project"));
    Form {
        title: "The portfolio".into(),
        submit: "Next".into(),
        action: PROJECT_CHOSEN.name.into(),
        state: String::new(),
        fields: vec![field],
    }
}

async fn chosen(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let projects = known(cx, &newest.org).await?;
    let typed = said(&press.fields, "which_project").map(str::trim).filter(|typed| *typed != NEW).unwrap_or_default();
    let id = match by_name(&projects, typed) {
        _ if typed.is_empty() => String::new(),
        Some(id) => id.to_owned(),
        None => return Ok(Effect::Wrong(which(&projects), vec![("which_project".into(), unknown("project", typed, &projects))])),
    };
    Ok(Effect::Form(form_of(cx, &id).await?))
}

/// The id of what is meant by id or name.
fn by_name<'a>(all: &'a [(String, String)], typed: &str) -> Option<&'a str> {
    let same = |known: &str| known.to_lowercase() == typed.to_lowercase();
    let by = |id: bool| all.iter().find(|it| same(if id { &it.0 } else { &it.1 })).map(|it| it.0.as_str());
    all.iter().find(|it| it.0 == typed).map(|it| it.0.as_str()).or_else(|| by(true)).or_else(|| by(false))
}

fn unknown(what: &str, typed: &str, all: &[(String, String)]) -> String {
    let near = closest(typed, all.iter().map(|(id, _)| (id.as_str(), id.as_str())));
    format!("I do not know the {what} {typed}.{}", near.map_or_else(String::new, |near| format!(" Did you mean {near}?")))
}

/// The declared project that is meant by id or name.
pub(super) fn declared(org: &Org, typed: &str) -> Option<String> {
    let all: Vec<(String, String)> = org.projects.iter().map(|(id, project)| (id.clone(), project.name.clone())).collect();
    by_name(&all, typed).map(str::to_owned)
}

/// The form of a project, with its values; of a new one, where there is no id.
pub(super) async fn form_of(cx: &Cx, id: &str) -> Result<Form, Failure> {
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let state = State { base: newest.version, previewed: String::new(), id: id.into() };
    Ok(form(&initial(&newest.org, id), None, &state, &newest.org))
}

fn initial(org: &Org, id: &str) -> Values {
    let project = org.projects.get(id).cloned().unwrap_or_else(|| Project { name: id.to_owned(), ..Project::default() });
    let mut values: Values = [
        ("name", project.name),
        ("priority", project.priority.map(|it| it.to_string()).unwrap_or_default()),
        ("share", project.planned_share.map(|share| points(share).to_string()).unwrap_or_default()),
        ("due", project.due.map(|due| due.to_string()).unwrap_or_default()),
        ("objective", project.objective.unwrap_or_else(|| NO_OBJECTIVE.into())),
        ("epics", project.epics.join("\n")),
        ("labels", project.labels.join("\n")),
        ("category", project.category.map_or_else(|| NO_CATEGORY.into(), |it| Category::parse(&it).map_or(it, |it| key(it).into()))),
    ]
    .map(|(field, value)| (field.to_owned(), value))
    .into();
    if id.is_empty() {
        values.insert("short".into(), String::new());
    }
    if org.projects.contains_key(id) {
        values.insert("keeps".into(), STAYS.into());
    }
    values
}

/// A fraction in percent, without the dust of its digits.
fn points(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

/// A category as the file names it.
fn key(category: Category) -> &'static str {
    match category {
        Category::Ktlo => "ktlo",
        Category::New => "new",
        Category::Improving => "improving",
        Category::Productivity => "productivity",
    }
}

fn form(values: &Values, note: Option<crate::domain::form::Field>, state: &State, org: &Org) -> Form {
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let text = |field: &str| Input::Text(value(field));
    let mut fields: Vec<_> = note.into_iter().collect();
    fields.push(field("name", "Name", "", false, text("name")));
    if state.id.is_empty() {
        let hint = "What one types after project: as in project:wallet. Of a project in the tracker: as it is named there. Empty: made from the name.";
        fields.push(field("short", "Short name", hint, true, text("short")));
    }
    fields.push(field("priority", "Priority", "1 is the first. Empty: none.", true, text("priority")));
    let hint = "Percent of the whole organisation's time, such as 30. Empty: no plan.";
    fields.push(field("share", "Planned share", hint, true, text("share")));
    fields.push(field("due", "Commitment date", "The day by which it is promised.", true, Input::Date(value("due").parse().ok())));
    fields.push(listed_field(
        "objective",
        "Objective",
        "objectives",
        &objectives(org),
        &value("objective"),
        (NO_OBJECTIVE, "No objective"),
    ));
    let hint = "Keys of epics or initiatives in the tracker, one a line, such as PAY-12. All items below them are the project's.";
    fields.push(field("epics", "Epics", hint, true, Input::Lines(value("epics"))));
    let hint = "One a line. Items with one of them are the project's, where no epic says otherwise.";
    fields.push(field("labels", "Labels", hint, true, Input::Lines(value("labels"))));
    let mut options = vec![(NO_CATEGORY.to_owned(), "No category".to_owned())];
    options.extend(Category::ALL.map(|it| (key(it).to_owned(), it.name().to_owned())));
    let category = value("category");
    if !options.iter().any(|(known, _)| *known == category) {
        options.push((category.clone(), category.clone()));
    }
    fields.push(field("category", "Category", "", false, Input::Select(options, Some(category))));
    if values.contains_key("keeps") {
        let options = [(STAYS, "It stays in the portfolio"), (GOES, "Take it out of the portfolio")];
        let options = options.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
        fields.push(field("keeps", "In the portfolio", "", false, Input::Choice(options, Some(value("keeps")))));
    }
    let title = if org.projects.contains_key(&state.id) { format!("Project {}", state.id) } else { "Add a project".to_owned() };
    let title = if title.chars().count() <= 24 { title } else { "Change a project".into() };
    let submit = match (state.previewed.is_empty(), value("keeps").as_str()) {
        (true, _) => "See what changes",
        (false, GOES) => "Take it out",
        (false, STAYS) => "Change the project",
        (false, _) => "Add the project",
    };
    Form { title, submit: submit.into(), action: PROJECT_SENT.name.into(), state: state.text(), fields }
}

fn objectives(org: &Org) -> Vec<(String, String)> {
    org.objectives.iter().map(|(id, objective)| (id.clone(), objective.name.clone())).collect()
}

/// The id that the values give.
fn id_of(id: &str, values: &Values) -> String {
    let made = || said(values, "short").map_or_else(|| short_name(said(values, "name").unwrap_or_default()), str::to_owned);
    if id.is_empty() { made() } else { id.to_owned() }
}

/// What the values make of an organisation.
fn plan(org: &Org, id: &str, values: &Values, today: NaiveDate) -> Result<Draft, Errors> {
    let mut draft = Draft::of(org);
    if said(values, "keeps") == Some(GOES) {
        draft.remove("projects", id);
        return Ok(draft);
    }
    let mut errors = Errors::new();
    let mut wrong = |field: &str, sentence: String| errors.push((field.to_owned(), sentence));
    let name = said(values, "name").unwrap_or_default();
    if name.is_empty() || name.chars().count() > NAME {
        wrong("name", "A name has 1 to 100 letters.".into());
    }
    let id = id_of(id, values);
    if !name.is_empty() && (id.is_empty() || id.chars().count() > NAME) {
        wrong("short", "Type a short name of 1 to 100 letters: none can be made from the name.".into());
    }
    let before = org.projects.get(&id).cloned().unwrap_or_default();
    let priority = said(values, "priority");
    if priority.is_some_and(|typed| !typed.parse::<u32>().is_ok_and(|number| number > 0)) {
        wrong(
            "priority",
            format!("{} is no priority: write a whole number from 1 on, where 1 is the first.", priority.unwrap_or_default()),
        );
    }
    let share = said(values, "share").map(|typed| share(org, &id, before.planned_share, typed)).transpose().unwrap_or_else(|sentence| {
        wrong("share", sentence);
        None
    });
    let due = said(values, "due").and_then(|typed| match typed.parse::<NaiveDate>() {
        Ok(day) if day >= today || before.due == Some(day) => Some(day),
        Ok(day) => {
            wrong("due", format!("{day} is over, and today is {today}: choose today or a later day, or leave it empty."));
            None
        }
        Err(_) => {
            wrong("due", format!("{typed} is no day: write it as {today}."));
            None
        }
    });
    let objective = said(values, "objective").filter(|it| *it != NO_OBJECTIVE).map(|typed| {
        let all = objectives(org);
        by_name(&all, typed).map(str::to_owned).ok_or_else(|| {
            let how = "Choose one of those there are; new ones are declared in the organisation file.";
            format!("{} {how}", unknown("objective", typed, &all))
        })
    });
    let objective = objective.transpose().unwrap_or_else(|sentence| {
        wrong("objective", sentence);
        None
    });
    let (epics, labels) = (listed(values, "epics", &[',', '\n']), listed(values, "labels", &[',', '\n']));
    let taken = |kind: &str, own: &[String], had: &[String], of: fn(&Project) -> &Vec<String>| {
        let sentences = own.iter().filter(|it| !had.contains(it)).filter_map(|it| {
            let holds = |project: &Project| of(project).iter().any(|other| other.to_lowercase() == it.to_lowercase());
            let (other, project) = org.projects.iter().find(|(other, project)| **other != id && holds(project))?;
            let name = org.project_name(other);
            let name = if project.name == *other { other.clone() } else { name };
            Some(format!("{it} is {kind} of {name} already. Take it out there first: an item counts in one project only."))
        });
        sentences.collect::<Vec<_>>()
    };
    taken("an epic", &epics, &before.epics, |it| &it.epics).into_iter().take(1).for_each(|sentence| wrong("epics", sentence));
    taken("a label", &labels, &before.labels, |it| &it.labels).into_iter().take(1).for_each(|sentence| wrong("labels", sentence));
    if !errors.is_empty() {
        return Err(errors);
    }
    let category = said(values, "category").filter(|it| *it != NO_CATEGORY);
    let category = match &before.category {
        Some(known) if Category::parse(known).map(key) == category => Some(known.as_str()),
        _ => category,
    };
    let mut put = |key: &str, value: Option<String>| draft.put("projects", &id, key, value);
    put("name", (name != id).then(|| quoted(name)));
    put("priority", priority.map(str::to_owned));
    put("planned_share", share.map(|share| format!("{share:?}")));
    put("due", due.map(|due| due.to_string()));
    put("objective", objective.as_deref().map(quoted));
    put("epics", texts(&epics));
    put("labels", texts(&labels));
    put("category", category.map(quoted));
    Ok(draft)
}

/// A planned share from percent, or what is wrong with it. What is declared and left as it is stays to the digit.
fn share(org: &Org, id: &str, declared: Option<f64>, typed: &str) -> Result<f64, String> {
    let number = typed.trim_end_matches(|letter: char| letter == '%' || letter.is_whitespace()).replace(',', ".");
    let Some(percent) = number.parse::<f64>().ok().filter(|percent| percent.is_finite()) else {
        return Err(format!("{typed} is no share: write percent, such as 30."));
    };
    if let Some(same) = declared.filter(|share| points(*share).to_string() == number) {
        return Ok(same);
    }
    if percent <= 0.0 {
        return Err("A planned share is above 0 %: leave it empty where nothing is planned.".into());
    }
    if percent > 100.0 {
        return Err(format!("{number} % is more than all the time there is: write 100 or less."));
    }
    let share = percent / 100.0;
    let others: Vec<(&str, f64)> =
        org.projects.iter().filter(|(other, _)| *other != id).filter_map(|(_, it)| Some((it.name.as_str(), it.planned_share?))).collect();
    let whole = share + others.iter().map(|(_, share)| share).sum::<f64>();
    // Less than before is always a step in the right direction.
    if whole <= 1.0 + 1e-9 || declared.is_some_and(|before| share < before) {
        return Ok(share);
    }
    let mut named: Vec<String> = others.iter().take(NAMED).map(|(name, share)| format!("{name} {} %", points(*share))).collect();
    if others.len() > NAMED {
        named.push(format!("{} more", others.len() - NAMED));
    }
    named.push(format!("this one {number} %"));
    Err(format!(
        "The planned shares would add up to {} %, which is {} % too much: {}. Plan less here or there.",
        points(whole),
        points(whole - 1.0),
        words::join(&named)
    ))
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let author = admin(cx)?;
    let state = State::read(&press.value)?;
    let id = state.id.clone();
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let base = cx.store.org_version(state.base).await?;
    // Whether the form had the choice to take it out is a matter of when it was opened.
    let values = change::values(&press.fields, initial(&base.org, &id));
    let made = id_of(&id, &values);
    let known: BTreeSet<String> = base.org.projects.keys().map(|id| id.to_lowercase()).collect();
    if id.is_empty() && known.contains(&made.to_lowercase()) {
        let sentence = format!("The project {made} exists already. To change it, close this and choose it in the first step.");
        return Ok(Effect::Wrong(form(&values, None, &state, &newest.org), vec![("name".into(), sentence)]));
    }
    let goes = said(&values, "keeps") == Some(GOES);
    let today = today(cx, &Scope::Organisation);
    let sent = Sent {
        values,
        state,
        previews: true,
        initial: &|org| initial(org, &id),
        plan: &|org, values| plan(org, &id, values, today),
        field: &|kind, key| match (kind, key) {
            ("projects", "id") if id.is_empty() => "short",
            ("projects", "priority") => "priority",
            ("projects", "planned_share") => "share",
            ("projects", "due") => "due",
            ("projects", "objective") => "objective",
            _ => "name",
        },
        form: &|values, note, state| form(values, note, state, &newest.org),
        thing: &|org| serde_json::to_string(&org.projects.get(&made)).unwrap_or_default(),
        about: &|about| about == made,
    };
    match settle(cx, author, &sent).await? {
        Settled::Ask(effect) => Ok(effect),
        Settled::Same => Ok(change::nothing_changed(&made)),
        Settled::Stored(look) => Ok(Effect::Modal(Box::new(done(&made, goes, &look)))),
    }
}

/// What was stored, and what to type.
fn done(id: &str, goes: bool, look: &Look) -> Card {
    let line = Line::plain("The project ").strong(id);
    let lines: Vec<Line> = look.changes.iter().map(|line| Line::sentence(line)).collect();
    let mut parts = vec![Part::Heading("What changed".into()), Part::List(lines, None)];
    if !goes {
        let ask = |what: &str, command: &str| Line::plain(what).code(format!("/metrics {command} project:{id}")).and(".");
        let next = vec![ask("Where its effort goes: ", "investment"), ask("When it is likely done: ", "forecast")];
        parts.extend([Part::Heading("What happens next".into()), Part::List(next, None)]);
    }
    Card {
        title: if goes { "Out of the portfolio" } else { "Project stored" }.into(),
        verdict: line.and(if goes { " is out of the portfolio, from now on." } else { " is as you say, from now on." }),
        parts,
        ..Card::default()
    }
}
