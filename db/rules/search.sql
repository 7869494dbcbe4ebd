-- Search: every word that the record holds, and what to look for given a reader's words.

create or replace function keep_known_words() returns trigger language plpgsql as $$
begin
  insert into known_word select distinct unnest(tsvector_to_array(search)) from kept on conflict do nothing;
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
    select string_agg('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''', ' | ') as alternatives
    from (
      select stem as word
      union all
      select near from near(stem) where not exists (select from known_word k where k.word = stem)
    ) found
  ) alternative
$$;
