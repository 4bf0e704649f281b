-- Whether a colleague holds a role, without reading everything that they hold.
create index role_grant_live on role_grant (identity_id, role_id) where state in ('active', 'eligible');
