-- What stages with deadlines, groups and delegations need beyond the first schema.

-- Set when a stage's deadline has passed and what the policy says then has been done.
alter table stage add column overdue_at timestamptz;
create index stage_overdue on stage (deadline_at) where state = 'open' and overdue_at is null and deadline_at is not null;

-- Set when the stages that somebody decides were worked out again because a delegation began or was over.
alter table delegation add column begun_at timestamptz;
alter table delegation add column over_at timestamptz;
create index delegation_beginning on delegation (starts_at) where begun_at is null;
create index delegation_over on delegation (ends_at) where over_at is null;
