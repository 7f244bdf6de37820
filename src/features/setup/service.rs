//! "Connect a service": which one, then its repository, team and rules. Values stand as they are where it exists already.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use futures::future::BoxFuture;

use super::change::{self, Errors, Sent, Settled, State, Values, said, settle};
use super::{admin, next, overview};
use crate::domain::ask::closest;
use crate::domain::form::{Field, Form, Input};
use crate::domain::org::{Draft, Org, Span, duration_text, quoted};
use crate::domain::time::At;
use crate::domain::window::local;
use crate::domain::words;
use crate::error::Failure;
use crate::features::{Action, Cx, Effect, Press};

/// The button: asks which.
pub const SERVICE: Action = Action { name: "setup_service", run: |cx, _| -> BoxFuture<'_, _> { Box::pin(pressed(cx)) } };
/// Which one. Fields: `service`, `new_service`.
pub const SERVICE_CHOSEN: Action =
    Action { name: "setup_service_chosen", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(chosen(cx, press)) } };
/// Its values. State: a [`State`].
pub const SERVICE_SENT: Action = Action { name: "setup_service_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

/// Options that mean none; no id may have a blank in it.
pub(super) const NO_TEAM: &str = "no team";
const NO_REPOSITORY: &str = "no repository";
/// Options that a select of Slack holds.
pub(super) const OPTIONS: usize = 100;
/// Letters of a name.
const NAME: usize = 100;

async fn pressed(cx: &Cx) -> Result<Effect, Failure> {
    admin(cx)?;
    Ok(Effect::Form(which(&overview::load(cx).await?, "")))
}

/// Asks which service; those without a team first.
fn which(overview: &overview::Overview, typed: &str) -> Form {
    let services = &overview.services;
    let mut fields = Vec::new();
    if !services.is_empty() && services.len() <= OPTIONS {
        let label = |it: &overview::ServiceRow| {
            let teams = if it.teams.is_empty() { "no team yet".to_owned() } else { it.teams.join(", ") };
            (it.name.clone(), format!("{} ({teams})", it.name))
        };
        fields.push(Field {
            id: "service".into(),
            label: "Service".into(),
            hint: None,
            optional: true,
            input: Input::Select(services.iter().map(label).collect(), None),
        });
    }
    let hint = match services.len() {
        0 => "As it is deployed, such as checkout.".to_owned(),
        n if n > OPTIONS => format!("There are {n} services, more than Slack lists: type the name of one, or of a new one."),
        _ => "As it is deployed, such as checkout.".to_owned(),
    };
    fields.push(Field {
        id: "new_service".into(),
        label: if fields.is_empty() { "Name of the service" } else { "Or a new one" }.into(),
        hint: Some(hint),
        optional: !fields.is_empty(),
        input: Input::Text(typed.into()),
    });
    Form { title: "Connect a service".into(), submit: "Next".into(), action: SERVICE_CHOSEN.name.into(), state: String::new(), fields }
}

async fn chosen(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let overview = overview::load(cx).await?;
    let of = |id: &str| press.fields.get(id).map(|text| text.trim()).filter(|text| !text.is_empty());
    let wrong = |sentence: &str, typed: &str| {
        let field = if press.fields.contains_key("service") && typed.is_empty() { "service" } else { "new_service" };
        Ok(Effect::Wrong(which(&overview, typed), vec![(field.to_owned(), sentence.to_owned())]))
    };
    let Some(typed) = of("new_service").or_else(|| of("service")) else {
        return wrong("Choose a service, or type the name of a new one.", "");
    };
    if typed.chars().count() > NAME {
        return wrong("A name has at most 100 letters.", &typed.chars().take(NAME).collect::<String>());
    }
    let same = overview.services.iter().find(|it| it.name.to_lowercase() == typed.to_lowercase());
    let name = same.map_or(typed, |it| it.name.as_str());
    let mut draft = Draft::default();
    draft.put("services", name, "repository", None);
    if let Err(error) = draft.read() {
        let sentence = error.problems.first().map_or_else(String::new, |problem| words::capitalised(&problem.message));
        return wrong(&format!("{sentence}."), typed);
    }
    Ok(Effect::Form(form_of(cx, name).await?))
}

/// What the form of a service offers.
struct Lists {
    repositories: BTreeSet<String>,
    /// Those in which the service lies.
    own: BTreeSet<String>,
    workflows: BTreeSet<String>,
    environments: BTreeSet<String>,
    teams: Vec<(String, String)>,
    /// Who owns it and when, where that is more than one team can say.
    owners: Option<String>,
    /// A service of nearly this name, where this one is new.
    near: Option<String>,
    known: bool,
}

async fn lists(cx: &Cx, org: &Org, name: &str) -> Result<Lists, Failure> {
    let seen = cx.store.repositories_of(name).await?;
    let mut workflows = BTreeSet::new();
    let names = seen.iter().map(String::as_str).chain(org.repositories_of(name)).collect::<BTreeSet<_>>();
    for repository in names {
        workflows.extend(cx.store.workflows_of(repository).await?);
    }
    // A clone's folder and the whole name are one repository.
    let whole = |names: BTreeSet<String>| -> BTreeSet<String> { names.iter().map(|it| org.repository(it).to_owned()).collect() };
    let own = whole(seen);
    let mut repositories = whole(cx.store.seen_repositories().await?);
    let declared = org.services.values().filter_map(|it| it.repository.clone());
    repositories.extend(declared.chain(own.iter().cloned()).filter(|it| it.chars().count() <= 150));
    let services = cx.store.services().await?;
    let known = services.iter().any(|it| it == name) || org.service_names().contains(name);
    let near = if known { None } else { closest(name, services.iter().map(|it| (it.as_str(), it.clone()))) };
    let teams = org.live_teams().map(|(id, team)| (id.to_owned(), team.name.clone())).collect();
    let owners = owners(org, name, cx.now);
    Ok(Lists { repositories, own, workflows, environments: cx.store.environments_of(name).await?, teams, owners, near, known })
}

/// "checkout until 2027-01-01 and search from 2027-01-01": owners now and planned, where there are several.
fn owners(org: &Org, name: &str, now: At) -> Option<String> {
    let date = |word: &str, at: Option<At>| {
        at.map_or_else(String::new, |at| format!(" {word} {}", local::text(org.time_zone.unwrap_or(Tz::UTC), at)))
    };
    let live = org.owners(name).into_iter().filter(|(_, span)| span.until.is_none_or(|until| until > now));
    let begins = |span: Span| span.from.filter(|from| *from > now);
    let told: Vec<String> = live.map(|(team, span)| format!("{team}{}{}", date("from", begins(span)), date("until", span.until))).collect();
    (told.len() > 1).then(|| words::join(&told))
}

/// The form of a service, with its values.
pub(super) async fn form_of(cx: &Cx, name: &str) -> Result<Form, Failure> {
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let lists = lists(cx, &newest.org, name).await?;
    let state = State { base: newest.version, previewed: String::new(), id: name.into() };
    let near = lists
        .near
        .as_ref()
        .map(|near| change::note(&format!("{name} will be a new service. If you mean {near}, close this and choose it"), Vec::new()));
    Ok(form(&initial(&newest.org, name, &lists, cx.now), near, &state, &lists))
}

/// The team that the form shows: the first that owns it now.
fn owner(org: &Org, name: &str, now: At) -> Option<String> {
    org.owners(name).into_iter().find(|(_, span)| span.holds(now)).map(|(team, _)| team.to_owned())
}

/// The values of a service as it is declared.
fn initial(org: &Org, name: &str, lists: &Lists, now: At) -> Values {
    let declared = org.services.get(name).cloned().unwrap_or_default();
    let only = if lists.own.len() == 1 { lists.own.first().cloned() } else { None };
    let repository = declared.repository.or(only.filter(|_| !org.services.contains_key(name)));
    let offered = lists.repositories.len() <= OPTIONS && repository.as_ref().is_none_or(|it| lists.repositories.contains(it));
    let (select, typed) = if offered { (repository, None) } else { (None, repository) };
    let owner = owner(org, name, now);
    [
        ("repository", select.unwrap_or_else(|| NO_REPOSITORY.into())),
        ("repository_other", typed.unwrap_or_default()),
        ("team", owner.unwrap_or_else(|| NO_TEAM.into())),
        ("environments", declared.environments.join(", ")),
        ("deploys_by", declared.deploys_by.unwrap_or_else(|| "deployment".into())),
        ("paths", declared.paths.join("\n")),
        ("incident_window", declared.incident_window.map(duration_text).unwrap_or_default()),
    ]
    .map(|(field, value)| (field.to_owned(), value))
    .into()
}

fn form(values: &Values, note: Option<Field>, state: &State, lists: &Lists) -> Form {
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    // What is chosen from a list that has a way to choose nothing is never empty.
    let field = |id: &str, label: &str, hint: Option<String>, input: Input| {
        let optional = !matches!(input, Input::Select(..));
        Field { id: id.into(), label: label.into(), hint, optional, input }
    };
    let mut fields: Vec<Field> = note.into_iter().collect();
    let several = !lists.repositories.is_empty() && lists.repositories.len() < OPTIONS;
    if several {
        let first = (NO_REPOSITORY.to_owned(), "No repository".to_owned());
        let options = std::iter::once(first).chain(lists.repositories.iter().map(|it| (it.clone(), it.clone()))).collect();
        fields.push(field("repository", "Repository", None, Input::Select(options, Some(value("repository")))));
    }
    let label = if several { "Or another repository" } else { "Repository" };
    fields.push(field(
        "repository_other",
        label,
        Some("As owner/name; at GitLab the full path.".into()),
        Input::Text(value("repository_other")),
    ));
    let mut team = team_field("team", "Team", &lists.teams, &value("team"), (NO_TEAM, "No team"));
    if let Some(owners) = &lists.owners {
        let hint = format!("It belongs to {owners}. That stays so unless you choose another team here, which then has it alone.");
        team.hint = Some(team.hint.map_or_else(|| hint.clone(), |other| format!("{other} {hint}")));
    }
    fields.push(team);
    let seen = lists.environments.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    let seen = if seen.is_empty() { String::new() } else { format!(" Seen so far: {seen}.") };
    let hint = format!("Names with commas between. Empty: those that the tool calls production.{seen}");
    fields.push(field("environments", "Production environments", Some(hint), Input::Text(value("environments"))));
    fields.push(field(
        "deploys_by",
        "What deploys it",
        None,
        Input::Select(deploys_by(lists, &value("deploys_by")), Some(value("deploys_by"))),
    ));
    let hint = "Only where several services share the repository: globs of its own files, one a line, such as checkout/**";
    fields.push(field("paths", "Paths", Some(hint.into()), Input::Lines(value("paths"))));
    let hint = "How long after a deployment an incident may still be its doing, such as 36h. Empty: 24h.";
    fields.push(field("incident_window", "Incident window", Some(hint.into()), Input::Text(value("incident_window"))));
    let submit = if state.previewed.is_empty() { "See what moves" } else { "Connect" };
    Form { title: title(&state.id, lists.known), submit: submit.into(), action: SERVICE_SENT.name.into(), state: state.text(), fields }
}

/// A select of teams, or where there are more than Slack lists, a field to type one.
pub(super) fn team_field(id: &str, label: &str, teams: &[(String, String)], value: &str, none: (&str, &str)) -> Field {
    listed_field(id, label, "teams", teams, value, none)
}

/// A select of things by (id, name), or where there are more than Slack lists, a field to type one.
pub(super) fn listed_field(id: &str, label: &str, nouns: &str, all: &[(String, String)], value: &str, none: (&str, &str)) -> Field {
    let field = |hint: Option<String>, input: Input| {
        let optional = !matches!(input, Input::Select(..));
        Field { id: id.into(), label: label.into(), hint, optional, input }
    };
    if all.len() >= OPTIONS {
        let typed = if value == none.0 { "" } else { value };
        return field(
            Some(format!("There are {} {nouns}, more than Slack lists: type the id or name of one.", all.len())),
            Input::Text(typed.into()),
        );
    }
    let none = (none.0.to_owned(), none.1.to_owned());
    let options = std::iter::once(none)
        .chain(all.iter().map(|(id, name)| {
            (id.clone(), if id.to_lowercase() == name.to_lowercase() { name.clone() } else { format!("{name} ({id})") })
        }));
    field(None, Input::Select(options.collect(), Some(value.to_owned())))
}

fn title(name: &str, known: bool) -> String {
    let whole = format!("{} {name}", if known { "Set up" } else { "Connect" });
    if whole.chars().count() <= 24 { whole } else { "Connect a service".into() }
}

fn deploys_by(lists: &Lists, value: &str) -> Vec<(String, String)> {
    let option = |value: &str, label: &str| (value.to_owned(), label.to_owned());
    let mut options = vec![
        option("deployment", "Deployments, as its tool tells of them"),
        option("release", "Each release that is published"),
        option("merge", "Each merge"),
    ];
    options.extend(lists.workflows.iter().take(80).map(|it| (format!("workflow:{it}"), format!("Each run of the workflow {it}"))));
    if !options.iter().any(|(known, _)| known == value) {
        options.push((value.to_owned(), format!("Each run of the workflow {}", value.trim_start_matches("workflow:"))));
    }
    options
}

/// What the values make of an organisation.
fn plan(org: &Org, name: &str, values: &Values, now: At) -> Result<Draft, Errors> {
    let mut org = org.clone();
    let team = match said(values, "team").filter(|team| *team != NO_TEAM) {
        None => None,
        Some(team) => Some(known_team(&org, team).map_err(|sentence| vec![("team".to_owned(), sentence)])?),
    };
    // Owners that the form can't show are not its to end.
    if team != owner(&org, name, now) {
        assign(&mut org, name, team.as_deref(), now);
    }
    let declared = org.services.get(name).cloned().unwrap_or_default();
    let mut draft = Draft::of(&org);
    let mut put = |key: &str, value: Option<String>| draft.put("services", name, key, value);
    let repository = said(values, "repository_other").or_else(|| said(values, "repository").filter(|it| *it != NO_REPOSITORY));
    put("repository", repository.map(quoted));
    put("environments", texts(&listed(values, "environments", &[',', '\n'])));
    put("paths", texts(&listed(values, "paths", &['\n'])));
    put("incident_window", same_duration(declared.incident_window, said(values, "incident_window")));
    let by = said(values, "deploys_by").filter(|by| *by != "deployment" || declared.deploys_by.as_deref() == Some("deployment"));
    put("deploys_by", by.map(quoted));
    Ok(draft)
}

/// A duration as it was typed, or as it is declared where it is the same.
fn same_duration(declared: Option<i64>, typed: Option<&str>) -> Option<String> {
    let declared = declared.map(duration_text);
    let same = declared.as_deref().is_some_and(|declared| typed == Some(declared));
    if same { declared.map(|it| quoted(&it)) } else { typed.map(quoted) }
}

/// What stands in a field one by one.
pub(super) fn listed(values: &Values, field: &str, between: &[char]) -> Vec<String> {
    let items = said(values, field).unwrap_or_default().split(between).map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Texts as a file has them; none is no key.
pub(super) fn texts(items: &[String]) -> Option<String> {
    let quoted: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    (!quoted.is_empty()).then(|| format!("[{}]", quoted.join(", ")))
}

/// The id of a team by id or name.
pub(super) fn known_team(org: &Org, typed: &str) -> Result<String, String> {
    if let Some((id, _)) = org.team_by(typed).filter(|(_, team)| team.dissolved.is_none()) {
        return Ok(id.to_owned());
    }
    let near = closest(typed, org.live_teams().map(|(id, _)| (id, id)));
    let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
    Err(format!("I do not know the team {typed}.{near}"))
}

/// Gives a service to one team, or to none, as a file would: other teams no longer list it.
fn assign(org: &mut Org, service: &str, team: Option<&str>, now: At) {
    let live = |span: &Span| span.until.is_none_or(|until| until > now);
    for (id, it) in org.teams.iter_mut().filter(|(_, it)| it.dissolved.is_none()) {
        let held = |holds: &dyn Fn(&Span) -> bool| it.services.iter().any(|(name, span)| name == service && holds(span));
        if Some(id.as_str()) != team {
            it.services.retain(|(name, span)| name != service || !live(span));
        } else if !held(&|span| span.holds(now) && span.until.is_none()) {
            // One that is planned for later is not the one in force: that begins now, and it says so.
            let from = (held(&live) && !held(&|span| span.holds(now))).then_some(now);
            // What is over stays known without being said again, and said again it would overlap.
            it.services.retain(|(name, _)| name != service);
            it.services.push((service.to_owned(), Span { from, until: None }));
        }
    }
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let author = admin(cx)?;
    let state = State::read(&press.value)?;
    let name = state.id.clone();
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let lists = lists(cx, &newest.org, &name).await?;
    let sent = Sent {
        values: change::values(&press.fields, initial(&newest.org, &name, &lists, cx.now)),
        state,
        previews: true,
        initial: &|org| initial(org, &name, &lists, cx.now),
        plan: &|org, values| plan(org, &name, values, cx.now),
        field: &|kind, key| match (kind, key) {
            ("teams", _) => "team",
            ("services", "environments") => "environments",
            ("services", "paths") => "paths",
            ("services", "deploys_by") => "deploys_by",
            ("services", "incident_window") => "incident_window",
            _ => "repository_other",
        },
        form: &|values, note, state| form(values, note, state, &lists),
        thing: &|org| serde_json::to_string(&(org.services.get(&name), org.owners(&name))).unwrap_or_default(),
        about: &|about| about == name,
    };
    match settle(cx, author, &sent).await? {
        Settled::Ask(effect) => Ok(effect),
        Settled::Same => Ok(change::nothing_changed(&name)),
        Settled::Stored(look) => {
            cx.store.refresh(None).await?; // a service whose deployments all moved is listed no more
            let after = cx.store.org_version(cx.store.newest_org().await?).await?;
            let repository = after.org.services.get(&name).and_then(|it| it.repository.clone());
            let owner =
                after.org.owners(&name).into_iter().find(|(_, span)| span.holds(cx.now)).and_then(|(id, _)| after.org.teams.get(id));
            let heard = cx.store.sources_of(&name, repository.as_deref()).await?;
            let connected = next::Connected {
                name: &name,
                team: owner.map(|team| team.name.as_str()),
                repository: repository.as_deref(),
                heard: &heard,
                look: &look,
            };
            Ok(Effect::Modal(Box::new(next::card(&connected, &cx.host))))
        }
    }
}
