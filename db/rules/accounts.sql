-- Accounts and their tokens: which tokens are good now; and which account is whose, of those whom another issuer knows.

create or replace view good_token as
select t.id, t.hash, t.account_id, a.name, a.role, t.expires_at, t.last_used_at, t.reads
from token t join account a on a.id = t.account_id
where t.revoked_at is null and t.expires_at > now() and a.disabled_at is null;

-- That a token was used, told once a minute at most.
create or replace function note_use(token_id int) returns void language sql security definer set search_path = public, pg_temp as $$
  update token set last_used_at = now()
  where id = token_id and (last_used_at is null or last_used_at < now() - interval '1 minute')
$$;

-- The account of whoever an OpenID Connect issuer calls by this subject, made under a pseudonym when they first come; with the role
-- that the issuer says now. None while it is disabled. The application's role cannot read who is behind accounts, but ask this.
create or replace function account_of_subject(issuer text, subject text, role text, pseudonym text)
returns table (id int, name text, role_now text) language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  known account;
begin
  for attempt in 1..2 loop
    select a.* into known from account a join account_person p on p.account_id = a.id
    where p.issuer = account_of_subject.issuer and p.subject = account_of_subject.subject;
    exit when found;
    begin
      insert into account (name, role, created_at) values (pseudonym, account_of_subject.role, now()) returning account.* into known;
      insert into account_person (account_id, issuer, subject)
      values (known.id, account_of_subject.issuer, account_of_subject.subject);
      exit;
    exception when unique_violation then  -- they asked twice at once: the other request made it
      known := null;
    end;
  end loop;
  if known.id is null or known.disabled_at is not null then
    return;
  end if;
  if known.role <> account_of_subject.role then
    update account a set role = account_of_subject.role where a.id = known.id;
  end if;
  return query select known.id, known.name, account_of_subject.role;
end
$$;
