//! From opened ballots to all that is ever kept of them: bands, counts, comments.
//!
//! The writer gets nothing but this, so what may not be shown is not stored either. A band from five answers, counts from ten. Where
//! fewer than two people stand on one side of a question, its counts would say what all of them think: "at most 10 %" or "at least 90 %"
//! is kept instead, and the same holds of every rest that subtraction could give: it folds in. Why "fewer than two" and not only none:
//! words that were used for nobody alone would say nobody. Comments move up to the nearest cell with enough people, in an order that a
//! random number decides.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Minima;
use super::items::Item;
use super::release::{History, Membership, home, rest, shown, shown_without, smallest};
use super::score::{Band, directed, extreme, favourable};
use super::seal::Answers;
use super::tree::Tree;
use crate::domain::stats::{Ratings, answers};

/// What a wave froze at launch besides its tree and people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The least groups.
    pub minima: Minima,
    /// Whether small cells fold when a few of their people changed.
    pub strict_membership: bool,
    /// The questions, in order.
    pub items: Vec<Item>,
}

impl Rules {
    /// The rated questions, in the order of [`Answers`].
    pub fn rated(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.rated())
    }

    /// The questions answered in own words.
    pub fn texts(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !item.rated())
    }
}

/// One person's ballot, opened; wiped when dropped.
pub struct Opened {
    /// The node the person counts in.
    pub node: usize,
    /// The ratings.
    pub answers: Answers,
    /// Comments by the id of their question.
    pub comments: Vec<(String, Zeroizing<String>)>,
}

impl Opened {
    fn says_something(&self) -> bool {
        !self.answers.is_blank() || self.comments.iter().any(|(_, text)| !text.trim().is_empty())
    }
}

/// What is kept of a question in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// How many gave each answer, as given.
    Counts(Ratings),
    /// Fewer than two people on one side, so many answers: at most 10 % favourable, or at least 90 %.
    Edge {
        /// The upper edge.
        high: bool,
        /// How many answered.
        answers: u64,
    },
    /// Where the favourable share lies, of so many answers.
    Band {
        /// The fifth.
        band: Band,
        /// How many answered.
        answers: u64,
    },
}

/// A row of the tally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The node's id.
    pub cell: String,
    /// The question's id.
    pub item: String,
    /// What is kept.
    pub kept: Kept,
}

/// A shown cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The node's id.
    pub id: String,
    /// Its name.
    pub label: String,
    /// How many were asked.
    pub invited: u64,
    /// How many answered; none where that number could be subtracted to a few.
    pub answered: Option<u64>,
}

/// A comment, and the cell it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The node's id.
    pub cell: String,
    /// The category of its question.
    pub category: String,
    /// Outside text.
    pub body: String,
}

/// All that is kept of a wave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// By the tree's order.
    pub cells: Vec<Cell>,
    /// By cell and question.
    pub rows: Vec<Row>,
    /// In no order.
    pub comments: Vec<Comment>,
}

/// Adds ballots up. `random` gives numbers that nobody can guess, for the order of comments.
pub fn tally(
    rules: &Rules,
    tree: &Tree,
    invited: &[(String, usize)],
    ballots: &[Opened],
    past: &History,
    mut random: impl FnMut() -> u64,
) -> Tally {
    let minima = rules.minima.floored();
    let membership = rules.strict_membership.then(|| Membership::new(tree, invited, past));
    let membership = membership.as_ref();
    let ballots: Vec<&Opened> = ballots.iter().filter(|ballot| ballot.says_something()).collect();
    let answered = tree.counted(ballots.iter().map(|ballot| ballot.node));
    let by_answered = shown(tree, &answered, minima.score, membership);
    let mut any = by_answered.clone();
    let mut rows = Vec::new();
    for (question, item) in rules.rated().enumerate() {
        let given: Vec<(usize, u8)> = ballots.iter().filter_map(|ballot| Some((ballot.node, ballot.answers.get(question)?))).collect();
        for (node, kept) in question_kept(tree, item, &given, minima, membership) {
            any[node] = true;
            rows.push(Row { cell: tree.nodes()[node].id.clone(), item: item.id.clone(), kept });
        }
    }
    rows.sort_by(|a, b| (&a.cell, &a.item).cmp(&(&b.cell, &b.item)));
    let (asked, sums) = (tree.summed(&tree.counted(invited.iter().map(|(_, node)| *node))), tree.summed(&answered));
    let cell = |node: usize| Cell {
        id: tree.nodes()[node].id.clone(),
        label: tree.nodes()[node].name.clone(),
        invited: asked[node].into(),
        answered: by_answered[node].then(|| sums[node].into()),
    };
    let cells = (0..any.len()).filter(|node| any[*node]).map(cell).collect();
    // Only where something else is shown, too: a group that is hidden for its membership must not come back by its comments.
    let texts: Vec<bool> = shown(tree, &answered, minima.text, None).iter().zip(&any).map(|(text, any)| *text && *any).collect();
    let comments = comments(rules, tree, &ballots, &texts, &mut random);
    Tally { cells, rows, comments }
}

/// What is kept of one question, by node.
fn question_kept(
    tree: &Tree,
    item: &Item,
    given: &[(usize, u8)],
    minima: Minima,
    membership: Option<&Membership<'_>>,
) -> Vec<(usize, Kept)> {
    let own = tree.counted(given.iter().map(|(node, _)| *node));
    let mut ratings = vec![Ratings::default(); own.len()];
    for (node, value) in given {
        for at in tree.path(*node) {
            ratings[at][usize::from(*value) - 1] += 1;
        }
    }
    let good: Vec<u32> = ratings.iter().map(|it| u32::try_from(favourable(&directed(item, *it))).unwrap_or(u32::MAX)).collect();
    let bands = shown(tree, &own, minima.score, membership);
    let (exact, edges) = exact(tree, &own, &good, minima.counts, membership);
    let kept = |node: usize| {
        let (n, hits) = (answers(&ratings[node]), u64::from(good[node]));
        if exact[node] {
            Kept::Counts(ratings[node])
        } else if edges.contains(&node) {
            Kept::Edge { high: 2 * hits > n, answers: n }
        } else {
            Kept::Band { band: Band::of(hits, n), answers: n }
        }
    };
    (0..own.len()).filter(|node| bands[*node]).map(|node| (node, kept(node))).collect()
}

/// Which nodes may show counts, and which an edge in their place. Each rest is checked as each cell is: what subtraction gives must not
/// say what all of a group think either.
fn exact(tree: &Tree, own: &[u32], good: &[u32], least: u32, membership: Option<&Membership<'_>>) -> (Vec<bool>, BTreeSet<usize>) {
    let (sums, mut barred, mut edges) = (tree.summed(own), BTreeSet::new(), BTreeSet::new());
    loop {
        let shown = shown_without(tree, own, least, membership, barred.clone());
        let too_plain = |hits: u32, n: u32| n > 0 && extreme(hits.into(), n.into());
        let cells: Vec<usize> = (0..own.len()).filter(|node| shown[*node] && too_plain(good[*node], sums[*node])).collect();
        let rests =
            (0..own.len()).filter(|node| shown[*node] && too_plain(rest(tree, good, &shown, *node), rest(tree, &sums, &shown, *node)));
        let below: Vec<usize> = rests.filter_map(|node| smallest(tree, &sums, &shown, node)).collect();
        if cells.is_empty() && below.is_empty() {
            return (shown, edges);
        }
        barred.extend(cells.iter().chain(if cells.is_empty() { &below[..] } else { &[] }));
        edges.extend(cells);
    }
}

/// Comments, each in the nearest cell that has enough people.
fn comments(rules: &Rules, tree: &Tree, ballots: &[&Opened], shown: &[bool], random: &mut impl FnMut() -> u64) -> Vec<Comment> {
    let mut all = Vec::new();
    for ballot in ballots {
        let Some(cell) = home(tree, ballot.node, shown) else { continue };
        for (item, text) in &ballot.comments {
            let category = rules.texts().find(|known| known.id == *item).map(|known| known.category.clone());
            let body = plain(text);
            if let Some(category) = category.filter(|_| !body.is_empty()) {
                all.push((random(), Comment { cell: tree.nodes()[cell].id.clone(), category, body }));
            }
        }
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, comment)| comment).collect()
}

/// A comment without control characters, invisible marks of direction, and blanks at its ends.
fn plain(text: &str) -> String {
    let odd = |letter: char| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace("\r\n", "\n").chars().filter(|letter| !odd(*letter)).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
