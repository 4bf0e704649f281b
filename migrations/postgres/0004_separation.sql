-- Separation of duties: rules across systems about what one person must not combine, who is excepted for a while, and which steps of
-- an approval are there because of a rule. What somebody holds is looked up, never copied: who is in conflict follows from grants.

create table separation_rule (
    id uuid primary key,
    key text not null unique,
    retired_at timestamptz
);
create table separation_rule_version (
    id uuid primary key,
    rule_id uuid not null references separation_rule (id),
    version bigint not null,
    hash text not null,
    name text not null,
    description text not null,
    -- 'block', or 'approval' by the person with this external id.
    outcome text not null check (outcome in ('block', 'approval')),
    approver text,
    valid_from timestamptz not null,
    valid_to timestamptz,
    applied_set_id uuid references applied_set (id),
    unique (rule_id, version),
    check ((outcome = 'approval') = (approver is not null))
);
create unique index separation_rule_version_open on separation_rule_version (rule_id) where valid_to is null;

-- Whoever has something of two different sides of one rule is in conflict.
create table separation_side (
    id uuid primary key,
    rule_version_id uuid not null references separation_rule_version (id),
    position bigint not null,
    name text not null,
    unique (rule_version_id, position)
);
create table separation_member (
    id uuid primary key,
    side_id uuid not null references separation_side (id),
    role_id uuid references role (id),
    entitlement_id uuid references entitlement (id),
    check ((role_id is null) <> (entitlement_id is null))
);
create index separation_member_by_side on separation_member (side_id);
create index separation_member_by_role on separation_member (role_id) where role_id is not null;
create index separation_member_by_entitlement on separation_member (entitlement_id) where entitlement_id is not null;

-- Somebody may have both sides of a rule for a while.
create table separation_exception (
    id uuid primary key,
    rule_id uuid not null references separation_rule (id),
    identity_id uuid not null references identity (id),
    reason text not null,
    granted_by uuid not null references identity (id),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    closed_at timestamptz,
    closed_by uuid references identity (id),
    -- 'ended', 'expired' or 'left'.
    close_reason text
);
create unique index separation_exception_open on separation_exception (rule_id, identity_id) where closed_at is null;
create index separation_exception_by_identity on separation_exception (identity_id);
create index separation_exception_ending on separation_exception (ends_at) where closed_at is null;

-- Who answers for a rule or an exception, from when to when.
create table separation_ownership (
    id uuid primary key,
    rule_id uuid references separation_rule (id),
    exception_id uuid references separation_exception (id),
    owner_id uuid not null references identity (id),
    valid_from timestamptz not null,
    valid_to timestamptz,
    check ((rule_id is null) <> (exception_id is null))
);
create unique index separation_ownership_open_rule on separation_ownership (rule_id) where valid_to is null and rule_id is not null;
create unique index separation_ownership_open_exception on separation_ownership (exception_id) where valid_to is null and exception_id is not null;
create index separation_ownership_by_owner on separation_ownership (owner_id) where valid_to is null;

-- The rules that a step of an approval is there for.
create table separation_stage (
    stage_id uuid not null references stage (id),
    rule_id uuid not null references separation_rule (id),
    primary key (stage_id, rule_id)
);
