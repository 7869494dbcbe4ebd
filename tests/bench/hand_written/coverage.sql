-- $1: the day. What lasts is counted already (db/rules/coverage.sql); what does not yet, or not for good, is counted here.
select convert_to('{"data":{"coverageSummary":[' || coalesce(string_agg(
  '{"key":[' || to_json(region)::text || '],"label":[' || to_json(region)::text || '],"total":' || total
  || ',"counts":[' || counts || ']}', ',' order by region), '') || ']}}', 'UTF8')
from (
  select region, sum(count) as total,
         string_agg('{"state":"' || state || '","count":' || count || '}', ',' order by state) as counts
  from (
    select s.region, c.state, sum(c.count) as count
    from (
      select state_party_code, state, cells as count from coverage_by_state_party where latest <= $1::date
      union all
      select c.state_party_code, c.state, 1 from coverage_by_state_party late
      join coverage_version c on c.state_party_code = late.state_party_code and c.state = late.state
      where late.latest > $1 and c.known_to = 2147483647 and c.valid_to = 'infinity' and c.valid_from <= $1
      union all
      select state_party_code, state, 1 from coverage_version
      where known_to = 2147483647 and valid_to < 'infinity' and valid_to > $1 and valid_from <= $1
    ) c
    join state_party_version s on s.code = c.state_party_code and s.known_to = 2147483647 and s.consent_on <= $1
    group by s.region, c.state
  ) counted
  group by region
) regions
