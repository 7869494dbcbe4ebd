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
