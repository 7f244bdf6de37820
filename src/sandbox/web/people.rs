//! Who there is: `auth.test`, `team.info`, `users.*`, `usergroups.*`, and the way in for Socket Mode.

#![allow(clippy::unnecessary_wraps, reason = "every method in the table has the same shape")]

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::options::Person;
use super::{Answer, Args, Refused};

pub(super) fn auth_test(workspace: &Workspace, _args: &Args) -> Answer {
    let options = &workspace.options;
    let url = format!("{}/", workspace.lock().base_url);
    Ok(json!({"url": url, "team": options.team_name, "user": options.bot_name, "team_id": options.team_id,
        "user_id": options.bot_user, "bot_id": options.bot_id, "is_enterprise_install": false}))
}

pub(super) fn connections_open(workspace: &Workspace, _args: &Args) -> Answer {
    let mut state = workspace.lock();
    let ticket = format!("{:016x}{:016x}", rand::random::<u64>(), rand::random::<u64>());
    state.tickets.push(ticket.clone());
    let base = state.base_url.replacen("http", "ws", 1);
    Ok(json!({"url": format!("{base}/link/{ticket}")}))
}

pub(super) fn team_info(workspace: &Workspace, _args: &Args) -> Answer {
    let options = &workspace.options;
    Ok(json!({"team": {"id": options.team_id, "name": options.team_name, "domain": "sandbox", "email_domain": ""}}))
}

fn person_json(workspace: &Workspace, person: &Person) -> Value {
    let mut json = json!({"id": person.id, "team_id": workspace.options.team_id, "name": person.name, "real_name": person.real_name,
        "deleted": person.is_deactivated, "tz": person.zone, "is_admin": person.is_admin, "is_owner": false, "is_primary_owner": false,
        "is_bot": false, "is_app_user": false, "is_restricted": false, "is_ultra_restricted": false, "updated": 1_700_000_000,
        "profile": {"display_name": person.name, "real_name": person.real_name, "title": person.title}});
    if workspace.need_scope("users:read.email").is_ok() {
        json["profile"]["email"] = json!(person.email);
    }
    json
}

fn bot_json(workspace: &Workspace) -> Value {
    let options = &workspace.options;
    json!({"id": options.bot_user, "team_id": options.team_id, "name": options.bot_name, "real_name": options.bot_name, "deleted": false,
        "is_bot": true, "is_admin": false, "updated": 1_700_000_000,
        "profile": {"real_name": options.bot_name, "display_name": "", "bot_id": options.bot_id, "api_app_id": options.app_id}})
}

pub(super) fn list(workspace: &Workspace, args: &Args) -> Answer {
    let state = workspace.lock();
    let mut people: Vec<Value> = state.people.iter().map(|person| person_json(workspace, person)).collect();
    people.push(bot_json(workspace));
    let (page, metadata) = args.page(&people);
    Ok(json!({"members": page, "cache_ts": 1_700_000_000, "response_metadata": metadata}))
}

pub(super) fn info(workspace: &Workspace, args: &Args) -> Answer {
    let user = args.string("user").ok_or_else(|| Refused::new("user_not_found"))?;
    if user == workspace.options.bot_user {
        return Ok(json!({"user": bot_json(workspace)}));
    }
    let state = workspace.lock();
    let person = state.person(user).ok_or_else(|| Refused::new("user_not_found"))?;
    Ok(json!({"user": person_json(workspace, person)}))
}

pub(super) fn lookup_by_email(workspace: &Workspace, args: &Args) -> Answer {
    let email = args.string("email").unwrap_or_default();
    let state = workspace.lock();
    let person = state.people.iter().find(|person| person.email.eq_ignore_ascii_case(email));
    Ok(json!({"user": person_json(workspace, person.ok_or_else(|| Refused::new("users_not_found"))?)}))
}

pub(super) fn groups(workspace: &Workspace, args: &Args) -> Answer {
    let state = workspace.lock();
    let shown = state.groups.iter().filter(|group| args.flag("include_disabled") || !group.is_archived);
    let groups: Vec<Value> = shown
        .map(|group| {
            let mut json = json!({"id": group.id, "team_id": workspace.options.team_id, "is_usergroup": true, "name": group.name,
                "description": "", "handle": group.handle, "is_external": false, "date_create": 1_700_000_000, "date_update": 1_700_000_000,
                "date_delete": if group.is_archived { 1_700_000_000 } else { 0 }, "created_by": group.users.first(),
                "updated_by": group.users.first(), "auto_type": null, "prefs": {"channels": [], "groups": []}, "user_count": group.users.len()});
            if args.flag("include_users") {
                json["users"] = json!(group.users);
            }
            json
        })
        .collect();
    Ok(json!({"usergroups": groups}))
}

pub(super) fn group_users(workspace: &Workspace, args: &Args) -> Answer {
    let id = args.need("usergroup")?;
    let state = workspace.lock();
    let group = state.groups.iter().find(|group| group.id == id && (args.flag("include_disabled") || !group.is_archived));
    Ok(json!({"users": group.ok_or_else(|| Refused::new("no_such_subteam"))?.users}))
}
