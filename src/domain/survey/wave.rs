//! Which questions a wave asks: everybody of a wave is asked the same ones.
//!
//! A full wave asks the core categories and as many others as fit, those first that were longest not asked. A pulse asks how people are
//! satisfied overall and two rated questions of the category whose turn it is: three taps. Never decided by what somebody answered.

use super::items::{Category, Item};

/// Questions of a wave at most: five to seven minutes.
pub const MOST_ITEMS: usize = 30;
/// Questions of a pulse besides the overall one.
const PULSE_OF_CATEGORY: usize = 2;

/// How long a wave is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// At most 30 questions, each quarter.
    Full,
    /// Two or three, every other week.
    Pulse,
}

impl Length {
    /// As it is kept, and as ids of surveys begin.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Pulse => "pulse",
        }
    }

    /// Of that word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Full, Self::Pulse].into_iter().find(|known| known.word() == word)
    }
}

/// The questions of the next wave, given which categories each earlier wave of this length asked, the oldest first.
pub fn questions(length: Length, categories: &[Category], earlier: &[Vec<String>]) -> Vec<Item> {
    match length {
        Length::Full => full(categories, earlier),
        Length::Pulse => pulse(categories, earlier),
    }
}

fn full(categories: &[Category], earlier: &[Vec<String>]) -> Vec<Item> {
    let (core, others): (Vec<&Category>, Vec<&Category>) = categories.iter().partition(|category| category.core);
    let mut room = MOST_ITEMS.saturating_sub(core.iter().map(|category| category.items.len()).sum());
    let mut taken: Vec<&str> = core.iter().map(|category| category.id.as_str()).collect();
    for category in in_turn(&others, earlier) {
        // Strictly in turn: one that does not fit waits for the next wave, and so do those behind it.
        if category.items.len() > room {
            break;
        }
        room -= category.items.len();
        taken.push(&category.id);
    }
    categories
        .iter()
        .filter(|category| taken.contains(&category.id.as_str()))
        .flat_map(|category| category.items.clone())
        .take(MOST_ITEMS)
        .collect()
}

fn pulse(categories: &[Category], earlier: &[Vec<String>]) -> Vec<Item> {
    let rated = |category: &Category| category.items.iter().filter(|item| item.rated()).cloned().collect::<Vec<_>>();
    let Some((overall, others)) = categories.split_first() else { return Vec::new() };
    let others: Vec<&Category> = others.iter().filter(|category| !rated(category).is_empty()).collect();
    let next = in_turn(&others, earlier).first().map(|category| rated(category)).unwrap_or_default();
    rated(overall).into_iter().take(1).chain(next.into_iter().take(PULSE_OF_CATEGORY)).collect()
}

/// Those longest not asked first; never asked before all; the table's order between equals.
fn in_turn<'a>(categories: &[&'a Category], earlier: &[Vec<String>]) -> Vec<&'a Category> {
    let mut sorted = categories.to_vec();
    sorted.sort_by_key(|category| earlier.iter().rposition(|wave| wave.contains(&category.id)).map_or(0, |at| at + 1));
    sorted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::items::shipped;
    use super::*;

    fn categories_of(items: &[Item]) -> Vec<String> {
        let mut all: Vec<String> = items.iter().map(|item| item.category.clone()).collect();
        all.dedup();
        all
    }

    fn waves(length: Length, count: usize) -> Vec<Vec<Item>> {
        let (mut earlier, mut waves) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let items = questions(length, &shipped(), &earlier);
            earlier.push(categories_of(&items));
            waves.push(items);
        }
        waves
    }

    #[test]
    fn a_full_wave_has_the_core_and_at_most_thirty() {
        for wave in waves(Length::Full, 6) {
            assert!((20..=MOST_ITEMS).contains(&wave.len()), "{}", wave.len());
            let asked: BTreeSet<String> = categories_of(&wave).into_iter().collect();
            assert!(["overall", "flow", "review", "release"].iter().all(|core| asked.contains(*core)));
            assert_eq!(asked.len(), categories_of(&wave).len(), "a category is asked in one piece");
        }
    }

    #[test]
    fn two_full_waves_reach_every_category_and_pulses_go_round() {
        let all: BTreeSet<String> = waves(Length::Full, 2).iter().flat_map(|wave| categories_of(wave)).collect();
        assert_eq!(all.len(), 16);
        let pulses = waves(Length::Pulse, 15);
        let all: BTreeSet<String> = pulses.iter().flat_map(|wave| categories_of(wave)).collect();
        assert_eq!(all.len(), 16, "fifteen pulses reach all fifteen besides overall");
        assert!(pulses.iter().all(|wave| wave.len() == 3 && wave[0].id == "overall_satisfied" && wave.iter().all(Item::rated)));
    }
}
