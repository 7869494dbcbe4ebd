-- $1: a State's code, $2: the day. known_to = 2147483647 is what the partial indexes say, so it is said so here.
select convert_to('{"data":{"stateParty":' || coalesce((
  select '{"id":"' || s.id || '","code":"' || s.code || '","name":' || to_json(s.name)::text || ',"measures":{"nodes":[' || (
    select coalesce(string_agg(
      '{"id":"' || m.id || '","title":' || to_json(m.title)::text || ',"kind":"' || m.kind
      || '","status":' || coalesce('"' || case
           when m.ended_by <= $2::date then 'ENDED' when m.in_force_by <= $2 then 'IN_FORCE' when m.adopted_by <= $2 then 'ADOPTED'
           when m.drafted_by <= $2 then 'DRAFTED' when m.announced_by <= $2 then 'ANNOUNCED' end || '"', 'null')
      || ',"inForceOn":' || coalesce('"' || m.in_force_on || '"', 'null')
      || ',"recommendations":[' || (
        select coalesce(string_agg('{"code":"' || r.code || '","title":' || to_json(r.title)::text || '}', ',' order by r.place), '')
        from recommendation_version r where r.code = any(m.recommendation_codes) and r.known_to = 2147483647
      ) || ']}', ',' order by m.id), '')
    from (
      select * from measure_version where state_party_code = s.code and known_to = 2147483647 order by id limit 20
    ) m
  ) || ']}}'
  from state_party_version s where s.code = $1::text and s.known_to = 2147483647
), 'null') || '}}', 'UTF8')
