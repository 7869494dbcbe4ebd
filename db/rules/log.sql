-- The log: how revisions enter it, in one way only, and what they must satisfy.

-- A submission enters the log: all of it or nothing. Documents come canonical (RFC 8785); envelopes are made here, under the lock
-- that gives positions their order. survivors: into what a MERGE merges; redactions: the positions that a REDACT names, as '{7,9}';
-- null in both for the other operations. Answers the submission and its first and last position.
create or replace function publish(title text, reason text, author text, reviewer text, operations text[], record_ids text[],
                                   kinds text[], documents text[], survivors text[], redactions text[])
returns table (submission int, first_position int, last_position int)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  told_at timestamptz;
  newest record;
  made int;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = 'invalid_transaction_state', constraint = 'publishing_reads_committed',
      message = 'publish() needs a READ COMMITTED transaction: in any other it could not see the log''s newest position';
  end if;
  perform pg_advisory_xact_lock(2019, 156);
  perform set_config('idle_in_transaction_session_timeout', '10s', true);   -- the lock is never left lying about
  select "position", recorded_at into newest from revision order by "position" desc limit 1;
  told_at := greatest(clock_timestamp(), newest.recorded_at + interval '1 microsecond');

  made := coalesce((select max(id) from submission), 0) + 1;   -- not a sequence's: what is refused leaves no gap
  insert into submission (id, title, reason, author, reviewer, published_at)
  values (made, publish.title, publish.reason, publish.author, publish.reviewer, told_at);

  insert into revision ("position", record_type, record_id, number, operation, kind, reason, author, reviewer, submission_id,
                        recorded_at, merged_into, redacts, document, salt, document_hash, envelope, leaf_hash)
  select e."position", e.record_type, e.record_id, e.number, e.operation, e.kind, publish.reason, publish.author,
         publish.reviewer, made, told_at, e.merged_into, e.redacts, e.document, e.salt, e.document_hash, e.envelope,
         sha256('\x00'::bytea || convert_to(e.envelope, 'UTF8'))
  from (
    select h.*, envelope(publish.author, h.document_hash, h.kind, h.merged_into, h.number, h.operation, h."position",
                         publish.reason, h.record_id, h.record_type, told_at, h.redacts, publish.reviewer, made) as envelope
    from (
      select c.*, sha256(c.salt || convert_to(c.document, 'UTF8')) as document_hash
      from (
        select coalesce(newest."position", 0) + c.place::int as "position", record_type_of(c.record_id) as record_type,
               c.record_id, c.operation, c.kind, c.document, c.survivor as merged_into, c.redacts::int[] as redacts,
               uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt,
               coalesce((select max(r.number) from revision r where r.record_id = c.record_id), 0)
                 + row_number() over (partition by c.record_id order by c.place)::int as number
        from unnest(operations, record_ids, kinds, documents, survivors, redactions) with ordinality
          as c(operation, record_id, kind, document, survivor, redacts, place)
        offset 0   -- a fence: each salt is drawn once
      ) c
    ) h
  ) e
  order by e."position";

  if cardinality(operations) > 500 then   -- so much at once makes the planner's statistics wrong
    analyze revision, state_party_version, signatory_version, section_version, article_version, instrument_version,
            recommendation_version, measure_version, assessment_version, statement_version, reporting_event_version,
            source_version, survivor_version, coverage_version, known_word;
  end if;
  perform pg_notify('published', (coalesce(newest."position", 0) + cardinality(operations))::text);
  return query select made, coalesce(newest."position", 0) + 1, coalesce(newest."position", 0) + cardinality(operations);
end
$$;

-- RFC 3339 in UTC, six digits of a second, Z.
create or replace function moment(at timestamptz) returns text language sql stable parallel safe as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- The public envelope of a revision, exactly as RFC 8785 writes it: keys in order, no spaces, moments with six digits and Z.
create or replace function envelope(author text, document_hash bytea, kind text, merged_into text, number int, operation text,
                                    "position" int, reason text, record_id text, record_type text, recorded_at timestamptz,
                                    redacts int[], reviewer text, submission int)
returns text language sql stable as $$
  select '{"author":' || to_json(author)
    || ',"documentHash":"' || encode(document_hash, 'hex')
    || '","format":1,"kind":' || to_json(kind)
    || ',"mergedInto":' || coalesce(to_json(merged_into)::text, 'null')
    || ',"number":' || number
    || ',"operation":' || to_json(operation)
    || ',"position":' || "position"
    || ',"reason":' || to_json(reason)
    || ',"recordId":' || to_json(record_id)
    || ',"recordType":' || to_json(record_type)
    || ',"recordedAt":"' || moment(recorded_at)
    || '","redacts":' || coalesce(array_to_json(redacts)::text, 'null')
    || ',"reviewer":' || coalesce(to_json(reviewer)::text, 'null')
    || ',"submission":' || submission || '}'
$$;

-- What revisions must satisfy, however they come; and with them the projections follow.
create or replace function admit_revisions() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  at_fault record;
  first int;
  last int;
  counted int;
begin
  select min("position"), max("position"), count(*) into first, last, counted from published;
  if counted = 0 then
    return null;
  end if;
  if last - first + 1 <> counted or first <> 1 + coalesce((select max("position") from revision where "position" < first), 0)
  then
    raise exception using errcode = 'check_violation', constraint = 'positions_run_without_gaps',
      message = 'positions must follow the log''s last one';
  end if;

  -- each follows what stood before it, tells the moment of its submission, and its envelope tells its columns
  select p.*, case
      when p.operation <> 'REDACT' and (p.operation = 'CREATE') <> (p.operation_before is null)
        or p.operation in ('AMEND', 'RETRACT', 'MERGE') and p.operation_before in ('RETRACT', 'MERGE')
        or p.operation = 'RESTORE' and p.operation_before <> 'RETRACT' then 'operations_follow_each_other'
      when p.document is null and not exists (   -- a backup's revisions enter with the redactions that took their documents
        select from published d where d.operation = 'REDACT' and d.record_id = p.record_id and d.redacts @> array[p."position"]
      ) then 'revisions_enter_whole'
      when p.number <> p.number_before + 1 then 'numbers_run_without_gaps'
      when p.recorded_at is distinct from s.published_at or p.recorded_at <= p.recorded_before then 'moments_never_go_back'
      when p.envelope <> envelope(p.author, p.document_hash, p.kind, p.merged_into, p.number, p.operation, p."position",
                                  p.reason, p.record_id, p.record_type, p.recorded_at, p.redacts, p.reviewer, p.submission_id)
        then 'envelope_tells_the_columns'
    end as broken
  into at_fault
  from (
    select p.*, coalesce(lag(p.operation) over (partition by p.record_id, p.operation = 'REDACT' order by p."position"),
                         before.operation) as operation_before,   -- a redaction changes nothing of what may follow
           coalesce(lag(p.number) over of_record, before.number, 0) as number_before,
           (select r.recorded_at from revision r where r."position" = first - 1) as recorded_before
    from published p
    left join lateral (
      select max(r.number) as number,
             (array_agg(r.operation order by r."position" desc) filter (where r.operation <> 'REDACT'))[1] as operation
      from revision r where r.record_id = p.record_id and r."position" < first
    ) before on true
    window of_record as (partition by p.record_id order by p."position")
  ) p
  left join submission s on s.id = p.submission_id
  order by broken nulls last, p."position" limit 1;
  if at_fault.broken = 'operations_follow_each_other' then
    raise exception using errcode = 'check_violation', constraint = at_fault.broken,
      message = format('%s cannot be followed by %s: %s', coalesce(at_fault.operation_before, 'nothing'), at_fault.operation,
                       at_fault.record_id) || coalesce(', which was merged into ' || survivor_of(at_fault.record_id), ''),
      detail = at_fault.record_id;
  elsif at_fault.broken is not null then
    raise exception using errcode = 'check_violation', constraint = at_fault.broken,
      message = format('revision %s of %s breaks the rule %s', at_fault.number, at_fault.record_id, at_fault.broken),
      detail = at_fault.record_id;
  end if;

  perform admit_merges(first, last);
  perform admit_redactions(first, last);
  perform grow_tree(first, last);
  perform project(first, last);
  perform refuse_dangling_references(first, last);   -- what a version refers to stands at each position at which it stands
  return null;
end
$$;
