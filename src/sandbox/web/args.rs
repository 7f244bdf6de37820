//! A call's arguments, whichever way they were sent: query, form or JSON.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value, json};

use super::Refused;

/// Members that are JSON inside a form field.
const NESTED: &[&str] = &["blocks", "attachments", "view", "metadata", "files", "user_ids"];

/// A call's arguments.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Args {
    members: Map<String, Value>,
    token: Option<String>,
    /// Members that came in a JSON body.
    json: Map<String, Value>,
}

impl Args {
    /// Reads the arguments of a request.
    pub fn read(headers: &HeaderMap, query: Option<&str>, body: &[u8]) -> Result<Self, Refused> {
        let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let mut members = form(query.unwrap_or_default().as_bytes())?;
        let kind = text(header::CONTENT_TYPE).unwrap_or_default();
        let mut json = Map::new();
        if kind.starts_with("application/json") {
            match serde_json::from_slice::<Value>(body) {
                Ok(Value::Object(object)) => {
                    json.clone_from(&object);
                    members.extend(object);
                }
                Ok(_) => return Err(Refused::new("json_not_object")),
                Err(_) if body.is_empty() => {}
                Err(_) => return Err(Refused::new("invalid_json")),
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") || kind.is_empty() {
            members.extend(form(body)?);
        } else if !body.is_empty() {
            return Err(Refused::new("invalid_post_type"));
        }
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        let token = bearer.or_else(|| members.get("token").and_then(Value::as_str).map(str::to_owned));
        members.remove("token");
        Ok(Self { members, token, json })
    }

    /// Arguments that came as JSON without a token: response URLs and acknowledgements.
    pub fn of(members: Map<String, Value>) -> Self {
        Self { members, token: None, json: Map::new() }
    }

    /// The same without what came as JSON.
    pub fn without_json(&self) -> Self {
        let members =
            self.members.iter().filter(|(name, _)| !self.json.contains_key(*name)).map(|(name, value)| (name.clone(), value.clone()));
        Self { members: members.collect(), token: self.token.clone(), json: Map::new() }
    }

    /// The token, from the header or the body.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// All of it, without the token.
    pub fn body(&self) -> Value {
        Value::Object(self.members.clone())
    }

    /// A string member that is not empty.
    pub fn string(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str).filter(|string| !string.is_empty())
    }

    /// A string member that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Refused> {
        self.string(name).ok_or_else(|| Refused::arguments(format!("[ERROR] missing required field: {name}")))
    }

    /// A member that is true, in JSON or as a form's word.
    pub fn flag(&self, name: &str) -> bool {
        match self.members.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(word)) => word == "true" || word == "1",
            _ => false,
        }
    }

    /// A whole number, in JSON or as a form's word.
    pub fn number(&self, name: &str) -> Option<usize> {
        match self.members.get(name)? {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            Value::String(word) => word.parse().ok(),
            _ => None,
        }
    }

    /// A member of any JSON type; null counts as absent.
    pub fn json(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A slice of a list with Slack's cursor for the next one.
    pub fn page(&self, items: &[Value]) -> (Vec<Value>, Value) {
        let start = self.string("cursor").and_then(|cursor| cursor.strip_prefix("from:")?.parse().ok()).unwrap_or(0);
        let limit = self.number("limit").filter(|limit| *limit > 0).unwrap_or(100).min(1_000);
        let slice = items.iter().skip(start).take(limit).cloned().collect();
        let next = if start + limit < items.len() { format!("from:{}", start + limit) } else { String::new() };
        (slice, json!({"next_cursor": next}))
    }
}

fn form(bytes: &[u8]) -> Result<Map<String, Value>, Refused> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).map_err(|_| Refused::new("invalid_form_data"))?;
    pairs
        .into_iter()
        .map(|(name, value)| {
            if !NESTED.contains(&name.as_str()) || value.is_empty() {
                return Ok((name, Value::String(value)));
            }
            let wrong = if name == "blocks" { "invalid_blocks_format" } else { "invalid_arguments" };
            serde_json::from_str(&value).map(|nested| (name, nested)).map_err(|_| Refused::new(wrong))
        })
        .collect()
}
