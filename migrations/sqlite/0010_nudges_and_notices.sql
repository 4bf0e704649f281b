-- When those who wait nudged those who can decide an open stage, and when they moved it on, the last time each.
alter table stage add column nudged_at text;
alter table stage add column moved_at text;

-- How somebody wants to be told: 'at_once', 'digest' or 'off', by the group that kinds of notices belong to. Where nothing
-- stands, the group's default counts.
create table notice_preference (
    identity_id blob not null references identity (id),
    kind_group text not null,
    choice text not null,
    changed_at text not null,
    primary key (identity_id, kind_group)
);

-- A notice that waits for its recipient's digest says when that goes out, and afterwards which notice it was a part of.
alter table notice add column digest_at text;
alter table notice add column digest_id blob references notice (id);
create index notice_by_digest on notice (digest_at) where digest_at is not null;
create index notice_by_recipient on notice (recipient_id, id);
