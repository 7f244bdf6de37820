//! What a closed wave says: to whom, from when, in which words.
//!
//! | file | does |
//! |---|---|
//! | `compute` | from what is kept to scores, bands, shares, changes. Pure |
//! | `visibility` | who sees which cell, and from when. Pure |
//! | `beside` | the delivery figures that stand beside a category |
//! | `card` | the card of a cell, the same for everybody who sees it. Pure |
//! | `tables` | its categories and groups in columns and as bars. Pure |
//! | `data` | the same as JSON. Pure |
//! | `answer` | `pulse results`: which wave and which cell somebody who asks is shown |
//! | `posts` | what should stand in Slack about a closed wave |
//! | `when` | at once, a day later, never at night |
//! | `comments` | what was said in own words, and how one is hidden |
//!
//! Everything here is made of what close wrote (cells, counts, comments) and of what was frozen at launch, under the organisation of the
//! day of the close: a reorganisation later changes nothing. There is no live count, no cut of one's own, no person.

mod answer;
mod beside;
mod card;
pub mod comments;
pub mod compute;
mod data;
mod posts;
mod tables;
pub mod visibility;
pub mod when;

use std::sync::Arc;

pub use answer::{latest, run};
pub use data::count_is;
pub use posts::posts;
pub use tables::in_short;

use crate::domain::card::{Card, Scope};
use crate::domain::survey::items::Category;
use crate::domain::survey::tally::{Cell, Comment, Row};
use crate::domain::time::At;
use crate::error::Failure;
use crate::features::Cx;
use crate::store::org::OrgVersion;
use crate::store::survey::{ActionItem, Frozen, State, Survey, Wave};
use card::About;
use compute::{Counted, Group};
use visibility::{Kept, Viewer};

/// A closed wave, read and computed.
#[allow(missing_docs, reason = "each is named as what it is")]
pub struct Closed {
    pub survey: Survey,
    pub wave: Wave,
    pub closed_at: At,
    pub frozen: Frozen,
    /// The organisation of the day of the close.
    pub org: Arc<OrgVersion>,
    pub rows: Vec<Row>,
    pub groups: Vec<Group>,
    cells: Vec<Cell>,
    categories: Vec<Category>,
    comments: Vec<Comment>,
    actions: Vec<ActionItem>,
}

/// Closed waves, the newest first.
pub async fn closed_waves(cx: &Cx) -> Result<Vec<(Wave, At)>, Failure> {
    let waves = cx.store.waves().await?;
    let closed = waves.into_iter().filter(|wave| wave.state == State::Closed);
    let mut closed: Vec<(Wave, At)> = closed.filter_map(|wave| wave.closed_at.map(|at| (wave, at))).collect();
    closed.sort_by(|one, other| (other.1, &other.0.id).cmp(&(one.1, &one.0.id)));
    Ok(closed)
}

impl Closed {
    /// Reads one; none where it is not closed, or no survey has it any more.
    pub async fn read(cx: &Cx, wave: &Wave) -> Result<Option<Self>, Failure> {
        let Some(closed_at) = wave.closed_at.filter(|_| wave.state == State::Closed) else { return Ok(None) };
        let (Some(survey), Some(frozen)) = (cx.store.survey(&wave.survey).await?, cx.store.frozen_wave(&wave.id).await?) else {
            return Ok(None);
        };
        let (cells, rows) = (cx.store.cells(&wave.id).await?, cx.store.tally(&wave.id).await?);
        let comments = cx.store.comments(&wave.id).await?.into_iter().map(|(_, comment)| comment).collect();
        let actions = cx.store.actions().await?.into_iter().filter(|action| action.wave == wave.id).collect();
        let org = cx.store.org(closed_at).await?;
        let earlier = closed_waves(cx).await?.into_iter().map(|(wave, at)| (at, wave));
        let before = earlier.filter(|(at, it)| it.survey == wave.survey && (*at, &it.id) < (closed_at, &wave.id)).max_by_key(|(at, _)| *at);
        let mut past = None;
        if let Some((_, before)) = before
            && let Some(frozen) = cx.store.frozen_wave(&before.id).await?
        {
            past = Some((frozen.rules, cx.store.tally(&before.id).await?));
        }
        let categories: Vec<Category> = org.org.survey.with_shipped();
        let now = Counted { rules: &frozen.rules, rows: &rows };
        let past = past.as_ref().map(|(rules, rows)| Counted { rules, rows });
        let groups = compute::compute(&frozen.tree, &cells, now, past, &categories);
        Ok(Some(Self { wave: wave.clone(), survey, closed_at, frozen, org, rows, groups, cells, categories, comments, actions }))
    }

    /// A shown cell by its node.
    pub fn group(&self, node: usize) -> Option<&Group> {
        self.groups.iter().find(|group| group.node == node)
    }

    /// What decides who sees what. Whether a team keeps its figures to itself is what the organisation says now.
    pub fn kept(&self, cx: &Cx) -> Kept<'_> {
        let tree = &self.frozen.tree;
        let nodes = tree.nodes();
        let keeps = |id: &str| cx.org.org.teams.get(id).is_some_and(|team| team.visibility.as_deref() == Some("team"));
        let mut answers = vec![vec![None; nodes.len()]];
        for cell in &self.cells {
            if let Some(node) = tree.find(&cell.id) {
                answers[0][node] = cell.answered;
            }
        }
        for item in self.frozen.rules.rated() {
            let mut of_item = vec![None; nodes.len()];
            for row in self.rows.iter().filter(|row| row.item == item.id) {
                if let Some(node) = tree.find(&row.cell) {
                    of_item[node] = Some(compute::answered(&row.kept));
                }
            }
            answers.push(of_item);
        }
        let shown = (0..nodes.len()).map(|node| self.group(node).is_some()).collect();
        Kept { tree, shown, closed: nodes.iter().map(|node| keeps(&node.id)).collect(), answers }
    }

    /// Who asks, in this wave's tree.
    pub fn viewer(&self, cx: &Cx) -> Viewer {
        let Some(asker) = &cx.asker else { return Viewer::default() };
        Viewer::of(&self.frozen.tree, &self.frozen.invited, &cx.org.org, &asker.user, asker.email.as_deref(), cx.now)
    }

    /// Which cells the asker sees now.
    pub fn seen(&self, cx: &Cx) -> Vec<bool> {
        self.kept(cx).seen(&self.viewer(cx), when::day_over(self.closed_at, cx.now))
    }

    /// Cells right below one that everybody sees who sees that one, once a day is over; and the names of the others that are shown to
    /// their own teams.
    pub fn below(&self, cx: &Cx, node: usize) -> (Vec<&Group>, Vec<&Group>) {
        let tree = &self.frozen.tree;
        let path = Viewer::within(tree, node);
        let seen = self.kept(cx).seen(&path, true);
        tree.children(node).filter_map(|child| self.group(child)).partition(|group| seen[group.node])
    }

    /// What was said of a cell in own words, by category.
    fn own_words(&self, cell: &str) -> Vec<(String, Vec<String>)> {
        let of = |category: &Category| {
            let said = self.comments.iter().filter(|it| it.cell == cell && it.category == category.id).map(|it| it.body.clone());
            (category.name.clone(), said.collect::<Vec<_>>())
        };
        self.categories.iter().map(of).filter(|(_, said)| !said.is_empty()).collect()
    }

    /// Whether anybody of a node or below it was asked, as far as that is kept.
    fn was_asked(&self, node: usize) -> bool {
        let invited = &self.frozen.invited;
        invited.is_empty() || invited.iter().any(|(_, at)| self.frozen.tree.path(*at).any(|at| at == node))
    }

    /// The scope whose delivery figures are a node's.
    fn scope(&self, node: usize) -> Option<Scope> {
        let id = &self.frozen.tree.nodes()[node].id;
        if self.org.org.teams.contains_key(id) {
            return Some(Scope::Team(id.clone()));
        }
        (node == 0 && self.survey.root.is_none()).then_some(Scope::Organisation)
    }

    /// The card of a cell as it reads now: the same for whoever may see it.
    pub async fn card(&self, cx: &Cx, group: &Group) -> Result<Card, Failure> {
        let scope = self.scope(group.node);
        let days = beside::days(self.survey.kind);
        let beside = match &scope {
            Some(scope) => beside::load(cx, scope, days, self.closed_at, &self.org.org).await?,
            None => Vec::new(),
        };
        let (below, apart) = self.below(cx, group.node);
        // Within its own day a cell says nothing of those below it, which nobody else may see yet.
        let below = if when::day_over(self.closed_at, cx.now) { below } else { Vec::new() };
        let scope = scope.unwrap_or_default();
        let nodes = self.frozen.tree.nodes();
        let (folded, unasked): (Vec<_>, Vec<_>) =
            compute::folded(&self.frozen.tree, &self.groups, group.node).into_iter().partition(|(node, _)| self.was_asked(*node));
        let folded = folded.into_iter().map(|(node, home)| (nodes[node].name.clone(), home)).collect();
        let unasked: Vec<String> = unasked.into_iter().map(|(node, _)| nodes[node].name.clone()).collect();
        Ok(card::card(&About {
            survey: &self.survey,
            wave: &self.wave,
            closed_at: self.closed_at,
            now: cx.now,
            zone: self.org.org.zone_for(&scope),
            scope,
            group,
            whole: self.group(0).filter(|_| group.node != 0),
            below,
            apart: apart.into_iter().map(|group| group.label.clone()).collect(),
            folded,
            unasked,
            beside: &beside,
            actions: self.actions.iter().filter(|action| action.node == group.id).collect(),
            categories: &self.categories,
            comments: self.own_words(&group.id),
        }))
    }
}
