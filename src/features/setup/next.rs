//! What happens next once a service is connected: where its webhook goes, which setting holds the secret, how its history is read.

use std::collections::BTreeSet;

use crate::domain::card::{Card, Line, Part};
use crate::features::host::{Feed, Host};
use crate::features::left_out::join;
use crate::features::moves::Look;

/// Hosts of code, of which one is likely to tell of a repository that was not heard of yet.
const CODE: [&str; 4] = ["github", "gitlab", "bitbucket", "azure"];

/// What is known of a service that was connected.
pub struct Connected<'a> {
    pub name: &'a str,
    pub team: Option<&'a str>,
    pub repository: Option<&'a str>,
    /// Sources that told of it.
    pub heard: &'a BTreeSet<String>,
    pub look: &'a Look,
}

/// The card that says so.
pub fn card(it: &Connected<'_>, host: &Host) -> Card {
    let team = it.team.map_or_else(
        || Line::plain(" is connected, without a team."),
        |team| Line::plain(" is connected and belongs to ").strong(team).and("."),
    );
    let mut verdict = Line::default().strong(it.name);
    verdict.0.extend(team.0);
    let mut parts = vec![Part::Heading("What changed".into())];
    parts.push(Part::List(it.look.changes.iter().chain(&it.look.moves).map(|line| Line::sentence(line)).collect(), None));
    parts.push(Part::Heading("What happens next".into()));
    parts.push(Part::List(steps(it, host), None));
    let ask = Line::plain("Its figures: ").code(format!("/metrics dora service:{}", it.name));
    Card { title: "Connected".into(), verdict, parts, notes: vec![ask], ..Card::default() }
}

fn steps(it: &Connected<'_>, host: &Host) -> Vec<Line> {
    let feed = |slug: &str| host.feeds.iter().find(|feed| feed.slug == slug);
    if !it.heard.is_empty() {
        let names: Vec<String> = it.heard.iter().map(|slug| feed(slug).map_or_else(|| slug.clone(), |feed| feed.name.to_owned())).collect();
        let tells = if names.len() == 1 { "tells" } else { "tell" };
        let heard = Line::plain(format!("{} {tells} of it already: nothing is to do.", join(&names)));
        return std::iter::once(heard).chain(it.heard.iter().filter_map(|slug| history(feed(slug)?, it.repository))).collect();
    }
    let code = || host.feeds.iter().filter(|feed| CODE.contains(&feed.slug));
    let on: Vec<&Feed> = code().filter(|feed| feed.on).collect();
    let likely: Vec<&Feed> = if on.is_empty() { code().take(2).collect() } else { on };
    let mut lines = Vec::new();
    for feed in likely {
        let state = if feed.on { "set" } else { "not set yet" };
        lines.push(
            Line::default()
                .strong(feed.name)
                .and(": its webhook goes to ")
                .code(format!("{}/hooks/{}", base(host), feed.slug))
                .and(", its secret is in ")
                .code(feed.setting())
                .and(format!(" ({state}).")),
        );
        lines.extend(history(feed, it.repository));
    }
    lines.push(Line::plain("From a clone: ").code("pacer import git PATH").and(" reads commits, and tags as deployments."));
    lines.push(
        Line::plain("From anything else: ")
            .code(format!("POST {}/v1/events", base(host)))
            .and(" with a token of ")
            .code("PACER_EVENTS_TOKEN")
            .and("."),
    );
    if host.public_url.is_none() {
        lines.push(Line::plain("HOST is where the tool reaches pacer; ").code("PACER_PUBLIC_URL").and(" is not set."));
    }
    lines
}

fn base(host: &Host) -> &str {
    host.public_url.as_deref().unwrap_or("https://HOST")
}

/// How what a tool holds already is read.
fn history(feed: &Feed, repository: Option<&str>) -> Option<Line> {
    let repository = repository.filter(|_| feed.backfill)?;
    let setting = format!("PACER_{}_TOKEN", feed.slug.to_uppercase());
    let line = Line::plain(format!("{}'s history: ", feed.name)).code(format!("pacer backfill {} {repository}", feed.slug));
    Some(line.and(" with a token in ").code(setting).and("."))
}
