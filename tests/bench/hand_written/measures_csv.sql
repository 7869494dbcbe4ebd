-- Every measure as a row of /v1/measures.csv. Parameters: the day, and where readers find the record.
select
  m.id, s.code, s.name, s.region, m.title, m.summary, m.kind,
  case when m.ended_by <= $1::date then 'ENDED'
       when m.in_force_by <= $1::date then 'IN_FORCE'
       when m.adopted_by <= $1::date then 'ADOPTED'
       when m.drafted_by <= $1::date then 'DRAFTED'
       when m.announced_by <= $1::date then 'ANNOUNCED' end,
  m.announced_on, m.adopted_on, m.in_force_on, m.ended_on, m.date_basis, m.reported_by, m.reported_on,
  i.code, i.name, m.consent, r.codes, r.titles, m.confidence, m.note,
  c.ids, c.titles, c.urls, c.locators, c.notes,
  v.number, to_char(timezone('UTC', v.recorded_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), $2::text || '/r/' || m.id
from measure_version m
left join state_party_version s on s.code = m.state_party_code and s.known_to = 2147483647
left join instrument_version i on i.code = m.instrument_code and i.known_to = 2147483647
left join revision v on v.position = m.known_from
left join lateral (
  select nullif(string_agg(replace(replace(code, '\', '\\'), ';', '\;'), '; ' order by place), '') as codes,
         nullif(string_agg(replace(replace(title, '\', '\\'), ';', '\;'), '; ' order by place), '') as titles
  from recommendation_version where code = any(m.recommendation_codes) and known_to = 2147483647
) r on true
left join lateral (
  select nullif(string_agg(coalesce(replace(replace(s.id, '\', '\\'), ';', '\;'), ''), '; ' order by place), '') as ids,
         nullif(string_agg(coalesce(replace(replace(s.title, '\', '\\'), ';', '\;'), ''), '; ' order by place), '') as titles,
         nullif(string_agg(coalesce(replace(replace(s.url, '\', '\\'), ';', '\;'), ''), '; ' order by place), '') as urls,
         nullif(string_agg(coalesce(replace(replace(one ->> 'locator', '\', '\\'), ';', '\;'), ''), '; ' order by place), '') as locators,
         nullif(string_agg(coalesce(replace(replace(one ->> 'note', '\', '\\'), ';', '\;'), ''), '; ' order by place), '') as notes
  from jsonb_array_elements(m.citations) with ordinality one(one, place)
  left join source_version s on s.id = 'Source:' || (one ->> 'source') and s.known_to = 2147483647
) c on true
where m.known_to = 2147483647
order by m.id
