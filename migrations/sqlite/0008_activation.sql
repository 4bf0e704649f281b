-- An eligible grant is the right to switch access on for hours; a grant that activates names the right that it comes from. What an
-- earlier release writes says nothing about it, and is plain access.
alter table role_grant add column eligible boolean;
alter table role_grant add column activates_id blob references role_grant (id);
create index role_grant_by_activates on role_grant (activates_id) where activates_id is not null;
create index role_grant_eligible_ending on role_grant (ends_at) where state = 'eligible';

-- An item that asks for such a right, and one that asks to use it.
alter table item add column eligible boolean;
alter table item add column activates_id blob references role_grant (id);

-- Beside an open item that asks for a role there may be one that activates it.
drop index item_waiting;
create unique index item_waiting on item (beneficiary_id, role_id) where state = 'waiting' and activates_id is null;
create unique index item_activating on item (beneficiary_id, role_id) where state = 'waiting' and activates_id is not null;
