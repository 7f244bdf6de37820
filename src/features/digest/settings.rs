//! What a subscription to a digest is about: [`Settings`], which the subscription keeps as JSON, and how often it speaks.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::card::Scope;
use crate::domain::org::Org;
use crate::domain::time::At;
use crate::domain::window::local;

/// For whom a digest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// What changed, what needs a look, a thank-you, a question.
    #[default]
    Team,
    /// In business words, each team against itself.
    Leadership,
    /// Throughput, work in progress and what is stuck, before planning.
    Planning,
    /// What changed, the question, and what to bring.
    Retrospective,
}

impl Template {
    /// In the order offered: as a form's value, and as people read it.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Team, "team", "For a team: what changed, what needs a look"),
        (Self::Leadership, "leadership", "For leadership: in business words, each team against itself"),
        (Self::Planning, "planning", "Before planning: throughput, work in progress, what is stuck"),
        (Self::Retrospective, "retrospective", "Before a retrospective: what changed, a question, what to bring"),
    ];

    /// As a form's value.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(template, ..)| *template == self).map_or("team", |(_, word, _)| word)
    }

    /// From a form's value.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(template, ..)| *template)
    }

    /// What it is called inside a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Team => "digest",
            Self::Leadership => "leadership digest",
            Self::Planning => "planning digest",
            Self::Retrospective => "retrospective digest",
        }
    }
}

/// Which of the weekly slots are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Every one.
    #[default]
    Each,
    /// Those of every second week: of even or of odd ones, counted from Monday, 5 January 1970, so that no year's end doubles one.
    Second {
        /// The remainder by two of the weeks that speak.
        parity: i64,
    },
    /// The first of a month.
    Month,
}

impl Rhythm {
    /// Whether a slot is one that is used.
    pub fn uses(self, at: At, zone: Tz) -> bool {
        match self {
            Self::Each => true,
            Self::Second { parity } => week_number(at, zone).rem_euclid(2) == parity,
            Self::Month => local::wall(zone, at).day() <= 7,
        }
    }

    /// The next rarer one, if the last slot was so; none: rarer is not offered.
    pub fn rarer(self, last: At, zone: Tz) -> Option<Self> {
        match self {
            Self::Each => Some(Self::Second { parity: week_number(last, zone).rem_euclid(2) }),
            Self::Second { .. } => Some(Self::Month),
            Self::Month => None,
        }
    }
}

/// Whole weeks since a Monday.
fn week_number(at: At, zone: Tz) -> i64 {
    let monday = NaiveDate::from_ymd_opt(1970, 1, 5).unwrap_or_default();
    (local::wall(zone, at).date() - monday).num_days().div_euclid(7)
}

/// The settings of a subscription to a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Settings {
    /// What it is about, in the order of names: one, or several side by side in the leadership template.
    pub scopes: Vec<Scope>,
    /// For whom it is written.
    pub template: Template,
    /// Which slots are used.
    pub rhythm: Rhythm,
    /// Who chose what it is about, by Slack id: the channel hears of what they may see. None: whoever subscribed it.
    pub by: Option<String>,
    /// Whether they were an admin then, and so may see every team.
    pub by_admin: bool,
    /// Whom the organisation file knows them as: some are known by their address alone, which Slack told then.
    pub person: Option<String>,
    /// How often somebody pressed "Useful". Not who.
    pub useful: u32,
}

impl Settings {
    /// From a subscription.
    ///
    /// # Errors
    /// Where it has none of ours.
    pub fn read(kept: &Value) -> anyhow::Result<Self> {
        let mut settings: Self = serde_json::from_value(kept.clone()).map_err(|error| anyhow::anyhow!("settings of a digest: {error}"))?;
        if settings.scopes.is_empty() {
            settings.scopes.push(Scope::Organisation);
        }
        Ok(settings)
    }

    /// As a subscription keeps them.
    pub fn kept(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What it is about, in words.
    pub fn about(&self, org: &Org) -> String {
        crate::domain::words::join(&self.scopes.iter().map(|scope| org.scope_name(scope)).collect::<Vec<_>>())
    }
}

/// The scopes of teams under a template: side by side for leadership, else together. None: the whole organisation.
pub fn scopes(template: Template, teams: &[String], org: &Org) -> Vec<Scope> {
    if template != Template::Leadership || teams.len() < 2 {
        return vec![Scope::of_teams(teams.iter().cloned())];
    }
    let mut scopes: Vec<Scope> = teams.iter().map(|id| Scope::Team(id.clone())).collect();
    scopes.sort_by_key(|scope| org.scope_name(scope).to_lowercase());
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn at(text: &str) -> At {
        At::parse(text).expect("an instant")
    }

    #[test]
    fn every_second_week_stays_so_over_a_long_year_and_a_month_has_one() {
        // Mondays at 9 in Berlin over the end of 2026, which has 53 ISO weeks, and the change of the clock.
        let first = at("2026-11-23T08:00:00Z");
        let mondays: Vec<At> = (0..20).map(|n| first.plus(n * crate::domain::time::WEEK)).collect();
        let second = Rhythm::Each.rarer(first, BERLIN).unwrap();
        let used: Vec<bool> = mondays.iter().map(|at| second.uses(*at, BERLIN)).collect();
        assert!(used.iter().enumerate().all(|(n, used)| *used == (n % 2 == 0)), "{used:?}");
        let monthly = second.rarer(first, BERLIN).unwrap();
        let days: Vec<String> =
            mondays.iter().filter(|at| monthly.uses(**at, BERLIN)).map(|at| at.utc().format("%m-%d").to_string()).collect();
        assert_eq!(days, ["12-07", "01-04", "02-01", "03-01", "04-05"]);
        assert_eq!(monthly.rarer(first, BERLIN), None);
    }

    #[test]
    fn settings_come_back_as_they_were_kept() {
        let settings = Settings {
            scopes: vec![Scope::Team("payments".into()), Scope::Organisation],
            template: Template::Leadership,
            rhythm: Rhythm::Second { parity: 1 },
            by: Some("U0BEN".into()),
            by_admin: true,
            person: Some("ben".into()),
            useful: 3,
        };
        assert_eq!(Settings::read(&settings.kept()).unwrap(), settings);
        assert_eq!(Settings::read(&serde_json::json!({})).unwrap().scopes, [Scope::Organisation]);
        assert!(Settings::read(&serde_json::json!({"template": "poem"})).is_err());
    }

    #[test]
    fn teams_stand_side_by_side_for_leadership_alone() {
        let check = |template: Template, teams: &[&str], expect: &[Scope]| {
            let teams: Vec<String> = teams.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(scopes(template, &teams, &Org::default()), expect);
        };
        check(Template::Team, &[], &[Scope::Organisation]);
        check(Template::Leadership, &[], &[Scope::Organisation]);
        check(Template::Team, &["b", "a"], &[Scope::Teams(vec!["a".into(), "b".into()])]);
        check(Template::Leadership, &["b", "a"], &[Scope::Team("a".into()), Scope::Team("b".into())]);
    }
}
