-- The piece of work that something was asked for: a few words or a ticket, the same for all of it.
alter table item add column piece text;
alter table role_grant add column piece text;
alter table cart_item add column piece text;

-- What ends soon of a role, for its owner. Most grants of a company have no end.
create index role_grant_ending_by_role on role_grant (role_id, ends_at) where ends_at is not null;

-- What isn't in the catalog is wished for in words. Who answers, as the files say; closed and succeeded.
create table wish_rule (
    id uuid primary key,
    -- The rule as JSON.
    body text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    applied_set_id uuid references applied_set (id)
);
create index wish_rule_in_force on wish_rule (valid_from) where valid_to is null;

create table wish (
    id uuid primary key,
    reference text not null unique,
    form_key uuid not null unique,
    wisher_id uuid not null references identity (id),
    rule_id uuid not null references wish_rule (id),
    words text not null,
    state text not null,
    created_at timestamptz not null,
    due_at timestamptz not null,
    -- Set when those who answer were reminded.
    overdue_at timestamptz,
    -- When it was last worked out who answers.
    looked_at timestamptz not null,
    closed_at timestamptz,
    -- The role that it was answered with.
    role_id uuid references role (id)
);
create index wish_by_wisher on wish (wisher_id, id);
create index wish_due on wish (due_at) where overdue_at is null and closed_at is null;
create index wish_looked_at on wish (looked_at) where closed_at is null;

-- Whom a wish waits for: those who answer, or whoever should own the new role.
create table wish_approver (
    id uuid primary key,
    wish_id uuid not null references wish (id),
    identity_id uuid not null references identity (id),
    because text not null,
    on_behalf_of uuid references identity (id),
    added_at timestamptz not null,
    removed_at timestamptz
);
create unique index wish_approver_open on wish_approver (wish_id, identity_id) where removed_at is null;
create index wish_approver_by_identity on wish_approver (identity_id, wish_id);

-- What was said about a wish: a role, a new role and its owner's yes or no, or a refusal.
create table wish_reply (
    id uuid primary key,
    wish_id uuid not null references wish (id),
    author_id uuid not null references identity (id),
    on_behalf_of uuid references identity (id),
    kind text not null,
    words text not null,
    role_id uuid references role (id),
    draft_name text,
    draft_gives text,
    owner_id uuid references identity (id),
    created_at timestamptz not null
);
create index wish_reply_by_wish on wish_reply (wish_id, id);
