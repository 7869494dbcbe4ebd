-- What readers are told in words: how two documents differ, what became of a record, a coverage state, how to cite a revision.

-- "inForceOn" is labelled "In force on".
create or replace function label_of(field text) returns text language sql immutable parallel safe as $$
  select upper(left(field, 1)) || lower(regexp_replace(substr(field, 2), '([A-Z])', ' \1', 'g'))
$$;

create or replace function shortened(words text) returns text language sql immutable parallel safe as $$
  select case when length(words) > 80 then left(words, 79) || '…' else words end
$$;

create or replace function told(value jsonb) returns text language sql immutable parallel safe as $$
  select case when jsonb_typeof(value) in ('number', 'boolean') then value::text else '"' || shortened(value #>> '{}') || '"' end
$$;

create or replace function says_nothing(value jsonb) returns boolean language sql immutable parallel safe as $$
  select value is null or value in ('null', '[]', '{}', '""')
$$;

-- How a value came to be another, one of which says something: 'changed from "DRAFTED" to "IN_FORCE"'.
create or replace function change_told(was jsonb, is_now jsonb) returns text language sql immutable parallel safe as $$
  select case
    when says_nothing(was) then 'set to ' || told(is_now)
    when says_nothing(is_now) then 'removed (was ' || told(was) || ')'
    else 'changed from ' || told(was) || ' to ' || told(is_now)
  end
$$;

-- Of two lists: which entries came, went and (citations, known by their source) changed. 'added IVC-05; removed IIIA-01'.
create or replace function list_change_told(was jsonb, is_now jsonb) returns text language sql immutable parallel safe as $$
  with entry as (
    select name, jsonb_agg(value order by place) filter (where side = 1) as was,
           jsonb_agg(value order by place) filter (where side = 2) as is_now, min(side * 1000000 + place) as place
    from (
      select 1 as side, value, place from jsonb_array_elements(coalesce(nullif(was, 'null'), '[]')) with ordinality e(value, place)
      union all
      select 2, value, place from jsonb_array_elements(coalesce(nullif(is_now, 'null'), '[]')) with ordinality e(value, place)
    ) sides
    cross join lateral (
      select case when jsonb_typeof(value) = 'object' then coalesce(value ->> 'source', value::text) else value #>> '{}' end as name
    ) named
    group by name
  )
  select coalesce(concat_ws('; ',
    'added ' || shortened(string_agg(name, ', ' order by place) filter (where was is null)),
    'removed ' || shortened(string_agg(name, ', ' order by place) filter (where is_now is null)),
    'changed ' || shortened(string_agg(name, ', ' order by place) filter (where was <> is_now))), '') from entry
$$;

-- Of two objects (names by language): 'FR changed from "…" to "…"'.
create or replace function object_change_told(was jsonb, is_now jsonb) returns text language sql immutable parallel safe as $$
  select string_agg(key || ' ' || change_told(was -> key, is_now -> key), '; ' order by key)
  from (select jsonb_object_keys(coalesce(nullif(was, 'null'), '{}')) as key
        union select jsonb_object_keys(coalesce(nullif(is_now, 'null'), '{}'))) keys
  where was -> key is distinct from is_now -> key
$$;

-- The same of a document's field: what is due has not happened.
create or replace function label_in(document json, field text) returns text language sql immutable parallel safe as $$
  select case when field = 'happenedOn' and right(document ->> 'kind', 4) = '_DUE' then 'Due on' else label_of(field) end
$$;

-- The fields in which two documents differ, in the order of the later one, then those that only the earlier has. Of a record's
-- first document (earlier null) every field that says something; nothing where there is no later one.
create or replace function placed_field_changes(earlier text, later text)
returns table (place bigint, field text, before json, after json, sentence text) language sql immutable as $$
  with side as (
    select coalesce(l.key, e.key) as field, nullif(e.value::jsonb, 'null') as was, nullif(l.value::jsonb, 'null') as is_now,
           coalesce(l.place, 1000000 + e.place) as place
    from json_each(coalesce(earlier, '{}')::json) with ordinality as e(key, value, place)
    full join json_each(later::json) with ordinality as l(key, value, place) on l.key = e.key
    where later is not null
  )
  select place, field, was::json, is_now::json, label_in(later::json, field) || ': ' || case
      when 'array' in (jsonb_typeof(was), jsonb_typeof(is_now)) then
        coalesce(nullif(list_change_told(was, is_now), ''), 'put in another order')
      when 'object' in (jsonb_typeof(was), jsonb_typeof(is_now)) then object_change_told(was, is_now)
      else change_told(was, is_now)
    end || '.'
  from side
  where was is distinct from is_now and not (says_nothing(was) and says_nothing(is_now))
$$;

-- The same in their order.
create or replace function field_changes(earlier text, later text)
returns table (field text, before json, after json, sentence text) language sql immutable as $$
  select field, before, after, sentence from placed_field_changes(earlier, later) order by place
$$;

-- What a redacted revision reads as: the document that the redaction left.
create or replace function left_of(at int) returns text language sql stable as $$
  select document from documents where "position" = at
$$;

-- What became of a record between two of its revisions, neither a redaction, the newest at either end (none before: null); null where
-- the record is as it was. The names of operations; a redaction in between is it where nothing else is left to tell.
create or replace function net_operation(stood text, document_before text, stands text, document text, redacted boolean)
returns text language sql immutable parallel safe as $$
  select case
    when stood is null then case when stands not in ('RETRACT', 'MERGE') then 'CREATE' end
    when stood in ('RETRACT', 'MERGE') and stands not in ('RETRACT', 'MERGE') then 'RESTORE'
    when stood not in ('RETRACT', 'MERGE') and stands in ('RETRACT', 'MERGE') then stands
    when stood not in ('RETRACT', 'MERGE') and document_before <> document then 'AMEND'
    when redacted then 'REDACT'
  end
$$;

-- What a record is called in a sentence: 'Measure “A law” of Chad (Measure:TCD-0007)'. Its document may be gone, its State be none.
create or replace function record_named(record_id text, document jsonb, state_party text) returns text
language sql immutable parallel safe as $$
  select label_of(split_part(record_id, ':', 1))
    || coalesce(' “' || shortened(regexp_replace(
         coalesce(document ->> 'title', document ->> 'heading', document ->> 'name', document ->> 'subject',
                  document #>> '{names,EN}'),
         '\s+', ' ', 'g')) || '”', '')
    || coalesce(' of ' || state_party, '') || ' (' || record_id || ')'
$$;

-- One of the fields in which two documents differ, and how many more there are: 'Title: changed from "a" to "b"; 2 further fields'.
-- Citations and notes are told where nothing else changed. Null where no field differs.
create or replace function fields_summed_up(earlier text, later text) returns text language sql immutable as $$
  select left((array_agg(sentence order by field in ('citations', 'note'), place))[1], -1) || case count(*)
      when 1 then ''
      when 2 then '; 1 further field'
      else format('; %s further fields', count(*) - 1)
    end
  from field_changes(earlier, later) with ordinality as c(field, before, after, sentence, place)
$$;

-- A net difference of a record in a sentence that names it, by net_operation() and what its revisions at both ends read as (earlier
-- null: there was none). survivor: what it was merged into, named; redacted: in between. Never who was right, or whose doing it was.
create or replace function difference_told(operation text, record_id text, earlier text, later text, state_party text,
                                           survivor text, redacted boolean)
returns text language sql immutable as $$
  select record_named(record_id, coalesce(later, earlier)::jsonb, state_party) || ': ' || case operation
      when 'CREATE' then 'New in the record'
      when 'RESTORE' then 'Restored to the record' || coalesce('; ' || fields_summed_up(earlier, later), '')
      when 'RETRACT' then 'Retracted from the record'
      when 'MERGE' then 'Merged into ' || survivor
      when 'REDACT' then 'Redacted, so that some of what it said is no longer shown'
      else coalesce(fields_summed_up(earlier, later), 'Written otherwise, saying the same')
    end || case when redacted and operation <> 'REDACT' then '; redacted, so that some of what it said is no longer shown' else '' end
    || '.'
$$;

-- A coverage state in words. It never judges, and never turns our not knowing into a State's not doing.
create or replace function coverage_sentence(state text, measures int, state_party text, since text) returns text
language sql immutable parallel safe as $$
  select case state
    when 'MEASURE_IN_FORCE' then
      format('At least one measure that bears on this recommendation is reported to be in force in %s%s.', state_party,
             ', since ' || since)
    when 'MEASURE_REPORTED' then
      format('At least one measure that bears on this recommendation is reported to have been announced, drafted or adopted in %s%s;'
             ' this record knows of none in force.', state_party, ', dated ' || since)
    when 'MEASURE_ENDED' then
      format('At least one measure that bears on this recommendation is reported to have ended in %s%s; this record knows of no other'
             ' under way or in force.', state_party, ', dated ' || since)
    when 'NONE_REPORTED' then
      format('The report of %s, as this record''s coders read it, says that there is no measure that bears on this recommendation.',
             state_party)
    when 'NOT_MENTIONED' then
      format('This record''s coders read the report of %s for this recommendation and found it not mentioned; that says nothing about'
             ' what has been done.', state_party)
    when 'REPORT_OVERDUE' then
      format('A source says that the report of %s under article 12 of the Protocol is overdue; that says nothing about what has been'
             ' done.', state_party)
    when 'REPORT_NOT_DUE' then
      format('The report of %s under article 12 of the Protocol is not due yet; that says nothing about what has been done.',
             state_party)
    when 'NOT_YET_CODED' then
      format('Nobody has coded this cell in this record yet; this says nothing about %s.', state_party)
  end || case
    when measures > 1 and state in ('MEASURE_IN_FORCE', 'MEASURE_REPORTED', 'MEASURE_ENDED')
      then format(' In all, %s measures in this record bear on it.', measures)
    else ''
  end
$$;

-- Text as BibTeX takes it: what TeX would read as a command is written out, and braces stay balanced.
create or replace function in_bibtex(words text) returns text language sql immutable parallel safe as $$
  select replace(replace(replace(replace(replace(
           regexp_replace(translate(words, '\{}~^', E'\x01\x02\x03\x04\x05'), '([&%$#_])', '\\\1', 'g'),
           E'\x01', '\textbackslash{}'), E'\x02', '\textbraceleft{}'), E'\x03', '\textbraceright{}'),
           E'\x04', '\textasciitilde{}'), E'\x05', '\textasciicircum{}')
$$;

-- How to cite a revision of a record, so that it can be found and checked: TEXT, BIBTEX or CSL_JSON. title may be null.
create or replace function revision_citation(style text, title text, number int, record_id text, recorded_at timestamptz,
                                             document_hash text, permalink text)
returns text language sql immutable parallel safe as $$
  select case style
    when 'TEXT' then
      format('OPSC Tracker (%s). %s%s, revision %s, recorded on %s. %s (SHA-256 %s)', part.year,
             '“' || one_line || '”, ', record_id, number, on_day, permalink, document_hash)
    when 'BIBTEX' then
      format(E'@misc{opsc-%s-%s,\n  author = {{OPSC Tracker}},\n  title = {{%s}},\n  year = {%s},\n  note = {%s},\n  url = {%s}\n}',
             regexp_replace(record_id, '[^A-Za-z0-9]+', '-', 'g'), number, in_bibtex(coalesce(one_line, record_id)), part.year,
             in_bibtex(format('%s, revision %s, recorded on %s, SHA-256 %s', record_id, number, on_day, document_hash)), permalink)
    when 'CSL_JSON' then
      json_build_array(json_build_object(
        'id', record_id || '/' || number, 'type', 'dataset', 'title', coalesce(one_line, record_id),
        'author', json_build_array(json_build_object('literal', 'OPSC Tracker')),
        'issued', json_build_object('date-parts', json_build_array(json_build_array(part.year, part.month, part.day))),
        'version', number::text, 'URL', permalink, 'note', record_id || ', SHA-256 ' || document_hash))::text
  end
  from (
    select extract(year from utc)::int as year, extract(month from utc)::int as month, extract(day from utc)::int as day
    from (select recorded_at at time zone 'UTC' as utc) moment
  ) part
  cross join lateral (
    select year || '-' || lpad(part.month::text, 2, '0') || '-' || lpad(part.day::text, 2, '0') as on_day,
           regexp_replace(title, '\s+', ' ', 'g') as one_line
  ) spelt
$$;
