//! What should stand in Slack about a closed wave: a team's own result in its channels at once; a day later to its leads, and what all
//! say in the survey's channel. Said again as long as it may change (an action was promised, a day went by), so that it is edited.

use chrono_tz::Tz;

use super::visibility::{Kept, Viewer, slack_of};
use super::{Closed, when};
use crate::domain::card::{Card, Line, Scope};
use crate::domain::org::is_slack_person;
use crate::domain::post::Post;
use crate::domain::time::At;
use crate::domain::words;
use crate::error::Failure;
use crate::features::Cx;
use crate::features::pulse::COMMAND;
use crate::store::survey::Wave;

/// Everything that should stand in Slack about a wave that is closed: to the teams at once, to their leads and the organisation's channel
/// a day later. Said again it changes nothing but what became known since.
pub async fn posts(cx: &Cx, wave: &Wave) -> Result<Vec<Post>, Failure> {
    let Some(closed) = Closed::read(cx, wave).await? else { return Ok(Vec::new()) };
    if closed.groups.is_empty() {
        return Ok(nothing_shown(cx, &closed));
    }
    let (kept, org) = (closed.kept(cx), &cx.org.org);
    let by_all = kept.seen(&Viewer::default(), true);
    let mut posts = Vec::new();
    for group in &closed.groups {
        let team = org.teams.get(&group.id);
        let own = kept.seen(&Viewer::within(&closed.frozen.tree, group.node), false)[group.node];
        let channels: Vec<&String> = team.filter(|_| own).map(|team| team.channels.iter().collect()).unwrap_or_default();
        let told = when::told(closed.closed_at, &org.calendar, zone(&closed, &group.id));
        let leads: Vec<&str> =
            team.filter(|_| own).map(|team| team.leads.iter().filter_map(|lead| slack_of(org, lead)).collect()).unwrap_or_default();
        let of_all = closed.survey.channel.as_ref().filter(|_| group.node == 0 && by_all[0]);
        if channels.is_empty() && leads.is_empty() && of_all.is_none() {
            continue;
        }
        let card = closed.card(cx, group).await?;
        let mut add = |key: String, channel: &str, not_before: Option<At>| {
            posts.push(Post { key, channel: channel.to_owned(), thread_of: None, card: card.clone(), not_before, reminds_of: None });
        };
        let key = format!("survey/{}/results/{}", wave.id, group.id);
        for (at, channel) in channels.iter().enumerate() {
            add(if at == 0 { key.clone() } else { format!("{key}/{channel}") }, channel, None);
        }
        if let Some(channel) = of_all.filter(|channel| !channels.contains(channel)) {
            add(if channels.is_empty() { key.clone() } else { format!("{key}/{channel}") }, channel, Some(told));
        }
        for lead in leads {
            add(format!("survey/{}/leads/{}/{lead}", wave.id, group.id), lead, Some(told));
        }
    }
    posts.extend(part_of_another(cx, &closed, &kept).await?);
    Ok(posts)
}

/// A team that was asked and is not shown alone hears at the close what it is part of, if its people may see that.
async fn part_of_another(cx: &Cx, closed: &Closed, kept: &Kept<'_>) -> Result<Vec<Post>, Failure> {
    let tree = &closed.frozen.tree;
    let mut posts: Vec<Post> = Vec::new();
    for node in (0..tree.nodes().len()).filter(|node| closed.group(*node).is_none() && closed.was_asked(*node)) {
        let Some(home) = tree.path(node).find_map(|at| closed.group(at)) else { continue };
        let channels = cx.org.org.teams.get(&tree.nodes()[node].id).map(|team| team.channels.clone()).unwrap_or_default();
        if channels.is_empty() || !kept.seen(&Viewer::within(tree, node), false)[home.node] {
            continue;
        }
        let card = closed.card(cx, home).await?;
        for channel in channels {
            let key = format!("survey/{}/results/{}/{channel}", closed.wave.id, home.id);
            if posts.iter().all(|post| post.key != key) {
                posts.push(Post { key, channel, thread_of: None, card: card.clone(), not_before: None, reminds_of: None });
            }
        }
    }
    Ok(posts)
}

fn zone(closed: &Closed, cell: &str) -> Tz {
    closed.org.org.zone_for(&Scope::Team(cell.to_owned()))
}

/// Too few answered: said once where the result would have stood, and to whoever set the survey up.
fn nothing_shown(cx: &Cx, closed: &Closed) -> Vec<Post> {
    let zone = cx.org.org.zone_for(&Scope::Organisation);
    let least = closed.frozen.rules.minima.score;
    let card = Card {
        command: COMMAND.name.into(),
        title: format!("{} - closed {}", closed.survey.title, words::date(closed.closed_at, closed.closed_at, zone)),
        verdict: Line::plain(format!(
            "Too few answered: nothing is shown of fewer than {least} people, and nothing of this wave was kept."
        )),
        notes: vec![Line::plain(
            "Ask the teams what would make the next one worth two minutes of theirs; a reward for answering is not it.",
        )],
        zone: Some(zone),
        ..Card::default()
    };
    let post = |key: String, channel: &str| {
        let channel = channel.to_owned();
        Post { key, channel, thread_of: None, card: card.clone(), not_before: None, reminds_of: None }
    };
    let (wave, by) = (&closed.wave.id, &closed.survey.created_by);
    let channel = closed.survey.channel.as_ref().map(|channel| post(format!("survey/{wave}/results/none"), channel));
    let launcher = is_slack_person(by).then(|| post(format!("survey/{wave}/leads/none/{by}"), by));
    channel.into_iter().chain(launcher).collect()
}
