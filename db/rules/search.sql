-- Search: every word that the record holds, and what to look for given a reader's words.

-- The query that looks for one stem as it is.
create or replace function lexeme(stem text) returns tsquery language sql immutable parallel safe as $$
  select ('''' || replace(replace(stem, '\', '\\'), '''', '''''') || '''')::tsquery
$$;

create or replace function keep_known_words() returns trigger language plpgsql as $$
begin
  insert into known_word select distinct unnest(tsvector_to_array(search)) from kept on conflict do nothing;
  return null;
end
$$;

-- Versions go only when their record is redacted; with them go the words that no other version holds.
create or replace function forget_words() returns trigger language plpgsql as $$
begin
  delete from known_word
  where word in (select unnest(tsvector_to_array(search)) from gone)
    and not exists (select from state_party_version where search @@ lexeme(word))
    and not exists (select from section_version where search @@ lexeme(word))
    and not exists (select from instrument_version where search @@ lexeme(word))
    and not exists (select from recommendation_version where search @@ lexeme(word))
    and not exists (select from measure_version where search @@ lexeme(word))
    and not exists (select from assessment_version where search @@ lexeme(word))
    and not exists (select from statement_version where search @@ lexeme(word))
    and not exists (select from source_version where search @@ lexeme(word));
  return null;
end
$$;

-- What to look for, given a reader's words: all of them, each by its stem; a word that nothing holds is led to the nearest known.
do $do$
begin
  if exists (select from pg_available_extensions where name = 'pg_trgm') then
    begin
      create extension if not exists pg_trgm;
    exception when insufficient_privilege then
      raise notice 'pg_trgm may not be made here: search stays exact';
    end;
  end if;
  if exists (select from pg_extension where extname = 'pg_trgm') then
    create index if not exists known_word_trigrams on known_word using gin (word gin_trgm_ops);
    create or replace function near(stem text) returns setof text language sql stable as $$
      select word from known_word where word % stem order by similarity(word, stem) desc fetch first row with ties
    $$;
  else
    create or replace function near(stem text) returns setof text language sql stable as $$
      select word from known_word where false
    $$;
  end if;
end
$do$;

create or replace function search_query(words text) returns tsquery language sql stable as $$
  select coalesce(string_agg('(' || alternatives || ')', ' & '), '')::tsquery
  from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', folded(words)))) stem
  cross join lateral (
    select string_agg(lexeme(word)::text, ' | ') as alternatives
    from (
      select stem as word
      union all
      select near from near(stem) where not exists (select from known_word k where k.word = stem)
    ) found
  ) alternative
$$;
