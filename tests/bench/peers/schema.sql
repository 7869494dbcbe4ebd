-- The same record as the peers' users would have laid it: plain tables with keys and indexes, filled from ours. A row says what
-- stands now; the coverage is today's.

drop schema if exists peer cascade;
create schema peer;

create table peer.state_party (
  code text primary key,
  name text not null,
  region text not null,
  consent_on date not null
);
insert into peer.state_party
select code, name, region, consent_on from state_party_version where known_to = 2147483647;
create index on peer.state_party (region);

create table peer.recommendation (
  code text primary key,
  title text not null
);
insert into peer.recommendation
select code, title from recommendation_version where known_to = 2147483647;

create table peer.measure (
  id text primary key,
  state_party_code text not null references peer.state_party,
  title text not null,
  summary text not null,
  kind text not null,
  status text,
  in_force_on text,
  dated_earliest date not null,
  dated_latest date not null
);
insert into peer.measure
select id, state_party_code, title, summary, kind,
       case when ended_by <= current_date then 'ENDED'
            when in_force_by <= current_date then 'IN_FORCE'
            when adopted_by <= current_date then 'ADOPTED'
            when drafted_by <= current_date then 'DRAFTED'
            when announced_by <= current_date then 'ANNOUNCED' end,
       in_force_on, dated_earliest, dated_latest
from measure_version where known_to = 2147483647 order by id;
create index on peer.measure (state_party_code, id);
create index on peer.measure (dated_earliest desc, dated_latest desc, id);

create table peer.measure_recommendation (
  measure_id text not null references peer.measure,
  recommendation_code text not null references peer.recommendation,
  primary key (measure_id, recommendation_code)
);
insert into peer.measure_recommendation
select m.id, code from measure_version m cross join lateral unnest(m.recommendation_codes) code
where m.known_to = 2147483647 order by 1, 2;
create index on peer.measure_recommendation (recommendation_code);

create table peer.revision (
  position int primary key,
  measure_id text not null references peer.measure,
  number int not null,
  recorded_at timestamptz not null,
  author text not null,
  unique (measure_id, number)
);
insert into peer.revision
select r.position, r.record_id, r.number, r.recorded_at, r.author from revision r
where r.record_type = 'MEASURE' order by r.position;

create table peer.coverage (
  state_party_code text not null references peer.state_party,
  recommendation_code text not null references peer.recommendation,
  state text not null,
  primary key (state_party_code, recommendation_code)
);
insert into peer.coverage
select state_party_code, recommendation_code, state from coverage_version
where known_to = 2147483647 and valid_from <= current_date and valid_to > current_date;

create type peer.coverage_count as (state text, count int);
create type peer.coverage_group as (key text[], label text[], total int, counts peer.coverage_count[]);

create function peer.coverage_summary_by_region() returns setof peer.coverage_group language sql stable as $$
  select array[region], array[region], sum(count)::int, array_agg(row(state, count)::peer.coverage_count order by state)
  from (
    select s.region, c.state, count(*)::int as count
    from peer.coverage c join peer.state_party s on s.code = c.state_party_code
    group by s.region, c.state
  ) counted
  group by region order by region
$$;

analyze peer.state_party, peer.recommendation, peer.measure, peer.measure_recommendation, peer.revision, peer.coverage;
grant usage on schema peer to opsc;
grant select on all tables in schema peer to opsc;
