-- Error reports: what anybody pointed out stays as they said it, but for where to reach them; what was answered stays, too, but for
-- the submission that came of it, whose place another takes when it is not published.

create or replace function admit_error_report() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if not exists (select from revision where record_id = new.record_id) then
    raise exception using errcode = 'check_violation', constraint = 'the_record_is_there',
      message = format('%s is not in the record', new.record_id);
  end if;
  if new.state <> 'OPEN' then
    raise exception using errcode = 'check_violation', constraint = 'reports_begin_open',
      message = 'An error report begins open: others answer it';
  end if;
  return new;
end
$$;

create or replace function admit_answer() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if (new.id, new.record_id, new.text, new.source, new.on_behalf_of, new.reported_at)
     is distinct from (old.id, old.record_id, old.text, old.source, old.on_behalf_of, old.reported_at)
     or new.contact is not null and new.contact is distinct from old.contact then
    raise exception using errcode = 'insufficient_privilege', constraint = 'what_was_reported_stays',
      message = format('update of error_report refused: what ErrorReport:%s says stays, but for the contact, which can be erased', old.id);
  end if;
  if old.state <> 'OPEN' and ((new.state, new.answer, new.answered_by, new.answered_at)
     is distinct from (old.state, old.answer, old.answered_by, old.answered_at)
     or new.proposal_id is distinct from old.proposal_id and (new.proposal_id is null
       or not exists (select from proposal where id = old.proposal_id and state in ('REJECTED', 'WITHDRAWN')))) then
    raise exception using errcode = 'check_violation', constraint = 'what_is_decided_stays',
      message = format('ErrorReport:%s is decided: it is %s, and stays so', old.id, lower(old.state));
  end if;
  return new;
end
$$;
