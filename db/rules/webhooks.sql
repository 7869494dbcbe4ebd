-- Webhooks: how many there may be, and of what. Who has one can take it back.

create or replace function admit_webhook() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if (select count(*) from webhook where account_id = new.account_id) >= 20 then
    raise exception using errcode = 'check_violation', constraint = 'webhook_few_of_an_account',
      message = 'an account has 20 webhooks at most';
  end if;
  if exists (select from saved_query where id = new.query_id and content is null) then
    raise exception using errcode = 'check_violation', constraint = 'webhook_query_is_there',
      message = format('the saved query %s was withdrawn', new.query_id);
  end if;
  if exists (select from saved_query where id = new.query_id and content::jsonb ? 'position') then
    raise exception using errcode = 'check_violation', constraint = 'webhook_query_is_live',
      message = format('the saved query %s is of one position of the log: its answer never changes', new.query_id);
  end if;
  return new;
end
$$;
