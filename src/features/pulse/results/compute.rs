//! From what is kept of a wave to what it says of each cell: scores with intervals or bands, shares, change, response. Pure.
//!
//! A category has a score where counts of all its questions are kept. Else it has a band: each question stands at the middle of its
//! own band (10, 30, 50, 70, 90 %; at the outer edge where fewer than two people stand on one side: 5 or 95 %), and the category's is
//! the band in which the plain mean of these lies, the one nearer to the middle where it lies between two. Where all questions stand
//! on one edge, the category does. Where one of its questions is not kept in a cell, the category is not said there at all.
//!
//! A change is looked for where the cell's own last wave and this one have counts of the same question. The tests add up one wave in
//! another way. Never of a person, and never a rank of teams.

use std::collections::BTreeMap;

use crate::domain::stats::{Ratings, answers};
use crate::domain::survey::change::{Change, changes};
use crate::domain::survey::items::{Category, Item};
use crate::domain::survey::score::{Band, Count, Response, Score, Shares, category, directed, population, pulse_index, shares};
use crate::domain::survey::tally::{Cell, Kept, Row, Rules};
use crate::domain::survey::tree::Tree;

/// Where a favourable share lies, where no more may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rough {
    /// At most 10 %.
    Low,
    /// A fifth.
    In(Band),
    /// At least 90 %.
    High,
}

impl Rough {
    /// As it is shown.
    pub fn words(self) -> &'static str {
        match self {
            Self::Low => "at most 10 %",
            Self::In(band) => band.label(),
            Self::High => "at least 90 %",
        }
    }

    /// Where it stands among others, on 0 to 100.
    pub fn middle(self) -> f64 {
        match self {
            Self::Low => 5.0,
            Self::In(band) => f64::from(band.number()).mul_add(20.0, -10.0),
            Self::High => 95.0,
        }
    }

    fn of(kept: &Kept, item: &Item) -> Self {
        match kept {
            Kept::Edge { high: true, .. } => Self::High,
            Kept::Edge { .. } => Self::Low,
            Kept::Band { band, .. } => Self::In(*band),
            Kept::Counts(given) => {
                let given = directed(item, *given);
                Self::In(Band::of(given[3] + given[4], answers(&given)))
            }
        }
    }

    /// Of several questions together.
    fn of_all(questions: &[Self]) -> Self {
        if let Some(first) = questions.first().filter(|first| questions.iter().all(|one| one == *first)) {
            return *first;
        }
        let sum: f64 = questions.iter().map(|one| one.middle()).sum();
        let mean = sum / f64::from(u32::try_from(questions.len()).unwrap_or(1).max(1));
        // Ends belong to the band nearer to the middle.
        let number = match mean {
            ..20.0 => 1,
            ..40.0 => 2,
            ..=60.0 => 3,
            ..=80.0 => 4,
            _ => 5,
        };
        Band::numbered(number).map_or(Self::Low, Self::In)
    }
}

/// What a category comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// With its interval.
    Exact(Score),
    /// The favourable share, roughly.
    Rough(Rough),
}

impl Level {
    /// Where it stands among others, on 0 to 100.
    pub fn place(self) -> f64 {
        match self {
            Self::Exact(score) => score.value,
            Self::Rough(rough) => rough.middle(),
        }
    }

    /// The score, where there is one.
    pub fn score(self) -> Option<Score> {
        if let Self::Exact(score) = self { Some(score) } else { None }
    }
}

/// A question in a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// How many answered it, as far as that may be said.
    pub n: Count,
    /// Its shares, where counts are kept.
    pub shares: Option<Shares>,
    /// Roughly, in any case.
    pub rough: Rough,
    /// The favourable share if all who did not answer were unfavourable, and if all were favourable.
    pub bounds: Option<[f64; 2]>,
}

/// A category in a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Its id.
    pub id: String,
    /// As it is shown.
    pub name: String,
    /// The fewest answers that one of its questions has, as far as that may be said.
    pub n: Count,
    /// What it comes to.
    pub level: Level,
    /// Its questions, in their order.
    pub questions: Vec<Question>,
    /// Against the cell's own wave before; none where there is none.
    pub change: Option<Change>,
}

/// What a wave says of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The node.
    pub node: usize,
    /// Its id.
    pub id: String,
    /// As it is shown.
    pub label: String,
    /// How many were asked.
    pub invited: u64,
    /// How many answered, where that may be said.
    pub response: Option<Response>,
    /// Its categories, in the order of the questions.
    pub said: Vec<Said>,
    /// The plain mean of its scores, of eight or more.
    pub index: Option<f64>,
    /// Names of categories that were asked and of which nothing is kept here.
    pub unsaid: Vec<String>,
}

impl Group {
    /// A category by its id.
    pub fn of(&self, category: &str) -> Option<&Said> {
        self.said.iter().find(|said| said.id == category)
    }

    /// Whether so few answered that it is to be read as notes.
    pub fn read_as_notes(&self) -> bool {
        self.response.is_some_and(Response::read_as_notes)
    }
}

/// A wave as far as its figures need it.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// What was asked.
    pub rules: &'a Rules,
    /// What is kept.
    pub rows: &'a [Row],
}

impl Counted<'_> {
    fn row(&self, cell: &str, item: &str) -> Option<&Kept> {
        self.rows.iter().find(|row| row.cell == cell && row.item == item).map(|row| &row.kept)
    }

    /// Counts of a question in the direction of the score, where they are kept.
    fn counts(&self, cell: &str, item: &Item) -> Option<Ratings> {
        if let Kept::Counts(given) = self.row(cell, &item.id)? { Some(directed(item, *given)) } else { None }
    }

    /// What some questions come to together in a cell, and the fewest answers one has; none where one is not kept. Where nearly all
    /// answered one, the score is a whole number and its interval that of a larger group: else they would tell how many did.
    pub fn level(&self, cell: &str, invited: u64, items: &[&Item]) -> Option<(Level, Count)> {
        let kept: Option<Vec<(&Kept, &Item)>> = items.iter().map(|item| Some((self.row(cell, &item.id)?, *item))).collect();
        let kept = kept.filter(|kept| !kept.is_empty())?;
        let (n, most) = (kept.iter().map(|(kept, _)| answered(kept)).min()?, kept.iter().map(|(kept, _)| answered(kept)).max()?);
        let counts: Option<Vec<Ratings>> = items.iter().map(|item| self.counts(cell, item)).collect();
        let score = counts.and_then(|counts| category(&counts, population(most, invited)));
        let score = score.map(|score| if Count::of(most, invited).is_exact() { score } else { whole(score) });
        let rough: Vec<Rough> = kept.iter().map(|(kept, item)| Rough::of(kept, item)).collect();
        Some((score.map_or_else(|| Level::Rough(Rough::of_all(&rough)), Level::Exact), Count::of(n, invited)))
    }
}

fn whole(score: Score) -> Score {
    Score { value: score.value.round(), interval: score.interval.map(f64::round) }
}

fn hundredths(shares: Shares) -> Shares {
    let round = |share: f64| (share * 100.0).round() / 100.0;
    let [favourable, neutral, unfavourable] = [shares.favourable, shares.neutral, shares.unfavourable].map(round);
    Shares { favourable, neutral, unfavourable, interval: shares.interval.map(round) }
}

/// How many answered a question, as it is kept.
pub fn answered(kept: &Kept) -> u64 {
    match kept {
        Kept::Counts(ratings) => answers(ratings),
        Kept::Edge { answers, .. } | Kept::Band { answers, .. } => *answers,
    }
}

/// What a wave says of each of its cells, in the tree's order.
pub fn compute(tree: &Tree, cells: &[Cell], now: Counted<'_>, before: Option<Counted<'_>>, categories: &[Category]) -> Vec<Group> {
    let mut asked: Vec<(&str, Vec<&Item>)> = Vec::new();
    for item in now.rules.rated() {
        match asked.iter_mut().find(|(id, _)| *id == item.category) {
            Some((_, items)) => items.push(item),
            None => asked.push((&item.category, vec![item])),
        }
    }
    let mut groups: Vec<Group> = cells.iter().filter_map(|cell| group(tree, cell, now, before, &asked, categories)).collect();
    groups.sort_by_key(|group| group.node);
    groups
}

fn group(
    tree: &Tree,
    cell: &Cell,
    now: Counted<'_>,
    before: Option<Counted<'_>>,
    asked: &[(&str, Vec<&Item>)],
    categories: &[Category],
) -> Option<Group> {
    let node = tree.find(&cell.id)?;
    let response = cell.answered.map(|answered| Response { answered, invited: cell.invited });
    let name = |id: &str| categories.iter().find(|known| known.id == id).map_or_else(|| id.replace('_', " "), |known| known.name.clone());
    let mut said: Vec<Said> = Vec::new();
    let mut unsaid: Vec<String> = Vec::new();
    let mut pairs: Vec<Vec<[Ratings; 2]>> = Vec::new();
    for (id, items) in asked {
        let Some((level, n)) = now.level(&cell.id, cell.invited, items) else {
            unsaid.push(name(id));
            continue;
        };
        let questions = items.iter().filter_map(|item| question(now, cell, item)).collect();
        said.push(Said { id: (*id).to_owned(), name: name(id), n, level, questions, change: None });
        let both = |item: &&Item| Some([before?.counts(&cell.id, item)?, now.counts(&cell.id, item)?]);
        pairs.push(items.iter().filter_map(both).collect());
    }
    let was_kept = |said: &Said| before.is_some_and(|before| said.questions.iter().any(|it| before.row(&cell.id, &it.id).is_some()));
    for (said, change) in said.iter_mut().zip(changes(&pairs)) {
        said.change = was_kept(said).then_some(change);
    }
    let scores: Vec<f64> = said.iter().filter_map(|said| said.level.score()).map(|score| score.value).collect();
    let (id, label) = (cell.id.clone(), cell.label.clone());
    Some(Group { node, id, label, invited: cell.invited, response, said, index: pulse_index(&scores), unsaid })
}

fn question(now: Counted<'_>, cell: &Cell, item: &Item) -> Option<Question> {
    let kept = now.row(&cell.id, &item.id)?;
    let counts = now.counts(&cell.id, item);
    let response = Response { answered: answered(kept), invited: cell.invited };
    let n = Count::of(response.answered, cell.invited);
    let shares = counts.and_then(|counts| shares(&counts, population(response.answered, cell.invited)));
    Some(Question {
        id: item.id.clone(),
        n,
        shares: shares.map(|shares| if n.is_exact() { shares } else { hundredths(shares) }),
        rough: Rough::of(kept, item),
        bounds: counts.map(|counts| response.bounds(&counts)),
    })
}

/// The three that come first: the best, the worst, and the one that is least sure. How people are satisfied overall is the verdict's,
/// and none of the three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct First<'a> {
    /// The highest.
    pub best: &'a Said,
    /// The lowest.
    pub worst: &'a Said,
    /// The one with the widest interval; of bands the one that the fewest answered. None where that tells none from another.
    pub doubt: Option<&'a Said>,
}

/// Picks them. Scores and bands are not the same measure: where two or more have scores, those are held against each other, else bands.
pub fn first(group: &Group) -> Option<First<'_>> {
    let others: Vec<&Said> = group.said.iter().filter(|said| said.id != "overall").collect();
    let exact: Vec<&Said> = others.iter().copied().filter(|said| said.level.score().is_some()).collect();
    let all = if exact.len() > 1 { exact } else { others };
    let (mut best, mut worst) = (*all.first()?, *all.first()?);
    for one in &all {
        if one.level.place() > best.level.place() {
            best = one;
        }
        if one.level.place() < worst.level.place() {
            worst = one;
        }
    }
    let width = |said: &Said| said.level.score().map_or(0.0, |score| score.interval[1] - score.interval[0]);
    let unsure = |one: &&&Said, other: &&&Said| width(one).total_cmp(&width(other)).then(other.n.least().cmp(&one.n.least()));
    let [least, most] = [all.iter().min_by(unsure)?, all.iter().max_by(unsure)?];
    let doubt = (width(most) >= width(least) + 0.5 || most.n.least() < least.n.least()).then_some(*most);
    Some(First { best, worst, doubt })
}

/// A node, then each below it with all of its own, as one reads a tree.
fn in_order(tree: &Tree, node: usize) -> Vec<usize> {
    std::iter::once(node).chain(tree.children(node).flat_map(|child| in_order(tree, child))).collect()
}

/// Teams below a node that are not shown, each with the label of the shown one that it is part of.
pub fn folded(tree: &Tree, groups: &[Group], below: usize) -> Vec<(usize, String)> {
    let shown: BTreeMap<usize, &Group> = groups.iter().map(|group| (group.node, group)).collect();
    let hidden = in_order(tree, below).into_iter().filter(|node| *node != below && !shown.contains_key(node));
    hidden
        .filter_map(|node| {
            let home = tree.path(node).find_map(|at| shown.get(&at))?;
            Some((node, home.label.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Minima;
    use crate::domain::survey::items::shipped;

    fn items(category: &str) -> Vec<Item> {
        shipped().into_iter().find(|known| known.id == category).unwrap().items
    }

    fn row(item: &str, kept: Kept) -> Row {
        Row { cell: "all".into(), item: item.into(), kept }
    }

    fn band(number: u8) -> Rough {
        Rough::In(Band::numbered(number).unwrap())
    }

    #[test]
    fn the_band_of_a_category_is_the_one_its_questions_lie_in_together() {
        let check = |questions: &[Rough], expect: &str| assert_eq!(Rough::of_all(questions).words(), expect, "{questions:?}");
        check(&[band(1)], "0 to 20 %");
        check(&[Rough::Low, Rough::Low], "at most 10 %");
        check(&[Rough::High, Rough::High, Rough::High], "at least 90 %");
        check(&[Rough::High, band(5)], "80 to 100 %");
        check(&[Rough::Low, Rough::High], "40 to 60 %");
        check(&[band(1), band(2)], "20 to 40 %"); // 20: between two, the one nearer to the middle
        check(&[band(4), band(5)], "60 to 80 %");
        check(&[band(2), band(3)], "40 to 60 %");
        check(&[band(3), band(4)], "40 to 60 %");
        check(&[band(1), band(1), band(4)], "20 to 40 %");
    }

    #[test]
    fn a_category_has_a_score_where_all_counts_are_kept_else_a_band_and_nothing_where_a_question_is_missing() {
        let rules = Rules { minima: Minima::default(), strict_membership: true, items: items("release") };
        let level = |rows: &[Row]| {
            let counted = Counted { rules: &rules, rows };
            let level = counted.level("all", 20, &rules.rated().collect::<Vec<_>>());
            level.map(|(level, n)| (level.place(), level.score().is_some(), n.least()))
        };
        // How hard it is to release is turned round: 1 is good.
        let (hard, safe) = (row("release_hard", Kept::Counts([4, 4, 2, 1, 1])), row("release_safe", Kept::Counts([0, 2, 4, 2, 2])));
        let (mean_hard, mean_safe) = (f64::from(4 * 5 + 4 * 4 + 2 * 3 + 2 + 1) / 12.0, f64::from(2 * 2 + 4 * 3 + 2 * 4 + 2 * 5) / 10.0);
        let (value, exact, n) = level(&[hard.clone(), safe.clone()]).unwrap();
        assert!((value - 25.0 * (f64::midpoint(mean_hard, mean_safe) - 1.0)).abs() < 1e-9 && exact && n == 10);
        // Eight of twelve are favourable: 60 to 80 %, with at least 90 % of the other together 80 to 100 %.
        let edge = row("release_safe", Kept::Edge { high: true, answers: 11 });
        assert_eq!(level(&[hard.clone(), edge]), Some((90.0, false, 11)));
        assert_eq!(level(&[hard]), None);
    }

    fn said(id: &str, value: f64, width: f64, n: u64) -> Said {
        let level = Level::Exact(Score { value, interval: [value - width / 2.0, value + width / 2.0] });
        Said { id: id.into(), name: id.into(), n: Count::Exactly(n), level, questions: Vec::new(), change: None }
    }

    fn three(said: Vec<Said>) -> Option<(String, String, String)> {
        let group =
            Group { node: 0, id: "all".into(), label: "All".into(), invited: 20, response: None, said, index: None, unsaid: Vec::new() };
        let first = first(&group)?;
        Some((first.best.id.clone(), first.worst.id.clone(), first.doubt.map(|it| it.id.clone()).unwrap_or_default()))
    }

    #[test]
    fn best_worst_and_the_biggest_doubt_come_first() {
        let three = |said: Vec<Said>| three(said).map_or_else(|| "none".into(), |(best, worst, doubt)| format!("{best} {worst} {doubt}"));
        let all =
            vec![said("overall", 99.0, 60.0, 9), said("ci", 40.0, 20.0, 12), said("flow", 70.0, 10.0, 12), said("debt", 50.0, 30.0, 12)];
        assert_eq!(three(all), "flow ci debt");
        assert_eq!(three(vec![said("ci", 40.0, 0.0, 12), said("flow", 70.0, 0.0, 11)]), "flow ci flow");
        assert_eq!(three(vec![said("ci", 40.0, 0.0, 12), said("flow", 70.0, 0.0, 12)]), "flow ci ");
        assert_eq!(three(vec![said("overall", 40.0, 0.0, 12)]), "none");
        // A band is no score: two scores are held against each other, and the band is left.
        let rough = Said { level: Level::Rough(Rough::High), ..said("pace", 0.0, 0.0, 12) };
        assert_eq!(three(vec![rough, said("ci", 40.0, 9.0, 12), said("flow", 70.0, 1.0, 12)]), "flow ci ci");
    }

    #[test]
    fn what_is_not_shown_is_named_with_what_it_is_part_of() {
        let tree = Tree::new(&[("all", None), ("shop", Some("all")), ("cart", Some("shop")), ("pay", Some("shop"))]).unwrap();
        let group = |id: &str| Group {
            node: tree.find(id).unwrap(),
            id: id.into(),
            label: id.to_uppercase(),
            invited: 9,
            response: None,
            said: Vec::new(),
            index: None,
            unsaid: Vec::new(),
        };
        let told = |groups: &[Group], below: &str| {
            let all = folded(&tree, groups, tree.find(below).unwrap());
            all.into_iter().map(|(node, home)| format!("{} {home}", tree.nodes()[node].name)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(told(&[group("all"), group("shop"), group("cart")], "all"), "pay SHOP");
        assert_eq!(told(&[group("all")], "all"), "shop ALL, cart ALL, pay ALL");
        assert_eq!(told(&[group("all"), group("shop")], "shop"), "cart SHOP, pay SHOP");
    }
}
