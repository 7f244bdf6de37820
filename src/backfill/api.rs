//! [`Api`]: one request to a source's API, until it is answered, refused, or not worth another try.
//!
//! Limits are honoured before they are hit, faults are tried again with growing, jittered pauses, a bounded number of
//! times. Redirects are followed on the same host only, bodies are capped as sent and as inflated, and nothing waits for
//! ever. Never used to change anything at the source: it reads.
//!
//! Why time comes from outside: a test says how long was waited, and nobody has to wait for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use backon::{BackoffBuilder, ExponentialBuilder};
use futures::future::BoxFuture;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};

use super::address::Address;
use super::limit;
use crate::domain::time::{At, SECOND};
use crate::sources::pages::{Answer, Ask, Pages, plain};
use crate::sources::{Headers, Source};

/// Redirects of one request.
const REDIRECTS: usize = 3;
/// Bytes of a refusal that are read for its sentence.
const WORDS: usize = 16 << 10;

/// What bounds a request.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// To be connected.
    pub connect: Duration,
    /// Without a byte.
    pub idle: Duration,
    /// For the whole of it: a source that drips is cut off too.
    pub whole: Duration,
    /// Of a body, as sent and as inflated.
    pub bytes: usize,
    /// How often a fault is tried again.
    pub tries: usize,
    /// How often in a row a limit is waited for.
    pub waits: u32,
    /// A longer wait ends the run: it goes on when it is started again. GitHub counts by the hour.
    pub wait: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            whole: Duration::from_mins(5),
            bytes: 64 << 20,
            tries: 6,
            waits: 12,
            wait: Duration::from_mins(65),
        }
    }
}

/// Lets so much time pass, because of what is said.
pub type Pause = Arc<dyn Fn(Duration, &str) -> BoxFuture<'static, ()> + Send + Sync>;

/// The time, and how it passes.
#[derive(Clone)]
pub struct Time {
    /// What time it is.
    pub now: Arc<dyn Fn() -> At + Send + Sync>,
    /// Lets so much of it pass, because of what is said.
    pub pause: Pause,
}

/// How much of the run a failure ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// This stream; the next one is tried.
    Stream,
    /// All streams of this scope.
    Scope,
    /// The run.
    Run,
}

/// Why a run, or a part of it, went no further; what was read is kept, and the next run goes on there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Stopped {
    /// How much it ends.
    pub reach: Reach,
    /// What happened and what to do.
    pub sentence: String,
}

/// What became of a request.
#[derive(Debug)]
pub enum Answered {
    /// An answer of 2xx.
    Whole(Whole),
    /// 304: as it was.
    Unchanged,
    /// Another status, with the source's words.
    Refused(u16, String),
}

/// An answer as it was sent, and as it reads.
#[derive(Debug)]
pub struct Whole {
    /// With a body that is inflated.
    pub answer: Answer,
    /// The body as it came, which is what is stored.
    pub body: Vec<u8>,
}

/// A try that came to nothing and may come to something.
enum Failed {
    /// The source wants to be left alone for so long.
    Limited(Duration),
    /// Something broke; the source may have said when to come back.
    Fault(String, Option<Duration>),
    /// It would come to nothing again.
    Stopped(Stopped),
}

/// A source's API.
pub struct Api {
    source: &'static Source,
    client: reqwest::Client,
    address: Address,
    headers: HeaderMap,
    bounds: Bounds,
    time: Time,
    /// Until when no request is left, by kind: GitHub counts its two APIs, of GET and of POST, apart.
    used_up: Mutex<BTreeMap<bool, At>>,
}

impl Api {
    /// Prepares calls to `url` with that token.
    pub fn new(
        source: &'static Source,
        pages: &Pages,
        url: &str,
        token: &str,
        tls: rustls::ClientConfig,
        bounds: Bounds,
        time: Time,
    ) -> Result<Self> {
        let mut headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        for (name, value) in (pages.headers)(token) {
            let mut value: HeaderValue =
                value.parse().with_context(|| format!("the token of {} holds characters that no header can", source.name))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("pacer/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(bounds.connect)
            .read_timeout(bounds.idle)
            .timeout(bounds.whole)
            .build()
            .with_context(|| format!("preparing calls to {}", source.name))?;
        Ok(Self { source, client, address: Address::new(url)?, headers, bounds, time, used_up: Mutex::default() })
    }

    /// Asks until there is an answer, or no use in asking again.
    pub async fn answer(&self, ask: &Ask, version: Option<&str>) -> Result<Answered, Stopped> {
        let (mut waits, mut faults) = (0, self.pauses());
        loop {
            self.leave_alone(ask).await?;
            match self.once(ask, version, waits).await {
                Ok(answered) => return Ok(answered),
                Err(Failed::Limited(wait)) if waits < self.bounds.waits => {
                    waits += 1;
                    self.pause(wait).await?;
                }
                Err(Failed::Limited(_)) => return Err(self.limited((self.time.now)())),
                Err(Failed::Fault(why, told)) => match faults.next() {
                    Some(pause) => self.pause_after(&why, told.unwrap_or(pause)).await?,
                    None => return Err(self.faulty(&why)),
                },
                Err(Failed::Stopped(stopped)) => return Err(stopped),
            }
        }
    }

    /// Growing pauses between tries, each a little longer by chance, so that those that failed together do not come back together.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        let pauses =
            ExponentialBuilder::default().with_min_delay(Duration::from_secs(1)).with_max_delay(Duration::from_mins(1)).with_jitter();
        pauses.with_max_times(self.bounds.tries).build()
    }

    /// Waits until requests of that kind are counted anew, where none is left.
    async fn leave_alone(&self, ask: &Ask) -> Result<(), Stopped> {
        let until = self.used_up.lock().unwrap_or_else(PoisonError::into_inner).remove(&ask.body.is_some());
        match until.map(|at| limit::until(at, (self.time.now)())) {
            Some(wait) if !wait.is_zero() => self.pause(wait).await,
            _ => Ok(()),
        }
    }

    /// Whether the last answer said that no request of that kind is left.
    pub fn is_used_up(&self, ask: &Ask) -> bool {
        self.used_up.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&ask.body.is_some())
    }

    async fn pause(&self, wait: Duration) -> Result<(), Stopped> {
        let then = (self.time.now)().plus(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        if wait > self.bounds.wait {
            return Err(self.limited(then));
        }
        (self.time.pause)(wait, &format!("{} takes no more requests until {}", self.source.name, whole_second(then))).await;
        Ok(())
    }

    /// Waits before another try.
    pub async fn pause_after(&self, why: &str, wait: Duration) -> Result<(), Stopped> {
        if wait > self.bounds.wait {
            return Err(self.faulty(why));
        }
        (self.time.pause)(wait, &format!("{} did not answer ({why})", self.source.name)).await;
        Ok(())
    }

    fn limited(&self, then: At) -> Stopped {
        let (name, slug) = (self.source.name, self.source.slug);
        let sentence = format!(
            "{name} takes no more requests until {}: run `pacer backfill {slug}` again then, it goes on where it stopped",
            whole_second(then)
        );
        Stopped { reach: Reach::Run, sentence }
    }

    /// The end of trying again.
    pub fn faulty(&self, why: &str) -> Stopped {
        let (name, slug) = (self.source.name, self.source.slug.to_uppercase());
        let sentence = format!(
            "{name} does not answer ({why}), however often it is asked: check the network and PACER_{slug}_URL, and run this again, it goes on where it stopped"
        );
        Stopped { reach: Reach::Run, sentence }
    }

    /// One try, redirects included.
    async fn once(&self, ask: &Ask, version: Option<&str>, again: u32) -> Result<Answered, Failed> {
        let stopped = |why: String| {
            let sentence = format!("{} was not asked for the {} of {}: {why}", self.source.name, ask.stream, ask.scope);
            Failed::Stopped(Stopped { reach: Reach::Stream, sentence })
        };
        let mut url = self.address.of(&ask.path).map_err(stopped)?;
        for _ in 0..=REDIRECTS {
            let response = self.request(ask, url.clone(), version).send().await.map_err(|error| Failed::Fault(words_of(error), None))?;
            match self.moved(ask, &url, &response).map_err(stopped)? {
                Some(to) => url = to,
                None => return self.heard(ask, response, again).await,
            }
        }
        Err(stopped("it is redirected again and again".into()))
    }

    fn request(&self, ask: &Ask, url: Url, version: Option<&str>) -> reqwest::RequestBuilder {
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.client.request(method, url).headers(self.headers.clone());
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
            if !self.headers.contains_key(CONTENT_TYPE) {
                request = request.header(CONTENT_TYPE, "application/json");
            }
        }
        if let Some(version) = version {
            request = request.header(IF_NONE_MATCH, version);
        }
        request
    }

    /// Where a redirect leads; none where the answer is none. A body is not sent elsewhere.
    fn moved(&self, ask: &Ask, from: &Url, response: &Response) -> Result<Option<Url>, String> {
        if ask.body.is_some() || !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
            return Ok(None);
        }
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        self.address.moved(from, location.ok_or("it is redirected to nowhere")?).map(Some)
    }

    async fn heard(&self, ask: &Ask, response: Response, again: u32) -> Result<Answered, Failed> {
        let (status, now) = (response.status(), (self.time.now)());
        let headers = headers_of(response.headers());
        if let Some(reset) = limit::used_up(&headers, now) {
            // In our own time, whatever the source's clock shows; a second more, since it is told in whole ones.
            let ours = now.plus(reset.since(limit::source_time(&headers, now))).plus(SECOND);
            self.used_up.lock().unwrap_or_else(PoisonError::into_inner).insert(ask.body.is_some(), ours);
        }
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Answered::Unchanged);
        }
        if status.is_success() {
            let body = read(response, self.bounds.bytes).await?;
            let inflated = plain(&headers, &body, self.bounds.bytes);
            let inflated = inflated.ok_or_else(|| Failed::Fault("its answer is cut off or too large".into(), None))?.into_owned();
            return Ok(Answered::Whole(Whole { answer: Answer { headers, body: inflated }, body }));
        }
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
            return Err(Failed::Fault(format!("status {}", status.as_u16()), limit::retry_after(&headers, now)));
        }
        let body = read(response, WORDS).await.unwrap_or_default();
        let words = message(&plain(&headers, &body, WORDS).unwrap_or_default());
        if let Some(wait) = limit::wait(status.as_u16(), &headers, &words, now, again) {
            // The wait is this one; what the same headers say would be waited for twice.
            self.used_up.lock().unwrap_or_else(PoisonError::into_inner).remove(&ask.body.is_some());
            return Err(Failed::Limited(wait));
        }
        if status == StatusCode::UNAUTHORIZED {
            let (name, slug) = (self.source.name, self.source.slug.to_uppercase());
            let sentence = format!("{name} does not take the token ({words}): check that PACER_{slug}_TOKEN is whole and not expired");
            return Err(Failed::Stopped(Stopped { reach: Reach::Run, sentence }));
        }
        Ok(Answered::Refused(status.as_u16(), words))
    }
}

async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| Failed::Fault(words_of(error), None))? {
        body.extend_from_slice(&piece);
        if body.len() > most {
            return Err(Failed::Fault("its answer is too large".into(), None));
        }
    }
    Ok(body)
}

/// What went wrong, without the URL; the last cause says most.
fn words_of(error: reqwest::Error) -> String {
    let what = match (error.is_timeout(), error.is_connect(), error.is_body() || error.is_decode()) {
        (true, ..) => "it took too long",
        (_, true, _) => "no connection",
        (.., true) => "the answer was cut off",
        _ => "the connection broke",
    };
    let error = error.without_url();
    let cause = std::iter::successors(std::error::Error::source(&error), |cause| cause.source()).last();
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}

/// The sentence of a refusal: APIs call it `message` or `error`.
fn message(body: &[u8]) -> String {
    let told: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let named = |name: &str| told.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let text = named("message").or_else(|| named("error")).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let line: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|letter| !letter.is_control()).take(200).collect();
    if line.is_empty() { "without a word".into() } else { line }
}

fn headers_of(headers: &HeaderMap) -> Headers {
    let texts = headers.iter().map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Headers(texts.collect())
}

fn whole_second(at: At) -> String {
    At::from_secs(at.0.div_euclid(SECOND)).rfc3339()
}
