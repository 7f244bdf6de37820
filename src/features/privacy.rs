//! `privacy`: what does pacer keep about me, for how long, and how do I end it?
//!
//! About the asker alone: there is no way in but the asker, and whether a sealed ballot of theirs is in an open wave is told to nobody
//! else. Said exactly, table by table, since a promise that is rounded off is none. Admins see below it what was done to surveys, when,
//! without any content. Never to be used to look somebody else up.

use chrono::{Days, NaiveDate};
use futures::future::BoxFuture;

use super::retention::MESSAGES_DAYS;
use super::{Action, Command, Cx, Effect, PERIOD, Press, Reply, kudos, me, typed};
use crate::domain::ask::{Ask, Words};
use crate::domain::card::{Button, Card, Line, Part, Scope};
use crate::domain::form::Form;
use crate::domain::survey::PROMISE;
use crate::domain::time::At;
use crate::domain::words;
use crate::error::{Failure, Kind, UserError};
use crate::store::about::Written;
use crate::store::survey::{COMMENTS_FOR, Entry, INVITES_FOR, State, Stored, Survey, Wave};

/// The registration.
pub const COMMAND: Command = Command {
    name: "privacy",
    usage: "",
    summary: "for your eyes only: what pacer keeps about you, until when, and how to end it",
    example: "privacy",
    private: true,
    words: Words::None,
    period: PERIOD,
    recount: None,
    run: |cx, ask| -> BoxFuture<'_, _> { Box::pin(run(cx, ask)) },
};
/// "Forget me in surveys": says what goes and asks once more.
pub const FORGET: Action = Action { name: "privacy_forget", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(forget(cx, press)) } };
/// The same, meant.
pub const FORGET_SENT: Action =
    Action { name: "privacy_forget_sent", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(forget_sent(cx, press)) } };
/// "Stop surveys": none asks the person any more.
pub const STOP: Action = Action { name: "privacy_stop", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(stop(cx, press)) } };
/// "Ask me again". Value: what was stopped, a survey's id or `all`.
pub const AGAIN: Action = Action { name: "privacy_again", run: |cx, press| -> BoxFuture<'_, _> { Box::pin(again(cx, press)) } };

/// Every survey.
const ALL: &str = "all";
/// What marks somebody who is forgotten when their open waves end.
const FORGOTTEN: &str = "forget";
/// Lines of the log that admins see.
const LOG: i64 = 20;

/// What surveys keep of the asker.
struct Kept {
    stored: Stored,
    /// Their waves, in the order of invitations, each with its team's name, and whether its key is there.
    waves: Vec<(Wave, String, bool)>,
    surveys: Vec<Survey>,
}

impl Kept {
    async fn of(cx: &Cx) -> Result<Self, Failure> {
        let unread = |error: anyhow::Error| {
            UserError::new(
                Kind::NotAllowed,
                format!("What surveys keep of you can't be told just now: {error:#}."),
                "Ask an admin to run `pacer doctor`, then ask again.",
            )
        };
        let stored = cx.store.stored_about(&cx.keys, &cx.user()).await.map_err(unread)?;
        let mut waves = Vec::new();
        for (id, node) in &stored.invitations {
            let Some(wave) = cx.store.wave(id).await? else { continue };
            let has_key = cx.keys.has(id)?;
            let team = if node == ALL { "the whole organisation".to_owned() } else { cx.org.org.scope_name(&Scope::Team(node.clone())) };
            waves.push((wave, team, has_key));
        }
        Ok(Self { stored, waves, surveys: cx.store.surveys().await? })
    }

    fn title(&self, survey: &str) -> String {
        self.surveys.iter().find(|it| it.id == survey).map_or_else(|| survey.to_owned(), |it| it.title.clone())
    }

    /// Waves of theirs that are under way.
    fn open(&self) -> impl Iterator<Item = &(Wave, String, bool)> {
        self.waves.iter().filter(|(wave, ..)| under_way(wave))
    }

    fn ended(&self) -> usize {
        self.waves.len() - self.open().count()
    }

    fn is_forgotten(&self) -> bool {
        self.stored.stopped.iter().any(|scope| scope == FORGOTTEN)
    }

    fn stops(&self) -> impl Iterator<Item = &String> {
        self.stored.stopped.iter().filter(|scope| *scope != FORGOTTEN)
    }
}

fn under_way(wave: &Wave) -> bool {
    matches!(wave.state, State::Open | State::Closing)
}

async fn run(cx: &Cx, ask: Ask) -> Result<Reply, Failure> {
    me::refuse_arguments(cx, &ask)?;
    Ok(Reply::Card(Box::new(card(cx).await?)))
}

async fn card(cx: &Cx) -> Result<Card, Failure> {
    let kept = Kept::of(cx).await?;
    let mut parts = vec![Part::Heading("Surveys".into())];
    parts.extend(surveys(&kept));
    parts.push(Part::Text(Line::plain(PROMISE)));
    parts.push(Part::Heading("Organisation".into()));
    parts.push(Part::List(organisation(cx).await?, None));
    parts.push(Part::Heading("What you set up, said or promised".into()));
    parts.push(Part::List(written(&cx.store.written_by(&cx.user()).await?), None));
    parts.push(Part::Heading("Until when".into()));
    parts.push(Part::List(periods(cx.retention_days), None));
    if cx.asker.as_ref().is_some_and(|asker| asker.admin) {
        parts.push(Part::Heading("For admins: what was done to surveys".into()));
        parts.push(log(cx, &cx.store.audited(LOG).await?));
    }
    let button =
        |label: &str, action: &str, value: &str| Button { label: label.into(), action: action.into(), value: value.into(), primary: false };
    let mut buttons = vec![button("Forget me in surveys", "privacy_forget", "")];
    if kept.stored.stopped.iter().any(|scope| scope == ALL) {
        buttons.push(button("Ask me again", "privacy_again", ALL));
    } else {
        buttons.push(button("Stop surveys", "privacy_stop", ""));
    }
    Ok(Card {
        command: "privacy".into(),
        title: "What pacer keeps about you".into(),
        verdict: verdict(&kept),
        parts,
        notes: vec![Line::plain("Only you see this. There is no figure about a person in pacer, so none about you.")],
        buttons,
        ..Card::default()
    })
}

fn verdict(kept: &Kept) -> Line {
    let invited = words::count(kept.waves.len() as u64, "invitation to a survey", "invitations to surveys");
    let sealed = match kept.stored.ballots.len() {
        0 => "no ballot".to_owned(),
        n => words::count(n as u64, "sealed ballot", "sealed ballots"),
    };
    let stopped = if kept.stops().next().is_some() { " You stopped some or all surveys." } else { "" };
    Line::plain(format!("Of you pacer holds {invited}, {sealed}, and what stands below.{stopped}"))
}

fn surveys(kept: &Kept) -> Vec<Part> {
    let mut lines: Vec<Line> = kept.waves.iter().map(|it| invitation(kept, it)).collect();
    if lines.is_empty() {
        lines.push("No survey has an invitation of yours, and none a ballot.".into());
    }
    if kept.is_forgotten() {
        lines.push("You asked to be forgotten: what is left of you goes when the open wave ends, and this note with it.".into());
    }
    let mut parts = vec![Part::List(lines, None)];
    for scope in kept.stops() {
        let what = if scope == ALL { "all surveys".to_owned() } else { format!("the survey {}", kept.title(scope)) };
        let line = Line::plain(format!("You stopped {what}: that is kept until you take it back."));
        parts.push(Part::Beside(
            line,
            Button { label: "Ask me again".into(), action: "privacy_again".into(), value: scope.clone(), primary: false },
        ));
    }
    parts
}

fn last_day(wave: &Wave, days: u64) -> NaiveDate {
    wave.closes_on.checked_add_days(Days::new(days)).unwrap_or(wave.closes_on)
}

fn invitation(kept: &Kept, (wave, team, has_key): &(Wave, String, bool)) -> Line {
    let title = kept.title(&wave.survey);
    let until = last_day(wave, INVITES_FOR);
    let line = Line::default().strong(title);
    if !under_way(wave) {
        let how = if wave.state == State::Void { "void" } else { "closed" };
        return line.and(format!(
            ", {how}, {} to {}: that you were asked, and counted in {team}. Whether you answered is not kept. The invitation goes when the next wave \
             has closed and no group needs it to stay hidden, at the latest on {until}.",
            wave.opens_on, wave.closes_on
        ));
    }
    let ballot = match (kept.stored.ballots.contains(&wave.id), has_key) {
        (true, _) => "It holds a sealed ballot of yours; only you are told.",
        (false, true) => "It holds no ballot of yours.",
        (false, false) => "Whether it holds a ballot of yours can't be told: its key is missing.",
    };
    line.and(format!(
        ", open until {}: that you are asked, and count in {team}. {ballot} The ballot is destroyed at close; the invitation stays for the next wave \
         to compare with, at the latest until {until}.",
        wave.closes_on
    ))
}

/// Teams and names: what the organisation file and Slack's groups say of the asker.
async fn organisation(cx: &Cx) -> Result<Vec<Line>, Failure> {
    let org = &cx.org.org;
    let mut lines = Vec::new();
    let user = cx.user();
    let person = me::person(cx);
    let named = |id: &str| id == user || person == Some(id);
    let teams: Vec<String> = me::teams(cx).into_iter().map(|id| org.scope_name(&Scope::Team(id.into()))).collect();
    lines.push(if teams.is_empty() {
        "You are in no team.".into()
    } else {
        Line::plain(format!(
            "You are in {}. When you joined and left a team is kept, so that figures of the past stay right.",
            words::join(&teams)
        ))
    });
    let leads: Vec<String> =
        org.live_teams().filter(|(_, team)| team.leads.iter().any(|lead| named(lead))).map(|(_, team)| team.name.clone()).collect();
    if !leads.is_empty() {
        lines.push(format!("You lead {}, so your answers count in the team above.", words::join(&leads)).into());
    }
    if let Some(known) = person.and_then(|id| org.people.get(id)) {
        let mut facts: Vec<String> = known.emails.clone();
        facts.extend(known.aliases.iter().map(|(tool, alias)| format!("{alias} in {tool}")));
        facts.extend(known.fte.map(|fte| format!("{fte} of a full week")));
        facts.extend(known.away.iter().map(|(from, until)| format!("away {from} to {until}")));
        let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
        lines.push(Line::plain("The organisation file has you as ").code(person.unwrap_or_default()).and(format!("{facts}.")));
    }
    let met: Vec<String> =
        me::me(cx).await?.map(|me| me.met.into_iter().map(|(source, name)| format!("{name} in {source}")).collect()).unwrap_or_default();
    lines.push(if met.is_empty() {
        "No tool has told of you by these names.".into()
    } else {
        format!(
            "Tools told of {}: as author, reviewer or assignee of changes and items. They find what waits for you, and count for nothing.",
            words::join(&met)
        )
        .into()
    });
    Ok(lines)
}

fn written(it: &Written) -> Vec<Line> {
    let kinds = [
        (it.digests, "digest that you subscribed", "digests that you subscribed"),
        (it.alerts, "alert that you set", "alerts that you set"),
        (it.marks, "word of yours below an alert", "words of yours below alerts"),
        (it.warnings, "word of yours on a warning of a project", "words of yours on warnings of projects"),
        (it.org_changes, "change of the organisation by you", "changes of the organisation by you"),
        (it.surveys, "survey that you set up", "surveys that you set up"),
        (it.actions, "action that you own or wrote", "actions that you own or wrote"),
        (it.notes, "note of a retrospective that you wrote", "notes of retrospectives that you wrote"),
        (it.decisions, "decision of a retrospective that you own", "decisions of retrospectives that you own"),
        (it.verdicts, "word of yours on whether a decision worked", "words of yours on whether decisions worked"),
        (it.improvements, "improvement that you declared", "improvements that you declared"),
        (it.kudos, "thank-you that names you", "thank-yous that name you"),
        (it.messages, "direct message to you, sent or planned", "direct messages to you, sent or planned"),
    ];
    let lines: Vec<Line> =
        kinds.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| Line::plain(words::count(n, one, many))).collect();
    if lines.is_empty() { vec!["Nothing stands under your name.".into()] } else { lines }
}

fn periods(deliveries: u32) -> Vec<Line> {
    [
        "Sealed ballots: until their survey closes.".to_owned(),
        format!("Invitations to surveys: until the next wave has closed, at most {INVITES_FOR} days."),
        format!("Comments, which belong to nobody: {COMMENTS_FOR} days. Counts of groups: for good."),
        format!("What tools sent, as it came: {deliveries} days. What was read out of it: for good."),
        format!("Messages that pacer sent: {MESSAGES_DAYS} days, then only Slack has them."),
        format!("Thank-yous without an answer: {} days; what is declined, or kept between two, goes at once.", kudos::DAYS),
        "Digests, alerts, actions, notes, improvements, shared thank-yous, stops, memberships: until somebody ends them; who did it stays in the organisation's history."
            .to_owned(),
    ]
    .map(Line::plain)
    .to_vec()
}

fn log(cx: &Cx, entries: &[Entry]) -> Part {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let line = |it: &Entry| {
        // A day where a person did it about themselves.
        let day = || it.at.parse().map_or_else(|_| it.at.clone(), |day| words::day(day, cx.now.utc().date_naive()));
        let when = At::parse(&it.at).map_or_else(day, |at| words::moment(at, cx.now, zone));
        match &it.wave {
            Some(wave) => Line::plain(format!("{when}: ")).code(wave).and(format!(" {}", it.what.said())),
            None => Line::plain(format!("{when}: {}", it.what.said())),
        }
    };
    let lines: Vec<Line> = entries.iter().map(line).collect();
    Part::List(if lines.is_empty() { vec!["Nothing yet.".into()] } else { lines }, None)
}

async fn forget(cx: &Cx, _: Press) -> Result<Effect, Failure> {
    let kept = Kept::of(cx).await?;
    let mut lines: Vec<Line> = Vec::new();
    if kept.waves.is_empty() {
        lines.push("Surveys keep nothing about you but what you stopped, so there is nothing to forget.".into());
    }
    if !kept.stored.ballots.is_empty() {
        let ballots = words::count(kept.stored.ballots.len() as u64, "sealed ballot", "sealed ballots");
        lines.push(Line::default().strong("At once: ").and(format!("{ballots} of yours, which will not be counted.")));
    }
    if kept.ended() > 0 {
        let old = words::count(kept.ended() as u64, "invitation", "invitations");
        lines.push(Line::default().strong("At once: ").and(format!("{old} to waves that are over.")));
    }
    for (wave, ..) in kept.open() {
        let title = kept.title(&wave.survey);
        let why = "who was asked is frozen until then. You are not reminded, and can't answer it any more.";
        lines.push(Line::default().strong("When it ends: ").and(format!("your invitation to {title}, on {}, since {why}", wave.closes_on)));
    }
    lines.push(
        Line::default().strong("Stays: ").and("what was added up, in which nobody can find you, and comments, which belong to nobody. The next survey asks you again, unless you stop surveys."),
    );
    let named = "what you said under your name: notes of retrospectives, which you change or remove in ";
    lines.push(
        Line::default()
            .strong("Stays: ")
            .and(named)
            .code("/metrics retro")
            .and("; actions, in ")
            .code("/metrics pulse actions")
            .and("; thank-yous that were shared, and digests and alerts that you set up."),
    );
    Ok(Effect::Form(Form {
        title: "Forget me in surveys".into(),
        submit: "Forget me".into(),
        action: "privacy_forget_sent".into(),
        state: String::new(),
        fields: vec![typed::note("what", "What goes", lines)],
    }))
}

async fn forget_sent(cx: &Cx, _: Press) -> Result<Effect, Failure> {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    cx.store.forget(&cx.keys, &cx.user(), cx.now.utc().with_timezone(&zone).date_naive()).await?;
    let kept = Kept::of(cx).await?;
    let left = match kept.open().next() {
        None => "Surveys keep nothing about you any more but what you stopped.".to_owned(),
        Some((wave, ..)) => format!("Your ballot is gone. The last invitation goes when its wave ends, on {}.", wave.closes_on),
    };
    Ok(Effect::Modal(Box::new(Card {
        command: "privacy".into(),
        title: "Forgotten".into(),
        verdict: Line::plain(left),
        ..Card::default()
    })))
}

async fn stop(cx: &Cx, _: Press) -> Result<Effect, Failure> {
    cx.store.stop_surveys(&cx.user(), ALL, true).await?;
    Ok(Effect::Replace(Box::new(card(cx).await?)))
}

async fn again(cx: &Cx, press: Press) -> Result<Effect, Failure> {
    // Being forgotten is no stop, and is not taken back.
    if press.value != FORGOTTEN {
        cx.store.stop_surveys(&cx.user(), &press.value, false).await?;
    }
    Ok(Effect::Replace(Box::new(card(cx).await?)))
}
