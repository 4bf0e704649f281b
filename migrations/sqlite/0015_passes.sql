-- Full passes: everything that a system holds, compared with what was granted.

-- How often, what becomes of drift, what isn't managed: JSON; nothing means the defaults.
alter table system add column passes text;

create table system_pass (
    id blob primary key,
    system_id blob not null references system (id),
    started_at text not null,
    ended_at text,
    -- 'running', 'done', 'failed'.
    state text not null,
    -- Who asked for it; nobody when it was its turn.
    asked_by_id blob references identity (id),
    -- Who works on it, and until when it is believed.
    lease_id blob,
    lease_until text,
    -- What is being read: 'accounts', or an entitlement's name.
    reading text not null,
    lines integer not null,
    entitlements_done integer not null,
    entitlements integer not null,
    accounts integer not null,
    holdings integer not null,
    found integer not null,
    gone integer not null,
    -- Why it failed.
    words text not null,
    -- Set where it would have taken away more than it may: 'pulled', 'resumed', 'carried_out', 'cancelled', 'replaced'.
    brake text,
    removals integer not null,
    released_by_id blob references identity (id),
    released_at text,
    release_comment text
);
create unique index system_pass_running on system_pass (system_id) where state = 'running';
create index system_pass_by_system on system_pass (system_id, id);
create index system_pass_braked on system_pass (system_id) where brake is not null;

-- What was asked for and hasn't begun.
create table system_pass_wanted (
    system_id blob primary key references system (id),
    asked_by_id blob references identity (id),
    asked_at text not null
);

-- What a system holds and nobody here granted, and what was granted and is gone from it; closed, never deleted.
create table drift (
    id blob primary key,
    system_id blob not null references system (id),
    -- 'access', 'nested', 'account' or 'missing'.
    kind text not null,
    -- How the system names the account, or the group inside the group.
    native_id text not null,
    -- The login; the group's name.
    login text not null,
    entitlement_id blob references entitlement (id),
    -- The account, where it is one of ours.
    account_id blob references account (id),
    -- Whose it is, or whose id it carries.
    identity_id blob references identity (id),
    -- What the system says about an account of nobody.
    display_name text not null,
    email text,
    enabled boolean,
    last_used_at text,
    first_seen_at text not null,
    -- 'open', 'accepted', 'removing', 'closed'.
    state text not null,
    decided_by_id blob references identity (id),
    decided_at text,
    comment text,
    -- The removal of what isn't on an account of ours: when to try, how often it was tried, and the system's words.
    due_at text,
    attempts integer not null,
    last_words text not null,
    closed_at text,
    -- 'gone', 'granted', 'removed', 'restored', 'out_of_reach'.
    closed_as text
);
create index drift_of_system on drift (system_id, id) where state <> 'closed';
create index drift_of_account on drift (account_id, entitlement_id) where account_id is not null and state <> 'closed';
create index drift_due on drift (due_at) where due_at is not null;
create index drift_by_system on drift (system_id, id);
