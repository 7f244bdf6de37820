//! From a form that was sent to a new version of the organisation: checked as a file, previewed once, stored with its author.
//!
//! Decisions:
//!
//! - What the form says is written into the text of the newest organisation ([`Draft`]) and read again; a mistake's line tells
//!   which key, and so which field, it stands under.
//! - The first time a form is sent it comes back with what would move; its state then carries a hash of the values. Sent again
//!   with those values it is stored; with others it is previewed again. So nothing is kept between the two.
//! - A form sent twice, or by two people alike, finds that nothing is left to change, and says so.
//! - Where somebody else changed the very thing meanwhile, the form comes back with the new values, with what this person had
//!   changed in it, and says who did what: nothing of either is lost silently.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::domain::card::{Card, Line};
use crate::domain::form::{Field, Form, Input};
use crate::domain::org::{self, Draft, Org, Team};
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::features::moves::{self, Look};
use crate::features::{Cx, Effect, groups};
use crate::store::org::{Author, OrgVersion};

/// A form's values by field.
pub type Values = BTreeMap<String, String>;
/// Sentences by the field that they stand under.
pub type Errors = Vec<(String, String)>;

/// How often a change is made anew because somebody else's came first.
const ROUNDS: usize = 3;
/// Letters that Slack lets one type into a field.
const LONGEST: usize = 3_000;

/// What a form carries beside its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The version of the organisation that its values were those of.
    pub base: i64,
    /// The values that were previewed; empty: none yet.
    pub previewed: String,
    /// The service, team or channel; empty: a new one.
    pub id: String,
}

impl State {
    /// As a form carries it.
    pub fn text(&self) -> String {
        format!("{}|{}|{}", self.base, self.previewed, self.id)
    }

    /// From what a form carried.
    ///
    /// # Errors
    /// Where it is none of ours.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = text.splitn(3, '|').collect();
        let [base, previewed, id] = parts[..] else { return Err(broken()) };
        let base = base.parse().map_err(|_| broken())?;
        Ok(Self { base, previewed: previewed.into(), id: id.into() })
    }
}

fn broken() -> Failure {
    UserError::new(Kind::NotUnderstood, "This form is not one that I can still read.", "Type `/metrics setup` and open it again.").into()
}

/// A form that was sent.
pub struct Sent<'a> {
    pub state: State,
    pub values: Values,
    /// Whether it comes back with what would move before it is stored.
    pub previews: bool,
    /// The values of an organisation.
    pub initial: &'a (dyn Fn(&Org) -> Values + Sync),
    /// What the values make of an organisation, or what is wrong with them.
    pub plan: &'a (dyn Fn(&Org, &Values) -> Result<Draft, Errors> + Sync),
    /// The field that a key of the file stands under.
    pub field: &'a (dyn Fn(&str, &str) -> &'static str + Sync),
    /// The form with values, some lines on top.
    pub form: &'a (dyn Fn(&Values, Option<Field>, &State) -> Form + Sync),
    /// What is compared to tell whether somebody else changed it.
    pub thing: &'a (dyn Fn(&Org) -> String + Sync),
    /// Whether a doubt about a service or team is about this.
    pub about: &'a (dyn Fn(&str) -> bool + Sync),
}

/// What came of it.
pub enum Settled {
    /// The person is asked again.
    Ask(Effect),
    /// It is so already.
    Same,
    /// It is stored.
    Stored(Box<Look>),
}

/// Carries it out as far as it goes.
pub async fn settle(cx: &Cx, author: String, sent: &Sent<'_>) -> Result<Settled, Failure> {
    for _ in 0..ROUNDS {
        let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
        let (values, org) = (&sent.values, &newest.org);
        let wrong = |errors: Errors| Ok(Settled::Ask(Effect::Wrong((sent.form)(values, None, &sent.state), errors)));
        let too_long = values.iter().find(|(_, value)| value.chars().count() > LONGEST);
        if let Some((field, _)) = too_long {
            return wrong(vec![(field.clone(), "This is longer than the 3,000 letters that fit.".into())]);
        }
        let after = match planned(sent, org, cx) {
            Ok(after) => after,
            Err(errors) => return wrong(errors),
        };
        if after == *org {
            return Ok(Settled::Same);
        }
        if newest.version != sent.state.base {
            let base = cx.store.org_version(sent.state.base).await?;
            if (sent.thing)(&base.org) != (sent.thing)(org) {
                return Ok(Settled::Ask(Effect::Form(merged(cx, sent, &base.org, &newest).await?)));
            }
        }
        let hash = hash(values);
        let look = if sent.previews {
            let foreseen = groups::foreseen(&cx.host, org, after.clone(), cx.now).await;
            moves::look(&cx.store, org, &foreseen, cx.now).await?
        } else {
            Look::default()
        };
        if sent.previews && sent.state.previewed != hash {
            let state = State { previewed: hash, ..sent.state.clone() };
            return Ok(Settled::Ask(Effect::Form((sent.form)(values, Some(preview(&look, sent)), &state))));
        }
        let summary = org::preview(org, &after);
        if cx.store.change_org(&newest, after, cx.now, Author::Person(author.clone()), summary).await?.is_some() {
            return Ok(Settled::Stored(Box::new(look)));
        }
    }
    let message = "Others are changing the organisation at this very moment, so nothing was stored.";
    Err(UserError::new(Kind::NotAllowed, message, "Send the form again.").into())
}

/// The organisation with the values, or what is wrong under which field.
fn planned(sent: &Sent<'_>, org: &Org, cx: &Cx) -> Result<Org, Errors> {
    let draft = (sent.plan)(org, &sent.values)?;
    let under = |problem: &org::Problem| {
        let (kind, key) = problem.line.and_then(|line| draft.key_at(line)).map_or(("", ""), |(kind, _, key)| (kind, key));
        ((sent.field)(kind, key).to_owned(), format!("{}.", words::capitalised(&problem.message)))
    };
    let errors = |error: org::FileError| {
        let mut errors: Errors = error.problems.iter().map(under).collect();
        errors.dedup_by(|one, other| one.0 == other.0);
        errors
    };
    let file = draft.read().map_err(errors)?;
    org::apply(org, file, cx.now).map_err(errors)
}

/// What would move, on top of the form.
fn preview(look: &Look, sent: &Sent<'_>) -> Field {
    let mut lines: Vec<Line> = look.changes.iter().chain(&look.moves).map(|line| Line::sentence(line)).collect();
    if look.moves.is_empty() {
        lines.push("No deployment, change or item of the last 90 days counts elsewhere.".into());
    }
    lines.extend(look.receipts.iter().map(Line::plain));
    let doubts = look.doubts.iter().filter(|doubt| (sent.about)(&doubt.about));
    lines.extend(doubts.map(|doubt| Line::sentence(&format!("Worth a look: {}", doubt.text))));
    note("Nothing is stored yet. Send it again to do this:", lines)
}

/// The form with the newest values and this person's own changes, and who changed what.
async fn merged(cx: &Cx, sent: &Sent<'_>, base: &Org, newest: &OrgVersion) -> Result<Form, Failure> {
    let (then, now) = ((sent.initial)(base), (sent.initial)(&newest.org));
    let own = sent.values.iter().filter(|(field, value)| then.get(*field) != Some(*value));
    let mut values = now;
    values.extend(own.map(|(field, value)| (field.clone(), value.clone())));
    let zone = newest.org.time_zone.unwrap_or(chrono_tz::Tz::UTC);
    let changes = cx.store.org_changes(cx.now, 20).await?;
    let mut lines = Vec::new();
    for it in changes.iter().filter(|it| it.version > sent.state.base).take(5) {
        let line = Line::plain(words::moment(it.at, cx.now, zone));
        let line = if let Some(Author::Person(id)) = &it.author { line.and(" by ").mention(id) } else { line };
        lines.push(line.and(": ").and(it.summary.join("; ")));
    }
    let heading = "Somebody changed this since you opened the form. Below are the new values, with what you changed:";
    let state = State { base: newest.version, previewed: String::new(), id: sent.state.id.clone() };
    Ok((sent.form)(&values, Some(note(heading, lines)), &state))
}

/// Lines on top of a form.
pub fn note(heading: &str, lines: Vec<Line>) -> Field {
    Field { id: "note".into(), label: heading.into(), hint: None, optional: true, input: Input::Note(lines) }
}

/// Tells values apart.
fn hash(values: &Values) -> String {
    let mut hasher = Sha256::new();
    for (field, value) in values {
        for part in [field, value] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hex::encode(&hasher.finalize()[..8])
}

/// What was sent, over the values that the form began with: Slack leaves an input out that it was not shown.
pub fn values(fields: &Values, initial: Values) -> Values {
    let mut values = initial;
    for (field, value) in &mut values {
        if let Some(sent) = fields.get(field) {
            sent.replace("\r\n", "\n").trim().clone_into(value);
        }
    }
    values
}

/// A value that is not empty.
pub fn said<'a>(values: &'a Values, field: &str) -> Option<&'a str> {
    values.get(field).map(String::as_str).filter(|value| !value.is_empty())
}

/// What a team's form shows of it: neither its services nor its channels nor whom a group brought.
pub fn shown(team: Option<&Team>) -> String {
    let bare = team.map(|team| Team { services: Vec::new(), channels: Vec::new(), followed: Vec::new(), ..team.clone() });
    serde_json::to_string(&bare).unwrap_or_default()
}

/// That nothing was left to do.
pub fn nothing_changed(what: &str) -> Effect {
    Effect::Modal(Box::new(Card {
        title: "Setup".into(),
        verdict: Line::plain("Nothing changed: ").strong(what).and(" is set up like this already."),
        ..Card::default()
    }))
}
