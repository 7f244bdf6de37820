-- Why: the foundation. Raw deliveries are kept as they came, facts in narrow columns, figures in packed days.
-- Portable between SQLite and PostgreSQL: bigint microseconds for time, bigint 0/1 for flags, text for ids and
-- JSON, bytea for packed bytes (SQLite keeps blobs as they are under that name).

-- What arrived, as it arrived. `seq` grows in commit order, so it is the watermark of an answer.
create table delivery (
    seq bigint primary key,
    source text not null,
    dedupe text not null,                -- the sender's delivery id, or a hash of the content
    batch text not null,
    received_at bigint not null,
    headers text not null,               -- JSON; secrets and signatures are never in it
    body bytea not null,
    state text not null,                 -- pending, parsed, ignored, failed
    note text,                           -- why it was ignored or failed
    events bigint not null default 0,
    rejected text                        -- JSON: rows refused, with line and reason
);
create unique index delivery_once on delivery (source, dedupe);
create index delivery_state on delivery (state, seq);
create index delivery_batch on delivery (batch);
create index delivery_fresh on delivery (source, received_at);

-- Facts: registers under (source, id) in which the greatest (updated_at, rank, hash) wins, so order is immaterial.
create table deployment (
    source text not null,
    id text not null,
    service text not null,               -- resolved name
    stated_service text,                 -- as the event said it, if it did
    repository text,
    environment text,
    production bigint,
    via text not null,
    status text not null,
    started_at bigint,
    finished_at bigint,
    sha text,
    commits text,                        -- JSON: the explicit list, where the sender gave one
    hotfix bigint not null,
    rollback bigint not null,
    updated_at bigint not null,          -- the sender's version; least where absent
    rank bigint not null,                -- a terminal status outranks a running one
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index deployment_service on deployment (service, finished_at);
create index deployment_id on deployment (id);
create index deployment_sha on deployment (sha);
create index deployment_repository on deployment (repository);
create index deployment_seq on deployment (seq);

create table commits (
    sha text primary key,
    repository text,
    authored_at bigint,
    committed_at bigint,
    author text,
    bot bigint,
    subject text,                        -- first line of the message
    reverts text,                        -- shas of its "This reverts commit" trailers
    messages bigint not null,            -- whether its message is known
    parents text,                        -- shas, space separated; null where not known
    exact bigint not null,               -- git's own parents, rather than the order of a push
    shallow bigint not null,
    seq bigint not null
);
create index commits_repository on commits (repository);
create index commits_seq on commits (seq);

create table change (
    source text not null,
    id text not null,
    repository text,
    opened_at bigint,
    ready_at bigint,
    first_review_at bigint,
    merged_at bigint,
    closed_at bigint,
    merge_commit text,
    head text,
    commits text,                        -- JSON list of shas
    author text,
    bot bigint not null,
    draft bigint not null,
    title text,
    labels text not null,                -- JSON list
    lines_added bigint,
    lines_removed bigint,
    item text,
    updated_at bigint not null,
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index change_repository on change (repository, merged_at);
create index change_seq on change (seq);

create table review (
    source text not null,
    id text not null,
    change text not null,
    reviewer text,
    bot bigint not null,
    at bigint not null,
    state text not null,
    updated_at bigint not null,
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index review_change on review (change);

create table incident (
    source text not null,
    id text not null,
    service text,
    repository text,
    started_at bigint,
    resolved_at bigint,
    deployment text,
    severity text,
    title text,
    updated_at bigint not null,
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index incident_service on incident (service, started_at);
create index incident_deployment on incident (deployment);
create index incident_seq on incident (seq);

create table item (
    source text not null,
    id text not null,
    project text,
    parent text,
    kind text,
    labels text not null,
    title text,
    created_at bigint,
    started_at bigint,
    done_at bigint,
    status text,
    assignee text,
    updated_at bigint not null,
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index item_project on item (project, done_at);

-- Steps of incidents, changes and items from senders that never state a fact whole: each a register of its own; the
-- fact's row is computed from all of them.
create table part (
    source text not null,
    id text not null,                    -- kind, id and step
    fact text not null,                  -- kind and id
    body text not null,                  -- JSON
    updated_at bigint not null,
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index part_fact on part (source, fact);

create table activity (
    source text not null,
    hash text not null,
    person text not null,
    kind text not null,
    item text,
    at bigint not null,
    seq bigint not null,
    primary key (source, hash)
);
create index activity_at on activity (at);

-- Each service that was declared or seen. `stale` counts up in the transaction of the facts that touch it, so that
-- no reader takes its packed days for current; deriving sets it to 0 if it still is what it was before.
create table service (
    name text primary key,
    stale bigint not null,
    first_event bigint,                  -- of the scope's deployments, incidents and changes
    last_fact bigint,                    -- the latest instant in any fact: later than now, the days don't apply
    evidence bigint not null,            -- a flag, an identified rollback, or commit messages
    ever_deployed bigint not null,
    shared bigint not null,              -- its repository serves others too: commits are counted once by a pool
    derived_by bigint not null           -- version of the definitions
);
create table service_repository (
    service text not null,
    repository text not null,
    primary key (service, repository)
);
create index service_repository_by on service_repository (repository);

-- Repositories that the organisation file gives to a service of another name.
create table service_mapping (
    repository text primary key,
    service text not null
);

-- Figures: one packed row a service and UTC day: its production deployments with their lead times, failures,
-- recoveries and reasons. Medians over any window stay exact, and their cost grows with the window alone.
create table service_day (
    service text not null,
    day bigint not null,
    packed bytea not null,
    primary key (service, day)
);
create table shared_lead (
    commit_key bigint not null,
    service text not null,
    finished_at bigint not null,
    primary key (service, finished_at, commit_key)
);
create index shared_lead_commit on shared_lead (commit_key);

-- How fresh each source is.
create table source_state (
    source text primary key,
    last_event bigint,                   -- the latest event's own time
    last_received bigint not null
);

-- The organisation, a version each time it is applied; old versions stay for the receipts that name them.
create table org_version (
    version bigint primary key,
    applied_at bigint not null,
    body text not null                   -- JSON
);

-- A receipt freezes what was asked and answered.
create table receipt (
    id text primary key,
    command text not null,               -- canonical text that asks the same
    scope text not null,                 -- JSON
    from_at bigint not null,
    to_at bigint not null,
    zone text not null,
    asked_at bigint not null,
    org_version bigint not null,
    watermark bigint not null,
    definitions bigint not null,
    metrics text not null                -- JSON, as answered
);

-- One row a slot of a job: who inserts it first runs it.
create table lease (
    job text not null,
    due_at bigint not null,
    holder text not null,
    taken_at bigint not null,
    done_at bigint,
    primary key (job, due_at)
);
