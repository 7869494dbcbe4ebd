-- Proposals: what somebody submitted, and what others decided about it. What was said stays said; nothing is published of it but
-- what enough others have accepted.

-- How many people other than its author have accepted a proposal as it stands, and may still: an acceptance counts for as long as
-- whoever gave it reviews.
create or replace function acceptances(proposal_id int, round int) returns int language sql stable as $$
  select count(distinct r.account_id)::int from review r join proposal p on p.id = r.proposal_id join account a on a.id = r.account_id
  where r.proposal_id = acceptances.proposal_id and r.round = acceptances.round and r.decision = 'ACCEPT'
    and r.account_id <> p.account_id and a.role in ('REVIEWER', 'ADMIN') and a.disabled_at is null
$$;

-- The records of a proposal that were changed after it was written, so that it is a conflict as it stands; five at most. One that asks
-- to be put on top of later changes may still be none.
create or replace function overtaken(proposal_id int, round int) returns text[] language sql stable as $$
  select array(
    select c.record_id from proposed_change c
    join proposal_round o on o.proposal_id = c.proposal_id and o.number = c.round and not o.rebase
    where c.proposal_id = overtaken.proposal_id and c.round = overtaken.round and exists (
      select from revision r where r.record_id = c.record_id and r."position" > c.position_before and r.operation <> 'REDACT')
    order by c.place limit 5)
$$;

-- What a proposal that waits still needs, in sentences.
create or replace function still_needed(proposal_id int, round int, state text, second_reviews text[]) returns text[]
language sql stable as $$
  select case
    when state = 'CHANGES_REQUESTED' then array['Changes by its author: a reviewer asked for them.']
    when state <> 'WAITING' then '{}'
    else (case when accepted = 0 then array['A review by somebody other than its author.'] else '{}' end)
      || (case when accepted < 2 and cardinality(second_reviews) > 0
            then array(select 'A second review, by another reviewer: ' || why from unnest(second_reviews) why) else '{}' end)
      || array(select 'Its author, who is to submit it again: ' || record || ' was changed since it was written.'
               from unnest(overtaken(still_needed.proposal_id, still_needed.round)) record)
  end
  from (select acceptances(still_needed.proposal_id, still_needed.round) as accepted) so_far
$$;

-- How the log tells that an author accepted their own proposal, which an administrator may, saying why: in the reason, for good.
create or replace function reviewed_by_nobody_else(reason text) returns boolean language sql immutable parallel safe as $$
  select strpos(reason, '(Reviewed by nobody else: ') > 0
$$;

-- A proposal begins undecided.
create or replace function admit_proposal() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if new.state not in ('CHECKED', 'WAITING') then
    raise exception using errcode = 'check_violation', constraint = 'proposals_begin_undecided',
      message = format('Submission:P%s cannot begin as %s: it is decided by reviews', new.id, lower(new.state));
  end if;
  return new;
end
$$;

create or replace function admit_decision() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  published record;
  needed int;
begin
  if old.state in ('PUBLISHED', 'REJECTED', 'WITHDRAWN') then
    raise exception using errcode = 'check_violation', constraint = 'what_is_decided_stays',
      message = format('Submission:P%s is decided: it is %s, and stays so', old.id, lower(old.state));
  elsif (new.id, new.account_id, new.author) is distinct from (old.id, old.account_id, old.author) then
    raise exception using errcode = 'check_violation', constraint = 'authors_stay',
      message = format('Submission:P%s stays its author''s', old.id);
  end if;
  if new.state = 'PUBLISHED' then
    select s.*, r.second_reviews, a.role into published
    from submission s, proposal_round r, account a
    where s.id = new.submission_id and r.proposal_id = new.id and r.number = new.round and a.id = new.account_id;
    needed := 1 + least(cardinality(published.second_reviews), 1);
    if published.author <> new.author
       or acceptances(new.id, new.round) < needed
          and not (published.role = 'ADMIN' and reviewed_by_nobody_else(published.reason)
                   and exists (select from review v where v.proposal_id = new.id and v.round = new.round
                               and v.account_id = new.account_id and v.decision = 'ACCEPT')) then
      raise exception using errcode = 'check_violation', constraint = 'others_have_accepted',
        message = format('Submission:P%s cannot be published: %s acceptances by others are needed', new.id, needed);
    end if;
  end if;
  return new;
end
$$;

-- Every submission: those handed in here, whatever became of them, and what else the log has (the seed, decisions at the terminal).
-- name: what its id ends in; place: what lists are ordered by; published_at: the moment of its revisions, null until there are any.
create or replace view submission_trail as
select 'P' || p.id as name, to_char(p.submitted_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || 'P' || p.id as place, p.state,
       p.author, r.title, r.reason, r.internal_note, p.submitted_at, p.id as proposal_id, p.round, p.submission_id, p.account_id,
       r.second_reviews, s.published_at
from proposal p join proposal_round r on r.proposal_id = p.id and r.number = p.round
left join submission s on s.id = p.submission_id
where p.state <> 'CHECKED'
union all
select s.id::text, to_char(s.published_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || s.id, 'PUBLISHED', s.author, s.title,
       s.reason, null, s.published_at, null, null, s.id, null, '{}', s.published_at
from submission s where not exists (select from proposal p where p.submission_id = s.id);
