-- Why: the organisation is changed in Slack as well as by file, so each version says who changed it and what. And teams
-- follow Slack user groups: how the last reading of each group went is kept, so that `setup` and `health` can say since when
-- a team's members are not the group's any more, and why.
alter table org_version add column author text;    -- a Slack user id, 'file' or 'slack_group'; null: before this was kept
alter table org_version add column summary text;   -- JSON: what changed, in lines

create table slack_group (
    team text primary key,                         -- the team that follows it
    slack_group text not null,
    handle text not null,                          -- empty: Slack knows no such group
    people bigint not null,                        -- who count now
    not_counted bigint not null,                   -- bots and deactivated members in it
    read_at bigint,                                -- when Slack last told its members
    problem text                                   -- why it did not at the last try
);
