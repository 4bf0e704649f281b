-- Whom a request was ever put to, also when they are no longer asked: who may see it.
create index stage_approver_ever on stage_approver (identity_id, stage_id);
create index stage_approver_by_stage on stage_approver (stage_id);

-- Most grants of a company that imported its access have no item, and an index in which one key stands for nearly every row is one
-- that SQLite's planner rightly avoids.
drop index role_grant_by_item;
create index role_grant_by_item on role_grant (item_id) where item_id is not null;

-- Sessions whose time is over, and the accounts of a system by name.
create index session_open on session (idle_expires_at) where ended_at is null;
create index account_by_name on account (system_id, name);

-- Which of somebody's grants give powers inside the portal is asked with every page: only those of the few role versions that
-- do are looked at.
drop index role_grant_by_identity;
create index role_grant_by_identity on role_grant (identity_id, state, role_version_id);
