//! Generic events: what `POST /v1/events` takes and `pacer import json` reads. A JSON array, one object, or JSON lines,
//! in the shapes that the README documents; CSV shares the checks.
//!
//! Over HTTP a batch is all or nothing on a syntax error ([`SOURCE`]'s `check`); a semantic error rejects its row only.
//! In a file a line that is not JSON is a rejected row too.

pub mod facts;
pub mod fields;
pub mod row;
pub mod texts;

use std::io::{self, BufRead};

use serde::de::IgnoredAny;

use self::texts::Texts;
use super::{Headers, Refused, Source, signature};
use crate::domain::event::{Parsed, Rejected, Stated};
use crate::domain::said;

/// The most events that one request may bring.
pub const MOST_EVENTS: u64 = 10_000;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "json",
    name: "generic",
    verify: |headers, _, tokens, _| signature::verify_bearer(headers, tokens),
    delivery_id: |_, _| None,
    check: |_, body| check(body),
    parse: |headers, body| parse(body, is_placed(headers)),
    webhook: false,
    recorded: |_| Headers::default(),
    pages: None,
};

/// An event or the reason why there is none; the outer error is the reader's own.
pub type Row = io::Result<Result<Stated, Rejected>>;

/// The events of a reader of any length, one after another. Ends after the first error of the reader.
pub struct Rows<R> {
    texts: Texts<R>,
    placed: bool,
    failed: bool,
}

/// Reads events from a file; memory holds one at a time.
pub fn rows<R: BufRead>(reader: R, placed: bool) -> Rows<R> {
    Rows { texts: Texts::new(reader), placed, failed: false }
}

/// Whether the service of all rows was said beside them.
pub fn is_placed(headers: &Headers) -> bool {
    headers.get(said::SERVICE).is_some()
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.failed {
            return None;
        }
        match self.texts.next_text() {
            Ok(None) => None,
            Ok(Some(text)) => Some(Ok(match text.broken {
                Some(reason) => Err(Rejected { line: text.place(), reason: reason.into() }),
                None => row::parse_text(text.bytes, text.place(), self.placed),
            })),
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

/// One line of JSON lines, counted from 1. Blank lines are the caller's to skip.
pub fn parse_line(text: &str, line: u64) -> Result<Stated, Rejected> {
    row::parse_text(text.as_bytes(), line, false)
}

/// All events of a body.
pub fn parse(body: &[u8], placed: bool) -> Parsed {
    let mut parsed = Parsed::default();
    for row in rows(body, placed).flatten() {
        parsed.read += 1;
        match row {
            Ok(stated) => parsed.events.push(stated),
            Err(rejected) => parsed.rejected.push(rejected),
        }
    }
    parsed
}

/// Whether a request body is JSON throughout, of the right shape and not too many.
pub fn check(body: &[u8]) -> Result<(), Refused> {
    let refused = |sentence: String| Err(Refused::Syntax(sentence));
    if body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff") {
        return refused("the body is UTF-16; send UTF-8".into());
    }
    if let Err(error) = std::str::from_utf8(body) {
        return refused(format!("the body is not valid UTF-8 from byte {} on", error.valid_up_to() + 1));
    }
    let in_array = body.trim_ascii_start().strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start().starts_with(b"[");
    let (mut texts, mut read) = (Texts::new(body), 0_u64);
    while let Some(text) = texts.next_text().unwrap_or_default() {
        let place = if in_array { format!("event {}", text.place()) } else { format!("line {}", text.place()) };
        if let Some(reason) = text.broken {
            return refused(format!("{place}: {reason}"));
        }
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(text.bytes) {
            return refused(format!("{place}: {}", row::not_json(&error)));
        }
        if !in_array && !text.bytes.starts_with(b"{") {
            return refused(format!("{place} is not a JSON object; send an array of events, one event, or one event a line"));
        }
        read += 1;
        if read > MOST_EVENTS {
            return Err(Refused::TooLarge(format!("the body has more than {MOST_EVENTS} events; send them in several requests")));
        }
    }
    if read == 0 && !in_array {
        return refused("the body is empty; send an array of events, one event, or one event a line".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
