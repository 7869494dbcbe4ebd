-- Coverage: which state each cell (State party × recommendation) has, by both clocks. Kept as a step function of the valid day,
-- so that a day's turning changes nothing here.

-- What claims every cell of a State party at a position, whatever its measures, first that holds first: its report is told to be
-- overdue; it is not due; nobody has coded the cell. (from_day null or not before to_day: it claims nothing.) No row: there is no
-- such State party then.
create or replace function silence_of(state_code text, at int)
returns table (party_from date, states text[], from_days date[], to_days date[]) language sql stable as $$
  select s.consent_on,
         array['REPORT_OVERDUE', 'REPORT_NOT_DUE', 'NOT_YET_CODED'],
         array[case when report.overdue < report.made then report.overdue end, '-infinity', '-infinity'],
         array[case when report.overdue < report.made then report.made end, least(report.made, s.initial_report_due_on), 'infinity']
  from state_party_version s
  left join lateral (
    select min(happened_by) filter (where kind = 'INITIAL_REPORT_OVERDUE') as overdue,
           coalesce(min(happened_by) filter (where kind <> 'INITIAL_REPORT_OVERDUE'), 'infinity') as made
    from reporting_event_version e
    where e.state_party_code = s.code and e.known_from <= at and e.known_to > at
      and e.kind in ('INITIAL_REPORT_OVERDUE', 'INITIAL_REPORT_SUBMITTED', 'INITIAL_REPORT_PUBLISHED')
  ) report on true
  where s.code = state_code and s.known_from <= at and s.known_to > at
$$;

-- The timeline that claims in the order of their rank make from a day on: [[from, to, state, since], …]. On each day the first
-- claim that holds tells. (A table of one row, so that PostgreSQL folds it into its caller.)
create or replace function steps_of(party_from date, states text[], from_days date[], to_days date[], sinces text[])
returns table (steps jsonb) language sql immutable as $$
  with claim as (
    select state, greatest(from_day, party_from) as from_day, to_day, since, rank
    from unnest(states, from_days, to_days, sinces) with ordinality as c(state, from_day, to_day, since, rank)
    where from_day < to_day and to_day > party_from
  ),
  winner as (
    select distinct on (day) day, state, since
    from (select from_day as day from claim union select to_day from claim) days
    join claim on from_day <= day and to_day > day
    order by day, rank
  ),
  turn as (
    select *, (state, since) is distinct from (lag(state) over days, lag(since) over days) as turns
    from winner window days as (order by day)
  )
  select jsonb_agg(jsonb_build_array(day, until, state, since) order by day)
  from (select *, lead(day, 1, 'infinity') over (order by day) as until from turn where turns) span
$$;

-- Cells that the revisions first to last may have changed, with the position of each change. What says the same of a cell before
-- and after a revision does not touch it. Strict, so that the planner does not fold it into its caller: it would count on a cell or
-- two and then walk tens of thousands in nested loops.
create or replace function touched_cells(first int, last int)
returns table (known_from int, state_party_code text, recommendation_code text) language sql stable strict rows 1000 as $$
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
  states as materialized (
    select named.* from (
      select c."position", v.code from changed c join state_party_version v on v.id = c.record_id
        and c."position" in (v.known_from, v.known_to)
      where c.record_type = 'STATE_PARTY'
      union
      select c."position", v.state_party_code from changed c join reporting_event_version v on v.id = c.record_id
        and c."position" in (v.known_from, v.known_to)
      where c.record_type = 'REPORTING_EVENT'
    ) named
    left join lateral silence_of(named.code, named."position" - 1) before on true
    left join lateral silence_of(named.code, named."position") after on true
    where before is distinct from after
  ),
  catalogue as materialized (
    select c."position", v.code from changed c join recommendation_version v on v.id = c.record_id
      and c."position" in (v.known_from, v.known_to)
    where c.record_type = 'RECOMMENDATION'
    group by c."position", v.code
    having count(*) = 1 or count(distinct v.place) = 2
  )
  select "position", state_party_code, code
  from bearing cross join lateral unnest(recommendation_codes) code
  group by "position", id, state_party_code, code, says
  having count(*) = 1
  union
  select s."position", s.code, r.code from states s join recommendation_version r
    on r.known_from <= s."position" and r.known_to > s."position"
  union
  select c."position", s.code, c.code from catalogue c join state_party_version s
    on s.known_from <= c."position" and s.known_to > c."position"
$$;

-- Gives the cells that the revisions first to last touched their new timelines, and answers which got one.
create or replace function project_timelines(first int, last int)
returns table (state_party_code text, recommendation_code text) language sql as $$
  with touched as materialized (
    select * from touched_cells(first, last)
  ),
  told_at as materialized (   -- the positions at which a State may begin to tell something else as a whole
    select state_party_code, at as told_at,
           lead(at, 1, 2147483647) over (partition by state_party_code order by at) as told_until
    from (
      select state_party_code, first as at from touched
      union
      select v.code, at from state_party_version v cross join lateral (values (v.known_from), (v.known_to)) change(at)
      where at between first and last
      union
      select v.state_party_code, at
      from reporting_event_version v cross join lateral (values (v.known_from), (v.known_to)) change(at)
      where at between first and last
    ) changes
  ),
  party as materialized (
    select t.state_party_code, t.told_at, silence.*
    from told_at t cross join lateral silence_of(t.state_party_code, t.told_at) silence
    where t.state_party_code = any (array(select state_party_code from touched))
  ),
  cell as materialized (
    select t.known_from, t.state_party_code, t.recommendation_code, r.place, a.told_at
    from touched t
    join told_at a on a.state_party_code = t.state_party_code and a.told_at <= t.known_from and a.told_until > t.known_from
    left join recommendation_version r   -- none: it no longer stands, and neither does the cell
      on r.code = t.recommendation_code and r.known_from <= t.known_from and r.known_to > t.known_from
  ),
  bearing as materialized (
    select m.*, code from measure_version m cross join lateral unnest(m.recommendation_codes) code
    where m.state_party_code = any (array(select distinct state_party_code from touched)) and m.known_to > first
  ),
  claim as (
    select c.known_from, c.state_party_code, c.recommendation_code, c.told_at, claim.*
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
    ) as claim(precedence, state, from_day, to_day, id, since)
    where claim.from_day < claim.to_day
    union all
    select c.known_from, c.state_party_code, c.recommendation_code, c.told_at,
           case a.verdict when 'NONE_REPORTED' then 4 else 5 end, a.verdict, a.assessed_by, 'infinity', a.id, null
    from cell c
    join assessment_version a on a.state_party_code = c.state_party_code
      and a.known_from <= c.known_from and a.known_to > c.known_from
      and a.assessor_kind = 'TRACKER' and a.verdict in ('NONE_REPORTED', 'NOT_MENTIONED')
      and a.recommendation_codes @> array[c.recommendation_code]
  ),
  spoken as materialized (   -- the lower precedence tells, then the earlier, then the lower id
    select known_from, state_party_code, recommendation_code, told_at,
           array_agg(state order by precedence, from_day, id) as states,
           array_agg(from_day order by precedence, from_day, id) as from_days,
           array_agg(to_day order by precedence, from_day, id) as to_days,
           array_agg(since order by precedence, from_day, id) as sinces
    from claim group by known_from, state_party_code, recommendation_code, told_at
  ),
  spoken_steps as materialized (
    select s.known_from, s.state_party_code, s.recommendation_code, line.steps
    from spoken s
    join party p using (state_party_code, told_at)
    cross join lateral steps_of(p.party_from, s.states || p.states, s.from_days || p.from_days, s.to_days || p.to_days,
                                s.sinces || array[null, null, null]) line
  ),
  silent_steps as materialized (   -- one for all cells of a State of which neither a measure nor a coder speaks: most
    select p.state_party_code, p.told_at, line.steps
    from party p cross join lateral steps_of(p.party_from, p.states, p.from_days, p.to_days, array[null, null, null]) line
  ),
  timeline as (   -- none where the State or the recommendation does not stand
    select c.known_from, c.state_party_code, c.recommendation_code, c.place,
           case when c.place is not null then coalesce(spoken.steps, silent.steps) end as steps
    from cell c
    left join spoken_steps spoken using (known_from, state_party_code, recommendation_code)
    left join silent_steps silent using (state_party_code, told_at)
  ),
  before as materialized (
    select v.state_party_code, v.recommendation_code, v.place,
           jsonb_agg(jsonb_build_array(valid_from, valid_to, state, since) order by valid_from) as steps
    from coverage_version v
    join (select distinct state_party_code, recommendation_code from cell) c using (state_party_code, recommendation_code)
    where v.known_to = 2147483647
    group by v.state_party_code, v.recommendation_code, v.place
  ),
  told as (
    select t.*, lag(t.steps, 1, b.steps) over cell as earlier_steps, lag(t.place, 1, b.place) over cell as earlier_place
    from timeline t
    left join before b using (state_party_code, recommendation_code)
    window cell as (partition by t.state_party_code, t.recommendation_code order by t.known_from)
  ),
  news as materialized (   -- a timeline that is what it was makes no version
    select *, lead(known_from, 1, 2147483647) over (partition by state_party_code, recommendation_code order by known_from)
             as known_to
    from told where steps is distinct from earlier_steps or place <> earlier_place
  ),
  ended as (
    update coverage_version v set known_to = n.known_from
    from (select state_party_code, recommendation_code, min(known_from) as known_from from news group by 1, 2) n
    where v.state_party_code = n.state_party_code and v.recommendation_code = n.recommendation_code
      and v.known_to = 2147483647
  ),
  entered as (
    insert into coverage_version (state_party_code, recommendation_code, place, known_from, known_to, valid_from, valid_to,
                                  state, since)
    select state_party_code, recommendation_code, place, known_from, known_to,
           (step ->> 0)::date, (step ->> 1)::date, step ->> 2, step ->> 3
    from news cross join lateral jsonb_array_elements(steps) step
  )
  select distinct state_party_code, recommendation_code from news
$$;

-- Counts the cells of these State parties and recommendations by the state that they have now and for good: nearly all that there
-- is to count today, whose day is not known here.
create or replace function count_lasting(states text[], recommendations text[]) returns void language sql as $$
  delete from coverage_by_state_party where state_party_code = any (states);
  insert into coverage_by_state_party (state_party_code, state, cells, latest)
  select state_party_code, state, count(*), max(valid_from) from coverage_version
  where known_to = 2147483647 and valid_to = 'infinity' and state_party_code = any (states)
  group by state_party_code, state;

  delete from coverage_by_recommendation where recommendation_code = any (recommendations);
  insert into coverage_by_recommendation (recommendation_code, state, cells, latest)
  select recommendation_code, state, count(*), max(valid_from) from coverage_version
  where known_to = 2147483647 and valid_to = 'infinity' and recommendation_code = any (recommendations)
  group by recommendation_code, state;
$$;

create or replace function project_coverage(first int, last int) returns void language plpgsql as $$
declare
  states text[];
  recommendations text[];
begin
  select array_agg(distinct state_party_code), array_agg(distinct recommendation_code) into states, recommendations
  from project_timelines(first, last);
  perform count_lasting(states, recommendations);
end
$$;
