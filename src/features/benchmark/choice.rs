//! Which tables were asked for: `technology 1000-4999 2024`, in any order, by id or name.
//!
//! Why a number from 1990 to 2100 is a year: `2024` names a table far more often than it counts employees, and a range
//! (`2000-4999`) or another number says a size without doubt.

use crate::domain::ask::closest;
use crate::domain::benchmark::quick_check::{EDITIONS, Edition, Group, employees};
use crate::error::{Kind, UserError};

/// What was chosen. Industry and size are published apart, so each is compared with on its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The year's tables.
    pub edition: &'static Edition,
    /// All industries where neither an industry nor a size was named; none where only a size was.
    pub industry: Option<&'static Group>,
    /// None where none was named.
    pub size: Option<&'static Group>,
    /// Whether the answers to enter were asked for.
    pub quick_check: bool,
}

/// What one or several words mean.
enum Meaning {
    QuickCheck,
    Industry(&'static Group),
    Size(&'static Group),
}

/// Words of the longest name: "Just me - I am a freelancer or sole proprietor".
const LONGEST_NAME: usize = 10;

/// Reads the words of the command.
///
/// # Errors
/// `not_understood`, with what there is.
pub fn choose(words: &[String]) -> Result<Choice, UserError> {
    let mut year: Option<u16> = None;
    let mut rest: Vec<&str> = Vec::new();
    for word in words {
        match word.parse::<u16>() {
            Ok(number) if (1990..=2100).contains(&number) => set(&mut year, number, "years")?,
            _ => rest.push(word),
        }
    }
    let year = year.unwrap_or(EDITIONS[0].year);
    let edition = EDITIONS.iter().find(|edition| edition.year == year).ok_or_else(|| no_year(year))?;
    let (mut industry, mut size, mut quick_check) = (None, None, false);
    let mut at = 0;
    while at < rest.len() {
        let longest = (rest.len() - at).min(LONGEST_NAME);
        let found = (1..=longest).rev().find_map(|count| Some((count, meaning(&rest[at..at + count].join(" "), edition)?)));
        match found {
            Some((_, Meaning::QuickCheck)) => quick_check = true,
            Some((_, Meaning::Industry(group))) => set(&mut industry, group, "industries")?,
            Some((_, Meaning::Size(group))) => set(&mut size, group, "sizes")?,
            None => return Err(unknown(rest[at], edition)),
        }
        at += found.map_or(1, |(count, _)| count);
    }
    if size.is_none() {
        industry.get_or_insert(edition.everybody());
    }
    Ok(Choice { edition, industry, size, quick_check })
}

impl Choice {
    /// Whom to compare with, the industry first.
    pub fn groups(&self) -> impl Iterator<Item = &'static Group> {
        self.industry.into_iter().chain(self.size)
    }
    /// The words that choose the same, with or without the answers to enter.
    pub fn typed(&self, quick_check: bool) -> Vec<String> {
        let quick_check = quick_check.then(|| "quick-check".to_owned());
        let year = (self.edition.year != EDITIONS[0].year).then(|| self.edition.year.to_string());
        let industry = self.industry.filter(|group| *group != self.edition.everybody());
        let groups = industry.into_iter().chain(self.size).map(Group::typed);
        quick_check.into_iter().chain(groups).chain(year).collect()
    }
    /// "DORA Quick Check 2025".
    pub fn source(&self) -> String {
        format!("DORA Quick Check {}", self.edition.year)
    }
}

/// Letters and digits alone, so that `financial_services` is "Financial Services".
fn bare(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

fn meaning(text: &str, edition: &'static Edition) -> Option<Meaning> {
    let wanted = bare(text);
    let named = |group: &&Group| !wanted.is_empty() && [&group.id, &group.name].iter().any(|name| bare(name) == wanted);
    if wanted == "quickcheck" {
        return Some(Meaning::QuickCheck);
    }
    if let Some(industry) = edition.industries.iter().find(named) {
        return Some(Meaning::Industry(industry));
    }
    let holds =
        |group: &&Group| employees(text).zip(group.employees).is_some_and(|([fewest, most], group)| group[0] <= fewest && most <= group[1]);
    edition.sizes.iter().find(|group| named(group) || holds(group)).map(Meaning::Size)
}

/// Takes a thing that may be named once, or twice alike.
fn set<T: PartialEq + Copy>(slot: &mut Option<T>, value: T, what: &str) -> Result<(), UserError> {
    if slot.replace(value).is_some_and(|before| before != value) {
        let hint = "Name one, as in `/metrics benchmark technology 1000-4999`.";
        return Err(UserError::new(Kind::NotUnderstood, format!("Here are two {what}, and a comparison is with one."), hint));
    }
    Ok(())
}

fn no_year(year: u16) -> UserError {
    let there: Vec<String> = EDITIONS.iter().map(|edition| format!("`{}`", edition.year)).collect();
    let hint = format!("There are {}. For a period of your own figures type `{year}-01..{year}-12`.", there.join(" and "));
    UserError::new(Kind::NotUnderstood, format!("I have no Quick Check tables of {year}."), hint)
}

fn unknown(word: &str, edition: &Edition) -> UserError {
    let groups = || edition.industries.iter().chain(&edition.sizes);
    let names = groups().flat_map(|group| [(group.id.as_str(), group.typed()), (group.name.as_str(), group.typed())]);
    let near = closest(word, names.chain([("quick-check", "quick-check".to_owned())]));
    let near = near.map_or_else(String::new, |id| format!(" Did you mean `{id}`?"));
    let listed = |groups: &[Group]| groups.iter().map(|group| format!("`{}`", group.typed())).collect::<Vec<_>>().join(", ");
    let word: String = word.chars().take(60).collect();
    UserError::new(
        Kind::NotUnderstood,
        format!("The DORA Quick Check {} has no industry or size `{word}`.{near}", edition.year),
        format!("Industries: {}. Employees: {}.", listed(&edition.industries), listed(&edition.sizes)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(text: &str) -> Result<Choice, UserError> {
        choose(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn industry_size_and_year_in_any_order_by_id_or_name() {
        let check = |text: &str, expect: &str| {
            let read = choice(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let id = |group: Option<&Group>| group.map_or_else(|| "-".to_owned(), |group| group.id.clone());
            let quick = if read.quick_check { " quick-check" } else { "" };
            assert_eq!(format!("{} {} {}{quick}", read.edition.year, id(read.industry), id(read.size)), expect, "{text}");
        };
        check("", "2025 all -");
        check("all", "2025 all -");
        check("2024", "2024 all -");
        check("technology", "2025 technology -");
        check("Technology 2000-4999", "2025 technology fewer_than_5000");
        check("1000-4999 2024 technology", "2024 technology fewer_than_5000");
        check("1,000 to 4,999 employees financial services", "2025 financial_services fewer_than_5000");
        check("financial_services, 250", "2025 financial_services fewer_than_500");
        check("Healthcare & Pharmaceuticals 10000+", "2025 healthcare_pharmaceuticals more_than_9999");
        check("retail/consumer/e-commerce", "2025 consumer -");
        check("solo", "2025 - solo");
        check("1 2024", "2024 - fewer_than_00002");
        check("10-19 2024", "2024 - fewer_than_020");
        check("10,000 or more employees", "2025 - more_than_9999");
        check("quick-check", "2025 all - quick-check");
        check("quick check government 2024", "2024 government - quick-check");
        check("technology Technology", "2025 technology -");
    }

    #[test]
    fn every_group_is_found_by_its_id_its_name_and_what_one_types() {
        for edition in EDITIONS.iter() {
            for group in edition.industries.iter().chain(&edition.sizes) {
                for text in [&group.id, &group.name, &group.typed()] {
                    let read = choice(&format!("{} {text}", edition.year)).unwrap_or_else(|error| panic!("{text}: {error}"));
                    assert_eq!(read.groups().map(|found| &found.id).collect::<Vec<_>>(), [&group.id], "{text}");
                }
            }
        }
    }

    #[test]
    fn mistakes_say_what_there_is() {
        let check = |text: &str, says: &str| {
            let error = choice(text).expect_err(text);
            assert_eq!(error.kind, Kind::NotUnderstood, "{text}");
            let both = format!("{} {}", error.message, error.hint);
            assert!(both.contains(says), "{text}: {both}");
        };
        check("tecnology", "no industry or size `tecnology`. Did you mean `technology`? Industries: `all`, `consumer`");
        check("banking", "`technology`, `telecommunications`. Employees: `1`, `2-9`, `20-99`");
        check("quick-chek", "Did you mean `quick-check`?");
        check("10-19", "The DORA Quick Check 2025 has no industry or size `10-19`");
        check("1000-9999", "has no industry or size");
        check(
            "2023",
            "no Quick Check tables of 2023. There are `2025` and `2024`. For a period of your own figures type `2023-01..2023-12`.",
        );
        check("technology energy", "two industries");
        check("2-9 500", "two sizes");
        check("2024 2025", "two years");
    }
}
