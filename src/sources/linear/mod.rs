//! Linear: issues as items, who moved and commented on them.
//!
//! An issue is known by Linear's id; its key (`ENG-12`) is another once it moves to another team. Its project is the key of
//! its team, as Jira's is the key of its project. What Linear calls a project is what others call an epic: it is the parent
//! of an issue that has no parent issue, by its name.
//!
//! A person is known by the address that Linear gives, else by Linear's id. What integrations do is no one's work.

mod pages;

use super::object::Object;
use super::pages::{Answer, asked, parsed};
use super::{Headers, Outcome, Refused, Source, check_object, needed, signature, without_nul};
use crate::domain::event::{Activity, Event, Item, Parsed};
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
    let sent = Object::parse(body).and_then(|body| needed(body.millis("webhookTimestamp")?, "webhookTimestamp"));
    let sent = sent.map_err(|reason| Refused::Origin(format!("{reason}; Linear says in it when it sent the delivery")))?;
    if now.since(sent).saturating_abs() <= WINDOW {
        return Ok(());
    }
    Err(Refused::Origin(format!("it was sent at {sent}, not within 60 seconds of now; check the clock of this machine")))
}

fn parse(headers: &Headers, body: &[u8]) -> Parsed {
    if let Some(ask) = asked(headers) {
        return parsed(pages::read(&ask, &Answer { body: body.to_vec(), ..Answer::default() }));
    }
    let json = without_nul(body);
    let read = Object::parse(&json).and_then(|body| {
        let (kind, action) = (needed(body.text("type")?, "type")?, needed(body.text("action")?, "action")?);
        Ok((body, kind, action))
    });
    match read {
        Ok((body, kind, action)) => Outcome::parsed(outcome(&body, &kind, &action), &format!("{kind}.{action}")),
        Err(reason) => Outcome::parsed(Err(reason), "delivery"),
    }
}

fn outcome(body: &Object<'_>, kind: &str, action: &str) -> Result<Outcome, String> {
    match (kind, action) {
        ("Issue", "create" | "update" | "remove") => stated(body, action),
        ("Comment", "create") => commented(body),
        _ => Ok(Outcome::Ignored(format!("pacer uses nothing of `{kind}.{action}` deliveries"))),
    }
}

fn stated(body: &Object<'_>, action: &str) -> Result<Outcome, String> {
    let data = body.needed(body.object("data")?, "data")?;
    let mut issue = Issue::read(&data, &data.objects("labels")?)?;
    let before = body.object("updatedFrom")?;
    let sent = body.at("createdAt")?;
    if action == "remove" {
        issue.remove(issue.version.max(sent));
    } else if before.as_ref().is_some_and(|before| before.has("archivedAt")) {
        issue.version = issue.version.max(sent); // archived or back from it, which its own dates need not tell
    }
    let (id, at) = (issue.item.id.clone(), issue.version);
    let mut facts = vec![(Event::Item(issue.item), issue.version)];
    if let (true, Some(at)) = (before.is_some_and(|before| before.has("stateId")), at)
        && let Some(person) = actor(body)?
    {
        facts.push((acted(person, "transition", id, at), None));
    }
    Ok(Outcome::Facts(facts))
}

fn commented(body: &Object<'_>) -> Result<Outcome, String> {
    let data = body.needed(body.object("data")?, "data")?;
    let Some(issue) = data.text("issueId")?.or(data.object("issue")?.map(|issue| issue.text("id")).transpose()?.flatten()) else {
        return Ok(Outcome::ignored("the comment is not on an issue"));
    };
    let author = data.object("user")?.map(|user| person(&user)).transpose()?.flatten().or(data.text("userId")?);
    let is_program = body.object("actor")?.is_some_and(|actor| is_program(&actor));
    let Some(author) = author.filter(|_| !is_program) else {
        return Ok(Outcome::ignored("the comment is by an integration, not by a person"));
    };
    let at = data.needed(data.at("createdAt")?, "createdAt")?;
    Ok(Outcome::one(acted(author, "comment", issue, at), None))
}

/// The person that caused a delivery; none where a program did.
fn actor(body: &Object<'_>) -> Result<Option<String>, String> {
    let Some(actor) = body.object("actor")? else { return Ok(None) };
    if is_program(&actor) { Ok(None) } else { person(&actor) }
}

fn is_program(actor: &Object<'_>) -> bool {
    actor.text("type").ok().flatten().is_some_and(|kind| kind != "user")
}

fn person(user: &Object<'_>) -> Result<Option<String>, String> {
    Ok(user.text("email")?.or(user.text("id")?))
}

/// What a person did on an issue, which is named by its id: its key may be another by now.
fn acted(person: String, kind: &str, id: String, at: At) -> Event {
    Event::Activity(Activity { person, kind: kind.into(), item: Some(id), at })
}

/// An issue, of a webhook or of the API.
struct Issue {
    item: Item,
    version: Option<At>,
}

impl Issue {
    fn read(issue: &Object<'_>, labels: &[Object<'_>]) -> Result<Self, String> {
        let part = |field: &str, name: &str| issue.object(field)?.map_or(Ok(None), |object| object.text(name));
        let (archived, done) = (issue.at("archivedAt")?, issue.at("completedAt")?.or(issue.at("canceledAt")?));
        let epic = part("project", "name")?.or(issue.text("projectId")?);
        let labels = labels.iter().filter_map(|label| label.text("name").transpose()).collect::<Result<_, String>>()?;
        let item = Item {
            id: issue.needed(issue.text("id")?, "id")?,
            project: part("team", "key")?,
            parent: issue.text("parentId")?.or(part("parent", "id")?).or(epic),
            labels,
            title: issue.text("title")?,
            created_at: issue.at("createdAt")?,
            started_at: issue.at("startedAt")?,
            done_at: done,
            status: part("state", "name")?,
            assignee: issue.object("assignee")?.map(|user| person(&user)).transpose()?.flatten().or(issue.text("assigneeId")?),
            key: Some(issue.needed(issue.text("identifier")?, "identifier")?),
            former_keys: issue.texts("previousIdentifiers")?,
            url: issue.text("url")?.filter(|url| url.starts_with("https://")),
            ..Item::default()
        };
        let mut read = Self { item, version: issue.at("updatedAt")?.max(archived) };
        if issue.truth("trashed")? == Some(true) {
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
