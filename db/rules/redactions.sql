-- Redaction: words that must not be public leave the log; that they were there, who took them out and why stays provable.

-- The revisions whose documents go by the redactions among the revisions first to last.
create or replace function named_in_redactions(first int, last int) returns table ("position" int) language sql stable as $$
  select unnest(redacts) from revision where operation = 'REDACT' and "position" between first and last
$$;

-- What the redactions among the revisions first to last must satisfy; with that the words go. Each names earlier revisions of its
-- record whose documents are still there, and what it leaves keeps what coverage and the order of the Guidelines rest on.
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

  select d.record_id, o."position", kept.field into broken
  from revision d
  join revision o on o."position" = any (d.redacts)
  join (values ('RECOMMENDATION', 'code'), ('RECOMMENDATION', 'section'), ('STATE_PARTY', 'code'), ('STATE_PARTY', 'consentOn'),
               ('STATE_PARTY', 'inForceOn')) as kept(record_type, field) on kept.record_type = d.record_type
  where d.operation = 'REDACT' and d."position" between first and last and o.document is not null
    and d.document::jsonb -> kept.field is distinct from o.document::jsonb -> kept.field
  order by d."position", o."position", kept.field limit 1;
  if found then
    raise exception using errcode = 'check_violation', constraint = 'redactions_keep_what_coverage_rests_on',
      detail = broken.record_id,
      message = format('the redaction of %s would change its %s at position %s, on which coverage rests: leave it as it was there,'
                       ' and amend the record afterwards', broken.record_id, broken.field, broken."position");
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
