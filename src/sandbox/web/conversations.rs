//! `conversations.*` and `users.conversations`: channels, their members and messages, by the scopes each kind needs.

use serde_json::{Value, json};

use super::super::Workspace;
use super::super::options::Channel;
use super::super::state::{Message, dm_of, message_json};
use super::{Answer, Args, Refused};

/// The scope for reading a channel (`read`) or its messages (`history`), by its kind.
fn scope(channel: &Channel, what: &str) -> String {
    let kind = match channel {
        channel if channel.id.starts_with('D') => "im",
        channel if channel.is_private => "groups",
        _ => "channels",
    };
    format!("{kind}:{what}")
}

fn channel_json(workspace: &Workspace, channel: &Channel) -> Value {
    let direct = channel.id.starts_with('D');
    let members = if channel.members.is_empty() { workspace.options.people.len() } else { channel.members.len() };
    let mut json = json!({"id": channel.id, "created": 1_700_000_000, "creator": workspace.options.people.first().map(|person| &person.id),
        "is_channel": !channel.is_private, "is_group": channel.is_private && !direct, "is_im": direct, "is_mpim": false,
        "is_private": channel.is_private, "is_archived": channel.is_archived, "is_general": channel.name == "general",
        "is_member": channel.has_app, "context_team_id": workspace.options.team_id,
        "num_members": members + usize::from(channel.has_app)});
    if direct {
        json["user"] = json!(channel.members.first());
    } else {
        json["name"] = json!(channel.name);
        json["name_normalized"] = json!(channel.name);
        json["topic"] = json!({"value": "", "creator": "", "last_set": 0});
        json["purpose"] = json!({"value": "", "creator": "", "last_set": 0});
    }
    json
}

/// Channels by `types` and `exclude_archived`, of those the app can know of.
fn listed(workspace: &Workspace, args: &Args, member_only: bool) -> Answer {
    let types: Vec<&str> = args.string("types").unwrap_or("public_channel").split(',').map(str::trim).collect();
    for (kind, scope) in [("public_channel", "channels:read"), ("private_channel", "groups:read"), ("im", "im:read"), ("mpim", "mpim:read")]
    {
        if types.contains(&kind) {
            workspace.need_scope(scope)?;
        }
    }
    if types.iter().any(|kind| !["public_channel", "private_channel", "im", "mpim"].contains(kind)) {
        return Err(Refused::new("invalid_types"));
    }
    let user = args.string("user");
    let state = workspace.lock();
    let wanted = |channel: &&Channel| {
        let kind = if channel.is_private { "private_channel" } else { "public_channel" };
        types.contains(&kind)
            && (channel.has_app || !channel.is_private)
            && (!member_only || user.map_or(channel.has_app, |user| channel.is_seen_by(user)))
            && !(args.flag("exclude_archived") && channel.is_archived)
    };
    let channels: Vec<Value> = state.channels.iter().filter(wanted).map(|channel| channel_json(workspace, channel)).collect();
    let (page, metadata) = args.page(&channels);
    Ok(json!({"channels": page, "response_metadata": metadata}))
}

pub(super) fn list(workspace: &Workspace, args: &Args) -> Answer {
    listed(workspace, args, false)
}

pub(super) fn of_user(workspace: &Workspace, args: &Args) -> Answer {
    listed(workspace, args, true)
}

fn readable(workspace: &Workspace, args: &Args, what: &str) -> Result<Channel, Refused> {
    let channel = workspace.known_channel(args.need("channel")?)?;
    workspace.need_scope(&scope(&channel, what))?;
    Ok(channel)
}

pub(super) fn info(workspace: &Workspace, args: &Args) -> Answer {
    let channel = readable(workspace, args, "read")?;
    Ok(json!({"channel": channel_json(workspace, &channel)}))
}

pub(super) fn members(workspace: &Workspace, args: &Args) -> Answer {
    let channel = readable(workspace, args, "read")?;
    let mut members: Vec<Value> = if channel.members.is_empty() {
        workspace.options.people.iter().map(|person| json!(person.id)).collect()
    } else {
        channel.members.iter().map(|member| json!(member)).collect()
    };
    if channel.has_app {
        members.push(json!(workspace.options.bot_user));
    }
    let (page, metadata) = args.page(&members);
    Ok(json!({"members": page, "response_metadata": metadata}))
}

fn slice(workspace: &Workspace, args: &Args, wanted: impl Fn(&Message) -> bool, newest_first: bool) -> Value {
    let (oldest, latest) = (args.string("oldest").unwrap_or("0"), args.string("latest").unwrap_or("9999999999.999999"));
    let edge = args.flag("inclusive");
    let inside = |ts: &str| (ts > oldest || edge && ts == oldest) && (ts < latest || edge && ts == latest);
    let metadata = args.flag("include_all_metadata");
    let state = workspace.lock();
    let chosen = state.messages.iter().filter(|message| message.only_for.is_none() && inside(&message.ts) && wanted(message));
    let mut found: Vec<Value> = chosen
        .map(|message| {
            let mut json = message_json(message, &workspace.options);
            if !metadata && let Some(object) = json.as_object_mut() {
                object.remove("metadata");
            }
            json
        })
        .collect();
    if newest_first {
        found.reverse();
    }
    let (page, next) = args.page(&found);
    json!({"messages": page, "has_more": next["next_cursor"] != "", "response_metadata": next})
}

pub(super) fn history(workspace: &Workspace, args: &Args) -> Answer {
    let channel = readable(workspace, args, "history")?;
    if !channel.has_app {
        return Err(Refused::new("not_in_channel"));
    }
    Ok(slice(
        workspace,
        args,
        |message| message.channel == channel.id && message.thread_ts.as_ref().is_none_or(|ts| *ts == message.ts),
        true,
    ))
}

pub(super) fn replies(workspace: &Workspace, args: &Args) -> Answer {
    let channel = readable(workspace, args, "history")?;
    let ts = args.need("ts")?;
    let in_thread = |message: &Message| message.channel == channel.id && (message.ts == ts || message.thread_ts.as_deref() == Some(ts));
    if !workspace.lock().messages.iter().any(&in_thread) {
        return Err(Refused::new("thread_not_found"));
    }
    Ok(slice(workspace, args, in_thread, false))
}

pub(super) fn open(workspace: &Workspace, args: &Args) -> Answer {
    // One comma-separated string as documented, or a list in JSON, which Slack takes as well.
    let users: Vec<&str> = match args.json("users").and_then(Value::as_array) {
        Some(list) => list.iter().filter_map(Value::as_str).collect(),
        None => args.need("users")?.split(',').collect(),
    };
    let [user] = users.as_slice() else {
        workspace.need_scope("mpim:write")?;
        return Err(Refused::arguments("[ERROR] the sandbox has no group messages"));
    };
    if workspace.lock().person(user).is_none() {
        return Err(Refused::new("user_not_found"));
    }
    Ok(json!({"channel": {"id": dm_of(user)}, "no_op": true, "already_open": true}))
}

pub(super) fn join(workspace: &Workspace, args: &Args) -> Answer {
    let channel = workspace.known_channel(args.need("channel")?)?;
    if channel.is_private {
        return Err(Refused::new("method_not_supported_for_channel_type"));
    }
    if channel.is_archived {
        return Err(Refused::new("is_archived"));
    }
    workspace.invite_app(&channel.id);
    Ok(json!({"channel": channel_json(workspace, &Channel { has_app: true, ..channel })}))
}
