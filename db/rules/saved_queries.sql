-- Saved queries: their addresses stay, so what was saved stays as it is. Its words can be taken out, with the reason in their place,
-- for a query is public and may say what must not be.

create or replace function refuse_all_but_withdrawal() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if not exists (select from edited) or exists (
    select from original as o full join edited as e using (id)
    where o.withdrawn_at is not null or e.withdrawn_at is null
      or (o.id, o.saved_at, o.account_id) is distinct from (e.id, e.saved_at, e.account_id)
  ) then
    raise exception using errcode = 'insufficient_privilege', constraint = 'saved_queries_stay',
      message = 'update of saved_query refused: a saved query stays as it is, but that it can be withdrawn, once';
  end if;
  return null;
end
$$;
