//! The weeks of a scope's metrics before and since a start: whole ones on its calendar, of the figures that `trend` shows.
//!
//! Also those of other teams in the same weeks: of live teams that are neither above nor below this one, have no team below them (a team
//! would count twice) and show their figures to all, so that the verdict is the same for whoever asks.

use crate::domain::card::Scope;
use crate::domain::figure::Figure;
use crate::domain::flow::FlowPool;
use crate::domain::improvement::{MOST_AFTER, MOST_BEFORE};
use crate::domain::metric::{DORA, Definition};
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::domain::window::Window;
use crate::error::Failure;
use crate::features::access::{self, Shown, Sight};
use crate::features::trend::compute::{weeks_of_dora, weeks_of_flow};
use crate::features::{Cx, flow, portfolio};

/// A week: its first instant and the first after it.
type Week = (At, At);

/// The whole weeks before a start, those next to it: at most a year.
pub fn before(scope: &Scope, org: &Org, start: At) -> Vec<Week> {
    let back = i64::try_from(MOST_BEFORE).unwrap_or_default() * WEEK;
    let weeks = whole(scope, org, start.plus(-back), start);
    weeks[weeks.len().saturating_sub(MOST_BEFORE)..].to_vec()
}

/// The whole weeks since a start, the latest: at most half a year.
pub fn since(scope: &Scope, org: &Org, start: At, until: At) -> Vec<Week> {
    let weeks = all_since(scope, org, start, until);
    weeks[weeks.len().saturating_sub(MOST_AFTER)..].to_vec()
}

/// All whole weeks since a start. A week that it lies within is neither before nor since.
pub fn all_since(scope: &Scope, org: &Org, start: At, until: At) -> Vec<Week> {
    whole(scope, org, start, until).into_iter().filter(|(from, _)| *from >= start).collect()
}

fn whole(scope: &Scope, org: &Org, from: At, until: At) -> Vec<Week> {
    portfolio::calendar(scope, org).weeks(from, until).into_iter().map(|week| (week.from, week.to)).collect()
}

/// Each metric's figures in each week, as of an instant, under an organisation.
pub async fn figures(
    cx: &Cx,
    scope: &Scope,
    wanted: &[&'static Definition],
    weeks: &[Week],
    (now, org): (At, &Org),
) -> Result<Vec<Vec<(At, Figure)>>, Failure> {
    let (Some((from, _)), Some((_, to))) = (weeks.first(), weeks.last()) else { return Ok(vec![Vec::new(); wanted.len()]) };
    // Open changes are known as they are now: with a window that ends after the last week they are in none of them.
    let window = Window { from: *from, to: to.plus(1), zone: org.zone_for(scope), label: String::new() };
    let services = crate::features::scope::services(&cx.store, scope, org).await?;
    let of_dora = |known: &Definition| DORA.iter().any(|it| it.id == known.id);
    let mut pool = None;
    if wanted.iter().any(|known| of_dora(known)) {
        pool = Some(cx.store.pool(&services, *from, &window, now, org).await?);
    }
    let mut flows = None;
    if wanted.iter().any(|known| !of_dora(known)) {
        let whose = flow::whose(scope, org);
        let pool = cx.store.flow_pool(&services, &whose, *from, &window, now, org).await?;
        flows = Some(FlowPool { people: org.people_in(scope), ..pool });
    }
    let one = |known: &&'static Definition| match (&pool, &flows) {
        (Some(pool), _) if of_dora(known) => weeks_of_dora(pool, known, weeks),
        (_, Some(flow)) => weeks_of_flow(flow, known, weeks),
        _ => Vec::new(),
    };
    Ok(wanted.iter().map(one).collect())
}

/// The other teams that a team may be held against.
pub fn others(cx: &Cx, scope: &Scope, org: &Org, shown: Shown) -> Vec<Scope> {
    let Scope::Team(own) = scope else { return Vec::new() };
    let outsider = Sight::outsider(cx);
    let apart = |id: &str| !access::belongs(org, id, own) && !access::belongs(org, own, id);
    let teams = org.lowest_teams().filter(|id| apart(id)).map(|id| Scope::Team(id.to_owned()));
    teams.filter(|team| outsider.check(team, org, shown).is_ok() && outsider.check_people(team, org, shown).is_ok()).collect()
}
