//! Whether two spans of weeks differ by more than chance: blocks of weeks are dealt out anew (a block permutation).
//!
//! Weeks resemble their neighbours, so that dealing out single weeks would call every slow wave a change. Blocks of three or four weeks keep
//! what resembles together. Each draw turns the series by a random number of weeks, cuts it into blocks, and puts them in a random order; the
//! chance is the share of arrangements whose statistic lies as far out as the one that was seen. Few blocks have few arrangements: then
//! nothing can be shown, and the chance says so by itself.
//!
//! Never alone a proof at an autocorrelation of .7, where blocks still resemble each other: `domain::improvement` asks for more.

use super::SplitMix64;
use super::real_len;

/// Arrangements drawn.
const DRAWS: usize = 999;

/// The chances that a statistic is as low, and as high, as seen where nothing changed. `statistic` is given the weeks in an order.
pub fn block_permutation(weeks: usize, block: usize, seed: u64, statistic: impl Fn(&[usize]) -> f64) -> [f64; 2] {
    let mut order: Vec<usize> = (0..weeks).collect();
    let actual = statistic(&order);
    let hair = 1e-9 * actual.abs().max(1.0);
    let mut random = SplitMix64::new(seed);
    let starts: Vec<usize> = (0..weeks).step_by(block.max(1)).collect();
    let (mut low, mut high) = (1, 1);
    for _ in 0..DRAWS {
        let mut dealt = starts.clone();
        for at in 0..dealt.len() {
            let other = at + random.below(dealt.len() - at);
            dealt.swap(at, other);
        }
        let turn = random.below(weeks);
        order.clear();
        for start in dealt {
            order.extend((start..(start + block.max(1)).min(weeks)).map(|week| (week + turn) % weeks));
        }
        let value = statistic(&order);
        low += usize::from(value <= actual + hair);
        high += usize::from(value >= actual - hair);
    }
    [low, high].map(|count| real_len(count) / real_len(DRAWS + 1))
}

/// The ranks of values from 1; equal values share the middle of theirs.
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut at = 0;
    while at < order.len() {
        let same = order[at..].iter().take_while(|other| values[**other].total_cmp(&values[order[at]]).is_eq()).count();
        let rank = real_len(at) + real_len(same + 1) / 2.0;
        for other in &order[at..at + same] {
            ranks[*other] = rank;
        }
        at += same;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, number, numbers};
    use super::*;

    #[test]
    fn ranks_agree_with_scipy() {
        for case in oracle::cases("mid_ranks") {
            assert_eq!(mid_ranks(&numbers(&case["values"])), numbers(&case["ranks"]));
        }
    }

    #[test]
    fn chances_agree_with_many_arrangements_by_numpy() {
        let cases = oracle::cases("block_permutation");
        assert!(cases.len() >= 4);
        for case in cases {
            let values = numbers(&case["values"]);
            let [before, block] = ["before", "block"].map(|name| usize::try_from(oracle::count(&case[name])).unwrap());
            let mean = |order: &[usize]| order[before..].iter().map(|week| values[*week]).sum::<f64>() / real_len(values.len() - before);
            for (ours, recorded) in block_permutation(values.len(), block, 5, mean).into_iter().zip(case["chances"].as_array().unwrap()) {
                let chance = number(recorded);
                assert!((ours - chance).abs() < 0.003 + 4.0 * (chance * (1.0 - chance) / 1_000.0).sqrt(), "{ours} {chance}");
            }
        }
    }

    #[test]
    fn few_blocks_prove_nothing_however_large_the_shift() {
        let mean = |order: &[usize]| order[8..].iter().map(|week| if *week < 8 { 0.0 } else { 100.0 }).sum::<f64>();
        let [_, high] = block_permutation(12, 4, 1, mean);
        assert!(high > 0.05, "{high}");
        assert!(block_permutation(12, 4, 1, |_| 1.0).iter().all(|chance| *chance >= 1.0), "what never differs");
    }

    #[test]
    fn each_arrangement_holds_every_week_once() {
        let all = |order: &[usize]| {
            let mut sorted = order.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..13).collect::<Vec<_>>());
            0.0
        };
        block_permutation(13, 4, 9, all);
    }
}
