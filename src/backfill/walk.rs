//! [`Walk`]: one stream of a source's API, from where it stands to its end. Each page is handed over with the place behind
//! it, to be stored together.

use anyhow::Result;

use super::api::{Answered, Api, Reach, Stopped, Whole};
use super::place::Place;
use crate::domain::event::{Event, Parsed};
use crate::sources::pages::{ASKED, Answer, Ask, Page, Pages, STATUS};
use crate::sources::{Headers, Source};

/// How often an answer that is no JSON, or tells of a limit in its body, is asked for again.
const UNREAD: usize = 3;

/// A page that was read.
#[derive(Debug)]
pub struct Taken {
    /// The answer as it came, with the headers under which the source parses it again; none where it brought no facts.
    pub delivery: Option<(Headers, Vec<u8>)>,
    /// Its facts, and what could not be read.
    pub parsed: Parsed,
    /// Where the stream stands behind it.
    pub place: Place,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was read.
    Read,
    /// The source said that nothing had changed.
    Unchanged,
}

/// Why a walk went no further.
#[derive(Debug, thiserror::Error)]
pub enum Halted {
    /// The source.
    #[error("{0}")]
    Source(#[from] Stopped),
    /// What takes the pages failed.
    #[error("{0:#}")]
    Store(anyhow::Error),
}

/// The way through one source.
pub struct Walk<'a> {
    /// What asks.
    pub api: &'a Api,
    /// Whose API.
    pub source: &'static Source,
    /// How its pages are read.
    pub pages: &'a Pages,
}

/// What to do with an answer.
enum Next {
    Go(Box<Taken>),
    End(Box<Taken>),
    Again,
}

impl Walk<'_> {
    /// Asks until the stream is at its end, handing over each page; what it returns is stored before the next is asked for.
    pub async fn run(&self, mut place: Place, mut take: impl AsyncFnMut(Taken) -> Result<()>) -> Result<Ended, Halted> {
        let (mut spare, mut ended) = (UNREAD, Ended::Read);
        while let Some((ask, inner)) = place.ask() {
            let (ask, version) = (ask.clone(), place.known_version().map(str::to_owned));
            let answered = self.api.answer(&ask, version.as_deref()).await?;
            let taken = match self.next(&place, &ask, inner, answered)? {
                Next::Again if spare > 0 => {
                    spare -= 1;
                    continue;
                }
                Next::Again => return Err(self.api.faulty("its answers are not whole").into()),
                Next::Go(taken) => taken,
                Next::End(taken) => {
                    ended = Ended::Unchanged;
                    taken
                }
            };
            spare = UNREAD;
            place = taken.place.clone();
            take(*taken).await.map_err(Halted::Store)?;
        }
        Ok(ended)
    }

    fn next(&self, place: &Place, ask: &Ask, inner: bool, answered: Answered) -> Result<Next, Stopped> {
        let mut place = place.clone();
        let nothing = |place| Box::new(Taken { delivery: None, parsed: Parsed::default(), place });
        match answered {
            Answered::Unchanged => {
                place.unchanged();
                Ok(Next::End(nothing(place)))
            }
            Answered::Whole(whole) => match (self.pages.read)(ask, &whole.answer) {
                Ok(page) => Ok(Next::Go(Box::new(taken(ask, page, whole, place)))),
                Err(_) if self.api.is_used_up(ask) || !is_json(&whole.answer.body) => Ok(Next::Again),
                Err(unread) => Err(stopped(ask, Reach::Stream, &format!("what it answers can't be read ({unread})"))),
            },
            Answered::Refused(status, words) => {
                let answer = Answer { headers: Headers([(STATUS.to_owned(), status.to_string())].into()), body: Vec::new() };
                match (self.pages.read)(ask, &answer) {
                    Ok(page) => place.read(&page, None),
                    Err(_) if inner && matches!(status, 404 | 410) => place.skip(), // the thing is gone
                    Err(_) => return Err(self.refused(ask, status, &words)),
                }
                Ok(Next::Go(nothing(place)))
            }
        }
    }

    fn refused(&self, ask: &Ask, status: u16, words: &str) -> Stopped {
        let (scope, slug) = (self.pages.scope, self.source.slug.to_uppercase());
        let what = match status {
            404 => format!("404 ({words}): the {scope} is not there, or the token may not see it"),
            403 => format!("403 ({words}): give PACER_{slug}_TOKEN the right to read the {}", ask.stream),
            status => format!("{status} ({words})"),
        };
        let reach = if status == 404 { Reach::Scope } else { Reach::Stream };
        stopped(ask, reach, &format!("{} answers {what}", self.source.name))
    }
}

fn stopped(ask: &Ask, reach: Reach, what: &str) -> Stopped {
    Stopped { reach, sentence: format!("{} {}: {what}", ask.scope, ask.stream) }
}

fn taken(ask: &Ask, page: Page, whole: Whole, mut place: Place) -> Taken {
    let mut headers = Headers([(ASKED.to_owned(), serde_json::to_string(ask).unwrap_or_default())].into());
    for name in ["content-type", "content-encoding"] {
        if let Some(value) = whole.answer.headers.get(name) {
            headers.0.insert(name.to_owned(), value.to_owned());
        }
    }
    place.read(&page, whole.answer.headers.get("etag"));
    let parsed = page.parsed(ask);
    if let Some(name) = parsed.events.iter().find_map(|stated| repository(&stated.event)) {
        place.called = Some(name.to_owned()).filter(|name| *name != ask.scope);
    }
    let brings = !parsed.events.is_empty() || !parsed.rejected.is_empty();
    Taken { delivery: brings.then_some((headers, whole.body)), parsed, place }
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// The repository that a fact names.
fn repository(event: &Event) -> Option<&str> {
    match event {
        Event::Deployment(it) => it.repository.as_deref(),
        Event::Change(it) => it.repository.as_deref(),
        Event::Commit(it) => it.repository.as_deref(),
        Event::Incident(it) => it.repository.as_deref(),
        Event::Run(it) => it.repository.as_deref(),
        _ => None,
    }
}
