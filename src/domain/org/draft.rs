//! [`Draft`]: the organisation as the text of an organisation file, a key a line, which can be changed and read again.
//!
//! Why a text in the middle of what a form does: a change made in Slack is then checked by the very rules of the file, its
//! mistakes have the file's sentences, and `pacer org export` prints what a person goes on editing. `apply` takes the text of
//! an organisation back unchanged. What a file can't say (dissolved teams, parents of the past, who follows from a Slack
//! group) is not in the text: `apply` keeps it.

use std::fmt::Write as _;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::quantity::{duration_text, target_text};
use super::{FileError, Investment, Org, OrgFile, Person, Project, Service, Span, Team};
use crate::domain::survey::file::{OwnQuestions, name_of};
use crate::domain::survey::items::Item;
use crate::domain::time::At;
use crate::domain::window::local;

/// A file that is being written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    tables: Vec<Table>,
    /// What it was before: what stands there already is not refused again.
    known: Org,
}

/// A table of the file: `teams` and the id, `calendar`, or the keys above all tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Table {
    kind: &'static str,
    id: Option<String>,
    /// Key and value, as TOML writes them.
    keys: Vec<(String, String)>,
}

impl Table {
    fn put(&mut self, key: &str, value: Option<String>) {
        self.keys.retain(|(known, _)| known != key);
        self.keys.extend(value.map(|value| (key.to_owned(), value)));
    }
    fn text(&mut self, key: &str, text: Option<&String>) {
        self.put(key, text.map(|text| quoted(text)));
    }
    fn texts(&mut self, key: &str, texts: &[String]) {
        self.put(key, (!texts.is_empty()).then(|| list(texts.iter().map(|text| quoted(text)))));
    }
}

impl Draft {
    /// The organisation as it is declared.
    pub fn of(org: &Org) -> Self {
        let mut top = Table::default();
        top.put("time_zone", org.time_zone.map(|zone| quoted(zone.name())));
        let mut calendar = Table { kind: "calendar", ..Table::default() };
        let holidays: Vec<String> = org.calendar.holidays.iter().map(ToString::to_string).collect();
        calendar.texts("holidays", &holidays);
        calendar.texts("working_days", &org.calendar.working_days);
        let mut tables: Vec<Table> = vec![top, calendar];
        tables.retain(|table| !table.keys.is_empty());
        tables.extend(org.live_teams().map(|(id, it)| team(id, it, org.time_zone)));
        tables.extend(org.services.iter().map(|(id, it)| service(id, it)));
        tables.extend(org.people.iter().map(|(id, it)| person(id, it)));
        tables.extend(org.objectives.iter().map(|(id, it)| {
            let mut table = named("objectives", id, &it.name);
            table.text("owner", it.owner.as_ref());
            table.text("period", it.period.as_ref());
            table
        }));
        tables.extend(org.projects.iter().map(|(id, it)| project(id, it)));
        tables.extend(questions(&org.survey));
        let effort = investment(&org.investment);
        tables.extend((!effort.keys.is_empty()).then_some(effort));
        Self { tables, known: org.clone() }
    }

    /// Writes a key of `[[kind]]` with that id, which is added where it is not there; no value takes the key away. The value
    /// is TOML: see [`quoted`].
    pub fn put(&mut self, kind: &'static str, id: &str, key: &str, value: Option<String>) {
        let known = self.tables.iter().position(|table| table.kind == kind && table.id.as_deref() == Some(id));
        let at = known.unwrap_or_else(|| {
            self.tables.push(named(kind, id, id));
            self.tables.len() - 1
        });
        self.tables[at].put(key, value);
    }

    /// Takes a table away: what it declared is declared no more.
    pub fn remove(&mut self, kind: &str, id: &str) {
        self.tables.retain(|table| table.kind != kind || table.id.as_deref() != Some(id));
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for table in &self.tables {
            if !out.is_empty() {
                out.push('\n');
            }
            for line in table.lines() {
                let _ = writeln!(out, "{line}"); // a String takes all that is written to it
            }
        }
        out
    }

    /// Reads the text as any file is read.
    ///
    /// # Errors
    /// All that is wrong in it, with lines: [`Draft::key_at`] tells what stands there.
    pub fn read(&self) -> Result<OrgFile, FileError> {
        OrgFile::parse_over(&self.text(), &self.known)
    }

    /// What stands in a line of the text, counted from 1: kind, id and key.
    pub fn key_at(&self, line: usize) -> Option<(&'static str, &str, &str)> {
        let mut next = 1;
        for table in &self.tables {
            let lines = table.lines().count();
            if line < next + lines {
                let head = usize::from(!table.kind.is_empty());
                let ids = usize::from(table.id.is_some());
                let key = line.checked_sub(next)?.checked_sub(head)?;
                let key = if key < ids { "id" } else { table.keys.get(key - ids)?.0.as_str() };
                return Some((table.kind, table.id.as_deref().unwrap_or_default(), key));
            }
            next += lines + 1;
        }
        None
    }
}

impl Table {
    fn lines(&self) -> impl Iterator<Item = String> {
        let head =
            (!self.kind.is_empty()).then(|| if self.id.is_some() { format!("[[{}]]", self.kind) } else { format!("[{}]", self.kind) });
        let id = self.id.as_ref().map(|id| format!("id = {}", quoted(id)));
        head.into_iter().chain(id).chain(self.keys.iter().map(|(key, value)| format!("{key} = {value}")))
    }
}

fn named(kind: &'static str, id: &str, name: &str) -> Table {
    let mut table = Table { kind, id: Some(id.to_owned()), keys: Vec::new() };
    table.put("name", (name != id).then(|| quoted(name)));
    table
}

fn team(id: &str, team: &Team, organisation: Option<Tz>) -> Table {
    let dates_in = team.time_zone.or(organisation).unwrap_or(Tz::UTC);
    let entries = |key: &'static str, entries: &[(String, Span)]| {
        (!entries.is_empty()).then(|| list(entries.iter().map(|(name, span)| entry(key, name, *span, dates_in))))
    };
    let mut table = named("teams", id, &team.name);
    table.text("parent", team.parent.as_ref());
    table.put("services", entries("id", &team.services));
    table.put("members", entries("person", &team.members));
    table.texts("leads", &team.leads);
    table.put("time_zone", team.time_zone.map(|zone| quoted(zone.name())));
    table.text("visibility", team.visibility.as_ref());
    table.text("slack_group", team.slack_group.as_ref());
    table.texts("channels", &team.channels);
    table.put("targets", inline_table(team.targets.iter().map(|(metric, target)| (metric.clone(), quoted(&target_text(metric, *target))))));
    table
}

fn service(id: &str, service: &Service) -> Table {
    let mut table = named("services", id, id);
    table.text("repository", service.repository.as_ref());
    table.texts("paths", &service.paths);
    table.text("tags", service.tags.as_ref());
    table.texts("environments", &service.environments);
    table.put("incident_window", service.incident_window.map(|micros| quoted(&duration_text(micros))));
    table.text("deploys_by", service.deploys_by.as_ref());
    table
}

fn person(id: &str, person: &Person) -> Table {
    let mut table = named("people", id, id);
    table.text("slack", person.slack.as_ref());
    table.texts("emails", &person.emails);
    table.put("aliases", inline_table(person.aliases.iter().map(|(tool, alias)| (tool.clone(), quoted(alias)))));
    table.put("fte", person.fte.map(number));
    table.put("bot", person.bot.then(|| "true".to_owned()));
    let days = |(from, until): &(NaiveDate, NaiveDate)| format!("{{ from = {from}, until = {until} }}");
    table.put("away", (!person.away.is_empty()).then(|| list(person.away.iter().map(days))));
    table
}

/// Own questions of surveys: categories, each followed by its questions, then those of shipped categories.
fn questions(own: &OwnQuestions) -> Vec<Table> {
    let mut tables = Vec::new();
    for category in &own.categories {
        let mut table = Table { kind: "survey.categories", id: Some(category.id.clone()), keys: Vec::new() };
        table.put("name", (category.name != name_of(&category.id)).then(|| quoted(&category.name)));
        table.put("core", category.core.then(|| "true".to_owned()));
        tables.push(table);
        tables.extend(category.items.iter().map(|item| question("survey.categories.items", item)));
    }
    tables.extend(own.items.iter().map(|item| {
        let mut table = question("survey.items", item);
        table.text("category", Some(&item.category));
        table
    }));
    tables
}

fn question(kind: &'static str, item: &Item) -> Table {
    let mut table = Table { kind, id: Some(item.id.clone()), keys: Vec::new() };
    table.put("kind", Some(quoted(item.kind.word())));
    table.put("reversed", item.reversed.then(|| "true".to_owned()));
    table.text("text", Some(&item.text));
    table
}

fn project(id: &str, project: &Project) -> Table {
    let mut table = named("projects", id, &project.name);
    table.put("priority", project.priority.map(|priority| priority.to_string()));
    table.put("planned_share", project.planned_share.map(number));
    table.put("due", project.due.map(|due| due.to_string()));
    table.text("objective", project.objective.as_ref());
    table.texts("epics", &project.epics);
    table.texts("labels", &project.labels);
    table.texts("repositories", &project.repositories);
    table.texts("paths", &project.paths);
    table.text("category", project.category.as_ref());
    table
}

fn investment(said: &Investment) -> Table {
    let mut table = Table { kind: "investment", ..Table::default() };
    for (key, map) in [("labels", &said.labels), ("commit_types", &said.commit_types), ("repositories", &said.repositories)] {
        table.put(key, inline_table(map.iter().map(|(name, category)| (name.clone(), quoted(category)))));
    }
    table.put("unplanned", said.unplanned.as_ref().map(|words| list(words.iter().map(|word| quoted(word)))));
    table
}

/// A name, or a table with when it counts.
fn entry(key: &str, name: &str, span: Span, zone: Tz) -> String {
    if span == Span::ALWAYS {
        return quoted(name);
    }
    let end = |key: &str, at: Option<At>| at.map_or_else(String::new, |at| format!(", {key} = {}", instant(at, zone)));
    format!("{{ {key} = {}{}{} }}", quoted(name), end("from", span.from), end("until", span.until))
}

/// A local midnight as its date, any other instant in full.
fn instant(at: At, zone: Tz) -> String {
    let date = local::wall(zone, at).date();
    if local::midnight(zone, date) == at { date.to_string() } else { quoted(&at.rfc3339()) }
}

/// The shortest digits that are read as the same number, with a point, as a TOML float has it.
fn number(number: f64) -> String {
    format!("{number:?}")
}

fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

/// A table on one line, of keys and values as TOML writes them.
pub fn inline_table(pairs: impl Iterator<Item = (String, String)>) -> Option<String> {
    let bare = |key: &str| !key.is_empty() && key.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-'));
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{} = {value}", if bare(&key) { key } else { quoted(&key) })).collect();
    (!pairs.is_empty()).then(|| format!("{{ {} }}", pairs.join(", ")))
}

/// A text as TOML writes it, on one line.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(letter)); // a String takes all that is written to it
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::{Calendar, Objective, apply, preview};
    use super::*;
    use crate::domain::time::DAY;

    const FILE: &str = r#"time_zone = "Europe/Berlin"

[calendar]
holidays = ["2026-12-25"]
working_days = ["mon", "tue"]

[[teams]]
id = "payments"
name = "Payments & \"co\""
services = ["checkout", { id = "ledger", from = 2026-05-01, until = "2026-06-01T12:00:00Z" }]
members = [{ person = "u1", from = 2026-01-01 }, "u2"]
leads = ["u1", "U0LEAD"]
time_zone = "America/New_York"
visibility = "team"
slack_group = "S1"
channels = ["C1"]
targets = { change_fail_rate = "10%", change_lead_time = "2d" }

[[services]]
id = "checkout"
repository = "acme/shop"
paths = ["checkout/**"]
environments = ["production"]
incident_window = "2d"
deploys_by = "workflow:Deploy"

[[people]]
id = "u1"
slack = "U1"
emails = ["u1@example.com"]
aliases = { github = "u-one" }
fte = 0.8
away = [{ from = 2026-12-21, until = 2026-12-31 }]

[[objectives]]
id = "grow"
name = "Grow"

[[projects]]
id = "wallet"
priority = 1
planned_share = 0.3
due = 2026-12-01
objective = "grow"
repositories = ["acme/wallet"]
paths = ["wallet/**"]
category = "new"

[[survey.categories]]
id = "first_weeks"
name = "The first weeks"
core = true

[[survey.categories.items]]
id = "first_weeks_hard"
kind = "effort"
reversed = true
text = "How hard were your \"first\" weeks?"

[[survey.items]]
id = "ci_queue"
kind = "often"
text = "How often did you wait for a runner?"
category = "ci"

[investment]
labels = { bug = "ktlo" }
commit_types = { feat = "improving" }
repositories = { "acme/infra" = "productivity" }
unplanned = ["incident", "hotfix"]
"#;

    #[test]
    fn a_file_is_written_as_one_would_write_it_and_read_back() {
        let file = OrgFile::parse(FILE).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Draft::of(&file.declared).text(), FILE);
        assert_eq!(Draft::default().text(), "");
    }

    #[test]
    fn a_line_is_traced_to_what_stands_in_it() {
        let draft = Draft::of(&OrgFile::parse(FILE).expect("a file").declared);
        let check = |line: usize, expect: Option<(&str, &str, &str)>| assert_eq!(draft.key_at(line), expect, "line {line}");
        check(1, Some(("", "", "time_zone")));
        check(2, None);
        check(4, Some(("calendar", "", "holidays")));
        check(8, Some(("teams", "payments", "id")));
        check(10, Some(("teams", "payments", "services")));
        check(24, Some(("services", "checkout", "incident_window")));
        check(99, None);
        let mut without = draft.clone();
        without.remove("projects", "wallet");
        without.remove("projects", "payments");
        assert!(!without.text().contains("wallet") && without.text().contains("id = \"payments\""), "{}", without.text());
        let mut wrong = draft;
        wrong.put("services", "checkout", "incident_window", Some(quoted("soon")));
        let error = wrong.read().expect_err("no duration");
        assert_eq!(wrong.key_at(error.problems[0].line.expect("a line")), Some(("services", "checkout", "incident_window")));
    }

    fn id() -> impl Strategy<Value = String> {
        "[a-z<!&#\\\\é][a-zA-Z0-9_.<>!'|-]{0,6}".prop_filter("reserved", |id| !id.eq_ignore_ascii_case("all"))
    }

    fn words() -> impl Strategy<Value = String> {
        "[ -~\\n\\t\u{7f}é中]{0,12}"
    }

    /// An instant on a day, at midnight in Berlin or at any microsecond.
    fn instant_of() -> impl Strategy<Value = At> {
        (0_i64..1_000, proptest::option::of(0_i64..DAY)).prop_map(|(day, micros)| match micros {
            Some(micros) => At(1_750_000_000_000_000).plus(day * DAY + micros),
            None => local::midnight(chrono_tz::Europe::Berlin, chrono::NaiveDate::default().with_year_2025(day)),
        })
    }

    trait InYear {
        fn with_year_2025(self, day: i64) -> Self;
    }
    impl InYear for chrono::NaiveDate {
        fn with_year_2025(self, day: i64) -> Self {
            Self::from_ymd_opt(2025, 1, 1).expect("a date") + chrono::Days::new(day.unsigned_abs())
        }
    }

    /// Spans of one name that do not overlap: cut at up to four instants, some pieces left out.
    fn spans() -> impl Strategy<Value = Vec<Span>> {
        (proptest::collection::btree_set(instant_of(), 0..4), proptest::collection::vec(any::<bool>(), 5)).prop_map(|(cuts, kept)| {
            let ends: Vec<Option<At>> = std::iter::once(None).chain(cuts.into_iter().map(Some)).chain([None]).collect();
            let spans = ends.windows(2).zip(kept).filter(|(_, kept)| *kept);
            spans.map(|(ends, _)| Span { from: ends[0], until: ends[1] }).collect()
        })
    }

    fn entries() -> impl Strategy<Value = Vec<(String, Span)>> {
        proptest::collection::btree_map(id(), spans(), 0..3).prop_map(|entries| {
            entries.into_iter().flat_map(|(name, spans)| spans.into_iter().map(move |span| (name.clone(), span))).collect()
        })
    }

    fn team_of() -> impl Strategy<Value = Team> {
        let targets = proptest::collection::btree_map(
            proptest::sample::select(crate::domain::metric::with_target().map(|it| it.id.to_owned()).collect::<Vec<_>>()),
            0.0..=1.0_f64,
            0..3,
        );
        (words(), entries(), entries(), targets, proptest::option::of("S[A-Z0-9]{1,5}"), any::<bool>()).prop_map(
            |(name, services, members, targets, slack_group, closed)| Team {
                name,
                services,
                members,
                targets,
                slack_group,
                visibility: closed.then(|| "team".to_owned()),
                time_zone: closed.then_some(Tz::America__New_York),
                ..Team::default()
            },
        )
    }

    fn service_of() -> impl Strategy<Value = Service> {
        let texts = || proptest::collection::vec("[a-z/]{1,8}", 0..3);
        (proptest::option::of(words()), texts(), texts(), proptest::option::of(1_i64..1_000_000_000_000), any::<bool>()).prop_map(
            |(repository, paths, environments, incident_window, tags)| Service {
                repository,
                paths,
                environments,
                incident_window,
                tags: tags.then(|| "v*".to_owned()),
                deploys_by: tags.then(|| "merge".to_owned()),
            },
        )
    }

    fn person_of() -> impl Strategy<Value = Person> {
        (proptest::collection::btree_map(words(), words(), 0..2), proptest::option::of(0.0..=2.0_f64), any::<bool>(), days())
            .prop_map(|(aliases, fte, bot, away)| Person { aliases, fte, bot, away, ..Person::default() })
    }

    fn days() -> impl Strategy<Value = Vec<(NaiveDate, NaiveDate)>> {
        let day = |days: u64| NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date") + chrono::Days::new(days);
        proptest::collection::btree_set((0_u64..400, 0_u64..30), 0..3)
            .prop_map(move |days| days.into_iter().map(|(from, length)| (day(from), day(from + length))).collect())
    }

    fn survey_of() -> impl Strategy<Value = OwnQuestions> {
        use crate::domain::survey::items::{Category, Kind};
        let text = "[!-~é中][ -~é中]{0,30}[!-~]".boxed();
        let item = (proptest::sample::select(Kind::ALL.to_vec()), any::<bool>(), text);
        let items = proptest::collection::vec(item, 1..4);
        let categories = proptest::collection::vec(("[a-z_]{1,8}", words(), any::<bool>(), items.clone()), 0..3);
        (categories, items, any::<bool>()).prop_map(|(categories, placed, some)| {
            let question = |category: &str, at: usize, (kind, reversed, text): ((&str, Kind), bool, String)| Item {
                id: format!("own_{category}_{at}"),
                category: category.to_owned(),
                kind: kind.1,
                reversed: reversed && kind.1 != Kind::Text,
                text,
            };
            let mut own = OwnQuestions::default();
            for (id, name, core, items) in categories {
                let id = format!("own_{id}");
                if own.categories.iter().all(|it| it.id != id) {
                    let items = items.into_iter().enumerate().map(|(at, it)| question(&id, at, it)).collect();
                    own.categories.push(Category { id, name, core, pairs_with: String::new(), items });
                }
            }
            own.items.extend(placed.into_iter().enumerate().map(|(at, it)| question("ci", at, it)).filter(|_| some));
            own
        })
    }

    /// Ids that differ in any letter case.
    fn distinct<T>(map: BTreeMap<String, T>) -> BTreeMap<String, T> {
        let mut seen = std::collections::BTreeSet::new();
        map.into_iter().filter(|(id, _)| seen.insert(id.to_lowercase())).collect()
    }

    fn org_of() -> impl Strategy<Value = Org> {
        let teams = proptest::collection::btree_map(id(), team_of(), 0..4).prop_map(distinct);
        let services = proptest::collection::btree_map(id(), service_of(), 0..3).prop_map(distinct);
        let people = proptest::collection::btree_map(id(), person_of(), 0..3).prop_map(distinct);
        let objectives = proptest::collection::btree_map(id(), words(), 0..2).prop_map(distinct);
        (teams, services, people, objectives, any::<bool>(), survey_of()).prop_map(
            |(mut teams, services, mut people, objectives, zone, survey)| {
                let ids: Vec<String> = teams.keys().cloned().collect();
                for (at, team) in teams.values_mut().enumerate().skip(1) {
                    team.parent = Some(ids[at - 1].clone());
                    team.channels = vec![format!("C{at}")];
                    team.leads = people.keys().take(at).cloned().chain([format!("U{at}LEAD")]).collect();
                }
                for (at, person) in people.values_mut().enumerate() {
                    person.slack = Some(format!("U{at}"));
                    person.emails = vec![format!("u{at}@example.com")];
                    person.aliases = person.aliases.iter().map(|(tool, alias)| (tool.clone(), format!("{at}{alias}"))).collect();
                }
                let objectives: BTreeMap<String, Objective> =
                    objectives.into_iter().map(|(id, name)| (id, Objective { name, owner: None, period: Some("Q4".into()) })).collect();
                let project = Project {
                    objective: objectives.keys().next().cloned(),
                    name: "p".into(),
                    due: chrono::NaiveDate::from_ymd_opt(2026, 12, 1),
                    ..Project::default()
                };
                Org {
                    time_zone: zone.then_some(Tz::Europe__Berlin),
                    teams,
                    services,
                    people,
                    projects: [("p".to_owned(), project)].into(),
                    objectives,
                    calendar: Calendar {
                        holidays: vec![chrono::NaiveDate::MIN.max(chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date"))],
                        working_days: vec!["mon".into()],
                    },
                    survey,
                    investment: Investment {
                        labels: [("bug \"1\"".to_owned(), "ktlo".to_owned())].into(),
                        unplanned: zone.then(Vec::new),
                        ..Investment::default()
                    },
                }
            },
        )
    }

    proptest! {
        /// An organisation that came to be by two files, some of its entries over: exported and applied, it is the same.
        #[test]
        fn what_is_exported_is_taken_back_unchanged(first in org_of(), second in org_of(), followed in spans(), at in instant_of()) {
            let mut org = apply(&Org::default(), OrgFile { declared: first, ..OrgFile::default() }, At(0)).expect("no dates to refuse");
            if let Some(team) = org.teams.values_mut().find(|team| team.slack_group.is_some()) {
                team.followed = followed.into_iter().map(|span| ("U0".to_owned(), span)).collect();
            }
            let Ok(org) = apply(&org, OrgFile { declared: second, ..OrgFile::default() }, at) else { return Ok(()) };
            let text = Draft::of(&org).text();
            let file = OrgFile::parse_over(&text, &org).unwrap_or_else(|error| panic!("{error}\n{text}"));
            for later in [at, at.plus(400 * DAY)] {
                let again = apply(&org, file.clone(), later).unwrap_or_else(|error| panic!("{error}\n{text}"));
                prop_assert_eq!(&again, &org, "{}", text);
                prop_assert!(preview(&org, &again).is_empty());
            }
            // On an empty database it says the same, but for what only history knows.
            let fresh = apply(&Org::default(), file, at).expect("applies");
            prop_assert_eq!(Draft::of(&fresh).text(), text);
        }
    }
}
