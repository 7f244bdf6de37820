//! Who asks: the person behind the asker, the names that tools know them by, and the days on which they work.
//!
//! For `waiting` and `mywork`, whose answers are about the asker alone, and for the team that a question without one means.
//! Never to look somebody else up: there is no way in but the asker.

use std::collections::BTreeSet;

use super::{Cx, Reply};
use crate::domain::ask::Ask;
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::{Card, Line, Part, Scope, Table};
use crate::domain::event::ASKED_TEAM;
use crate::domain::org::identity::{Name, Told};
use crate::domain::time::At;
use crate::domain::todo::OpenChange;
use crate::domain::window::Window;
use crate::error::{Failure, Kind, UserError};

/// The asker.
pub struct Me {
    /// Every name that tools know them by.
    pub names: Vec<Name>,
    /// Those that were met: source and name as it is written there.
    pub met: BTreeSet<(String, String)>,
    /// Their teams and those above these, each by id and by name, as [`slug`]s.
    pub teams: BTreeSet<String>,
    /// The days on which their team works.
    pub calendar: WorkCalendar,
}

impl Me {
    /// Whether a tool means the asker by that word, or a team of theirs.
    pub fn is(&self, word: &str, source: &str) -> bool {
        if let Some(team) = word.strip_prefix(ASKED_TEAM) {
            return self.teams.contains(&slug(team));
        }
        let word = word.to_lowercase();
        self.names.iter().any(|name| name.is(&word, source))
    }

    /// Whether the asker made a change or is asked to review it.
    pub fn is_in(&self, change: &OpenChange) -> bool {
        change.author.iter().chain(&change.reviewers).any(|name| self.is(name, &change.source))
    }

    /// The instant of the answer, in the zone of the asker's team: what takes the place of a period.
    pub fn instant(&self, now: At) -> Window {
        Window { from: now, to: now, zone: self.calendar.zone(), label: "now".into() }
    }

    /// Whether the asker made a change.
    pub fn made(&self, change: &OpenChange) -> bool {
        change.author.as_ref().is_some_and(|author| self.is(author, &change.source))
    }

    /// How the answer knew whom to look for, so that a name that is missing is seen.
    pub fn note(&self) -> Line {
        let said = |name: &Name| name.source.as_ref().map_or_else(|| name.name.clone(), |source| format!("{} in {source}", name.name));
        let named = |(line, at): (Line, usize), name: &Name| (line.and(if at == 0 { "" } else { ", " }).code(said(name)), at + 1);
        let (line, _) = self.names.iter().fold((Line::plain("Looked for "), 0), named);
        let line = line.and(if self.met.is_empty() { ": no tool has told of any of these names. " } else { ". " });
        line.and("A name is missing? An admin adds it to your ").code("[[people]]").and(" in the organisation file.")
    }
}

/// The person whom the organisation file knows the asker as.
pub fn person(cx: &Cx) -> Option<&str> {
    let asker = cx.asker.as_ref()?;
    cx.org.org.who(&asker.user, asker.email.as_deref())
}

/// The asker's teams now.
pub fn teams(cx: &Cx) -> Vec<&str> {
    let asker = cx.asker.as_ref();
    asker.map(|asker| cx.org.org.teams_of_user(&asker.user, asker.email.as_deref(), cx.now)).unwrap_or_default()
}

/// Whether the asker leads a team, or one above it.
pub fn leads(cx: &Cx, team: &str) -> bool {
    let org = &cx.org.org;
    let names = [person(cx), cx.asker.as_ref().map(|asker| asker.user.as_str())];
    let is_asker = |lead: &String| names.contains(&Some(lead.as_str()));
    org.teams.iter().any(|(id, above)| above.leads.iter().any(is_asker) && super::access::belongs(org, team, id))
}

/// The asker, if the organisation file knows them or an address of theirs goes with a name in some tool.
pub async fn me(cx: &Cx) -> Result<Option<Me>, Failure> {
    let org = &cx.org.org;
    let (person, email) = (person(cx), cx.asker.as_ref().and_then(|asker| asker.email.as_deref()));
    let declared = org.known_as(person, email, &[]);
    let anywhere = declared.iter().filter(|name| name.source.is_none());
    let emails: Vec<String> = anywhere.map(|name| name.name.clone()).filter(|name| name.contains('@')).collect();
    let told = cx.store.told(&declared.iter().map(|name| name.name.clone()).collect::<Vec<_>>(), &emails).await?;
    let names = org.known_as(person, email, &told);
    let met: BTreeSet<(String, String)> =
        told.iter().filter(|it| meant(&names, it)).map(|it| (it.source.clone(), it.name.clone())).collect();
    let mut above: Vec<&str> = teams(cx);
    let mut teams_by_slug = BTreeSet::new();
    while let Some(id) = above.pop() {
        let Some(team) = org.teams.get(id) else { continue };
        if teams_by_slug.insert(slug(id)) {
            above.extend(team.parent.as_deref());
        }
        teams_by_slug.insert(slug(&team.name));
    }
    let team = if let [team] = teams(cx)[..] { Scope::Team(team.to_string()) } else { Scope::Organisation };
    let calendar = WorkCalendar::new(&org.calendar, org.zone_for(&team));
    Ok((person.is_some() || !met.is_empty()).then_some(Me { names, met, teams: teams_by_slug, calendar }))
}

/// A team's name as tools write it in addresses: `Platform Core` is `platform-core`.
fn slug(name: &str) -> String {
    let words = name.to_lowercase();
    let words: Vec<&str> = words.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn meant(names: &[Name], told: &Told) -> bool {
    let word = told.name.to_lowercase();
    names.iter().any(|name| name.is(&word, &told.source))
}

/// Refuses a scope or a period: the answer is about the asker, now.
pub fn refuse_arguments(cx: &Cx, ask: &Ask) -> Result<(), Failure> {
    if !ask.window_named && ask.scope == super::default_scope(cx) {
        return Ok(());
    }
    let message = format!("`{}` is about you, now: it takes no team, service, project or period.", ask.command);
    Err(UserError::new(Kind::NotUnderstood, message, format!("Ask `/metrics {}` alone.", ask.command)).into())
}

/// What is said to somebody whose names in the tools are not known: what to put into the organisation file.
pub fn unknown(cx: &Cx, command: &str) -> Reply {
    let user = cx.asker.as_ref().map_or("", |asker| asker.user.as_str());
    let address = cx.asker.as_ref().and_then(|asker| asker.email.as_deref());
    let id = address.and_then(|email| email.split('@').next()).filter(|id| is_plain(id)).unwrap_or("your-name");
    let address = address.filter(|email| is_plain(&email.replace('@', ""))).unwrap_or("you@example.com");
    let lines = [
        "[[people]]".to_string(),
        format!("id = \"{id}\""),
        format!("slack = \"{user}\""),
        format!("emails = [\"{address}\"]"),
        "aliases = { github = \"your-login\", jira = \"your-account-id\" }".to_string(),
    ];
    let mut data = serde_json::Map::new();
    data.insert("known".into(), false.into());
    Reply::Card(Box::new(Card {
        command: command.into(),
        title: "Who are you?".into(),
        verdict: Line::plain("I do not know which names in your tools are yours, so I can't say what is yours to do. ")
            .and("Give these lines to an admin of pacer, with your own names in them:"),
        parts: vec![
            Part::Table(Table {
                columns: vec![String::new()],
                rows: lines.into_iter().map(|line| vec![line]).collect(),
                ..Table::default()
            }),
            Part::Text(Line::plain("They go into the organisation file; ").code("pacer org apply FILE").and(" takes it. Then ask again.")),
        ],
        data,
        ..Card::default()
    }))
}

/// Whether a word may stand in the file as it is.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_is_known_by_its_name_in_an_address() {
        let check = |name: &str, expect: &str| assert_eq!(slug(name), expect);
        check("Platform Core", "platform-core");
        check("payments", "payments");
        check("R&D / Search", "r-d-search");
        check("", "");
    }
}
