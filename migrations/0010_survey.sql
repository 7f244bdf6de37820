-- Why: pulse surveys. While a wave is open, answers stand here sealed under a key that is not in the database (ballot, ballot_text); when
-- it closes they become counts (tally) of groups that are large enough, and the ballots go in the same transaction. Who answered, and
-- when, is stored nowhere: days, not times, and no flag at an invitation. On SQLite the tables that hold a row a person are stored by
-- their primary key and not by the order in which rows came: the store puts the words in place of the remark behind them.
create table survey (
    id text primary key,
    title text not null,
    kind text not null,                   -- full, pulse
    root text,                            -- the team whose people it asks, with all below it; null: the whole organisation
    channel text,                         -- Slack id of the channel that hears what all together say, a day after the teams
    k_score bigint not null,              -- fewest answers for a band; these three are only ever raised
    k_hist bigint not null,               -- for counts
    k_text bigint not null,               -- for comments
    created_by text not null              -- Slack user id
);

create table wave (
    id text primary key,
    survey_id text not null,
    state text not null,                  -- draft, open, closing, closed, void
    opens_on text not null,               -- ISO date
    closes_on text not null,              -- ISO date
    rules text not null,                  -- JSON: questions and least groups, frozen at launch
    closed_at bigint,                     -- when its answers became counts: leaders see them a day later
    suspended_on text,                    -- ISO date since when its key is missing; null: it is not
    cleaned bigint not null               -- 1: after its end, key and ballots are gone from every file
);
create index wave_survey on wave (survey_id, closes_on);

create table wave_node (
    wave_id text not null,
    node_id text not null,
    parent_id text,
    name text not null,
    primary key (wave_id, node_id)
) /* without rowid */;

create table invite (
    wave_id text not null,
    user_id text not null,
    node_id text not null,
    primary key (wave_id, user_id)
) /* without rowid */;
create index invite_user on invite (user_id);

create table ballot (
    wave_id text not null,
    tag bytea not null,
    seal bytea not null,
    primary key (wave_id, tag)
) /* without rowid */;

create table ballot_text (
    wave_id text not null,
    tag2 bytea not null,                  -- under another key than tag
    seal bytea not null,
    primary key (wave_id, tag2)
) /* without rowid */;

create table cell (
    wave_id text not null,
    cell_id text not null,                -- a node's id
    label text not null,
    n_invited bigint not null,
    n_answered bigint,                    -- null: it could be subtracted to a few
    primary key (wave_id, cell_id)
) /* without rowid */;

create table tally (
    wave_id text not null,
    cell_id text not null,
    item_id text not null,
    value text not null,                  -- 1 to 5: n gave it; band1 to band5, low, high: the favourable share of n lies there
    n bigint not null,
    primary key (wave_id, cell_id, item_id, value)
) /* without rowid */;

create table comment (
    id text primary key,                  -- random
    wave_id text not null,
    cell_id text not null,
    category text not null,
    body text not null,
    state text not null                   -- shown, hidden
) /* without rowid */;
create index comment_cell on comment (wave_id, cell_id);

create table action_item (
    id text primary key,
    wave_id text not null,
    node_id text not null,
    category text not null,
    text text not null,
    owner text not null,                  -- Slack user id
    due text not null,                    -- ISO date
    state text not null                   -- open, done, dropped; none: no action, and `text` says why
);
create index action_item_wave on action_item (wave_id);

create table survey_optout (
    user_id text not null,
    scope text not null,                  -- a survey's id; all; forget: their invitation goes when the wave ends
    primary key (user_id, scope)
) /* without rowid */;

create table survey_audit (
    at text not null,                     -- ISO: an instant; of what a person did about themselves the day alone
    what text not null,                   -- launched, closed, voided, forgotten, comment_hidden, key_missing
    wave text not null,                   -- empty: not of one wave
    primary key (at, what, wave)          -- no number, no order of rows: two who are forgotten on one day are one line
) /* without rowid */;

alter table outbox add column reminds_of text; -- wave of which it reminds: sent only to who has not answered; the row says nothing of which it was
