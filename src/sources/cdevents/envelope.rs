//! The ways a `CDEvent` travels: in the `data` of a structured `CloudEvent`, as the body of a binary one whose attributes
//! are `ce-` headers, several in a `CloudEvents` batch, or bare in a file.

#![allow(missing_docs, reason = "the names of the specification")]

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::domain::time::At;
use crate::sources::{Headers, read};

/// A `CDEvent`, whatever its version, as far as pacer reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CdEvent {
    pub context: Option<Context>,
    pub subject: Option<Subject>,
    /// The sender's own addition, which may be any JSON.
    pub custom_data: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Context {
    pub id: Option<String>,
    pub source: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub timestamp: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Subject {
    pub id: Option<String>,
    /// Read when the type is known to be of use.
    pub content: Option<Value>,
}

/// The contents of all subjects that pacer reads.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    pub environment: Option<Reference>,
    pub service: Option<Reference>,
    pub repository: Option<Reference>,
    pub artifact_id: Option<String>,
    pub description: Option<String>,
    pub summary: Option<String>,
    pub ticket_type: Option<String>,
    pub group: Option<String>,
    pub assignees: Option<Vec<String>>,
    pub labels: Option<Vec<String>>,
    pub resolution: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Reference {
    pub id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct CloudEvent<'a> {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    time: Option<At>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    data_base64: Option<String>,
}

/// The events of a delivery, each with its context as complete as the envelope makes it.
pub fn open(headers: &Headers, body: &[u8]) -> Result<Vec<CdEvent>, String> {
    if body.trim_ascii_start().starts_with(b"[") {
        let batch: Vec<&RawValue> = read(body)?;
        return batch.into_iter().map(|event| structured(event.get().as_bytes())).collect();
    }
    let mut event = structured(body)?;
    let header = |name: &str| headers.get(name).map(Into::into);
    let attributes = Context {
        id: header("ce-id"),
        source: header("ce-source"),
        kind: header("ce-type"),
        timestamp: headers.get("ce-time").and_then(At::parse),
    };
    event.fill(attributes);
    Ok(vec![event])
}

fn structured(body: &[u8]) -> Result<CdEvent, String> {
    let cloud: CloudEvent<'_> = read(body)?;
    if cloud.specversion.is_none() {
        return read(body);
    }
    let mut event: CdEvent = match (cloud.data, cloud.data_base64) {
        (Some(data), _) => match serde_json::from_str::<String>(data.get()) {
            Ok(text) => read(text.as_bytes())?,
            Err(_) => read(data.get().as_bytes())?,
        },
        (None, Some(coded)) => {
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, coded)
                .map_err(|error| format!("`data_base64` is not base64: {error}"))?;
            read(&bytes)?
        }
        (None, None) => return Err("the CloudEvent has no `data`".into()),
    };
    event.fill(Context { id: cloud.id, source: cloud.source, kind: cloud.kind, timestamp: cloud.time });
    Ok(event)
}

impl CdEvent {
    /// Takes from the envelope what the event's own context leaves out.
    fn fill(&mut self, envelope: Context) {
        let context = self.context.take().unwrap_or_default();
        self.context = Some(Context {
            id: context.id.or(envelope.id),
            source: context.source.or(envelope.source),
            kind: context.kind.or(envelope.kind),
            timestamp: context.timestamp.or(envelope.timestamp),
        });
    }
}
