//! From words to an [`Ask`].

use super::words::{SCOPES, Word, cut};
use super::{Ask, CommandWords, Context, DEFAULT, Words, scope};
use crate::domain::card::Scope;
use crate::domain::time::At;
use crate::domain::window::{EXAMPLES, HORIZONS, Period, Trouble, Window, local};
use crate::error::{Kind, UserError};

/// Keys and words that ask for a person's figures.
const PERSON_KEYS: [&str; 10] = ["user", "person", "author", "developer", "dev", "engineer", "assignee", "member", "committer", "reviewer"];
/// The longest period in words: "15 january 2026 to 10 february 2027".
const LONGEST_PERIOD: usize = 9;

/// Reads what was typed after `/metrics`; that word itself may stand in front.
///
/// # Errors
/// What the person can mend, with what to type instead.
pub fn parse(text: &str, context: &Context<'_>) -> Result<Ask, UserError> {
    let mut words = cut(text)?;
    if matches!(words.first(), Some(Word::Plain(first)) if first.eq_ignore_ascii_case("/metrics")) {
        words.remove(0);
    }
    let known = command(&mut words, context)?;
    let (command, takes) = (known.name.to_string(), known.words);
    let mut scope = None;
    let mut left = Vec::new();
    for word in words {
        match word {
            Word::Keyed(key, value) if SCOPES.contains(&key.as_str()) => {
                refuse_person(&value)?;
                let this = scope::resolve(&key, &value, context)?;
                scope = Some(match scope {
                    Some(other) => together(other, &this, &command)?,
                    None => this,
                });
            }
            word => left.push(word),
        }
    }
    let said = period(&mut left, known, context)?;
    if takes == Words::Ahead
        && let Some(this) = project(&mut left, context)?
    {
        scope = Some(match scope {
            Some(other) => together(other, &this, &command)?,
            None => this,
        });
    }
    let scope = scope.unwrap_or_else(|| context.default_scope.clone());
    let window = read(said.as_deref().unwrap_or(known.period), takes, context.now, context.org.zone_for(&scope))?;
    refuse(&left, takes, &command, &scope, context)?;
    let words = left
        .into_iter()
        .map(|word| match word {
            Word::Keyed(key, value) => format!("{key}:{value}"),
            Word::Plain(text) | Word::Quoted(text) => text,
        })
        .collect();
    Ok(Ask { command, scope, window, window_named: said.is_some(), words })
}

/// Two scopes of one question: teams are asked about together, else it is about one thing.
fn together(one: Scope, other: &Scope, command: &str) -> Result<Scope, UserError> {
    if one == *other {
        return Ok(one);
    }
    if !one.teams().is_empty() && !other.teams().is_empty() {
        return Ok(Scope::of_teams(one.teams().iter().chain(other.teams()).cloned()));
    }
    let message = "A question is about teams, one service or one project, and here are two.";
    Err(UserError::new(Kind::NotUnderstood, message, format!("Try `/metrics {command} {}`.", scope::text(other))))
}

/// Takes the command's name off the words, or [`DEFAULT`] where they begin with a scope or a period.
fn command<'a>(words: &mut Vec<Word>, context: &Context<'a>) -> Result<CommandWords<'a>, UserError> {
    let default = context.commands.iter().find(|known| known.name == DEFAULT).copied();
    let default = default.unwrap_or(CommandWords { name: DEFAULT, words: Words::None, period: "" });
    let Some(first) = words.first() else { return Ok(default) };
    if let Word::Plain(name) = first
        && let Some(known) = context.commands.iter().find(|known| known.name.eq_ignore_ascii_case(name))
    {
        words.remove(0);
        return Ok(*known);
    }
    refuse_mention(first)?;
    let scoped = matches!(first, Word::Keyed(key, _) if SCOPES.contains(&key.as_str()));
    if scoped || period_at(words, false, context).is_some() || matches!(first, Word::Plain(text) if tries_a_period(text)) {
        return Ok(default);
    }
    let typed = first.shown();
    let near = scope::closest(&typed, context.commands.iter().map(|known| (known.name, known.name)));
    let near = near.map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
    Err(UserError::new(Kind::UnknownCommand, format!("There is no command `{typed}`.{near}"), "`/metrics help` lists the commands."))
}

/// Takes the period off the words, wherever it stands.
fn period(left: &mut Vec<Word>, known: CommandWords<'_>, context: &Context<'_>) -> Result<Option<String>, UserError> {
    let mut said: Option<String> = None;
    let mut at = 0;
    while known.words != Words::Prose && at < left.len() {
        let count = period_at(&left[at..], known.words == Words::Ahead, context);
        let Some(count) = count.filter(|count| known.words != Words::Numbers || !only_numbers(&left[at..at + count])) else {
            at += 1;
            continue;
        };
        let text = left.drain(at..at + count).map(|word| word.shown()).collect::<Vec<_>>().join(" ");
        if let Some(first) = said {
            let hint = if known.words == Words::Ahead { HORIZONS } else { EXAMPLES };
            return Err(UserError::new(Kind::BadWindow, format!("Here are two periods, `{first}` and `{text}`."), hint));
        }
        said = Some(text);
    }
    Ok(said)
}

/// A period as the command reads it: back from now, or ahead.
fn read(text: &str, takes: Words, now: At, zone: chrono_tz::Tz) -> Result<Window, UserError> {
    if takes == Words::Ahead { Window::ahead(text, now, zone) } else { Window::parse(text, now, zone) }
}

/// Takes the first word without a key off the words: the project that it names.
fn project(left: &mut Vec<Word>, context: &Context<'_>) -> Result<Option<Scope>, UserError> {
    let is_keyed = |word: &Word| match word {
        Word::Keyed(..) => true,
        // A change is quoted in a canonical text.
        Word::Quoted(text) => text.split_once(':').is_some_and(|(key, _)| !key.is_empty() && key.chars().all(char::is_alphabetic)),
        Word::Plain(_) => false,
    };
    let Some(at) = left.iter().position(|word| !is_keyed(word)) else { return Ok(None) };
    refuse_mention(&left[at])?;
    let (Word::Plain(name) | Word::Quoted(name) | Word::Keyed(_, name)) = &left[at];
    let found = scope::resolve("project", name, context);
    if found.is_err()
        && let Word::Plain(text) = &left[at]
        && (tries_a_period(text) || text.eq_ignore_ascii_case("by"))
    {
        let rest: Vec<String> = left[at..].iter().map(Word::shown).collect();
        Window::ahead(&rest.join(" "), context.now, context.org.zone_for(&context.default_scope))?;
    }
    left.remove(at);
    found.map(Some)
}

/// How many of the first words are a period: the longest that is one.
fn period_at(words: &[Word], ahead: bool, context: &Context<'_>) -> Option<usize> {
    let plain = words.iter().take(LONGEST_PERIOD).map_while(|word| match word {
        Word::Plain(text) => Some(text.as_str()),
        _ => None,
    });
    let plain: Vec<&str> = plain.collect();
    let today = local::wall(context.org.time_zone.unwrap_or(chrono_tz::Tz::UTC), context.now).date();
    let is_one = |text: &str| Period::parse(text, today).is_ok_and(|period| ahead || !matches!(period, Period::By(_)));
    (1..=plain.len()).rev().find(|count| is_one(&plain[..*count].join(" ")))
}

/// Whether these are numbers alone, or one to another: `2025`, `5000 to 9999`.
fn only_numbers(words: &[Word]) -> bool {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    words.iter().all(|word| matches!(word, Word::Plain(text) if number(text) || text == "to"))
}

/// Whether a word that is no period was probably meant as one.
fn tries_a_period(word: &str) -> bool {
    let word = word.to_lowercase();
    let digit = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit());
    let begins = ["last", "this", "past", "previous", "current", "since", "next", "until", "from", "tomorrow"].contains(&word.as_str());
    begins || digit(&word) || word.strip_prefix(['-', '+', 'q']).is_some_and(digit) || word.contains("..")
}

/// Refuses what is left where the command does not take it.
fn refuse(left: &[Word], takes: Words, command: &str, scope: &Scope, context: &Context<'_>) -> Result<(), UserError> {
    if takes == Words::Prose {
        return Ok(());
    }
    for (at, word) in left.iter().enumerate() {
        refuse_mention(word)?;
        let ahead = takes == Words::Ahead;
        if let Word::Plain(text) = word
            && (tries_a_period(text) || (ahead && text.eq_ignore_ascii_case("by")))
        {
            let rest: Vec<String> = left[at..].iter().map(Word::shown).collect();
            let zone = context.org.zone_for(scope);
            let today = local::wall(zone, context.now).date();
            let definite = matches!(Period::parse(text, today), Err(Trouble::Wrong(_)));
            // A receipt's id may look like a number of days: where names are taken, only what can be nothing else is refused.
            if takes == Words::None || ahead || (definite && text.contains('-')) {
                let said = if definite { text.clone() } else { rest.join(" ") };
                read(&said, takes, context.now, zone)?;
            }
        }
    }
    match (takes, left.first()) {
        (Words::Ahead, Some(word)) if matches!(word, Word::Plain(_)) => {
            let message = format!("`{command}` is about one project, and `{}` is a further word.", word.shown());
            Err(UserError::new(Kind::NotUnderstood, message, format!("Try `/metrics {command} project:NAME 13w`.")))
        }
        (Words::None, Some(word)) => {
            let message = format!("`{command}` takes no word like `{}`.", word.shown());
            let known = ["team", "service", "project"].iter().find_map(|key| scope::resolve(key, &word.shown(), context).ok());
            let known = known.or_else(|| scope::means_everything(&word.shown().to_lowercase()).then_some(Scope::Organisation));
            let scope = known.map_or_else(|| "team:NAME 30d".into(), |scope| scope::text(&scope));
            Err(UserError::new(Kind::NotUnderstood, message, format!("Try `/metrics {command} {scope}`, or `/metrics help`.")))
        }
        _ => Ok(()),
    }
}

/// Refuses a word that asks for somebody's figures.
fn refuse_mention(word: &Word) -> Result<(), UserError> {
    match word {
        Word::Keyed(key, _) if PERSON_KEYS.contains(&key.as_str()) => Err(no_person()),
        Word::Keyed(..) | Word::Quoted(_) => Ok(()),
        Word::Plain(text) => refuse_person(text),
    }
}

fn refuse_person(text: &str) -> Result<(), UserError> {
    let mention = text.starts_with("<@") || (text.starts_with('@') && text.len() > 1) || text.eq_ignore_ascii_case("me");
    if mention { Err(no_person()) } else { Ok(()) }
}

fn no_person() -> UserError {
    let message =
        "I measure teams, never persons: a figure about one person says more about luck and role than about work, and harms trust.";
    UserError::new(Kind::NoPersonMetrics, message, "Ask for a team instead: `/metrics dora team:NAME`.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::org::{Org, OrgFile, apply};
    use crate::domain::time::At;

    const NOW: &str = "2026-11-23T12:30:00Z";
    const COMMANDS: [CommandWords<'static>; 7] = [
        CommandWords { name: "dora", words: Words::None, period: "" },
        CommandWords { name: "trend", words: Words::Names, period: "" },
        CommandWords { name: "why", words: Words::Names, period: "" },
        CommandWords { name: "kudos", words: Words::Prose, period: "" },
        CommandWords { name: "benchmark", words: Words::Numbers, period: "" },
        CommandWords { name: "forecast", words: Words::Ahead, period: "13w" },
        CommandWords { name: "help", words: Words::None, period: "" },
    ];

    fn org() -> Org {
        let file = "time_zone='Europe/Berlin'\n\
            [[teams]]\nid='payments'\nname='Payments'\ntime_zone='America/New_York'\nslack_group='S1'\nservices=['ledger']\n\
            [[teams]]\nid='data'\nname='Data Platform'\n[[projects]]\nid='wallet'\nname='Wallet 2'\n[[services]]\nid='checkout'\n";
        apply(&Org::default(), OrgFile::parse(file).unwrap(), At::parse("2026-01-01T00:00:00Z").unwrap()).unwrap()
    }

    fn ask_as(text: &str, default_scope: Scope) -> Result<Ask, UserError> {
        let (org, services, projects) = (org(), ["Search-API".to_owned()], ["PAY".to_owned()]);
        let now = At::parse(NOW).unwrap();
        parse(text, &Context { commands: &COMMANDS, org: &org, services: &services, projects: &projects, now, default_scope })
    }

    fn ask(text: &str) -> Result<Ask, UserError> {
        ask_as(text, Scope::Team("data".into()))
    }

    fn check(text: &str, canonical: &str) {
        let read = ask(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.canonical(), canonical, "{text}");
        for other in [read.canonical(), format!("/metrics {}", read.canonical())] {
            let again = ask_as(&other, Scope::Service("checkout".into())).unwrap_or_else(|error| panic!("{other}: {error}"));
            assert_eq!(again, read, "{other}");
        }
    }

    #[test]
    fn a_project_may_be_named_alone_and_the_period_lies_ahead() {
        for text in ["forecast wallet", "forecast project:wallet", "forecast \"wallet 2\""] {
            check(text, "forecast project:wallet");
        }
        check("forecast 13w PAY", "forecast project:PAY 13w");
        check("forecast wallet by 2027-02-01", "forecast project:wallet by 2027-02-01");
        check("forecast team:data 3m", "forecast team:data 3m");
        check("forecast wallet items:-9 people:+1", "forecast project:wallet \"items:-9\" \"people:+1\"");
        let refused = |text: &str| ask(text).unwrap_err();
        assert_eq!(
            (refused("forecast walet").kind, refused("forecast walet").message.contains("Did you mean `wallet`?")),
            (Kind::UnknownProject, true)
        );
        for text in
            ["forecast wallet 0w", "forecast wallet by 2020-01-01", "forecast wallet by tomorrow", "forecast 13x", "forecast wallet 2y"]
        {
            assert_eq!(refused(text).kind, Kind::BadWindow, "{text}: {}", refused(text));
        }
        assert_eq!(refused("forecast wallet PAY").kind, Kind::NotUnderstood);
        assert_eq!(refused("forecast @ana").kind, Kind::NoPersonMetrics);
        assert_eq!(refused("forecast team:data wallet").kind, Kind::NotUnderstood);
    }

    #[test]
    fn who_means_everything_is_told_how_to_say_it() {
        for word in ["all", "org", "Organisation", "everything"] {
            let hint = ask(&format!("dora {word}")).unwrap_err().hint;
            assert!(hint.contains("`/metrics dora team:all`"), "{word}: {hint}");
        }
    }

    #[test]
    fn words_come_in_any_order() {
        check("", "dora team:data");
        check("/metrics", "dora team:data");
        check("  DORA  ", "dora team:data");
        check("dora team:payments 30d", "dora team:payments 30d");
        check("dora last quarter Team:PAYMENTS", "dora team:payments last quarter");
        check("team:payments 30 days", "dora team:payments 30d");
        check("30d", "dora team:data 30d");
        check("Q3 2026 service:checkout", "dora service:checkout 2026-Q3");
        check("dora 2026-01 .. 2026-03 service:search-api", "dora service:Search-API 2026-01..2026-03");
        check("dora January to March 2026", "dora team:data 2026-01..2026-03");
        check("dora project:\"wallet 2\" since 2026-05-01", "dora project:wallet since 2026-05-01");
        check("dora project:pay", "dora project:PAY");
        check("dora team:all", "dora team:all");
        check("dora team:data team:Data", "dora team:data");
        check("dora team:payments 30d team:data team:payments", "dora team:data team:payments 30d");
        check("why 7f3a9c2k", "why team:data 7f3a9c2k");
        check("why 1234567d", "why team:data \"1234567d\"");
        check("why m 2025", "why team:data 2025 \"m\"");
        check("trend change_lead_time 6m service:ledger", "trend service:ledger 6m change_lead_time");
        check("kudos team:data they decided 30d ago with @ann on data", "kudos team:data they decided \"30d\" ago with \"@ann\" on data");
        check("dora 2026-05-01T00:00:00Z..2026-05-02T00:00:00Z", "dora team:data 2026-05-01T00:00:00Z..2026-05-02T00:00:00Z");
    }

    #[test]
    fn where_numbers_are_words_a_year_alone_is_no_period() {
        check("benchmark technology 2025", "benchmark team:data technology \"2025\"");
        check("benchmark 2024 12w 1000-4999", "benchmark team:data 12w \"2024\" 1000-4999");
        check("benchmark 5000 to 9999 employees", "benchmark team:data \"5000\" to \"9999\" employees");
        check("benchmark 10,000+ last quarter", "benchmark team:data last quarter 10,000+");
        check("benchmark quick-check 2025 2026-01..2026-03", "benchmark team:data 2026-01..2026-03 quick-check \"2025\"");
        check("benchmark 2025 2026-03 team:payments", "benchmark team:payments 2026-03 \"2025\"");
        check("trend change_lead_time 2025", "trend team:data 2025 change_lead_time");
    }

    #[test]
    fn slack_and_people_type_scopes_in_many_ways() {
        for text in [
            "team:\"Data Platform\"",
            "team: “Data Platform”",
            "team:'data platform'",
            "`team:data`",
            "team: data",
            "\tteam:\u{200b}data\n",
        ] {
            check(&format!("dora {text}"), "dora team:data");
        }
        check("dora team:<!subteam^S1|@pay people>", "dora team:payments");
        check("dora team:&lt;!subteam^S1&gt;", "dora team:payments");
    }

    #[test]
    fn the_zone_is_the_teams_then_the_organisations() {
        let from = |text| ask(text).unwrap().window.from.rfc3339();
        assert_eq!(from("team:payments 2026-05"), "2026-05-01T04:00:00Z");
        assert_eq!(from("team:data 2026-05"), "2026-04-30T22:00:00Z");
        assert_eq!(from("team:data team:payments 2026-05"), "2026-04-30T22:00:00Z");
        assert_eq!(from("service:ledger 2026-05"), "2026-04-30T22:00:00Z");
    }

    #[test]
    fn a_frozen_question_keeps_its_period() {
        let read = ask("dora 90d").unwrap();
        assert_eq!(read.frozen(), "dora team:data 2026-08-25T12:30:00Z..2026-11-23T12:30:00Z");
        assert_eq!(ask(&read.frozen()).unwrap().window.from, read.window.from);
        assert_eq!(read.with_period("last quarter"), "dora team:data last quarter");
    }

    #[test]
    fn mistakes_name_what_is_wrong_and_what_there_is() {
        let check = |text: &str, kind: Kind, says: &str| {
            let error = ask(text).expect_err(text);
            assert_eq!(error.kind, kind, "{text}: {error}");
            let both = format!("{} {}", error.message, error.hint);
            assert!(both.contains(says), "{text}: {both}");
        };
        check("dorra", Kind::UnknownCommand, "Did you mean `dora`? `/metrics help`");
        check("xyzzy", Kind::UnknownCommand, "There is no command `xyzzy`. `/metrics help`");
        check(
            "dora team:paymnets",
            Kind::UnknownTeam,
            "I do not know the team `paymnets`. Did you mean `payments`? There are `data`, `payments`.",
        );
        check("dora team:", Kind::UnknownTeam, "no name after `team:`");
        check("dora team:platform", Kind::UnknownTeam, "There are");
        check("dora team:\"data plat\"", Kind::UnknownTeam, "Did you mean `data`?");
        check("dora service:chekout", Kind::UnknownService, "Did you mean `checkout`? There are `Search-API`, `checkout`, `ledger`.");
        check("dora project:x", Kind::UnknownProject, "There are `PAY`, `wallet`.");
        check("dora team:data service:checkout", Kind::NotUnderstood, "teams, one service or one project");
        check("dora team:data team:all", Kind::NotUnderstood, "teams, one service or one project");
        check("dora frobnicate", Kind::NotUnderstood, "`frobnicate`");
        check("dora payments", Kind::NotUnderstood, "Try `/metrics dora team:payments`");
        check("dora 90x", Kind::BadWindow, "`90x` is not a period");
        check("90x", Kind::BadWindow, "`90x`");
        check("dora 2026-13", Kind::BadWindow, "no month 13");
        check("trend change_lead_time 2026-13", Kind::BadWindow, "no month 13");
        check("dora 1000-4999", Kind::BadWindow, "not a period that I know");
        check("benchmark 2026-13", Kind::BadWindow, "no month 13");
        check("benchmark @ann", Kind::NoPersonMetrics, "teams, never persons");
        check("dora last fortnight", Kind::BadWindow, "`last fortnight` is not");
        check("dora 2026-03..2026-01", Kind::BadWindow, "ends before");
        check("dora 0d team:data", Kind::BadWindow, "is empty");
        check("dora 99999999999d", Kind::BadWindow, "1970");
        check("dora 30d 60d", Kind::BadWindow, "two periods");
        check(&"a".repeat(4_001), Kind::NotUnderstood, "more text");
        check("dora \u{7}", Kind::NotUnderstood, "control characters");
        for text in [
            "user:ann",
            "dora user:ann",
            "dora @ann",
            "@ann",
            "dora <@U123>",
            "dora <@U1|Ann Lee>",
            "dora team:<@U1>",
            "dora author: ann",
            "dora me",
            "trend lead @ann",
            "dora person:\"Ann Lee\"",
        ] {
            check(text, Kind::NoPersonMetrics, "teams, never persons");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let mut org = Org::default();
        for number in 10..32 {
            org.teams.insert(format!("team-{number}"), crate::domain::org::Team::default());
        }
        let context = Context {
            commands: &COMMANDS,
            org: &org,
            services: &[],
            projects: &[],
            now: At::parse(NOW).unwrap(),
            default_scope: Scope::Organisation,
        };
        let error = parse("team:zzz", &context).expect_err("unknown");
        assert!(error.hint.ends_with("`team-19`, and 12 more."), "{}", error.hint);
        assert!(parse("service:x", &context).expect_err("unknown").hint.contains("No service"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_what_is_read_prints_back(text in "\\PC{0,60}|(why|trend|dora|kudos|benchmark)( (team:data|30d|[a-z0-9:\"' .]{0,9}|2025|1000-4999|last week|service:\"ledger\")){0,4}") {
            if let Ok(read) = ask(&text) {
                let again = ask_as(&read.canonical(), Scope::Organisation);
                prop_assert_eq!(again.as_ref(), Ok(&read), "{}", read.canonical());
            }
        }
    }
}
