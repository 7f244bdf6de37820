//! [`Sums`]: the exact distribution of the sum of coming weeks under the Bayesian bootstrap of past ones.
//!
//! Rubin's bootstrap gives the past weeks random weights from a Dirichlet distribution and draws the coming weeks by them. A week that was
//! drawn makes the same draw likelier: the coming weeks share one unknown pace, which is what the plain bootstrap forgets. Averaged over
//! the weights, the number of ways in which m weeks add up to s is the coefficient of `z^m x^s` in `prod (1 - z x^y)^-a` over past weeks of
//! y items and weight a (Pólya's urn). With `A_k(x) = sum a x^(k y)` its logarithmic derivative gives the rows one after the other, all
//! terms positive, nothing drawn: `m F_m = A_1 F_(m-1) + ... + A_m F_0`.
//!
//! Never for weeks that are known to depend on each other week by week: the urn is exchangeable.

/// Sums of 0, 1, 2, ... weeks, made as far as they are asked for.
#[derive(Debug, Clone)]
pub struct Sums {
    atoms: Vec<(usize, f64)>,
    evidence: f64,
    rows: Vec<Row>,
}

/// The distribution of the sum of some weeks.
#[derive(Debug, Clone)]
struct Row {
    chances: Vec<f64>,
    /// All ways of this many weeks, in units of those of none.
    ways: f64,
    /// Before each sum: the chance of less, and the sums of less times their chance.
    below: Vec<[f64; 2]>,
}

impl Row {
    fn new(chances: Vec<f64>, ways: f64) -> Self {
        let mut below = Vec::with_capacity(chances.len() + 1);
        let (mut chance, mut mass, mut sum) = (0.0, 0.0, 0.0);
        for of_sum in &chances {
            below.push([chance, mass]);
            chance += of_sum;
            mass += sum * of_sum;
            sum += 1.0;
        }
        below.push([chance, mass]);
        Self { chances, ways, below }
    }
}

impl Sums {
    /// Of items a week with their weights.
    pub fn new(atoms: &[(u32, f64)]) -> Self {
        let atoms: Vec<(usize, f64)> = atoms.iter().map(|(items, weight)| (*items as usize, *weight)).collect();
        let evidence = atoms.iter().map(|(_, weight)| weight).sum();
        Self { atoms, evidence, rows: vec![Row::new(vec![1.0], 1.0)] }
    }

    /// The chance of each sum of so many weeks, from 0 up.
    pub fn chances(&mut self, weeks: usize) -> &[f64] {
        &self.row(weeks).chances
    }

    /// The chance that the sum of so many weeks, times a factor above 0 and rounded up or down by chance so that its mean is kept, is at
    /// least `least`.
    pub fn reaches(&mut self, weeks: usize, factor: f64, least: u32) -> f64 {
        let row = self.row(weeks);
        let Some(one_less) = least.checked_sub(1).map(f64::from) else { return 1.0 };
        let end = row.chances.len();
        let first = |sum: f64| (super::whole(sum) as usize).min(end);
        let (partly, surely) = (first((one_less / factor).floor() + 1.0), first(((one_less + 1.0) / factor).ceil()));
        let ([below_partly, mass_partly], [below_surely, mass_surely]) = (row.below[partly], row.below[surely]);
        let rounded_up = factor * (mass_surely - mass_partly) - one_less * (below_surely - below_partly);
        (row.below[end][0] - below_surely + rounded_up).clamp(0.0, 1.0)
    }

    fn row(&mut self, weeks: usize) -> &Row {
        while self.rows.len() <= weeks {
            self.rows.push(self.next());
        }
        &self.rows[weeks]
    }

    fn next(&self) -> Row {
        let weeks = self.rows.len();
        let most = self.atoms.iter().map(|(items, _)| *items).max().unwrap_or(0);
        let ways = self.rows[weeks - 1].ways * (self.evidence + super::real(weeks - 1)) / super::real(weeks);
        let mut chances = vec![0.0; weeks * most + 1];
        for (alike, earlier) in (1..=weeks).zip(self.rows.iter().rev()) {
            let share = earlier.ways / (ways * super::real(weeks));
            for (items, weight) in &self.atoms {
                let factor = weight * share;
                for (to, from) in chances[alike * items..].iter_mut().zip(&earlier.chances) {
                    *to += factor * from;
                }
            }
        }
        Row::new(chances, ways)
    }
}

/// Draws so many weeks one by one: each past week as likely as its weight and how often it was drawn. What tests hold the sums against.
#[cfg(test)]
pub(super) fn drawn(atoms: &[(u32, f64)], weeks: usize, random: &mut crate::domain::stats::SplitMix64) -> u32 {
    let mut weights: Vec<f64> = atoms.iter().map(|(_, weight)| *weight).collect();
    (0..weeks)
        .map(|_| {
            let mut left = random.unit() * weights.iter().sum::<f64>();
            let last = weights.len() - 1;
            let at = weights
                .iter()
                .position(|weight| {
                    left -= weight;
                    left < 0.0
                })
                .unwrap_or(last);
            weights[at] += 1.0;
            atoms[at].0
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use crate::domain::stats::SplitMix64;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_every_way_counted_by_scipy() {
        let cases = oracle::cases("urn");
        assert!(cases.len() >= 6);
        for case in cases {
            let atoms: Vec<(u32, f64)> = oracle::counts(&case["items"]).into_iter().zip(oracle::numbers(&case["weights"])).collect();
            let mut sums = Sums::new(&atoms);
            let ours = sums.chances(oracle::count(&case["weeks"]) as usize);
            let recorded = oracle::numbers(&case["chances"]);
            assert_eq!(ours.len(), recorded.len());
            for (ours, recorded) in ours.iter().zip(recorded) {
                assert!((ours - recorded).abs() < 1e-12, "{case}: {ours} {recorded}");
            }
        }
    }

    #[test]
    fn agrees_with_draws_from_the_urn() {
        let atoms = [(0, 0.7), (2, 1.9), (3, 0.4), (11, 0.25)];
        let (mut sums, mut random) = (Sums::new(&atoms), SplitMix64::new(7));
        let trials = 40_000;
        let mut seen = [0_u32; 89];
        for _ in 0..trials {
            seen[drawn(&atoms, 8, &mut random) as usize] += 1;
        }
        for (sum, chance) in sums.chances(8).iter().enumerate() {
            let expected = chance * f64::from(trials);
            let error = 4.5 * expected.sqrt() + 2.0; // 89 comparisons
            assert!((f64::from(seen[sum]) - expected).abs() < error, "{sum}: {} of {expected}", seen[sum]);
        }
    }

    proptest! {
        #[test]
        fn chances_add_up_and_the_mean_is_the_weighted_one(
            atoms in prop::collection::vec((0..30_u32, 0.01..3.0_f64), 1..12), weeks in 0..15_usize, factor in 0.05..4.0_f64, least in 0..200_u32,
        ) {
            let mut sums = Sums::new(&atoms);
            let chances = sums.chances(weeks).to_vec();
            prop_assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let evidence: f64 = atoms.iter().map(|(_, weight)| weight).sum();
            let expected = atoms.iter().map(|(items, weight)| f64::from(*items) * weight).sum::<f64>() / evidence * super::super::real(weeks);
            let mean: f64 = chances.iter().enumerate().map(|(sum, chance)| super::super::real(sum) * chance).sum();
            prop_assert!((mean - expected).abs() < 1e-9 * (1.0 + expected));
            // `reaches` against its definition.
            let slow: f64 = chances.iter().enumerate().map(|(sum, chance)| {
                let scaled = super::super::real(sum) * factor;
                chance * (scaled - f64::from(least) + 1.0).clamp(0.0, 1.0)
            }).sum();
            let reached = sums.reaches(weeks, factor, least);
            prop_assert!((reached - if least == 0 { 1.0 } else { slow }).abs() < 1e-11, "{} {}", reached, slow);
        }
    }
}
