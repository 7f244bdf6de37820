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
