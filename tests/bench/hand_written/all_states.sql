-- $1: the day.
select convert_to('{"data":{"stateParties":{"nodes":[' || coalesce(string_agg(
  '{"code":"' || code || '","name":' || to_json(name)::text || ',"region":' || to_json(region)::text
  || ',"consentOn":"' || consent_on || '"}', ',' order by code), '') || ']}}}', 'UTF8')
from (
  select code, name, region, consent_on from state_party_version
  where known_to = 2147483647 and consent_on <= $1::date order by code limit 200
) s
