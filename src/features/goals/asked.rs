//! What is asked behind `goals`: nothing for the list, `improvement` for a form, `improvement ID` for one of them, or the words that
//! declare one. Any other first word is free for what is still to come here.

use chrono::NaiveDate;

use crate::domain::ask::{Ask, means_everything};
use crate::domain::improvement::Wanted;
use crate::domain::metric::Definition;
use crate::domain::window::local;
use crate::error::{Failure, Kind, UserError};
use crate::features::trend;

/// What to type.
pub const EXAMPLE: &str = "Try `/metrics goals improvement \"Smaller batches\" metric:change_lead_time since:2026-09-14 team:NAME`.";

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    List,
    /// A form, with the name that was typed.
    Form(String),
    /// Eight letters that may be an id.
    One(String),
    Declare(Words),
}

/// An improvement in words, as far as they go.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Words {
    pub name: String,
    /// Each with the direction that was typed behind it.
    pub metrics: Vec<(&'static Definition, Option<Wanted>)>,
    /// None: today.
    pub since: Option<NaiveDate>,
    pub done: String,
}

/// Reads the words of a question.
pub fn read(ask: &Ask) -> Result<Asked, Failure> {
    let Some((first, rest)) = ask.words.split_first() else {
        return if ask.window_named { Err(no_period()) } else { Ok(Asked::List) };
    };
    if !["improvement", "improvements"].contains(&first.to_lowercase().as_str()) {
        return Err(stray(first).into());
    }
    let mut words = Words::default();
    let mut name: Vec<&str> = Vec::new();
    let mut behind_metric = false;
    for word in rest {
        let (key, value) = word.split_once(':').map_or(("", word.as_str()), |(key, value)| (key, value.trim()));
        let way = way(word).filter(|_| behind_metric);
        match (key, words.metrics.last_mut()) {
            (_, Some(metric)) if way.is_some() => metric.1 = way,
            ("metric", _) => words.metrics.extend(trend::wanted(&[value.to_owned()])?.into_iter().map(|known| (known, None))),
            ("since", _) => words.since = Some(day(value)?),
            ("done", _) => value.clone_into(&mut words.done),
            (_, _) if is_keyed(word) => {
                let message = format!("An improvement has no `{}`.", key.chars().take(60).collect::<String>());
                return Err(UserError::new(Kind::NotUnderstood, message, EXAMPLE).into());
            }
            _ => name.push(word),
        }
        behind_metric = key == "metric";
    }
    words.name = name.join(" ");
    if ask.window_named {
        if !ask.window.text().starts_with("since ") || words.since.is_some() {
            return Err(no_period());
        }
        words.since = Some(local::wall(ask.window.zone, ask.window.from).date());
    }
    match (rest, words.metrics.is_empty() && words.since.is_none()) {
        ([only], true) if is_id(only) => Ok(Asked::One(only.to_lowercase())),
        (_, true) => Ok(Asked::Form(words.name)),
        (_, false) => Ok(Asked::Declare(words)),
    }
}

/// What is said of a first word that means nothing here.
fn stray(word: &str) -> UserError {
    let said = word.to_lowercase();
    if said == "coverage" {
        let message = "How much work serves which objective is not told here.";
        let hint =
            "`/metrics investment` tells what share of the work goes to each project, `/metrics goals` which improvements take hold.";
        return UserError::new(Kind::NotUnderstood, message, hint);
    }
    let message = format!("`goals` takes no word like `{}`.", word.chars().take(60).collect::<String>());
    let hint = if means_everything(&said) { "Try `/metrics goals team:all`: it is the whole organisation." } else { EXAMPLE };
    UserError::new(Kind::NotUnderstood, message, hint)
}

/// Whether a word is a key with its value, as `direction:down`; in a name that was quoted there are blanks.
fn is_keyed(word: &str) -> bool {
    let key = word.split_once(':').filter(|(key, value)| !key.is_empty() && !value.is_empty()).map_or("", |(key, _)| key);
    !key.is_empty() && key.bytes().all(|letter| letter.is_ascii_lowercase()) && !word.contains(char::is_whitespace)
}

fn way(word: &str) -> Option<Wanted> {
    match word.to_lowercase().as_str() {
        "less" => Some(Wanted::Less),
        "more" => Some(Wanted::More),
        _ => None,
    }
}

fn day(text: &str) -> Result<NaiveDate, UserError> {
    let unread = || {
        UserError::new(
            Kind::BadWindow,
            format!("I can't read the start `{}`.", text.chars().take(60).collect::<String>()),
            "Write it as in `since:2026-09-14`.",
        )
    };
    text.parse().map_err(|_| unread())
}

fn no_period() -> Failure {
    let hint = "Leave the period out, or say when an improvement began: `since:2026-09-14`.";
    UserError::new(Kind::NotUnderstood, "`goals` takes no period: an improvement has its own start, and is looked at until now.", hint)
        .into()
}

/// Whether a word may be the id of an improvement.
fn is_id(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Scope;
    use crate::domain::metric;
    use crate::domain::time::At;
    use crate::domain::window::Window;

    fn ask(words: &[&str], window: Option<&str>) -> Ask {
        let now = At::parse("2026-11-23T12:00:00Z").expect("an instant");
        let named = Window::parse(window.unwrap_or("90d"), now, chrono_tz::Tz::UTC).expect("a window");
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Ask { command: "goals".into(), scope: Scope::Organisation, window: named, window_named: window.is_some(), words }
    }

    #[test]
    fn words_declare_open_or_name_one() {
        let check = |words: &[&str], expect: &Asked| {
            assert_eq!(&read(&ask(words, None)).unwrap_or_else(|error| panic!("{words:?}: {error}")), expect);
        };
        let metric = |id: &str| metric::find(id).expect("known");
        check(&[], &Asked::List);
        check(&["improvement"], &Asked::Form(String::new()));
        check(&["Improvement", "abcd1234"], &Asked::One("abcd1234".into()));
        check(&["improvement", "smaller", "batches"], &Asked::Form("smaller batches".into()));
        let (lead, wip) = (metric("change_lead_time"), metric("wip"));
        let words = Words { name: "Smaller batches".into(), metrics: vec![(lead, None)], ..Words::default() };
        check(&["improvement", "Smaller batches", "metric:lead time"], &Asked::Declare(words.clone()));
        let since = "2026-09-14".parse().ok();
        let both = Words { metrics: vec![(lead, Some(Wanted::Less)), (wip, None)], since, done: "a limit: 3".into(), ..words };
        check(
            &["improvement", "metric:change_lead_time", "less", "metric:wip", "since:2026-09-14", "done:a limit: 3", "Smaller batches"],
            &Asked::Declare(both),
        );
        let less_noise = Words { name: "less noise".into(), metrics: vec![(wip, Some(Wanted::More))], ..Words::default() };
        check(&["improvement", "less", "noise", "metric:wip", "more"], &Asked::Declare(less_noise));
    }

    #[test]
    fn a_start_may_be_typed_as_a_period_and_no_other_period_is_taken() {
        let Asked::Declare(words) = read(&ask(&["improvement", "x", "metric:wip"], Some("since 2026-09-14"))).expect("read") else {
            panic!()
        };
        assert_eq!(words.since, "2026-09-14".parse().ok());
        let check = |words: &[&str], window: Option<&str>, kind: Kind, expect: &str| match read(&ask(words, window)) {
            Err(Failure::User(error)) => assert!(error.kind == kind && error.message.contains(expect), "{error:?}"),
            other => panic!("{words:?}: {other:?}"),
        };
        check(&["improvement", "x", "metric:wip"], Some("30d"), Kind::NotUnderstood, "takes no period");
        check(&[], Some("30d"), Kind::NotUnderstood, "takes no period");
        check(&["improvement", "x", "metric:velocity"], None, Kind::UnknownMetric, "I do not know the metric `velocity`");
        check(&["improvement", "x", "since:Monday"], None, Kind::BadWindow, "I can't read the start `Monday`");
        check(&["objective"], None, Kind::NotUnderstood, "takes no word like `objective`");
        check(&["improvement", "x", "metric:wip", "direction:down"], None, Kind::NotUnderstood, "An improvement has no `direction`.");
        check(&["coverage"], None, Kind::NotUnderstood, "How much work serves which objective is not told here");
        let hint = |word: &str| stray(word).hint;
        assert!(hint("coverage").contains("`/metrics investment`"), "{}", hint("coverage"));
        assert!(hint("All").contains("`/metrics goals team:all`") && hint("objective") == EXAMPLE, "{}", hint("All"));
    }
}
