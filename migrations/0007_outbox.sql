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
    seq bigint not null,                  -- the order in which messages were first said
    subscription text,                    -- which says it; null: a note of pacer's own
    channel text not null,
    thread_of text,                       -- key of the message in whose thread it stands
    body text not null,                   -- Block Kit JSON as it should stand
    revision bigint not null,             -- grows with each other body
    sent_revision bigint not null,        -- the one that stands in Slack; 0: none
    place text,                           -- Slack id of the channel in which it stands: of a direct message, another than `channel`
    ts text,                              -- Slack's name of the message
    state text not null,                  -- waiting, sending, sent, parked, dropped
    not_before bigint not null,
    said_at bigint not null,
    sent_at bigint,
    tries bigint not null,
    claimed_at bigint,                    -- when it went into `sending`
    asked_at bigint,                      -- when Slack was first asked to post it without a word of what came of it
    fence bigint not null,                -- grows with each claim: only the last one may end it
    problem text                          -- why it waits, is parked or was dropped
);
create index outbox_state on outbox (state, not_before);
create index outbox_subscription on outbox (subscription, said_at);
create index outbox_seq on outbox (seq);

create table outbox_channel (             -- when the next message may leave: each second one a channel, and a budget for all
    channel text primary key,             -- as messages name it; empty: the whole workspace
    place text,                           -- of a person: Slack id of the direct message
    free_at bigint not null,              -- nothing leaves before
    strikes bigint not null,              -- how often in a row it failed
    problem text                          -- why it waits
);

alter table lease add column fence bigint not null default 0;
alter table lease add column tries bigint not null default 0;
alter table lease add column again_at bigint not null default 0; -- until then whoever took it has it; a failed one is tried again then
alter table lease add column outcome text;   -- said, quiet, skipped, failed; null: under way, or before this was kept
alter table lease add column note text;      -- one sentence: why it said nothing, or what failed
