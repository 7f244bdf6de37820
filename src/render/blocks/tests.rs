//! Golden messages, and an independent checker of Slack's limits run over cards past every one of them.

use proptest::prelude::*;

use super::*;
use crate::domain::card::Part;
use crate::domain::chart::{Bars, Chart, Lines, Steps};
use crate::domain::form::{Field, Form, Input};
use crate::error::Kind;
use crate::render::{chart_samples, samples};

/// Slack's documented limits, written down a second time on purpose. Panics with what is wrong.
pub(crate) fn check_limits(value: &Value) {
    let blocks = value["blocks"].as_array().expect("blocks");
    let view = value["type"] == "modal" || value["type"] == "home";
    assert!(!blocks.is_empty() && blocks.len() <= if view { 100 } else { 50 }, "{} blocks", blocks.len());
    if !view {
        let text = value["text"].as_str().expect("text");
        assert!(!text.is_empty());
        assert!(blocks.iter().filter(|block| block["type"] == "data_visualization").count() <= 2);
        assert!(value.to_string().chars().count() < 10_000, "{} characters", value.to_string().chars().count());
    }
    for (key, max) in [("title", 24), ("submit", 24), ("close", 24)] {
        if !value[key].is_null() {
            text_within(&value[key], max);
        }
    }
    assert!(value["private_metadata"].as_str().unwrap_or("").chars().count() <= 3_000);
    let mut ids = Vec::new();
    for block in blocks {
        check_block(block);
        if let Some(id) = block["block_id"].as_str() {
            assert!(id.chars().count() <= 255 && !ids.contains(&id), "{id}");
            ids.push(id);
        }
    }
    brackets(value);
}

fn charts_in(value: &Value) -> usize {
    value["blocks"].as_array().expect("blocks").iter().filter(|block| block["type"] == "data_visualization").count()
}

fn check_block(block: &Value) {
    match block["type"].as_str().expect("a type") {
        "header" => text_within(&block["text"], 150),
        "divider" => {}
        "section" => {
            assert!(!block["text"].is_null() || !block["fields"].is_null());
            if !block["text"].is_null() {
                text_within(&block["text"], 3_000);
            }
            let fields = block["fields"].as_array().cloned().unwrap_or_default();
            assert!(fields.len() <= 10);
            for field in &fields {
                text_within(field, 2_000);
            }
        }
        "context" => {
            let elements = block["elements"].as_array().expect("elements");
            assert!((1..=10).contains(&elements.len()));
            for element in elements {
                text_within(element, 2_000);
            }
        }
        "actions" => {
            let elements = block["elements"].as_array().expect("elements");
            assert!((1..=25).contains(&elements.len()));
            let mut ids: Vec<&str> = elements.iter().map(|element| element["action_id"].as_str().expect("an id")).collect();
            assert!(ids.iter().all(|id| !id.is_empty() && id.chars().count() <= 255));
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), elements.len(), "action ids are unique");
            for element in elements {
                text_within(&element["text"], 75);
                assert!(element["value"].as_str().unwrap_or("").chars().count() <= 2_000);
            }
            assert!(elements.iter().filter(|element| element["style"] == "primary").count() <= 1);
        }
        "data_visualization" => {
            let string = |value: &Value, max: usize| {
                let text = value.as_str().expect("a bare string");
                assert!(!text.trim().is_empty() && text.chars().count() <= max && !text.contains(['<', '>']), "{text}");
            };
            string(&block["title"], 50);
            let chart = &block["chart"];
            assert!(chart["type"] == "line" || chart["type"] == "bar", "{chart}");
            let labels = chart["axis_config"]["categories"].as_array().expect("categories");
            assert!((2..=20).contains(&labels.len()));
            for label in labels {
                string(label, 20);
            }
            if !chart["axis_config"]["y_label"].is_null() {
                string(&chart["axis_config"]["y_label"], 50);
            }
            let series = chart["series"].as_array().expect("series");
            assert!((1..=6).contains(&series.len()));
            for (nth, one) in series.iter().enumerate() {
                string(&one["name"], 20);
                assert!(series[..nth].iter().all(|other| other["name"] != one["name"]), "series names differ");
                let data = one["data"].as_array().expect("data");
                let own: Vec<&Value> = data.iter().map(|point| &point["label"]).collect();
                assert_eq!(own, labels.iter().collect::<Vec<_>>(), "a point for each label");
                assert!(data.iter().all(|point| point["value"].is_number()));
            }
        }
        "input" => {
            text_within(&block["label"], 2_000);
            if !block["hint"].is_null() {
                text_within(&block["hint"], 2_000);
            }
            if block["element"]["type"] == "static_select" {
                let options = block["element"]["options"].as_array().expect("options");
                assert!((1..=100).contains(&options.len()));
                for option in options {
                    text_within(&option["text"], 75);
                    assert!(option["value"].as_str().expect("a value").chars().count() <= 150);
                }
                let initial = &block["element"]["initial_option"];
                assert!(initial.is_null() || options.contains(initial));
            } else {
                assert!(block["element"]["initial_value"].as_str().unwrap_or("").chars().count() <= 3_000);
            }
        }
        other => panic!("unknown block {other}"),
    }
}

fn text_within(object: &Value, max: usize) {
    let text = object["text"].as_str().expect("text");
    assert!(!text.trim().is_empty(), "an empty text");
    assert!(text.chars().count() <= max, "{} of {max}", text.chars().count());
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text}");
    assert!(object["type"] != "mrkdwn" || object["verbatim"] == true);
}

/// Every text object: no `<` but in the mentions we write, no `&` but in the three escapes.
fn brackets(value: &Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if key == "text" => {
                        let bare = ["&amp;", "&lt;", "&gt;"].iter().fold(text.clone(), |text, escape| text.replace(escape, ""));
                        assert!(!bare.contains('&') && !bare.contains("<!"), "{text}");
                        assert!(bare.split('<').skip(1).all(|rest| rest.starts_with("@U") || rest.starts_with("#C")), "{text}");
                    }
                    member => brackets(member),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(brackets),
        _ => {}
    }
}

#[test]
fn dora_as_a_message() {
    let value = message(&samples::dora());
    check_limits(&value);
    insta::assert_json_snapshot!(value);
}

#[test]
fn a_shared_message_names_who_shared_it_and_keeps_no_private_button() {
    let value = with_sharer(message(&samples::dora()), "U0LEAD");
    check_limits(&value);
    let text = value["blocks"].to_string();
    assert!(text.contains("Shared by <@U0LEAD>"), "{text}");
    assert!(!text.contains("Share to channel") && !text.contains("30 days") && text.contains("Why these numbers"), "{text}");
    let only_private = Card { buttons: samples::dora().buttons.into_iter().take(1).collect(), ..samples::dora() };
    assert!(!with_sharer(message(&only_private), "U1")["blocks"].to_string().contains("\"actions\""));
}

#[test]
fn the_fallback_carries_every_number() {
    let value = message(&samples::dora());
    let text = value["text"].as_str().unwrap();
    for number in
        ["4.3 a week", "1.9 days (n 131", "8.9 %", "2.1 h", "no data", "high (DORA 2024)", "↓ 14 % better", "target under 2 days: met"]
    {
        assert!(text.contains(number), "{number} in {text}");
    }
    assert!(!text.contains('*') && !text.contains('`'), "{text}");
}

#[test]
fn the_extreme_card_stays_within_every_limit() {
    let card = samples::extreme();
    for value in [message(&card), modal(&card), home(&card), with_sharer(message(&card), "U1")] {
        check_limits(&value);
    }
    assert!(message(&card)["blocks"].to_string().contains("more: `/metrics why 7f3a9c2k`"));
}

#[test]
fn a_picture_is_native_in_a_message_and_letters_in_a_view() {
    let card = chart_samples::trend_card();
    for value in [modal(&card), home(&card)] {
        check_limits(&value);
        assert_eq!(charts_in(&value), 0);
    }
    let whole = Card { parts: vec![Part::Chart(chart_samples::quarter()), Part::Chart(chart_samples::trend())], ..card };
    let value = message(&whole);
    check_limits(&value);
    assert!(has_charts(&value) && !has_charts(&modal(&whole)));
    insta::assert_json_snapshot!("a_picture_native_and_one_with_gaps_in_letters", value["blocks"]);
    let plain = without_charts(value);
    check_limits(&plain);
    insta::assert_json_snapshot!("the_same_for_a_workspace_without_charts", plain["blocks"]);
}

#[test]
fn what_the_native_block_cannot_show_stands_in_letters() {
    let check = |chart: Chart, expect: usize| {
        let value = message(&Card { parts: vec![Part::Chart(chart.clone())], ..Card::default() });
        check_limits(&value);
        assert_eq!(charts_in(&value), expect, "{chart:?}");
        assert!(expect == 1 || value["blocks"].to_string().contains(&chart.title), "{value}");
    };
    let line = |values: &[Option<f64>]| {
        Chart::new("Line", Lines::new("seconds", chart_samples::weeks(i64::try_from(values.len()).unwrap()), "x", values.to_vec()))
    };
    check(line(&[Some(1.0), Some(2.0)]), 1);
    check(line(&[None, Some(1.0), Some(2.0), None]), 1);
    check(line(&[Some(1.0), None, Some(2.0)]), 0);
    check(line(&[Some(1.0)]), 0);
    check(line(&[None, None]), 0);
    check(line(&[Some(1.0); 26]), 1);
    check(chart_samples::grouped(), 0); // a bar is missing
    check(chart_samples::six(), 1); // two of the lines have gaps: the sentence tells them
    let named = |count: usize| Bars::new("count", Steps::named((0..count).map(|n| format!("s{n}"))), "x", vec![Some(1.0); count]);
    check(Chart::new("Bars", named(20)), 1);
    check(Chart::new("Bars", named(21)), 0);
    let twice = Bars::new(
        "count",
        Steps::named(["a service with a very long name 1", "a service with a very long name 2"]),
        "x",
        vec![Some(1.0); 2],
    );
    check(Chart::new("Bars", twice), 0);
    for chart in [chart_samples::trail(), chart_samples::strip(), chart_samples::spark()] {
        check(chart, 0);
    }
    let seven = (0..6).fold(Lines::new("count", chart_samples::weeks(2), "x", vec![Some(1.0); 2]), |lines, n| {
        lines.and(n.to_string(), vec![Some(1.0); 2])
    });
    check(Chart::new("Seven", seven), 0);
}

#[test]
fn the_last_twenty_weeks_and_two_pictures_are_native() {
    let value = message(&Card { parts: vec![Part::Chart(chart_samples::quarter()); 3], ..Card::default() });
    check_limits(&value);
    assert_eq!(charts_in(&value), 2);
    let long = Lines::new("fraction", chart_samples::weeks(52), "x", chart_samples::drift(52, 0.2, 0.1, 0));
    let value = message(&Card { parts: vec![Part::Chart(Chart::new("Long", long))], ..Card::default() });
    let axis = &value["blocks"][0]["chart"]["axis_config"];
    assert_eq!(
        (axis["categories"].as_array().unwrap().len(), &axis["categories"][19], &axis["y_label"]),
        (20, &json!("16 Nov"), &json!("%"))
    );
}

#[test]
fn the_fallback_tells_a_picture_with_its_bars() {
    let text = message(&chart_samples::trend_card())["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Change lead time by week: Payments from 3 days (25 May) to 1.5 days (16 Nov)") && text.contains("▇"), "{text}");
}

#[test]
fn no_picture_breaks_a_limit() {
    let mut all: Vec<Part> = chart_samples::hard().into_iter().map(|(_, chart)| Part::Chart(chart)).collect();
    all.extend(chart_samples::all().into_iter().map(|(_, chart)| Part::Chart(chart)));
    for part in &all {
        let card = Card { parts: vec![part.clone(); 3], ..Card::default() };
        for value in [message(&card), modal(&card), home(&card), without_charts(message(&card)), with_sharer(message(&card), "U1")] {
            check_limits(&value);
        }
    }
    let card = Card { parts: all, ..samples::dora() };
    for value in [message(&card), modal(&card), home(&card), without_charts(message(&card))] {
        check_limits(&value);
    }
    assert!(message(&card)["blocks"].to_string().contains("more: `/metrics why 7f3a9c2k`"));
}

#[test]
fn a_long_title_of_a_modal_is_cut_between_its_pieces_and_stands_whole_below() {
    let check = |title: &str, expect: &str| {
        let value = modal(&Card { title: title.into(), ..Card::default() });
        check_limits(&value);
        assert_eq!(value["title"]["text"], expect);
        assert_eq!(value["blocks"][0]["type"] == "header", title != expect);
    };
    check("Help", "Help");
    check("DORA - Payments - 90 days to 23 Nov", "DORA - Payments");
    check("A title without any pieces in it", "A title without any pie…");
}

#[test]
fn an_empty_card_is_still_a_message() {
    for value in [message(&Card::default()), modal(&Card::default()), home(&Card::default())] {
        check_limits(&value);
    }
}

#[test]
fn a_cut_table_says_how_many_rows_are_left() {
    let rows: Vec<Vec<String>> =
        (0..300).map(|n| vec![format!("commit {n:03} with a subject of some length"), "1.9 days".to_owned()]).collect();
    let table = crate::domain::card::Table {
        columns: vec!["what".into(), "took".into()],
        numeric: vec![false, true],
        rows,
        more: Some("/metrics why x 2".into()),
    };
    let card = Card { parts: vec![crate::domain::card::Part::Table(table)], ..Card::default() };
    let value = message(&card);
    check_limits(&value);
    let text = value["blocks"].to_string();
    let shown = text.matches("commit ").count();
    assert!(shown > 50 && text.contains(&format!("and {} more: `/metrics why x 2`", 300 - shown)), "{shown}");
}

#[test]
fn the_private_answers() {
    let error = UserError::new(Kind::UnknownTeam, "There is no team `<paymnts>`.", "Did you mean `payments`?");
    insta::assert_json_snapshot!(serde_json::json!([super::error(&error, "a1b2c3"), broken("a1b2c3"), loading(), shared("U1", "C1")]));
    for value in [super::error(&error, &samples::nasty(5_000)), broken(&samples::nasty(5_000)), loading(), shared("U1<!channel>", "C1")] {
        check_limits(&value);
    }
    let long = UserError::new(Kind::BadWindow, samples::nasty(9_000), samples::nasty(9_001));
    check_limits(&super::error(&long, "a1b2c3"));
}

fn field(id: &str, input: Input) -> Field {
    Field { id: id.into(), label: "Which <team>?".into(), hint: None, optional: false, input }
}

#[test]
fn a_form_is_a_modal_of_inputs() {
    let options = vec![("payments".to_owned(), "Payments & co".to_owned()), ("web".to_owned(), String::new())];
    let fields = vec![field("team", Input::Select(options, Some("web".into()))), field("note", Input::Text("a & b".into()))];
    let value =
        form(&Form { title: "Which team?".into(), submit: "Show".into(), action: "period".into(), state: "7f3a9c2k".into(), fields });
    check_limits(&value);
    insta::assert_json_snapshot!(value);
}

#[test]
fn a_form_takes_lines_and_people_and_says_things() {
    let lines = vec![Line::plain("checkout moves from <search> to ").strong("payments"), Line::plain("by ").mention("U0ANA")];
    let fields = vec![
        field("note", Input::Note(lines)),
        field("paths", Input::Lines("checkout/**\n\u{202e}libs/*.rs".into())),
        field("people", Input::People(vec!["U0BEN".into(), "ben <!here>".into()])),
        field("nobody", Input::People(Vec::new())),
    ];
    let asked = Form { title: "Team".into(), submit: "Send".into(), action: "setup_team_sent".into(), state: "7||payments".into(), fields };
    let value = form(&asked);
    check_limits(&value);
    insta::assert_json_snapshot!(value);
    let less = without_people(&value).expect("there is an input filled with people");
    check_limits(&less);
    let ids: Vec<&str> = less["blocks"].as_array().unwrap().iter().filter_map(|block| block["block_id"].as_str()).collect();
    assert_eq!(ids, ["paths", "nobody"]);
    assert!(less.to_string().contains("Slack does not know one of the people here"));
    assert_eq!(without_people(&less), None);
    let wrong = form_with_errors(&asked, &[("paths".into(), "`{a` is not a glob.".into())]);
    check_limits(&wrong);
    assert_eq!(wrong["blocks"].as_array().unwrap().len(), 5);
    assert!(wrong["blocks"][0]["text"]["text"].as_str().unwrap().contains("'{a' is not a glob."), "{}", wrong["blocks"][0]);
}

#[test]
fn an_input_of_another_initial_value_is_another_input() {
    let id = |initial: &str| {
        let asked = Form {
            title: "t".into(),
            submit: "s".into(),
            action: "a".into(),
            state: String::new(),
            fields: vec![field("a", Input::Text(initial.into()))],
        };
        form(&asked)["blocks"][0]["element"]["action_id"].as_str().unwrap().to_owned()
    };
    assert_eq!((id(""), id("x") == id("x"), id("x") == id("y")), ("value".to_owned(), true, false));
}

#[test]
fn an_error_names_whom_to_ask() {
    let error =
        UserError::new(Kind::NotAllowed, "Setting up is for admins.", "Ask one of them:").asking(&["U0ANA".into(), "<!here>".into()]);
    let text = super::error(&error, "r1")["text"].as_str().unwrap().to_owned();
    assert!(text.contains("\nAsk one of them: <@U0ANA> &lt;!here&gt;\n"), "{text}");
    assert_eq!(crate::render::error_text(&error), "Setting up is for admins.\nAsk one of them: U0ANA <!here>\n");
}

#[test]
fn a_form_past_its_limits_still_opens() {
    let many: Vec<(String, String)> = (0..300).map(|n| (format!("v{n}"), samples::nasty(200))).collect();
    let mut fields = vec![
        field("a", Input::Select(vec![], None)),
        field("b", Input::Select(many, Some("v299".into()))),
        field("b", Input::Text(String::new())),
    ];
    let long = (0..300).map(|_| Line::plain(samples::nasty(400))).collect();
    fields.push(Field { label: samples::nasty(900), ..field("note", Input::Note(long)) });
    fields.push(field("empty", Input::Note(Vec::new())));
    fields.push(field("lines", Input::Lines(samples::nasty(5_000).replace('a', "\n"))));
    fields.extend((0..150).map(|n| field(&format!("f{n}"), Input::Text(samples::nasty(5_000)))));
    let value =
        form(&Form { title: samples::nasty(99), submit: String::new(), action: samples::nasty(999), state: samples::nasty(9_999), fields });
    check_limits(&value);
    assert!(value.to_string().contains("The first 100 of 300."));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_card_stays_within_every_limit(figures in 0_usize..40, rows in 0_usize..120, buttons in 0_usize..40, chars in 0_usize..900) {
        let card = samples::extreme_of(figures, rows, buttons, chars);
        for value in [message(&card), modal(&card), home(&card), with_sharer(message(&card), "U1")] {
            check_limits(&value);
        }
    }
}
