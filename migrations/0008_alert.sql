-- Why: people press buttons below an alert while its slots run. A slot alone changes what its subscription keeps in mind, so what
-- people say stands in rows of its own: whoever comes first has seen to it, and nobody's word overwrites another's.
create table alert_mark (
    subscription text not null,           -- the alert
    episode bigint not null,              -- when the episode began
    kind text not null,                   -- acknowledged, wrong
    person text not null,                 -- Slack id
    at bigint not null,
    choice text,                          -- of a wrong one: too_sensitive, wrong_data, expected
    words text,                           -- and why, in that person's words
    primary key (subscription, episode, kind, person)
);

-- A channel hears at most so many alerts a week, of all that are set there: slots of several alerts may run at one time, so each takes
-- its place here before it tells.
create table alert_told (
    key text primary key,                 -- of the message
    channel text not null,
    at bigint not null
);
create index alert_told_channel on alert_told (channel, at);
