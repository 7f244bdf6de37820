//! "Connect this channel": whose team `/metrics` means there, for those who have no team of their own.

use futures::future::BoxFuture;

use super::admin;
use super::change::{self, Errors, Sent, Settled, State, Values, said, settle};
use super::service::{NO_TEAM, known_team, team_field};
use crate::domain::card::{Card, Line, Part};
use crate::domain::form::{Field, Form};
use crate::domain::org::{Draft, Org};
use crate::error::{Failure, Kind, UserError};
use crate::features::{Action, Cx, Effect, Press};

/// The button. Value: the channel's id.
pub const CHANNEL: Action = Action { name: "setup_channel", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(pressed(cx, press)) } };
/// The team that it means. Field: `team`; state: a [`State`].
pub const CHANNEL_SENT: Action = Action { name: "setup_channel_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(sent(cx, press)) } };

async fn pressed(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    admin(cx)?;
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    if newest.org.live_teams().next().is_none() {
        let message = "There is no team yet that this channel could mean.";
        return Err(UserError::new(Kind::NotAllowed, message, "Press `Add a team` first.").into());
    }
    let state = State { base: newest.version, previewed: String::new(), id: press.value };
    Ok(Effect::Form(form(&initial(&newest.org, &state.id), None, &state, &newest.org)))
}

fn initial(org: &Org, channel: &str) -> Values {
    [("team".to_owned(), org.team_of_channel(channel).unwrap_or(NO_TEAM).to_owned())].into()
}

fn form(values: &Values, note: Option<Field>, state: &State, org: &Org) -> Form {
    let teams: Vec<(String, String)> = org.live_teams().map(|(id, team)| (id.to_owned(), team.name.clone())).collect();
    let mut field =
        team_field("team", "The team that this channel means", &teams, said(values, "team").unwrap_or_default(), (NO_TEAM, "No team"));
    let hint = "Whoever types /metrics here and is in no team means this one. Who has a team still means their own.";
    field.hint = Some(field.hint.map_or_else(|| hint.to_owned(), |own| format!("{own} {hint}")));
    let fields = note.into_iter().chain([field]).collect();
    Form { title: "Connect this channel".into(), submit: "Connect".into(), action: CHANNEL_SENT.name.into(), state: state.text(), fields }
}

/// The channel means that team, and no other.
fn plan(org: &Org, channel: &str, values: &Values) -> Result<Draft, Errors> {
    let mut org = org.clone();
    let team = match said(values, "team").filter(|team| *team != NO_TEAM) {
        None => None,
        Some(typed) => Some(known_team(&org, typed).map_err(|sentence| vec![("team".to_owned(), sentence)])?),
    };
    for (id, it) in &mut org.teams {
        if team.as_ref() != Some(id) {
            it.channels.retain(|known| known != channel);
        } else if !it.channels.iter().any(|known| known == channel) {
            it.channels.push(channel.to_owned());
        }
    }
    Ok(Draft::of(&org))
}

async fn sent(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    let author = admin(cx)?;
    let state = State::read(&press.value)?;
    let channel = state.id.clone();
    let newest = cx.store.org_version(cx.store.newest_org().await?).await?;
    let sent = Sent {
        values: change::values(&press.fields, initial(&newest.org, &channel)),
        state,
        previews: false,
        initial: &|org| initial(org, &channel),
        plan: &|org, values| plan(org, &channel, values),
        field: &|_, _| "team",
        form: &|values, note, state| form(values, note, state, &newest.org),
        thing: &|org| org.team_of_channel(&channel).unwrap_or_default().to_owned(),
        about: &|_| false,
    };
    let team = said(&sent.values, "team")
        .filter(|team| *team != NO_TEAM)
        .and_then(|team| newest.org.team_by(team))
        .map(|(_, team)| team.name.clone());
    match settle(cx, author, &sent).await? {
        Settled::Ask(effect) => Ok(effect),
        Settled::Same => Ok(change::nothing_changed("this channel")),
        Settled::Stored(_) => Ok(Effect::Modal(Box::new(done(&channel, team.as_deref())))),
    }
}

fn done(channel: &str, team: Option<&str>) -> Card {
    let verdict = match team {
        Some(team) => Line::mention(Line::default(), channel).and(" means ").strong(team).and(" from now on."),
        None => Line::mention(Line::default(), channel)
            .and(" means no team any more: there, ")
            .code("/metrics")
            .and(" is about everything, for those without a team."),
    };
    let next = Line::plain("Try ")
        .code("/metrics")
        .and(" there. Who has a team of their own still gets that one; ")
        .code("team:all")
        .and(" is everything.");
    Card { title: "Channel".into(), verdict, parts: team.map(|_| Part::Text(next)).into_iter().collect(), ..Card::default() }
}
