CREATE TABLE webhook (
  id INTEGER GENERATED ALWAYS AS IDENTITY,
  account_id INTEGER NOT NULL,
  query_id TEXT COLLATE "C" NOT NULL,
  url TEXT COLLATE "C" NOT NULL,
  secret BYTEA NOT NULL,
  secret_before BYTEA,
  secret_before_until TIMESTAMP WITH TIME ZONE,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  position INTEGER NOT NULL,
  valid DATE NOT NULL,
  next_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL,
  leased_until TIMESTAMP WITH TIME ZONE,
  disabled_at TIMESTAMP WITH TIME ZONE,
  disabled_because TEXT COLLATE "C",
  CONSTRAINT webhook_key PRIMARY KEY (id),
  CONSTRAINT webhook_url_is_an_address CHECK (url ~ '^https?://[!-~]+$' and length(url) <= 2000),
  CONSTRAINT webhook_secret_is_long CHECK (octet_length(secret) = 32),
  CONSTRAINT webhook_secret_before_ends CHECK ((secret_before is null) = (secret_before_until is null)),
  CONSTRAINT webhook_position_is_of_the_log CHECK (position >= 0),
  CONSTRAINT webhook_disabled_says_why CHECK ((disabled_at is null) = (disabled_because is null)),
  CONSTRAINT webhook_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT webhook_query_id_exists FOREIGN KEY(query_id) REFERENCES saved_query (id)
);

CREATE INDEX webhook_account_id ON webhook (account_id);

CREATE INDEX webhook_due ON webhook (next_attempt_at) WHERE disabled_at is null;

CREATE TABLE webhook_delivery (
  id TEXT COLLATE "C" NOT NULL,
  webhook_id INTEGER NOT NULL,
  from_position INTEGER NOT NULL,
  to_position INTEGER NOT NULL,
  from_valid DATE NOT NULL,
  to_valid DATE NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  attempts INTEGER NOT NULL,
  attempted_at TIMESTAMP WITH TIME ZONE,
  outcome TEXT COLLATE "C",
  CONSTRAINT webhook_delivery_key PRIMARY KEY (id),
  CONSTRAINT webhook_delivery_state_is_known CHECK ("state" in ('PENDING', 'DELIVERED', 'GIVEN_UP')),
  CONSTRAINT webhook_delivery_goes_on CHECK (0 <= from_position and from_position <= to_position),
  CONSTRAINT webhook_delivery_attempts_have_a_moment CHECK ((attempts = 0) = (attempted_at is null)),
  CONSTRAINT webhook_delivery_webhook_id_exists FOREIGN KEY(webhook_id) REFERENCES webhook (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX webhook_delivery_is_one_at_a_time ON webhook_delivery (webhook_id) WHERE state = 'PENDING';

CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook_id, made_at);
