//! Who is who across tools: by verified e-mail, then by declared aliases.
//!
//! A tool names people in its own way: a login, an account id, an address. The file joins these to one person; a name that
//! nobody declared is *unmapped*, and `health` counts it. Names serve to tell whose team something belongs to and whose
//! to-do is whose; no figure about a person is made of them.

use std::collections::BTreeMap;

use super::{Org, Person, Span};

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

impl Org {
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
        for (id, belonged) in self.pool(team) {
            for (person, span) in self.teams.get(&id).into_iter().flat_map(|team| self.members_of(team)) {
                let both = span.both(belonged);
                if !both.is_empty() {
                    found.extend(self.names_of(&person).into_iter().map(|name| (name, both)));
                }
            }
        }
        found.sort();
        found.dedup();
        found
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

    /// Whether the file says that this one is a bot.
    pub fn is_bot(&self, person: &str) -> bool {
        self.people.get(person).is_some_and(|person| person.bot)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OrgFile, apply};
    use super::*;
    use crate::domain::time::At;

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

    #[test]
    fn a_teams_people_carry_their_spans() {
        let people = org().people_of("pay");
        let span = |word: &str| people.iter().find(|(name, _)| name.is(word, "github")).map(|(_, span)| span.until.is_some());
        assert_eq!((span("ada-l"), span("bo"), span("ghost"), span("x")), (Some(false), Some(true), Some(false), None));
        assert_eq!(org().people_of("above"), []);
    }
}
