-- A role that somebody gets for the first time may start as a trial. The item keeps for how long, as its policy said when it was
-- asked for.
alter table item add column trial_seconds integer;

-- While it is a trial: until when it lasts if its holder keeps it, and from when they are asked. Once they keep it, its end is the
-- full one, and what they said and when stays.
alter table role_grant add column full_ends_at text;
alter table role_grant add column trial_ask_at text;
alter table role_grant add column trial_kept_at text;
alter table role_grant add column trial_words text;
create index role_grant_trial_to_ask on role_grant (trial_ask_at) where trial_ask_at is not null;
