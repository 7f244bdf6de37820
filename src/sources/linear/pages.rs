//! What Linear holds already, by its GraphQL API: the issues of a team, and the comments on them.
//!
//! Archived issues are asked for too: Linear archives by itself what has long been done. They come in the order of their
//! creation, Linear's own, in which none changes its place while pages are read. Linear counts nothing, so there is no total.

use serde_json::{Value, json};

use super::{Issue, person};
use crate::domain::event::Event;
use crate::domain::time::At;
use crate::sources::generic::fields::short;
use crate::sources::object::Object;
use crate::sources::pages::{Answer, Ask, Page, Pages};
use crate::sources::{Outcome, Read, acted, without_nul};

/// How it is read.
pub const PAGES: Pages = Pages { url: "https://api.linear.app", headers, scope: "team", begin, read };

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

/// Where an answer says whether more follows.
const MORE: &str = "data/rows/pageInfo/hasNextPage";

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

fn read(ask: &Ask, answer: &Answer) -> Result<Page, String> {
    let json = without_nul(&answer.body);
    let told = Object::parse(&json)?;
    if let Some(error) = told.objects("errors")?.first() {
        return Err(format!("it was refused: {}", short(&error.word("message")?)));
    }
    let nodes = told.need_objects("data/rows/nodes")?;
    let mut page = Page { listed: nodes.len() as u64, ..Page::default() };
    for (line, node) in (1..).zip(&nodes) {
        page.take(line, if ask.stream == "comments" { comment(node) } else { issue(node) });
    }
    if told.needed(MORE, told.truth(MORE)?)? {
        let cursor = told.need_text("data/rows/pageInfo/endCursor")?;
        page.next = Some(ask.from("/variables", "after", cursor.into())?);
    }
    Ok(page)
}

fn issue(node: &Object<'_>) -> Read {
    let issue = Issue::read(node, "labels/nodes")?;
    Ok(Outcome::one(Event::Item(issue.item), issue.version))
}

fn comment(node: &Object<'_>) -> Read {
    let user = node.object("user")?;
    match (person(&user)?, node.text("issue/id")?) {
        (Some(person), Some(issue)) if !user.is_true("app")? => {
            Ok(Outcome::Facts(vec![acted(person, "comment", issue, node.need_time("createdAt")?)]))
        }
        _ => Ok(Outcome::ignored("it is on no issue, or by a program")),
    }
}
