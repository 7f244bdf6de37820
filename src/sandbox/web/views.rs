//! `views.*`: modals opened within a trigger's life, at most three on a stack, and the Home tab.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::blocks::{Surface, check_view};
use super::super::state::{View, view_json};
use super::super::{Workspace, state::State};
use super::{Answer, Args, Refused};
use crate::domain::time::SECOND;

/// How long a trigger lives, in the workspace's time.
const TRIGGER_SECS: i64 = 3;
/// How many modals may lie on each other.
const STACK: usize = 3;

/// The view argument, object or JSON string, checked.
fn wanted(workspace: &Workspace, args: &Args, surface: Option<Surface>) -> Result<Value, Refused> {
    let view = match args.json("view") {
        Some(Value::String(string)) => serde_json::from_str(string).map_err(|_| Refused::arguments("[ERROR] view is not JSON"))?,
        Some(view) => view.clone(),
        None => return Err(Refused::arguments("[ERROR] missing required field: view")),
    };
    check_view(&view, surface)?;
    workspace.know_people(&view)?;
    Ok(view)
}

impl Workspace {
    /// Refuses a view whose inputs are filled with people who are nobody here.
    pub(in super::super) fn know_people(&self, view: &Value) -> Result<(), Refused> {
        let state = self.lock();
        for block in view["blocks"].as_array().into_iter().flatten() {
            for user in block["element"]["initial_users"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if state.person(user).is_none() {
                    return Err(Refused::arguments(format!("[ERROR] invalid user: {user}")));
                }
            }
        }
        Ok(())
    }

    /// Uses up a trigger: known, not used yet, at most 3 s old. Gives the person whose act it was.
    fn exchange(&self, args: &Args) -> Result<String, Refused> {
        let id = args.need("trigger_id")?;
        let now = self.now();
        let mut state = self.lock();
        let trigger = state.triggers.get_mut(id).ok_or_else(|| Refused::new("invalid_trigger_id"))?;
        if trigger.used {
            return Err(Refused::new("exchanged_trigger_id"));
        }
        if now.0 - trigger.at.0 > TRIGGER_SECS * SECOND {
            return Err(Refused::new("expired_trigger_id"));
        }
        trigger.used = true;
        Ok(trigger.user.clone())
    }
}

impl State {
    /// A view with a new id, on top of a person's stack or alone.
    pub(in super::super) fn new_view(&mut self, user: &str, body: &Value, under: Option<&View>) -> View {
        let id = format!("V{:07}", self.count());
        let mut body = body.clone();
        body["blocks"] = json!(self.identified(&body["blocks"]));
        View {
            root: under.map_or_else(|| id.clone(), |under| under.root.clone()),
            previous: under.map(|under| under.id.clone()),
            hash: self.new_hash(),
            user: user.to_owned(),
            body,
            errors: BTreeMap::new(),
            id,
        }
    }

    /// Puts a new body in a view and forgets its errors.
    pub(in super::super) fn replace_view(&mut self, id: &str, body: &Value) -> Option<View> {
        let mut body = body.clone();
        body["blocks"] = json!(self.identified(&body["blocks"]));
        let hash = self.new_hash();
        let view = self.view_mut(id)?;
        view.body = body;
        view.hash = hash;
        view.errors.clear();
        Some(view.clone())
    }

    /// Pushes a view on a person's stack, which holds three.
    pub(in super::super) fn push_view(&mut self, user: &str, body: &Value) -> Option<View> {
        let stack = self.modals.get(user).cloned().unwrap_or_default();
        if stack.len() >= STACK {
            return None;
        }
        let view = self.new_view(user, body, stack.last());
        self.modals.entry(user.to_owned()).or_default().push(view.clone());
        Some(view)
    }

    fn new_hash(&mut self) -> String {
        format!("{}.{:08x}", self.count(), rand::random::<u32>())
    }
}

pub(super) fn open(workspace: &Workspace, args: &Args) -> Answer {
    let body = wanted(workspace, args, Some(Surface::Modal))?;
    let user = workspace.exchange(args)?;
    let mut state = workspace.lock();
    let view = state.new_view(&user, &body, None);
    state.modals.insert(user, vec![view.clone()]);
    Ok(json!({"view": view_json(&view, &workspace.options)}))
}

pub(super) fn push(workspace: &Workspace, args: &Args) -> Answer {
    let body = wanted(workspace, args, Some(Surface::Modal))?;
    let user = workspace.exchange(args)?;
    let view = workspace.lock().push_view(&user, &body).ok_or_else(|| Refused::new("push_limit_reached"))?;
    Ok(json!({"view": view_json(&view, &workspace.options)}))
}

pub(super) fn update(workspace: &Workspace, args: &Args) -> Answer {
    let body = wanted(workspace, args, None)?;
    let mut state = workspace.lock();
    let external = args.string("external_id");
    let views = state.modals.values().flatten().chain(state.homes.values());
    let found = views.into_iter().find(|view| match args.string("view_id") {
        Some(id) => view.id == id,
        None => external.is_some() && view.body["external_id"].as_str() == external,
    });
    let (id, hash) = found.map(|view| (view.id.clone(), view.hash.clone())).ok_or_else(|| Refused::new("not_found"))?;
    if args.string("hash").is_some_and(|given| given != hash) {
        return Err(Refused::new("hash_conflict"));
    }
    let view = state.replace_view(&id, &body).ok_or_else(|| Refused::new("not_found"))?;
    Ok(json!({"view": view_json(&view, &workspace.options)}))
}

pub(super) fn publish(workspace: &Workspace, args: &Args) -> Answer {
    let body = wanted(workspace, args, Some(Surface::Home))?;
    let user = args.need("user_id")?.to_owned();
    let mut state = workspace.lock();
    if state.person(&user).is_none() {
        return Err(Refused::new("user_not_found"));
    }
    let old = state.homes.get(&user).map(|view| (view.id.clone(), view.hash.clone()));
    let view = match old {
        Some((_, hash)) if args.string("hash").is_some_and(|given| given != hash) => return Err(Refused::new("hash_conflict")),
        Some((id, _)) => state.replace_view(&id, &body).ok_or_else(|| Refused::new("not_found"))?,
        None => state.new_view(&user, &body, None),
    };
    state.homes.insert(user, view.clone());
    Ok(json!({"view": view_json(&view, &workspace.options)}))
}
