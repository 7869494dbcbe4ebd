-- The guards: history is added, never edited; projections follow the log; the application writes through publish() alone.

create or replace function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'insufficient_privilege', constraint = 'history_is_added_never_edited',
    message = format('%s of %s refused: history is added, never edited', tg_op, tg_table_name);
end
$$;

-- Revisions and submissions are written by who holds the log's lock: publish() does. Whoever takes it by hand still has to satisfy
-- admit_revisions(). Checkpoints and keys likewise: keep_checkpoint(), admit_checkpoint(), admit_log_key().
create or replace function refuse_entry_without_lock() returns trigger language plpgsql as $$
begin
  if not exists (select from pg_locks where locktype = 'advisory' and classid = 2019 and objid = 156 and objsubid = 2
                 and mode = 'ExclusiveLock' and granted and pid = pg_backend_pid()) then
    raise exception using errcode = 'insufficient_privilege', constraint = 'revisions_enter_by_publish',
      message = format('%s of %s refused: %s alone', tg_op, tg_table_name, case
        when tg_table_name in ('checkpoint', 'log_key') then 'checkpoints enter through keep_checkpoint()'
        else 'revisions enter the log through publish()' end);
  end if;
  return null;
end
$$;

-- Projections are written from inside the trigger of revision alone: one level down.
create or replace function refuse_direct_write() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception using errcode = 'insufficient_privilege', constraint = 'projections_follow_the_log',
      message = format('%s of %s refused: it is kept from the log by the database itself', tg_op, tg_table_name);
  end if;
  return null;
end
$$;

do $do$
declare
  guarded text;
begin
  create or replace trigger revisions_are_projected after insert on revision
    referencing new table as published for each statement execute function admit_revisions();
  create or replace trigger revisions_enter_by_publish before insert on revision
    for each statement execute function refuse_entry_without_lock();
  create or replace trigger submissions_enter_by_publish before insert on submission
    for each statement execute function refuse_entry_without_lock();
  create or replace trigger revisions_are_never_edited before delete or truncate on revision
    for each statement execute function refuse_rewriting();
  create or replace trigger revisions_are_edited_by_redaction_alone after update on revision
    referencing old table as original new table as edited for each statement execute function refuse_editing();
  create or replace trigger submissions_are_never_edited before update or delete or truncate on submission
    for each statement execute function refuse_rewriting();
  for guarded in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
                 and (relname like '%\_version' and relname <> 'alembic_version' or relname like 'coverage\_by\_%' or relname in ('known_word', 'tree_node')) loop
    execute format('create or replace trigger projections_follow_the_log before insert or update or delete or truncate on %I '
                   'for each statement execute function refuse_direct_write()', guarded);
    if exists (select from pg_attribute where attrelid = guarded::regclass and attname = 'search') then
      execute format('create or replace trigger words_become_known after insert on %I referencing new table as kept '
                     'for each statement execute function keep_known_words()', guarded);
      execute format('create or replace trigger words_are_forgotten after delete on %I referencing old table as gone '
                     'for each statement execute function forget_words()', guarded);
    end if;
  end loop;
  create or replace trigger checkpoints_enter_by_keep_checkpoint before insert on checkpoint
    for each statement execute function refuse_entry_without_lock();
  create or replace trigger log_keys_enter_by_keep_checkpoint before insert on log_key
    for each statement execute function refuse_entry_without_lock();
  create or replace trigger checkpoints_are_admitted before insert on checkpoint for each row execute function admit_checkpoint();
  create or replace trigger log_keys_are_admitted before insert on log_key for each row execute function admit_log_key();
  create or replace trigger checkpoints_are_never_edited before update or delete or truncate on checkpoint
    for each statement execute function refuse_rewriting();
  create or replace trigger log_keys_are_never_edited before update or delete or truncate on log_key
    for each statement execute function refuse_rewriting();
  create or replace trigger proposals_are_admitted before insert on proposal for each row execute function admit_proposal();
  create or replace trigger decisions_are_admitted before update on proposal for each row execute function admit_decision();
  create or replace trigger proposals_are_never_taken_out before delete or truncate on proposal
    for each statement execute function refuse_rewriting();
  create or replace trigger rounds_are_never_edited before delete or truncate on proposal_round
    for each statement execute function refuse_rewriting();
  create or replace trigger rounds_are_withheld_at_most after update on proposal_round
    referencing old table as original new table as edited
    for each statement execute function refuse_all_but_withholding('internal_note');
  create or replace trigger proposed_changes_are_never_edited before delete or truncate on proposed_change
    for each statement execute function refuse_rewriting();
  create or replace trigger proposed_changes_are_edited_by_redaction_alone after update on proposed_change
    referencing old table as original new table as edited for each statement execute function refuse_rewording();
  create or replace trigger reviews_are_never_edited before delete or truncate on review
    for each statement execute function refuse_rewriting();
  create or replace trigger reviews_are_withheld_at_most after update on review
    referencing old table as original new table as edited
    for each statement execute function refuse_all_but_withholding('text');
  create or replace trigger comments_are_never_edited before delete or truncate on comment
    for each statement execute function refuse_rewriting();
  create or replace trigger comments_are_withheld_at_most after update on comment
    referencing old table as original new table as edited
    for each statement execute function refuse_all_but_withholding('text');
  create or replace trigger error_reports_are_admitted before insert on error_report
    for each row execute function admit_error_report();
  create or replace trigger answers_are_admitted before update on error_report for each row execute function admit_answer();
  create or replace trigger error_reports_are_never_taken_out before delete or truncate on error_report
    for each statement execute function refuse_rewriting();
  create or replace trigger saved_queries_are_never_taken_out before delete or truncate on saved_query
    for each statement execute function refuse_rewriting();
  create or replace trigger saved_queries_are_withdrawn_at_most after update on saved_query
    referencing old table as original new table as edited for each statement execute function refuse_all_but_withdrawal();
  create or replace trigger webhooks_are_admitted before insert on webhook for each row execute function admit_webhook();
  revoke all on function note_use(int) from public;
  revoke all on function account_of_subject(text, text, text, text) from public;
  revoke all on function keep_checkpoint(int, text, text) from public;
  revoke all on function replace_log_key(text, text) from public;
  revoke all on function adopt_log_key(text, text) from public;
  revoke all on function add_log_key(text, text, text[]) from public;
  revoke all on function publish(text, text, text, text, text[], text[], text[], text[], text[], text[]) from public;
  if exists (select from pg_roles where rolname = 'opsc') then
    grant usage on schema public to opsc;
    grant select on all tables in schema public to opsc;
    grant execute on function publish(text, text, text, text, text[], text[], text[], text[], text[], text[]) to opsc;
    grant execute on function keep_checkpoint(int, text, text) to opsc;
    revoke select on account_person from opsc;
    grant execute on function note_use(int) to opsc;
    grant execute on function account_of_subject(text, text, text, text) to opsc;
    grant insert on proposal, proposal_round, proposed_change, review, comment to opsc;
    grant update (state, round, submission_id, decided_at) on proposal to opsc;
    grant insert on error_report to opsc;
    grant insert (id, content, document_hash, saved_at, account_id) on saved_query to opsc;
    grant insert, delete on webhook, webhook_delivery to opsc;
    grant update (secret, secret_before, secret_before_until, position, valid, next_attempt_at, leased_until, disabled_at,
                  disabled_because) on webhook to opsc;
    grant update (state, attempts, attempted_at, outcome) on webhook_delivery to opsc;
    grant update (state, answer, answered_by, answered_at, proposal_id, contact) on error_report to opsc;
  end if;
end
$do$;
