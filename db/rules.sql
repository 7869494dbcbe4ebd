-- The record's rules: how a revision enters the log, what the database then keeps of it, and that nothing else writes.
-- Applied anew by each `opsc migrate` (create or replace), after the migrations.

-- ── Who may read and write ──────────────────────────────────────────────────────────────────────────────────────────────────

create or replace function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'insufficient_privilege', constraint = 'history_is_added_never_edited',
    message = format('%s of %s refused: history is added, never edited', tg_op, tg_table_name);
end
$$;

-- Projections are written from inside the trigger of revision alone: one level down.
create or replace function refuse_direct_write() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception using errcode = 'insufficient_privilege', constraint = 'projections_follow_the_log',
      message = format('%s of %s refused: it is kept from the log by the database itself', tg_op, tg_table_name);
  end if;
  return null;
end
$$;

-- ── From the log to the projections ─────────────────────────────────────────────────────────────────────────────────────────

-- The revisions of one type among positions first to last that leave something standing, with the position that ends each.
create or replace function standing(type text, first int, last int)
returns table (id text, known_from int, known_to int, document jsonb, recorded_at timestamptz) language sql stable as $$
  select record_id, "position", until, document::jsonb, recorded_at
  from (
    select *, coalesce(lead("position") over (partition by record_id order by "position"), 2147483647) as until
    from revision
    where "position" between first and last and record_type = type
  ) r
  where operation in ('CREATE', 'AMEND', 'RESTORE', 'REDACT')
$$;

-- Names are resolved by the caller's search_path, so that `opsc verify` can replay the log into tables of its own.
create or replace function project(first int, last int) returns void language plpgsql as $$
declare
  type text;
begin
  foreach type in array array['state_party', 'signatory', 'section', 'article', 'instrument', 'recommendation', 'measure',
                              'assessment', 'statement', 'reporting_event', 'source'] loop
    execute format(
      'update %I v set known_to = r.ended from (select record_id, min("position") as ended from revision'
      ' where "position" between $1 and $2 and record_type = upper($3) group by record_id) r'
      ' where v.id = r.record_id and v.known_to = 2147483647', type || '_version') using first, last, type;
  end loop;

  insert into source_version (id, known_from, known_to, kind, title, publisher, symbol, url, read_at, archived_url,
                              published_on, accessed_on, language, licence)
  select id, known_from, known_to, kind, title, publisher, symbol, url, "readAt", "archivedUrl",
         "publishedOn", "accessedOn", language, licence
  from standing('SOURCE', first, last), jsonb_to_record(document) as d(kind text, title text, publisher text, symbol text,
    url text, "readAt" text, "archivedUrl" text, "publishedOn" text, "accessedOn" date, language text, licence text);

  insert into article_version (id, known_from, known_to, number, subject, summary)
  select id, known_from, known_to, number, subject, summary
  from standing('ARTICLE', first, last), jsonb_to_record(document) as d(number int, subject text, summary text);

  insert into section_version (id, known_from, known_to, number, heading, parent_number, articles, first_paragraph, page,
                               note)
  select id, known_from, known_to, number, heading, parent, articles, "firstParagraph", page, note
  from standing('SECTION', first, last), jsonb_to_record(document) as d(number text, heading text, parent text,
    articles text[], "firstParagraph" int, page int, note text);

  insert into instrument_version (id, known_from, known_to, code, name, kind, body, years, url, followed, relevance,
                                  named_in_guidelines, note)
  select id, known_from, known_to, code, name, kind, body, years, url, followed, relevance, "namedInGuidelines", note
  from standing('INSTRUMENT', first, last), jsonb_to_record(document) as d(code text, name text, kind text, body text,
    years int[], url text, followed boolean, relevance text, "namedInGuidelines" text, note text);

  insert into recommendation_version (id, known_from, known_to, code, section_number, title, text, paragraphs, themes,
                                      articles, evidence_kinds, digital, private_sector, strength, verification, certainty,
                                      basis, note, citations)
  select id, known_from, known_to, code, section, title, text, paragraphs, themes, articles, "evidenceKinds", digital,
         "privateSector", strength, verification, certainty, basis, note, citations
  from standing('RECOMMENDATION', first, last), jsonb_to_record(document) as d(code text, section text, title text,
    text text, paragraphs text, themes text[], articles text[], "evidenceKinds" text[], digital boolean,
    "privateSector" boolean, strength text, verification text, certainty text, basis text, note text, citations jsonb);

  insert into state_party_version (id, known_from, known_to, code, alpha2, m49, names, region, subregion, "group", signed_on,
                                   consent_on, consent, in_force_on, date_confidence, note, citations)
  select id, known_from, known_to, code, alpha2, m49, names, region, subregion, "group", "signedOn", "consentOn", consent,
         "inForceOn", "dateConfidence", note, citations
  from standing('STATE_PARTY', first, last), jsonb_to_record(document) as d(code text, alpha2 text, m49 int, names jsonb,
    region text, subregion text, "group" text, "signedOn" date, "consentOn" date, consent text, "inForceOn" date,
    "dateConfidence" text, note text, citations jsonb);

  insert into signatory_version (id, known_from, known_to, code, alpha2, m49, name, region, subregion, "group", signed_on,
                                 still_signatory_only, checked_on, note, citations)
  select id, known_from, known_to, code, alpha2, m49, name, region, subregion, "group", "signedOn", "stillSignatoryOnly",
         "checkedOn", note, citations
  from standing('SIGNATORY', first, last), jsonb_to_record(document) as d(code text, alpha2 text, m49 int, name text,
    region text, subregion text, "group" text, "signedOn" date, "stillSignatoryOnly" boolean, "checkedOn" date, note text,
    citations jsonb);

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
         dated.earliest, dated.latest
  from standing('MEASURE', first, last) s
  cross join lateral jsonb_to_record(document) as d("stateParty" text, kind text, title text, summary text, status text,
    "announcedOn" text, "adoptedOn" text, "inForceOn" text, "endedOn" text, "dateBasis" text, "reportedBy" text,
    "reportedOn" text, instrument text, consent text, recommendations text[], confidence text, note text, citations jsonb)
  cross join lateral (   -- the date that the stated status rests on: its milestone's, else its report's
    select coalesce(case status when 'IN_FORCE' then "inForceOn" when 'ENDED' then "endedOn" when 'ADOPTED' then "adoptedOn"
                                else "announcedOn" end, "reportedOn") as day
  ) basis
  cross join lateral (select happened_by(basis.day, "reportedOn") as by_day) dated_by
  left join lateral (   -- asked for only where that date is unknown or reaches past the day of recording
    select min(r.recorded_at at time zone 'UTC')::date as day from revision r
    where r.record_id = s.id and r."position" <= s.known_from and r.document::jsonb ->> 'status' = d.status
      and coalesce(dated_by.by_day > (s.recorded_at at time zone 'UTC')::date, true)
  ) first_said on true
  cross join lateral (select known_by(basis.day, dated_by.by_day, first_said.day) as by_day) reached
  left join lateral (
    select earliest(milestone) as earliest, latest(milestone) as latest
    from (values ("announcedOn"), ("adoptedOn"), ("inForceOn"), ("endedOn")) milestones(milestone)
    where milestone is not null
    order by 1 desc, 2 desc
    limit 1
  ) dated on true;

  insert into assessment_version (id, known_from, known_to, state_party_code, assessor, assessor_kind, verdict, criterion,
                                  summary, recommendation_codes, assessed_on, assessed_by, citations)
  select id, known_from, known_to, "stateParty", assessor, "assessorKind", verdict, criterion, summary, recommendations,
         "assessedOn", known_by("assessedOn", latest("assessedOn"), entered_on(id)), citations
  from standing('ASSESSMENT', first, last), jsonb_to_record(document) as d("stateParty" text, assessor text,
    "assessorKind" text, verdict text, criterion text, summary text, recommendations text[], "assessedOn" text,
    citations jsonb);

  insert into statement_version (id, known_from, known_to, state_party_code, kind, made_on, date_basis, articles,
                                 target_code, summary, evidence, note, citations)
  select id, known_from, known_to, "stateParty", kind, "madeOn", "dateBasis", articles, target, summary, evidence, note,
         citations
  from standing('STATEMENT', first, last), jsonb_to_record(document) as d("stateParty" text, kind text, "madeOn" text,
    "dateBasis" text, articles text[], target text, summary text, evidence text, note text, citations jsonb);

  insert into reporting_event_version (id, known_from, known_to, state_party_code, kind, happened_on, document_symbol,
                                       happened_by, citations)
  select id, known_from, known_to, "stateParty", kind, "happenedOn", "documentSymbol",
         known_by("happenedOn", latest("happenedOn"), entered_on(id)), citations
  from standing('REPORTING_EVENT', first, last), jsonb_to_record(document) as d("stateParty" text, kind text,
    "happenedOn" text, "documentSymbol" text, citations jsonb);

  perform project_coverage(first, last);
end
$$;

-- The day on which a record entered this log.
create or replace function entered_on(record text) returns date language sql stable as $$
  select (recorded_at at time zone 'UTC')::date from revision where record_id = record and number = 1
$$;

-- ── Coverage: which state each cell (State party × recommendation) has, by both clocks ──────────────────────────────────────

-- Cells that the revisions first to last may have changed, with the position of each change.
create or replace function touched_cells(first int, last int)
returns table (known_from int, state_party_code text, recommendation_code text) language sql stable as $$
  with changed as materialized (
    select "position", record_id, record_type from revision where "position" between first and last
  ),
  bearing as (   -- what measures and our own coders' assessments say of a cell, before (known_to) and after (known_from)
    select c."position", v.id, v.state_party_code, v.recommendation_codes,
           row(announced_by, drafted_by, adopted_by, in_force_by, ended_by, announced_on, adopted_on, in_force_on, ended_on)::text
             as says
    from changed c join measure_version v on v.id = c.record_id and c."position" in (v.known_from, v.known_to)
    where c.record_type = 'MEASURE'
    union all
    select c."position", v.id, v.state_party_code, v.recommendation_codes, row(verdict, assessed_by)::text
    from changed c join assessment_version v on v.id = c.record_id and c."position" in (v.known_from, v.known_to)
    where c.record_type = 'ASSESSMENT' and v.assessor_kind = 'TRACKER' and v.verdict in ('NONE_REPORTED', 'NOT_MENTIONED')
  ),
  differing as (   -- a version that says the same as the one before it touches nothing
    select "position", state_party_code, code
    from bearing cross join lateral unnest(recommendation_codes) code
    group by "position", id, state_party_code, code, says
    having count(*) = 1
  ),
  states as (
    select c."position", v.code from changed c join state_party_version v on v.id = c.record_id
      and c."position" in (v.known_from, v.known_to)
    where c.record_type = 'STATE_PARTY'
    union
    select c."position", v.state_party_code from changed c join reporting_event_version v on v.id = c.record_id
      and c."position" in (v.known_from, v.known_to)
    where c.record_type = 'REPORTING_EVENT'
      and v.kind in ('INITIAL_REPORT_OVERDUE', 'INITIAL_REPORT_SUBMITTED', 'INITIAL_REPORT_PUBLISHED')
  ),
  catalogue as (
    select distinct c."position", v.code from changed c join recommendation_version v on v.id = c.record_id
      and c."position" in (v.known_from, v.known_to)
    where c.record_type = 'RECOMMENDATION'
  )
  select "position", state_party_code, code from differing
  union
  select s."position", s.code, r.code from states s join recommendation_version r
    on r.known_from <= s."position" and r.known_to >= s."position"
  union
  select c."position", s.code, c.code from catalogue c join state_party_version s
    on s.known_from <= c."position" and s.known_to >= c."position"
$$;

-- What holds of those cells, each with the days it holds for; the lowest precedence wins. A cell whose State or recommendation no
-- longer stands has no place or no party_from.
create or replace function cell_claims(first int, last int)
returns table (known_from int, state_party_code text, recommendation_code text, place text, party_from date,
               precedence int, state text, valid_from date, valid_to date, id text, since text) language sql stable as $$
  with cell as materialized (
    select t.known_from, t.state_party_code, t.recommendation_code, r.place, s.consent_on, s.initial_report_due_on
    from touched_cells(first, last) t
    left join state_party_version s
      on s.code = t.state_party_code and s.known_from <= t.known_from and s.known_to > t.known_from
    left join recommendation_version r
      on r.code = t.recommendation_code and r.known_from <= t.known_from and r.known_to > t.known_from
  ),
  bearing as (
    select m.*, code from measure_version m cross join lateral unnest(m.recommendation_codes) code
    where m.state_party_code in (select c.state_party_code from cell c) and m.known_to > first
  ),
  report as (
    select c.known_from, c.state_party_code,
           min(e.happened_by) filter (where e.kind = 'INITIAL_REPORT_OVERDUE') as overdue,
           min(e.happened_by) filter (where e.kind <> 'INITIAL_REPORT_OVERDUE') as made
    from (select distinct cell.known_from, cell.state_party_code from cell) c
    join reporting_event_version e
      on e.state_party_code = c.state_party_code and e.known_from <= c.known_from and e.known_to > c.known_from
    where e.kind in ('INITIAL_REPORT_OVERDUE', 'INITIAL_REPORT_SUBMITTED', 'INITIAL_REPORT_PUBLISHED')
    group by 1, 2
  )
  select c.known_from, c.state_party_code, c.recommendation_code, c.place, c.consent_on, claim.*
  from cell c
  join bearing m on m.state_party_code = c.state_party_code and m.code = c.recommendation_code
    and m.known_from <= c.known_from and m.known_to > c.known_from
  cross join lateral (values
    (1, 'MEASURE_IN_FORCE', m.in_force_by, coalesce(m.ended_by, 'infinity'), m.id, m.in_force_on),
    (2, 'MEASURE_REPORTED', m.adopted_by, least(m.in_force_by, m.ended_by, 'infinity'), m.id, m.adopted_on),
    (2, 'MEASURE_REPORTED', m.drafted_by, least(m.adopted_by, m.in_force_by, m.ended_by, 'infinity'), m.id, m.announced_on),
    (2, 'MEASURE_REPORTED', m.announced_by, least(m.drafted_by, m.adopted_by, m.in_force_by, m.ended_by, 'infinity'), m.id,
     m.announced_on),
    (3, 'MEASURE_ENDED', m.ended_by, 'infinity', m.id, m.ended_on)
  ) as claim(precedence, state, valid_from, valid_to, id, since)
  where claim.valid_from < claim.valid_to
  union all
  select c.known_from, c.state_party_code, c.recommendation_code, c.place, c.consent_on,
         case a.verdict when 'NONE_REPORTED' then 4 else 5 end, a.verdict, a.assessed_by, 'infinity', a.id, null
  from cell c
  join assessment_version a on a.state_party_code = c.state_party_code
    and a.known_from <= c.known_from and a.known_to > c.known_from
    and a.assessor_kind = 'TRACKER' and a.verdict in ('NONE_REPORTED', 'NOT_MENTIONED')
    and a.recommendation_codes @> array[c.recommendation_code]
  union all
  select c.known_from, c.state_party_code, c.recommendation_code, c.place, c.consent_on, claim.*
  from cell c
  left join report r on r.known_from = c.known_from and r.state_party_code = c.state_party_code
  cross join lateral (values
    (6, 'REPORT_OVERDUE', r.overdue, coalesce(r.made, 'infinity'), '', null),
    (7, 'REPORT_NOT_DUE', '-infinity', least(r.made, c.initial_report_due_on), '', null),
    (8, 'NOT_YET_CODED', '-infinity', 'infinity', '', null)
  ) as claim(precedence, state, valid_from, valid_to, id, since)
  where claim.valid_from < claim.valid_to
$$;

-- Coverage is a step function of the valid day. Its steps are stored, so that a day's turning changes nothing here.
create or replace function project_coverage(first int, last int) returns void language sql as $$
  with everything as materialized (
    select * from cell_claims(first, last)
  ),
  claim as (
    select *, greatest(valid_from, party_from) as from_day,
           min(valid_from) filter (where valid_to = 'infinity')
             over (partition by known_from, state_party_code, recommendation_code order by precedence) as settled
    from everything
    where valid_to > party_from and place is not null
  ),
  telling as materialized (   -- from `settled` on, an open claim of no lower rank holds: later beginnings tell nothing
    select * from claim where settled is null or valid_from <= settled
  ),
  step as (
    select *, lead(day, 1, 'infinity') over (partition by known_from, state_party_code, recommendation_code order by day) as until
    from (
      select known_from, state_party_code, recommendation_code, from_day as day from telling
      union
      select known_from, state_party_code, recommendation_code, valid_to from telling where valid_to < 'infinity'
    ) days
  ),
  winner as (
    select distinct on (s.known_from, s.state_party_code, s.recommendation_code, s.day) s.*, c.place, c.state, c.since
    from step s
    join telling c on c.known_from = s.known_from and c.state_party_code = s.state_party_code
      and c.recommendation_code = s.recommendation_code and c.from_day <= s.day and c.valid_to > s.day
    order by s.known_from, s.state_party_code, s.recommendation_code, s.day, c.precedence, c.valid_from, c.id
  ),
  turn as (   -- where the state or its date really changes
    select *, (state, since) is distinct from (lag(state) over cell, lag(since) over cell) as turns
    from winner
    window cell as (partition by known_from, state_party_code, recommendation_code order by day)
  ),
  span as (
    select known_from, state_party_code, recommendation_code, place, state, since, day,
           lead(day, 1, 'infinity') over (partition by known_from, state_party_code, recommendation_code order by day) as until
    from turn where turns
  ),
  timeline as (
    select known_from, state_party_code, recommendation_code, place,
           jsonb_agg(jsonb_build_array(day, until, state, since) order by day) as steps
    from span group by known_from, state_party_code, recommendation_code, place
  ),
  touched as (
    select distinct known_from, state_party_code, recommendation_code from everything
  ),
  before as (
    select v.state_party_code, v.recommendation_code, v.place,
           jsonb_agg(jsonb_build_array(valid_from, valid_to, state, since) order by valid_from) as steps
    from coverage_version v
    join (select distinct state_party_code, recommendation_code from touched) t using (state_party_code, recommendation_code)
    where v.known_to = 2147483647
    group by v.state_party_code, v.recommendation_code, v.place
  ),
  told as (
    select t.*, l.place, l.steps,
           lag(l.steps, 1, b.steps) over cell as earlier_steps, lag(l.place, 1, b.place) over cell as earlier_place
    from touched t
    left join timeline l using (known_from, state_party_code, recommendation_code)
    left join before b using (state_party_code, recommendation_code)
    window cell as (partition by t.state_party_code, t.recommendation_code order by t.known_from)
  ),
  news as materialized (   -- a timeline that is what it was makes no version
    select *, lead(known_from, 1, 2147483647) over (partition by state_party_code, recommendation_code order by known_from)
             as known_to
    from told where (steps, place) is distinct from (earlier_steps, earlier_place)
  ),
  ended as (
    update coverage_version v set known_to = n.known_from
    from (select state_party_code, recommendation_code, min(known_from) as known_from from news group by 1, 2) n
    where v.state_party_code = n.state_party_code and v.recommendation_code = n.recommendation_code
      and v.known_to = 2147483647
  )
  insert into coverage_version (state_party_code, recommendation_code, place, known_from, known_to, valid_from, valid_to,
                                state, since)
  select state_party_code, recommendation_code, place, known_from, known_to,
         (step ->> 0)::date, (step ->> 1)::date, step ->> 2, step ->> 3
  from news cross join lateral jsonb_array_elements(steps) step
$$;

-- ── Search ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
      select word from known_word where word % stem order by similarity(word, stem) desc, word limit 3
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

-- ── Publishing: the one way into the log ────────────────────────────────────────────────────────────────────────────────────

-- What a revision must satisfy; and with it the projections follow.
create or replace function admit_revisions() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  at_fault record;
  first int;
  last int;
  counted int;
begin
  select min("position"), max("position"), count(*) into first, last, counted from published;
  if counted = 0 then
    return null;
  end if;
  if not exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted
                 and objid = 156 and classid = 2019) then
    raise exception using errcode = 'insufficient_privilege', constraint = 'revisions_enter_by_publish',
      message = 'revisions enter the log through publish() alone';
  end if;
  if last - first + 1 <> counted
     or first <> 1 + coalesce((select max("position") from revision where "position" < first), 0)
     or exists (select from revision r, published p where r."position" < first and r.recorded_at >= p.recorded_at
                and r."position" = first - 1) then
    raise exception using errcode = 'check_violation', constraint = 'positions_run_without_gaps',
      message = 'positions must follow the log''s last one, and moments must not go back';
  end if;

  -- each operation fits what stood before it
  select p.record_id, p.operation, p.before into at_fault
  from (
    select p.*, coalesce(
      lag(p.operation) over (partition by p.record_id order by p."position"),
      (select r.operation from revision r where r.record_id = p.record_id and r."position" < first
       order by r."position" desc limit 1)) as before
    from published p
  ) p
  where (p.operation = 'CREATE') <> (p.before is null)
     or (p.operation in ('AMEND', 'RETRACT', 'MERGE') and p.before in ('RETRACT', 'MERGE'))
     or (p.operation = 'RESTORE' and p.before <> 'RETRACT')
  order by p."position" limit 1;
  if found then
    raise exception using errcode = 'check_violation', constraint = 'operations_follow_each_other',
      message = format('%s cannot be followed by %s: %s', coalesce(at_fault.before, 'nothing'), at_fault.operation,
                       at_fault.record_id), detail = at_fault.record_id;
  end if;

  perform project(first, last);

  -- whatever a version refers to stands at each position at which the version stands
  select r.id, r.refers_to into at_fault
  from dangling_references(first, last) r limit 1;
  if found then
    raise exception using errcode = 'foreign_key_violation', constraint = 'references_stand',
      message = format('%s refers to %s, which does not stand in the record then', at_fault.id, at_fault.refers_to),
      detail = at_fault.id;
  end if;
  return null;
end
$$;

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

-- A submission enters the log: all of it or nothing. Documents come canonical (RFC 8785); envelopes are made here, under the lock
-- that gives positions their order. Answers the submission and its first and last position.
create or replace function publish(title text, reason text, author text, reviewer text, operations text[], record_ids text[],
                                   kinds text[], documents text[])
returns table (submission int, first_position int, last_position int)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  told_at timestamptz;
  newest record;
  made int;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = 'invalid_transaction_state', constraint = 'publishing_reads_committed',
      message = 'publish() needs a READ COMMITTED transaction: in any other it could not see the log''s newest position';
  end if;
  perform pg_advisory_xact_lock(2019, 156);
  select "position", recorded_at into newest from revision order by "position" desc limit 1;
  told_at := greatest(clock_timestamp(), newest.recorded_at + interval '1 microsecond');

  insert into submission (title, reason, author, reviewer, published_at)
  values (publish.title, publish.reason, publish.author, publish.reviewer, told_at) returning id into made;

  insert into revision ("position", record_type, record_id, number, operation, kind, reason, author, reviewer, submission_id,
                        recorded_at, document, salt, document_hash, envelope, leaf_hash)
  select e."position", e.record_type, e.record_id, e.number, e.operation, e.kind, publish.reason, publish.author,
         publish.reviewer, made, told_at, e.document, e.salt, e.document_hash, e.envelope,
         sha256('\x00'::bytea || convert_to(e.envelope, 'UTF8'))
  from (
    select h.*, envelope(publish.author, h.document_hash, h.kind, null, h.number, h.operation, h."position", publish.reason,
                         h.record_id, h.record_type, told_at, null, publish.reviewer, made) as envelope
    from (
      select c.*, sha256(c.salt || convert_to(c.document, 'UTF8')) as document_hash
      from (
        select coalesce(newest."position", 0) + c.place::int as "position", record_type_of(c.record_id) as record_type,
               c.record_id, c.operation, c.kind, c.document,
               uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt,
               coalesce((select max(r.number) from revision r where r.record_id = c.record_id), 0)
                 + row_number() over (partition by c.record_id order by c.place)::int as number
        from unnest(operations, record_ids, kinds, documents) with ordinality
          as c(operation, record_id, kind, document, place)
        offset 0   -- a fence: each salt is drawn once
      ) c
    ) h
  ) e
  order by e."position";

  if cardinality(operations) > 500 then
    analyze;   -- so much at once makes the planner's statistics wrong
  end if;
  perform pg_notify('published', (coalesce(newest."position", 0) + cardinality(operations))::text);
  return query select made, coalesce(newest."position", 0) + 1, coalesce(newest."position", 0) + cardinality(operations);
end
$$;

-- The public envelope of a revision, exactly as RFC 8785 writes it: keys in order, no spaces, moments with six digits and Z.
create or replace function envelope(author text, document_hash bytea, kind text, merged_into text, number int, operation text,
                                    "position" int, reason text, record_id text, record_type text, recorded_at timestamptz,
                                    redacts int[], reviewer text, submission int)
returns text language sql stable as $$
  select '{"author":' || to_json(author)
    || ',"documentHash":"' || encode(document_hash, 'hex')
    || '","format":1,"kind":' || to_json(kind)
    || ',"mergedInto":' || coalesce(to_json(merged_into)::text, 'null')
    || ',"number":' || number
    || ',"operation":' || to_json(operation)
    || ',"position":' || "position"
    || ',"reason":' || to_json(reason)
    || ',"recordId":' || to_json(record_id)
    || ',"recordType":' || to_json(record_type)
    || ',"recordedAt":"' || moment(recorded_at)
    || '","redacts":' || coalesce(array_to_json(redacts)::text, 'null')
    || ',"reviewer":' || coalesce(to_json(reviewer)::text, 'null')
    || ',"submission":' || submission || '}'
$$;

-- ── The guards, and the one function that the application may write through ──────────────────────────────────────────────────

do $do$
declare
  guarded text;
begin
  create or replace trigger revisions_are_projected after insert on revision
    referencing new table as published for each statement execute function admit_revisions();
  create or replace trigger revisions_are_never_edited before update or delete or truncate on revision
    for each statement execute function refuse_rewriting();
  create or replace trigger submissions_are_never_edited before update or delete or truncate on submission
    for each statement execute function refuse_rewriting();
  for guarded in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
                 and (relname like '%\_version' and relname <> 'alembic_version' or relname = 'known_word') loop
    execute format('create or replace trigger projections_follow_the_log before insert or update or delete or truncate on %I '
                   'for each statement execute function refuse_direct_write()', guarded);
    if exists (select from pg_attribute where attrelid = guarded::regclass and attname = 'search') then
      execute format('create or replace trigger words_become_known after insert on %I referencing new table as kept '
                     'for each statement execute function keep_known_words()', guarded);
    end if;
  end loop;
  revoke all on function publish(text, text, text, text, text[], text[], text[], text[]) from public;
  if exists (select from pg_roles where rolname = 'opsc') then
    grant usage on schema public to opsc;
    grant select on all tables in schema public to opsc;
    grant execute on function publish(text, text, text, text, text[], text[], text[], text[]) to opsc;
  end if;
end
$do$;
