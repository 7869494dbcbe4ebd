-- No parameters. The session's time zone is UTC (db/pool.py).
select convert_to('{"data":{"measures":{"nodes":[' || coalesce(string_agg(
  '{"id":"' || m.id || '","title":' || to_json(m.title)::text
  || ',"stateParty":' || s.state_party || ',"recommendations":[' || r.recommendations || '],"revisions":{"nodes":['
  || v.revisions || ']}}', ',' order by m.state_party_code, m.id), '') || ']}}}', 'UTF8')
from (
  select * from measure_version where known_to = 2147483647 order by state_party_code, id limit 100
) m
left join lateral (
  select '{"code":"' || code || '","name":' || to_json(name)::text || '}' as state_party
  from state_party_version where code = m.state_party_code and known_to = 2147483647
) s on true
left join lateral (
  select coalesce(string_agg('{"code":"' || code || '","title":' || to_json(title)::text || '}', ',' order by place), '')
    as recommendations
  from recommendation_version where code = any(m.recommendation_codes) and known_to = 2147483647
) r on true
left join lateral (
  select coalesce(string_agg(
    '{"position":' || position || ',"number":' || number
    || ',"recordedAt":"' || to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","author":' || to_json(author)::text || '}', ',' order by number), '') as revisions
  from (
    select position, number, recorded_at, author from revision where record_id = m.id order by number desc limit 5
  ) last
) v on true
