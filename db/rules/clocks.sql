-- The clocks that readers choose, found in the log. What is not there is refused with SQLSTATE OP001: the message is a sentence for
-- the reader, the hint says which of his arguments it is about (place).

create or replace function refuse_clock(argument text, asked text, place text) returns void language plpgsql stable as $$
declare
  range record;
begin
  select min(recorded_at) as first, max("position") as last into range from revision;
  raise exception using errcode = 'OP001', hint = place, message = case
    when range.last is null then format('%s: there is nothing yet at %s: the record has no revision.', argument, asked)
    when argument = 'known' then
      format('known: %s lies outside the record, which begins at %s and ends now.', asked, moment(range.first))
    else format('%s: there is no position %s; the log has positions 1 to %s.', argument, asked, range.last)
  end;
end
$$;

-- The newest position that had been recorded at a moment.
create or replace function position_known_at(known timestamptz, place text) returns int language plpgsql stable as $$
declare
  found_at int;
begin
  select "position" into found_at from revision where recorded_at <= known order by recorded_at desc, "position" desc limit 1;
  if found_at is null or known > statement_timestamp() + interval '1 minute' then
    perform refuse_clock('known', moment(known), place);
  end if;
  return found_at;
end
$$;

-- The moment at which a position was recorded.
create or replace function moment_of_position(asked int, place text) returns timestamptz language plpgsql stable as $$
declare
  moment_found timestamptz;
begin
  select recorded_at into moment_found from revision where "position" = asked;
  if moment_found is null then
    perform refuse_clock('position', asked::text, place);
  end if;
  return moment_found;
end
$$;
