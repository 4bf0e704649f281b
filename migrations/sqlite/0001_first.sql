-- The first schema. Both databases have the same tables and columns (a test compares them); only the types' names differ.
-- Instants are UTC in whole microseconds and always come from the program's clock: no defaults and no time arithmetic here.
-- Words in `state`, `kind` and the like are the fixed words of crates/domain.

-- One row: which installation this is, and whether the reconciler may act.
create table installation (
    id integer primary key check (id = 1),
    instance_id blob not null,
    created_at text not null,
    -- Raised by each restore; the log starts a new epoch then.
    epoch integer not null,
    -- 'acting', or 'reporting' after a restore until somebody confirms.
    mode text not null check (mode in ('acting', 'reporting')),
    -- Raised whenever the catalog changes, so that what is kept in memory knows when it is old.
    catalog_version integer not null,
    -- The hash of the catalog in force; events name it.
    catalog_hash text
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Files: each `apply` and `import` leaves its hash.

create table applied_set (
    id blob primary key,
    kind text not null,
    hash text not null,
    applied_at text not null,
    applied_by text not null,
    summary text not null
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Who.

create table identity (
    id blob primary key,
    kind text not null,
    -- Raised first by whatever changes what this identity holds, may hold or is: the one lock.
    version integer not null,
    status text not null,
    display_name text not null,
    -- Lower-case text that people are found by.
    search_text text not null,
    created_at text not null
);
create index identity_by_name on identity (display_name, id);

create table person (
    identity_id blob primary key references identity (id),
    external_id text not null unique,
    email text not null,
    given_name text not null,
    family_name text not null,
    title text not null,
    department text not null,
    location text not null,
    employment_type text not null,
    manager_id blob references identity (id),
    time_zone text
);
create index person_by_manager on person (manager_id);
create index person_by_email on person (email);

create table service_identity (
    identity_id blob primary key references identity (id),
    key text not null unique,
    owner_id blob not null references identity (id),
    backup_owner_id blob references identity (id),
    purpose text not null,
    ends_at text
);

create table employment_period (
    id blob primary key,
    identity_id blob not null references identity (id),
    starts_on text not null,
    ends_on text
);
create index employment_period_by_identity on employment_period (identity_id, starts_on);

-- What an identity was, from when to when: closed and succeeded, never overwritten.
create table identity_history (
    id blob primary key,
    identity_id blob not null references identity (id),
    valid_from text not null,
    valid_to text,
    status text not null,
    manager_id blob,
    attributes text not null,
    applied_set_id blob references applied_set (id)
);
create unique index identity_history_open on identity_history (identity_id) where valid_to is null;
create index identity_history_by_identity on identity_history (identity_id, valid_from);

-- A group of identities that a policy can name.
create table identity_group (
    id blob primary key,
    key text not null unique,
    name text not null,
    retired_at text
);
create table identity_group_member (
    id blob primary key,
    group_id blob not null references identity_group (id),
    identity_id blob not null references identity (id),
    valid_from text not null,
    valid_to text
);
create unique index identity_group_member_open on identity_group_member (group_id, identity_id) where valid_to is null;
create index identity_group_member_by_identity on identity_group_member (identity_id);

-- Which identity at which provider is which person.
create table sign_in_binding (
    id blob primary key,
    identity_id blob not null references identity (id),
    issuer text not null,
    subject text not null,
    -- 'claim', 'email' or 'rebinding'.
    bound_by text not null,
    bound_at text not null,
    ended_at text
);
create unique index sign_in_binding_open on sign_in_binding (issuer, subject) where ended_at is null;
create index sign_in_binding_by_identity on sign_in_binding (identity_id);

-- Rebinding takes two people: one proposes, another approves.
create table rebinding (
    id blob primary key,
    identity_id blob not null references identity (id),
    issuer text not null,
    subject text not null,
    reason text not null,
    proposed_by blob not null references identity (id),
    proposed_at text not null,
    approved_by blob references identity (id),
    approved_at text,
    closed_at text
);

create table session (
    id blob primary key,
    -- SHA-256 of what the cookie carries.
    id_hash text not null unique,
    identity_id blob references identity (id),
    issuer text,
    subject text,
    sid text,
    assurance text not null,
    data text not null,
    user_agent text not null,
    address text not null,
    created_at text not null,
    last_seen_at text not null,
    idle_expires_at text not null,
    absolute_expires_at text not null,
    ended_at text,
    end_reason text
);
create index session_by_identity on session (identity_id, created_at);
create index session_by_provider on session (issuer, sid);
create index session_by_end on session (absolute_expires_at);

-- Counters for limits per person and per address; old windows are swept.
create table rate_limit (
    key text not null,
    window_start text not null,
    count integer not null,
    primary key (key, window_start)
);

create table api_token (
    id blob primary key,
    name text not null,
    owner_id blob not null references identity (id),
    scope text not null,
    token_hash text not null unique,
    created_at text not null,
    expires_at text,
    last_used_at text,
    revoked_at text
);

-- Out of office: somebody decides for somebody else, for a time.
create table delegation (
    id blob primary key,
    from_id blob not null references identity (id),
    to_id blob not null references identity (id),
    starts_at text not null,
    ends_at text not null,
    limits text not null,
    created_at text not null,
    ended_at text
);
create index delegation_by_from on delegation (from_id, ends_at);
create index delegation_by_to on delegation (to_id, ends_at);

-- ---------------------------------------------------------------------------------------------------------------------
-- What can be held.

create table system (
    id blob primary key,
    key text not null unique,
    name text not null,
    kind text not null,
    description text not null,
    -- How a new account is named, and which attribute on the system carries our external id.
    account_name text not null,
    recognise text not null,
    applied_hash text not null,
    created_at text not null,
    retired_at text
);

-- What the workers last found about a system (bookkeeping, not history).
create table system_health (
    system_id blob primary key references system (id),
    -- 'healthy', 'failing', 'not_connected'.
    state text not null,
    words text not null,
    checked_at text not null,
    healthy_at text,
    failing_since text,
    last_pass_at text
);

create table entitlement (
    id blob primary key,
    system_id blob not null references system (id),
    key text not null,
    kind text not null,
    name text not null,
    native text not null,
    description text not null,
    created_at text not null,
    retired_at text,
    unique (system_id, key)
);

create table policy (
    id blob primary key,
    key text not null unique,
    retired_at text
);
create table policy_version (
    id blob primary key,
    policy_id blob not null references policy (id),
    version integer not null,
    hash text not null,
    -- The policy as JSON, exactly as it is evaluated.
    body text not null,
    valid_from text not null,
    valid_to text,
    applied_set_id blob references applied_set (id),
    unique (policy_id, version)
);
create unique index policy_version_open on policy_version (policy_id) where valid_to is null;

create table role (
    id blob primary key,
    key text not null unique,
    created_at text not null,
    retired_at text
);
create table role_version (
    id blob primary key,
    role_id blob not null references role (id),
    version integer not null,
    hash text not null,
    name text not null,
    description text not null,
    risk text not null,
    tags text not null,
    requestable boolean not null,
    policy_id blob not null references policy (id),
    -- The role's own longest duration in seconds, where it is narrower than the policy's.
    max_seconds integer,
    assurance text,
    valid_from text not null,
    valid_to text,
    applied_set_id blob references applied_set (id),
    unique (role_id, version)
);
create unique index role_version_open on role_version (role_id) where valid_to is null;

create table role_version_entitlement (
    role_version_id blob not null references role_version (id),
    entitlement_id blob not null references entitlement (id),
    primary key (role_version_id, entitlement_id)
);
create index role_version_entitlement_by_entitlement on role_version_entitlement (entitlement_id);

-- Who owns a role or a system, from when to when.
create table ownership (
    id blob primary key,
    role_id blob references role (id),
    system_id blob references system (id),
    owner_id blob not null references identity (id),
    valid_from text not null,
    valid_to text,
    check ((role_id is null) <> (system_id is null))
);
create unique index ownership_open_role on ownership (role_id) where valid_to is null and role_id is not null;
create unique index ownership_open_system on ownership (system_id) where valid_to is null and system_id is not null;
create index ownership_by_owner on ownership (owner_id) where valid_to is null;

-- ---------------------------------------------------------------------------------------------------------------------
-- Asking and deciding.

create table request (
    id blob primary key,
    -- What people quote, such as R-7K3MQ2.
    reference text not null unique,
    requester_id blob not null references identity (id),
    state text not null,
    created_at text not null,
    closed_at text,
    -- Made once by the form, so that a form sent twice is one request.
    form_key blob not null unique
);
create index request_by_requester on request (requester_id, id);

create table item (
    id blob primary key,
    request_id blob not null references request (id),
    role_id blob not null references role (id),
    role_version_id blob not null references role_version (id),
    policy_version_id blob not null references policy_version (id),
    beneficiary_id blob not null references identity (id),
    reason text not null,
    -- How long from the start, in seconds; or until an instant worked out once, with the zone it was said in.
    seconds integer,
    starts_at text,
    ends_at text,
    zone text not null,
    state text not null,
    stage integer not null,
    stages integer not null,
    -- When the request lapses if nobody decides.
    lapses_at text,
    created_at text not null,
    closed_at text,
    -- Lower-case text that a closed request is found by.
    search_text text not null
);
create index item_by_request on item (request_id);
create index item_by_beneficiary on item (beneficiary_id, id);
create index item_by_role on item (role_id, id);
create index item_lapsing on item (lapses_at) where state = 'waiting';
-- One open item per role and person.
create unique index item_waiting on item (beneficiary_id, role_id) where state = 'waiting';

create table stage (
    id blob primary key,
    item_id blob not null references item (id),
    position integer not null,
    -- The rule as JSON, frozen at submission.
    rule text not null,
    quorum integer not null,
    state text not null,
    opened_at text,
    deadline_at text,
    -- 'calendar' or 'business': which time the deadline counts.
    deadline_counts text not null,
    closed_at text,
    unique (item_id, position)
);

-- Who can decide an open stage: made from its rule, and remade with an event. The inbox reads these rows.
create table stage_approver (
    id blob primary key,
    stage_id blob not null references stage (id),
    identity_id blob not null references identity (id),
    because text not null,
    on_behalf_of blob references identity (id),
    added_at text not null,
    removed_at text
);
create unique index stage_approver_open on stage_approver (stage_id, identity_id) where removed_at is null;
create index stage_approver_by_identity on stage_approver (identity_id, stage_id) where removed_at is null;

create table decision (
    id blob primary key,
    stage_id blob not null references stage (id),
    item_id blob not null references item (id),
    identity_id blob not null references identity (id),
    on_behalf_of blob references identity (id),
    verdict text not null,
    comment text not null,
    decided_at text not null,
    assurance text not null,
    unique (stage_id, identity_id)
);
create index decision_by_item on decision (item_id);
create index decision_by_identity on decision (identity_id, item_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- Holding.

create table role_grant (
    id blob primary key,
    identity_id blob not null references identity (id),
    role_id blob not null references role (id),
    role_version_id blob not null references role_version (id),
    origin text not null,
    item_id blob references item (id),
    reason text not null,
    state text not null,
    starts_at text not null,
    ends_at text,
    zone text not null,
    created_at text not null,
    ended_at text,
    end_reason text,
    -- Set when the notice that it ends soon has gone out.
    reminded_at text
);
create index role_grant_by_identity on role_grant (identity_id, state);
create index role_grant_by_role on role_grant (role_id, state);
create index role_grant_by_version on role_grant (role_version_id, state);
create index role_grant_ending on role_grant (ends_at) where state = 'active';
create index role_grant_starting on role_grant (starts_at) where state = 'scheduled';
create index role_grant_by_item on role_grant (item_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- Making it so. A worker holds an account's work by lease; an outcome is written only under the lease it was claimed with.

create table account (
    id blob primary key,
    identity_id blob not null references identity (id),
    system_id blob not null references system (id),
    purpose text not null,
    name text not null,
    -- How the system itself names it, once known.
    native_id text,
    origin text not null,
    desired text not null,
    observed text not null,
    observed_at text,
    created_at text not null,
    -- When a worker should look; absent when there is nothing to do.
    due_at text,
    lease_id blob,
    lease_until text,
    unique (identity_id, system_id, purpose)
);
create index account_due on account (due_at) where due_at is not null;
create index account_by_system on account (system_id, id);

create table fulfilment (
    id blob primary key,
    account_id blob not null references account (id),
    entitlement_id blob not null references entitlement (id),
    desired text not null,
    observed text not null,
    progress text not null,
    generation integer not null,
    attempts integer not null,
    due_at text,
    -- It was there before Latchkey asked; it isn't removed unless it was adopted.
    found boolean not null,
    adopted boolean not null,
    wanted_at text not null,
    applied_at text,
    confirmed_at text,
    last_outcome text,
    last_words text not null,
    last_attempt_at text,
    unique (account_id, entitlement_id)
);
create index fulfilment_by_entitlement on fulfilment (entitlement_id);
create index fulfilment_stuck on fulfilment (progress) where progress <> 'settled';

-- What was observed, from when to when: closed and succeeded.
create table observation (
    id blob primary key,
    account_id blob not null references account (id),
    -- Absent: about the account itself.
    entitlement_id blob references entitlement (id),
    value text not null,
    valid_from text not null,
    valid_to text
);
create index observation_by_account on observation (account_id, entitlement_id, valid_from);

-- Every call that changed or tried to change something, with the system's own words.
create table attempt (
    id blob primary key,
    fulfilment_id blob not null references fulfilment (id),
    generation integer not null,
    desired text not null,
    started_at text not null,
    finished_at text not null,
    outcome text not null,
    words text not null,
    worker text not null
);
create index attempt_by_fulfilment on attempt (fulfilment_id, id);

-- ---------------------------------------------------------------------------------------------------------------------
-- The record. An event's bytes are kept exactly (text, not jsonb) and never change; a trigger refuses it.

create table event (
    id blob primary key,
    recorded_at text not null,
    kind text not null,
    -- The acting identity, if there was one: events are found by it.
    actor_id blob,
    schema_version integer not null,
    bytes text not null,
    -- HMAC-SHA-256 of the bytes by the process key, in hexadecimal, and which key.
    mac text not null,
    mac_key text not null
);
create index event_by_time on event (recorded_at, id);
create index event_by_kind on event (kind, recorded_at, id);
create index event_by_actor on event (actor_id, recorded_at, id);

create table event_subject (
    subject_kind text not null,
    subject_id blob not null,
    recorded_at text not null,
    event_id blob not null references event (id),
    primary key (subject_kind, subject_id, recorded_at, event_id)
);

-- Personal text beside the event that holds its salted hash: erasing the text keeps the proof.
create table event_text (
    event_id blob not null references event (id),
    name text not null,
    salt text not null,
    text text,
    erased_at text,
    primary key (event_id, name)
);

-- Leaf numbers are given by the one sealer, fenced by the row of the tree head.
create table event_leaf (
    number integer primary key,
    event_id blob not null unique references event (id),
    hash text not null,
    sealed_at text not null
);
create table tree_head (
    id integer primary key check (id = 1),
    epoch integer not null,
    size integer not null,
    root_hash text not null,
    fence integer not null,
    updated_at text not null
);
create table checkpoint (
    epoch integer not null,
    size integer not null,
    root_hash text not null,
    note text not null,
    signed_at text not null,
    primary key (epoch, size)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Telling people.

create table notice (
    id blob primary key,
    recipient_id blob not null references identity (id),
    kind text not null,
    -- What it is about, so that the same thing isn't told twice.
    about_id blob not null,
    subject text not null,
    body text not null,
    created_at text not null,
    state text not null,
    due_at text,
    attempts integer not null,
    lease_id blob,
    lease_until text,
    sent_at text,
    last_error text not null,
    unique (recipient_id, kind, about_id)
);
create index notice_due on notice (due_at) where due_at is not null;

-- Who works: each worker's last sign of life and how far its clock is off.
create table worker (
    id blob primary key,
    name text not null,
    started_at text not null,
    seen_at text not null,
    clock_offset_ms integer not null
);

-- Events are only ever added.
create trigger event_no_update before update on event begin select raise(abort, 'events are never changed or deleted'); end;
create trigger event_no_delete before delete on event begin select raise(abort, 'events are never changed or deleted'); end;
create trigger event_subject_no_update before update on event_subject begin select raise(abort, 'events are never changed or deleted'); end;
create trigger event_subject_no_delete before delete on event_subject begin select raise(abort, 'events are never changed or deleted'); end;
