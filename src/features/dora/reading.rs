//! The reading of the five: which figures move together, and the question that is worth asking about it.
//!
//! Worded as a question, never as a cause: figures that move together do not say why.

use super::compute::Dora;
use crate::domain::card::Tone;
use crate::domain::figure;
use crate::domain::metric::DORA;

/// How a figure moved against the window before: its tone, and the words.
pub fn moved(dora: &Dora, place: usize) -> Option<(Tone, String)> {
    let before = dora.before.as_ref()?.all()[place];
    figure::moved(&DORA[place], dora.now.all()[place], before)
}

/// The question to ask, where figures say one together.
pub fn question(dora: &Dora) -> Option<&'static str> {
    let tone = |place: usize| moved(dora, place).map_or(Tone::Neutral, |(tone, _)| tone);
    question_of([tone(0), tone(1), tone(2), tone(3), tone(4)])
}

/// The same of how each of the five moved, in their order.
pub fn question_of([frequency, lead, recovery, fail, rework]: [Tone; 5]) -> Option<&'static str> {
    let faster = frequency == Tone::Good || lead == Tone::Good;
    let slower = frequency == Tone::Bad || lead == Tone::Bad;
    let safer = fail == Tone::Good || rework == Tone::Good;
    let riskier = fail == Tone::Bad || rework == Tone::Bad;
    Some(match () {
        () if frequency == Tone::Bad && lead == Tone::Bad && (riskier || recovery == Tone::Bad) => {
            "Fewer deployments, longer lead times and more trouble after them often go together with growing batches. Are changes getting bigger before they ship?"
        }
        () if slower && riskier => {
            "Delivery got slower and less safe at the same time. What takes the team's time between merge and a healthy release?"
        }
        () if faster && riskier => "Delivery got faster while more deployments failed. Do checks before release keep up with the new pace?",
        () if faster && safer && recovery != Tone::Bad => {
            "Delivery got faster and safer together. What changed, and would it help another team?"
        }
        () if slower && safer => {
            "Fewer failures came with slower delivery. Is the extra care in the right place, or is work waiting in a queue?"
        }
        () if frequency == Tone::Bad && lead == Tone::Bad => {
            "Deployments got rarer and lead times longer. Is finished work waiting for a release?"
        }
        () if recovery == Tone::Bad && riskier => {
            "Failures got more frequent and take longer to mend. Which two incidents cost most, and what would have shortened them?"
        }
        () if recovery == Tone::Bad => "Recovery takes longer than before. Is it finding the cause, or getting the fix out?",
        () => return None,
    })
}
