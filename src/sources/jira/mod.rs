//! Jira, Cloud and Data Center: issues as items, who moved and commented on them, and the history behind them by its API.
//!
//! A delivery states its issue whole, but `comment_created`, whose issue is a sketch (or missing, on older Data Centers).
//! Whatever else Jira tells of (sprints, versions, worklogs, links) is ignored.

mod issue;
mod pages;

use issue::{Issue, Started, acted, changes, person};

use super::object::Object;
use super::pages::{Answer, asked, parsed};
use super::{Headers, Outcome, Source, check_object, needed, signature, without_nul};
use crate::domain::event::Parsed;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "jira",
    name: "Jira",
    verify: |headers, body, secrets, _| signature::verify_hmac(headers, "X-Hub-Signature", "sha256=", body, secrets),
    delivery_id: |headers, _| headers.get("x-atlassian-webhook-identifier").map(Into::into),
    check: |_, body| check_object(body),
    parse,
    webhook: true,
    recorded: |_| Headers::default(),
    pages: Some(pages::PAGES),
};

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    if let Some(ask) = asked(headers) {
        return parsed(pages::read(&ask, &Answer { body: body.to_vec(), ..Answer::default() }));
    }
    let json = without_nul(body);
    let read = Object::parse(&json).and_then(|body| {
        let kind = needed(body.text("webhookEvent")?, "webhookEvent")?;
        Ok((body, kind))
    });
    match read {
        Ok((body, kind)) => Outcome::parsed(outcome(&body, &kind), &kind),
        Err(reason) => Outcome::parsed(Err(reason), "delivery"),
    }
}

fn outcome(body: &Object<'_>, kind: &str) -> Result<Outcome, String> {
    match kind {
        "jira:issue_created" | "jira:issue_updated" => stated(body, kind == "jira:issue_created"),
        "jira:issue_deleted" => {
            let at = body.needed(body.millis("timestamp")?, "timestamp")?;
            let (event, version) = Issue::read(&body.needed(body.object("issue")?, "issue")?)?.deleted(at);
            Ok(Outcome::one(event, version))
        }
        "comment_created" => commented(body),
        other => Ok(Outcome::Ignored(format!("pacer uses nothing of `{other}` deliveries"))),
    }
}

/// An issue, what changed on it just now, and the comment that was made along.
fn stated(body: &Object<'_>, is_new: bool) -> Result<Outcome, String> {
    let mut issue = Issue::read(&body.needed(body.object("issue")?, "issue")?)?;
    // The changelog of the API dates a change by the issue's `updated`; the delivery's own time is a little later.
    let at = body.needed(issue.updated.or(body.millis("timestamp")?), "timestamp")?;
    issue.updated = Some(at);
    let id = issue.item.id.clone();
    let changed = match body.object("changelog")? {
        Some(log) => changes(&log.objects("items")?, at, person(body.object("user")?)?.as_deref())?,
        None => Vec::new(),
    };
    let mut facts = issue.facts(&changed, &Started::new(), is_new);
    if let Some(comment) = body.object("comment")?
        && let (Some(author), Some(at)) = (person(comment.object("author")?)?, comment.at("created")?)
    {
        facts.push((acted(&author, "comment", &id, at), None));
    }
    Ok(Outcome::Facts(facts))
}

fn commented(body: &Object<'_>) -> Result<Outcome, String> {
    let comment = body.needed(body.object("comment")?, "comment")?;
    let Some(author) = person(comment.object("author")?)? else {
        return Ok(Outcome::ignored("the comment is by an app, or names no account"));
    };
    let issue = match body.object("issue")? {
        Some(issue) => issue.id("id")?,
        // Older Data Centers tell no issue; the comment's own address holds its id.
        None => comment.text("self")?.and_then(|own| Some(own.split_once("/issue/")?.1.split_once("/comment/")?.0.to_owned())),
    };
    let at = comment.needed(comment.at("created")?, "created")?;
    Ok(Outcome::one(acted(&author, "comment", &body.needed(issue, "issue.id")?, at), None))
}

#[cfg(test)]
mod tests;
