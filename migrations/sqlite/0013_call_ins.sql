-- Sources: programs that open and end access by signed calls, such as an on-call schedule or a ticket system.
create table call_source (
    id blob primary key,
    key text not null unique,
    created_at text not null,
    -- When it was last heard, by the time that it signed.
    heard_at text,
    -- Since when it can't be reached; nothing while it is heard.
    silent_at text,
    retired_at text
);
create index call_source_silent on call_source (silent_at) where silent_at is not null;

-- What the files say about a source; closed and succeeded.
create table call_source_version (
    id blob primary key,
    source_id blob not null references call_source (id),
    version integer not null,
    name text not null,
    -- The rules, and what happens when it is silent, as JSON.
    body text not null,
    hash text not null,
    valid_from text not null,
    valid_to text,
    applied_set_id blob references applied_set (id)
);
create unique index call_source_version_in_force on call_source_version (source_id) where valid_to is null;

-- One call, with the answer that it got: the same call again gets the same.
create table call_in (
    id blob primary key,
    source_id blob not null references call_source (id),
    -- What its sender calls it.
    call_id text not null,
    body_hash text not null,
    received_at text not null,
    -- 'opened', 'ended', or nothing where it couldn't be read.
    kind text not null,
    reference text not null,
    identity_id blob references identity (id),
    -- 'opened', 'ended', 'nothing' or 'refused'.
    outcome text not null,
    -- How many grants it opened or ended.
    grants integer not null,
    -- Why it was refused.
    code text not null,
    answer text not null
);
create unique index call_in_by_call on call_in (source_id, call_id);
create index call_in_by_source on call_in (source_id, id);

-- Which grants a source opened, for which ticket or shift.
create table call_in_grant (
    grant_id blob primary key references role_grant (id),
    source_id blob not null references call_source (id),
    call_in_id blob not null references call_in (id),
    -- In lower case.
    reference text not null
);
create index call_in_grant_by_reference on call_in_grant (source_id, reference);

-- What people asked for with a piece of work, to be ended when its ticket is closed.
create index role_grant_by_piece on role_grant (role_id, piece) where piece is not null;
