//! Files, version 2: ask for an upload address, send the bytes, complete; the file then stands in a message.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::state::{Message, Upload};
use super::super::{Call, Fault, Workspace};
use super::{Answer, Args, Refused};

pub(super) fn upload_url(workspace: &Workspace, args: &Args) -> Answer {
    let name = args.need("filename")?.to_owned();
    let length =
        args.number("length").filter(|length| *length > 0).ok_or_else(|| Refused::arguments("[ERROR] length must be a number over 0"))?;
    let mut state = workspace.lock();
    let id = format!("F{:07}", state.count());
    state.uploads.insert(id.clone(), Upload { name, length, ..Upload::default() });
    Ok(json!({"upload_url": format!("{}/upload/{id}", state.base_url), "file_id": id}))
}

/// Takes the bytes, raw or as the one part of a multipart form.
pub(super) async fn upload(State(workspace): State<Workspace>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bytes = if kind.starts_with("multipart/form-data") { part(kind, &body) } else { Some(body) };
    let mut state = workspace.lock();
    let fault = state.fault("upload");
    let (status, answer) = match (fault, bytes, state.uploads.get_mut(&id)) {
        (Some(Fault::Status(status)), ..) => (super::code(status), "failed".to_owned()),
        (_, Some(bytes), Some(upload)) if bytes.len() == upload.length => {
            upload.bytes = Some(bytes);
            (StatusCode::OK, format!("OK - {}", upload.length))
        }
        (_, _, None) => (StatusCode::NOT_FOUND, "no such upload".to_owned()),
        _ => (StatusCode::BAD_REQUEST, "length differs from what was announced".to_owned()),
    };
    let call = Call {
        method: "upload".to_owned(),
        body: json!({"file": id}),
        answer: json!(answer),
        status: status.as_u16(),
        at: workspace.now(),
    };
    state.log(call);
    (status, answer).into_response()
}

/// The first part's bytes of a multipart body.
fn part(kind: &str, body: &Bytes) -> Option<Bytes> {
    let boundary = format!("--{}", kind.split("boundary=").nth(1)?.split(';').next()?.trim_matches('"'));
    let start = find(body, b"\r\n\r\n")? + 4;
    let end = start + find(&body[start..], format!("\r\n{boundary}").as_bytes())?;
    Some(body.slice(start..end))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

pub(super) fn complete(workspace: &Workspace, args: &Args) -> Answer {
    let wanted = args.json("files").and_then(Value::as_array).cloned().unwrap_or_default();
    if wanted.is_empty() {
        return Err(Refused::arguments("[ERROR] missing required field: files"));
    }
    let channel = args.string("channel_id").map(|id| workspace.known_channel(id)).transpose()?;
    if channel.as_ref().is_some_and(|channel| !channel.has_app) {
        return Err(Refused::new("not_in_channel"));
    }
    let now = workspace.now();
    let mut state = workspace.lock();
    let base = state.base_url.clone();
    let mut files = Vec::new();
    for file in &wanted {
        let id = file["id"].as_str().unwrap_or_default();
        let upload = state.uploads.get_mut(id).filter(|upload| upload.bytes.is_some() && !upload.shared);
        let upload = upload.ok_or_else(|| Refused::new("file_not_found"))?;
        upload.shared = true;
        let title = file["title"].as_str().unwrap_or(&upload.name);
        files.push(json!({"id": id, "title": title, "name": upload.name, "mimetype": mime(&upload.name), "size": upload.length,
            "url_private": format!("{base}/sandbox/files/{id}"), "permalink": format!("{base}/sandbox/files/{id}")}));
    }
    if let Some(channel) = channel {
        let message = Message {
            ts: state.next_ts(now),
            channel: channel.id,
            user: workspace.options.bot_user.clone(),
            text: args.string("initial_comment").unwrap_or_default().to_owned(),
            blocks: Vec::new(),
            thread_ts: args.string("thread_ts").map(str::to_owned),
            only_for: None,
            metadata: None,
            edited: false,
            files: files.clone(),
        };
        state.post(message);
    }
    Ok(json!({"files": files}))
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("png") => "image/png",
        Some("pdf") => "application/pdf",
        Some("csv") => "text/csv",
        _ => "application/octet-stream",
    }
}

/// Shows an uploaded file to the page: pictures inline, all else as a download.
pub(super) async fn show(State(workspace): State<Workspace>, Path(id): Path<String>) -> Response {
    let state = workspace.lock();
    let Some((name, bytes)) = state.uploads.get(&id).and_then(|upload| upload.bytes.clone().map(|bytes| (upload.name.clone(), bytes)))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let shown = if mime(&name) == "image/png" { "inline" } else { "attachment" };
    let headers = [(header::CONTENT_TYPE, mime(&name)), (header::CONTENT_DISPOSITION, shown), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, bytes).into_response()
}
