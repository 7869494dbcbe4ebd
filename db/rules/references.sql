-- What a record refers to must stand in the record as long as the reference does.

-- What the versions that the revisions first to last made refer to, by record id. (A redaction leaves what a version refers to.)
create or replace function record_references(first int, last int)
returns table (id text, known_from int, known_to int, refers_to text) language sql stable as $$
  select id, known_from, known_to, refers_to from (
    select id, known_from, known_to, array['Section:' || section_number] || source_ids as refs from recommendation_version
    union all
    select id, known_from, known_to, array['Section:' || parent_number] from section_version
    union all
    select id, known_from, known_to, source_ids from state_party_version
    union all
    select id, known_from, known_to, source_ids from signatory_version
    union all
    select id, known_from, known_to, array['StateParty:' || state_party_code, 'Instrument:' || instrument_code] || source_ids
      || array(select 'Recommendation:' || code from unnest(recommendation_codes) code) from measure_version
    union all
    select id, known_from, known_to, array['StateParty:' || state_party_code] || source_ids
      || array(select 'Recommendation:' || code from unnest(recommendation_codes) code) from assessment_version
    union all
    select id, known_from, known_to, array['StateParty:' || state_party_code, 'StateParty:' || target_code] || source_ids
      from statement_version
    union all
    select id, known_from, known_to, array['StateParty:' || state_party_code] || source_ids from reporting_event_version
  ) referring cross join lateral unnest(refs) refers_to
  where (id, known_from) in (select record_id, "position" from revision where "position" between first and last)
    and refers_to is not null
$$;

-- The records whose version at a position refers to a record.
create or replace function citing(record text, at int) returns table (id text, refers_to text) language sql stable as $$
  select v.id, record from recommendation_version v where v.known_from <= at and v.known_to > at
    and (v.source_ids @> array[record] or 'Section:' || v.section_number = record)
  union all
  select v.id, record from section_version v where v.known_from <= at and v.known_to > at
    and 'Section:' || v.parent_number = record
  union all
  select v.id, record from state_party_version v where v.known_from <= at and v.known_to > at and v.source_ids @> array[record]
  union all
  select v.id, record from signatory_version v where v.known_from <= at and v.known_to > at and v.source_ids @> array[record]
  union all
  select v.id, record from measure_version v where v.known_from <= at and v.known_to > at
    and (v.source_ids @> array[record] or v.recommendation_codes @> array[split_part(record, ':', 2)]
         and record like 'Recommendation:%' or record = 'StateParty:' || v.state_party_code
         or record = 'Instrument:' || v.instrument_code)
  union all
  select v.id, record from assessment_version v where v.known_from <= at and v.known_to > at
    and (v.source_ids @> array[record] or v.recommendation_codes @> array[split_part(record, ':', 2)]
         and record like 'Recommendation:%' or record = 'StateParty:' || v.state_party_code)
  union all
  select v.id, record from statement_version v where v.known_from <= at and v.known_to > at
    and (v.source_ids @> array[record] or record in ('StateParty:' || v.state_party_code, 'StateParty:' || v.target_code))
  union all
  select v.id, record from reporting_event_version v where v.known_from <= at and v.known_to > at
    and (v.source_ids @> array[record] or record = 'StateParty:' || v.state_party_code)
$$;

-- References of new versions to what did not stand, and of standing versions to what these revisions took away (gone: how).
-- since: where the version that refers begins.
create or replace function dangling_references(first int, last int)
returns table (id text, refers_to text, since int, gone text) language sql stable as $$
  select r.id, r.refers_to, r.known_from, null from record_references(first, last) r
  where not exists (
    select from revision t where t.record_id = r.refers_to and t."position" < r.known_from
      and t.operation not in ('RETRACT', 'MERGE', 'REDACT')
      and not exists (select from revision u where u.record_id = t.record_id and u."position" > t."position"
                      and u."position" < r.known_from and u.operation <> 'REDACT'))
  union all
  select c.id, c.refers_to, gone."position", gone.operation
  from revision gone
  cross join lateral citing(gone.record_id, gone."position") c
  where gone."position" between first and last and gone.operation in ('RETRACT', 'MERGE')
$$;

-- Refuses what would leave a reference to nothing: tells whoever took something away who still refers to it, all of them.
create or replace function refuse_dangling_references(first int, last int) returns void language plpgsql as $$
declare
  dangling record;
begin
  select d.refers_to, d.gone, min(d.since) as since, array_agg(distinct d.id) as ids into dangling
  from dangling_references(first, last) d
  group by d.refers_to, d.gone, case when d.gone is null then d.id end
  order by d.gone nulls last, min(d.since), min(d.id), d.refers_to limit 1;
  if not found then
    return;
  elsif dangling.gone is null then
    raise exception using errcode = 'foreign_key_violation', constraint = 'references_stand', detail = dangling.ids[1],
      message = format('%s refers to %s, which does not stand in the record then', dangling.ids[1], dangling.refers_to)
        || coalesce(': it was merged into ' || survivor_of(dangling.refers_to), '');
  end if;
  raise exception using errcode = 'foreign_key_violation', constraint = 'references_stand', detail = dangling.refers_to,
    message = format('%s cannot be %s while %s%s to it: amend or retract %s first', dangling.refers_to,
                     case dangling.gone when 'MERGE' then 'merged' else 'retracted' end,
                     array_to_string(dangling.ids[:10], ', '),
                     case cardinality(dangling.ids) when 1 then ' refers'
                       else case when cardinality(dangling.ids) > 10 then ' and others' else '' end
                            || format(' (%s records) refer', cardinality(dangling.ids)) end,
                     case cardinality(dangling.ids) when 1 then 'it' else 'these' end);
end
$$;
