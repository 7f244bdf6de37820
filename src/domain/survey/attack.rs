//! What somebody who holds the database could work out of what surveys left in it, computed as he would.
//!
//! Every shown figure is an equation: the people of these teams gave so many answers. All of them together are solved exactly, over
//! fractions, without knowing of the release rule, of rests or of parents. Teams that stand in the same figures can't be told apart: they
//! are one unknown. Whatever can be solved for must have no answer or at least k; then every sum and difference has, too. For
//! `pacer privacy attack`, which looks whether a promise was kept; never used to decide what is shown.

use std::collections::BTreeMap;

use super::Minima;
use super::items::Item;
use super::score::{directed, extreme, favourable};
use super::tally::{Cell, Kept, Row};
use super::tree::Tree;
use crate::domain::stats::answers;

/// An exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    over: i128,
    under: i128,
}

impl Exact {
    fn new(over: i128, under: i128) -> Self {
        let (mut a, mut b) = (over.unsigned_abs(), under.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let common = i128::try_from(a).unwrap_or(1).max(1) * under.signum();
        Self { over: over / common, under: under / common }
    }
    fn whole(number: u64) -> Self {
        Self { over: number.into(), under: 1 }
    }
    /// This less a multiple of another.
    fn less(self, times: Self, other: Self) -> Self {
        let product = Self::new(times.over * other.over, times.under * other.under);
        Self::new(self.over * product.under - product.over * self.under, self.under * product.under)
    }
    fn by(self, other: Self) -> Self {
        Self::new(self.over * other.under, self.under * other.over)
    }
    /// As a count; none where it is none, since what was shown contradicts itself.
    fn count(self) -> Option<u64> {
        (self.under == 1).then(|| u64::try_from(self.over).ok()).flatten()
    }
}

/// An equation: unknowns with their factors, and what they sum to in each of several columns.
#[derive(Debug, Clone)]
struct Equation {
    factors: BTreeMap<usize, Exact>,
    sums: Vec<Exact>,
}

impl Equation {
    fn subtract(&mut self, times: Exact, other: &Self) {
        for (unknown, factor) in &other.factors {
            let left = self.factors.get(unknown).copied().unwrap_or(Exact::whole(0)).less(times, *factor);
            if left.over == 0 {
                self.factors.remove(unknown)
            } else {
                self.factors.insert(*unknown, left)
            };
        }
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.less(times, *other);
        }
    }
}

/// What can be worked out of shown figures: for each group of people that they separate, the smallest shown cell it lies in and its
/// sums, none where they contradict themselves. `figures` are cells with their sums.
pub fn solved(tree: &Tree, figures: &[(usize, Vec<u64>)]) -> Vec<(usize, Option<Vec<u64>>)> {
    let mut within: Vec<Vec<usize>> = vec![Vec::new(); tree.nodes().len()];
    let mut sizes = vec![0_usize; figures.len()];
    for (node, figures_with) in within.iter_mut().enumerate() {
        for at in tree.path(node) {
            for figure in (0..figures.len()).filter(|figure| figures[*figure].0 == at) {
                figures_with.push(figure);
                sizes[figure] += 1;
            }
        }
        figures_with.sort_unstable();
    }
    let mut unknowns: BTreeMap<&[usize], usize> = BTreeMap::new();
    for figures in within.iter().filter(|figures| !figures.is_empty()) {
        let next = unknowns.len();
        unknowns.entry(figures).or_insert(next);
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); figures.len()];
    let mut smallest = vec![0; unknowns.len()];
    for (known, unknown) in &unknowns {
        known.iter().for_each(|figure| members[*figure].push(*unknown));
        smallest[*unknown] = known.iter().min_by_key(|figure| sizes[**figure]).map_or(0, |figure| figures[*figure].0);
    }
    // The smallest first, which keeps equations short.
    let mut order: Vec<usize> = (0..figures.len()).collect();
    order.sort_by_key(|figure| members[*figure].len());
    let (mut solved, mut contradictions): (BTreeMap<usize, Equation>, Vec<usize>) = (BTreeMap::new(), Vec::new());
    for figure in order {
        let factors = members[figure].iter().map(|unknown| (*unknown, Exact::whole(1))).collect();
        let mut equation = Equation { factors, sums: figures[figure].1.iter().map(|sum| Exact::whole(*sum)).collect() };
        let known: Vec<usize> = equation.factors.keys().copied().filter(|unknown| solved.contains_key(unknown)).collect();
        for unknown in known {
            if let Some(times) = equation.factors.get(&unknown).copied() {
                equation.subtract(times, &solved[&unknown]);
            }
        }
        let Some((pivot, factor)) = equation.factors.first_key_value().map(|(unknown, factor)| (*unknown, *factor)) else {
            if equation.sums.iter().any(|sum| sum.over != 0) {
                contradictions.push(figures[figure].0);
            }
            continue;
        };
        equation.factors.values_mut().chain(&mut equation.sums).for_each(|value| *value = value.by(factor));
        for other in solved.values_mut() {
            if let Some(times) = other.factors.get(&pivot).copied() {
                other.subtract(times, &equation);
            }
        }
        solved.insert(pivot, equation);
    }
    // An equation of several unknowns counts people as well where it only adds them.
    let adds = |equation: &&Equation| equation.factors.values().all(|factor| *factor == Exact::whole(1));
    let found = solved.iter().filter(|(_, equation)| adds(equation));
    let found = found.map(|(unknown, equation)| (smallest[*unknown], equation.sums.iter().map(|sum| sum.count()).collect()));
    found.chain(contradictions.into_iter().map(|node| (node, None))).collect()
}

/// What a closed wave shows, as it is kept.
pub struct Shown<'a> {
    /// Its teams.
    pub tree: &'a Tree,
    /// Its questions.
    pub items: &'a [Item],
    /// Its least groups.
    pub minima: Minima,
    /// Its cells.
    pub cells: &'a [Cell],
    /// Its tally.
    pub rows: &'a [Row],
}

impl Shown<'_> {
    fn name(&self, node: usize) -> &str {
        &self.tree.nodes()[node].id
    }

    fn node(&self, cell: &str) -> Result<usize, String> {
        self.tree.find(cell).ok_or_else(|| format!("the group `{cell}` is shown, but was none of the wave's"))
    }

    /// Attack 7: what can be worked out about fewer people than was promised; and whether that each of them gave an answer of one kind
    /// can (attack 18). Sentences; none is good.
    pub fn too_few(&self) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let answered: Vec<(usize, Vec<u64>)> = self
            .cells
            .iter()
            .filter_map(|cell| Some((&cell.id, cell.answered?)))
            .map(|(id, n)| Ok((self.node(id)?, vec![n])))
            .collect::<Result<_, String>>()?;
        self.judge(&answered, self.minima.score, "how many answered", &mut found);
        for item in self.items.iter().filter(|item| item.rated()) {
            let (mut all, mut exact) = (Vec::new(), Vec::new());
            for row in self.rows.iter().filter(|row| row.item == item.id) {
                let node = self.node(&row.cell)?;
                match row.kept {
                    Kept::Counts(ratings) => {
                        all.push((node, vec![answers(&ratings)]));
                        exact.push((node, vec![answers(&ratings), favourable(&directed(item, ratings))]));
                    }
                    Kept::Edge { answers, .. } | Kept::Band { answers, .. } => all.push((node, vec![answers])),
                }
            }
            self.judge(&all, self.minima.score, &item.id, &mut found);
            self.judge(&exact, self.minima.counts, &format!("the counts of {}", item.id), &mut found);
        }
        if let Some(row) = self.rows.iter().find(|row| !self.items.iter().any(|item| item.rated() && item.id == row.item)) {
            found.push(format!("`{}` was no question of the wave, but has a result", row.item));
        }
        Ok(found)
    }

    fn judge(&self, figures: &[(usize, Vec<u64>)], least: u32, what: &str, found: &mut Vec<String>) {
        for (node, sums) in solved(self.tree, figures) {
            let group = self.name(node);
            match sums.as_deref() {
                None => found.push(format!("{what} in `{group}` does not add up: somebody changed what is kept")),
                Some([n, ..]) if *n > 0 && *n < u64::from(least) => {
                    found.push(format!(
                        "{what} in `{group}`, or in what is left of it without the groups below, is of {n}: fewer than {least}"
                    ));
                }
                Some([n, hits]) if *n > 0 && (hits > n || extreme(*hits, *n)) => {
                    found.push(format!("{what} in `{group}`, or in what is left of it, say that all {n} but one at most agree"));
                }
                Some(_) => {}
            }
        }
    }

    /// Attack 19: a comment that stands where too few people are.
    pub fn lonely_comments(&self, comments: impl Iterator<Item = String>) -> Vec<String> {
        let enough = |cell: &Cell| cell.answered.unwrap_or(cell.invited) >= u64::from(self.minima.text);
        let wrong = |id: &String| !self.cells.iter().any(|cell| cell.id == *id && enough(cell));
        let mut cells: Vec<String> = comments.filter(wrong).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
            .into_iter()
            .map(|cell| format!("comments stand in `{cell}`, which is not shown or has fewer than {}", self.minima.text))
            .collect()
    }
}

/// Whether bytes look like answers or words in the clear: eight in a row that are 0 to 5, or forty that can be read. By chance that
/// happens to one sealed ballot in 10^11.
pub fn readable(bytes: &[u8]) -> bool {
    let run = |is: fn(&u8) -> bool, least: usize| bytes.split(|byte| !is(byte)).any(|run| run.len() >= least);
    run(|byte| *byte <= 5, 8) || run(|byte| (b' '..=b'~').contains(byte), 40)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::items::shipped;

    fn tree() -> Tree {
        Tree::new(&[("all", None), ("a", Some("all")), ("b", Some("all")), ("a1", Some("a")), ("a2", Some("a"))]).unwrap()
    }

    fn solve(figures: &[(&str, u64)]) -> Vec<(String, Option<u64>)> {
        let tree = tree();
        let figures: Vec<(usize, Vec<u64>)> = figures.iter().map(|(cell, n)| (tree.find(cell).unwrap(), vec![*n])).collect();
        let mut all: Vec<_> =
            solved(&tree, &figures).into_iter().map(|(node, sums)| (tree.nodes()[node].id.clone(), sums.map(|sums| sums[0]))).collect();
        all.sort();
        all
    }

    #[test]
    fn figures_are_solved_like_equations() {
        let check = |figures: &[(&str, u64)], expect: &[(&str, Option<u64>)]| {
            let expect: Vec<(String, Option<u64>)> = expect.iter().map(|(cell, n)| ((*cell).to_owned(), *n)).collect();
            assert_eq!(solve(figures), expect, "{figures:?}");
        };
        check(&[], &[]);
        check(&[("all", 20)], &[("all", Some(20))]);
        check(&[("all", 20), ("a", 14), ("a1", 9)], &[("a", Some(5)), ("a1", Some(9)), ("all", Some(6))]);
        check(&[("a1", 9), ("b", 3), ("all", 12)], &[("a1", Some(9)), ("all", Some(0)), ("b", Some(3))]);
        check(&[("all", 5), ("a", 9)], &[("a", Some(9)), ("all", None)]);
        check(&[("all", 5), ("all", 6)], &[("all", None), ("all", Some(5))]);
    }

    #[test]
    fn what_is_said_of_too_few_is_found() {
        let tree = tree();
        let items: Vec<Item> = shipped().remove(0).items;
        let cell = |id: &str, answered: Option<u64>| Cell { id: id.into(), label: id.into(), invited: 30, answered };
        let row = |cell: &str, kept: Kept| Row { cell: cell.into(), item: "overall_satisfied".into(), kept };
        let band = |n: u64| Kept::Band { band: crate::domain::survey::score::Band::of(n / 2, n), answers: n };
        let check = |cells: &[Cell], rows: &[Row], expect: &[&str]| {
            let shown = Shown { tree: &tree, items: &items, minima: Minima::default(), cells, rows };
            let found = shown.too_few().unwrap_or_else(|sentence| vec![sentence]);
            assert!(found.len() == expect.len() && found.iter().zip(expect).all(|(said, words)| said.contains(words)), "{found:?}");
        };
        check(&[cell("all", Some(20)), cell("a", Some(14))], &[row("all", band(20)), row("a", band(14))], &[]);
        check(
            &[cell("all", Some(17)), cell("a", Some(14))],
            &[],
            &["how many answered in `all`, or in what is left of it without the groups below, is of 3"],
        );
        check(&[cell("a", Some(4)), cell("all", None)], &[], &["how many answered in `a`"]);
        check(&[], &[row("a1", band(9)), row("a", band(13)), row("all", band(20))], &["overall_satisfied in `a`"]);
        check(
            &[],
            &[row("all", Kept::Counts([2, 2, 4, 6, 6])), row("a", Kept::Counts([2, 2, 4, 1, 2]))],
            &["the counts of overall_satisfied in `all`, or in what is left"],
        );
        check(&[], &[row("all", Kept::Counts([2, 2, 3, 1, 1]))], &["the counts of overall_satisfied in `all`"]);
        check(&[], &[row("all", Kept::Counts([0, 0, 1, 6, 6]))], &["say that all 13 but one at most agree"]);
        check(
            &[],
            &[row("all", Kept::Counts([4, 4, 4, 6, 6])), row("a", Kept::Counts([4, 4, 3, 2, 1]))],
            &["say that all 10 but one at most agree"],
        );
        check(&[cell("gone", Some(9))], &[], &["`gone` is shown, but was none of the wave's"]);
        check(&[], &[Row { item: "other".into(), ..row("all", band(9)) }], &["`other` was no question"]);
        let lonely = |cells: &[Cell], at: &str| {
            Shown { tree: &tree, items: &items, minima: Minima::default(), cells, rows: &[] }
                .lonely_comments([at.to_owned()].into_iter())
                .len()
        };
        assert_eq!((lonely(&[cell("a", Some(10))], "a"), lonely(&[cell("a", Some(9))], "a"), lonely(&[cell("a", None)], "b")), (0, 1, 1));
    }

    #[test]
    fn answers_in_the_clear_are_told_from_sealed_ones() {
        use crate::domain::survey::seal::{Answers, KEY, NONCE, WaveKeys};
        let keys = WaveKeys::derive(&[7; KEY], "w1");
        let tag = keys.tag("U1");
        assert!(!readable(&keys.seal(&tag, &Answers::blank(), [9; NONCE])));
        assert!(!readable(&keys.seal_text(&tag, &"slow reviews ".repeat(100), [9; NONCE]).unwrap()));
        assert!(readable(&[5, 1, 4, 2, 3, 3, 2, 4, 1]) && readable(b"....We wait two days for each review, and then it is over."));
    }
}
