//! Who may see what: a team's figures are the organisation's, unless its file says `visibility = "team"`.

use super::Cx;
use crate::domain::card::Scope;
use crate::error::{Failure, Kind, UserError};

/// Refuses a scope that the asker may not see. The organisation's own view and admins see all.
pub fn check(cx: &Cx, scope: &Scope) -> Result<(), Failure> {
    if cx.asker.as_ref().is_none_or(|asker| asker.admin) {
        return Ok(());
    }
    let org = &cx.org.org;
    let hidden: Vec<&str> = match scope {
        Scope::Team(_) | Scope::Teams(_) => scope.teams().iter().filter_map(|id| closed(cx, id)).collect(),
        Scope::Service(name) => {
            org.owners(name).into_iter().filter(|(_, span)| span.holds(cx.now)).filter_map(|(team, _)| closed(cx, team)).collect()
        }
        Scope::Organisation | Scope::Project(_) => Vec::new(),
    };
    let mine = super::me::teams(cx);
    let may = |team: &str| mine.iter().any(|member| belongs(cx, member, team));
    // A service that two teams own may be seen by either; of several teams, each must be.
    let refused = match scope {
        Scope::Service(_) if hidden.iter().any(|team| may(team)) => None,
        _ => hidden.iter().find(|team| !may(team)),
    };
    let Some(team) = refused else { return Ok(()) };
    let hint = "Ask somebody of that team, or an admin. `/metrics dora` shows your own teams.";
    Err(UserError::new(Kind::NotAllowed, format!("Team `{team}` shows its figures to its members only."), hint).into())
}

/// The team, or the team above it, that keeps its figures to itself.
pub fn closed<'a>(cx: &'a Cx, team: &'a str) -> Option<&'a str> {
    lineage(cx, team).find(|id| cx.org.org.teams.get(*id).is_some_and(|team| team.visibility.as_deref() == Some("team")))
}

/// Whether a team is another one, or below it.
pub fn belongs(cx: &Cx, member: &str, team: &str) -> bool {
    lineage(cx, member).any(|id| id == team)
}

/// A team and the teams above it.
fn lineage<'a>(cx: &'a Cx, team: &'a str) -> impl Iterator<Item = &'a str> {
    let mut left = cx.org.org.teams.len() + 1; // the tree has no cycle, and this holds even if it had one
    std::iter::successors(Some(team), move |id| {
        left = left.checked_sub(1)?;
        cx.org.org.teams.get(*id)?.parent.as_deref()
    })
}
