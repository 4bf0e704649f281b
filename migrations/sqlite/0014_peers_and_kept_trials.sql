-- Whether a colleague holds a role, without reading everything that they hold.
create index role_grant_live on role_grant (identity_id, role_id) where state <> 'ended';

-- What was kept is no trial any more: only a trial has another end.
update role_grant set full_ends_at = null where trial_kept_at is not null;
