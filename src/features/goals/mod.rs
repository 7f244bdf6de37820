//! `goals`: improvements that were declared, and whether each is taking hold.
//!
//! An improvement is of a team, a service or the organisation: a name, a start, one to five metrics that it should move. The weeks before
//! its start are frozen when it is declared; each answer reads the weeks since anew and judges them ([`crate::domain::improvement`]). A
//! verdict tells that a level moved, never what moved it, and "no clear change" never reads as "failed".
//!
//! | file | does |
//! |---|---|
//! | `asked` | what was typed |
//! | `declare`, `form` | declares one, in words or by the modal |
//! | `weeks` | the weeks of a metric, and of other teams |
//! | `told` | an improvement with its verdicts |
//! | `list`, `one` | the cards |
//! | `change` | ends and removes one |
//! | `evidence` | its weeks, for `why` |
//! | `marks` | what `trend` says of improvements |
//!
//! Of a closed team they are seen as its figures are: by its members and admins, and in answers about that team alone. Never to be used to
//! compare teams or to judge people.
//!
//! JSON: `improvements`, each `{"id","name","scope","start","declared_at","ended_at","done","verdict","metrics"}`, and each of its metrics
//! `{"id","wanted","verdict","because","weeks":[before,after],"effect","others","against_others"}`; `wanted` is `less` or `more`, `effect` is
//! `{"before","after","moved","interval","ratio","unit"}` or null: where `ratio` is true `moved` is in parts of the level before, else in
//! the unit; intervals are of 90 %. `metrics` has each effect as a figure with the id `IMPROVEMENT/METRIC`, whose `reason` is its verdict.

mod asked;
mod change;
mod declare;
mod evidence;
mod form;
mod list;
pub(super) mod marks;
mod one;
mod told;
mod weeks;

use futures::future::BoxFuture;

use super::access::{self, Shown, Sight};
use super::receipts::Recount;
use super::typed::today;
use super::{Action, Command, Cx, Effect, PERIOD, Press, Reply};
use crate::domain::ask::{self, Ask};
use crate::domain::card::Scope;
use crate::domain::org::Org;
use crate::domain::time::{At, WEEK};
use crate::error::{Failure, Kind, UserError};
use crate::store::improvements::Improvement;
use crate::store::receipts;
use asked::Asked;
use declare::Draft;
pub use weeks::figures;

/// What one types.
const NAME: &str = "goals";

/// The registration.
pub const COMMAND: Command = Command {
    name: NAME,
    usage: "[improvement [ID]] [team:T]",
    summary: "improvements that a team declared, and whether each is taking hold",
    example: "goals",
    private: false,
    words: ask::Words::Names,
    period: PERIOD,
    recount: Some(Recount {
        compares: false,
        card: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(list::again(cx, receipt)) },
        evidence: |cx, receipt| -> BoxFuture<'_, _> { Box::pin(evidence::evidence(cx, receipt)) },
    }),
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};

/// "Declare one": the form. Value: the scope.
pub const DECLARE: Action = Action {
    name: "goals_declare",
    run: |cx, press| -> BoxFuture<'_, _> { Box::pin(std::future::ready(form::declare(cx, &press).map(Effect::Form))) },
};
/// The form sent. State: the id that the improvement will have.
pub const SENT: Action = Action { name: "goals_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(form::sent(cx, press)) } };
/// "Open": an improvement in full. Value: its id, as of the next three.
pub const OPEN: Action = Action { name: "goals_open", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(open(cx, press)) } };
/// "End it".
pub const END: Action = Action { name: "goals_end", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change::end(cx, press)) } };
/// "Remove it": asks once more.
pub const REMOVE: Action = Action { name: "goals_remove", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change::ask(cx, press)) } };
/// The same, meant.
pub const REMOVED: Action = Action { name: "goals_removed", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(change::removed(cx, press)) } };

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    let card = match asked::read(&ask)? {
        Asked::List => list::answer(cx, &ask).await?,
        Asked::Form(name) => return Ok(Reply::Form(form::new_form(cx, &ask.scope, &name)?)),
        Asked::One(id) => one::answer(cx, &id).await?,
        Asked::Declare(words) => {
            let starts_on = words.since.unwrap_or_else(|| today(cx, &ask.scope));
            let draft = Draft { id: new_id(), scope: ask.scope, name: words.name, done: words.done, metrics: words.metrics, starts_on };
            let improvement = match declare::check(cx, draft).await? {
                Ok(improvement) => improvement,
                Err(wrongs) => return Err(wrongs.into_iter().next().map_or_else(gone, |(_, why)| why).into()),
            };
            cx.store.keep_improvement(improvement.clone()).await?;
            one::declared(cx, &improvement.id).await?
        }
    };
    Ok(Reply::Card(Box::new(card)))
}

async fn open(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    Ok(Effect::Answer(Box::new(one::answer(cx, &press.value).await?)))
}

/// A new id, which begins with no digit: so that it reads as no period.
fn new_id() -> String {
    loop {
        let id = receipts::new_id();
        if id.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return id;
        }
    }
}

fn gone() -> UserError {
    UserError::new(Kind::NotUnderstood, "There is no such improvement.", "`/metrics goals` lists those that there are.")
}

/// The improvement of that id, if the asker may see its figures.
async fn improvement(cx: &Cx, id: &str) -> Result<Improvement, Failure> {
    let found = cx.store.improvement(id, cx.now).await?.ok_or_else(gone)?;
    seen(cx, &found.scope)?;
    Ok(found)
}

/// Refuses a scope whose figures of the last year the asker may not see.
fn seen(cx: &Cx, scope: &Scope) -> Result<(), Failure> {
    sees(&Sight::of(cx), scope, &cx.org.org, cx.now)
}

fn sees(sight: &Sight<'_>, scope: &Scope, org: &Org, now: At) -> Result<(), Failure> {
    let shown = Shown { from: now.plus(-52 * WEEK), to: now, compares: false };
    sight.check(scope, org, shown)?;
    sight.check_people(scope, org, shown)
}

/// The improvements that an answer about a scope tells of, as they were at an instant: those of the scope and of what lies in it, of closed
/// teams only where the scope is of that team itself, since an answer may be shared.
async fn within(cx: &Cx, scope: &Scope, now: At, org: &Org) -> Result<Vec<Improvement>, Failure> {
    let tops = scope.teams();
    let below = |team: &str| tops.iter().any(|top| access::belongs(org, team, top));
    let owned = |name: &str| org.owners(name).iter().any(|(team, span)| span.holds(now) && below(team));
    let is_in = |of: &Scope| match of {
        _ if of == scope || *scope == Scope::Organisation => true,
        Scope::Team(team) => below(team),
        Scope::Service(name) => owned(name),
        _ => false,
    };
    let outsider = Sight::outsider(cx);
    let closed = |of: &Scope| {
        let teams: Vec<&str> = match of {
            Scope::Team(team) => vec![team.as_str()],
            Scope::Service(name) => org.owners(name).into_iter().map(|(team, _)| team).collect(),
            _ => Vec::new(),
        };
        teams
            .into_iter()
            .filter_map(|team| access::closed(org, team))
            .any(|closed| tops.iter().any(|top| access::belongs(org, top, closed)))
    };
    let shows = |of: &Scope| of == scope || closed(of) || sees(&outsider, of, org, now).is_ok();
    let mut all = cx.store.improvements(now).await?;
    all.retain(|it| is_in(&it.scope) && shows(&it.scope));
    Ok(all)
}
