-- Why: the figures of flow need what a change, a commit and an item did not carry so far, runs of continuous integration
-- of their own, and their own packed days. Workflow runs were kept as deployments of a kind that counts only for a
-- service that says so; they become runs, of which such a service takes its deployments.
alter table commits add column email text;
alter table commits add column paths text;             -- files it touches, one a line; null where not known
alter table commits add column ai bigint;              -- its message says that an assistant wrote along; null where not known

alter table change add column service text;            -- as the event said it, if it did
alter table change add column branch text;
alter table change add column reviewers text;          -- JSON list: asked to review and has not yet
alter table change add column paths text;              -- files it touches, one a line; null where not known
alter table change add column url text;
create index change_id on change (id);
create index change_open on change (merged_at, closed_at, opened_at);

alter table item add column key text;                  -- what people name it by, where that is not its id
alter table item add column url text;
create index item_created on item (created_at);
create index item_assignee on item (assignee, done_at);
create index item_done on item (done_at, started_at);
create index item_seq on item (seq);
create index review_seq on review (seq);

-- Every key that an item has or had: a change that names an old one still finds it.
create table item_key (
    source text not null,
    key text not null,
    id text not null,
    primary key (source, key, id)
);
create index item_key_key on item_key (key);

create table run (
    source text not null,
    id text not null,
    repository text,
    workflow text,
    branch text,
    sha text,
    outcome text not null,
    started_at bigint,
    finished_at bigint,
    updated_at bigint not null,
    rank bigint not null,                -- an outcome outranks a running one
    hash text not null,
    seq bigint not null,
    primary key (source, id)
);
create index run_repository on run (repository, finished_at);
create index run_seq on run (seq);

insert into run (source, id, repository, workflow, sha, outcome, started_at, finished_at, updated_at, rank, hash, seq)
    select source, id, repository, substr(via, 10), sha, case status when 'pending' then 'running' else status end,
           started_at, finished_at, updated_at, rank, hash, seq
    from deployment where via like 'workflow:%';
-- Whether a service deploys by runs of a workflow: only then do runs make it stale. Here, that it may.
alter table service add column by_runs bigint not null default 0;
update service set by_runs = 1, stale = stale + 1 where name in (select service from deployment where via like 'workflow:%');
delete from deployment where via like 'workflow:%';

-- Runs that ended, packed by repository and UTC day. A day is stale from the transaction of its runs until it is packed.
create table run_day (
    repository text not null,
    day bigint not null,
    stale bigint not null,
    packed bytea,
    primary key (repository, day)
);
create index run_day_stale on run_day (stale);
insert into run_day (repository, day, stale)
    select distinct repository, finished_at / 86400000000, 1 from run where repository is not null and finished_at is not null;

-- Changes that were merged, packed by service and UTC day.
create table change_day (
    service text not null,
    day bigint not null,
    packed bytea not null,
    primary key (service, day)
);
-- The service's first merged change.
alter table service add column first_change bigint;

-- Which delivery's version of some fact stands behind which other's: when a batch is undone, the versions that it had
-- outranked come back from their own deliveries.
create table outranked (
    loser bigint not null,
    winner bigint not null,
    primary key (winner, loser)
);
