"""The commands `opsc submission …`: what waits for review, read and decided over HTTP."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from api.commands.progress import shown
from api.commands.remote import HERE, NotAnswered, Server, remote
from api.commands.rendered import REFUSAL, SUBMISSION, inset, lines_of_refusals, lines_of_submission, moment, table
from api.commands.terminal import told
from db.vocabulary import SubmissionState

LISTED = 200
"""Submissions that a list shows: as many as a page of GraphQL has."""

LIST = f"""
query ($filter: SubmissionFilter) {{
  submissions(first: {LISTED}, filter: $filter) {{ totalCount nodes {{ id state author submittedAt title }} }}
}}
"""

SHOW = f"query ($id: ID!) {{ submission(id: $id) {{ {SUBMISSION} }} }}"

REVIEW = f"""
mutation ($input: ReviewInput!) {{
  review(input: $input) {{ submission {{ id state needs }} revisions {{ position }} refusals {{ {REFUSAL} }} }}
}}
"""

COMMENT = f"""
mutation ($input: CommentInput!) {{
  comment(input: $input) {{ submission {{ id state }} refusals {{ {REFUSAL} }} }}
}}
"""

WITHDRAW = f"""
mutation ($input: WithdrawInput!) {{
  withdraw(input: $input) {{ submission {{ id state }} refusals {{ {REFUSAL} }} }}
}}
"""

submissions = typer.Typer(
    no_args_is_help=True,
    help="What was submitted: listed, shown and decided, on a server (--server) and with the token in OPSC_TOKEN.",
)

Id = Annotated[str, typer.Argument(metavar="ID", help="Submission:P7, or P7 for short.", show_default=False)]
Text = Annotated[str, typer.Option(help="What you say. Public once it is published.", show_default=False)]


@submissions.command("list")
def print_list(
    state: Annotated[
        list[SubmissionState] | None,  # type: ignore[valid-type] # made at run time
        typer.Option(help="Those that stand so; may be given more than once.", show_default="all"),
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Those of yours alone.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Those that wait for you alone.")] = False,
    server: Server = HERE,
) -> None:
    """List submissions, the newest first. Without a token: those that are published."""
    chosen: dict[str, Any] = {"state": [str(one) for one in state]} if state else {}
    chosen |= {name: True for name, wanted in (("mine", mine), ("waitingForMe", waiting)) if wanted}
    found = _asked(server, LIST, {"filter": chosen})["submissions"]
    rows = [
        [one["id"], one["state"], one["author"], moment(one["submittedAt"]), inset(one["title"])]
        for one in found["nodes"]
    ]
    sys.stdout.writelines(f"{line}\n" for line in table(rows))
    if found["totalCount"] > len(rows):
        print(f"… and {found['totalCount'] - len(rows):,} older ones.")


@submissions.command()
def show(submission: Id, server: Server = HERE) -> None:
    """Show a submission: its reason, what it still needs, what was said of it, and what it changes, record by record."""
    found = _asked(server, SHOW, {"id": node_id(submission)})["submission"]
    with told():
        if found is None:
            raise NotAnswered(
                f"There is no {node_id(submission)} to be seen: what is not published is shown to those with a token"
                " (OPSC_TOKEN). opsc submission list tells those that there are."
            )
    sys.stdout.writelines(f"{line}\n" for line in lines_of_submission(found))


@submissions.command()
def accept(
    submission: Id,
    text: Annotated[str | None, typer.Option(help="What you say with it.", show_default=False)] = None,
    server: Server = HERE,
) -> None:
    """Accept a submission of somebody else: it is published by the acceptance that it still needs."""
    _review(submission, "ACCEPT", text, server)


@submissions.command()
def reject(submission: Id, text: Text, server: Server = HERE) -> None:
    """Reject a submission, for good, saying why."""
    _review(submission, "REJECT", text, server)


@submissions.command("request-changes")
def request_changes(submission: Id, text: Text, server: Server = HERE) -> None:
    """Ask its author for changes, saying which."""
    _review(submission, "REQUEST_CHANGES", text, server)


@submissions.command()
def comment(submission: Id, text: Text, server: Server = HERE) -> None:
    """Say something about a submission."""
    given = {"submission": node_id(submission), "text": text}
    payload = _asked(server, COMMENT, {"input": given})["comment"]
    _require_done(payload["refusals"])
    print(f"Said of {payload['submission']['id']}.")


@submissions.command()
def withdraw(
    submission: Id,
    text: Annotated[str | None, typer.Option(help="Why: it becomes a comment.", show_default=False)] = None,
    server: Server = HERE,
) -> None:
    """Take back a submission of yours."""
    given = {"submission": node_id(submission), "reason": text}
    payload = _asked(server, WITHDRAW, {"input": given})["withdraw"]
    _require_done(payload["refusals"])
    print(f"{payload['submission']['id']} is {payload['submission']['state']}.")


def node_id(name: str) -> str:
    """The id of what may be named for short: P7."""
    return name if name.startswith("Submission:") else f"Submission:{name}"


def _review(submission: str, decision: str, text: str | None, server: str) -> None:
    given = {"submission": node_id(submission), "decision": decision, "text": text}
    payload = _asked(server, REVIEW, {"input": given})["review"]
    refusals = payload["refusals"]
    _require_done([one for one in refusals if one["code"] != "NEEDS_SECOND_REVIEW"])
    if refusals:  # what is still needed is no refusal of the acceptance, which is kept
        print("\n".join(lines_of_refusals(refusals)))
        return
    positions = [one["position"] for one in payload["revisions"]]
    where = f": positions {positions[0]} to {positions[-1]}" if len(positions) > 1 else ""
    where = f": position {positions[0]}" if len(positions) == 1 else where
    print(f"{payload['submission']['id']} is {payload['submission']['state']}{where}.")


def _asked(server: str, query: str, variables: dict[str, Any]) -> Any:
    with told(), shown() as step:
        step(f"Asking {server}", 0, 1)
        return remote(server).asks(query, variables)


def _require_done(refusals: Sequence[Any]) -> None:
    if refusals:
        print("\n".join(f"opsc: {line}" for line in lines_of_refusals(refusals)), file=sys.stderr)
        raise typer.Exit(1)
