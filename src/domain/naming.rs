//! A card outside Slack: who is meant is said by the organisation's id of a person, since only Slack puts names in the place of its ids.
//!
//! Never to be used for a message: there a mention is Slack's own, by id.

use crate::domain::card::{Card, Line, Part, Span};

/// The card with people called otherwise, where that is known.
#[must_use]
pub fn named(mut card: Card, name: &impl Fn(&str) -> Option<String>) -> Card {
    std::iter::once(&mut card.verdict).chain(&mut card.notes).for_each(|line| in_line(line, name));
    card.parts.iter_mut().for_each(|part| in_part(part, name));
    card
}

fn in_part(part: &mut Part, name: &impl Fn(&str) -> Option<String>) {
    match part {
        Part::Text(line) | Part::Beside(line, _) => in_line(line, name),
        Part::List(lines, _) => lines.iter_mut().for_each(|line| in_line(line, name)),
        Part::Only(_, parts) => parts.iter_mut().for_each(|part| in_part(part, name)),
        Part::Heading(_) | Part::Figures(_) | Part::Table(_) | Part::Chart(_) | Part::Buttons(_) | Part::Divider => {}
    }
}

fn in_line(line: &mut Line, name: &impl Fn(&str) -> Option<String>) {
    for span in &mut line.0 {
        if let Span::Mention(id) = span
            && let Some(name) = name(id)
        {
            *span = Span::Plain(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Place;

    #[test]
    fn whoever_is_known_is_called_by_name_wherever_they_stand() {
        let line = || Line::plain("by ").mention("U1").and(" and ").mention("U2");
        let parts = vec![Part::Text(line()), Part::List(vec![line()], None), Part::Only(&[Place::Page], vec![Part::Text(line())])];
        let card = Card { verdict: line(), notes: vec![line()], parts, ..Card::default() };
        let card = named(card, &|id| (id == "U1").then(|| "ana".to_owned()));
        let said = format!("{card:?}");
        assert!(!said.contains("U1") && said.matches("U2").count() == 5 && card.verdict.text() == "by ana and U2", "{said}");
    }
}
