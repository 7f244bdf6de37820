//! The card of `benchmark quick-check`: for each question of the survey the answer to give, and the figure behind it.
//!
//! The questions are told in short and in our words; the wording of the answers is the survey's own. The link is one that
//! dora.dev reads (`App.svelte`: `v`, `industry` and a parameter a question). Only the person who opens it sends anything.

use super::card::{self, About};
use super::compute::Benchmark;
use crate::domain::benchmark::answer::Answer;
use crate::domain::benchmark::quick_check::QUESTIONS;
use crate::domain::card::{Card, Line, Part};
use crate::domain::metric::DORA;
use crate::domain::words;
use crate::features::dora;

/// Where the survey is.
pub const SITE: &str = "https://dora.dev/quickcheck/";

/// Six months, less a few days.
const HALF_A_YEAR_WEEKS: f64 = 25.0;

/// Each question in short, in the order of [`QUESTIONS`].
const ASKS: [&str; 5] = [
    "from code committed to code running in production",
    "how often code is deployed to production",
    "how long it takes to restore service after a deployment that degraded it",
    "share of deployments that degrade service and need a remedy",
    "share of the deployments of 6 months that were not planned, for a bug that users met",
];

/// The questions that the year asked, in the survey's order: place in [`DORA`], and the survey's own name.
pub fn questions(benchmark: &Benchmark) -> impl Iterator<Item = (usize, &'static str)> {
    let everybody = benchmark.choice.edition.everybody();
    let asked = QUESTIONS.iter().filter(|(id, ..)| everybody.published(id).is_some());
    asked.filter_map(|(id, name, _)| Some((DORA.iter().position(|known| known.id == *id)?, *name)))
}

/// The survey with the answers that are known filled in.
pub fn link(benchmark: &Benchmark) -> String {
    let answers = questions(benchmark).filter_map(|(place, name)| Some(format!("&{name}={}", benchmark.compared[place].answer?.number())));
    let industry = benchmark.choice.industry.filter(|group| *group != benchmark.choice.edition.everybody());
    let industry = industry.map(|group| format!("&industry={}", group.id));
    format!("{SITE}?v={}{}", benchmark.choice.edition.year, answers.chain(industry).collect::<String>())
}

/// The card.
pub fn card(about: &About<'_>) -> Card {
    let benchmark = about.benchmark;
    let lines = questions(benchmark).zip(ASKS).map(|((place, _), ask)| line(about, place, ask)).collect();
    let link = Line::plain("Filled in, for whoever opens it: ").code(link(benchmark));
    let mut notes: Vec<Line> = vec!["Survey answers are people's own view of themselves: context, not a goal.".into()];
    if about.ask.window.weeks() < HALF_A_YEAR_WEEKS && questions(benchmark).any(|(_, name)| name == "rework") {
        notes.push(Line::plain("The survey asks about the rework of 6 months: add ").code("6m").and(" to answer for that time."));
    }
    Card { parts: vec![Part::List(lines, None), Part::Text(link)], ..card::frame(about, "Quick Check answers", verdict(about), notes) }
}

fn verdict(about: &About<'_>) -> Line {
    let choice = &about.benchmark.choice;
    let line = Line::plain(format!("What {} would answer in the {}, from its own data: ", about.name, choice.source()));
    let scores = about.benchmark.scores;
    let (Some(overall), Some(throughput), Some(stability)) = (scores.overall, scores.throughput, scores.stability) else {
        let missing: Vec<usize> =
            questions(about.benchmark).map(|(place, _)| place).filter(|place| about.benchmark.compared[*place].answer.is_none()).collect();
        return line.and(format!("no score, since not all is known. Missing: {}.", card::named(&missing)));
    };
    let line = line.strong(format!("{} of 10", words::short(overall)));
    let line = line.and(format!(" (throughput {}, stability {})", words::short(throughput), words::short(stability)));
    let who = choice.groups().next().unwrap_or(choice.edition.everybody()).place();
    match scores.mean {
        Some(mean) => line.and(format!("; the mean {who} is {}.", words::short(mean))),
        None => line.and("."),
    }
}

/// "**Lead time** (from ...): tick **One day to one week**. 1.9 days, 131 commits, 95 % 1.5 to 2.4 days."
fn line(about: &About<'_>, place: usize, ask: &str) -> Line {
    let (metric, shown) = (&about.dora.metrics[place], dora::shown(about.dora, place));
    let line = Line::default().strong(DORA[place].name).and(format!(" ({ask}): "));
    let Some(answer) = about.benchmark.compared[place].answer else {
        return match metric.value {
            Some(_) => line.and("not known. Nothing was deployed in this period; ask about a longer one, as in ").code("12m").and("."),
            None => line.and(if shown.value.starts_with("not known") { shown.value } else { format!("not known: {}", shown.value) }),
        };
    };
    let few = if metric.reason.as_deref() == Some("too_few") { ": too few to rely on" } else { "" };
    let line = line.strong(answer.text(&metric.id)).and(format!(". {}, {}{few}.", shown.value, shown.detail));
    match metric.interval.map(|ends| ends.map(|end| Answer::of(&metric.id, end))) {
        Some([Some(one), Some(other)]) if one != other && matches!(answer, Answer::Tick(_)) => {
            let (worst, best) = (one.min(other).text(&metric.id), one.max(other).text(&metric.id));
            line.and(format!(" The interval reaches from “{worst}” to “{best}”."))
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{asked, benchmark, eventful, spare};
    use super::*;
    use crate::domain::card::Scope;
    use crate::features::dora::compute::Dora;

    fn told(dora: &Dora, words: &str) -> (String, Vec<String>) {
        let (benchmark, ask) = (benchmark(dora, words, &[]), asked(words, Scope::Organisation));
        let card = card(&About { ask: &ask, name: "all", dora, benchmark: &benchmark, receipt: "7f3a9c2k", health: Vec::new() });
        let Some(Part::List(lines, _)) = card.parts.first() else { panic!("{card:?}") };
        (card.verdict.text(), lines.iter().map(Line::text).collect())
    }

    #[test]
    fn what_is_not_known_is_said_and_leaves_no_score() {
        let (verdict, lines) = told(&spare(), "quick-check");
        assert!(
            verdict.contains("no score, since not all is known. Missing: failed deployment recovery time, change fail rate"),
            "{verdict}"
        );
        assert!(lines[0].contains("One day to one week. 1.5 days, 8 commits: too few to rely on."), "{lines:?}");
        let reaches =
            "too few to rely on. The interval reaches from “Less than once per six months” to “Between once per day and once per week”.";
        assert!(lines[1].ends_with(reaches), "{lines:?}");
        assert!(lines[3].ends_with("not known: no incident source"), "{lines:?}");
        assert_eq!(told(&spare(), "quick-check 2024").1.len(), 4);
    }

    #[test]
    fn the_link_fills_in_what_is_known() {
        let link_of = |dora: &Dora, words: &str| link(&benchmark(dora, words, &[]));
        assert_eq!(link_of(&spare(), "2-9"), format!("{SITE}?v=2025&leadtime=4&deployfreq=3"));
        let all = "v=2024&leadtime=4&deployfreq=4&failurerecovery=5&changefailure=20&industry=government";
        assert_eq!(link_of(&eventful(), "government 2024"), format!("{SITE}?{all}"));
    }
}
