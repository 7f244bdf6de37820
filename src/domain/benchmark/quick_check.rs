//! The tables of DORA's Quick Check: how the answers of an industry, or of organisations of a size, are spread.
//!
//! For each year, group and question a mean and a deviation on a scale of 0 to 10. Industry and size are published apart;
//! nobody knows the two together, so nothing here combines them. How a figure becomes an answer is in [`super::answer`].
//!
//! Source: <https://github.com/dora-team/dora.dev>, `svelte/quick-check`, commit `fcaf07b4` of 2026-06-26; Copyright Google LLC,
//! CC-BY-4.0, <https://creativecommons.org/licenses/by/4.0/>. The files are unchanged; what is turned round when they are read
//! is in `dora-quick-check/NOTICE.md` and in `Edition::read`. Here 10 is best for every question, as dora.dev shows it.
//!
//! Never to be used as a goal, or for a person: they are averages of what volunteers said of themselves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::super::words;

/// The years that there are tables of, newest first; the first is the default.
pub static EDITIONS: LazyLock<[Edition; 2]> = LazyLock::new(|| {
    [
        Edition::read(
            2025,
            include_str!("dora-quick-check/2025/industry_metrics.json"),
            include_str!("dora-quick-check/2025/organization_size_metrics.json"),
        ),
        Edition::read(
            2024,
            include_str!("dora-quick-check/2024/industry_metrics.json"),
            include_str!("dora-quick-check/2024/organization_size_metrics.json"),
        ),
    ]
});

/// The id of the group of everybody, in both tables.
const EVERYBODY: &str = "all";

/// Metric ids with the tables' names for them, in the order in which the survey asks, and whether the answer is a percentage.
pub const QUESTIONS: [(&str, &str, bool); 5] = [
    ("change_lead_time", "leadtime", false),
    ("deployment_frequency", "deployfreq", false),
    ("failed_deployment_recovery_time", "failurerecovery", false),
    ("change_fail_rate", "changefailure", true),
    ("deployment_rework_rate", "rework", true),
];

/// The tables of a year.
#[derive(Debug, Clone, PartialEq)]
pub struct Edition {
    /// The year of the research.
    pub year: u16,
    /// By id; the first is everybody.
    pub industries: Vec<Group>,
    /// From small to large.
    pub sizes: Vec<Group>,
}

/// Those who answered from an industry, or from organisations of a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// As published: `technology`, `fewer_than_5000`.
    pub id: String,
    /// As published: "Technology", "1,000 to 4,999 employees".
    pub name: String,
    /// Fewest and most employees, of a size.
    pub employees: Option<[u32; 2]>,
    published: BTreeMap<String, Published>,
}

/// How the answers of a group to one question are spread, on a scale of 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Published {
    /// The mean; 10 is best.
    pub mean: f64,
    /// The standard deviation.
    #[serde(rename = "std")]
    pub deviation: f64,
}

/// A group as it stands in the files.
#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(flatten)]
    published: BTreeMap<String, Published>,
}

impl Edition {
    fn read(year: u16, by_industry: &str, by_size: &str) -> Self {
        let mut industries = groups(by_industry);
        industries.sort_by_key(|group| group.id != EVERYBODY);
        let mut sizes = groups(by_size);
        sizes.retain(|group| group.id != EVERYBODY);
        for size in &mut sizes {
            // "Just me" and the like say no number: they are one.
            size.employees = employees(&size.name).or(Some([1, 1]));
            // Published on the opposite scale, in this one table: see NOTICE.md.
            if year == 2025 {
                size.turn("failurerecovery");
            }
        }
        sizes.sort_by_key(|group| group.employees);
        for group in industries.iter_mut().chain(&mut sizes) {
            for (_, name, _) in QUESTIONS.iter().filter(|(_, _, percentage)| *percentage) {
                group.turn(name);
            }
        }
        Self { year, industries, sizes }
    }

    /// Those of all industries and sizes.
    pub fn everybody(&self) -> &Group {
        &self.industries[0]
    }
}

fn groups(file: &str) -> Vec<Group> {
    let rows: BTreeMap<String, Row> = serde_json::from_str(file).expect("a test reads every embedded table");
    rows.into_iter().map(|(id, row)| Group { id, name: row.name, employees: None, published: row.published }).collect()
}

impl Group {
    /// How its answers about a metric are spread; none where that year did not ask.
    pub fn published(&self, metric_id: &str) -> Option<Published> {
        let (_, name, _) = QUESTIONS.iter().find(|(id, ..)| *id == metric_id)?;
        self.published.get(*name).copied()
    }

    /// What follows "respondents": "in Technology", "at organisations of 20 to 99 employees".
    pub fn place(&self) -> String {
        match self.employees {
            Some([1, 1]) => "who work alone".into(),
            Some([fewest, u32::MAX]) => format!("at organisations of {} or more employees", words::number(fewest.into())),
            Some([fewest, most]) => {
                format!("at organisations of {} to {} employees", words::number(fewest.into()), words::number(most.into()))
            }
            None if self.id == EVERYBODY => "in all industries".into(),
            None if self.id == "other" => "in other industries".into(),
            None => format!("in {}", self.name),
        }
    }

    /// What one types for it, shortest: `technology`, `1000-4999`.
    pub fn typed(&self) -> String {
        match self.employees {
            Some([fewest, most]) if fewest == most => fewest.to_string(),
            Some([fewest, u32::MAX]) => format!("{fewest}+"),
            Some([fewest, most]) => format!("{fewest}-{most}"),
            None => self.id.clone(),
        }
    }

    /// From a scale on which 0 is best to one on which 10 is.
    fn turn(&mut self, name: &str) {
        if let Some(published) = self.published.get_mut(name) {
            published.mean = 10.0 - published.mean;
        }
    }
}

/// Fewest and most employees that a text names: "1,000 to 4,999 employees", "2-9", "10000+", "250".
pub fn employees(text: &str) -> Option<[u32; 2]> {
    let text: String = text.to_lowercase().chars().filter(|letter| !letter.is_whitespace() && *letter != ',').collect();
    let letters: String = text.chars().filter(|letter| letter.is_alphabetic()).collect();
    let kind = letters.trim_end_matches("employees").trim_end_matches("employee");
    let numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty()).map(str::parse);
    let numbers: Vec<u32> = numbers.collect::<Result<_, _>>().ok()?;
    match (numbers.as_slice(), kind) {
        ([fewest], "ormore") => Some([*fewest, u32::MAX]),
        ([fewest], "") if text.ends_with('+') => Some([*fewest, u32::MAX]),
        ([only], "") => Some([*only, *only]),
        ([fewest, most], "" | "to") if fewest <= most => Some([*fewest, *most]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(year: u16) -> &'static Edition {
        EDITIONS.iter().find(|edition| edition.year == year).unwrap()
    }

    fn mean(group: &Group, metric_id: &str) -> f64 {
        group.published(metric_id).unwrap().mean
    }

    /// A table as published, not turned.
    fn raw(file: &str) -> serde_json::Value {
        serde_json::from_str(file).unwrap()
    }

    #[test]
    fn every_group_of_both_years_is_read_and_within_the_scale() {
        for edition in EDITIONS.iter() {
            let ids = |groups: &[Group]| groups.iter().map(|group| group.id.clone()).collect::<Vec<_>>();
            assert_eq!(edition.industries.len(), 14, "{:?}", ids(&edition.industries));
            assert_eq!(edition.sizes.len(), if edition.year == 2024 { 9 } else { 8 }, "{:?}", ids(&edition.sizes));
            for group in edition.industries.iter().chain(&edition.sizes) {
                for (metric_id, ..) in QUESTIONS {
                    let Some(Published { mean, deviation }) = group.published(metric_id) else {
                        assert_eq!((edition.year, metric_id), (2024, "deployment_rework_rate"), "{}", group.id);
                        continue;
                    };
                    assert!((0.0..=10.0).contains(&mean) && (0.5..=5.0).contains(&deviation), "{}: {mean} {deviation}", group.id);
                }
            }
            assert_eq!((edition.everybody().id.as_str(), edition.everybody().place().as_str()), ("all", "in all industries"));
        }
    }

    #[test]
    fn sizes_are_in_order_and_do_not_overlap() {
        let typed = |year| edition(year).sizes.iter().map(Group::typed).collect::<Vec<_>>().join(" ");
        assert_eq!(typed(2024), "1 2-9 10-19 20-99 100-499 500-999 1000-4999 5000-9999 10000+");
        assert_eq!(typed(2025), "1 2-9 20-99 100-499 500-999 1000-4999 5000-9999 10000+", "10 to 19 is not published");
        assert_eq!(edition(2025).sizes[5].place(), "at organisations of 1\u{202f}000 to 4\u{202f}999 employees");
        assert_eq!(edition(2024).sizes[0].place(), "who work alone");
    }

    #[test]
    fn ten_is_best_for_every_question() {
        // As dora.dev's own tests have it for 2025: 1.9 becomes 8.1, 2.2 becomes 7.8.
        let all = edition(2025).everybody();
        let means: Vec<f64> = QUESTIONS.iter().map(|(id, ..)| (mean(all, id) * 10.0).round() / 10.0).collect();
        assert_eq!(means, [5.5, 4.8, 7.4, 8.1, 7.8]);
        let overall = QUESTIONS.iter().map(|(id, ..)| mean(all, id)).sum::<f64>() / 5.0;
        assert!((overall - 6.72).abs() < 1e-9, "{overall}");
    }

    #[test]
    fn recovery_by_size_is_published_the_other_way_round_in_2025_alone() {
        let of = |file, id: &str, name: &str| raw(file)[id][name]["mean"].as_f64().unwrap();
        let size = include_str!("dora-quick-check/2025/organization_size_metrics.json");
        let industry = include_str!("dora-quick-check/2025/industry_metrics.json");
        assert!((of(size, "all", "failurerecovery") + of(industry, "all", "failurerecovery") - 10.0).abs() < 1e-9);
        for group in &edition(2025).sizes {
            let throughput = of(size, &group.id, "software_delivery_throughput");
            let as_read = QUESTIONS[..3].iter().map(|(id, ..)| mean(group, id)).sum::<f64>() / 3.0;
            assert!((as_read - throughput).abs() < 0.2, "{}: {as_read} is not {throughput}", group.id);
            let as_published =
                ["leadtime", "deployfreq", "failurerecovery"].map(|name| of(size, &group.id, name)).iter().sum::<f64>() / 3.0;
            assert!((as_published - throughput).abs() > 1.0, "{}: {as_published} is {throughput}", group.id);
        }
        let size_2024 = include_str!("dora-quick-check/2024/organization_size_metrics.json");
        let industry_2024 = include_str!("dora-quick-check/2024/industry_metrics.json");
        assert!((of(size_2024, "all", "failurerecovery") - of(industry_2024, "all", "failurerecovery")).abs() < 1e-9);
    }

    #[test]
    fn sizes_are_named_in_many_ways() {
        let check = |text: &str, expect: Option<[u32; 2]>| assert_eq!(employees(text), expect, "{text}");
        check("1,000 to 4,999 employees", Some([1_000, 4_999]));
        check("2-9", Some([2, 9]));
        check("10 000+", Some([10_000, u32::MAX]));
        check("10000 or more employees", Some([10_000, u32::MAX]));
        check("1 employee", Some([1, 1]));
        check("9-2", None);
        check("99999999999", None);
        check("Just me - I am a freelancer or sole proprietor", None);
        check("q3 2025", None);
        check("", None);
    }
}
