-- Other programs that are told of events: which, and of which kinds of events. The worker writes it from its settings.
create table delivery_target (
    name text primary key,
    -- Words between blanks.
    kinds text not null
);

-- What other programs are told: one row for each event and target, written with the event.
create table delivery (
    id uuid primary key,
    target text not null,
    event_id uuid not null references event (id),
    created_at timestamptz not null,
    state text not null,
    due_at timestamptz,
    attempts bigint not null,
    lease_id uuid,
    lease_until timestamptz,
    sent_at timestamptz,
    last_error text not null,
    unique (event_id, target)
);
create index delivery_due on delivery (target, due_at) where due_at is not null;
