-- Coverage: which state each cell (State party × recommendation) has, by both clocks. Kept as a step function of the valid day,
-- so that a day's turning changes nothing here.

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
