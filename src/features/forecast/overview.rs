//! The portfolio projects of a team or the organisation, each in one line: when it will be done, against what was promised.
//!
//! Declared ones first by priority and name, then what nobody declared. A project is a team's where its people have it in work or finished
//! some of it lately.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::compute::Answer;
use super::lately::LATELY;
use super::{Known, load};
use crate::domain::card::Scope;
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::error::Failure;
use crate::features::Cx;

/// At most so many beside those that promise a date; the rest are counted.
const MOST: usize = 12;

/// A project in a line.
pub struct Row {
    pub id: String,
    pub name: String,
    pub declared: bool,
    pub remaining: u32,
    pub due: Option<NaiveDate>,
    /// Or why there is no forecast.
    pub answer: Result<Answer, String>,
}

/// All of them.
pub struct Overview {
    pub rows: Vec<Row>,
    /// How many more there are.
    pub more: usize,
}

/// The projects with work left, and those that a team has promised.
pub async fn of(cx: &Cx, known: &Known, scope: &Scope, now: At, org: &Org) -> Result<Overview, Failure> {
    let members = Members::of(scope, org);
    let mut found: Vec<(bool, u32, String, String)> = Vec::new();
    for (id, items) in known.work.by_project() {
        let open = items.iter().any(|item| item.done_at.is_none());
        let lately = |at: At| now.since(at) <= LATELY * WEEK;
        let theirs =
            items.iter().any(|item| item.counts() && item.done_at.is_none_or(lately) && members.has(item, item.done_at.unwrap_or(now)));
        if open && theirs {
            let declared = org.projects.get(id);
            let priority = declared.and_then(|project| project.priority).unwrap_or(u32::MAX);
            found.push((declared.is_none(), priority, org.project_name(id), id.to_owned()));
        }
    }
    found.sort();
    let all = found.len();
    let dated = |id: &str| org.projects.get(id).is_some_and(|project| project.due.is_some());
    let mut rows = Vec::new();
    for (_, (undeclared, _, name, id)) in found.into_iter().enumerate().filter(|(at, (.., id))| *at < MOST || dated(id)) {
        let forecast = load(cx, known, &Scope::Project(id.clone()), now, org).await?;
        let remaining = forecast.plan.as_ref().map_or(0, |plan| plan.scope.items);
        let due = forecast.plan.as_ref().and_then(|plan| plan.due);
        let answer = forecast.answer(now).map_err(|refusal| refusal.to_string());
        rows.push(Row { id, name, declared: !undeclared, remaining, due, answer });
    }
    let more = all - rows.len();
    Ok(Overview { rows, more })
}

impl Row {
    /// In machine form.
    pub fn json(&self) -> Value {
        let answer = self.answer.as_ref().ok();
        let [likely, evenly] = [1, 0].map(|at| answer.and_then(|answer| answer.dates?[at]));
        json!({"project": self.id, "declared": self.declared, "remaining": self.remaining, "due": self.due, "done_by": {"50": evenly, "85": likely},
               "chance": answer.and_then(|answer| answer.chance), "reason": self.answer.as_ref().err()})
    }
}
