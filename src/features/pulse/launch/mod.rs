//! A wave begins: who is asked, when each hears of it, what they see, and which groups will be shown.
//!
//! | file | does |
//! |---|---|
//! | `form` | the form, which comes back with a preview; then the launch |
//! | `preview` | what a preview says |
//! | `people` | who is asked, and in which group each counts |
//! | `when` | when each is asked and reminded |
//!
//! A wave is frozen and open once its form is sent; its messages stand in the outbox until it is their time, and go when it ends before.
//! Everybody gets the invitation, whoever answered on the Home tab before it too: so that it tells nothing, and is tried until it
//! arrives. A reminder is sent only to who has not answered by then. Where pacer is killed between launch and outbox, the job says the
//! messages again. Never to be used to see who answered.

mod form;
mod people;
mod preview;
pub(super) mod when;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use self::people::{Asked, Known, Someone};
use super::{actions, answer};
use crate::domain::calendar::WorkCalendar;
use crate::domain::card::Scope;
use crate::domain::org::Org;
use crate::domain::post::Post;
use crate::domain::survey::invite::{InSlack, LeftOut};
use crate::domain::survey::release::{History, Membership, shown};
use crate::domain::survey::tally::Rules;
use crate::domain::survey::tree::Tree;
use crate::domain::survey::wave::{Length, questions};
use crate::domain::survey::{LEAST_COUNTS, LEAST_SCORE, Minima};
use crate::domain::time::At;
use crate::domain::window::local;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::store::receipts::stable_id;
use crate::store::survey::{Frozen, NewWave, Standing, State, Survey, Wave};

pub use form::{LAUNCH, LAUNCHED};
pub(super) use people::own;

/// What an admin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    length: Length,
    /// The team; none: the whole organisation.
    about: Option<String>,
    title: String,
    /// Working days.
    lasts: usize,
    half: bool,
    /// As soon as people are at work.
    at_once: bool,
    channel: Option<String>,
    minima: Minima,
}

/// A wave that could be launched now.
#[derive(Debug, Clone)]
struct Launch {
    survey: Survey,
    wave: NewWave,
    /// The zone of each who is asked.
    zones: BTreeMap<String, Tz>,
    at_once: bool,
    half: bool,
    /// Who was in each group when it was last shown.
    past: History,
    left_out: BTreeMap<LeftOut, u64>,
    /// Why Slack did not say who is who.
    silent: Option<String>,
}

/// What is wrong, and under which field.
type Wrong = (&'static str, String);

/// The id of a survey: of the organisation, or of a team with all below it.
fn survey_id(length: Length, about: Option<&str>) -> String {
    about.map_or_else(|| length.word().to_owned(), |team| format!("{}-{team}", length.word()))
}

/// The id of its next wave: the same whoever launches it, so that of two at once one comes second. Letters, digits and `-`, since it names
/// a file of keys.
fn wave_id(survey: &str, length: Length, earlier: usize) -> String {
    let is_plain = survey.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    let name = if is_plain { survey.to_owned() } else { format!("{}-{}", length.word(), stable_id(&[survey])) };
    format!("{name}-{}", earlier + 1)
}

/// The wave as it could be launched now; or what is wrong.
async fn prepare(cx: &Cx, wanted: &Wanted) -> Result<Result<Launch, Wrong>, Failure> {
    let id = survey_id(wanted.length, wanted.about.as_deref());
    let waves = cx.store.waves().await?;
    let earlier: Vec<&Wave> = waves.iter().filter(|wave| wave.survey == id).collect();
    let before = cx.store.survey(&id).await?;
    if let Some(wrong) = refused(cx, wanted, &id, &earlier).await? {
        return Ok(Err(("about", wrong)));
    }
    let minima = match before.as_ref().map(|it| it.minima).unwrap_or_default().raised(wanted.minima) {
        Ok(minima) => minima,
        Err(sentence) => return Ok(Err((if sentence.contains("bands") { "bands" } else { "counts" }, sentence))),
    };
    let org = &cx.org.org;
    let tree = match people::tree(org, wanted.about.as_deref()) {
        Ok(tree) => tree,
        Err(sentence) => return Ok(Err(("about", sentence))),
    };
    let calendar = WorkCalendar::new(&org.calendar, org.zone_for(&Scope::Organisation));
    let all = people::people(org, &tree, cx.now);
    let (slack, silent) = in_slack(cx, &all).await;
    let known = Known { slack, stopped: cx.store.stopped(&id).await?, last_asked: cx.store.last_asked().await? };
    let opens_on = opening(&calendar, wanted.at_once, &all, &known, cx.now);
    let closes_on = when::last_day(&calendar, opens_on, wanted.lasts);
    let asked = people::asked(&all, &known, &calendar, (opens_on, closes_on));
    let scope = wanted.about.clone().map_or(Scope::Organisation, Scope::Team);
    let invited = match drawn(wanted.half, &asked, &tree, minima, &known) {
        Ok(invited) => invited,
        Err(sentence) => return Ok(Err(("half", sentence))),
    };
    let (past, own) = (cx.store.shown_before().await?, people::own(&tree, &invited));
    if !shown(&tree, &own, minima.score, None)[0] {
        return Ok(Err(("about", too_few(&org.scope_name(&scope), minima.score))));
    }
    if !shown(&tree, &own, minima.score, Some(&Membership::new(&tree, &invited, &past)))[0] {
        return Ok(Err(("about", few_changed(&org.scope_name(&scope)))));
    }
    let asked_before = cx.store.asked_before(&id).await?;
    let categories: Vec<Vec<String>> =
        asked_before.iter().map(|rules| rules.items.iter().map(|item| item.category.clone()).collect()).collect();
    let items = questions(wanted.length, &org.survey.with_shipped(), &categories);
    let wave = NewWave {
        id: wave_id(&id, wanted.length, earlier.len()),
        survey: id.clone(),
        opens_on,
        closes_on,
        rules: Rules { minima, strict_membership: true, items },
        tree,
        invited,
    };
    let survey = Survey {
        id,
        title: wanted.title.clone(),
        kind: wanted.length,
        root: wanted.about.clone(),
        channel: wanted.channel.clone(),
        minima,
        created_by: before.map_or_else(|| cx.user(), |it| it.created_by),
    };
    let (at_once, half) = (wanted.at_once, wanted.half);
    Ok(Ok(Launch { survey, wave, zones: asked.zones, at_once, half, past, left_out: asked.left_out, silent }))
}

/// Why no wave of this survey may be launched now, whoever it would ask.
async fn refused(cx: &Cx, wanted: &Wanted, id: &str, earlier: &[&Wave]) -> Result<Option<String>, Failure> {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    if let Some(open) = earlier.iter().find(|wave| matches!(wave.state, State::Open | State::Closing)) {
        let until = words::moment(when::closes_at(zone, open.closes_on), cx.now, zone);
        return Ok(Some(format!("A wave of this survey is open until {until}. Wait for its results, or close it in /metrics pulse.")));
    }
    if let Some(wave) = actions::unanswered(cx, id).await? {
        let closed = when::day(wave.closes_on);
        return Ok(Some(format!(
            "People answered the wave that closed on {closed}, and nothing was promised after it. Say in /metrics pulse actions what will be done, or why nothing; then ask again."
        )));
    }
    if let Some(wrong) = too_early(cx, wanted.length).await? {
        return Ok(Some(wrong));
    }
    // An admin reads this: it names the folder and what to do.
    Ok(cx.keys.prepare().err().map(|error| format!("No survey can be launched: {error:#}. Nothing was stored.")))
}

/// Why pulses can't begin yet.
async fn too_early(cx: &Cx, length: Length) -> Result<Option<String>, Failure> {
    let done = length == Length::Full || cx.store.actions().await?.iter().any(|action| action.standing == Standing::Done);
    Ok((!done).then(|| {
        "A pulse every other week starts once something came of a survey: launch a full one, and mark an action of it as done in /metrics pulse actions.".to_owned()
    }))
}

/// What Slack says of these people; and why it does not, where that is so.
async fn in_slack(cx: &Cx, all: &[Someone<'_>]) -> (BTreeMap<String, InSlack>, Option<String>) {
    let Some(reader) = &cx.host.slack_people else { return (BTreeMap::new(), Some("Slack is not set up".into())) };
    let wanted = all.iter().filter_map(|someone| someone.slack.map(str::to_owned)).collect();
    match (reader.0)(wanted).await {
        Ok(known) => (known, None),
        Err(why) => (BTreeMap::new(), Some(why)),
    }
}

/// The first day of a wave.
fn opening(calendar: &WorkCalendar, at_once: bool, all: &[Someone<'_>], known: &Known, now: At) -> NaiveDate {
    let mut zones: Vec<Tz> = Vec::new();
    for zone in all.iter().map(|someone| known.zone(someone)) {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    let today = local::wall(calendar.zone(), now).date();
    if at_once {
        let first = zones.iter().map(|zone| when::at_work(calendar, *zone, now)).min();
        return first.map_or(today, |first| local::wall(calendar.zone(), first).date());
    }
    when::midweek(calendar, &zones, now).unwrap_or(today)
}

/// Everybody, or half of each group where every group that can be shown can still reach counts; else why not.
fn drawn(half: bool, asked: &Asked, tree: &Tree, minima: Minima, known: &Known) -> Result<Vec<(String, usize)>, String> {
    if !half {
        return Ok(asked.invited.clone());
    }
    let drawn = people::half(asked, &known.last_asked, rand::random::<u64>);
    let sums = tree.summed(&people::own(tree, &drawn));
    let all = shown(tree, &people::own(tree, &asked.invited), minima.score, None);
    match (0..sums.len()).find(|node| all[*node] && sums[*node] < minima.counts) {
        Some(node) => Err(format!(
            "Half of {} would be fewer than {} people, too few to count their answers. Ask everybody.",
            tree.nodes()[node].name,
            minima.counts
        )),
        None => Ok(drawn),
    }
}

fn too_few(name: &str, least: u32) -> String {
    format!(
        "Fewer than {least} people of {name} could be asked, so nothing could be shown of what they say, and nobody is asked. Choose a larger group, at best one of {} or more.",
        3 * LEAST_SCORE.max(LEAST_COUNTS / 2)
    )
}

fn few_changed(name: &str) -> String {
    format!(
        "Nothing could be shown of what the people of {name} say, and nobody is asked: a few of them changed since they were last shown, and who they are could be told from the difference. Choose a larger group."
    )
}

impl Launch {
    /// When somebody is asked.
    fn first(&self, calendar: &WorkCalendar, zone: Tz, now: At) -> At {
        if self.at_once { when::at_work(calendar, zone, now) } else { when::on(calendar, zone, self.wave.opens_on, now) }
    }

    /// All its messages.
    fn posts(&self, calendar: &WorkCalendar, now: At) -> Vec<Post> {
        posts(&self.survey, &self.wave, &self.zones, calendar, |zone| self.first(calendar, zone, now))
    }
}

/// An invitation and at most two reminders for each who is asked, at their time.
fn posts(survey: &Survey, wave: &NewWave, zones: &BTreeMap<String, Tz>, calendar: &WorkCalendar, first: impl Fn(Tz) -> At) -> Vec<Post> {
    let asked = wave.tree.summed(&people::own(&wave.tree, &wave.invited));
    let closes_at = when::closes_at(calendar.zone(), wave.closes_on);
    let mut posts = Vec::new();
    for (user, node) in &wave.invited {
        let zone = zones.get(user).copied().unwrap_or(calendar.zone());
        let asked_at = first(zone);
        let reminders = when::reminders(calendar, zone, asked_at, closes_at);
        let key = format!("survey/{}/{user}", wave.id);
        let post = |key: String, round: answer::Round, at: At| Post {
            key,
            channel: user.clone(),
            thread_of: None,
            card: answer::invitation(survey, wave, calendar.zone(), &asked, *node, round),
            not_before: Some(at),
            reminds_of: (round != answer::Round::Invitation).then(|| wave.id.clone()),
        };
        posts.push(post(key.clone(), answer::Round::Invitation, asked_at));
        let last = reminders.len();
        for (nth, at) in (1..).zip(reminders) {
            posts.push(post(format!("{key}/{nth}"), answer::Round::Reminder { last: nth == last }, at));
        }
    }
    posts
}

/// The messages of an open wave whose launch was cut off before they stood in the outbox; none where they stand.
pub(super) async fn unsaid(cx: &Cx, wave: &Wave) -> Result<Vec<Post>, Failure> {
    if wave.state != State::Open || cx.store.said_any(&format!("survey/{}/", wave.id)).await? {
        return Ok(Vec::new());
    }
    tracing::warn!(wave = wave.id, "the launch of a survey was cut off before its messages were said: they are said now");
    let Some(frozen) = cx.store.frozen_wave(&wave.id).await? else { return Ok(Vec::new()) };
    let slack = in_slack(cx, &people::people(&cx.org.org, &frozen.tree, cx.now)).await.0;
    messages(cx, wave, frozen, slack).await
}

/// The messages of an open wave that was launched without its form; whose zone Slack does not say hears it by the clock of their team.
///
/// # Errors
/// If the store can't be read.
pub async fn messages(cx: &Cx, wave: &Wave, frozen: Frozen, slack: BTreeMap<String, InSlack>) -> Result<Vec<Post>, Failure> {
    let Some(survey) = cx.store.survey(&wave.survey).await? else { return Ok(Vec::new()) };
    let org = &cx.org.org;
    let all = people::people(org, &frozen.tree, cx.now);
    let known = Known { slack, ..Known::default() };
    let zones = all.iter().filter_map(|someone| Some((someone.slack?.to_owned(), known.zone(someone)))).collect();
    let calendar = WorkCalendar::new(&org.calendar, org.zone_for(&Scope::Organisation));
    let again = NewWave {
        id: wave.id.clone(),
        survey: wave.survey.clone(),
        opens_on: wave.opens_on,
        closes_on: wave.closes_on,
        rules: frozen.rules,
        tree: frozen.tree,
        invited: frozen.invited,
    };
    Ok(posts(&survey, &again, &zones, &calendar, |zone| when::on(&calendar, zone, wave.opens_on, cx.now)))
}

/// When somebody is at work next, as far as their teams tell: what a survey says to them late waits until then.
pub fn at_work(org: &Org, user: &str, now: At) -> At {
    let zone = org.zone_for(&Scope::of_teams(org.teams_of_user(user, None, now)));
    when::at_work(&WorkCalendar::new(&org.calendar, org.zone_for(&Scope::Organisation)), zone, now)
}
