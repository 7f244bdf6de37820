//! Bodies: counted before they are read, capped while they are read, capped again where they inflate.
//!
//! Why a share for each source: bodies are held in memory until they are stored, and a source that sends without end
//! must take neither all of it nor another source's.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::sources::{Headers, SOURCES};

/// A share's unit of memory.
const UNIT: usize = 128 * 1024;
/// Units that one source may hold: 128 MiB, or 1,024 small deliveries.
const SHARE: usize = 1_024;
/// How often a body stands in memory while it is stored: as it came, in the statement, in the database's own pages.
const COPIES: usize = 4;
/// Longest wait for a body.
const BODY_LIMIT: Duration = Duration::from_secs(30);

/// How much of a refused body is read and thrown away, and for how long.
const DISCARD_CAP: usize = 64 * 1024 * 1024;
const DISCARD_LIMIT: Duration = Duration::from_secs(2);

/// How much of each source is in memory.
#[derive(Clone)]
pub struct Intake(Arc<BTreeMap<&'static str, Arc<Semaphore>>>);

impl Intake {
    /// A full share for each source; `json` is that of `/v1/events`.
    pub fn new() -> Self {
        Self(Arc::new(SOURCES.iter().map(|source| (source.slug, Arc::new(Semaphore::new(SHARE)))).collect()))
    }

    /// Room for a body: by its announced length, or by `cap` where it announces none.
    fn room(&self, slug: &str, headers: &HeaderMap, cap: usize) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > cap) {
            return Err(larger(cap));
        }
        let units = u32::try_from(announced.unwrap_or(cap) * COPIES / UNIT + 1).unwrap_or(u32::MAX);
        let Some(share) = self.0.get(slug) else { return Ok(None) };
        Arc::clone(share).try_acquire_many_owned(units).map(Some).map_err(|_| Problem::too_many())
    }

    /// The body, and the room it takes, to be held until it is stored.
    pub async fn read(&self, slug: &str, request: Request, cap: usize) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Problem> {
        let room = match self.room(slug, request.headers(), cap) {
            Ok(room) => room,
            Err(refused) => {
                discard(request).await;
                return Err(refused);
            }
        };
        match tokio::time::timeout(BODY_LIMIT, Bytes::from_request(request, &())).await {
            Ok(Ok(body)) => Ok((body, room)),
            Ok(Err(rejected)) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(larger(cap)),
            Ok(Err(_)) => Err(Problem::syntax("The body was cut off.")),
            Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "The body took longer than 30 s.", "Send it again.")),
        }
    }
}

/// Reads on for a moment without keeping anything: a sender that is still writing would else see a broken pipe instead of
/// the answer.
async fn discard(request: Request) {
    let mut left = request.into_body().into_data_stream();
    let mut bytes = 0;
    let reading = async {
        while let Some(Ok(piece)) = left.next().await {
            bytes += piece.len();
            if bytes > DISCARD_CAP {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_LIMIT, reading).await;
}

impl Default for Intake {
    fn default() -> Self {
        Self::new()
    }
}

fn larger(cap: usize) -> Problem {
    Problem::too_large(format!("The body is larger than {} MiB.", cap / (1024 * 1024)))
}

/// Undoes `Content-Encoding: gzip`; stops reading at `cap`, however much would follow.
pub fn inflate(encoding: Option<&str>, body: Bytes, cap: usize) -> Result<Vec<u8>, Problem> {
    match encoding.map(|encoding| encoding.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => Ok(body.into()),
        Some("gzip" | "x-gzip") => {
            let mut inflated = Vec::new();
            let mut reader = flate2::read::MultiGzDecoder::new(body.as_ref()).take(cap as u64 + 1);
            reader.read_to_end(&mut inflated).map_err(|_| Problem::syntax("The body says it is gzip, and is not, or is cut off."))?;
            if inflated.len() > cap { Err(larger(cap)) } else { Ok(inflated) }
        }
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_type",
            "The body is encoded in a way that pacer does not read.",
            "Send it plain or with `Content-Encoding: gzip`.",
        )),
    }
}

/// Every header by its lower-case name, as the source's `verify` needs them; but those of pacer's own, which say what only a
/// person on the command line or a backfill may say.
pub fn headers_of(headers: &HeaderMap) -> Headers {
    let mut named = BTreeMap::<String, String>::new();
    for (name, value) in headers.iter().filter(|(name, _)| !name.as_str().starts_with("x-pacer-")) {
        let value = String::from_utf8_lossy(value.as_bytes());
        named
            .entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    Headers(named)
}

/// The headers worth keeping with a delivery: no secrets, and no proofs that a copy of the database would give away.
pub fn kept(headers: &Headers) -> BTreeMap<String, String> {
    const DROPPED: &[&str] = &["authorization", "cookie", "token", "secret", "signature", "password", "api-key", "apikey"];
    headers
        .0
        .iter()
        .filter(|(name, _)| !DROPPED.iter().any(|part| name.contains(part)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("in memory");
        encoder.finish().expect("in memory").into()
    }

    #[test]
    fn a_zip_bomb_stops_at_the_cap() {
        let check = |encoding: Option<&str>, body: Bytes, expect: Result<usize, u16>| {
            let inflated = inflate(encoding, body, 1_000).map(|body| body.len()).map_err(|problem| problem.status.as_u16());
            assert_eq!(inflated, expect, "{encoding:?}");
        };
        let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
        assert!(bomb.len() < 100_000);
        check(Some("gzip"), bomb, Err(413));
        check(Some("gzip"), gzip(&[b'x'; 1_000]), Ok(1_000));
        check(Some("gzip"), gzip(&[b'x'; 1_001]), Err(413));
        check(Some(" GZIP "), gzip(b"{}"), Ok(2));
        check(Some("gzip"), Bytes::from_static(b"not gzip"), Err(400));
        check(Some("gzip"), gzip(b"cut off").slice(..12), Err(400));
        check(Some("br"), Bytes::new(), Err(415));
        check(None, Bytes::from_static(b"{}"), Ok(2));
    }

    #[test]
    fn secrets_and_proofs_are_not_kept() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("Authorization", "Bearer x"),
            ("X-Hub-Signature-256", "sha256=x"),
            ("X-Gitlab-Token", "x"),
            ("X-Pacer-Service", "mine"),
            ("X-GitHub-Event", "push"),
            ("X-GitHub-Delivery", "d1"),
        ] {
            headers.insert(axum::http::HeaderName::from_bytes(name.as_bytes()).expect("name"), value.parse().expect("value"));
        }
        let all = headers_of(&headers);
        assert_eq!((all.get("x-hub-signature-256"), all.get("x-pacer-service")), (Some("sha256=x"), None));
        assert_eq!(kept(&all).keys().collect::<Vec<_>>(), ["x-github-delivery", "x-github-event"]);
    }

    #[test]
    fn a_source_that_fills_its_share_is_told_to_wait_and_others_are_not() {
        let intake = Intake::new();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(100));
        let held: Vec<_> = (0..SHARE).map(|_| intake.room("github", &headers, 1_000).expect("room")).collect();
        let refused = |slug: &str| intake.room(slug, &headers, 1_000).err().map(|problem| problem.status.as_u16());
        assert_eq!(refused("github"), Some(429));
        assert_eq!(refused("json"), None);
        drop(held);
        assert_eq!(refused("github"), None);
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(10 << 20));
        let large: Vec<_> =
            (0..SHARE * UNIT / COPIES / (10 << 20)).map(|_| intake.room("github", &headers, 10 << 20).expect("room")).collect();
        assert_eq!(
            (large.len(), intake.room("github", &headers, 10 << 20).is_err()),
            (3, true),
            "a large one takes the room of its copies"
        );
        headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(1_001));
        assert_eq!(intake.room("github", &headers, 1_000).err().map(|problem| problem.status.as_u16()), Some(413));
    }
}
