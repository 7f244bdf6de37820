//! The limits as a table: at the limit it passes, one past it the named member is blamed.

use serde_json::{Value, json};

use super::*;

fn letters(count: usize) -> String {
    "x".repeat(count)
}

fn plain(count: usize) -> Value {
    json!({"type": "plain_text", "text": letters(count)})
}

fn button(label: usize) -> Value {
    json!({"type": "button", "text": plain(label), "action_id": format!("a{label}")})
}

/// `blame` is a piece of the first detail line; empty means it must pass.
fn check(block: &Value, blame: &str) {
    let result = check_message(&json!([block]), true);
    match (result, blame) {
        (Ok(()), "") => {}
        (Ok(()), _) => panic!("passed, but should be blamed for {blame}: {block}"),
        (Err(refusal), "") => panic!("refused: {refusal:?}"),
        (Err(refusal), _) => {
            assert_eq!(refusal.error, "invalid_blocks");
            assert!(refusal.details.iter().any(|line| line.contains(blame)), "{:?} lacks {blame}", refusal.details);
        }
    }
}

fn select(kind: &str, count: usize) -> Value {
    let options: Vec<Value> = (0..count).map(|nth| json!({"text": plain(3), "value": nth.to_string()})).collect();
    json!({"type": "actions", "elements": [{"type": kind, "action_id": "s", "options": options}]})
}

#[test]
fn each_limit_holds_at_its_edge() {
    check(&json!({"type": "header", "text": plain(150)}), "");
    check(&json!({"type": "header", "text": plain(151)}), "less than 151 characters [json-pointer:/blocks/0/text/text]");
    check(&json!({"type": "header", "text": {"type": "mrkdwn", "text": "a"}}), "must be plain_text");
    check(&json!({"type": "section", "text": plain(3_000)}), "");
    check(&json!({"type": "section", "text": plain(3_001)}), "less than 3001");
    check(&json!({"type": "section", "text": plain(0)}), "more than 0 characters");
    check(&json!({"type": "section"}), "text or fields");
    check(&json!({"type": "section", "fields": vec![plain(1); 10]}), "");
    check(&json!({"type": "section", "fields": vec![plain(1); 11]}), "no more than 10 items");
    check(&json!({"type": "section", "fields": [plain(2_001)]}), "less than 2001");
    check(&json!({"type": "context", "elements": vec![plain(1); 10]}), "");
    check(&json!({"type": "context", "elements": vec![plain(1); 11]}), "no more than 10 items");
    check(&json!({"type": "actions", "elements": (1..=25).map(button).collect::<Vec<_>>()}), "");
    check(&json!({"type": "actions", "elements": (1..=26).map(button).collect::<Vec<_>>()}), "no more than 25 items");
    check(&json!({"type": "actions", "elements": [button(75)]}), "");
    check(&json!({"type": "actions", "elements": [button(76)]}), "less than 76");
    check(&json!({"type": "actions", "elements": [button(3), button(3)]}), "already exists");
    check(&select("static_select", 100), "");
    check(&select("static_select", 101), "no more than 100 items");
    check(&select("radio_buttons", 10), "");
    check(&select("radio_buttons", 11), "no more than 10 items");
    check(&select("overflow", 6), "no more than 5 items");
    check(&json!({"type": "image", "image_url": "https://a/b.png", "alt_text": letters(2_000)}), "");
    check(&json!({"type": "image", "image_url": "https://a/b.png", "alt_text": letters(2_001)}), "less than 2001");
    check(&json!({"type": "image", "image_url": "https://a/b.png"}), "missing required field: alt_text");
    check(&json!({"type": "divider", "block_id": letters(256)}), "less than 256");
}

#[test]
fn what_slack_does_not_know_is_refused() {
    check(&json!({"type": "carousel"}), "unsupported type: carousel");
    check(&json!({"text": plain(1)}), "missing required field: type");
    check(&json!({"type": "divider", "colour": "red"}), "invalid additional property: colour");
    check(&json!({"type": "actions", "elements": [{"type": "slider", "action_id": "a"}]}), "unsupported element type: slider");
    check(&json!({"type": "actions", "elements": [{"type": "plain_text_input", "action_id": "a"}]}), "unsupported element here");
    check(&json!({"type": "actions", "elements": [{"type": "button", "text": plain(2), "style": "green"}]}), "primary, danger");
    check(&json!({"type": "actions", "elements": [{"type": "button", "text": plain(2), "value": letters(2_001)}]}), "less than 2001");
    check(&json!({"type": "actions", "elements": [{"type": "datepicker", "initial_date": "1 May"}]}), "0000-00-00");
}

#[test]
fn a_message_has_limits_as_a_whole() {
    let divider = json!({"type": "divider"});
    assert!(check_message(&json!(vec![divider.clone(); 50]), true).is_ok());
    assert_eq!(check_message(&json!(vec![divider; 51]), true).unwrap_err().error, "invalid_blocks");
    let long = json!({"type": "section", "text": plain(3_000)});
    assert!(check_message(&json!(vec![long.clone(); 4]), true).is_ok());
    assert_eq!(check_message(&json!(vec![long; 5]), true).unwrap_err().error, "msg_blocks_too_long");
    let twice = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    assert!(check_message(&twice, true).unwrap_err().details[0].contains("already exists"));
}

#[test]
fn a_chart_needs_the_roll_out_and_a_point_for_each_category() {
    let chart = |points: usize| {
        let labels: Vec<String> = (0..points).map(|nth| format!("w{nth}")).collect();
        let data: Vec<Value> = labels.iter().map(|label| json!({"label": label, "value": 1.5})).collect();
        json!({"type": "data_visualization", "title": "Lead time",
            "chart": {"type": "line", "series": [{"name": "days", "data": data}], "axis_config": {"categories": labels}}})
    };
    check(&chart(20), "");
    check(&chart(21), "no more than 20 items");
    assert_eq!(check_message(&json!([chart(3)]), false).unwrap_err().error, "invalid_blocks");
    assert!(check_message(&json!([chart(3), chart(3), chart(3)]), true).is_err());
}

#[test]
fn a_view_has_limits_of_its_own() {
    let modal = |title: usize, metadata: usize, blocks: usize| json!({"type": "modal", "title": plain(title), "private_metadata": letters(metadata), "blocks": vec![json!({"type": "divider"}); blocks]});
    assert!(check_view(&modal(24, 3_000, 100), Some(Surface::Modal)).is_ok());
    for view in [modal(25, 1, 1), modal(24, 3_001, 1), modal(24, 1, 101)] {
        assert_eq!(check_view(&view, Some(Surface::Modal)).unwrap_err().error, "invalid_arguments");
    }
    assert!(check_view(&json!({"type": "home", "blocks": []}), Some(Surface::Modal)).is_err());
    let input = json!({"type": "input", "label": plain(3), "element": {"type": "plain_text_input", "action_id": "a"}});
    let view = json!({"type": "modal", "title": plain(3), "blocks": [input]});
    assert!(check_view(&view, None).unwrap_err().details[0].contains("submit"));
}
