//! The organisation file of the sample, in the format that `sources.md` documents.

use std::fmt::Write as _;

use super::aims::{OBJECTIVES, PROJECTS};
use super::calendar::{Calendar, ZONE};
use super::cast::{LEADS, PEOPLE, REORGANISED_DAYS_AGO, SERVICES, TEAMS, TeamRow};
use super::changes::BOT;

/// The file as text.
pub fn org_toml(calendar: &Calendar) -> String {
    let mut file = String::from("# The sample organisation of `pacer demo`.\n");
    let holidays: Vec<String> = calendar.holidays().iter().map(|day| format!("\"{day}\"")).collect();
    line(&mut file, &format!("time_zone = \"{ZONE}\"\n\n[calendar]\nworking_days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]"));
    line(&mut file, &format!("holidays = [{}]", holidays.join(", ")));
    for team in TEAMS {
        write_team(&mut file, calendar, team);
    }
    services(&mut file);
    people(&mut file);
    for (id, name, owner) in OBJECTIVES {
        line(
            &mut file,
            &format!("\n[[objectives]]\nid = \"{id}\"\nname = \"{name}\"\nowner = \"{owner}\"\nperiod = \"{}\"", calendar.quarter()),
        );
    }
    for project in PROJECTS {
        line(&mut file, &format!("\n[[projects]]\nid = \"{}\"\nname = \"{}\"", project.id, project.name));
        line(&mut file, &format!("priority = {}\nplanned_share = {:.2}", project.priority, project.planned_share));
        if let Some(days) = project.due_in_days {
            line(&mut file, &format!("due = {}", calendar.date_in(days)));
        }
        line(&mut file, &format!("objective = \"{}\"", project.objective));
        line(&mut file, &format!("epics = [\"{}\"]\nlabels = [\"{}\"]\ncategory = \"{}\"", project.epic, project.id, project.category));
    }
    file
}

fn line(file: &mut String, text: &str) {
    let _ = writeln!(file, "{text}"); // a String takes all that is written to it
}

fn write_team(file: &mut String, calendar: &Calendar, team: &TeamRow) {
    line(file, &format!("\n[[teams]]\nid = \"{}\"\nname = \"{}\"", team.id, team.name));
    if let Some(parent) = team.parent {
        line(file, &format!("parent = \"{parent}\""));
    }
    let moved = calendar.date_ago(REORGANISED_DAYS_AGO);
    let owned = SERVICES.iter().filter_map(|service| match service.moved {
        None => (service.team == team.id).then(|| format!("\"{}\"", service.id)),
        Some((to, _)) if to == team.id => Some(format!("{{ id = \"{}\", from = {moved} }}", service.id)),
        Some(_) => (service.team == team.id).then(|| format!("{{ id = \"{}\", until = {moved} }}", service.id)),
    });
    list(file, "services", &owned.collect::<Vec<_>>());
    let members = PEOPLE.iter().flat_map(|person| {
        let mine = person.teams.iter().filter(|(id, ..)| *id == team.id);
        mine.map(|(_, from, until)| {
            let date = |key: &str, days: Option<u64>| days.map_or(String::new(), |days| format!(", {key} = {}", calendar.date_ago(days)));
            format!("{{ person = \"{}\"{}{} }}", person.id, date("from", *from), date("until", *until))
        })
    });
    list(file, "members", &members.collect::<Vec<_>>());
    let leads = LEADS.iter().filter(|(led, _)| *led == team.id);
    list(file, "leads", &leads.map(|(_, person)| format!("\"{person}\"")).collect::<Vec<_>>());
    let targets: Vec<String> = team.targets.iter().map(|(metric, value)| format!("{metric} = {value}")).collect();
    if !targets.is_empty() {
        line(file, &format!("targets = {{ {} }}", targets.join(", ")));
    }
    let own = super::channels().into_iter().filter(|channel| channel.team == Some(team.id));
    list(file, "channels", &own.map(|channel| format!("\"{}\"", channel.id)).collect::<Vec<_>>());
}

fn list(file: &mut String, key: &str, entries: &[String]) {
    if !entries.is_empty() {
        line(file, &format!("{key} = [{}]", entries.join(", ")));
    }
}

fn services(file: &mut String) {
    for service in SERVICES {
        line(file, &format!("\n[[services]]\nid = \"{}\"\nrepository = \"{}\"", service.id, service.repository));
        if let Some(path) = service.path {
            line(file, &format!("paths = [\"{path}\"]"));
        }
        line(file, "environments = [\"production\"]");
    }
}

fn people(file: &mut String) {
    for person in PEOPLE {
        line(file, &format!("\n[[people]]\nid = \"{}\"\nslack = \"{}\"", person.id, super::slack_id(person.id)));
        line(file, &format!("emails = [\"{}@acme.example\"]\nfte = {:.1}", person.id, person.fte));
    }
    line(file, &format!("\n[[people]]\nid = \"dependabot\"\naliases = {{ github = \"{BOT}\" }}\nbot = true"));
}
