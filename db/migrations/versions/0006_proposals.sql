CREATE TABLE proposal (
  id INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  round INTEGER NOT NULL,
  submission_id INTEGER,
  submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT proposal_key PRIMARY KEY (id),
  CONSTRAINT proposal_state_is_known CHECK ("state" in ('CHECKED', 'WAITING', 'CHANGES_REQUESTED', 'PUBLISHED', 'REJECTED', 'WITHDRAWN')),
  CONSTRAINT proposal_submission_id_once UNIQUE (submission_id),
  CONSTRAINT proposal_published_is_in_the_log CHECK ((state = 'PUBLISHED') = (submission_id is not null)),
  CONSTRAINT proposal_decided_has_its_moment CHECK ((state in ('PUBLISHED', 'REJECTED', 'WITHDRAWN')) = (decided_at is not null)),
  CONSTRAINT proposal_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id),
  CONSTRAINT proposal_submission_id_exists FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE INDEX proposal_waits ON proposal (id) WHERE state in ('WAITING', 'CHANGES_REQUESTED');

CREATE TABLE proposal_round (
  proposal_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  token_id INTEGER,
  key TEXT COLLATE "C" NOT NULL,
  content_hash BYTEA NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  internal_note TEXT COLLATE "C",
  rebase BOOLEAN NOT NULL,
  plan_hash TEXT COLLATE "C" NOT NULL,
  unchanged INTEGER NOT NULL,
  second_reviews TEXT[] NOT NULL,
  warnings JSONB NOT NULL,
  submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT proposal_round_key PRIMARY KEY (proposal_id, number),
  CONSTRAINT proposal_round_key_once UNIQUE (account_id, key),
  CONSTRAINT proposal_round_counts_from_one CHECK (number > 0),
  CONSTRAINT proposal_round_proposal_id_exists FOREIGN KEY(proposal_id) REFERENCES proposal (id),
  CONSTRAINT proposal_round_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE TABLE proposed_change (
  proposal_id INTEGER NOT NULL,
  round INTEGER NOT NULL,
  place INTEGER NOT NULL,
  operation TEXT COLLATE "C" NOT NULL,
  record_type TEXT COLLATE "C" NOT NULL,
  record_id TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  base_revision INTEGER,
  position_before INTEGER,
  given TEXT COLLATE "C",
  document TEXT COLLATE "C" NOT NULL,
  merged_into TEXT COLLATE "C",
  citations JSONB NOT NULL,
  CONSTRAINT proposed_change_key PRIMARY KEY (proposal_id, round, place),
  CONSTRAINT proposed_change_operation_is_known CHECK ("operation" in ('CREATE', 'AMEND', 'RETRACT', 'RESTORE', 'MERGE', 'REDACT')),
  CONSTRAINT proposed_change_record_type_is_known CHECK ("record_type" in ('STATE_PARTY', 'SIGNATORY', 'SECTION', 'ARTICLE', 'INSTRUMENT', 'RECOMMENDATION', 'MEASURE', 'ASSESSMENT', 'STATEMENT', 'REPORTING_EVENT', 'SOURCE')),
  CONSTRAINT proposed_change_kind_is_known CHECK ("kind" in ('STATE_ACTED', 'LEARNED', 'CORRECTED', 'RECODED')),
  CONSTRAINT round_exists FOREIGN KEY(proposal_id, round) REFERENCES proposal_round (proposal_id, number),
  CONSTRAINT proposed_change_record_id_once UNIQUE (proposal_id, round, record_id)
);

CREATE INDEX proposed_change_record_id ON proposed_change (record_id);

CREATE TABLE review (
  proposal_id INTEGER NOT NULL,
  round INTEGER NOT NULL,
  number INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  token_id INTEGER,
  reviewer TEXT COLLATE "C" NOT NULL,
  decision TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C",
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT review_key PRIMARY KEY (proposal_id, round, number),
  CONSTRAINT review_decision_is_known CHECK ("decision" in ('ACCEPT', 'REJECT', 'REQUEST_CHANGES')),
  CONSTRAINT round_exists FOREIGN KEY(proposal_id, round) REFERENCES proposal_round (proposal_id, number),
  CONSTRAINT review_says_why_not CHECK (decision = 'ACCEPT' or text is not null),
  CONSTRAINT review_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE UNIQUE INDEX review_accepts_once ON review (proposal_id, round, account_id) WHERE decision = 'ACCEPT';

CREATE TABLE comment (
  proposal_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT comment_key PRIMARY KEY (proposal_id, number),
  CONSTRAINT comment_proposal_id_exists FOREIGN KEY(proposal_id) REFERENCES proposal (id),
  CONSTRAINT comment_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id)
);

ALTER TABLE submission DROP CONSTRAINT submission_is_reviewed_by_another;
ALTER TABLE submission ADD CONSTRAINT submission_is_reviewed_by_another
  CHECK (reviewer <> author or strpos(reason, '(Reviewed by nobody else: ') > 0);
