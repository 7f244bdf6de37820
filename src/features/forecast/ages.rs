//! [`Ages`]: in what time 85 % of items are done, and which of those in work are older than that. Of fewer than three people nothing is told.

use crate::domain::calendar::WorkCalendar;
use crate::domain::forecast::service_level::{Age, ServiceLevel, TooFew};
use crate::domain::time::{At, WEEK};
use crate::domain::work::WorkItem;

/// Finished items of so many weeks say what is usual.
const READ: i64 = 26;

/// How old work is.
#[derive(Debug, Clone)]
pub struct Ages {
    /// What finished items took, in working time.
    pub level: Result<ServiceLevel, TooFew>,
    /// Items begun and not done.
    pub in_work: usize,
    /// Those older than 85 % of finished ones, oldest first, with their working time.
    pub old: Vec<(WorkItem, i64)>,
    /// Whether they would be figures of persons.
    pub hidden: bool,
}

impl Ages {
    /// Of items as known at an instant.
    pub fn of(items: &[&WorkItem], calendar: &WorkCalendar, now: At) -> Self {
        let took = |item: &&WorkItem| {
            let (from, to) = (item.started_at?, item.done_at?);
            (now.since(to) <= READ * WEEK && from <= to).then(|| calendar.between(from, to))
        };
        let level = ServiceLevel::learn(&items.iter().filter_map(took).collect::<Vec<_>>());
        let open: Vec<(&WorkItem, i64)> = items
            .iter()
            .filter(|item| item.done_at.is_none())
            .filter_map(|item| Some((*item, calendar.between(item.started_at?, now))))
            .collect();
        let is_old = |age: i64| level.as_ref().is_ok_and(|level| level.age(age) >= Age::OlderThanExpected);
        let mut old: Vec<(WorkItem, i64)> =
            open.iter().filter(|(_, age)| is_old(*age)).map(|(item, age)| ((*item).clone(), *age)).collect();
        old.sort_by(|(a, older), (b, other)| (other, a.name()).cmp(&(older, b.name())));
        Self { level, in_work: open.len(), old, hidden: false }
    }
}
