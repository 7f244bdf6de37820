-- Why: what people say about the figures, in their own words and under their own names: what a team noted in its retrospective and
-- decided, whether that worked; a thank-you for a decision, until the one who is thanked has said what becomes of it; and of an action
-- after a survey, who wrote it and why it was dropped. Nothing here is counted by person.
create table retro_note (
    id text primary key,                  -- eight base-32 letters
    team text not null,                   -- whose it is
    at bigint not null,                   -- when it was written
    author text not null,                 -- Slack user id
    well text not null,
    hurt text not null,
    surprise text not null,
    metrics text not null,                -- ids of metrics that it explains, with blanks between
    decision text not null,
    owner text not null,                  -- Slack user id
    review_on text not null,              -- ISO date
    channel text                          -- Slack id of the team's channel, where it is shared; null: it is not
);
create index retro_note_team on retro_note (team, at);

create table retro_verdict (
    note text not null,
    person text not null,                 -- Slack user id: one word each
    word text not null,                   -- yes, partly, no
    primary key (note, person)
);

create table kudos (
    id text primary key,
    giver text not null,                  -- Slack user id
    receiver text not null,               -- Slack user id
    channel text not null,                -- where it stands once the receiver says so
    decision text not null,
    evidence text not null,
    at bigint not null,                   -- when it was written; shared: when that was
    shared bigint not null                -- 1: it stands in the channel; what is declined or kept between two has no row
);
create index kudos_channel on kudos (channel, at);

alter table action_item add column author text not null default '';  -- Slack user id of who wrote it
alter table action_item add column why text not null default '';     -- why it was dropped
alter table action_item add column settled_on text;                  -- ISO date since when it is done or dropped
