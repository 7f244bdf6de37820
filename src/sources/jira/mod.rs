//! Jira's webhooks and its REST API, Cloud and Data Center: issues as items, who moved and commented on them, and the history
//! behind them.
//!
//! A delivery states its issue whole, but `comment_created`, whose issue is a sketch (or missing, on older Data Centers).
//! Whatever else Jira tells of (sprints, versions, worklogs, links) is ignored. Facts of the format:
//! <https://developer.atlassian.com/cloud/jira/platform/webhooks/>.

mod issue;
mod pages;

use issue::{Issue, Started, changes, person};

use super::object::{self, Object};
use super::{Headers, Outcome, Read, Source, acted, check_object, signature};
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
    let webhook = || object::parsed(body, |sent| sent.need_text("webhookEvent"), outcome);
    super::pages::stored(&pages::PAGES, headers, body).unwrap_or_else(webhook)
}

fn outcome(body: &Object<'_>, kind: &str) -> Read {
    match kind {
        "jira:issue_created" | "jira:issue_updated" => stated(body, kind == "jira:issue_created"),
        "jira:issue_deleted" => {
            let at = body.need_time("timestamp")?;
            let (event, version) = Issue::read(&body.object("issue")?)?.deleted(at);
            Ok(Outcome::one(event, version))
        }
        "comment_created" => commented(body),
        other => Ok(Outcome::Ignored(format!("pacer uses nothing of `{other}` deliveries"))),
    }
}

/// An issue, what changed on it just now, and the comment that was made along.
fn stated(body: &Object<'_>, is_new: bool) -> Read {
    let mut issue = Issue::read(&body.object("issue")?)?;
    // The changelog of the API dates a change by the issue's `updated`; the delivery's own time is a little later.
    let at = issue.updated.map_or_else(|| body.need_time("timestamp"), Ok)?;
    issue.updated = Some(at);
    let id = issue.item.id.clone();
    let changed = changes(&body.objects("changelog/items")?, at, person(&body.object("user")?)?.as_deref())?;
    let mut facts = issue.facts(&changed, &Started::new(), is_new);
    if let (Some(author), Some(at)) = (person(&body.object("comment/author")?)?, body.time("comment/created")?) {
        facts.push(acted(author, "comment", id, at));
    }
    Ok(Outcome::Facts(facts))
}

fn commented(body: &Object<'_>) -> Read {
    let comment = body.object("comment")?;
    let at = comment.need_time("created")?;
    let Some(author) = person(&comment.object("author")?)? else {
        return Ok(Outcome::ignored("the comment is by an app, or names no account"));
    };
    // Older Data Centers tell no issue; the comment's own address holds its id.
    let told = comment.text("self")?.and_then(|own| Some(own.split_once("/issue/")?.1.split_once("/comment/")?.0.to_owned()));
    let issue = body.needed("issue/id", body.id("issue/id")?.or(told))?;
    Ok(Outcome::Facts(vec![acted(author, "comment", issue, at)]))
}

#[cfg(test)]
mod tests;
