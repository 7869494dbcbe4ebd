-- From the log to the projections: each record's versions, typed.

-- Each revision that says something of a record, with the document that it is read as: its own or, once it is redacted, what the
-- redaction left, which may have been redacted in its turn. So nothing here meets words that are to be gone, even where they were
-- put back by hand. A redaction says nothing of a record: it says less of what was said.
create or replace view documents as
select r."position", r.record_id, r.record_type, r.number, r.operation, r.recorded_at,
       case when left_by."position" is null then r.document else left_by.document end as document
from revision r
left join lateral (
  with recursive redaction as (
    select d."position", d.document from revision d
    where d.operation = 'REDACT' and d.record_id = r.record_id and d.redacts @> array[r."position"]
    union
    select d."position", d.document from redaction before join revision d
      on d.operation = 'REDACT' and d.record_id = r.record_id and d.redacts @> array[before."position"]
  )
  select "position", document from redaction order by "position" desc limit 1
) left_by on true
where r.operation <> 'REDACT';

-- The records that the revisions first to last redact: whatever was projected of them is projected anew.
create or replace function redacted_records(first int, last int) returns setof text language sql stable as $$
  select distinct record_id from revision where operation = 'REDACT' and "position" between first and last
$$;

-- The revisions to project with first to last: these, and of each record that they redact all earlier ones.
create or replace function to_project(first int, last int)
returns table (record_id text, "position" int, record_type text) language sql stable as $$
  select r.record_id, r."position", r.record_type from revision r
  where r."position" between first and last and r.operation <> 'REDACT'
  union all
  select r.record_id, r."position", r.record_type from revision r
  where r.record_id = any (array(select redacted_records(first, last))) and r."position" < first and r.operation <> 'REDACT'
$$;

-- Of the revisions to project, those of one type that leave something standing, with the position that ends each.
create or replace function standing(type text, first int, last int)
returns table (id text, known_from int, known_to int, document jsonb) language sql stable as $$
  select r.record_id, r."position", r.until, d.document::jsonb
  from (
    select p.record_id, p."position",
           coalesce(lead(p."position") over (partition by p.record_id order by p."position"), 2147483647) as until
    from to_project(first, last) p where p.record_type = type
  ) r
  join documents d using ("position")
  where d.document is not null and d.operation not in ('RETRACT', 'MERGE')
$$;

-- The projections that the revisions first to last make, where those before first have been projected. Names are resolved by the
-- caller's search_path, so that `opsc verify` can replay the log into tables of its own.
create or replace function project(first int, last int) returns void language plpgsql as $$
begin
  perform project_records(first, last);
  perform project_coverage(first, last);
end
$$;

create or replace function project_records(first int, last int) returns void language plpgsql as $$
declare
  types text[] := array(select distinct record_type from revision where "position" between first and last);
  type text;
begin
  foreach type in array types loop
    execute format('delete from %I where id = any (array(select redacted_records($1, $2)))', lower(type) || '_version')
      using first, last;
    execute format(
      'update %I v set known_to = r.ended from (select record_id, min("position") as ended from revision'
      ' where "position" between $1 and $2 and record_type = $3 and operation <> ''REDACT'' group by record_id) r'
      ' where v.id = r.record_id and v.known_to = 2147483647', lower(type) || '_version') using first, last, type;
  end loop;

  if 'SOURCE' = any (types) then
    insert into source_version (id, known_from, known_to, kind, title, publisher, symbol, url, read_at, archived_url,
                                published_on, accessed_on, language, licence)
    select id, known_from, known_to, kind, title, publisher, symbol, url, "readAt", "archivedUrl",
           "publishedOn", whole_day("accessedOn"), language, licence
    from standing('SOURCE', first, last), jsonb_to_record(document) as d(kind text, title text, publisher text, symbol text,
      url text, "readAt" text, "archivedUrl" text, "publishedOn" text, "accessedOn" text, language text, licence text);
  end if;

  if 'ARTICLE' = any (types) then
    insert into article_version (id, known_from, known_to, number, subject, summary)
    select id, known_from, known_to, number, subject, summary
    from standing('ARTICLE', first, last), jsonb_to_record(document) as d(number int, subject text, summary text);
  end if;

  if 'SECTION' = any (types) then
    insert into section_version (id, known_from, known_to, number, heading, parent_number, articles, first_paragraph, page,
                                 note)
    select id, known_from, known_to, number, heading, parent, articles, "firstParagraph", page, note
    from standing('SECTION', first, last), jsonb_to_record(document) as d(number text, heading text, parent text,
      articles text[], "firstParagraph" int, page int, note text);
  end if;

  if 'INSTRUMENT' = any (types) then
    insert into instrument_version (id, known_from, known_to, code, name, kind, body, years, url, followed, relevance,
                                    named_in_guidelines, note)
    select id, known_from, known_to, code, name, kind, body, years, url, followed, relevance, "namedInGuidelines", note
    from standing('INSTRUMENT', first, last), jsonb_to_record(document) as d(code text, name text, kind text, body text,
      years int[], url text, followed boolean, relevance text, "namedInGuidelines" text, note text);
  end if;

  if 'RECOMMENDATION' = any (types) then
    insert into recommendation_version (id, known_from, known_to, code, section_number, title, text, paragraphs, themes,
                                        articles, evidence_kinds, digital, private_sector, strength, verification, certainty,
                                        basis, note, citations)
    select id, known_from, known_to, code, section, title, text, paragraphs, themes, articles, "evidenceKinds", digital,
           "privateSector", strength, verification, certainty, basis, note, citations
    from standing('RECOMMENDATION', first, last), jsonb_to_record(document) as d(code text, section text, title text,
      text text, paragraphs text, themes text[], articles text[], "evidenceKinds" text[], digital boolean,
      "privateSector" boolean, strength text, verification text, certainty text, basis text, note text, citations jsonb);
  end if;

  if 'STATE_PARTY' = any (types) then
    insert into state_party_version (id, known_from, known_to, code, alpha2, m49, names, region, subregion, "group", signed_on,
                                     consent_on, consent, in_force_on, date_confidence, note, citations)
    select id, known_from, known_to, code, alpha2, m49, names, region, subregion, "group", whole_day("signedOn"),
           whole_day("consentOn"), consent, whole_day("inForceOn"), "dateConfidence", note, citations
    from standing('STATE_PARTY', first, last), jsonb_to_record(document) as d(code text, alpha2 text, m49 int, names jsonb,
      region text, subregion text, "group" text, "signedOn" text, "consentOn" text, consent text, "inForceOn" text,
      "dateConfidence" text, note text, citations jsonb);
  end if;

  if 'SIGNATORY' = any (types) then
    insert into signatory_version (id, known_from, known_to, code, alpha2, m49, name, region, subregion, "group", signed_on,
                                   still_signatory_only, checked_on, note, citations)
    select id, known_from, known_to, code, alpha2, m49, name, region, subregion, "group", whole_day("signedOn"),
           "stillSignatoryOnly", whole_day("checkedOn"), note, citations
    from standing('SIGNATORY', first, last), jsonb_to_record(document) as d(code text, alpha2 text, m49 int, name text,
      region text, subregion text, "group" text, "signedOn" text, "stillSignatoryOnly" boolean, "checkedOn" text, note text,
      citations jsonb);
  end if;

  if 'MEASURE' = any (types) then
    insert into measure_version (id, known_from, known_to, state_party_code, kind, title, summary, stated_status,
                                 announced_on, adopted_on, in_force_on, ended_on, date_basis, reported_by, reported_on,
                                 instrument_code, consent, recommendation_codes, confidence, note, citations,
                                 announced_by, drafted_by, adopted_by, in_force_by, ended_by, dated_earliest, dated_latest)
    select id, known_from, known_to, "stateParty", kind, title, summary, status, "announcedOn", "adoptedOn", "inForceOn",
           "endedOn", "dateBasis", "reportedBy", "reportedOn", instrument, consent, recommendations, confidence, note,
           citations,
           case status when 'ANNOUNCED' then reached.by_day else happened_by("announcedOn", "reportedOn") end,
           case status when 'DRAFTED' then reached.by_day end,
           case status when 'ADOPTED' then reached.by_day else happened_by("adoptedOn", "reportedOn") end,
           case status when 'IN_FORCE' then reached.by_day else happened_by("inForceOn", "reportedOn") end,
           case status when 'ENDED' then reached.by_day else happened_by("endedOn", "reportedOn") end,
           dated.days[1], dated.days[2]
    from standing('MEASURE', first, last) s
    cross join lateral jsonb_to_record(document) as d("stateParty" text, kind text, title text, summary text, status text,
      "announcedOn" text, "adoptedOn" text, "inForceOn" text, "endedOn" text, "dateBasis" text, "reportedBy" text,
      "reportedOn" text, instrument text, consent text, recommendations text[], confidence text, note text, citations jsonb)
    cross join lateral (   -- the date that the stated status rests on: its milestone's, else its report's
      select coalesce(case status when 'IN_FORCE' then "inForceOn" when 'ENDED' then "endedOn" when 'ADOPTED' then "adoptedOn"
                                  else "announcedOn" end, "reportedOn") as day
    ) basis
    cross join lateral (select happened_by(basis.day, "reportedOn") as by_day) dated_by
    cross join lateral (   -- asked for only where that date is unknown or reaches past the day on which the record entered
      select case when coalesce(dated_by.by_day > (select (r.recorded_at at time zone 'UTC')::date from revision r
                                                   where r.record_id = s.id and r.number = 1), true)
                  then said_since(s.id, s.known_from, d.status) end as day
    ) said
    cross join lateral (select known_by(basis.day, dated_by.by_day, said.day) as by_day) reached
    cross join lateral (
      select greatest(span("announcedOn"), span("adoptedOn"), span("inForceOn"), span("endedOn")) as days
    ) dated;
  end if;

  if 'ASSESSMENT' = any (types) then
    insert into assessment_version (id, known_from, known_to, state_party_code, assessor, assessor_kind, verdict, criterion,
                                    summary, recommendation_codes, assessed_on, assessed_by, citations)
    select id, known_from, known_to, "stateParty", assessor, "assessorKind", verdict, criterion, summary, recommendations,
           "assessedOn", known_by("assessedOn", latest("assessedOn"), entered.day), citations
    from standing('ASSESSMENT', first, last), jsonb_to_record(document) as d("stateParty" text, assessor text,
      "assessorKind" text, verdict text, criterion text, summary text, recommendations text[], "assessedOn" text,
      citations jsonb)
    cross join lateral (select min(r.recorded_at at time zone 'UTC')::date as day from revision r where r.record_id = id) entered;
  end if;

  if 'STATEMENT' = any (types) then
    insert into statement_version (id, known_from, known_to, state_party_code, kind, made_on, date_basis, articles,
                                   target_code, summary, evidence, note, citations)
    select id, known_from, known_to, "stateParty", kind, "madeOn", "dateBasis", articles, target, summary, evidence, note,
           citations
    from standing('STATEMENT', first, last), jsonb_to_record(document) as d("stateParty" text, kind text, "madeOn" text,
      "dateBasis" text, articles text[], target text, summary text, evidence text, note text, citations jsonb);
  end if;

  if 'REPORTING_EVENT' = any (types) then
    insert into reporting_event_version (id, known_from, known_to, state_party_code, kind, happened_on, document_symbol,
                                         happened_by, citations)
    select id, known_from, known_to, "stateParty", kind, "happenedOn", "documentSymbol",
           known_by("happenedOn", latest("happenedOn"), entered.day), citations
    from standing('REPORTING_EVENT', first, last), jsonb_to_record(document) as d("stateParty" text, kind text,
      "happenedOn" text, "documentSymbol" text, citations jsonb)
    cross join lateral (select min(r.recorded_at at time zone 'UTC')::date as day from revision r where r.record_id = id) entered;
  end if;

  perform project_survivors(first, last);
end
$$;

-- Where merged records lead: one that is merged takes along all that had been merged into it.
create or replace function project_survivors(first int, last int) returns void language plpgsql as $$
declare
  merged record;
begin
  for merged in select "position", record_id, merged_into from revision
                where "position" between first and last and operation = 'MERGE' order by "position" loop
    with left_behind as (
      update survivor_version set known_to = merged."position"
      where survivor_id = merged.record_id and known_to = 2147483647 returning id
    )
    insert into survivor_version (id, known_from, known_to, survivor_id)
    select id, merged."position", 2147483647, merged.merged_into
    from (select id from left_behind union all select merged.record_id) led;
  end loop;
end
$$;

-- The day since which a record has said, up to a position and without a break, that its measure has this status. What it said
-- before a correction and says again counts from the second time.
create or replace function said_since(record text, at int, status text) returns date language sql stable as $$
  select (min(r.recorded_at) at time zone 'UTC')::date from documents r
  where r.record_id = record and r."position" <= at and r."position" > coalesce(
    (select max(o."position") from documents o
     where o.record_id = record and o."position" < at and o.document::jsonb ->> 'status' is distinct from said_since.status), 0)
$$;

-- Builds every projection anew from the log: for a migration that changes what is kept. Only the tables' owner can.
create or replace function reproject() returns void language plpgsql as $$
declare
  kept text;
begin
  for kept in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
              and (relname like '%\_version' and relname <> 'alembic_version' or relname like 'coverage\_by\_%' or relname = 'known_word') loop
    execute format('alter table %I disable trigger projections_follow_the_log', kept);
    execute format('truncate %I', kept);
  end loop;
  perform project(1, coalesce((select max("position") from revision), 0));
  for kept in select tgrelid::regclass::text from pg_trigger where tgname = 'projections_follow_the_log' loop
    execute format('alter table %s enable trigger projections_follow_the_log', kept);
  end loop;
end
$$;
