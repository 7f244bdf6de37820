//! Card and error as JSON, in the shape scripts rely on (`pacer ask --format json`).

use serde_json::{Value, json};

use crate::domain::card::{Card, Scope};
use crate::error::UserError;

/// `command`, `scope`, `window`, `metrics`, `health`, `receipt`, then the card's own members. None of those can replace one
/// of the six; `window` and `receipt` are null where the answer has none.
pub fn json(card: &Card) -> Value {
    let mut out = card.data.clone();
    let window = card.window.as_ref().map(|window| json!({"from": window.from, "to": window.to, "zone": window.zone.name()}));
    out.insert("command".into(), json!(card.command));
    out.insert("scope".into(), scope(&card.scope));
    out.insert("window".into(), json!(window));
    out.insert("metrics".into(), json!(card.metrics));
    out.insert("health".into(), json!(card.health));
    out.insert("receipt".into(), json!(card.receipt));
    Value::Object(out)
}

/// `{}` for the whole organisation, else `{"team":"payments"}`; several teams together `{"teams":["payments","search"]}`.
fn scope(scope: &Scope) -> Value {
    match scope {
        Scope::Organisation => json!({}),
        Scope::Team(id) => json!({"team": id}),
        Scope::Teams(ids) => json!({"teams": ids}),
        Scope::Service(name) => json!({"service": name}),
        Scope::Project(id) => json!({"project": id}),
    }
}

/// `{"error":{"kind":..,"message":..,"hint":..}}`.
pub fn error_json(error: &UserError) -> Value {
    json!({ "error": error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::render::samples;

    #[test]
    fn dora_has_the_published_shape() {
        insta::assert_json_snapshot!(json(&samples::dora()));
    }

    #[test]
    fn a_cards_own_members_cannot_replace_the_shared_ones() {
        let mut card = samples::dora();
        card.data.insert("receipt".into(), json!("other"));
        card.data.insert("rows".into(), json!([1]));
        assert_eq!(json(&card)["receipt"], "7f3a9c2k");
        assert_eq!(json(&card)["rows"], json!([1]));
    }

    #[test]
    fn what_is_missing_is_null_and_the_organisation_is_an_empty_scope() {
        let bare = json(&Card::default());
        assert_eq!((&bare["scope"], &bare["window"], &bare["receipt"]), (&json!({}), &Value::Null, &Value::Null));
    }

    #[test]
    fn an_error_names_its_kind() {
        let error = UserError::new(Kind::UnknownTeam, "There is no team `x`.", "Type `/metrics help`.");
        assert_eq!(
            error_json(&error),
            json!({"error": {"kind": "unknown_team", "message": "There is no team `x`.", "hint": "Type `/metrics help`."}})
        );
    }
}
