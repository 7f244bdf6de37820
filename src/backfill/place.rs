//! [`Place`]: where one stream of one scope stands. Kept with the facts of each page, it is the cursor at which a run that
//! was cut off goes on; kept at the end of the stream, it is what the next run begins from.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::time::{At, HOUR};
use crate::sources::pages::{Ask, Page};

/// How far before the last complete run's beginning the next one begins: clocks differ, and an API may show a change
/// a moment after it was made.
const OVERLAP: i64 = HOUR;

/// What is still to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asks {
    /// About things on the page that was read last, before the next page.
    pub inner: VecDeque<Ask>,
    /// The next page; none: after the inner asks the stream is at its end.
    pub next: Option<Ask>,
}

/// The name of a version of a stream's first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What was asked.
    pub path: String,
    /// As the source gave it.
    pub etag: String,
}

/// Where a stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What is still to be asked.
    pub asks: Asks,
    /// The first page's version: of this run once it was read, of the last one before.
    pub tag: Option<Tag>,
    /// Whether this run has read the first page.
    pub begun: bool,
    /// Things listed by this run.
    pub listed: u64,
    /// Things that the source counts, where it was ever said.
    pub total: Option<u64>,
    /// When this run of the stream began.
    pub began_at: At,
    /// From when on this run reads; none: from the beginning.
    pub since: Option<At>,
    /// When the last run began that came to the stream's end.
    pub complete_to: Option<At>,
    /// What the source calls the scope now, where that is not what it was asked for.
    pub called: Option<String>,
}

/// What the person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Only what changed since then.
    pub since: Option<At>,
    /// All of it, whatever was read before.
    pub again: bool,
}

impl Place {
    /// Where a stream begins that was never read.
    pub fn start(now: At, since: Option<At>) -> Self {
        Self {
            asks: Asks::default(),
            tag: None,
            begun: false,
            listed: 0,
            total: None,
            began_at: now,
            since,
            complete_to: None,
            called: None,
        }
    }

    /// Whether a run that was cut off can go on here: what is asked for now is what it was about.
    pub fn goes_on(&self, wish: Wish) -> bool {
        !self.is_at_its_end() && !wish.again && (wish.since.is_none() || wish.since == self.since)
    }

    /// From when on a new run reads: as wished, else from shortly before the last complete one began.
    pub fn since_of(&self, wish: Wish) -> Option<At> {
        if wish.again { wish.since } else { wish.since.or(self.complete_to.map(|at| at.plus(-OVERLAP))) }
    }

    /// The beginning of a new run at that first ask. What the last one knew of the first page's version only helps where
    /// this one would read nothing else.
    #[must_use]
    pub fn anew(self, first: Ask, now: At, wish: Wish) -> Self {
        let since = self.since_of(wish);
        let tag = self.tag.filter(|_| wish == Wish::default() && self.complete_to.is_some());
        let asks = Asks { inner: VecDeque::new(), next: Some(first) };
        Self { asks, tag, begun: false, listed: 0, began_at: now, since, ..self }
    }

    /// The ask to be made now, and whether it is about a thing on the page before.
    pub fn ask(&self) -> Option<(&Ask, bool)> {
        self.asks.inner.front().map(|ask| (ask, true)).or(self.asks.next.as_ref().map(|ask| (ask, false)))
    }

    /// Whether nothing is left to ask.
    pub fn is_at_its_end(&self) -> bool {
        self.ask().is_none()
    }

    /// The version to ask about, where the ask made now begins the run.
    pub fn known_version(&self) -> Option<&str> {
        let (ask, _) = self.ask().filter(|_| !self.begun)?;
        self.tag.as_ref().filter(|tag| tag.path == ask.path).map(|tag| tag.etag.as_str())
    }

    /// A page was read: what it says of the way.
    pub fn read(&mut self, page: &Page, etag: Option<&str>) {
        let Some((ask, inner)) = self.ask().map(|(ask, inner)| (ask.clone(), inner)) else { return };
        if !self.begun {
            // A page of something else (which environments there are) says nothing about the stream when it is as it was.
            let tells = page.listed > 0 || page.total.is_some();
            self.tag = etag.filter(|_| tells).map(|etag| Tag { path: ask.path, etag: etag.to_owned() });
            self.begun = true;
        }
        self.listed += page.listed;
        self.total = page.total.or(self.total);
        if inner {
            self.asks.inner.pop_front();
            for ask in page.next.iter().chain(page.inner.iter().rev()) {
                self.asks.inner.push_front(ask.clone());
            }
        } else {
            self.asks = Asks { inner: page.inner.iter().cloned().collect(), next: page.next.clone() };
        }
        self.end();
    }

    /// The ask made now came to nothing, and the rest goes on.
    pub fn skip(&mut self) {
        if self.asks.inner.pop_front().is_none() {
            self.asks.next = None;
        }
        self.begun = true;
        self.end();
    }

    /// The first page is as it was: so is everything behind it.
    pub fn unchanged(&mut self) {
        self.asks = Asks::default();
        self.begun = true;
        self.end();
    }

    fn end(&mut self) {
        if self.is_at_its_end() {
            self.complete_to = Some(self.began_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str) -> Ask {
        Ask { path: path.into(), ..Ask::default() }
    }

    fn page(next: Option<&str>, inner: &[&str]) -> Page {
        Page { next: next.map(ask), inner: inner.iter().map(|path| ask(path)).collect(), listed: 1, ..Page::default() }
    }

    fn begun(wish: Wish) -> Place {
        Place::start(At(100), None).anew(ask("1"), At(100), wish)
    }

    #[test]
    fn things_on_a_page_come_before_the_next_page_and_their_own_pages_before_the_next_thing() {
        let mut place = begun(Wish::default());
        let mut asked = Vec::new();
        let answers = [("1", page(Some("2"), &["1a", "1b"])), ("1a", page(Some("1a2"), &["1ax", "1ay"])), ("2", page(None, &["2a"]))];
        while let Some((now, _)) = place.ask() {
            let path = now.path.clone();
            let answer = answers.iter().find(|(of, _)| *of == path).map_or_else(|| page(None, &[]), |(_, page)| page.clone());
            asked.push(path);
            let whole: Asks = serde_json::from_str(&serde_json::to_string(&place.asks).expect("plain data")).expect("its own JSON");
            assert_eq!(whole, place.asks, "a cursor survives being kept");
            place.read(&answer, None);
        }
        assert_eq!(asked, ["1", "1a", "1ax", "1ay", "1a2", "1b", "2", "2a"]);
        assert_eq!((place.listed, place.complete_to), (8, Some(At(100))));
    }

    #[test]
    fn a_cut_off_run_goes_on_only_with_what_it_was_about() {
        let since = Wish { since: Some(At(5)), again: false };
        let mut place = begun(since);
        place.read(&page(Some("2"), &[]), None);
        assert!(place.goes_on(since) && place.goes_on(Wish::default()));
        assert!(!place.goes_on(Wish { since: Some(At(4)), again: false }) && !place.goes_on(Wish { again: true, ..since }));
        place.read(&page(None, &[]), None);
        assert!(!place.goes_on(Wish::default()), "it is at its end");
    }

    #[test]
    fn the_next_run_begins_shortly_before_the_last_complete_one_did() {
        let mut place = begun(Wish::default());
        place.read(&page(None, &[]), Some("\"v1\""));
        let next = place.clone().anew(ask("1"), At(9 * HOUR), Wish::default());
        assert_eq!((next.since, next.known_version()), (Some(At(100 - HOUR)), Some("\"v1\"")));
        let other = place.clone().anew(ask("other"), At(9 * HOUR), Wish::default());
        assert_eq!(other.known_version(), None, "another page");
        let again = place.clone().anew(ask("1"), At(9 * HOUR), Wish { since: None, again: true });
        assert_eq!((again.since, again.known_version()), (None, None));
        let wished = place.anew(ask("1"), At(9 * HOUR), Wish { since: Some(At(7)), again: false });
        assert_eq!((wished.since, wished.known_version()), (Some(At(7)), None), "an earlier time may hold more");
    }

    #[test]
    fn a_run_that_never_ended_gives_no_version_to_the_next() {
        let mut place = begun(Wish::default());
        place.read(&page(Some("2"), &[]), Some("\"v1\""));
        let restarted = place.anew(ask("1"), At(200), Wish { since: None, again: true });
        assert_eq!((restarted.known_version(), restarted.complete_to), (None, None));
    }

    #[test]
    fn a_first_page_that_lists_nothing_of_the_stream_is_read_again() {
        let mut place = begun(Wish::default());
        place.read(&Page { listed: 0, ..page(None, &[]) }, Some("v"));
        assert_eq!(place.anew(ask("1"), At(HOUR), Wish::default()).known_version(), None);
    }

    #[test]
    fn what_is_unchanged_is_complete_as_it_was() {
        let mut place = begun(Wish::default());
        place.read(&Page { total: Some(7), ..page(None, &[]) }, Some("v"));
        let mut next = place.anew(ask("1"), At(HOUR), Wish::default());
        next.unchanged();
        assert_eq!((next.is_at_its_end(), next.total, next.complete_to), (true, Some(7), Some(At(HOUR))));
    }
}
