//! Linear's webhooks and its GraphQL API: issues as items, who moved and commented on them.
//!
//! An issue is known by Linear's id; its key (`ENG-12`) is another once it moves to another team. Its project is the key of
//! its team, as Jira's is the key of its project. What Linear calls a project is what others call an epic: it is the parent
//! of an issue that has no parent issue, by its name.
//!
//! A person is known by the address that Linear gives, else by Linear's id. What integrations do is no one's work.
//! Facts of the format: <https://linear.app/developers/webhooks>.

mod pages;

use super::object::{self, Object};
use super::{Headers, Outcome, Read, Refused, Source, acted, check_object, signature};
use crate::domain::event::{Event, Item, Parsed};
use crate::domain::time::{At, SECOND};

/// The registration.
pub const SOURCE: Source = Source {
    slug: "linear",
    name: "Linear",
    verify,
    delivery_id: |headers, _| headers.get("linear-delivery").map(Into::into),
    check: |_, body| check_object(body),
    parse,
    webhook: true,
    recorded: |_| Headers::default(),
    pages: Some(pages::PAGES),
};

/// How far the time at which a delivery was sent may be from now.
const WINDOW: i64 = 60 * SECOND;

/// The signature, then the time that it covers: a delivery that somebody caught cannot be sent again later.
fn verify(headers: &Headers, body: &[u8], secrets: &[String], now: At) -> Result<(), Refused> {
    signature::verify_hmac(headers, "Linear-Signature", "", body, secrets)?;
    check_object(body)?;
    let sent = Object::parse(body).and_then(|body| body.need_time("webhookTimestamp"));
    let sent = sent.map_err(|reason| Refused::Origin(format!("{reason}; Linear says in it when it sent the delivery")))?;
    if now.since(sent).saturating_abs() <= WINDOW {
        return Ok(());
    }
    Err(Refused::Origin(format!("it was sent at {sent}, not within 60 seconds of now; check the clock of this machine")))
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    let kind = |sent: &Object<'_>| Ok(format!("{}.{}", sent.need_text("type")?, sent.need_text("action")?));
    super::pages::stored(&pages::PAGES, headers, body).unwrap_or_else(|| object::parsed(body, kind, outcome))
}

fn outcome(body: &Object<'_>, kind: &str) -> Read {
    match kind {
        "Issue.create" | "Issue.update" | "Issue.remove" => stated(body, kind == "Issue.remove"),
        "Comment.create" => commented(body),
        _ => Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}` deliveries"))),
    }
}

fn stated(body: &Object<'_>, is_removed: bool) -> Read {
    let (data, before) = (body.object("data")?, body.object("updatedFrom")?);
    let mut issue = Issue::read(&data, "labels")?;
    let sent = body.time("createdAt")?;
    if is_removed {
        issue.remove(issue.version.max(sent));
    } else if before.has("archivedAt") {
        issue.version = issue.version.max(sent); // archived or back from it, which its own dates need not tell
    }
    let (id, at) = (issue.item.id.clone(), issue.version);
    let mut facts = vec![(Event::Item(issue.item), issue.version)];
    if let (true, Some(at)) = (before.has("stateId"), at)
        && let Some(person) = actor(body)?
    {
        facts.push(acted(person, "transition", id, at));
    }
    Ok(Outcome::Facts(facts))
}

fn commented(body: &Object<'_>) -> Read {
    let data = body.object("data")?;
    let Some(issue) = data.first_text(&["issueId", "issue/id"])? else {
        return Ok(Outcome::ignored("the comment is not on an issue"));
    };
    let author = person(&data.object("user")?)?.or(data.text("userId")?);
    let Some(author) = author.filter(|_| !is_program(body)) else {
        return Ok(Outcome::ignored("the comment is by an integration, not by a person"));
    };
    Ok(Outcome::Facts(vec![acted(author, "comment", issue, data.need_time("createdAt")?)]))
}

/// The person that caused a delivery; none where a program did.
fn actor(body: &Object<'_>) -> Result<Option<String>, String> {
    if is_program(body) { Ok(None) } else { person(&body.object("actor")?) }
}

fn is_program(body: &Object<'_>) -> bool {
    body.text("actor/type").ok().flatten().is_some_and(|kind| kind != "user")
}

fn person(user: &Object<'_>) -> Result<Option<String>, String> {
    user.first_text(&["email", "id"])
}

/// An issue, of a webhook or of the API.
struct Issue {
    item: Item,
    version: Option<At>,
}

impl Issue {
    /// `labels` is where they stand.
    fn read(issue: &Object<'_>, labels: &str) -> Result<Self, String> {
        let item = Item {
            id: issue.need_text("id")?,
            project: issue.text("team/key")?,
            parent: issue.first_text(&["parentId", "parent/id", "project/name", "projectId"])?,
            labels: issue.texts_of(labels, "name")?,
            title: issue.text("title")?,
            created_at: issue.time("createdAt")?,
            started_at: issue.time("startedAt")?,
            done_at: issue.time("completedAt")?.or(issue.time("canceledAt")?),
            status: issue.text("state/name")?,
            assignee: person(&issue.object("assignee")?)?.or(issue.text("assigneeId")?),
            key: Some(issue.need_text("identifier")?),
            former_keys: issue.texts("previousIdentifiers")?.unwrap_or_default(),
            url: issue.text("url")?.filter(|url| url.starts_with("https://")),
            ..Item::default()
        };
        let mut read = Self { item, version: issue.time("updatedAt")?.max(issue.time("archivedAt")?) };
        if issue.is_true("trashed")? {
            read.remove(read.version);
        }
        Ok(read)
    }

    /// It was deleted then: what was open ended so.
    fn remove(&mut self, at: Option<At>) {
        self.version = at;
        self.item.done_at = self.item.done_at.or(at);
        self.item.status = Some("deleted".into());
    }
}

#[cfg(test)]
mod tests;
