-- Immutable functions that the tables' generated columns and CHECKs rest on. Changing what one answers means rewriting the
-- columns made with it, in a migration. None is STRICT, though each answers null to null: PostgreSQL folds a function into its
-- caller only where it is not, and unfolded these take ten times as long. Their bodies are parsed here and now (return, begin
-- atomic), so that they find each other whatever the search_path: pg_restore fills the tables without one.

-- The first and the last day that a partial date ("2012", "2012-05", "2012-05-14") can mean. Anything else is an error that
-- names it: a cast would take 'today' and '5 May 2012' as well, and tell another day another time.
create or replace function earliest(partial text) returns date language sql immutable parallel safe
  return case
    when partial ~ '^[0-9]{4}$' then make_date(partial::int, 1, 1)
    when partial ~ '^[0-9]{4}-[0-9]{2}$' then make_date(left(partial, 4)::int, right(partial, 2)::int, 1)
    when partial ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
      make_date(left(partial, 4)::int, substr(partial, 6, 2)::int, right(partial, 2)::int)
    else make_date(partial::int, 0, 0)
  end;

create or replace function latest(partial text) returns date language sql immutable parallel safe
  return case length(partial)
    when 4 then make_date(partial::int, 12, 31)
    when 7 then (earliest(partial) + interval '1 month' - interval '1 day')::date
    else earliest(partial)
  end;

-- Both, so that the later of several is their greatest.
create or replace function span(partial text) returns date[] language sql immutable parallel safe
  return case when partial is not null then array[earliest(partial), latest(partial)] end;

-- A whole day ("2012-05-14"), held to its form as strictly.
create or replace function whole_day(day text) returns date language sql immutable parallel safe
  return case when length(day) = 10 then earliest(day) else make_date(day::int, 0, 0) end;

-- The day by which something dated so is known to have happened: its last possible day, or the day it was reported if that
-- comes first and the report does not speak of the future.
create or replace function happened_by(partial text, reported text) returns date language sql immutable parallel safe
  return case
    when latest(reported) < latest(partial) and latest(reported) >= earliest(partial) then latest(reported)
    else latest(partial)
  end;

-- The same for something that this record says has happened: it had, at the latest, when the record said so, unless it was then
-- told of the future.
create or replace function known_by(partial text, by_day date, said_on date) returns date language sql immutable parallel safe
  return case when by_day is null or said_on < by_day and said_on >= earliest(partial) then said_on else by_day end;

-- "Measure:PHL-0007" is a MEASURE.
create or replace function record_type_of(record_id text) returns text language sql immutable parallel safe
  return upper(regexp_replace(split_part(record_id, ':', 1), '([a-z])([A-Z])', '\1_\2', 'g'));

-- Text without accents, in lower case. unaccent() is neither immutable nor everywhere (RISKS 27).
create or replace function folded(words text) returns text language sql immutable parallel safe
  return lower(regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g'));

create or replace function searchable(title text, rest text) returns tsvector language sql immutable parallel safe
  return setweight(to_tsvector('pg_catalog.english', coalesce(folded(title), '')), 'A')
    || setweight(to_tsvector('pg_catalog.english', coalesce(folded(rest), '')), 'B');

-- A list that names each thing once: no nulls, no repetitions, no lists of lists.
create or replace function each_once(words text[]) returns boolean language sql immutable parallel safe
  return coalesce(array_ndims(words), 1) = 1 and cardinality(words) = (select count(distinct word) from unnest(words) word);

create or replace function cited_source_ids(citations jsonb) returns text[] language sql immutable parallel safe
begin atomic
  select coalesce(array_agg(distinct ('Source:' || (citation ->> 'source')) collate "C"), '{}')
  from jsonb_array_elements(citations) citation;
end;

-- The article that a label such as "3(1)(c)" or "2 (c)" names; none for "preamble" or "1-12 (whole Protocol)".
create or replace function article_number(label text) returns int language sql immutable parallel safe
  return (substring(label from '^([0-9]{1,3})\s*(?:\(|$)'))::int;

create or replace function article_numbers(labels text[]) returns int[] language sql immutable parallel safe
begin atomic
  select coalesce(array_agg(distinct article_number(label)) filter (where article_number(label) is not null), '{}')
  from unnest(labels) label;
end;

-- A key that sorts sections and recommendations as the Guidelines order them: roman numeral, letter, number.
create or replace function place(section_number text, code text) returns text language sql immutable parallel safe
  return lpad(coalesce(array_position(
      '{I,II,III,IV,V,VI,VII,VIII,IX,X,XI,XII,XIII,XIV,XV,XVI,XVII,XVIII,XIX,XX}'::text[],
      split_part(section_number, '.', 1)), 99)::text, 2, '0')
    || split_part(section_number, '.', 2)
    || case when code = '' then ''
       else '-' || lpad(coalesce(substring(code from '-([0-9]{1,4})$'), '9999'), 4, '0') || ' ' || code end;
