-- Why: whose to-do is whose, and is the data whole? Both ask for the names that tools call people by. Those stand in the
-- columns of five large tables, none of which says along with which address a source told a name; here each stands once.
create table identity (
    source text not null,
    name text not null,                  -- as it stands there
    email text not null,                 -- told with it, in lower case; '' where none was
    folded text not null,                -- the name in lower case
    last_day bigint not null,            -- the last UTC day on which it did something
    primary key (source, name, email)
);
create index identity_folded on identity (folded);
create index identity_email on identity (email);
create index identity_day on identity (last_day);

insert into identity (source, name, email, folded, last_day)
    select source, name, '', lower(name), max(at) / 86400000000 from (
        select source, author as name, coalesce(merged_at, opened_at) as at from change where bot = 0
        union all select source, reviewer, at from review where bot = 0
        union all select source, assignee, coalesce(done_at, started_at, created_at) from item
        union all select source, person, at from activity
    ) as named where name <> '' and at is not null
    and lower(name) not like '%[bot]%' and lower(name) not like 'dependabot%' and lower(name) not like 'renovate%'
    group by source, name;
-- A commit's row does not say who told it: the source that tells of changes in its repository.
insert into identity (source, name, email, folded, last_day)
    select told.source, author, coalesce(email, ''), lower(author), max(authored_at) / 86400000000
    from commits join (select distinct source, repository from change) as told on told.repository = commits.repository
    where coalesce(bot, 0) = 0 and author <> '' and authored_at is not null and lower(author) not like '%[bot]%'
    and lower(author) not like 'dependabot%' and lower(author) not like 'renovate%'
    group by told.source, author, coalesce(email, '')
    on conflict do nothing;

-- Deliveries of which something was refused are few, and must be found among all.
create index delivery_rejected on delivery (seq) where rejected is not null;
-- The commits of a repository in a period; it serves whoever asks for all of them too.
create index commits_period on commits (repository, authored_at);
drop index commits_repository;
