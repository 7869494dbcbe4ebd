-- The clocks that readers choose, found in the log. What is not there is refused with SQLSTATE OP001, clocks that do not go
-- together with OP002: the message is a sentence for the reader, who calls the clock `argument`; the hint says which of his fields
-- it is about (place).

create or replace function refuse_clock(argument text, asked text, place text) returns void language plpgsql stable as $$
declare
  range record;
begin
  select min(recorded_at) as first, max("position") as last into range from revision;
  raise exception using errcode = 'OP001', hint = place, message = case
    when range.last is null then format('%s: there is nothing yet at %s: the record has no revision.', argument, asked)
    when argument in ('known', 'from', 'to') then
      format('%s: %s lies outside the record, which begins at %s and ends now.', argument, asked, moment(range.first))
    else format('%s: there is no position %s; the log has positions 1 to %s.', argument, asked, range.last)
  end || case argument
    when 'from' then ' Leave it out to begin at the beginning.'
    when 'fromPosition' then ' Give 0 to begin at the beginning.'
    else ''
  end;
end
$$;

-- The newest position that had been recorded at a moment.
create or replace function position_known_at(argument text, known timestamptz, place text) returns int language plpgsql stable as $$
declare
  found_at int;
begin
  select "position" into found_at from revision where recorded_at <= known order by recorded_at desc, "position" desc limit 1;
  if found_at is null or known > statement_timestamp() + interval '1 minute' then
    perform refuse_clock(argument, coalesce(moment(known), 'that moment'), place);
  end if;
  return found_at;
end
$$;

-- The moment at which a position was recorded.
create or replace function moment_of_position(argument text, asked int, place text) returns timestamptz
language plpgsql stable as $$
declare
  moment_found timestamptz;
begin
  select recorded_at into moment_found from revision where "position" = asked;
  if moment_found is null then
    perform refuse_clock(argument, asked::text, place);
  end if;
  return moment_found;
end
$$;

-- The position after which the feed begins, which ends at the position `newest`.
create or replace function feed_start("after" int, newest int, place text) returns int language plpgsql stable as $$
begin
  perform refuse_beyond('after', "after", 0, newest, 'the newest position at this clock', place);
  return "after";
end
$$;

-- The position after which a difference begins: that of a moment, one that is given, or else 0, the beginning. The difference ends
-- at the position `until`, which is where the reader's `to` or `toPosition` leads, if he gave one.
create or replace function difference_start("from" timestamptz, from_position int, "to" timestamptz, to_position int, until int,
                                            place text)
returns int language plpgsql stable as $$
declare
  start int := case when "from" is null then coalesce(from_position, 0) else position_known_at('from', "from", place) end;
begin
  if from_position <> 0 then
    perform moment_of_position('fromPosition', from_position, place);
  end if;
  if start > until or "from" > "to" then
    raise exception using errcode = 'OP002', hint = place,
      message = format('%s is after %s: what changed goes from the earlier to the later. Swap them.',
                       coalesce('from: ' || moment("from"), 'fromPosition: ' || from_position),
                       coalesce('to: ' || moment("to"), 'toPosition: ' || to_position,
                                'position ' || until || ', which this ends at'));
  end if;
  return start;
end
$$;
