//! What Linear holds already, by its GraphQL API: the issues of a team, and the comments on them.
//!
//! Archived issues are asked for too: Linear archives by itself what has long been done. They come in the order of their
//! creation, Linear's own, in which none changes its place while pages are read. Linear counts nothing, so there is no total.

use serde_json::{Value, json};

use super::{Issue, acted, person};
use crate::domain::event::{Event, Rejected, Stated};
use crate::domain::time::At;
use crate::sources::generic::fields::short;
use crate::sources::object::Object;
use crate::sources::pages::{Answer, Ask, Page, Pages, Unread};
use crate::sources::{needed, without_nul};

/// How it is read.
pub const PAGES: Pages =
    Pages { url: "https://api.linear.app", headers, scope: "team", begin, read: |ask, answer| read(ask, answer).map(|found| found.0) };

/// Rows on a page. Linear refuses what costs over 10,000 points; 100 issues with 20 labels each cost about 3,200.
const ISSUES: &str = "query($filter: IssueFilter, $after: String) { \
    rows: issues(first: 100, after: $after, includeArchived: true, filter: $filter) { \
    nodes { id identifier previousIdentifiers title url createdAt updatedAt startedAt completedAt canceledAt archivedAt trashed \
    state { name } team { key } project { name } parent { id } assignee { id email } labels(first: 20) { nodes { name } } } \
    pageInfo { hasNextPage endCursor } } }";
const COMMENTS: &str = "query($filter: CommentFilter, $after: String) { \
    rows: comments(first: 100, after: $after, includeArchived: true, filter: $filter) { \
    nodes { createdAt user { id email app } issue { id } } \
    pageInfo { hasNextPage endCursor } } }";

/// A personal API key stands as it is; all else is a token.
fn headers(token: &str) -> Vec<(&'static str, String)> {
    let proof = if token.starts_with("lin_api_") { token.to_owned() } else { format!("Bearer {token}") };
    vec![("authorization", proof), ("content-type", "application/json".into())]
}

fn begin(scope: &str, since: Option<At>) -> Vec<Ask> {
    let of_team = json!({"team": {"key": {"eq": scope}}});
    let streams = [("issues", ISSUES, of_team.clone()), ("comments", COMMENTS, json!({"issue": of_team}))];
    let ask = |(stream, query, mut filter): (&str, &str, Value)| {
        if let Some(since) = since {
            filter["updatedAt"] = json!({"gte": since});
        }
        let body = json!({"query": query, "variables": {"filter": filter}});
        Ask { stream: stream.into(), scope: scope.into(), path: "/graphql".into(), body: Some(body.to_string()), memory: None }
    };
    streams.map(ask).into()
}

/// Reads an answer: the page, and the things on it that could not be read.
pub fn read(ask: &Ask, answer: &Answer) -> Result<(Page, Vec<Rejected>), Unread> {
    page(ask, &without_nul(&answer.body)).map_err(|reason| Unread(format!("Linear's {} of {}: {reason}", ask.stream, ask.scope)))
}

fn page(ask: &Ask, json: &[u8]) -> Result<(Page, Vec<Rejected>), String> {
    let told = Object::parse(json)?;
    if let Some(error) = told.objects("errors")?.first() {
        return Err(format!("it was refused: {}", short(&error.text("message")?.unwrap_or_default())));
    }
    let data = told.needed(told.object("data")?, "data")?;
    let rows = data.needed(data.object("rows")?, "rows")?;
    let nodes = rows.objects("nodes")?;
    let (mut page, mut rejected) = (Page { listed: nodes.len() as u64, ..Page::default() }, Vec::new());
    for (line, node) in (1..).zip(&nodes) {
        let fact = if ask.stream == "comments" { comment(node) } else { issue(node).map(Some) };
        match fact {
            Ok(fact) => page.events.extend(fact.map(|(event, updated_at)| Stated { event, updated_at, line })),
            Err(reason) => rejected.push(Rejected { line, reason }),
        }
    }
    let info = rows.needed(rows.object("pageInfo")?, "pageInfo")?;
    if info.truth("hasNextPage")? == Some(true) {
        page.next = Some(after(ask, &info.needed(info.text("endCursor")?, "endCursor")?)?);
    }
    Ok((page, rejected))
}

/// The ask for what comes behind a cursor.
fn after(ask: &Ask, cursor: &str) -> Result<Ask, String> {
    let mut body: Value = ask.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let variables = needed(body.get_mut("variables").and_then(Value::as_object_mut), "variables that were sent")?;
    if variables.insert("after".into(), json!(cursor)) == Some(json!(cursor)) {
        return Err("it gives the same cursor again, so it has no end".into());
    }
    Ok(Ask { body: Some(body.to_string()), ..ask.clone() })
}

fn issue(node: &Object<'_>) -> Result<(Event, Option<At>), String> {
    let labels = node.object("labels")?.map(|labels| labels.objects("nodes")).transpose()?.unwrap_or_default();
    let issue = Issue::read(node, &labels)?;
    Ok((Event::Item(issue.item), issue.version))
}

/// None where it is on no issue, or by a program.
fn comment(node: &Object<'_>) -> Result<Option<(Event, Option<At>)>, String> {
    let (Some(user), Some(issue)) = (node.object("user")?, node.object("issue")?) else { return Ok(None) };
    if user.truth("app")? == Some(true) {
        return Ok(None);
    }
    let at = node.needed(node.at("createdAt")?, "createdAt")?;
    let id = issue.needed(issue.text("id")?, "id")?;
    Ok(person(&user)?.map(|person| (acted(person, "comment", id, at), None)))
}
