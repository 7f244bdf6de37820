//! A slot of a subscription: what the channel hears, or why it hears nothing; and the same for a preview.
//!
//! A slot that runs again begins from what was told before it, so that it says the same and its message is edited in place. Whether
//! the channel may hear of a team that keeps its figures to its members is asked anew each time: whoever subscribed must still be one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::card::{self, Said};
use super::change::Family;
use super::compute::{self, Digest, MOST, Told};
use super::facts::{self, Facts};
use super::settings::{Settings, Template};
use crate::domain::ask::scope_text;
use crate::domain::card::{Card, Scope};
use crate::domain::post::{self, Post};
use crate::domain::subscription::{Due, State, Subscription};
use crate::domain::time::At;
use crate::error::{Failure, UserError};
use crate::features::{Asker, Cx, access};

/// What a subscription keeps in mind: what was told by scope, and what had been before the last slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Memory {
    /// The last slot.
    pub slot: Option<At>,
    /// After it.
    pub told: BTreeMap<String, Told>,
    /// Before it.
    pub before: BTreeMap<String, Told>,
}

impl Memory {
    /// From a subscription; what is not ours to read is forgotten.
    pub fn read(kept: &Value) -> Self {
        serde_json::from_value(kept.clone()).unwrap_or_default()
    }

    /// What was told before a slot.
    pub fn before(self, slot: At) -> BTreeMap<String, Told> {
        if self.slot == Some(slot) { self.before } else { self.told }
    }
}

/// What a slot comes to.
pub struct Outcome {
    /// The message and its thread; none: quiet.
    pub cards: Option<(Card, Vec<Card>)>,
    /// Why it is quiet.
    pub quiet: String,
    /// What is told after it.
    pub told: BTreeMap<String, Told>,
}

/// What a slot says.
pub async fn run(cx: &Cx, due: &Due) -> Result<post::Said, Failure> {
    let (subscription, at) = (&due.subscription, due.at);
    let settings = Settings::read(&subscription.settings)?;
    let silent = |why: &str| Ok(post::Said { quiet: Some(why.to_owned()), ..post::Said::default() });
    if let State::Paused { until: Some(until), .. } = subscription.state
        && at < until
    {
        return silent("It was snoozed then."); // a slot of the snooze, made up for right after it
    }
    if !settings.rhythm.uses(at, subscription.zone) {
        return silent("Not this week: it was asked for less often.");
    }
    // Facts later than the slot do not exist, however late it is run.
    let cx = &as_whom(cx, None, at.min(cx.now));
    if let Err(why) = may_hear(cx, subscription, &settings) {
        return silent(&format!("{} {}", why.message, why.hint));
    }
    let before = Memory::read(&subscription.memory).before(at);
    let outcome = outcome(cx, &settings, &before, at, &subscription.id).await?;
    let memory = Memory { slot: Some(at), told: outcome.told, before };
    let memory = Some(serde_json::to_value(memory).map_err(anyhow::Error::from)?);
    let Some((card, thread)) = outcome.cards else {
        return Ok(post::Said { memory, quiet: Some(outcome.quiet), ..post::Said::default() });
    };
    let key = format!("digest/{}/{at}", subscription.id);
    let post = |key: String, thread_of: Option<String>, card: Card| Post {
        key,
        channel: subscription.channel.clone(),
        thread_of,
        card,
        not_before: None,
        reminds_of: None,
    };
    let details = thread.into_iter().enumerate().map(|(n, card)| post(format!("{key}/{n}"), Some(key.clone()), card));
    let posts = std::iter::once(post(key.clone(), None, card)).chain(details).collect();
    Ok(post::Said { posts, memory, quiet: None })
}

/// The same view of the same facts, as of an instant and as somebody.
fn as_whom(cx: &Cx, asker: Option<Asker>, now: At) -> Cx {
    Cx {
        store: cx.store.clone(),
        now,
        org: cx.org.clone(),
        retention_days: cx.retention_days,
        asker,
        host: cx.host.clone(),
        memo: cx.memo.clone(),
        keys: cx.keys.clone(),
    }
}

/// Refuses teams that are gone, or that whoever subscribed may not see.
fn may_hear(cx: &Cx, subscription: &Subscription, settings: &Settings) -> Result<(), UserError> {
    let user = settings.by.as_ref().unwrap_or(&subscription.author);
    let person = settings.person.as_ref().and_then(|id| cx.org.org.people.get(id));
    let author = Asker {
        user: user.clone(),
        email: person.and_then(|person| person.emails.first().cloned()),
        admin: settings.by_admin || cx.host.admins.contains(user),
        channel: None,
    };
    let as_author = as_whom(cx, Some(author), cx.now);
    for scope in &settings.scopes {
        let gone = scope.teams().iter().find(|id| cx.org.org.teams.get(*id).is_none_or(|team| team.dissolved.is_some()));
        if let Some(id) = gone {
            let hint = "Press Change below `/metrics digest` to hear of another.";
            return Err(UserError::new(crate::error::Kind::UnknownTeam, format!("Team `{id}` is no longer in the organisation."), hint));
        }
        match access::check_days(&as_author, scope, facts::DAYS) {
            Ok(()) => {}
            Err(Failure::User(error)) => {
                let hint = "Whoever subscribed this channel is not one of them: one of its members can subscribe it anew.";
                return Err(UserError::new(error.kind, error.message, hint));
            }
            Err(Failure::Ours(error)) => return Err(UserError::new(crate::error::Kind::NotAllowed, error.to_string(), "")),
        }
    }
    Ok(())
}

/// What there is to say at an instant. `id`: the subscription's; empty: a preview, without buttons.
pub async fn outcome(cx: &Cx, settings: &Settings, before: &BTreeMap<String, Told>, at: At, id: &str) -> Result<Outcome, Failure> {
    let (all, told) = digests(cx, settings, before, at).await?;
    if !speaks(settings.template, &all) {
        return Ok(Outcome { cards: None, quiet: quiet(&all), told });
    }
    let mut kept = Vec::new();
    for (facts, digest) in &all {
        kept.push(facts::keep(cx, facts, &families(digest)).await?);
    }
    let said: Vec<Said<'_>> = all.iter().zip(&kept).map(|((facts, digest), kept)| Said { facts, digest, kept }).collect();
    let thread = said.iter().map(card::details).collect();
    Ok(Outcome { cards: card::card(settings.template, &said, id).map(|card| (card, thread)), quiet: quiet(&all), told })
}

/// The facts and the digest of each scope, and what is told after them.
async fn digests(
    cx: &Cx,
    settings: &Settings,
    before: &BTreeMap<String, Told>,
    at: At,
) -> Result<(Vec<(Arc<Facts>, Digest)>, BTreeMap<String, Told>), Failure> {
    let (mut all, mut told) = (Vec::new(), BTreeMap::new());
    let nothing = Told::default();
    for scope in &settings.scopes {
        let facts = facts::load(cx, scope, at).await?;
        let (digest, after) = compute::compute(&facts, before.get(&name(scope)).unwrap_or(&nothing), at);
        told.insert(name(scope), after);
        all.push((facts, digest));
    }
    Ok((all, told))
}

fn name(scope: &Scope) -> String {
    scope_text(scope)
}

/// Whether a message is worth it: where something is new; before planning always, since the meeting needs its facts.
fn speaks(template: Template, all: &[(Arc<Facts>, Digest)]) -> bool {
    let has_data = all.iter().any(|(_, digest)| digest.has_data);
    let shown: &[Family] = if template == Template::Leadership { &[Family::Dora] } else { &[Family::Dora, Family::Flow] };
    has_data && (template == Template::Planning || all.iter().any(|(_, digest)| digest.is_news(shown)))
}

fn quiet(all: &[(Arc<Facts>, Digest)]) -> String {
    let mut why: Vec<String> = all.iter().map(|(_, digest)| digest.quiet()).collect();
    why.dedup();
    if why.len() > 1 { "Nothing new of any of the teams.".into() } else { why.join(" ") }
}

/// Families of which changes are told.
fn families(digest: &Digest) -> Vec<Family> {
    digest.changes.iter().take(MOST).map(|place| digest.judged[*place].family).collect()
}

/// Slots in the past of which a message would have been posted, and how many would have been quiet.
pub async fn history(cx: &Cx, settings: &Settings, slots: &[At]) -> Result<(u64, u64), Failure> {
    let (mut posted, mut quiet) = (0, 0);
    let mut told = BTreeMap::new();
    for at in slots {
        let (all, after) = digests(cx, settings, &told, *at).await?;
        told = after;
        if speaks(settings.template, &all) { posted += 1 } else { quiet += 1 }
    }
    Ok((posted, quiet))
}
