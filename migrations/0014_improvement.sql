-- Why: whether an improvement takes hold is only honest where the weeks before its start were written down when it was declared: events
-- that come late, or a file that moves services, must not improve or spoil what it is held against. So each metric of it keeps those weeks.
create table improvement (
    id text primary key,                  -- eight base-32 letters, the first of them no digit, so that it reads as no period
    scope text not null,                  -- JSON, as in a receipt: a team, a service or the organisation
    name text not null,
    done text not null,                   -- what was done, in the words of whoever declared it; it may be empty
    author text not null,                 -- Slack user id
    starts_on text not null,              -- ISO date
    starts_at bigint not null,            -- that midnight in the scope's zone
    declared_at bigint not null,
    ended_at bigint,                      -- since when it is looked at no more; null: it is
    removed_at bigint                     -- since when nobody sees it; answers given before keep it for their receipts
);
create index improvement_start on improvement (starts_at);

create table improvement_metric (
    improvement text not null,
    place bigint not null,                -- the order in which they were named
    metric text not null,
    wanted text not null,                 -- less, more
    weeks text not null,                  -- JSON: the weeks before the start, frozen when it was declared
    primary key (improvement, place)
);
