//! [`People`]: whom the names in traces mean, across tools: the organisation's people, bots aside.
//!
//! By what the file declares; else by an address that a source told along with the name, unless that may be another's. Where the
//! organisation declares nobody at all, each name that is seen is a person, joined by address. Never to be shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::machines::{is_assistant, is_bot};
use crate::domain::org::Org;
use crate::domain::org::identity::{Bots, Directory, Told};

/// What GitHub gives for an address that somebody keeps private.
const PRIVATE: &str = "@users.noreply.github.com";

/// Whom a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A machine or an assistant: it takes no part.
    Nobody,
    /// A person, by the organisation's id.
    Person(String),
    /// Somebody whom the organisation does not know.
    Stranger(String),
}

/// A name as a trace has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Name<'a> {
    pub word: &'a str,
    pub email: Option<&'a str>,
    /// The tool that says it; none for a commit, which is the same from any.
    pub source: Option<&'a str>,
}

/// Looks people up.
pub struct People<'a> {
    directory: Directory<'a>,
    bots: Bots,
    /// By address that a source told along with a name that the file declares.
    emails: BTreeMap<String, BTreeSet<String>>,
    /// By source and name; the source is empty for any.
    names: BTreeMap<(String, String), BTreeSet<String>>,
    /// Where nobody is declared: who each name and address is.
    unnamed: Option<BTreeMap<String, String>>,
}

impl<'a> People<'a> {
    /// Of an organisation and all that sources told of names and addresses.
    pub fn new(org: &'a Org, told: &[Told]) -> Self {
        let directory = org.directory();
        let (mut emails, mut names): (BTreeMap<String, BTreeSet<String>>, BTreeMap<_, BTreeSet<String>>) = Default::default();
        let mut add = |source: &str, name: &str, person: &str| {
            for source in [source, ""] {
                names.entry((source.to_owned(), name.to_lowercase())).or_default().insert(person.to_owned());
            }
        };
        for (person, declared) in &org.people {
            declared.aliases.iter().for_each(|(source, alias)| add(source, alias, person));
        }
        for it in told {
            if let (Some(email), Some(person)) = (&it.email, directory.person(&it.name, &it.source)) {
                emails.entry(email.clone()).or_default().insert(person.to_owned());
            }
        }
        for it in told.iter().filter(|it| directory.person(&it.name, &it.source).is_none()) {
            let Some(email) = &it.email else { continue };
            let declared = directory.person(email, "").map(str::to_owned);
            if let Some(person) = declared.or_else(|| only(emails.get(email)?)) {
                add(&it.source, &it.name, &person);
            }
        }
        let unnamed = declares_nobody(org).then(|| joined(told));
        Self { directory, bots: org.bots(), emails, names, unnamed }
    }

    /// Whom a name means.
    pub fn who(&self, name: Name<'_>) -> Who {
        let email = name.email.map(str::to_lowercase).filter(|email| !email.is_empty());
        let login = email.as_ref().and_then(|email| email.strip_suffix(PRIVATE)).map(|login| login.rsplit('+').next().unwrap_or(login));
        let word = name.word.trim().to_lowercase();
        let words = || [Some(word.as_str()), email.as_deref(), login].into_iter().flatten().filter(|word| !word.is_empty());
        if words().next().is_none() || words().any(|word| is_bot(word) || is_assistant(word) || self.bots.has(word, name.source)) {
            return Who::Nobody;
        }
        if let Some(known) = &self.unnamed {
            let key = email.clone().unwrap_or_else(|| word.clone());
            let found = words().find_map(|word| known.get(word)).cloned();
            return Who::Person(found.unwrap_or(key));
        }
        let source = name.source.unwrap_or_default();
        let address = |email: &str| {
            let declared = self.directory.person(email, "").map(str::to_owned);
            declared.or_else(|| only(self.emails.get(email)?))
        };
        let at_tool = |word: &str, source: &str| {
            let declared = self.directory.person(word, source).map(str::to_owned);
            declared.or_else(|| only(self.names.get(&(source.to_owned(), word.to_owned()))?))
        };
        let found = email.as_deref().and_then(address).or_else(|| at_tool(&word, source));
        let found = found.or_else(|| at_tool(login?, "github"));
        found.map_or_else(|| Who::Stranger(words().next().unwrap_or_default().to_owned()), |person| self.unless_bot(person))
    }

    /// Whether each name that is seen is a person, since the file declares none.
    pub fn are_unnamed(&self) -> bool {
        self.unnamed.is_some()
    }

    fn unless_bot(&self, person: String) -> Who {
        if self.directory.is_bot(&person) { Who::Nobody } else { Who::Person(person) }
    }
}

/// The one of a set that has only one.
fn only(people: &BTreeSet<String>) -> Option<String> {
    people.first().filter(|_| people.len() == 1).cloned()
}

/// Whether an organisation has neither people nor members of teams.
pub fn declares_nobody(org: &Org) -> bool {
    org.people.values().all(|person| person.bot) && org.teams.values().all(|team| team.members.is_empty() && team.followed.is_empty())
}

/// Each name and address with the least of those that belong together.
fn joined(told: &[Told]) -> BTreeMap<String, String> {
    let mut parents: BTreeMap<String, String> = BTreeMap::new();
    for it in told {
        let name = it.name.to_lowercase();
        let [one, two] = [top(&parents, &name), it.email.as_ref().map_or_else(|| top(&parents, &name), |email| top(&parents, email))];
        let least = one.clone().min(two.clone());
        for word in [one, two] {
            parents.insert(word, least.clone());
        }
    }
    let words: Vec<String> = parents.keys().cloned().collect();
    words.into_iter().map(|word| (word.clone(), top(&parents, &word))).collect()
}

/// The least of what belongs together with a word.
fn top(parents: &BTreeMap<String, String>, word: &str) -> String {
    let mut word = word;
    while let Some(above) = parents.get(word).filter(|above| *above != word) {
        word = above;
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::org::OrgFile;

    const ORG: &str = "[[people]]\nid='ada'\nemails=['Ada@x.org']\naliases={ github='ada-l', jira='5f' }\n[[people]]\nid='bo'\n\
        [[people]]\nid='ci'\naliases={ github='acme-ci' }\nbot=true\n[[teams]]\nid='t'\nmembers=['cy']";

    fn told(lines: &str) -> Vec<Told> {
        let line = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Told { source: words.next().unwrap(), name: words.next().unwrap(), email: words.next() }
        };
        lines.split(',').filter(|line| !line.is_empty()).map(line).collect()
    }

    /// A name as `name email source`, `-` for none.
    fn check(org: &str, said: &str, name: &str, expect: &str) {
        let org = OrgFile::parse(org).expect("a file").declared;
        let words: Vec<Option<&str>> = name.split(' ').map(|word| Some(word).filter(|word| *word != "-")).collect();
        let who = People::new(&org, &told(said)).who(Name { word: words[0].unwrap_or_default(), email: words[1], source: words[2] });
        let seen = match who {
            Who::Nobody => "nobody".to_owned(),
            Who::Person(id) => id,
            Who::Stranger(word) => format!("? {word}"),
        };
        assert_eq!(seen, expect, "{name} after {said}");
    }

    #[test]
    fn a_person_is_one_across_tools() {
        check(ORG, "", "ADA-L - github", "ada");
        check(ORG, "", "5F - jira", "ada");
        check(ORG, "", "5f - github", "? 5f");
        check(ORG, "", "Ada ada@X.org -", "ada");
        check(ORG, "", "Ada 17+ada-l@users.noreply.github.com -", "ada");
        check(ORG, "", "cy - json", "cy");
        check(ORG, "", "ada-l - -", "ada");
        check(ORG, "gitlab al ada@x.org", "al - gitlab", "ada");
        check(ORG, "gitlab al ada@x.org, gitlab al dan@x.org", "al - gitlab", "ada");
        check(ORG, "github ada-l ada@home.org", "Lovelace ada@home.org -", "ada");
        check(ORG, "json pair a@y.org, github ada-l a@y.org, json bo a@y.org", "pair - json", "? pair");
        check(ORG, "", "dan dan@x.org -", "? dan");
    }

    #[test]
    fn machines_and_assistants_are_nobody() {
        for name in [
            "dependabot[bot] - github",
            "acme-ci - github",
            "Claude noreply@anthropic.com -",
            "x renovate@whitesourcesoftware.com -",
            "- - json",
        ] {
            check(ORG, "", name, "nobody");
        }
    }

    #[test]
    fn where_nobody_is_declared_each_name_is_a_person_joined_by_address() {
        let said = "github ada-l ada@x.org, git Ada ada@x.org, github bo, github ada-l ada@home.org";
        check("", said, "ada-l - github", "ada");
        check("", said, "Ada ada@home.org -", "ada");
        check("", said, "bo - github", "bo");
        check("", said, "new new@x.org -", "new@x.org");
        check("", said, "acme[bot] - github", "nobody");
    }
}
