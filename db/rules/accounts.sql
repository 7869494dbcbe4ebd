-- Accounts and their tokens: which tokens are good now.

create or replace view good_token as
select t.id, t.hash, t.account_id, a.name, a.role, t.expires_at, t.last_used_at, t.reads
from token t join account a on a.id = t.account_id
where t.revoked_at is null and t.expires_at > now() and a.disabled_at is null;

-- That a token was used, told once a minute at most.
create or replace function note_use(token_id int) returns void language sql security definer set search_path = public, pg_temp as $$
  update token set last_used_at = now()
  where id = token_id and (last_used_at is null or last_used_at < now() - interval '1 minute')
$$;
