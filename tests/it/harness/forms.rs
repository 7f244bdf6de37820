//! What a story reads off a modal: its words, what stands in its inputs, and what came of sending it.

use std::collections::BTreeMap;

use pacer::sandbox::{Submitted, View};
use serde_json::Value;

use super::Harness;

/// A modal of that person for an action.
pub async fn form(t: &Harness, person: &str, action: &str) -> View {
    t.next_view(person, |view| view.body["callback_id"] == action).await
}

/// What stands in a modal or tab, as one text.
pub fn words(view: &View) -> String {
    let texts = view.body["blocks"].as_array().into_iter().flatten().filter_map(|block| block["text"]["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// What stands in an input first.
pub fn initial(view: &View, field: &str) -> Value {
    let block = view.body["blocks"].as_array().into_iter().flatten().find(|block| block["block_id"] == field);
    let element = &block.unwrap_or_else(|| panic!("no {field} in {}", view.body))["element"];
    let known = ["initial_value", "initial_users"].into_iter().map(|name| element[name].clone()).find(|value| !value.is_null());
    known.unwrap_or_else(|| element["initial_option"]["value"].clone())
}

/// The modal that a form sent leads to.
pub fn updated(submitted: Submitted) -> View {
    match submitted {
        Submitted::Updated(view) => view,
        other => panic!("the modal goes on: {other:?}"),
    }
}

/// The sentences under the fields of a form that was refused.
pub fn errors(submitted: Submitted) -> BTreeMap<String, String> {
    match submitted {
        Submitted::Errors(errors) => errors.into_iter().collect(),
        other => panic!("errors under fields: {other:?}"),
    }
}
