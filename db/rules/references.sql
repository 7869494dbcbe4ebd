-- What a record refers to must stand in the record as long as the reference does.

-- What the versions that the revisions first to last made refer to, by record id.
create or replace function record_references(first int, last int)
returns table (id text, known_from int, refers_to text) language sql stable as $$
  select id, known_from, refers_to from (
    select id, known_from, array['Section:' || section_number] || source_ids as refs from recommendation_version
    union all
    select id, known_from, array['Section:' || parent_number] from section_version
    union all
    select id, known_from, source_ids from state_party_version
    union all
    select id, known_from, source_ids from signatory_version
    union all
    select id, known_from, array['StateParty:' || state_party_code, 'Instrument:' || instrument_code] || source_ids
      || array(select 'Recommendation:' || code from unnest(recommendation_codes) code) from measure_version
    union all
    select id, known_from, array['StateParty:' || state_party_code] || source_ids
      || array(select 'Recommendation:' || code from unnest(recommendation_codes) code) from assessment_version
    union all
    select id, known_from, array['StateParty:' || state_party_code, 'StateParty:' || target_code] || source_ids
      from statement_version
    union all
    select id, known_from, array['StateParty:' || state_party_code] || source_ids from reporting_event_version
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

-- References of new versions to what did not stand, and of standing versions to what these revisions took away.
create or replace function dangling_references(first int, last int)
returns table (id text, refers_to text) language sql stable as $$
  select r.id, r.refers_to from record_references(first, last) r
  where not exists (
    select from revision t where t.record_id = r.refers_to and t."position" < r.known_from
      and t.operation not in ('RETRACT', 'MERGE')
      and not exists (select from revision u where u.record_id = t.record_id and u."position" > t."position"
                      and u."position" < r.known_from))
  union all
  select c.id, c.refers_to
  from revision gone
  cross join lateral citing(gone.record_id, gone."position") c
  where gone."position" between first and last and gone.operation in ('RETRACT', 'MERGE')
$$;
