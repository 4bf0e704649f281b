-- What somebody put together and hasn't asked for yet. Nothing is promised by it, so it has no events.
create table cart_item (
    id blob primary key,
    owner_id blob not null references identity (id),
    role_id blob not null references role (id),
    beneficiary_id blob not null references identity (id),
    -- As the form sends them: a length such as '90d', a day such as '2027-03-01'; empty until they are chosen.
    duration text not null,
    starts_on text not null,
    reason text not null,
    -- What the role's questions were answered so far, as JSON.
    answers text not null,
    added_at text not null,
    unique (owner_id, role_id, beneficiary_id)
);

-- An item that asks for more time names the grant that it goes on from, and one that was replaced the request that did.
alter table item add column extends_id blob references role_grant (id);
alter table item add column superseded_by blob references request (id);
-- The answers to the role's questions as JSON, frozen with the questions' words.
alter table item add column answers text;
-- What the role asks beside the reason, as JSON; nothing where it asks nothing.
alter table role_version add column questions text;
create index item_by_extends on item (extends_id) where extends_id is not null;

-- Who does the same work: the same title in the same department.
create index person_by_place on person (department, title);
