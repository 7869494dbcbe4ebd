-- Immutable functions that the tables' generated columns and CHECKs rest on. Changing what one answers means rewriting the
-- columns made with it, in a migration. None is STRICT, though each answers null to null: PostgreSQL folds a function into its
-- caller only where it is not, and unfolded these take ten times as long. Their bodies are parsed here and now (return, begin
-- atomic), so that they find each other whatever the search_path: pg_restore fills the tables without one.

-- The first and the last day that a partial date ("2012", "2012-05", "2012-05-14") can mean. Anything else is an error that
-- names it: a cast would take 'today' and '5 May 2012' as well, and tell another day another time.
create or replace function earliest(partial text) returns date language sql immutable parallel safe
  return case
    when partial ~ '^[0-9]{4}$' then make_date(partial::int, 1, 1)
    when partial ~ '^[0-9]{4}-[0-9]{2}$' then make_date(left(partial, 4)::int, right(partial, 2)::int, 1)
    when partial ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
      make_date(left(partial, 4)::int, substr(partial, 6, 2)::int, right(partial, 2)::int)
    else make_date(partial::int, 0, 0)
  end;

create or replace function latest(partial text) returns date language sql immutable parallel safe
  return case length(partial)
    when 4 then make_date(partial::int, 12, 31)
    when 7 then (earliest(partial) + interval '1 month' - interval '1 day')::date
    else earliest(partial)
  end;

-- Both, so that the later of several is their greatest.
create or replace function span(partial text) returns date[] language sql immutable parallel safe
  return case when partial is not null then array[earliest(partial), latest(partial)] end;

-- A whole day ("2012-05-14"), held to its form as strictly.
create or replace function whole_day(day text) returns date language sql immutable parallel safe
  return case when length(day) = 10 then earliest(day) else make_date(day::int, 0, 0) end;

-- The day by which something dated so is known to have happened: its last possible day, or the day it was reported if that
-- comes first and the report does not speak of the future.
create or replace function happened_by(partial text, reported text) returns date language sql immutable parallel safe
  return case
    when latest(reported) < latest(partial) and latest(reported) >= earliest(partial) then latest(reported)
    else latest(partial)
  end;

-- The same for something that this record says has happened: it had, at the latest, when the record said so, unless it was then
-- told of the future.
create or replace function known_by(partial text, by_day date, said_on date) returns date language sql immutable parallel safe
  return case when by_day is null or said_on < by_day and said_on >= earliest(partial) then said_on else by_day end;

-- "Measure:PHL-0007" is a MEASURE.
create or replace function record_type_of(record_id text) returns text language sql immutable parallel safe
  return upper(regexp_replace(split_part(record_id, ':', 1), '([a-z])([A-Z])', '\1_\2', 'g'));

-- Text without accents, in lower case. unaccent() is neither immutable nor everywhere (RISKS 27).
create or replace function folded(words text) returns text language sql immutable parallel safe
  return lower(regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g'));

create or replace function searchable(title text, rest text) returns tsvector language sql immutable parallel safe
  return setweight(to_tsvector('pg_catalog.english', coalesce(folded(title), '')), 'A')
    || setweight(to_tsvector('pg_catalog.english', coalesce(folded(rest), '')), 'B');

-- A list that names each thing once: no nulls, no repetitions, no lists of lists.
create or replace function each_once(words text[]) returns boolean language sql immutable parallel safe
  return coalesce(array_ndims(words), 1) = 1 and cardinality(words) = (select count(distinct word) from unnest(words) word);

create or replace function cited_source_ids(citations jsonb) returns text[] language sql immutable parallel safe
begin atomic
  select coalesce(array_agg(distinct ('Source:' || (citation ->> 'source')) collate "C"), '{}')
  from jsonb_array_elements(citations) citation;
end;

-- The article that a label such as "3(1)(c)" or "2 (c)" names; none for "preamble" or "1-12 (whole Protocol)".
create or replace function article_number(label text) returns int language sql immutable parallel safe
  return (substring(label from '^([0-9]{1,3})\s*(?:\(|$)'))::int;

create or replace function article_numbers(labels text[]) returns int[] language sql immutable parallel safe
begin atomic
  select coalesce(array_agg(distinct article_number(label)) filter (where article_number(label) is not null), '{}')
  from unnest(labels) label;
end;

-- A key that sorts sections and recommendations as the Guidelines order them: roman numeral, letter, number.
create or replace function place(section_number text, code text) returns text language sql immutable parallel safe
  return lpad(coalesce(array_position(
      '{I,II,III,IV,V,VI,VII,VIII,IX,X,XI,XII,XIII,XIV,XV,XVI,XVII,XVIII,XIX,XX}'::text[],
      split_part(section_number, '.', 1)), 99)::text, 2, '0')
    || split_part(section_number, '.', 2)
    || case when code = '' then ''
       else '-' || lpad(coalesce(substring(code from '-([0-9]{1,4})$'), '9999'), 4, '0') || ' ' || code end;

CREATE TABLE article_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  number INTEGER NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  summary TEXT COLLATE "C" NOT NULL,
  CONSTRAINT article_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT article_version_id_is_its_name CHECK (id = 'Article:' || number),
  CONSTRAINT article_version_known_in_order CHECK (known_from < known_to)
);

CREATE UNIQUE INDEX article_version_now ON article_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX article_version_number ON article_version USING btree (number, known_from, known_to);
CREATE UNIQUE INDEX article_version_number_now ON article_version USING btree (number) WHERE known_to = 2147483647;

CREATE TABLE assessment_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  state_party_code TEXT COLLATE "C" NOT NULL,
  assessor TEXT COLLATE "C" NOT NULL,
  assessor_kind TEXT COLLATE "C" NOT NULL,
  verdict TEXT COLLATE "C" NOT NULL,
  criterion TEXT COLLATE "C",
  summary TEXT COLLATE "C",
  recommendation_codes TEXT[] COLLATE "C" NOT NULL,
  assessed_on TEXT COLLATE "C",
  assessed_on_earliest DATE GENERATED ALWAYS AS (earliest(assessed_on)) STORED,
  assessed_on_latest DATE GENERATED ALWAYS AS (latest(assessed_on)) STORED,
  assessed_by DATE NOT NULL,
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (searchable(criterion, coalesce(summary, '') || ' ' || coalesce(assessor, ''))) STORED,
  CONSTRAINT assessment_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT assessment_version_assessor_kind_is_known CHECK ("assessor_kind" in ('STATE', 'COMMITTEE', 'COMMITTEE_MEMBER', 'DEPOSITARY', 'UN', 'REGIONAL_BODY', 'GOVERNMENT', 'NGO', 'NEWS', 'TRACKER')),
  CONSTRAINT assessment_version_verdict_is_known CHECK ("verdict" in ('WELCOMED', 'CONCERN', 'RECOMMENDED', 'MEETS', 'DOES_NOT_MEET', 'NOT_MENTIONED', 'NONE_REPORTED', 'CONTESTED')),
  CONSTRAINT assessment_version_recommendation_codes_each_once CHECK (each_once(recommendation_codes)),
  CONSTRAINT assessment_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT assessment_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX assessment_version_cites ON assessment_version USING gin (source_ids);
CREATE INDEX assessment_version_cites_now ON assessment_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX assessment_version_now ON assessment_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX assessment_version_recommendations ON assessment_version USING gin (recommendation_codes);
CREATE INDEX assessment_version_recommendations_now ON assessment_version USING gin (recommendation_codes) WHERE known_to = 2147483647;
CREATE INDEX assessment_version_search ON assessment_version USING gin (search);
CREATE INDEX assessment_version_search_now ON assessment_version USING gin (search) WHERE known_to = 2147483647;
CREATE INDEX assessment_version_state_party ON assessment_version USING btree (state_party_code, id, known_from, known_to);
CREATE INDEX assessment_version_state_party_now ON assessment_version USING btree (state_party_code, id) WHERE known_to = 2147483647;

CREATE TABLE coverage_by_recommendation (
  recommendation_code TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  cells INTEGER NOT NULL,
  latest DATE NOT NULL,
  CONSTRAINT coverage_by_recommendation_key PRIMARY KEY (recommendation_code, state),
  CONSTRAINT coverage_by_recommendation_state_is_known CHECK ("state" in ('MEASURE_IN_FORCE', 'MEASURE_REPORTED', 'MEASURE_ENDED', 'NONE_REPORTED', 'NOT_MENTIONED', 'REPORT_OVERDUE', 'REPORT_NOT_DUE', 'NOT_YET_CODED'))
);

CREATE TABLE coverage_by_state_party (
  state_party_code TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  cells INTEGER NOT NULL,
  latest DATE NOT NULL,
  CONSTRAINT coverage_by_state_party_key PRIMARY KEY (state_party_code, state),
  CONSTRAINT coverage_by_state_party_state_is_known CHECK ("state" in ('MEASURE_IN_FORCE', 'MEASURE_REPORTED', 'MEASURE_ENDED', 'NONE_REPORTED', 'NOT_MENTIONED', 'REPORT_OVERDUE', 'REPORT_NOT_DUE', 'NOT_YET_CODED'))
);

CREATE TABLE coverage_version (
  state_party_code TEXT COLLATE "C" NOT NULL,
  recommendation_code TEXT COLLATE "C" NOT NULL,
  place TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  valid_from DATE NOT NULL,
  valid_to DATE NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  since TEXT COLLATE "C",
  CONSTRAINT coverage_version_key PRIMARY KEY (state_party_code, recommendation_code, known_from, valid_from),
  CONSTRAINT coverage_version_state_is_known CHECK ("state" in ('MEASURE_IN_FORCE', 'MEASURE_REPORTED', 'MEASURE_ENDED', 'NONE_REPORTED', 'NOT_MENTIONED', 'REPORT_OVERDUE', 'REPORT_NOT_DUE', 'NOT_YET_CODED')),
  CONSTRAINT coverage_version_known_in_order CHECK (known_from < known_to),
  CONSTRAINT coverage_version_valid_in_order CHECK (valid_from < valid_to)
);

CREATE INDEX coverage_version_now ON coverage_version USING btree (state_party_code, place, valid_from, valid_to, recommendation_code, state) WHERE known_to = 2147483647;
CREATE INDEX coverage_version_lasting_recommendation ON coverage_version USING btree (recommendation_code, state, valid_from) WHERE known_to = 2147483647 and valid_to = 'infinity';
CREATE INDEX coverage_version_lasting_state_party ON coverage_version USING btree (state_party_code, state, valid_from) WHERE known_to = 2147483647 and valid_to = 'infinity';
CREATE INDEX coverage_version_passing ON coverage_version USING btree (valid_to, valid_from, state_party_code, recommendation_code, state) WHERE known_to = 2147483647 and valid_to < 'infinity';
CREATE INDEX coverage_version_recommendation_now ON coverage_version USING btree (recommendation_code, state_party_code, valid_from, valid_to, state) WHERE known_to = 2147483647;

CREATE TABLE instrument_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  years INTEGER[] NOT NULL,
  url TEXT COLLATE "C",
  followed BOOLEAN NOT NULL,
  relevance TEXT COLLATE "C",
  named_in_guidelines TEXT COLLATE "C",
  note TEXT COLLATE "C",
  search TSVECTOR GENERATED ALWAYS AS (searchable(name, coalesce(code, '') || ' ' || coalesce(body, '') || ' ' || coalesce(relevance, '') || ' ' || coalesce(note, ''))) STORED,
  CONSTRAINT instrument_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT instrument_version_id_is_its_name CHECK (id = 'Instrument:' || code),
  CONSTRAINT instrument_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX instrument_version_code ON instrument_version USING btree (code, known_from, known_to);
CREATE UNIQUE INDEX instrument_version_code_now ON instrument_version USING btree (code) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX instrument_version_now ON instrument_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX instrument_version_search ON instrument_version USING gin (search);
CREATE INDEX instrument_version_search_now ON instrument_version USING gin (search) WHERE known_to = 2147483647;

CREATE TABLE known_word (
  word TEXT COLLATE "C" NOT NULL,
  CONSTRAINT known_word_key PRIMARY KEY (word)
);

CREATE TABLE measure_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  state_party_code TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  summary TEXT COLLATE "C" NOT NULL,
  stated_status TEXT COLLATE "C" NOT NULL,
  announced_on TEXT COLLATE "C",
  announced_on_earliest DATE GENERATED ALWAYS AS (earliest(announced_on)) STORED,
  announced_on_latest DATE GENERATED ALWAYS AS (latest(announced_on)) STORED,
  adopted_on TEXT COLLATE "C",
  adopted_on_earliest DATE GENERATED ALWAYS AS (earliest(adopted_on)) STORED,
  adopted_on_latest DATE GENERATED ALWAYS AS (latest(adopted_on)) STORED,
  in_force_on TEXT COLLATE "C",
  in_force_on_earliest DATE GENERATED ALWAYS AS (earliest(in_force_on)) STORED,
  in_force_on_latest DATE GENERATED ALWAYS AS (latest(in_force_on)) STORED,
  ended_on TEXT COLLATE "C",
  ended_on_earliest DATE GENERATED ALWAYS AS (earliest(ended_on)) STORED,
  ended_on_latest DATE GENERATED ALWAYS AS (latest(ended_on)) STORED,
  date_basis TEXT COLLATE "C",
  reported_by TEXT COLLATE "C" NOT NULL,
  reported_on TEXT COLLATE "C",
  reported_on_earliest DATE GENERATED ALWAYS AS (earliest(reported_on)) STORED,
  reported_on_latest DATE GENERATED ALWAYS AS (latest(reported_on)) STORED,
  instrument_code TEXT COLLATE "C",
  consent TEXT COLLATE "C",
  recommendation_codes TEXT[] COLLATE "C" NOT NULL,
  confidence TEXT COLLATE "C" NOT NULL,
  note TEXT COLLATE "C",
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  announced_by DATE,
  drafted_by DATE,
  adopted_by DATE,
  in_force_by DATE,
  ended_by DATE,
  dated_earliest DATE,
  dated_latest DATE,
  search TSVECTOR GENERATED ALWAYS AS (searchable(title, coalesce(summary, '') || ' ' || coalesce(note, ''))) STORED,
  CONSTRAINT measure_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT measure_version_kind_is_known CHECK ("kind" in ('LEGISLATION', 'TREATY_ACTION', 'POLICY', 'INSTITUTION', 'PROGRAMME', 'BUDGET', 'TRAINING', 'DATA', 'CASE_LAW', 'REPORTING', 'COOPERATION', 'OTHER')),
  CONSTRAINT measure_version_stated_status_is_known CHECK ("stated_status" in ('ANNOUNCED', 'DRAFTED', 'ADOPTED', 'IN_FORCE', 'ENDED')),
  CONSTRAINT measure_version_reported_by_is_known CHECK ("reported_by" in ('STATE', 'COMMITTEE', 'COMMITTEE_MEMBER', 'DEPOSITARY', 'UN', 'REGIONAL_BODY', 'GOVERNMENT', 'NGO', 'NEWS', 'TRACKER')),
  CONSTRAINT measure_version_consent_is_known CHECK ("consent" in ('RATIFICATION', 'ACCESSION', 'SUCCESSION', 'ACCEPTANCE')),
  CONSTRAINT measure_version_recommendation_codes_each_once CHECK (each_once(recommendation_codes)),
  CONSTRAINT measure_version_confidence_is_known CHECK ("confidence" in ('HIGH', 'MEDIUM', 'LOW')),
  CONSTRAINT measure_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT measure_version_cites_a_source CHECK (cardinality(source_ids) > 0),
  CONSTRAINT measure_version_title_is_short CHECK (length(title) <= 500),
  CONSTRAINT measure_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX measure_version_changed_now ON measure_version USING btree (known_from, id) WHERE known_to = 2147483647;
CREATE INDEX measure_version_cites ON measure_version USING gin (source_ids);
CREATE INDEX measure_version_cites_now ON measure_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE INDEX measure_version_instrument ON measure_version USING btree (instrument_code, id, known_from, known_to);
CREATE INDEX measure_version_instrument_now ON measure_version USING btree (instrument_code, id) WHERE known_to = 2147483647;
CREATE INDEX measure_version_latest_first ON measure_version USING btree (coalesce('2000-01-01'::date - dated_earliest, 2147483647), coalesce('2000-01-01'::date - dated_latest, 2147483647), id, known_from, known_to);
CREATE INDEX measure_version_latest_first_now ON measure_version USING btree (coalesce('2000-01-01'::date - dated_earliest, 2147483647), coalesce('2000-01-01'::date - dated_latest, 2147483647), id) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX measure_version_now ON measure_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX measure_version_oldest_first ON measure_version USING btree (coalesce(dated_earliest - '2000-01-01'::date, 2147483647), coalesce(dated_latest - '2000-01-01'::date, 2147483647), id, known_from, known_to);
CREATE INDEX measure_version_oldest_first_now ON measure_version USING btree (coalesce(dated_earliest - '2000-01-01'::date, 2147483647), coalesce(dated_latest - '2000-01-01'::date, 2147483647), id) WHERE known_to = 2147483647;
CREATE INDEX measure_version_recommendations ON measure_version USING gin (recommendation_codes);
CREATE INDEX measure_version_recommendations_now ON measure_version USING gin (recommendation_codes) WHERE known_to = 2147483647;
CREATE INDEX measure_version_search ON measure_version USING gin (search);
CREATE INDEX measure_version_search_now ON measure_version USING gin (search) WHERE known_to = 2147483647;
CREATE INDEX measure_version_state_party ON measure_version USING btree (state_party_code, id, known_from, known_to);
CREATE INDEX measure_version_state_party_now ON measure_version USING btree (state_party_code, id) WHERE known_to = 2147483647;
CREATE INDEX measure_version_title_now ON measure_version USING btree (title, id) WHERE known_to = 2147483647;

CREATE TABLE recommendation_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  section_number TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  paragraphs TEXT COLLATE "C",
  themes TEXT[] COLLATE "C" NOT NULL,
  articles TEXT[] COLLATE "C" NOT NULL,
  article_numbers INTEGER[] GENERATED ALWAYS AS (article_numbers(articles)) STORED NOT NULL,
  evidence_kinds TEXT[] COLLATE "C" NOT NULL,
  digital BOOLEAN NOT NULL,
  private_sector BOOLEAN NOT NULL,
  strength TEXT COLLATE "C" NOT NULL,
  verification TEXT COLLATE "C" NOT NULL,
  certainty TEXT COLLATE "C",
  basis TEXT COLLATE "C",
  note TEXT COLLATE "C",
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  place TEXT COLLATE "C" GENERATED ALWAYS AS (place(section_number, code)) STORED NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (searchable(title, coalesce(text, '') || ' ' || coalesce(code, '') || ' ' || coalesce(note, ''))) STORED,
  CONSTRAINT recommendation_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT recommendation_version_id_is_its_name CHECK (id = 'Recommendation:' || code),
  CONSTRAINT recommendation_version_themes_each_once CHECK (each_once(themes)),
  CONSTRAINT recommendation_version_articles_each_once CHECK (each_once(articles)),
  CONSTRAINT recommendation_version_evidence_kinds_each_once CHECK (each_once(evidence_kinds)),
  CONSTRAINT recommendation_version_strength_is_known CHECK ("strength" in ('SHALL', 'SHOULD', 'ENCOURAGED')),
  CONSTRAINT recommendation_version_verification_is_known CHECK ("verification" in ('TEXT_SEEN', 'TREATY_TEXT', 'SECONDARY_SOURCE', 'UNCHECKED')),
  CONSTRAINT recommendation_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT recommendation_version_themes_are_known CHECK (themes <@ array['LEGISLATION', 'DATA', 'COORDINATION', 'BUDGET', 'TRAINING', 'PREVENTION', 'ONLINE', 'PRIVATE_SECTOR', 'CRIMINALISATION', 'JURISDICTION', 'EXTRADITION', 'SEIZURE', 'VICTIMS', 'CHILD_FRIENDLY_JUSTICE', 'REMEDIES', 'INTERNATIONAL_COOPERATION', 'REPORTING']),
  CONSTRAINT recommendation_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX recommendation_version_cites ON recommendation_version USING gin (source_ids);
CREATE INDEX recommendation_version_cites_now ON recommendation_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE INDEX recommendation_version_code ON recommendation_version USING btree (code, known_from, known_to);
CREATE UNIQUE INDEX recommendation_version_code_now ON recommendation_version USING btree (code) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX recommendation_version_now ON recommendation_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX recommendation_version_search ON recommendation_version USING gin (search);
CREATE INDEX recommendation_version_search_now ON recommendation_version USING gin (search) WHERE known_to = 2147483647;

CREATE TABLE reporting_event_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  state_party_code TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  happened_on TEXT COLLATE "C",
  happened_on_earliest DATE GENERATED ALWAYS AS (earliest(happened_on)) STORED,
  happened_on_latest DATE GENERATED ALWAYS AS (latest(happened_on)) STORED,
  document_symbol TEXT COLLATE "C",
  happened_by DATE NOT NULL,
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  CONSTRAINT reporting_event_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT reporting_event_version_kind_is_known CHECK ("kind" in ('INITIAL_REPORT_DUE', 'INITIAL_REPORT_OVERDUE', 'INITIAL_REPORT_SUBMITTED', 'INITIAL_REPORT_PUBLISHED', 'LIST_OF_ISSUES', 'LIST_OF_ISSUES_PRIOR_TO_REPORTING', 'REPLIES_TO_LIST_OF_ISSUES', 'REVIEW', 'CONCLUDING_OBSERVATIONS_ADOPTED', 'CONCLUDING_OBSERVATIONS_PUBLISHED', 'CONCLUDING_OBSERVATIONS_ISSUED', 'CRC_PERIODIC_REPORT_SUBMITTED', 'CRC_PERIODIC_REPORT_PUBLISHED')),
  CONSTRAINT reporting_event_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT reporting_event_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX reporting_event_version_cites ON reporting_event_version USING gin (source_ids);
CREATE INDEX reporting_event_version_cites_now ON reporting_event_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX reporting_event_version_now ON reporting_event_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX reporting_event_version_state_party ON reporting_event_version USING btree (state_party_code, id, known_from, known_to);
CREATE INDEX reporting_event_version_state_party_now ON reporting_event_version USING btree (state_party_code, id) WHERE known_to = 2147483647;

CREATE TABLE section_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  heading TEXT COLLATE "C" NOT NULL,
  parent_number TEXT COLLATE "C",
  articles TEXT[] COLLATE "C" NOT NULL,
  first_paragraph INTEGER,
  page INTEGER,
  note TEXT COLLATE "C",
  place TEXT COLLATE "C" GENERATED ALWAYS AS (place(number, '')) STORED NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (searchable(heading, coalesce(note, ''))) STORED,
  CONSTRAINT section_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT section_version_id_is_its_name CHECK (id = 'Section:' || number),
  CONSTRAINT section_version_articles_each_once CHECK (each_once(articles)),
  CONSTRAINT section_version_known_in_order CHECK (known_from < known_to)
);

CREATE UNIQUE INDEX section_version_now ON section_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX section_version_number ON section_version USING btree (number, known_from, known_to);
CREATE UNIQUE INDEX section_version_number_now ON section_version USING btree (number) WHERE known_to = 2147483647;
CREATE INDEX section_version_search ON section_version USING gin (search);
CREATE INDEX section_version_search_now ON section_version USING gin (search) WHERE known_to = 2147483647;

CREATE TABLE signatory_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  alpha2 TEXT COLLATE "C" NOT NULL,
  m49 INTEGER NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  region TEXT COLLATE "C" NOT NULL,
  subregion TEXT COLLATE "C" NOT NULL,
  "group" TEXT COLLATE "C" NOT NULL,
  signed_on DATE NOT NULL,
  still_signatory_only BOOLEAN NOT NULL,
  checked_on DATE,
  note TEXT COLLATE "C",
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  CONSTRAINT signatory_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT signatory_version_id_is_its_name CHECK (id = 'Signatory:' || code),
  CONSTRAINT signatory_version_group_is_known CHECK ("group" in ('AFRICAN', 'ASIA_PACIFIC', 'EASTERN_EUROPEAN', 'LATIN_AMERICAN_AND_CARIBBEAN', 'WESTERN_EUROPEAN_AND_OTHERS', 'OBSERVER')),
  CONSTRAINT signatory_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT signatory_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX signatory_version_cites ON signatory_version USING gin (source_ids);
CREATE INDEX signatory_version_cites_now ON signatory_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX signatory_version_now ON signatory_version USING btree (id) WHERE known_to = 2147483647;

CREATE TABLE source_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  publisher TEXT COLLATE "C" NOT NULL,
  symbol TEXT COLLATE "C",
  url TEXT COLLATE "C",
  read_at TEXT COLLATE "C",
  archived_url TEXT COLLATE "C",
  published_on TEXT COLLATE "C",
  published_on_earliest DATE GENERATED ALWAYS AS (earliest(published_on)) STORED,
  published_on_latest DATE GENERATED ALWAYS AS (latest(published_on)) STORED,
  accessed_on DATE,
  language TEXT COLLATE "C",
  licence TEXT COLLATE "C",
  search TSVECTOR GENERATED ALWAYS AS (searchable(title, coalesce(publisher, '') || ' ' || coalesce(symbol, ''))) STORED,
  CONSTRAINT source_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT source_version_kind_is_known CHECK ("kind" in ('GUIDELINES', 'TREATY_TEXT', 'TREATY_DEPOSITARY', 'STATE_REPORT', 'LIST_OF_ISSUES', 'REPLIES_TO_LIST_OF_ISSUES', 'SUMMARY_RECORD', 'CONCLUDING_OBSERVATIONS', 'UN_DOCUMENT', 'MEETING_SUMMARY', 'STATUTE', 'NGO_REPORT', 'NEWS', 'DATASET', 'WEB_PAGE', 'OTHER')),
  CONSTRAINT source_version_known_in_order CHECK (known_from < known_to)
);

CREATE UNIQUE INDEX source_version_now ON source_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX source_version_search ON source_version USING gin (search);
CREATE INDEX source_version_search_now ON source_version USING gin (search) WHERE known_to = 2147483647;

CREATE TABLE state_party_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  alpha2 TEXT COLLATE "C" NOT NULL,
  m49 INTEGER NOT NULL,
  names JSONB NOT NULL,
  name TEXT COLLATE "C" GENERATED ALWAYS AS (names ->> 'EN') STORED NOT NULL,
  region TEXT COLLATE "C" NOT NULL,
  subregion TEXT COLLATE "C" NOT NULL,
  "group" TEXT COLLATE "C" NOT NULL,
  signed_on DATE,
  consent_on DATE NOT NULL,
  consent TEXT COLLATE "C" NOT NULL,
  in_force_on DATE NOT NULL,
  initial_report_due_on DATE GENERATED ALWAYS AS ((in_force_on + interval '2 years')::date) STORED NOT NULL,
  date_confidence TEXT COLLATE "C" NOT NULL,
  note TEXT COLLATE "C",
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (searchable(names ->> 'EN', coalesce(names ->> 'FR', '') || ' ' || coalesce(names ->> 'ES', '') || ' ' || coalesce(code, '') || ' ' || coalesce(note, ''))) STORED,
  CONSTRAINT state_party_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT state_party_version_id_is_its_name CHECK (id = 'StateParty:' || code),
  CONSTRAINT state_party_version_group_is_known CHECK ("group" in ('AFRICAN', 'ASIA_PACIFIC', 'EASTERN_EUROPEAN', 'LATIN_AMERICAN_AND_CARIBBEAN', 'WESTERN_EUROPEAN_AND_OTHERS', 'OBSERVER')),
  CONSTRAINT state_party_version_consent_is_known CHECK ("consent" in ('RATIFICATION', 'ACCESSION', 'SUCCESSION', 'ACCEPTANCE')),
  CONSTRAINT state_party_version_date_confidence_is_known CHECK ("date_confidence" in ('TWO_SOURCES', 'ONE_SOURCE', 'UNVERIFIED')),
  CONSTRAINT state_party_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT state_party_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX state_party_version_cites ON state_party_version USING gin (source_ids);
CREATE INDEX state_party_version_cites_now ON state_party_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE INDEX state_party_version_code ON state_party_version USING btree (code, known_from, known_to);
CREATE UNIQUE INDEX state_party_version_code_now ON state_party_version USING btree (code) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX state_party_version_now ON state_party_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX state_party_version_search ON state_party_version USING gin (search);
CREATE INDEX state_party_version_search_now ON state_party_version USING gin (search) WHERE known_to = 2147483647;

CREATE TABLE statement_version (
  id TEXT COLLATE "C" NOT NULL,
  known_from INTEGER NOT NULL,
  known_to INTEGER NOT NULL,
  state_party_code TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  made_on TEXT COLLATE "C",
  made_on_earliest DATE GENERATED ALWAYS AS (earliest(made_on)) STORED,
  made_on_latest DATE GENERATED ALWAYS AS (latest(made_on)) STORED,
  date_basis TEXT COLLATE "C",
  articles TEXT[] COLLATE "C" NOT NULL,
  target_code TEXT COLLATE "C",
  summary TEXT COLLATE "C" NOT NULL,
  evidence TEXT COLLATE "C",
  note TEXT COLLATE "C",
  citations JSONB NOT NULL,
  source_ids TEXT[] COLLATE "C" GENERATED ALWAYS AS (cited_source_ids(citations)) STORED NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (searchable(summary, coalesce(note, ''))) STORED,
  CONSTRAINT statement_version_key PRIMARY KEY (id, known_from),
  CONSTRAINT statement_version_kind_is_known CHECK ("kind" in ('DECLARATION', 'RESERVATION', 'OBJECTION', 'WITHDRAWAL')),
  CONSTRAINT statement_version_articles_each_once CHECK (each_once(articles)),
  CONSTRAINT statement_version_citations_name_sources CHECK (array_position(source_ids, null) is null),
  CONSTRAINT statement_version_known_in_order CHECK (known_from < known_to)
);

CREATE INDEX statement_version_cites ON statement_version USING gin (source_ids);
CREATE INDEX statement_version_cites_now ON statement_version USING gin (source_ids) WHERE known_to = 2147483647;
CREATE UNIQUE INDEX statement_version_now ON statement_version USING btree (id) WHERE known_to = 2147483647;
CREATE INDEX statement_version_search ON statement_version USING gin (search);
CREATE INDEX statement_version_search_now ON statement_version USING gin (search) WHERE known_to = 2147483647;
CREATE INDEX statement_version_state_party ON statement_version USING btree (state_party_code, id, known_from, known_to);
CREATE INDEX statement_version_state_party_now ON statement_version USING btree (state_party_code, id) WHERE known_to = 2147483647;

CREATE TABLE submission (
  id INTEGER GENERATED ALWAYS AS IDENTITY,
  title TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  reviewer TEXT COLLATE "C",
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT submission_key PRIMARY KEY (id),
  CONSTRAINT submission_is_reviewed CHECK (author = 'seed' or reviewer is not null),
  CONSTRAINT submission_is_reviewed_by_another CHECK (reviewer <> author)
);

CREATE TABLE revision (
  position INTEGER NOT NULL,
  record_type TEXT COLLATE "C" NOT NULL,
  record_id TEXT COLLATE "C" NOT NULL,
  number INTEGER NOT NULL,
  operation TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  reviewer TEXT COLLATE "C",
  submission_id INTEGER NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  merged_into TEXT COLLATE "C",
  redacts INTEGER[],
  document TEXT COLLATE "C",
  salt BYTEA,
  document_hash BYTEA NOT NULL,
  envelope TEXT COLLATE "C" NOT NULL,
  leaf_hash BYTEA NOT NULL,
  CONSTRAINT revision_key PRIMARY KEY (position),
  CONSTRAINT revision_record_type_is_known CHECK ("record_type" in ('STATE_PARTY', 'SIGNATORY', 'SECTION', 'ARTICLE', 'INSTRUMENT', 'RECOMMENDATION', 'MEASURE', 'ASSESSMENT', 'STATEMENT', 'REPORTING_EVENT', 'SOURCE')),
  CONSTRAINT revision_operation_is_known CHECK ("operation" in ('CREATE', 'AMEND', 'RETRACT', 'RESTORE', 'MERGE', 'REDACT')),
  CONSTRAINT revision_kind_is_known CHECK ("kind" in ('STATE_ACTED', 'LEARNED', 'CORRECTED', 'RECODED')),
  CONSTRAINT revision_number_once UNIQUE (record_id, number),
  CONSTRAINT revision_counts_from_one CHECK (position > 0 and number > 0),
  CONSTRAINT revision_record_id_is_well_formed CHECK (record_id ~ '^[A-Z][A-Za-z]+:[A-Za-z0-9._-]{1,64}$'),
  CONSTRAINT revision_record_type_is_of_record_id CHECK (record_type = record_type_of(record_id)),
  CONSTRAINT revision_merge_names_the_survivor CHECK ((operation = 'MERGE') = (merged_into is not null)),
  CONSTRAINT revision_redaction_names_revisions CHECK ((operation = 'REDACT') = (redacts is not null)),
  CONSTRAINT revision_document_and_salt_go_together CHECK ((document is null) = (salt is null)),
  CONSTRAINT revision_document_opens_hash CHECK (document is null or document_hash = sha256(salt || convert_to(document, 'UTF8'))),
  CONSTRAINT revision_leaf_is_envelope CHECK (leaf_hash = sha256('\x00'::bytea || convert_to(envelope, 'UTF8'))),
  CONSTRAINT revision_submission_id_exists FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE INDEX revision_record_id_position ON revision (record_id, position);
CREATE INDEX revision_recorded_at ON revision (recorded_at);
