//! [`Part`]: one step in the life of an incident, a change or an item, from a sender that never states the fact whole.
//!
//! `CDEvents` says "detected" and later "resolved", each without what the other said; GitHub says when a draft became
//! ready only at that moment; Jira says that work on an issue began each time it does. Identity of a part: (source, `of`,
//! `id`, `step`); the greatest version wins, as for any register, but for a step that [is taken once](Step::earliest_wins).
//! [`whole`] lays the parts of one fact over each other and over the fact itself, where that was stated.
//!
//! Why: one row a fact, merged column by column as parts arrive, gives another row for another order as soon as three
//! parts state the same column. Kept apart, each part is a register of its own, and the sum of them is computed.

use serde::{Deserialize, Serialize};

use super::event::{Change, Event, Incident, Item};
use super::time::At;

/// What a part belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names of the facts")]
pub enum Of {
    Incident,
    Change,
    Item,
}

/// Which step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It began: detected, opened, created.
    Began,
    /// Somebody said that it had begun; the earlier of the two counts.
    Reported,
    /// Work on it began. That happens once: of all that is told the earliest counts.
    Started,
    /// A draft became ready for review.
    Ready,
    /// Its words changed.
    Updated,
    /// It was merged.
    Merged,
    /// It ended: resolved, abandoned, closed.
    Ended,
}

impl Of {
    /// As the store keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Change => "change",
            Self::Item => "item",
        }
    }
}

impl Step {
    /// As the store keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Reported => "reported",
            Self::Started => "started",
            Self::Ready => "ready",
            Self::Updated => "updated",
            Self::Merged => "merged",
            Self::Ended => "ended",
        }
    }

    /// Whether it belongs to a fact that its sender states whole beside it: alone it makes none.
    pub fn joins_a_whole(self) -> bool {
        matches!(self, Self::Ready | Self::Started)
    }

    /// Whether of two tellings the earlier moment wins, whatever their versions: a tracker tells each time that work began.
    pub fn earliest_wins(self) -> bool {
        self == Self::Started
    }
}

/// A step, and what was said along with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is named as in the fact it belongs to")]
pub struct Part {
    pub of: Of,
    /// The id of the fact.
    pub id: String,
    pub step: Step,
    /// When the step was taken.
    pub at: At,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl Part {
    /// A step at a moment, with nothing said along.
    pub fn new(of: Of, id: impl Into<String>, step: Step, at: At) -> Self {
        Self {
            of,
            id: id.into(),
            step,
            at,
            service: None,
            repository: None,
            title: None,
            severity: None,
            project: None,
            kind: None,
            status: None,
            assignee: None,
            labels: Vec::new(),
        }
    }
}

/// The fact that parts make: those of one (source, `of`, `id`), at most one a step, in any order, each with its version;
/// `stated` is the fact as its winner states it, where it was ever stated whole. `None`: not enough is known to keep it
/// (an incident that is only known to have ended).
pub fn whole(stated: Option<&Event>, parts: &[(Part, Option<At>)]) -> Option<Event> {
    let mut newest_first: Vec<&(Part, Option<At>)> = parts.iter().collect();
    newest_first.sort_by_key(|(part, version)| std::cmp::Reverse((*version, part.step)));
    let known = Known { parts: newest_first.into_iter().map(|(part, _)| part).collect() };
    let Some(first) = known.parts.first() else { return stated.cloned() };
    match (first.of, stated) {
        (Of::Incident, Some(Event::Incident(incident))) => Some(Event::Incident(known.incident(Some(incident))?)),
        (Of::Incident, _) => Some(Event::Incident(known.incident(None)?)),
        (Of::Change, Some(Event::Change(change))) => Some(Event::Change(known.change(change.clone()))),
        (Of::Change, _) => Some(Event::Change(known.change(Change { id: first.id.clone(), ..Change::default() }))),
        (Of::Item, Some(Event::Item(item))) => Some(Event::Item(known.item(item.clone()))),
        (Of::Item, _) => Some(Event::Item(known.item(Item { id: first.id.clone(), ..Item::default() }))),
    }
}

/// The parts of one fact, the newest first.
struct Known<'a> {
    parts: Vec<&'a Part>,
}

impl Known<'_> {
    fn at(&self, step: Step) -> Option<At> {
        self.parts.iter().find(|part| part.step == step).map(|part| part.at)
    }

    fn began(&self) -> Option<At> {
        [Step::Began, Step::Reported].into_iter().filter_map(|step| self.at(step)).min()
    }

    /// When it ended; none where it began again afterwards.
    fn ended(&self, began: Option<At>) -> Option<At> {
        self.at(Step::Ended).filter(|ended| began.is_none_or(|began| began <= *ended))
    }

    fn text(&self, of: fn(&Part) -> &Option<String>) -> Option<String> {
        self.parts.iter().find_map(|part| of(part).clone())
    }

    fn incident(&self, stated: Option<&Incident>) -> Option<Incident> {
        let started_at = self.began().or(stated.map(|incident| incident.started_at))?;
        let or = |said: Option<String>, stated: Option<&Option<String>>| said.or_else(|| stated.cloned().flatten());
        Some(Incident {
            id: self.parts.first()?.id.clone(),
            service: or(self.text(|part| &part.service), stated.map(|incident| &incident.service)),
            repository: or(self.text(|part| &part.repository), stated.map(|incident| &incident.repository)),
            started_at,
            resolved_at: self.ended(Some(started_at)).or(stated.and_then(|incident| incident.resolved_at)),
            deployment: stated.and_then(|incident| incident.deployment.clone()),
            severity: or(self.text(|part| &part.severity), stated.map(|incident| &incident.severity)),
            title: or(self.text(|part| &part.title), stated.map(|incident| &incident.title)),
        })
    }

    fn change(&self, mut change: Change) -> Change {
        change.repository = self.text(|part| &part.repository).or(change.repository);
        change.title = self.text(|part| &part.title).or(change.title);
        change.opened_at = self.began().or(change.opened_at);
        change.ready_at = self.at(Step::Ready).or(change.ready_at);
        change.merged_at = self.at(Step::Merged).or(change.merged_at);
        change.closed_at = self.ended(change.opened_at).or(self.at(Step::Merged)).or(change.closed_at);
        change
    }

    fn item(&self, mut item: Item) -> Item {
        item.project = self.text(|part| &part.project).or(item.project);
        item.kind = self.text(|part| &part.kind).or(item.kind);
        item.title = self.text(|part| &part.title).or(item.title);
        item.status = self.text(|part| &part.status).or(item.status);
        item.assignee = self.text(|part| &part.assignee).or(item.assignee);
        item.created_at = self.began().or(item.created_at);
        let starts = self.parts.iter().filter(|part| part.step == Step::Started).map(|part| part.at);
        item.started_at = starts.chain(item.started_at).min();
        item.done_at = self.ended(item.created_at).or(item.done_at);
        if let Some(labelled) = self.parts.iter().find(|part| !part.labels.is_empty()) {
            item.labels.clone_from(&labelled.labels);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: Step, minute: i64, title: Option<&str>) -> (Part, Option<At>) {
        let at = At::from_secs(minute * 60);
        (Part { title: title.map(Into::into), ..Part::new(Of::Incident, "i1", step, at) }, Some(at))
    }

    fn incident(parts: &[(Part, Option<At>)]) -> Option<Incident> {
        match whole(None, parts)? {
            Event::Incident(incident) => Some(incident),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_order_of_parts_gives_the_same_incident() {
        let parts = [step(Step::Began, 10, Some("slow")), step(Step::Reported, 20, Some("down")), step(Step::Ended, 30, None)];
        let expect = incident(&parts).expect("it began");
        assert_eq!((expect.started_at, expect.resolved_at), (At::from_secs(600), Some(At::from_secs(1800))));
        assert_eq!(expect.title.as_deref(), Some("down"));
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let shuffled: Vec<_> = order.iter().map(|index| parts[*index].clone()).collect();
            assert_eq!(incident(&shuffled), Some(expect.clone()));
        }
    }

    #[test]
    fn an_end_alone_makes_no_incident_and_a_later_beginning_opens_it_again() {
        assert_eq!(incident(&[step(Step::Ended, 30, None)]), None);
        let again = incident(&[step(Step::Ended, 30, None), step(Step::Began, 40, None)]).expect("it began");
        assert_eq!(again.resolved_at, None);
    }

    #[test]
    fn ready_is_laid_over_the_change_that_was_stated_whole() {
        let stated = Event::Change(Change { id: "o/r#1".into(), merged_at: Some(At(9)), ..Change::default() });
        let ready = (Part::new(Of::Change, "o/r#1", Step::Ready, At(5)), Some(At(5)));
        let Some(Event::Change(change)) = whole(Some(&stated), &[ready]) else { panic!("a change") };
        assert_eq!((change.ready_at, change.merged_at), (Some(At(5)), Some(At(9))));
    }

    #[test]
    fn work_began_at_the_earliest_that_is_told_whole_or_in_steps() {
        let check = |stated: Option<i64>, told: &[i64], expect: Option<i64>| {
            let item = Item { id: "10042".into(), started_at: stated.map(At), title: Some("x".into()), ..Item::default() };
            let mut parts: Vec<_> =
                told.iter().map(|at| (Part::new(Of::Item, "10042", Step::Started, At(*at)), Some(At(99 - at)))).collect();
            for _ in 0..2 {
                let Some(Event::Item(laid)) = whole(Some(&Event::Item(item.clone())), &parts) else { panic!("an item") };
                assert_eq!(laid, Item { started_at: expect.map(At), ..item.clone() }, "{stated:?} {told:?}");
                parts.reverse();
            }
        };
        check(None, &[], None);
        check(Some(5), &[], Some(5));
        check(None, &[7], Some(7));
        check(None, &[7, 3, 7], Some(3));
        check(Some(5), &[7], Some(5));
        check(Some(5), &[3], Some(3));
    }
}
