-- $1, $2, $3: the last row's first and last possible day and id; $4: the day. The index measure_version_latest_first_now counts days
-- backwards, so that everything after a row is one range of it.
select convert_to('{"data":{"measures":{"nodes":[' || coalesce(array_to_string(nodes[1:50], ','), '')
  || '],"pageInfo":{"hasNextPage":' || (cardinality(nodes) > 50)
  || ',"endCursor":' || coalesce('"' || keys[least(cardinality(keys), 50)] || '"', 'null') || '}}}}', 'UTF8')
from (
  select coalesce(array_agg(key), '{}') as keys, coalesce(array_agg(json), '{}') as nodes
  from (
    select dated_earliest || ' ' || dated_latest || ' ' || id as key,
      '{"id":"' || id || '","title":' || to_json(title)::text || ',"kind":"' || kind
      || '","status":' || coalesce('"' || case
           when ended_by <= $4::date then 'ENDED' when in_force_by <= $4 then 'IN_FORCE' when adopted_by <= $4 then 'ADOPTED'
           when drafted_by <= $4 then 'DRAFTED' when announced_by <= $4 then 'ANNOUNCED' end || '"', 'null')
      || ',"inForceOn":' || coalesce('"' || in_force_on || '"', 'null') || '}' as json
    from measure_version
    where known_to = 2147483647
      and (coalesce('2000-01-01'::date - dated_earliest, 2147483647), coalesce('2000-01-01'::date - dated_latest, 2147483647), id)
        > ('2000-01-01'::date - $1::date, '2000-01-01'::date - $2::date, $3::text)
    order by coalesce('2000-01-01'::date - dated_earliest, 2147483647), coalesce('2000-01-01'::date - dated_latest, 2147483647), id
    limit 51
  ) page
) gathered
