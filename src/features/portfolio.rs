//! [`Work`]: every work item with the portfolio project it belongs to, as of an instant: read once an answer, by forecasts, risk and investment.

use std::collections::HashMap;
use std::sync::Arc;

use super::Cx;
use super::access::Sight;
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::forecast::project::Life;
use crate::domain::members::Members;
use crate::domain::org::Org;
use crate::domain::portfolio::projects_of;
use crate::domain::time::At;
use crate::domain::work::WorkItem;
use crate::error::{Failure, Kind, UserError};

/// All work known at an instant.
pub(super) struct Work {
    pub items: Vec<WorkItem>,
    /// The portfolio project of each.
    pub projects: Vec<Option<String>>,
    /// The places of each project's items.
    places: HashMap<String, Vec<usize>>,
}

/// Reads it, once an answer.
pub(super) async fn load(cx: &Cx, now: At, org: &Org) -> Result<Arc<Work>, Failure> {
    let (basis, name) = (cx.basis(org).await?, format!("work {now}"));
    if let Some(work) = basis.as_ref().and_then(|basis| cx.memo.get(basis, &name)) {
        return Ok(work);
    }
    let items = cx.store.work_items(now).await?;
    let projects = projects_of(&items, org);
    let work = Arc::new(Work::new(items, projects));
    if let Some(basis) = basis {
        cx.memo.put(&basis, &name, &work);
    }
    Ok(work)
}

/// The days on which a scope works.
pub(super) fn calendar(scope: &Scope, org: &Org) -> WorkCalendar {
    WorkCalendar::new(&org.calendar, org.zone_for(scope))
}

impl Work {
    /// Items with the project of each.
    pub fn new(items: Vec<WorkItem>, projects: Vec<Option<String>>) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, project) in projects.iter().enumerate() {
            if let Some(project) = project {
                places.entry(project.clone()).or_default().push(at);
            }
        }
        Self { items, projects, places }
    }

    /// The items of a portfolio project that count: no containers, nothing dropped.
    pub fn of_project<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a WorkItem> {
        let own = self.places.get(id).into_iter().flatten().filter_map(|at| self.items.get(*at));
        own.filter(|item| item.counts())
    }

    /// The lives of a project's items.
    pub fn lives(&self, id: &str) -> Vec<Life> {
        self.of_project(id).map(Life::of).collect()
    }
}

/// Those whose work the asker may not see by itself: the people of closed teams.
pub(super) struct Hidden(Members);

impl Hidden {
    /// From the asker.
    pub fn of(cx: &Cx) -> Self {
        Self(Sight::of(cx).hidden_members())
    }

    /// Whether all known people of a project are such: then its figures are those of their team.
    pub fn hides(&self, work: &Work, id: &str, now: At) -> bool {
        let mut known = work.of_project(id).filter(|item| item.assignee.is_some()).peekable();
        !self.0.is_nobody() && known.peek().is_some() && known.all(|item| self.0.has(item, item.done_at.unwrap_or(now)))
    }
}

/// Refuses a project all of whose known people are in teams that show their figures to their members only.
pub(super) async fn check(cx: &Cx, scope: &Scope) -> Result<(), Failure> {
    let Scope::Project(id) = scope else { return Ok(()) };
    let hidden = Hidden::of(cx);
    if hidden.0.is_nobody() || !hidden.hides(&*load(cx, cx.now, &cx.org.org).await?, id, cx.now) {
        return Ok(());
    }
    Err(refused())
}

/// What is said instead of such a project.
pub(super) fn refused() -> Failure {
    let message = "The people of this project are in a team that shows its figures to its members only.";
    UserError::new(Kind::NotAllowed, message, "Ask somebody of that team, or an admin.").into()
}
