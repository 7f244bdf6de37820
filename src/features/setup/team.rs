//! "Add a team": a new one or one to change, then its name, place, people and targets.

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use super::admin;
use super::change::{self, Errors, Sent, Settled, State, Values, said, settle};
use super::service::{OPTIONS, known_team, team_field};
use crate::domain::card::{Card, Line, Part};
use crate::domain::form::{Field, Form, Input};
use crate::domain::metric;
use crate::domain::org::follow::SlackGroup;
use crate::domain::org::{Draft, Org, Person, Span, Team, inline_table, quoted, target_text};
use crate::domain::time::At;
use crate::domain::words;
use crate::error::Failure;
use crate::features::moves::Look;
use crate::features::{Action, Cx, Effect, Press, groups};

/// The button: asks which, where there are teams already.
pub const TEAM: Action = Action { name: "setup_team", run: |cx, _| -> BoxFuture<'_, _> { Box::pin(pressed(cx)) } };
/// Which one. Field: `which_team`.
pub const TEAM_CHOSEN: Action = Action { name: "setup_team_chosen", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(chosen(cx, press)) } };
/// Its values. State: a [`State`].
pub const TEAM_SENT: Action = Action { name: "setup_team_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

const NEW: &str = "a new team";
const NO_PARENT: &str = "no parent";
const NO_GROUP: &str = "no group";
/// Letters of a name, and of an id.
const NAME: usize = 100;

async fn pressed(cx: &Cx) -> Result<Effect, Failure> {
    admin(cx)?;
    let teams = teams(&cx.org.org, "");
    Ok(Effect::Form(if teams.is_empty() { form_of(cx, "").await? } else { which(&teams) }))
}

fn which(teams: &[(String, String)]) -> Form {
    let field = team_field("which_team", "Which team?", teams, NEW, (NEW, "A new team"));
    Form { title: "Add a team".into(), submit: "Next".into(), action: TEAM_CHOSEN.name.into(), state: String::new(), fields: vec![field] }
}

async fn chosen(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let typed = said(&press.fields, "which_team").map(str::trim).filter(|typed| *typed != NEW).unwrap_or_default();
    let id = match (typed, known_team(&newest.org, typed)) {
        ("", _) => String::new(),
        (_, Ok(id)) => id,
        (_, Err(sentence)) => return Ok(Effect::Wrong(which(&teams(&newest.org, "")), vec![("which_team".into(), sentence)])),
    };
    Ok(Effect::Form(form_of(cx, &id).await?))
}

/// The form of a team, with its values; of a new one, where there is no id.
pub(super) async fn form_of(cx: &Cx, id: &str) -> Result<Form, Failure> {
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let lists = lists(cx, &newest.org, id).await;
    let state = State { base: newest.version, previewed: String::new(), id: id.into() };
    Ok(form(&initial(&newest.org, id, cx.now), None, &state, &lists))
}

/// Live teams but this one.
fn teams(org: &Org, but: &str) -> Vec<(String, String)> {
    org.live_teams().filter(|(id, _)| *id != but).map(|(id, team)| (id.to_owned(), team.name.clone())).collect()
}

/// What the form of a team offers.
struct Lists {
    parents: Vec<(String, String)>,
    /// The workspace's groups, or why they are not known.
    groups: Result<Vec<SlackGroup>, String>,
}

async fn lists(cx: &Cx, org: &Org, id: &str) -> Lists {
    let groups = match &cx.host.slack_groups {
        Some(read) => (read.0)(BTreeSet::new()).await,
        None => Err("Slack is not set up".into()),
    };
    let mut groups = groups.map(|groups| groups.into_iter().filter(|group| !group.archived).collect::<Vec<_>>());
    if let Ok(groups) = &mut groups {
        groups.sort_by(|one, other| one.handle.cmp(&other.handle));
    }
    Lists { parents: teams(org, id), groups }
}

/// People of a team whom Slack knows: Slack ids of those whom the file has in it now.
fn chosen_people(org: &Org, team: &Team, now: At) -> BTreeSet<String> {
    let live = team.members.iter().filter(|(_, span)| span.until.is_none_or(|until| until > now));
    live.filter_map(|(person, _)| org.people.get(person)?.slack.clone()).collect()
}

fn initial(org: &Org, id: &str, now: At) -> Values {
    let team = org.teams.get(id).cloned().unwrap_or_default();
    let people = chosen_people(org, &team, now).into_iter().collect::<Vec<_>>().join("\n");
    let targets = team.targets.iter().map(|(metric, target)| format!("{metric} = {}", target_text(metric, *target)));
    let mut values: Values = [
        ("name", team.name.clone()),
        ("parent", team.parent.clone().unwrap_or_else(|| NO_PARENT.into())),
        ("people", people),
        ("group", team.slack_group.clone().unwrap_or_else(|| NO_GROUP.into())),
        ("visibility", team.visibility.clone().unwrap_or_else(|| "organisation".into())),
        ("targets", targets.collect::<Vec<_>>().join("\n")),
    ]
    .map(|(field, value)| (field.to_owned(), value))
    .into();
    if id.is_empty() {
        values.insert("short".into(), String::new());
    }
    values
}

fn form(values: &Values, note: Option<Field>, state: &State, lists: &Lists) -> Form {
    let value = |field: &str| values.get(field).cloned().unwrap_or_default();
    let field = |id: &str, label: &str, hint: Option<&str>, input: Input| {
        let optional = id != "name" && !matches!(input, Input::Select(..));
        Field { id: id.into(), label: label.into(), hint: hint.map(str::to_owned), optional, input }
    };
    let mut fields: Vec<Field> = note.into_iter().collect();
    fields.push(field("name", "Name", None, Input::Text(value("name"))));
    if state.id.is_empty() {
        fields.push(field(
            "short",
            "Short name",
            Some("What one types after team: as in team:payments. Empty: made from the name."),
            Input::Text(value("short")),
        ));
    }
    fields.push(team_field("parent", "Part of", &lists.parents, &value("parent"), (NO_PARENT, "No other team")));
    let people: Vec<String> = value("people").lines().map(str::to_owned).collect();
    fields.push(field(
        "people",
        "People",
        Some("Beside those of the Slack group, if it follows one. Who is let go here leaves from now on."),
        Input::People(people),
    ));
    fields.push(group(&value("group"), lists));
    let visibility = [("organisation", "Everybody in the workspace"), ("team", "Its members and admins only")];
    let visibility = visibility.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
    fields.push(field("visibility", "Who may see its figures", None, Input::Select(visibility, Some(value("visibility")))));
    let hint = format!(
        "One a line, such as change_lead_time = 2d, deployment_frequency = 5/week or change_fail_rate = 10%. Metrics: {}.",
        metric::with_target().map(|it| it.id).collect::<Vec<_>>().join(", ")
    );
    fields.push(field("targets", "Targets", Some(&hint), Input::Lines(value("targets"))));
    let title = if state.id.is_empty() { "Add a team".to_owned() } else { format!("Team {}", state.id) };
    let title = if title.chars().count() <= 24 { title } else { "Change a team".into() };
    let submit = match (state.previewed.is_empty(), state.id.is_empty()) {
        (true, _) => "See what moves",
        (false, true) => "Add the team",
        (false, false) => "Change the team",
    };
    Form { title, submit: submit.into(), action: TEAM_SENT.name.into(), state: state.text(), fields }
}

/// A select of the workspace's groups; where they are more than Slack lists, or not known, a field to type an id.
fn group(value: &str, lists: &Lists) -> Field {
    let field = |hint: String, input: Input| {
        let optional = !matches!(input, Input::Select(..));
        Field { id: "group".into(), label: "Follow a Slack user group".into(), hint: Some(hint), optional, input }
    };
    let typed = || Input::Text(if value == NO_GROUP { String::new() } else { value.to_owned() });
    match &lists.groups {
        Err(why) => field(format!("The groups can't be listed ({why}). Its id, such as S0123ABCD, may be typed."), typed()),
        Ok(groups) if groups.len() > OPTIONS - 2 => {
            field(format!("There are {} groups, more than Slack lists: type the id of one, such as S0123ABCD.", groups.len()), typed())
        }
        Ok(groups) => {
            let mut options = vec![(NO_GROUP.to_owned(), "No group".to_owned())];
            options.extend(groups.iter().map(|group| (group.id.clone(), format!("@{} ({})", group.handle, group.name))));
            if !options.iter().any(|(id, _)| id == value) {
                options.push((value.to_owned(), format!("{value} (archived or gone)")));
            }
            field("Who is in the group is in the team: read every hour.".into(), Input::Select(options, Some(value.to_owned())))
        }
    }
}

/// The id of a team from its name: "Shop & Pay" is `shop-pay`.
pub(super) fn short_name(name: &str) -> String {
    let letters: String = name.to_lowercase().chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join("-")
}

/// What the values make of an organisation.
fn plan(org: &Org, id: &str, values: &Values, now: At) -> Result<Draft, Errors> {
    let wrong = |field: &str, sentence: String| Err(vec![(field.to_owned(), sentence)]);
    let name = said(values, "name").unwrap_or_default();
    if name.is_empty() || name.chars().count() > NAME {
        return wrong("name", "A name has 1 to 100 letters.".into());
    }
    let new = short_name(said(values, "short").unwrap_or(name));
    let id = if id.is_empty() { new.as_str() } else { id };
    if id.is_empty() || id.chars().count() > NAME {
        return wrong("short", "Type a short name of 1 to 100 letters: none can be made from the name.".into());
    }
    let parent = match said(values, "parent").filter(|parent| *parent != NO_PARENT) {
        None => None,
        Some(typed) => match known_team(org, typed) {
            Ok(parent) => Some(parent),
            Err(sentence) => return wrong("parent", sentence),
        },
    };
    let mut org = org.clone();
    let mut team = org.teams.get(id).filter(|team| team.dissolved.is_none()).cloned().unwrap_or_default();
    let before = chosen_people(&org, &team, now);
    let after: BTreeSet<String> = values.get("people").into_iter().flat_map(|people| people.lines()).map(str::to_owned).collect();
    for slack in before.symmetric_difference(&after) {
        let person = org.person_by_slack(slack).map_or_else(|| slack.clone(), |(person, _)| person.to_owned());
        if after.contains(slack) {
            team.members.retain(|(other, _)| *other != person);
            team.members.push((person.clone(), Span::ALWAYS));
            org.people.entry(person).or_insert_with(|| Person { slack: Some(slack.clone()), ..Person::default() });
        } else {
            team.members.retain(|(other, span)| *other != person || span.until.is_some_and(|until| until <= now));
        }
    }
    name.clone_into(&mut team.name);
    org.teams.insert(id.to_owned(), team);
    let declared = org.teams[id].clone();
    let mut draft = Draft::of(&org);
    let mut put = |key: &str, value: Option<String>| draft.put("teams", id, key, value);
    put("parent", parent.as_deref().map(quoted));
    let group = said(values, "group").filter(|group| *group != NO_GROUP);
    put("slack_group", group.map(quoted));
    let visibility =
        said(values, "visibility").filter(|it| *it != "organisation" || declared.visibility.as_deref() == Some("organisation"));
    put("visibility", visibility.map(quoted));
    put("targets", targets(said(values, "targets").unwrap_or_default()));
    Ok(draft)
}

/// Whether a target stands in the values that the team does not have.
fn aims_anew(org: &Org, id: &str, values: &Values, now: At) -> bool {
    let before = initial(org, id, now);
    let lines = |values: &Values| -> BTreeSet<String> {
        let text = said(values, "targets").unwrap_or_default();
        text.lines().map(|line| line.split_whitespace().collect()).filter(|line: &String| !line.is_empty()).collect()
    };
    !lines(values).is_subset(&lines(&before))
}

/// `change_lead_time = 2d` a line, as a table of TOML; `:` and blanks part as well.
fn targets(text: &str) -> Option<String> {
    let line = |line: &str| {
        let (metric, target) = line.split_once(['=', ':', ' ', '\t']).unwrap_or((line, ""));
        let target = target.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '=' | ':' | '"'));
        (metric.trim().to_owned(), quoted(target))
    };
    inline_table(text.lines().map(str::trim).filter(|it| !it.is_empty()).map(line))
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let author = admin(cx)?;
    let state = State::read(&press.value)?;
    let id = state.id.clone();
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let lists = lists(cx, &newest.org, &id).await;
    let values = change::values(&press.fields, initial(&newest.org, &id, cx.now));
    let made = if id.is_empty() { short_name(said(&values, "short").or(said(&values, "name")).unwrap_or_default()) } else { id.clone() };
    let base = cx.store.org_version(state.base).await?;
    let taken = |org: &Org| org.teams.get(&made).is_some_and(|team| team.dissolved.is_none());
    if id.is_empty() && taken(&base.org) {
        let sentence = format!("The team {made} exists already. To change it, close this and choose it in the first step.");
        return Ok(Effect::Wrong(form(&values, None, &state, &lists), vec![("name".into(), sentence)]));
    }
    let held = crate::features::pulse::perception::holds_targets(cx).await?;
    let followed = newest.org.teams.get(&made).and_then(|team| team.slack_group.clone());
    let sent = Sent {
        values,
        state,
        previews: true,
        initial: &|org| initial(org, &id, cx.now),
        plan: &|org, values| match held.as_ref().filter(|_| aims_anew(org, &id, values, cx.now)) {
            Some(why) => Err(vec![("targets".into(), why.clone())]),
            None => plan(org, &id, values, cx.now),
        },
        field: &|kind, key| match (kind, key) {
            ("teams", "parent") => "parent",
            ("teams", "slack_group") => "group",
            ("teams", "visibility") => "visibility",
            ("teams", "targets") => "targets",
            ("teams", "members") | ("people", _) => "people",
            _ => "name",
        },
        form: &|values, note, state| form(values, note, state, &lists),
        thing: &|org| change::shown(org.teams.get(&made)),
        about: &|about| about == made,
    };
    match settle(cx, author, &sent).await? {
        Settled::Ask(effect) => Ok(effect),
        Settled::Same => Ok(change::nothing_changed(&made)),
        Settled::Stored(look) => {
            let after = cx.store.org_version(cx.store.newest_org().await?).await?;
            let group = after.org.teams.get(&made).and_then(|team| team.slack_group.clone());
            let read = if group == followed { Vec::new() } else { groups::read(cx).await? };
            let read = read.into_iter().find(|it| it.team == made);
            Ok(Effect::Modal(Box::new(done(&made, &look, read.as_ref()))))
        }
    }
}

/// What was stored, and what to type.
fn done(id: &str, look: &Look, read: Option<&crate::domain::org::follow::Following>) -> Card {
    let mut lines: Vec<Line> = look.changes.iter().chain(&look.moves).map(|line| Line::sentence(line)).collect();
    lines.extend(read.map(|it| match &it.problem {
        None => Line::plain(format!("@{} was read: {} in it", it.handle, words::count(it.people as u64, "person is", "people are"))),
        Some(problem) => Line::plain(format!("its Slack group could not be read: {problem}")),
    }));
    let next = vec![
        Line::plain("Give it services: the button ")
            .strong("Connect a service")
            .and(" below the answer of ")
            .code("/metrics setup")
            .and("."),
        Line::plain("Its figures: ").code(format!("/metrics dora team:{id}")).and("."),
    ];
    Card {
        title: "Team stored".into(),
        verdict: Line::plain("The team ").strong(id).and(" is as you say, from now on."),
        parts: vec![
            Part::Heading("What changed".into()),
            Part::List(lines, None),
            Part::Heading("What happens next".into()),
            Part::List(next, None),
        ],
        ..Card::default()
    }
}
