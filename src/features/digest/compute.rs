//! What a digest says of a scope: what changed and is news, what needs a look, one thank-you, one question. Pure.
//!
//! A digest says a thing once. A change that was told is not told again while it holds; what needs a look is told anew at most once in
//! [`AGAIN`], for as long as it does. Where nothing is news the digest is quiet, so that a message always has something new in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::{Family, Judged, Outcome, judge};
use super::facts::Facts;
use crate::domain::card::Tone;
use crate::domain::figure;
use crate::domain::metric::{self, DORA};
use crate::domain::time::{At, WEEK};
use crate::domain::words::{self, Better};
use crate::features::dora::reading;
use crate::features::flow::compute::WorkOf;
use crate::features::verdict::lowered;

/// Changes, and things that need a look, at most.
pub const MOST: usize = 3;
/// A thing that still needs a look is news again after this.
const AGAIN: i64 = 4 * WEEK;
/// Deployments without a failure that are worth a word.
const MANY: u64 = 10;
/// Old work in progress needs a look above this share of it and this many.
const STUCK_SHARE: f64 = 0.3;
const STUCK: u64 = 3;
/// So many reviews that wait long need a look.
const REVIEWS: u64 = 2;

/// What was told of a scope, so that it is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Told {
    /// Changes by metric: for better or worse, and when it last was so.
    pub changes: BTreeMap<String, (bool, At)>,
    /// What needed a look, and when that was news.
    pub looks: BTreeMap<String, At>,
    /// Verdicts on improvements, and when each last was so.
    pub verdicts: BTreeMap<String, At>,
    /// How each team target stood.
    pub targets: BTreeMap<String, String>,
}

/// Something that needs a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Tells it from others, for as long as it is the same.
    pub id: String,
    /// In words, with its numbers.
    pub text: String,
    /// Which receipt shows it.
    pub family: Option<Family>,
    /// Whether it was not told before.
    pub news: bool,
}

/// What there is to say of a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    /// Every figure.
    pub judged: Vec<Judged>,
    /// Places in `judged` of changes that are news, the clearest first.
    pub changes: Vec<usize>,
    /// Places of those that hold and were told before.
    pub still: Vec<usize>,
    /// What needs a look, news first.
    pub looks: Vec<Look>,
    /// Improvements that are taking hold, or reversing, since the last digest.
    pub verdicts: Vec<String>,
    /// A thank-you to the team, and which figures it is about.
    pub thanks: Option<(Family, String)>,
    /// A question for the retrospective.
    pub question: Option<String>,
    /// Whether any figure has a value.
    pub has_data: bool,
}

impl Digest {
    /// Whether there is anything new to say of figures of some families.
    pub fn is_news(&self, families: &[Family]) -> bool {
        let changed = self.changes.iter().any(|place| families.contains(&self.judged[*place].family));
        changed || !self.verdicts.is_empty() || self.looks.iter().any(|look| look.news)
    }

    /// A figure by its metric.
    pub fn of(&self, id: &str) -> Option<&Judged> {
        self.judged.iter().find(|it| it.definition.id == id)
    }

    /// Figures that did not change, and those that can't be told.
    pub fn unchanged(&self) -> (u64, u64) {
        let count = |outcome: &Outcome| self.judged.iter().filter(|it| it.outcome == *outcome).count() as u64;
        (count(&Outcome::Same), count(&Outcome::Unknown))
    }

    /// Why nothing is said, in a sentence.
    pub fn quiet(&self) -> String {
        if !self.has_data {
            return "There is no data of these weeks yet.".into();
        }
        if self.still.is_empty() && self.looks.is_empty() {
            return "Nothing changed by more than chance, and nothing needs a look.".into();
        }
        "Nothing new: what was told before still holds.".into()
    }
}

/// What there is to say at an instant, after what was told; and what is told then.
pub fn compute(facts: &Facts, told: &Told, at: At) -> (Digest, Told) {
    let judged = judge(&facts.dora, &facts.flow);
    let mut next = Told::default();
    let (mut changes, mut still) = (Vec::new(), Vec::new());
    let mut by_size: Vec<(usize, f64)> = judged
        .iter()
        .enumerate()
        .filter_map(|(place, it)| if let Outcome::Changed { far, .. } = it.outcome { Some((place, far)) } else { None })
        .collect();
    by_size.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (place, _) in by_size {
        let (id, good) = (judged[place].definition.id, judged[place].tone() == Tone::Good);
        let known = told.changes.get(id).is_some_and(|(before, _)| *before == good);
        if known { &mut still } else { &mut changes }.push(place);
        next.changes.insert(id.to_owned(), (good, at));
    }
    // One that comes and goes around the limit is told once.
    for (id, (good, last)) in told.changes.iter().filter(|(_, (_, last))| at.since(*last) < AGAIN) {
        next.changes.entry(id.clone()).or_insert((*good, *last));
    }
    let mut looks = looks(facts, &judged);
    next.looks = told.looks.iter().filter(|(_, last)| at.since(**last) < AGAIN).map(|(id, last)| (id.clone(), *last)).collect();
    for look in &mut looks {
        look.news = !next.looks.contains_key(&look.id);
        next.looks.entry(look.id.clone()).or_insert(at);
    }
    looks.sort_by_key(|look| !look.news);
    // A verdict that comes and goes is told once.
    next.verdicts = told.verdicts.iter().filter(|(_, last)| at.since(**last) < AGAIN).map(|(id, last)| (id.clone(), *last)).collect();
    let verdicts = facts.verdicts.iter().filter(|(id, _)| !next.verdicts.contains_key(id)).map(|(_, said)| said.clone()).collect();
    next.verdicts.extend(facts.verdicts.iter().map(|(id, _)| (id.clone(), at)));
    let targets = judged.iter().filter_map(|it| Some((it.definition.id.to_owned(), it.target.as_ref()?.status.clone()?)));
    next.targets = targets.collect();
    let digest = Digest {
        thanks: thanks(facts, &judged, told),
        question: question(&judged, &changes, &still, &looks),
        has_data: judged.iter().any(|it| it.now.value.is_some_and(|_| it.now.n > 0)),
        judged,
        changes,
        still,
        looks,
        verdicts,
    };
    (digest, next)
}

/// What needs a look, the most pressing first.
fn looks(facts: &Facts, judged: &[Judged]) -> Vec<Look> {
    let look = |id: String, text: String, family: Option<Family>| Look { id, text, family, news: true };
    let mut looks = Vec::new();
    let flow = &facts.flow.now;
    let open = [&facts.dora.before, &facts.dora.now].into_iter().flat_map(|dora| &dora.open).copied().collect::<Vec<At>>();
    if let Some(oldest) = open.first() {
        let n = open.len() as u64;
        let since = words::duration(figure::to_f64(facts.windows.now.to.since(*oldest).max(0).unsigned_abs()) / 1e6);
        let text = match n {
            1 => format!("1 failed deployment is not recovered yet, for {since}"),
            n => format!("{} failed deployments are not recovered yet, the oldest for {since}", words::number(n)),
        };
        looks.push(look(format!("open/{}", open.last().unwrap_or(oldest)), text, Some(Family::Dora)));
    }
    for (source, what) in &facts.silent {
        let text = format!("{what}, so the figures may lack what it knows: `/metrics health`");
        looks.push(look(format!("silent/{source}"), text, None));
    }
    for it in judged.iter().filter(|it| it.target.as_ref().and_then(|target| target.status.as_deref()) == Some("missed")) {
        let (Some(value), Some(target)) = (it.now.value, it.target.as_ref()) else { continue };
        let bound = if it.definition.better == Better::Higher { "or more" } else { "or less" };
        let text = format!(
            "{} misses the team's target: {}, aimed at {} {bound} ({})",
            it.name(),
            it.words(value),
            it.words(target.value),
            counted(it.definition.id, it.now.n)
        );
        looks.push(look(format!("target/{}", it.definition.id), text, Some(it.family)));
    }
    if let Some((aged, wip)) = stuck(facts) {
        let what = if flow.work_of == WorkOf::Items { "items" } else { "changes" };
        let share = if flow.work_of == WorkOf::Items { "finished ones" } else { "merged ones" };
        let text = format!("{aged} of {wip} {what} in progress are older than 85 % of {share} took");
        looks.push(look("stuck".into(), text, Some(Family::Flow)));
    }
    if facts.unreviewed >= REVIEWS {
        let text = format!("{} changes have waited for a first review for more than 2 working days", words::number(facts.unreviewed));
        looks.push(look("reviews".into(), text, None));
    }
    looks
}

/// How much of the work in progress is older than 85 % of what was finished took, and how much there is; where that needs a look.
fn stuck(facts: &Facts) -> Option<(u64, u64)> {
    let place = metric::FLOW.iter().position(|metric| metric.id == "wip")?;
    let (aged, wip) = (facts.flow.now.aged?, facts.flow.now.now[place].n);
    (aged >= STUCK && figure::to_f64(aged) > STUCK_SHARE * figure::to_f64(wip)).then_some((aged, wip))
}

/// One thing that went well for the team as a whole.
fn thanks(facts: &Facts, judged: &[Judged], told: &Told) -> Option<(Family, String)> {
    let name = words::capitalised(&facts.name);
    let met = judged.iter().find(|it| {
        let status = it.target.as_ref().and_then(|target| target.status.as_deref());
        status == Some("met") && told.targets.get(it.definition.id).is_some_and(|before| before != "met")
    });
    if let Some((it, value)) = met.and_then(|it| Some((it, it.now.value?))) {
        return Some((it.family, format!("{name} meets its target for {} now: {}.", lowered(it.name()), it.words(value))));
    }
    let improved = |it: &&Judged| it.tone() == Tone::Good;
    let far = |it: &Judged| if let Outcome::Changed { far, .. } = it.outcome { far } else { 0.0 };
    let recovery = judged.iter().filter(improved).find(|it| it.definition.id == "failed_deployment_recovery_time");
    let best = judged.iter().filter(improved).max_by(|a, b| far(a).total_cmp(&far(b)));
    if let Some((it, now, before)) = recovery.or(best).and_then(|it| Some((it, it.now.value?, it.before.value?))) {
        let text = format!("{name} brought {} from {} to {}.", lowered(it.name()), it.words(before), it.words(now));
        return Some((it.family, text));
    }
    let fail = &facts.dora.now.now.change_fail_rate;
    let none_failed = fail.value.is_some_and(|share| share == 0.0) && fail.n >= MANY && facts.dora.now.open.is_empty();
    none_failed.then(|| (Family::Dora, format!("{name} had no failed deployment in {}.", words::number(fail.n))))
}

/// The question for the retrospective: what figures say together, else the clearest change, else what is stuck.
fn question(judged: &[Judged], changes: &[usize], still: &[usize], looks: &[Look]) -> Option<String> {
    let tone = |place: usize| judged.get(place).filter(|it| it.definition.id == DORA[place].id).map_or(Tone::Neutral, Judged::tone);
    if let Some(question) = reading::question_of([tone(0), tone(1), tone(2), tone(3), tone(4)]) {
        return Some(question.to_owned());
    }
    if let Some(it) = changes.first().or(still.first()).map(|place| &judged[*place]) {
        let name = it.name();
        return Some(if it.tone() == Tone::Good {
            format!("{name} got better. What did we change, and how do we keep it?")
        } else {
            format!("{name} got worse. What else changed in these weeks, and do we want to do something about it?")
        });
    }
    let has = |id: &str| looks.iter().any(|look| look.id.starts_with(id));
    Some(match () {
        () if has("stuck") => "What is stuck among the old work in progress, and does it still matter?".into(),
        () if has("reviews") => "Would an agreement on when we look at each other's changes help?".into(),
        () if has("target/") => "Is the target still the right one, and what would move us towards it?".into(),
        () => return None,
    })
}

/// "45 commits": what a figure counts.
pub fn counted(id: &str, n: u64) -> String {
    let (one, many) = match id {
        "change_lead_time" => ("commit", "commits"),
        "failed_deployment_recovery_time" => ("recovered failure", "recovered failures"),
        "deployment_frequency" | "change_fail_rate" | "deployment_rework_rate" => ("deployment", "deployments"),
        "items_done" => ("item", "items"),
        "ci_pass_rate" => ("run", "runs"),
        _ => ("change", "changes"),
    };
    words::count(n, one, many)
}
