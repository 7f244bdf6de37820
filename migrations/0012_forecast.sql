-- Why: a forecast is worth what its record is, and a record counts only what was said before the outcome. So each forecast that pacer
-- issues is a row with its numbers as they were issued, never changed; only what came of it is added, once. One a week for each question:
-- several in one week share their fate. Of teams and projects only.
create table forecast (
    id text primary key,                  -- scope, kind and week, hashed: issued once
    scope text not null,                  -- as in receipts
    kind text not null,                   -- items (at least so many), done_by (at the latest then)
    weeks bigint not null,                -- how many weeks ahead; of done_by 0
    issued_at bigint not null,            -- all that it saw was known by then
    until_at bigint not null,             -- when its likely promise is due
    p50 bigint,                           -- items, or an instant; null: not within a year
    p85 bigint not null,
    p95 bigint,
    spread_near bigint not null,          -- how far the rate was taken to drift, in millionths
    spread_far bigint not null,
    actual bigint,                        -- what came: items, or the instant when all was done; null: not by then
    held bigint,                          -- 1: the likely promise held
    resolved_at bigint                    -- when its end was known; null: it is open
);
create index forecast_scope on forecast (scope, resolved_at);
create index forecast_open on forecast (resolved_at, until_at);
