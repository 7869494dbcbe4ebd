CREATE TABLE error_report (
  id INTEGER GENERATED ALWAYS AS IDENTITY,
  record_id TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C",
  on_behalf_of TEXT COLLATE "C",
  contact TEXT COLLATE "C",
  reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  answer TEXT COLLATE "C",
  answered_by TEXT COLLATE "C",
  answered_at TIMESTAMP WITH TIME ZONE,
  proposal_id INTEGER,
  CONSTRAINT error_report_key PRIMARY KEY (id),
  CONSTRAINT error_report_state_is_known CHECK ("state" in ('OPEN', 'ANSWERED', 'DISMISSED')),
  CONSTRAINT error_report_is_of_bounded_size CHECK (char_length(text) >= 1 and char_length(text) <= 5000 and coalesce(char_length(source), 0) <= 1000 and coalesce(char_length(on_behalf_of), 0) <= 200 and coalesce(char_length(contact), 0) <= 200),
  CONSTRAINT error_report_answered_says_what_by_whom_and_when CHECK ((state = 'OPEN') = (answer is null) and (answer is null) = (answered_by is null) and (answer is null) = (answered_at is null)),
  CONSTRAINT error_report_submission_comes_of_an_answer CHECK (proposal_id is null or state = 'ANSWERED'),
  CONSTRAINT error_report_proposal_id_exists FOREIGN KEY(proposal_id) REFERENCES proposal (id)
);

CREATE INDEX error_report_waits ON error_report (id) WHERE state = 'OPEN';

ALTER TABLE token ADD COLUMN reads TEXT COLLATE "C" NOT NULL DEFAULT 'ALL';
ALTER TABLE token ADD CONSTRAINT token_reads_is_known CHECK (reads in ('ALL', 'FEED'));
