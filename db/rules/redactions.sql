-- Redaction: words that must not be public leave the log; that they were there, who took them out and why stays provable.

-- The revisions whose documents go by the redactions among the revisions first to last.
create or replace function named_in_redactions(first int, last int) returns table ("position" int) language sql stable as $$
  select unnest(redacts) from revision where operation = 'REDACT' and "position" between first and last
$$;

-- The fields of a type's documents that say something in words. What the others say is coded: a redaction leaves it.
create or replace function words_of(type text) returns text[] language sql immutable parallel safe as $$
  select case type
    when 'STATE_PARTY' then '{names,note}'
    when 'SIGNATORY' then '{name,note}'
    when 'SECTION' then '{heading,note}'
    when 'ARTICLE' then '{subject,summary}'
    when 'INSTRUMENT' then '{name,kind,body,url,relevance,namedInGuidelines,note}'
    when 'RECOMMENDATION' then '{title,text,paragraphs,certainty,basis,note}'
    when 'MEASURE' then '{title,summary,dateBasis,note}'
    when 'ASSESSMENT' then '{assessor,criterion,summary}'
    when 'STATEMENT' then '{dateBasis,summary,evidence,note}'
    when 'REPORTING_EVENT' then '{documentSymbol}'
    when 'SOURCE' then '{title,publisher,symbol,url,readAt,archivedUrl,language,licence}'
  end::text[]
$$;

-- Citations without what their words say: the sources cited, in their order.
create or replace function sources_cited(citations jsonb) returns jsonb language sql immutable parallel safe as $$
  select jsonb_agg(case jsonb_typeof(citation) when 'object' then (
    select jsonb_object_agg(key, case when key in ('locator', 'note') and jsonb_typeof(value) in ('string', 'null') then 'true'
                                      else value end)
    from jsonb_each(citation)) else citation end order by place)
  from jsonb_array_elements(case jsonb_typeof(citations) when 'array' then citations else '[]' end)
    with ordinality as c(citation, place)
$$;

-- What a redaction must not do to a field of a document, as the end of a sentence; null where it may: was becomes is_now.
create or replace function more_than_words(field text, type text, was jsonb, is_now jsonb) returns text
language sql immutable as $$
  select case
    when is_now is null then 'leaves out ' || field
    when was is null then format('adds %s, which was not there', field)
    when field = 'citations' then
      case when sources_cited(was) is distinct from sources_cited(is_now) or jsonb_typeof(is_now) <> jsonb_typeof(was)
        then 'changes more of the citations than their words' end
    when field <> all (words_of(type)) then case when was <> is_now then 'changes ' || field end
    when jsonb_typeof(was) = 'object' then
      case when jsonb_typeof(is_now) <> 'object' or exists (
        select from jsonb_each(is_now) one where jsonb_typeof(one.value) <> 'string' or not was ? one.key
      ) then format('leaves in %s something other than words by language', field) end
    when jsonb_typeof(is_now) not in ('string', 'null') then format('leaves in %s something other than words', field)
  end
$$;

-- What is left of a text of a proposal: where it says what was redacted, what was left of that; by language, each its own.
create or replace function left_of_text(said json, was jsonb, is_now json) returns text language sql immutable as $$
  select case
    when was is null or is_now is null or was in ('null', '""') then said::text
    when said::jsonb = was then is_now::text
    when json_typeof(said) = 'object' and jsonb_typeof(was) = 'object' and json_typeof(is_now) = 'object' then (
      select '{' || coalesce(string_agg(to_json(key)::text || ':' || case when value::jsonb = was -> key then (is_now -> key)::text
                                                                         else value::text end, ',' order by place), '') || '}'
      from json_each(said) with ordinality as e(key, value, place)
      where value::jsonb is distinct from was -> key or is_now -> key is not null)   -- a language may have gone altogether
    else said::text
  end
$$;

-- The same of citations: of each, what is left of the words of those of its source.
create or replace function left_of_citations(said json, was jsonb, is_now json) returns text language sql immutable as $$
  select '[' || coalesce(string_agg(case json_typeof(citation) when 'object' then (
      select '{' || coalesce(string_agg(to_json(key)::text || ':' || coalesce((
          select (n.citation -> key)::text
          from jsonb_array_elements(case jsonb_typeof(was) when 'array' then was else '[]' end) with ordinality as w(citation, place)
          join json_array_elements(case json_typeof(is_now) when 'array' then is_now else '[]' end) with ordinality
            as n(citation, place) using (place)
          where key in ('locator', 'note') and w.citation ->> 'source' = regexp_replace(c.citation ->> 'source', '^Source:', '')
            and w.citation -> key = value::jsonb and w.citation -> key not in ('null', '""')
            and w.citation -> key <> (n.citation -> key)::jsonb
          order by place limit 1), value::text), ',' order by place), '') || '}'
      from json_each(citation) with ordinality as e(key, value, place)) else citation::text end, ',' order by c.place), '') || ']'
  from json_array_elements(said) with ordinality as c(citation, place)
$$;

-- The same of a document, whose fields stay in their order: exactly what was left where all of it is what was redacted.
create or replace function left_of_document(said json, type text, was jsonb, is_now json) returns text language sql immutable as $$
  select case when said::jsonb = was then is_now::text else (
    select '{' || coalesce(string_agg(to_json(key)::text || ':' || case
        when key = 'citations' and json_typeof(value) = 'array' then
          left_of_citations(value, was -> 'citations', is_now -> 'citations')
        when key = any (words_of(type)) then left_of_text(value, was -> key, is_now -> key)
        else value::text end, ',' order by place), '') || '}'
    from json_each(said) with ordinality as e(key, value, place)) end
$$;

-- The words that the revisions first to last redact go from what was proposed of their records, too, in every round and whatever
-- became of it. A published change then says what its revision reads as; any other says, in each field that says what a redacted
-- revision said there, what was left of that. What waits is no longer what was accepted, and is refused as such.
create or replace function redact_proposals(first int, last int) returns void language plpgsql as $$
declare
  change record;
  pair record;
  left_document text;
  left_given text;
  left_citations text;
begin
  for change in
    select c.*, p.state, r."position" as own, r.document::jsonb = c.document::jsonb as own_words, d.document as reads
    from proposed_change c join proposal p on p.id = c.proposal_id
    left join revision r on r.submission_id = p.submission_id and r.record_id = c.record_id and r.operation <> 'REDACT'
      and p.round = c.round
    left join documents d on d."position" = r."position"
    where c.record_id in (select redacted_records(first, last))
    order by c.proposal_id, c.round, c.place
  loop
    continue when change.reads::jsonb = change.document::jsonb;   -- nothing but what its revision says still, or by now
    left_document := case when change.own_words then change.reads else change.document end;
    left_citations := change.citations::text;
    for pair in
      select o.document::jsonb as was, d.document::json as is_now
      from revision d join revision o on o."position" = any (d.redacts)
      where d.operation = 'REDACT' and d.record_id = change.record_id and d."position" between first and last
        and o.document is not null
      order by o.document::jsonb = change.document::jsonb desc, d."position", o."position"
    loop
      if change.own_words is not true then
        left_document := left_of_document(left_document::json, change.record_type, pair.was, pair.is_now);
      end if;
      left_citations := left_of_citations(left_citations::json, pair.was -> 'citations', pair.is_now -> 'citations');
    end loop;
    select case when change.given is not null then '{' || coalesce(string_agg(to_json(key)::text || ':' || case
        when (left_document::jsonb -> key) is distinct from (change.document::jsonb -> key) then (left_document::json -> key)::text
        else value::text end, ',' order by place), '') || '}' end
    into left_given from json_each(change.given::json) with ordinality as e(key, value, place);
    if left_document <> change.document or left_given <> change.given or left_citations::jsonb <> change.citations then
      update proposed_change c set document = left_document, given = left_given, citations = left_citations::jsonb
      where (c.proposal_id, c.round, c.place) = (change.proposal_id, change.round, change.place);
    end if;
  end loop;
end
$$;

-- What the redactions among the revisions first to last must satisfy; with that the words go. Each names earlier revisions of its
-- record whose documents are still there, and what it leaves says the same but for words: no fact is ever redacted, so that what
-- the record knew of a State at any moment stays as it was.
create or replace function admit_redactions(first int, last int) returns void language plpgsql as $$
declare
  broken record;
begin
  if not exists (select from redacted_records(first, last)) then
    return;
  end if;

  select d.record_id, case
      when cardinality(d.redacts) = 0 then 'names no revision: name at least one'
      when named."position" is null then 'cannot name an unknown position: name positions of revisions'
      when o."position" is null then format('names position %s, where the record has no earlier revision', named."position")
      when again."position" = d."position" then format('names position %s twice', named."position")
      when again."position" is not null then
        format('names position %s, which was redacted before', named."position")
    end as sentence
  into broken
  from revision d
  left join lateral unnest(d.redacts) with ordinality as named("position", place) on true
  left join revision o on o."position" = named."position" and o.record_id = d.record_id and o."position" < d."position"
  left join lateral (
    select a."position" from revision a cross join lateral unnest(a.redacts) with ordinality as other("position", place)
    where a.operation = 'REDACT' and a.record_id = d.record_id and other."position" = named."position"
      and (a."position", other.place) < (d."position", named.place) limit 1
  ) again on true
  where d.operation = 'REDACT' and d."position" between first and last
  order by sentence nulls last, d."position", named."position" limit 1;
  if broken.sentence is not null then
    raise exception using errcode = 'check_violation', constraint = 'redactions_name_what_is_there', detail = broken.record_id,
      message = format('the redaction of %s %s', broken.record_id, broken.sentence);
  end if;

  select d.record_id, d.record_type, o."position", more_than_words(f.field, d.record_type, o.said -> f.field, d.left -> f.field)
    as sentence
  into broken
  from (select *, document::jsonb as left from revision where "position" between first and last and operation = 'REDACT') d
  join (select *, document::jsonb as said from revision) o on o."position" = any (d.redacts)
  cross join lateral (select jsonb_object_keys(o.said || d.left) as field) f
  where o.document is not null and d.document is not null
    and more_than_words(f.field, d.record_type, o.said -> f.field, d.left -> f.field) is not null
  order by d."position", o."position", f.field limit 1;
  if found then
    raise exception using errcode = 'check_violation', constraint = 'redactions_take_words_alone', detail = broken.record_id,
      message = format('the redaction of %s %s at position %s: it can change %s and the words of citations; all else stays as it'
                       ' was, and is corrected by amending the record', broken.record_id, broken.sentence, broken."position",
                       array_to_string(words_of(broken.record_type), ', '));
  end if;

  perform redact_proposals(first, last);   -- while the words are still there to be found
  if exists (select from named_in_redactions(first, last) n join revision r using ("position") where r.document is not null) then
    update revision set document = null, salt = null
    where "position" in (select "position" from named_in_redactions(first, last)) and document is not null;
  end if;
end
$$;

-- The log is never edited, but for this: document and salt, and nothing else, go of revisions that are named by a redaction of the
-- newest submission, while it is admitted. Judged by what the log holds: a setting could be faked.
create or replace function refuse_editing() returns trigger language plpgsql as $$
begin
  if not exists (select from edited) or exists (
    select from edited e full join original o using ("position")
    where to_jsonb(e) - array['document', 'salt'] is distinct from to_jsonb(o) - array['document', 'salt']
      or e.document is not null or e.salt is not null or o.document is null
      or not exists (select from revision d where d.operation = 'REDACT' and d.record_id = o.record_id
                     and d.redacts @> array[o."position"] and d.submission_id = (select max(id) from submission))
  ) then
    raise exception using errcode = 'insufficient_privilege', constraint = 'history_is_added_never_edited',
      message = format('%s of %s refused: history is added, never edited', tg_op, tg_table_name);
  end if;
  return null;
end
$$;

-- What was proposed is never edited either, but for this: words go from changes to the records that the newest submission redacts,
-- from inside the trigger that admits it.
create or replace function refuse_rewording() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 or not exists (select from edited) or exists (
    select from edited e full join original o using (proposal_id, round, place)
    where to_jsonb(e) - array['document', 'given', 'citations'] is distinct from to_jsonb(o) - array['document', 'given', 'citations']
      or not exists (select from revision d where d.operation = 'REDACT' and d.record_id = o.record_id
                     and d.submission_id = (select max(id) from submission))
      or exists (select from jsonb_object_keys(o.document::jsonb || e.document::jsonb) as field
                 where more_than_words(field, o.record_type, o.document::jsonb -> field, e.document::jsonb -> field) is not null)
      or sources_cited(e.citations) is distinct from sources_cited(o.citations)
      or array(select jsonb_object_keys(e.given::jsonb)) <> array(select jsonb_object_keys(o.given::jsonb))
  ) then
    raise exception using errcode = 'insufficient_privilege', constraint = 'history_is_added_never_edited',
      message = format('%s of %s refused: history is added, never edited', tg_op, tg_table_name);
  end if;
  return null;
end
$$;

-- What people said beside the log is not reworded, but can be withheld: in the place of a text then stands that it is, by whom and
-- why. tg_argv: the columns of which that is so.
create or replace function refuse_all_but_withholding() returns trigger language plpgsql as $$
begin
  if not exists (select from edited) or exists (
    select from edited e where not exists (
      select from original o
      where to_jsonb(o) - tg_argv = to_jsonb(e) - tg_argv and to_jsonb(o) <> to_jsonb(e) and not exists (
        select from unnest(tg_argv) as word
        where to_jsonb(o) ->> word is distinct from to_jsonb(e) ->> word
          and (to_jsonb(o) ->> word is null or to_jsonb(e) ->> word is null
               or to_jsonb(e) ->> word !~ '^\(Withheld by [^\n]+, seen by [^\n]+: [^\n]+\)$')))
  ) then
    raise exception using errcode = 'insufficient_privilege', constraint = 'history_is_added_never_edited',
      message = format('%s of %s refused: history is added, never edited', tg_op, tg_table_name);
  end if;
  return null;
end
$$;
