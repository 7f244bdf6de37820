-- Why: pacer speaks by itself: digests and alerts on a schedule of their own. What should stand in Slack is a row each (outbox) before
-- any call is made, so that a crash neither loses nor repeats a message; and each slot of a schedule is one row (lease) that tells
-- what came of it. A slot's messages, what its subscription keeps in mind, and the slot's own end are one transaction.
create table subscription (
    id text primary key,                  -- eight base-32 letters
    kind text not null,                   -- digest, alert
    channel text not null,                -- Slack id of a channel, or of a person
    crontab text not null,                -- five fields, read in that zone
    zone text not null,                   -- IANA
    settings text not null,               -- JSON, the kind's own
    memory text not null,                 -- JSON, the kind's own: what it must know of its last slot; empty at first
    author text not null,                 -- Slack id of whoever subscribed the channel
    created_at bigint not null,
    changed_at bigint not null,
    state text not null,                  -- active, paused, stopped
    until_at bigint,                      -- paused until then; null: until somebody goes on
    why text                              -- who paused it (a Slack id), or why it was stopped (is_archived, left, ...)
);
create index subscription_channel on subscription (channel);

create table outbox (
    key text primary key,                 -- names the message: said again, it is the same one, edited where its words differ
    subscription text,                    -- which says it; null: a note of pacer's own
    channel text not null,
    thread_of text,                       -- key of the message in whose thread it stands
    body text not null,                   -- Block Kit JSON as it should stand
    revision bigint not null,             -- grows with each other body
    sent_revision bigint not null,        -- the one that stands in Slack; 0: none
    ts text,                              -- Slack's name of the message
    state text not null,                  -- waiting, sending, sent, parked
    not_before bigint not null,
    said_at bigint not null,
    sent_at bigint,
    tries bigint not null,
    claimed_at bigint,                    -- when it went into `sending`
    fence bigint not null,                -- grows with each claim: only the last one may end it
    problem text                          -- why it waits or is parked
);
create index outbox_state on outbox (state, not_before);
create index outbox_subscription on outbox (subscription, said_at);

alter table lease add column fence bigint not null default 0;
alter table lease add column outcome text;   -- said, quiet, skipped, failed; null: under way, or before this was kept
alter table lease add column note text;      -- one sentence: why it said nothing, or what failed
