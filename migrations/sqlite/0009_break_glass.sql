-- Access that somebody took in an emergency: a review of it falls due, by somebody else.
create table break_glass_review (
    id blob primary key,
    grant_id blob not null unique references role_grant (id),
    -- Who took it.
    identity_id blob not null references identity (id),
    role_id blob not null references role (id),
    -- Their own request that waited then.
    item_id blob references item (id),
    created_at text not null,
    due_at text not null,
    -- 'open' or 'closed'.
    state text not null,
    -- What they did with it, in their own words.
    account text not null,
    account_at text,
    -- When it was told that the review is overdue.
    overdue_at text,
    closed_at text,
    reviewer_id blob references identity (id),
    -- 'yes', 'partly' or 'no': whether it was needed.
    needed text,
    -- What was done, and what follows, in the reviewer's words.
    findings text,
    follow_up text
);
create index break_glass_review_open on break_glass_review (due_at) where state = 'open';
create index break_glass_review_by_identity on break_glass_review (identity_id, id);
create index break_glass_review_by_role on break_glass_review (role_id, id);
create index break_glass_review_by_state on break_glass_review (state, id);

-- Who was told at once, and as what.
create table break_glass_told (
    review_id blob not null references break_glass_review (id),
    identity_id blob not null references identity (id),
    -- 'decides', 'owner', 'security' or 'administrator'.
    because text not null,
    primary key (review_id, identity_id)
);
