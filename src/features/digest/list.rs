//! The card of `digest`: what this channel hears and when, what came of the last slot, and the buttons that change it.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::settings::{Rhythm, Settings, Template};
use super::{KIND, when};
use crate::domain::card::{Button, Card, Line, Part, Table};
use crate::domain::org::Org;
use crate::domain::subscription::{State, Subscription};
use crate::domain::time::At;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::store::lease::Slot;

/// Slots told of one subscription.
const SLOTS: i64 = 4;
/// Subscriptions with a button each.
const LISTED: usize = 8;

/// A subscription as it is shown.
struct View {
    subscription: Subscription,
    settings: Settings,
    about: String,
    next: Option<At>,
    slots: Vec<Slot>,
}

impl View {
    async fn of(cx: &Cx, subscription: &Subscription) -> Result<Self, Failure> {
        let settings = Settings::read(&subscription.settings)?;
        let (zone, crontab) = (subscription.zone, subscription.crontab.as_str());
        let next = match &subscription.state {
            State::Active => when::next(crontab, zone, &settings, cx.now),
            State::Paused { until: Some(until), .. } => when::next(crontab, zone, &settings, (*until).max(cx.now)),
            State::Paused { until: None, .. } | State::Stopped { .. } => None,
        };
        let slots = cx.store.outcomes(&format!("{KIND}/{}", subscription.id), SLOTS).await?;
        Ok(Self { about: settings.about(&cx.org.org), settings, next, slots, subscription: subscription.clone() })
    }

    fn when(&self) -> String {
        when::words(&self.subscription.crontab, self.subscription.zone, self.settings.rhythm)
    }

    /// "Payments, Mondays at 09:00 (Europe/Berlin)".
    fn short(&self) -> String {
        let kind = if self.settings.template == Template::Team { String::new() } else { format!(" ({})", self.settings.template.word()) };
        format!("{}{kind}, {}", words::capitalised(&self.about), self.when())
    }

    fn is_paused(&self, now: At) -> bool {
        !self.subscription.speaks(now)
    }

    fn data(&self) -> Value {
        let it = &self.subscription;
        let (state, until) = match &it.state {
            State::Active => ("active", None),
            State::Paused { until, .. } => ("paused", *until),
            State::Stopped { .. } => ("stopped", None),
        };
        let last = self.slots.first().map(|slot| json!({"at": slot.due_at, "outcome": slot.outcome, "note": slot.note}));
        json!({"id": it.id, "channel": it.channel, "about": self.about, "template": self.settings.template.word(), "when": self.when(),
               "crontab": it.crontab, "zone": it.zone.name(), "author": it.author, "state": state, "until": until, "next": self.next,
               "last": last, "useful": self.settings.useful})
    }
}

/// What it is, as the Home tab names it: "digest of Payments, Mondays at 09:00 (Europe/Berlin)".
pub fn described(org: &Org, it: &Subscription) -> Line {
    let Ok(settings) = Settings::read(&it.settings) else { return Line::plain(KIND) };
    let when = when::words(&it.crontab, it.zone, settings.rhythm);
    Line::plain(format!("{} of ", settings.template.name())).strong(words::capitalised(&settings.about(org))).and(format!(", {when}"))
}

/// Digests of a channel; of all channels where it is none.
pub async fn of_channel(cx: &Cx, channel: Option<&str>) -> Result<Vec<Subscription>, Failure> {
    let all = cx.store.subscriptions().await?.into_iter();
    Ok(all.filter(|it| it.kind == KIND && channel.is_none_or(|channel| it.channel == channel)).collect())
}

/// What the channel hears in which one asks; without a channel, what all of them do.
pub async fn all(cx: &Cx) -> Result<Card, Failure> {
    let channel = cx.asker.as_ref().and_then(|asker| asker.channel.as_deref());
    let found = of_channel(cx, channel).await?;
    if let (Some(_), [only]) = (channel, &found[..]) {
        return one(cx, only).await;
    }
    let mut views = Vec::new();
    for subscription in &found {
        views.push(View::of(cx, subscription).await?);
    }
    let data = [("subscriptions".to_owned(), views.iter().map(View::data).collect())].into_iter().collect();
    let card = Card { command: KIND.into(), title: "Digests".into(), data, ..Card::default() };
    let Some(channel) = channel else { return Ok(Card { verdict: counted(&views), parts: table(&views, cx.now), ..card }) };
    let mut buttons = vec![subscribe(channel, if views.is_empty() { "Subscribe this channel" } else { "Add another" }, views.is_empty())];
    if views.is_empty() {
        let verdict = Line::plain("This channel hears no digest yet.");
        let lines = [
            "Once a week it would hear what changed for its team, what needs a look, and one question to talk about.",
            "A week in which nothing is new posts nothing.",
            "You see what it would say before anything is stored.",
        ];
        let parts = vec![Part::List(lines.map(Line::plain).to_vec(), None)];
        return Ok(Card { title: "Digest".into(), verdict, parts, buttons, ..card });
    }
    let open = |view: &View| button(&words_cut(&view.short()), "digest_one", &view.subscription.id);
    buttons.splice(0..0, views.iter().take(LISTED).map(open));
    let verdict = Line::plain(format!("This channel hears {}.", words::count(views.len() as u64, "digest", "digests")));
    let lines = views.iter().map(|view| {
        let line = Line::default().strong(view.short());
        if view.is_paused(cx.now) { line.and(": paused") } else { next_of(line, view, cx.now) }
    });
    Ok(Card { verdict, parts: vec![Part::List(lines.collect(), None)], notes: vec![who_may()], buttons, ..card })
}

/// A button's label.
fn words_cut(text: &str) -> String {
    text.chars().take(70).collect()
}

fn next_of(line: Line, view: &View, now: At) -> Line {
    match view.next {
        Some(at) => line.and(format!(": next on {}", words::moment(at, now, view.subscription.zone))),
        None => line,
    }
}

/// One subscription with all that can be done with it.
pub async fn one(cx: &Cx, subscription: &Subscription) -> Result<Card, Failure> {
    let view = View::of(cx, subscription).await?;
    let (it, zone, now) = (&view.subscription, view.subscription.zone, cx.now);
    let verdict =
        Line::default().mention(&it.channel).and(format!(" hears a {} of {} {}.", view.settings.template.name(), view.about, on(&view)));
    let mut lines = vec![state(&view, now)];
    lines.push(Line::plain("Subscribed by ").mention(&it.author).and(format!(" on {}.", words::date(it.created_at, now, zone))));
    if view.settings.useful > 0 {
        lines.push(Line::plain(format!("Called useful {}.", words::count(u64::from(view.settings.useful), "time", "times"))));
    }
    let mut parts = vec![Part::List(lines, None)];
    if !view.slots.is_empty() {
        parts.push(Part::Heading("Last slots".into()));
        parts.push(Part::List(view.slots.iter().map(|slot| told(slot, now, zone)).collect(), None));
    }
    let in_slack = cx.asker.is_some();
    Ok(Card {
        command: KIND.into(),
        title: "Digest".into(),
        verdict,
        parts,
        notes: vec![who_may()],
        buttons: if in_slack { buttons(&view, now) } else { Vec::new() },
        data: [("subscriptions".to_owned(), json!([view.data()]))].into_iter().collect(),
        ..Card::default()
    })
}

/// "on Mondays at 09:00": as a sentence goes on.
fn on(view: &View) -> String {
    let when = view.when();
    if view.settings.rhythm == Rhythm::Each && when::of_week(&view.subscription.crontab).is_some() { format!("on {when}") } else { when }
}

fn state(view: &View, now: At) -> Line {
    let zone = view.subscription.zone;
    let next = |line: Line| match view.next {
        Some(at) => line.and(format!("Next: {}.", words::moment(at, now, zone))),
        None => line,
    };
    match &view.subscription.state {
        State::Paused { until: Some(until), by } if *until > now => {
            next(Line::plain("Snoozed by ").mention(by).and(format!(" until {}. ", words::moment(*until, now, zone))))
        }
        State::Paused { until: None, by } => Line::plain("Paused by ").mention(by).and(": Resume lets it go on."),
        State::Stopped { why } => Line::plain(format!("Stopped, since Slack said {why}. Mend that, then press Resume.")),
        State::Active | State::Paused { .. } => next(Line::default()),
    }
}

/// "23 Nov 09:00: quiet. Nothing changed by more than chance."
fn told(slot: &Slot, now: At, zone: Tz) -> Line {
    let word = match slot.outcome.as_deref() {
        Some("said") => "said",
        Some("quiet") => "quiet",
        Some("skipped") => "skipped",
        Some("failed") => "failed",
        _ => "under way",
    };
    let note = slot.note.as_deref().map_or_else(String::new, |note| format!(". {note}"));
    Line::plain(format!("{}: {word}{note}", words::moment(slot.due_at, now, zone)))
}

fn who_may() -> Line {
    Line::plain("Anybody here may pause it, snooze it or make it rarer; whoever subscribed it, and admins, may change or end it.")
}

fn counted(views: &[View]) -> Line {
    if views.is_empty() {
        return Line::plain("No channel hears a digest yet: type ").code("/metrics digest").and(" in one.");
    }
    Line::plain(format!(
        "{} {} subscribed.",
        words::count(views.len() as u64, "digest", "digests"),
        if views.len() == 1 { "is" } else { "are" }
    ))
}

/// The organisation's view.
fn table(views: &[View], now: At) -> Vec<Part> {
    if views.is_empty() {
        return Vec::new();
    }
    let row = |view: &View| {
        let last = view.slots.first().map(|slot| told(slot, now, view.subscription.zone).text()).unwrap_or_default();
        let state = if view.is_paused(now) { "paused" } else { "active" };
        vec![view.subscription.id.clone(), view.subscription.channel.clone(), view.short(), state.to_owned(), last]
    };
    let columns = ["Id", "Channel", "What and when", "State", "Last slot"].map(str::to_owned).to_vec();
    vec![Part::Table(Table { columns, numeric: vec![false; 5], rows: views.iter().map(row).collect(), more: None })]
}

fn button(label: &str, action: &str, value: &str) -> Button {
    Button { label: label.into(), action: action.into(), value: value.into(), primary: false }
}

/// The button that opens the form of a new one.
pub fn subscribe(channel: &str, label: &str, primary: bool) -> Button {
    Button { primary, ..button(label, "digest_subscribe", channel) }
}

fn buttons(view: &View, now: At) -> Vec<Button> {
    let id = view.subscription.id.as_str();
    let mut buttons = vec![button("Preview", "digest_preview", id), button("Change", "digest_change", id)];
    if view.is_paused(now) {
        buttons.push(button("Resume", "digest_resume", id));
    } else {
        buttons.push(button("Pause", "digest_pause", id));
        buttons.push(button("Snooze a week", "digest_snooze", id));
        buttons.push(button("Less often", "digest_less", id));
    }
    buttons.push(button("Unsubscribe", "digest_end", id));
    buttons.push(subscribe(&view.subscription.channel, "Add another", false));
    buttons
}
