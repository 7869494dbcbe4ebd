CREATE TABLE tree_node (
  level INTEGER NOT NULL,
  place INTEGER NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT tree_node_key PRIMARY KEY (level, place)
);

CREATE TABLE log_key (
  number INTEGER NOT NULL,
  public_key TEXT COLLATE "C" NOT NULL,
  since INTEGER NOT NULL,
  note TEXT COLLATE "C",
  added_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT log_key_key PRIMARY KEY (number),
  CONSTRAINT log_key_note_tells_who_vouches CHECK ((number = 1) = (note is null))
);

CREATE TABLE checkpoint (
  size INTEGER NOT NULL,
  number INTEGER NOT NULL,
  root_hash BYTEA NOT NULL,
  note TEXT COLLATE "C" NOT NULL,
  key INTEGER NOT NULL,
  signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT checkpoint_key PRIMARY KEY (size),
  CONSTRAINT checkpoint_number_once UNIQUE (number),
  CONSTRAINT checkpoint_key_exists FOREIGN KEY(key) REFERENCES log_key (number)
);

-- the log until now; the rules grow the tree from here on
do $$
declare
  size int := (select coalesce(max("position"), 0) from revision);
  made int := 1;
begin
  while size >> made > 0 loop
    if made = 1 then
      insert into tree_node (level, place, hash)
      select 1, ("position" - 1) / 2, sha256('\x01'::bytea || string_agg(leaf_hash, ''::bytea order by "position"))
      from revision where "position" <= size / 2 * 2 group by 2;
    else
      insert into tree_node (level, place, hash)
      select made, place / 2, sha256('\x01'::bytea || string_agg(hash, ''::bytea order by place))
      from tree_node where level = made - 1 and place < (size >> made) * 2 group by 2;
    end if;
    made := made + 1;
  end loop;
end
$$;
