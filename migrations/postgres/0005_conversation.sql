-- What people who ask and people who decide write to each other about an item.
create table item_message (
    id uuid primary key,
    item_id uuid not null references item (id),
    author_id uuid not null references identity (id),
    -- 'asker' or 'decider': where the author stood when they wrote.
    side text not null,
    body text not null,
    created_at timestamptz not null
);
create index item_message_by_item on item_message (item_id, id);

-- An approver approved for less time than was asked for. The item's own length is the one in force.
create table item_shortening (
    id uuid primary key,
    item_id uuid not null references item (id),
    stage_id uuid not null references stage (id),
    identity_id uuid not null references identity (id),
    from_seconds bigint not null,
    to_seconds bigint not null,
    created_at timestamptz not null
);
create index item_shortening_by_item on item_shortening (item_id, id);

-- Who ended a grant before its time, and why, in their words.
alter table role_grant add column ended_by_id uuid references identity (id);
alter table role_grant add column end_comment text;

-- Which colleagues hold a role.
create index person_by_department on person (department);
create index person_by_title on person (title);
