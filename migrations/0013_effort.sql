-- Why: effort is told from the traces that work leaves. A commit that two people wrote is half a trace of each, and who wrote along
-- stands in a trailer of its message, of which only the first line is kept.
alter table commits add column coauthors text;         -- `Name <address>` of its Co-authored-by trailers, one a line; null: none, or not known
create index commits_written on commits (authored_at); -- all that was written in a period, in any repository
create index review_at on review (at);
