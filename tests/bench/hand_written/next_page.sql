-- $1, $2, $3: the last row's first and last possible day and id; $4: the day. One range of the index for the measures that share
-- those days, one for all after them: a comparison of the whole key would read and throw away every measure of the same days.
select convert_to('{"data":{"measures":{"nodes":[' || coalesce(array_to_string(nodes[1:50], ','), '')
  || '],"pageInfo":{"hasNextPage":' || (cardinality(nodes) > 50)
  || ',"endCursor":' || coalesce('"' || keys[least(cardinality(keys), 50)] || '"', 'null') || '}}}}', 'UTF8')
from (
  select coalesce(array_agg(key), '{}') as keys, coalesce(array_agg(json), '{}') as nodes
  from (
    select coalesce(dated_earliest, '-infinity'::date) || ' ' || coalesce(dated_latest, '-infinity'::date) || ' ' || id as key,
      '{"id":"' || id || '","title":' || to_json(title)::text || ',"kind":"' || kind
      || '","status":' || coalesce('"' || case
           when ended_by <= $4::date then 'ENDED' when in_force_by <= $4 then 'IN_FORCE' when adopted_by <= $4 then 'ADOPTED'
           when drafted_by <= $4 then 'DRAFTED' when announced_by <= $4 then 'ANNOUNCED' end || '"', 'null')
      || ',"inForceOn":' || coalesce('"' || in_force_on || '"', 'null') || '}' as json
    from (
      (select * from measure_version
       where known_to = 2147483647 and coalesce(dated_earliest, '-infinity'::date) = $1::date
         and coalesce(dated_latest, '-infinity'::date) = $2::date and id > $3::text
       order by id limit 51)
      union all
      (select * from measure_version
       where known_to = 2147483647
         and (coalesce(dated_earliest, '-infinity'::date), coalesce(dated_latest, '-infinity'::date)) < ($1::date, $2::date)
       order by coalesce(dated_earliest, '-infinity'::date) desc, coalesce(dated_latest, '-infinity'::date) desc, id limit 51)
    ) beyond
    order by coalesce(dated_earliest, '-infinity'::date) desc, coalesce(dated_latest, '-infinity'::date) desc, id limit 51
  ) page
) gathered
