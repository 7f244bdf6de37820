//! Submitting and closing a modal: what Slack's client checks first, and what pacer's answer does to the stack.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::blocks::{Surface, check_view};
use super::super::deliver::Kind;
use super::super::state::view_json;
use super::super::{Unanswered, View, Workspace};
use super::choice::{self, Choice};

/// What came of a submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// The view closed; the one under it is on top now.
    Closed,
    /// It stays, with these errors by block id.
    Errors(BTreeMap<String, String>),
    /// It shows another body.
    Updated(View),
    /// Another view lies on it.
    Pushed(View),
    /// All views closed.
    Cleared,
    /// "We had some trouble connecting. Try again?", and why.
    Trouble(String),
}

impl Workspace {
    /// Fills in a modal (block id, action id, choice) and presses its submit button.
    pub async fn submit_view(&self, user: &str, view_id: &str, values: &[(&str, &str, Choice)]) -> Result<Submitted, Unanswered> {
        let view = self.filled(user, view_id, values)?;
        let blocks = view.body["blocks"].as_array().cloned().unwrap_or_default();
        let held = choice::values(&blocks, self.lock().picked.get(&(user.to_owned(), view.id.clone())));
        let errors = missing(&blocks, &held);
        if !errors.is_empty() {
            self.show_errors(&view.id, &errors);
            return Ok(Submitted::Errors(errors));
        }
        let now = self.now();
        let mut payload = {
            let mut state = self.lock();
            let mut payload = self.interaction("view_submission", user, &state);
            payload["trigger_id"] = json!(state.trigger(user, now));
            payload
        };
        payload["view"] = view_json(&view, &self.options);
        payload["view"]["state"] = json!({"values": held});
        payload["response_urls"] = json!([]);
        let submitted = match self.deliver(Kind::Interaction, &payload).await {
            Ok((body, _)) => self.answered(&view, &blocks, &body),
            Err(why) => Submitted::Trouble(why.to_string()),
        };
        if let Submitted::Trouble(_) = &submitted {
            let trouble = "We had some trouble connecting. Try again?".to_owned();
            self.show_errors(&view.id, &BTreeMap::from([(String::new(), trouble)]));
        }
        self.changed();
        Ok(submitted)
    }

    /// Notes what was filled in, and gives the view, which must be the one on top.
    fn filled(&self, user: &str, view_id: &str, values: &[(&str, &str, Choice)]) -> Result<View, Unanswered> {
        let mut state = self.lock();
        let top = state.modals.get(user).and_then(|stack| stack.last()).filter(|view| view.id == view_id).cloned();
        let view = top.ok_or_else(|| Unanswered::Impossible(format!("{view_id} is not on top of {user}'s screen")))?;
        let blocks = view.body["blocks"].as_array().cloned().unwrap_or_default();
        for (block, action, choice) in values {
            let found = choice::elements(&blocks).find(|(id, element)| id == block && element["action_id"] == *action);
            let (_, element) = found.ok_or_else(|| Unanswered::Impossible(format!("no element {action} in {block}")))?;
            let chosen = choice::chosen(element, choice).map_err(Unanswered::Impossible)?;
            let picked = state.picked.entry((user.to_owned(), view.id.clone())).or_default();
            picked.entry((*block).to_owned()).or_default().insert((*action).to_owned(), chosen);
        }
        Ok(view)
    }

    fn show_errors(&self, view_id: &str, errors: &BTreeMap<String, String>) {
        if let Some(view) = self.lock().view_mut(view_id) {
            view.errors.clone_from(errors);
        }
        self.changed();
    }

    /// What the answer to a submission does.
    fn answered(&self, view: &View, blocks: &[Value], body: &Value) -> Submitted {
        let mut state = self.lock();
        let wanted = &body["view"];
        match body["response_action"].as_str() {
            None if body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty) => {
                if let Some(stack) = state.modals.get_mut(&view.user) {
                    stack.retain(|other| other.id != view.id);
                }
                Submitted::Closed
            }
            Some("clear") => {
                state.modals.remove(&view.user);
                Submitted::Cleared
            }
            Some("errors") => {
                let Ok(errors) = serde_json::from_value::<BTreeMap<String, String>>(body["errors"].clone()) else {
                    return Submitted::Trouble("errors must be texts by block id".to_owned());
                };
                let inputs: Vec<&Value> = blocks.iter().filter(|block| block["type"] == "input").collect();
                if errors.is_empty() || errors.keys().any(|id| !inputs.iter().any(|block| block["block_id"] == id.as_str())) {
                    return Submitted::Trouble("errors must name input blocks of the view".to_owned());
                }
                drop(state);
                self.show_errors(&view.id, &errors);
                Submitted::Errors(errors)
            }
            Some(action @ ("update" | "push")) => {
                if let Err(refusal) = check_view(wanted, Some(Surface::Modal)) {
                    return Submitted::Trouble(refusal.details.join("; "));
                }
                drop(state);
                if let Err(refused) = self.know_people(wanted) {
                    return Submitted::Trouble(refused.details.join("; "));
                }
                let mut state = self.lock();
                let done = if action == "update" { state.replace_view(&view.id, wanted) } else { state.push_view(&view.user, wanted) };
                match done {
                    Some(view) if action == "update" => Submitted::Updated(view),
                    Some(view) => Submitted::Pushed(view),
                    None => Submitted::Trouble("push_limit_reached".to_owned()),
                }
            }
            _ => Submitted::Trouble("not a response_action".to_owned()),
        }
    }

    /// Closes the modal on top of a person's screen; pacer is told where the view asked for it.
    pub async fn close_view(&self, user: &str) -> Result<(), Unanswered> {
        let (closed, payload) = {
            let mut state = self.lock();
            let Some(view) = state.modals.get_mut(user).and_then(Vec::pop) else { return Ok(()) };
            let mut payload = self.interaction("view_closed", user, &state);
            payload["view"] = view_json(&view, &self.options);
            payload["is_cleared"] = json!(false);
            (view, payload)
        };
        self.changed();
        if closed.body["notify_on_close"] == true {
            self.deliver(Kind::Interaction, &payload).await?;
        }
        Ok(())
    }
}

/// What Slack's client demands before it sends a form: required inputs filled, lengths kept.
fn missing(blocks: &[Value], held: &Value) -> BTreeMap<String, String> {
    let mut errors = BTreeMap::new();
    for block in blocks.iter().filter(|block| block["type"] == "input") {
        let (id, element) = (block["block_id"].as_str().unwrap_or_default(), &block["element"]);
        let state = &held[id][element["action_id"].as_str().unwrap_or_default()];
        let length = state["value"].as_str().map_or(0, |value| value.chars().count() as u64);
        if choice::is_empty(state) {
            if block["optional"] != true {
                errors.insert(id.to_owned(), "Please complete this required field.".to_owned());
            }
        } else if element["min_length"].as_u64().is_some_and(|least| length < least) {
            errors.insert(id.to_owned(), format!("Please enter at least {} characters.", element["min_length"]));
        } else if element["max_length"].as_u64().is_some_and(|most| length > most) {
            errors.insert(id.to_owned(), format!("Please enter at most {} characters.", element["max_length"]));
        }
    }
    errors
}
