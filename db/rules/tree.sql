-- The tree: RFC 9162's over the log's leaves; the leaf at i is the revision's at position i + 1. Of the subtrees above the leaves
-- those are kept that are complete, since these never change: node (level, place) stands over the 2^level leaves from
-- place * 2^level on. Whoever asks beyond the log is told so (OP001, as in clocks.sql: the hint is the place of the reader's field).

-- The nodes that become complete with the revisions first to last, where those before first have theirs.
create or replace function grow_tree(first int, last int) returns void language plpgsql as $$
declare
  made int := 1;        -- a level
  from_place int;
  to_place int;
begin
  loop
    from_place := (first - 1) >> made;
    to_place := (last >> made) - 1;
    exit when from_place > to_place;
    if made = 1 then
      insert into tree_node (level, place, hash)
      select 1, ("position" - 1) / 2, sha256('\x01'::bytea || string_agg(leaf_hash, ''::bytea order by "position"))
      from revision where "position" between 2 * from_place + 1 and 2 * to_place + 2 group by 2;
    else
      insert into tree_node (level, place, hash)
      select made, place / 2, sha256('\x01'::bytea || string_agg(hash, ''::bytea order by place))
      from tree_node where level = made - 1 and place between 2 * from_place and 2 * to_place + 1 group by 2;
    end if;
    made := made + 1;
  end loop;
end
$$;

-- The hash over `size` leaves from start on, which is a multiple of the power of two that they would fill.
create or replace function subtree_hash(start int, size int) returns bytea language plpgsql stable as $$
declare
  complete bytea;
  found_hash bytea;
begin
  for complete in   -- its complete subtrees, from the right, smallest first
    select case l when 0 then (select leaf_hash from revision where "position" = at_place + 1)
                  else (select hash from tree_node where level = l and place = at_place) end
    from (select l, (start + ((size >> l + 1) << l + 1)) >> l as at_place
          from generate_series(0, 30) l where size & (1 << l) > 0) n order by l
  loop
    found_hash := case when found_hash is null then complete else sha256('\x01'::bytea || complete || found_hash) end;
    perform refuse_gap(found_hash is null);
  end loop;
  return coalesce(found_hash, sha256(''::bytea));
end
$$;

-- The siblings of the node over a leaf at a level, and of the nodes above it, in the tree of a size. One of them at most is not
-- complete: the one at the right edge.
create or replace function siblings(leaf int, size int, from_level int) returns bytea[] language plpgsql stable as $$
declare
  found_hashes bytea[];
begin
  select coalesce(array_agg(case
      when (sibling + 1)::bigint << l > size then subtree_hash(sibling << l, size - (sibling << l))
      when l = 0 then (select leaf_hash from revision where "position" = sibling + 1)
      else (select hash from tree_node where level = l and place = sibling) end order by l), '{}')
  into found_hashes
  from (select l, leaf >> l # 1 as sibling from generate_series(from_level, 30) l where 1 << l < size) n
  where sibling::bigint << l < size;
  perform refuse_gap(array_position(found_hashes, null) is not null);
  return found_hashes;
end
$$;

create or replace function refuse_gap(is_one boolean) returns void language plpgsql immutable as $$
begin
  if is_one then
    raise exception using errcode = 'data_corrupted', message = 'a node of the log''s tree is missing: run opsc verify';
  end if;
end
$$;

create or replace function refuse_beyond(argument text, asked int, lowest int, highest int, why text, place text) returns void
language plpgsql immutable as $$
begin
  if asked not between lowest and highest then
    raise exception using errcode = 'OP001', hint = place, message = case
      when lowest > highest then format('%s: %s cannot be asked for, since this log is still empty.', argument, asked)
      else format('%s: %s is out of range; it can be from %s to %s, %s.', argument, counted(asked), counted(lowest),
                  counted(highest), why)
    end;
  end if;
end
$$;

create or replace function counted(number int) returns text language sql immutable parallel safe as $$
  select trim(to_char(number, '9,999,999,999'))
$$;

create or replace function tree_size() returns int language sql stable as $$
  select coalesce(max("position"), 0) from revision
$$;

-- The root of the tree of the log's first `size` leaves.
create or replace function tree_root(size int) returns bytea language plpgsql stable as $$
begin
  perform refuse_beyond('size', size, 0, tree_size(), 'which is how far this log goes', '');
  return subtree_hash(0, size);
end
$$;

-- What shows, with the leaf, that the revision at a position is in the tree of a size: RFC 9162, 2.1.3.
create or replace function inclusion_proof("position" int, size int, place text default '') returns bytea[] language plpgsql stable as $$
begin
  perform refuse_beyond('size', size, 1, tree_size(), 'which is how far this log goes', place);
  perform refuse_beyond('position', "position", 1, size, 'the size of the tree it is asked in', place);
  return siblings("position" - 1, size, 0);
end
$$;

-- What shows, with both roots, that the tree of one size is the beginning of the tree of another: RFC 9162, 2.1.4. That is the last
-- complete subtree of the earlier tree, which is its whole where its size is a power of two, and what stands beside it and above.
-- Any log begins with the empty one: there is nothing to show.
create or replace function consistency_proof(from_size int, to_size int, place text default '') returns bytea[]
language plpgsql stable as $$
declare
  width int := from_size & -from_size;
  beside bytea[];
begin
  perform refuse_beyond('to', to_size, 0, tree_size(), 'which is how far this log goes', place);
  perform refuse_beyond('from', from_size, 0, to_size, 'the size that it is compared with', place);
  if from_size in (0, to_size) then
    return '{}';
  end if;
  beside := siblings(from_size - 1, to_size, length(width::bit(32)::text) - position('1' in width::bit(32)::text));
  return case when width = from_size then beside else subtree_hash(from_size - width, width) || beside end;
end
$$;

create or replace function in_hex(hashes bytea[]) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(encode(hash, 'hex') order by place), '{}') from unnest(hashes) with ordinality as h(hash, place)
$$;
