-- Why: a backfill of a large organisation takes hours, and may be cut off at any moment: by a rate limit, a kill, a lid that
-- closes. Where each stream of a source's API stands is kept in the transaction of the facts that brought it there, so that
-- the next run goes on at the very page, with nothing lost and nothing asked for twice; and where it ended, so that the
-- next run asks for what changed since.
create table backfill (
    source text not null,
    scope text not null,                 -- a repository, a project: as it was asked for
    stream text not null,                -- "pull requests"
    asks text,                           -- JSON: the requests still to be made, next first; null at the stream's end
    etag text,                           -- the version of the stream's first page, and what was asked for it
    etag_path text,
    listed bigint not null,              -- things listed by the run under way, or the last one
    total bigint,                        -- things that the source counts
    called text,                         -- what the source calls the scope now, where that is not what it was asked for
    began_at bigint not null,            -- when that run began
    since bigint,                        -- from when on it reads; null: from the beginning
    complete_to bigint,                  -- when the last run began that came to the end
    updated_at bigint not null,
    primary key (source, scope, stream)
);
