-- Merging: of two records of one thing, one ceases to stand, and its id leads to the other from then on.

-- Where a merged record leads; null where it was not merged.
create or replace function survivor_of(record text) returns text language sql stable as $$
  select survivor_id from survivor_version where id = record and known_to = 2147483647
$$;

-- What the merges among the revisions first to last must satisfy: the survivor is another record of the same type and State, which
-- stands then. So nothing is ever merged in a circle, and no State's record leads to another's.
create or replace function admit_merges(first int, last int) returns void language plpgsql as $$
declare
  merged record;
  survivors record;
  states text[];
begin
  for merged in select "position", record_id, record_type, merged_into from revision
                where "position" between first and last and operation = 'MERGE' order by "position" loop
    if merged.record_type not in ('MEASURE', 'ASSESSMENT', 'STATEMENT', 'REPORTING_EVENT', 'SOURCE') then
      raise exception using errcode = 'check_violation', constraint = 'the_catalogue_is_not_merged', detail = merged.record_id,
        message = format('%s cannot be merged: what has a code is the catalogue; retract it, and amend what refers to it',
                         merged.record_id);
    end if;
    select r.operation, r.merged_into into survivors from revision r
    where r.record_id = merged.merged_into and r."position" < merged."position" and r.operation <> 'REDACT'
    order by r."position" desc limit 1;
    if merged.merged_into = merged.record_id or record_type_of(merged.merged_into) <> merged.record_type
       or survivors.operation is null or survivors.operation in ('RETRACT', 'MERGE') then
      raise exception using errcode = 'check_violation', constraint = 'the_survivor_stands', detail = merged.record_id,
        message = format('%s cannot be merged into %s', merged.record_id, merged.merged_into) || case
          when merged.merged_into = merged.record_id then ', which is the same record: name another'
          when record_type_of(merged.merged_into) <> merged.record_type then
            ', which is of another type: name a record of the same'
          when survivors.operation = 'RETRACT' then ', which was retracted: restore it first'
          when survivors.operation = 'MERGE' then ', which was itself merged into ' || coalesce(
            nullif(coalesce(survivor_of(merged.merged_into), survivors.merged_into), merged.record_id) || ': name that', 'it')
          else ', which is not in the record: create it first'
        end;
    end if;
    select array_agg(state order by record = merged.record_id desc) into states from (
      select distinct on (d.record_id) d.record_id as record, d.document::jsonb ->> 'stateParty' as state from documents d
      where d.record_id in (merged.record_id, merged.merged_into) and d."position" <= merged."position"
      order by d.record_id, d."position" desc
    ) of;
    if states[1] <> states[2] then
      raise exception using errcode = 'check_violation', constraint = 'the_survivor_is_of_the_same_state', detail = merged.record_id,
        message = format('%s cannot be merged into %s: it is of %s, and the other of %s. Amend the one whose State is wrong first',
                         merged.record_id, merged.merged_into, states[1], states[2]);
    end if;
  end loop;
end
$$;
