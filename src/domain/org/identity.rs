//! Who is who across tools: by verified e-mail, then by declared aliases.
//!
//! A tool names people in its own way: a login, an account id, an address. The file joins these to one person; a name that
//! nobody declared is *unmapped*, and `health` counts it. Names serve to tell whose team something belongs to and whose
//! to-do is whose; no figure about a person is made of them.
//!
//! Somebody whom the file does not name is still found by address: GitHub tells a commit's address along with the login that
//! the address belongs to, so that who has the address in Slack has that login. The file goes before: a login or an
//! address that it gives to somebody else is nobody's by address, for else one person would see another's to-do.

use std::collections::{BTreeMap, BTreeSet};

use super::{Org, Person, Span};
use crate::domain::time::At;

/// A name that tools know a person by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// In lower case.
    pub name: String,
    /// The one tool that knows it; none: any.
    pub source: Option<String>,
}

impl Name {
    /// Whether a tool means it by that word, given in lower case.
    pub fn is(&self, word: &str, source: &str) -> bool {
        self.name == word && self.source.as_deref().is_none_or(|only| only == source)
    }
}

/// What a source told of somebody: a name, perhaps with an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// Which source.
    pub source: String,
    /// The name as it stands there.
    pub name: String,
    /// The address in lower case.
    pub email: Option<String>,
}

impl Org {
    /// The person that a Slack user is: as the file says, else whose address it is. An address says nothing of a person whom
    /// the file gives another Slack user.
    pub fn who(&self, slack: &str, email: Option<&str>) -> Option<&str> {
        let email = email.map(str::to_lowercase);
        let has = |person: &Person| person.slack.is_none() && person.emails.iter().any(|own| Some(own.to_lowercase()) == email);
        let by_address = || self.people.iter().find(|(_, person)| has(person)).map(|(id, _)| id.as_str());
        self.person_by_slack(slack).map(|(id, _)| id).or_else(by_address)
    }

    /// The ids of the teams that a Slack user is in at an instant. Whom a user group brought there without a person of the file is
    /// in them under the Slack id.
    pub fn teams_of_user(&self, slack: &str, email: Option<&str>, at: At) -> Vec<&str> {
        self.teams_at(self.who(slack, email).unwrap_or(slack), at)
    }

    /// Every name of somebody: those that the file declares of `person`, the address that is surely theirs, and the logins
    /// that sources told along with one of their addresses. `told` are all that sources told of these names and addresses.
    pub fn known_as(&self, person: Option<&str>, email: Option<&str>, told: &[Told]) -> Vec<Name> {
        let directory = self.directory();
        let anothers = |word: &str, source: &str| directory.person(word, source).is_some_and(|other| Some(other) != person);
        let mut names: BTreeSet<Name> = person.map(|person| self.names_of(person)).unwrap_or_default().into_iter().collect();
        let address = email.map(str::to_lowercase).filter(|email| !anothers(email, ""));
        names.extend(address.map(|name| Name { name, source: None }));
        let own = |email: &str| names.iter().any(|name| name.source.is_none() && name.name == email);
        let shared = |login: &Told| {
            let same = told.iter().filter(|other| (&other.source, &other.name) == (&login.source, &login.name));
            same.filter_map(|other| other.email.as_deref()).any(|email| anothers(email, &login.source))
        };
        let login = |login: &&Told| login.email.as_deref().is_some_and(own) && !login.name.contains('@');
        let logins = told.iter().filter(login).filter(|login| !anothers(&login.name, &login.source) && !shared(login));
        let logins: Vec<Name> = logins.map(|login| Name { name: login.name.to_lowercase(), source: Some(login.source.clone()) }).collect();
        names.extend(logins);
        names.into_iter().collect()
    }

    /// Every name of a person: their id and addresses anywhere, each alias at its tool.
    pub fn names_of(&self, person: &str) -> Vec<Name> {
        let anywhere = |name: &str| Name { name: name.to_lowercase(), source: None };
        let declared = self.people.get(person);
        let emails = declared.into_iter().flat_map(|person| person.emails.iter().map(|email| anywhere(email)));
        let aliases = declared.into_iter().flat_map(|person| &person.aliases);
        let aliases = aliases.map(|(source, name)| Name { name: name.to_lowercase(), source: Some(source.clone()) });
        std::iter::once(anywhere(person)).chain(emails).chain(aliases).collect()
    }

    /// Everybody who is or was in a team or those below it, by every name, with the spans in which they counted there.
    pub fn people_of(&self, team: &str) -> Vec<(Name, Span)> {
        let mut found = Vec::new();
        for (_, person, span) in self.persons_of(team) {
            found.extend(self.names_of(&person).into_iter().map(|name| (name, span)));
        }
        found.sort();
        found.dedup();
        found
    }

    /// Those that the file declares as bots, by every name.
    pub fn bots(&self) -> Bots {
        let bots = self.people.iter().filter(|(_, person)| person.bot);
        Bots(bots.flat_map(|(id, _)| self.names_of(id)).collect())
    }

    /// A directory of all declared people.
    pub fn directory(&self) -> Directory<'_> {
        let mut by_name: BTreeMap<(String, Option<String>), &str> = BTreeMap::new();
        let members = self.teams.values().flat_map(|team| team.members.iter().map(|(person, _)| person.as_str()));
        for person in self.people.keys().map(String::as_str).chain(members) {
            for name in self.names_of(person) {
                by_name.entry((name.name, name.source)).or_insert(person);
            }
        }
        Directory { by_name, people: &self.people }
    }
}

/// Declared bots: rule 8 leaves what they write out, beside those that are told by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bots(BTreeSet<Name>);

impl Bots {
    /// Whether none is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a word that a tool names somebody by is a bot's. Without a tool (a commit is the same from any) every alias
    /// counts.
    pub fn has(&self, word: &str, source: Option<&str>) -> bool {
        if self.is_empty() {
            return false;
        }
        let word = word.trim().to_lowercase();
        self.0.iter().any(|bot| source.map_or(bot.name == word, |source| bot.is(&word, source)))
    }
}

/// Looks people up by what tools call them.
pub struct Directory<'a> {
    by_name: BTreeMap<(String, Option<String>), &'a str>,
    people: &'a BTreeMap<String, Person>,
}

impl<'a> Directory<'a> {
    /// The person that a tool means, if the file says who that is.
    pub fn person(&self, word: &str, source: &str) -> Option<&'a str> {
        let word = word.to_lowercase();
        let at_tool = self.by_name.get(&(word.clone(), Some(source.to_string())));
        at_tool.or_else(|| self.by_name.get(&(word, None))).copied()
    }

    /// Of what sources told, those whom the file does not name: neither by name nor by an address that goes with it. Each
    /// source and name once.
    pub fn unmapped(&self, told: &[Told]) -> BTreeSet<(String, String)> {
        let named = |it: &Told| self.person(&it.name, &it.source).is_some();
        let joined: BTreeSet<&str> = told.iter().filter(|it| named(it)).filter_map(|it| it.email.as_deref()).collect();
        let knows = |email: &str| joined.contains(email) || self.person(email, "").is_some();
        let is_mapped = |it: &Told| named(it) || knows(&it.name.to_lowercase()) || it.email.as_deref().is_some_and(knows);
        let mapped: BTreeSet<(&str, &str)> =
            told.iter().filter(|it| is_mapped(it)).map(|it| (it.source.as_str(), it.name.as_str())).collect();
        let left = told.iter().filter(|it| !mapped.contains(&(it.source.as_str(), it.name.as_str())));
        left.map(|it| (it.source.clone(), it.name.clone())).collect()
    }

    /// Whether the file says that this one is a bot.
    pub fn is_bot(&self, person: &str) -> bool {
        self.people.get(person).is_some_and(|person| person.bot)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OrgFile, apply};
    use super::*;

    fn org() -> Org {
        let file = "[[teams]]\nid='pay'\nmembers=['u1', {person='u2', until=2026-05-01}, 'ghost']\n[[teams]]\nid='above'\n\
            [[people]]\nid='u1'\nemails=['Ada@Example.com']\naliases={ github='ada-l', jira='5f' }\n\
            [[people]]\nid='u2'\naliases={ github='bo' }\nbot=true\n";
        apply(&Org::default(), OrgFile::parse(file).expect("a file"), At(0)).expect("applies")
    }

    #[test]
    fn a_person_is_found_by_address_anywhere_and_by_alias_at_its_tool() {
        let org = org();
        let directory = org.directory();
        let check =
            |word: &str, source: &str, expect: Option<&str>| assert_eq!(directory.person(word, source), expect, "{word} at {source}");
        check("ada-l", "github", Some("u1"));
        check("ADA-L", "github", Some("u1"));
        check("ada-l", "gitlab", None);
        check("ada@example.com", "gitlab", Some("u1"));
        check("u1", "json", Some("u1"));
        check("ghost", "json", Some("ghost"));
        check("nobody", "json", None);
        assert!(directory.is_bot("u2") && !directory.is_bot("u1"));
    }

    fn told(lines: &str) -> Vec<Told> {
        let line = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_string);
            Told { source: words.next().unwrap(), name: words.next().unwrap(), email: words.next() }
        };
        lines.split(',').map(line).collect()
    }

    #[test]
    fn a_slack_user_is_who_the_file_says_then_whose_address_it_is() {
        let file = "[[people]]\nid='ada'\nslack='U1'\nemails=['ada@x.org']\n[[people]]\nid='bo'\nemails=['Bo@x.org']";
        let org = OrgFile::parse(file).expect("a file").declared;
        let check = |slack: &str, email: Option<&str>, expect: Option<&str>| assert_eq!(org.who(slack, email), expect, "{slack} {email:?}");
        check("U1", None, Some("ada"));
        check("U1", Some("bo@x.org"), Some("ada"));
        check("U2", Some("bo@X.org"), Some("bo"));
        check("U2", Some("ada@x.org"), None); // hers, says the file, and she is U1
        check("U2", Some("cy@x.org"), None);
        check("U2", None, None);
    }

    #[test]
    fn a_login_is_joined_by_an_address_unless_it_may_be_anothers() {
        let file = "[[people]]\nid='ada'\nslack='U1'\nemails=['ada@x.org']\naliases={ gitlab='lovelace' }\n\
            [[people]]\nid='bo'\naliases={ github='bo-1' }\nemails=['bo@x.org']";
        let org = OrgFile::parse(file).expect("a file").declared;
        let check = |person: Option<&str>, email: Option<&str>, said: &str, expect: &str| {
            let name = |it: Name| it.source.map_or(it.name.clone(), |source| format!("{}@{source}", it.name));
            let names: Vec<String> = org.known_as(person, email, &told(said)).into_iter().map(name).collect();
            assert_eq!(names.join(" "), expect, "{person:?} {email:?} {said}");
        };
        check(Some("ada"), None, "github Ada-L ada@x.org", "ada ada-l@github ada@x.org lovelace@gitlab");
        check(Some("ada"), None, "github ada-l ada@home.org, json ada@x.org ada@x.org", "ada ada@x.org lovelace@gitlab");
        check(None, Some("Cy@x.org"), "github cy-2 cy@x.org", "cy-2@github cy@x.org");
        check(None, None, "github cy-2 cy@x.org", "");
        check(None, Some("cy@x.org"), "github bo-1 cy@x.org", "cy@x.org"); // the file gives bo-1 to Bo
        check(None, Some("cy@x.org"), "json pair cy@x.org, json pair bo@x.org", "cy@x.org"); // two people under one name
        check(None, Some("bo@x.org"), "github bo-1 bo@x.org", ""); // Bo has another Slack user, or is to be declared with this one
    }

    #[test]
    fn whom_neither_name_nor_address_joins_is_unmapped() {
        let org = org();
        let check = |said: &str, expect: &[(&str, &str)]| {
            let found = org.directory().unmapped(&told(said));
            let found: Vec<(&str, &str)> = found.iter().map(|(source, name)| (source.as_str(), name.as_str())).collect();
            assert_eq!(found, expect, "{said}");
        };
        check("github ada-l, jira 5F, json u1, git ada@example.com", &[]);
        check("gitlab ada-l, github cy, github cy cy@x.org, jira 6a", &[("github", "cy"), ("gitlab", "ada-l"), ("jira", "6a")]);
        check("gitlab ada, gitlab ada ada@example.com", &[]); // by her address
        check("git ada@home.org ada@home.org, github ada-l ada@home.org", &[]); // the address goes with a name that is declared
    }

    #[test]
    fn a_declared_bot_is_told_by_any_of_its_names_and_at_a_tool_by_that_tools_alias() {
        let bots = org().bots();
        let check = |word: &str, source: Option<&str>, expect: bool| assert_eq!(bots.has(word, source), expect, "{word} at {source:?}");
        check("u2", Some("json"), true);
        check("BO", Some("github"), true);
        check("bo", Some("gitlab"), false);
        check("bo", None, true);
        check("ada-l", None, false);
        check("", None, false);
        assert!(Org::default().bots().is_empty());
    }

    #[test]
    fn a_teams_people_carry_their_spans() {
        let people = org().people_of("pay");
        let span = |word: &str| people.iter().find(|(name, _)| name.is(word, "github")).map(|(_, span)| span.until.is_some());
        assert_eq!((span("ada-l"), span("bo"), span("ghost"), span("x")), (Some(false), Some(true), Some(false), None));
        assert_eq!(org().people_of("above"), []);
    }
}
