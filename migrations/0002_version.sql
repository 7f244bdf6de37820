-- Why: answers keep in memory what they read, and ask with one tiny query whether it still holds. Every write
-- transaction that changes anything an answer reads adds one, in the transaction itself.
create table facts_version (
    version bigint primary key
);
insert into facts_version (version) values (1);
