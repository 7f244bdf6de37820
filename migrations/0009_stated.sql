-- Why: an incident that names its service itself keeps it when the organisation gives the repository to another, as
-- deployments do. Of incidents stored before nobody knows whether they named it: they go on following their repository.
alter table incident add column stated_service text;  -- as the event said it, if it did
