-- Checkpoints: signed statements of the log's size and root (C2SP tlog-checkpoint, signed-note), and the keys that sign them. The
-- database knows no private key and cannot check a signature; it sees to all the rest.

-- Keeps the checkpoint of a size, signed with a key; the first such key is the log's from then on. What is kept already stays.
create or replace function keep_checkpoint(size int, note text, public_key text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  current log_key;
begin
  perform enter_log_alone();
  select * into current from log_key order by number desc limit 1;
  if not found then
    insert into log_key (number, public_key, since, added_at) values (1, keep_checkpoint.public_key, size, clock_timestamp())
    returning * into current;
  elsif current.public_key <> keep_checkpoint.public_key then
    raise exception using errcode = 'check_violation', constraint = 'checkpoints_are_signed_by_the_logs_key',
      message = format('this checkpoint is signed with the key %s, but the log''s key is %s', keep_checkpoint.public_key,
                       current.public_key);
  end if;
  insert into checkpoint (size, number, root_hash, note, key, signed_at)
  select keep_checkpoint.size, coalesce(max(c.number) filter (where c.size < keep_checkpoint.size), 0) + 1,
         tree_root(keep_checkpoint.size), keep_checkpoint.note, current.number,
         greatest(clock_timestamp(), max(c.signed_at), current.added_at,   -- the server's clock may go back
           (select r.recorded_at from revision r where r."position" = keep_checkpoint.size))
  from checkpoint c
  on conflict do nothing;
end
$$;

-- Makes another key the log's. The note is the newest checkpoint, which names that key and is signed with it as well.
create or replace function replace_log_key(public_key text, note text) returns void language plpgsql as $$
begin
  perform enter_log_alone();
  perform add_log_key(replace_log_key.public_key, replace_log_key.note, array[current.public_key, replace_log_key.public_key])
  from (select k.public_key from log_key k order by number desc limit 1) current;
  if not found then
    raise exception using errcode = 'check_violation', constraint = 'a_new_key_is_signed_for',
      message = 'nothing is signed yet, so there is no key to replace';
  end if;
end
$$;

-- Makes another key the log's where the one before is lost. The note is the newest checkpoint, which names that key and is signed
-- with it alone: so it shows to everybody that no key before vouches for it.
create or replace function adopt_log_key(public_key text, note text) returns void language plpgsql as $$
begin
  perform enter_log_alone();
  if not exists (select from log_key) then
    raise exception using errcode = 'check_violation', constraint = 'a_new_key_is_signed_for',
      message = 'nothing is signed yet, so no key can be lost';
  end if;
  perform add_log_key(adopt_log_key.public_key, adopt_log_key.note, array[adopt_log_key.public_key]);
end
$$;

create or replace function add_log_key(public_key text, note text, signing text[]) returns void language plpgsql as $$
declare
  newest checkpoint := (select c from checkpoint c order by size desc limit 1);
begin
  if not coalesce(is_checkpoint(note, newest.size, newest.root_hash, public_key, signing), false) then
    raise exception using errcode = 'check_violation', constraint = 'a_new_key_is_signed_for',
      message = format('a new key needs the newest checkpoint with its name, signed with %s', array_to_string(signing, ' and '));
  end if;
  insert into log_key (number, public_key, since, note, added_at)
  select max(log_key.number) + 1, add_log_key.public_key, newest.size, add_log_key.note, greatest(clock_timestamp(), newest.signed_at) from log_key;
end
$$;

-- Waits for the log's lock, as publish() does, and then sees all that was published and signed before.
create or replace function enter_log_alone() returns void language plpgsql as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = 'invalid_transaction_state', constraint = 'publishing_reads_committed',
      message = 'checkpoints need a READ COMMITTED transaction: in any other the log''s newest position could not be seen';
  end if;
  perform pg_advisory_xact_lock(2019, 156);
end
$$;

-- Whether a note is the checkpoint of a size and root that names the key to come, where there is one, with a signature line for
-- each of these keys and no other.
create or replace function is_checkpoint(note text, size int, root_hash bytea, successor text, public_keys text[]) returns boolean
language sql immutable as $$
  with told as (
    select format(E'%s\n%s\n%s\n%s\n', split_part(public_keys[1], '+', 1), size, encode(root_hash, 'base64'),
                  coalesce('next ' || successor || E'\n', '')) as text
  ), line as (
    select line, place from told, regexp_split_to_table(substr(note, length(told.text) + 1), '\n') with ordinality as l(line, place)
  )
  select starts_with(note, told.text) and (select count(*) from line) = cardinality(public_keys) + 1
    and coalesce((select bool_and(case when place > cardinality(public_keys) then line = '' else
        line ~ '^— [^ ]+ [A-Za-z0-9+/]{91}=$' and split_part(line, ' ', 2) = split_part(public_keys[place], '+', 1)
        and encode(substr(decode(split_part(line, ' ', 3), 'base64'), 1, 4), 'hex') = split_part(public_keys[place], '+', 2) end)
      from line), false)
  from told
$$;

-- Whether a text is an Ed25519 key as C2SP writes it: a name, the key's id and the key.
create or replace function is_public_key(public_key text) returns boolean language sql immutable as $$
  select case when public_key ~ '^[^+[:space:]]+[+][0-9a-f]{8}[+]A[Q-Za-f][A-Za-z0-9+/]{42}$' then
    split_part(public_key, '+', 2) = left(encode(sha256(convert_to(split_part(public_key, '+', 1) || E'\n', 'UTF8')
      || decode(substr(public_key, length(public_key) - 43), 'base64')), 'hex'), 8) else false end
$$;

create or replace function admit_checkpoint() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  signing text := (select public_key from log_key where number = new.key);
begin
  if new.size < (select max(size) from checkpoint) then
    raise exception using errcode = 'check_violation', constraint = 'checkpoints_never_go_back',
      message = format('a checkpoint of %s revisions comes too late: one of %s is signed', new.size,
                       (select max(size) from checkpoint));
  elsif new.number <> 1 + coalesce((select max(c.number) from checkpoint c where c.size < new.size), 0) then
    raise exception using errcode = 'check_violation', constraint = 'checkpoints_are_numbered_in_order',
      message = 'a log''s checkpoints are numbered without gaps, in order of their sizes';
  elsif new.root_hash is distinct from tree_root(new.size) then
    raise exception using errcode = 'check_violation', constraint = 'checkpoints_tell_the_root',
      message = format('the root of the log''s first %s revisions is another', new.size);
  elsif not is_checkpoint(new.note, new.size, new.root_hash, null, array[signing]) then
    raise exception using errcode = 'check_violation', constraint = 'checkpoints_tell_the_root',
      message = format('this note is no checkpoint of the log''s first %s revisions signed with %s', new.size, signing);
  end if;
  return new;
end
$$;

create or replace function admit_log_key() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  before log_key;
  newest checkpoint;
begin
  select * into before from log_key order by number desc limit 1;
  select * into newest from checkpoint order by size desc limit 1;
  if not is_public_key(new.public_key) then
    raise exception using errcode = 'check_violation', constraint = 'log_keys_are_well_formed',
      message = format('%s is no Ed25519 key of a log', new.public_key);
  elsif new.number <> coalesce(before.number, 0) + 1 then
    raise exception using errcode = 'check_violation', constraint = 'log_keys_follow_each_other',
      message = 'a log''s keys are numbered without gaps';
  elsif split_part(new.public_key, '+', 1) <> split_part(before.public_key, '+', 1) then
    raise exception using errcode = 'check_violation', constraint = 'the_origin_stays',
      message = format('the log''s origin is %s, and stays so', split_part(before.public_key, '+', 1));
  elsif new.number > 1 and (new.since is distinct from newest.size or not coalesce(
      is_checkpoint(new.note, newest.size, newest.root_hash, new.public_key, array[before.public_key, new.public_key])
      or is_checkpoint(new.note, newest.size, newest.root_hash, new.public_key, array[new.public_key]), false)) then
    raise exception using errcode = 'check_violation', constraint = 'a_new_key_is_signed_for',
      message = 'a new key needs the newest checkpoint with its name, signed with the key before and with the new one, or, where'
        ' the key before is lost, with the new one alone';
  end if;
  return new;
end
$$;
