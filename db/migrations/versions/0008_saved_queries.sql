CREATE TABLE saved_query (
  id TEXT COLLATE "C" NOT NULL,
  content TEXT COLLATE "C",
  document_hash TEXT COLLATE "C",
  saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id INTEGER,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  withdrawn_because TEXT COLLATE "C",
  CONSTRAINT saved_query_key PRIMARY KEY (id),
  CONSTRAINT saved_query_id_is_well_formed CHECK (id ~ '^[0-9a-f]{20}$'),
  CONSTRAINT saved_query_id_is_of_its_content CHECK (content is null or id = left(encode(sha256(convert_to(content, 'UTF8')), 'hex'), 20)),
  CONSTRAINT saved_query_document_hash_is_of_its_document CHECK (content is null or document_hash = encode(sha256(convert_to(content::json->>'document', 'UTF8')), 'hex')),
  CONSTRAINT saved_query_is_of_bounded_size CHECK (coalesce(char_length(content), 0) <= 20000 and coalesce(char_length(withdrawn_because), 1) between 1 and 2000),
  CONSTRAINT saved_query_withdrawn_says_why_and_nothing_else CHECK ((withdrawn_at is null) = (content is not null) and (content is null) = (document_hash is null) and (withdrawn_at is null) = (withdrawn_because is null)),
  CONSTRAINT saved_query_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE INDEX saved_query_documents ON saved_query (document_hash);
