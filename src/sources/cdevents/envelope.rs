//! The ways a `CDEvent` travels: in the `data` of a structured `CloudEvent`, as the body of a binary one whose attributes
//! are `ce-` headers, several in a `CloudEvents` batch, or bare in a file.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::super::Headers;
use crate::domain::time::At;

/// A `CDEvent`, whatever its version, as far as pacer reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names of the specification")]
pub struct CdEvent {
    pub context: Option<Context>,
    pub subject: Option<Subject>,
    /// The sender's own addition, which may be any JSON.
    pub custom_data: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names of the specification")]
pub struct Context {
    pub id: Option<String>,
    pub source: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub timestamp: Option<At>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the names of the specification")]
pub struct Subject {
    pub id: Option<String>,
    /// Read when the type is known to be of use.
    pub content: Option<Value>,
}

/// The contents of all subjects that pacer reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names of the specification")]
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
#[serde(default)]
#[allow(missing_docs, reason = "the names of the specification")]
pub struct Reference {
    pub id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
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
    let unreadable = |error: serde_json::Error| format!("it cannot be read: {error}");
    if body.trim_ascii_start().starts_with(b"[") {
        let batch: Vec<&RawValue> = serde_json::from_slice(body).map_err(unreadable)?;
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
    let unreadable = |error: serde_json::Error| format!("it cannot be read: {error}");
    let cloud: CloudEvent<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    if cloud.specversion.is_none() {
        return serde_json::from_slice(body).map_err(unreadable);
    }
    let mut event: CdEvent = match (cloud.data, cloud.data_base64) {
        (Some(data), _) => match serde_json::from_str::<String>(data.get()) {
            Ok(text) => serde_json::from_str(&text).map_err(unreadable)?,
            Err(_) => serde_json::from_str(data.get()).map_err(unreadable)?,
        },
        (None, Some(coded)) => {
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, coded)
                .map_err(|error| format!("`data_base64` is not base64: {error}"))?;
            serde_json::from_slice(&bytes).map_err(unreadable)?
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
