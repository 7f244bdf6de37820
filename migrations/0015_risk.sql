-- Why: a warning is worth what came of the ones before it, so that each is kept before its outcome: how a project looked each Monday, what
-- was published, whether the date held, and what people said of it. Items change afterwards; these rows never do. Nothing here is about a
-- person but who pressed a button and when.
create table risk_snapshot (
    project text not null,                -- the portfolio project's id
    week text not null,                   -- the Monday as of which, ISO date
    at bigint not null,                   -- its first instant
    due bigint not null,                  -- the first instant at which the project is late, as committed then
    done bigint not null,                 -- items
    remaining bigint not null,
    features text not null,               -- JSON: each feature known by then with its number, baseline and count
    chance text not null,                 -- to miss the date, as published: digits, so that it is the same on every database
    band text not null,                   -- green, amber, red; empty: there was no forecast
    flagged bigint not null,              -- 1: a warning stood
    kept_at bigint not null,              -- when this was written: later than `at` where the week was made up for
    primary key (project, week)
);
create index risk_snapshot_at on risk_snapshot (at);

-- A commitment is a project with its date: another date is another one, and the first is judged all the same.
create table risk_warning (
    project text not null,
    due bigint not null,
    at bigint not null,                   -- when it was published
    chance text not null,
    band text not null,
    reasons text not null,                -- JSON: the sentences as they were said
    primary key (project, due)
);

create table risk_outcome (
    project text not null,
    due bigint not null,
    known_at bigint not null,
    missed bigint not null,               -- 1: an item was open when the date was over
    primary key (project, due)
);

create table risk_label (
    id text primary key,                  -- eight base-32 letters
    project text not null,
    due bigint not null,
    kind text not null,                   -- acknowledged, snoozed, wrong
    person text not null,                 -- Slack user id
    at bigint not null,
    band text not null,                   -- as the project stood then
    until_at bigint,                      -- of a snooze: its end
    choice text,                          -- of a wrong one: no_risk, wrong_data, date_moved
    words text                            -- and why, in that person's words
);
create index risk_label_of on risk_label (project, due);
