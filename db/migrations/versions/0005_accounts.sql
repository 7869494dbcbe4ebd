CREATE TABLE account (
  id INTEGER GENERATED ALWAYS AS IDENTITY,
  name TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  disabled_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT account_key PRIMARY KEY (id),
  CONSTRAINT account_role_is_known CHECK ("role" in ('CONTRIBUTOR', 'REVIEWER', 'ADMIN')),
  CONSTRAINT account_name_is_not_the_files CHECK (lower(name) <> 'seed'),
  CONSTRAINT account_name_is_a_pseudonym CHECK (name ~ '^[^[:cntrl:]@\u0080-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]{1,100}$' and name = btrim(name))
);

CREATE UNIQUE INDEX account_name_once ON account (lower(name));

CREATE TABLE account_person (
  account_id INTEGER NOT NULL,
  person TEXT COLLATE "C",
  issuer TEXT COLLATE "C",
  subject TEXT COLLATE "C",
  CONSTRAINT account_person_key PRIMARY KEY (account_id),
  CONSTRAINT account_person_subject_once UNIQUE (issuer, subject),
  CONSTRAINT account_person_subject_is_of_an_issuer CHECK ((issuer is null) = (subject is null)),
  CONSTRAINT account_person_subject_is_printable CHECK (issuer ~ '^[!-~]+$' and length(issuer) <= 500 and subject ~ '^[ -~]{1,255}$'),
  CONSTRAINT account_person_person_is_one_line CHECK (person ~ '^[^[:cntrl:]]+$' and length(person) <= 500),
  CONSTRAINT account_person_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE TABLE token (
  id INTEGER GENERATED ALWAYS AS IDENTITY,
  account_id INTEGER NOT NULL,
  hash BYTEA NOT NULL,
  beginning TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  last_used_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT token_key PRIMARY KEY (id),
  CONSTRAINT token_hash_once UNIQUE (hash),
  CONSTRAINT token_expires_after_it_began CHECK (expires_at > created_at),
  CONSTRAINT token_account_id_exists FOREIGN KEY(account_id) REFERENCES account (id)
);
