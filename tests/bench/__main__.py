"""`python -m tests.bench`: our server beside its peers on a synthetic record. Exit 1 where their answers differ or one fails."""

import argparse
import asyncio
import json
import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict
from itertools import repeat
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from rich.console import Console

from db.embedded import Embedded
from tests.bench import figures, kept, pushed
from tests.bench.answers import READS, plain
from tests.bench.cursors import Key
from tests.bench.exports import exported
from tests.bench.load import CONNECTIONS, Job, loaded, post
from tests.bench.record import SCALES, record
from tests.bench.servers import KINDS, POOL, Server, WrongAnswer, started
from tests.npm import Unavailable

ROUNDS = 2
WARM_UP = 0.7
"""Seconds of load before each measurement: plans, prepared statements and compiled code are there then."""

COMPARED = 8
"""Variables of each query for which all answers are compared."""

PLACES = 64
"""Of the long list, from which next pages are asked."""

SHOWN = 1500
"""Characters of an answer that differs."""

console = Console(width=max(Console().width, 120))  # a table cut short helps nobody
Variables = dict[str, Any]


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end too
    with ExitStack() as stack:
        embedded = stack.enter_context(record(options.scale))
        codes, keys, positions = asyncio.run(_variables(embedded))
        servers, skipped = _start(stack, embedded, options.peers)
        if not servers:
            return 1
        variables = {server.kind.name: _cycles(server, codes, keys, positions) for server in servers}
        if differing := [query for query in options.queries if not _agree(servers, variables, query)]:
            console.print(f"[red]not measured: {', '.join(differing)} differ")
            return 1
        measured, memory = _measure(servers, variables, options.queries, options.seconds)
        of_kept = kept.measured(embedded, options.seconds) if figures.OURS in options.peers else {}
        of_pushed = pushed.measured(embedded) if figures.OURS in options.peers else {}
        ours = next((server for server in servers if server.kind.name == figures.OURS), None)
        export = asyncio.run(exported(ours, embedded.url)) if ours else None
    against = orjson.loads(options.against.read_bytes()) if options.against else None
    told = figures.verdicts(measured, memory, against, options.scale)
    told += [*(figures.of_export(export) if export else []), *kept.verdicts(of_kept), *pushed.verdicts(of_pushed)]
    figures.show(console, {name: kind.title for name, kind in KINDS.items()}, measured, told)
    if options.json:
        facts = {
            "machine": figures.machine(),
            "scale": options.scale,
            "measures": SCALES[options.scale],
            "connections": CONNECTIONS,
            "pool": POOL,
            "seconds": options.seconds * ROUNDS,
            "figures": {one: {query: of._asdict() for query, of in by.items()} for one, by in measured.items()},
            "ratios": figures.ratios(measured),
            "memory": memory,
            "kept": of_kept,
            "pushed": of_pushed,
            "export": asdict(export) if export else None,
            "verdicts": [one._asdict() for one in told],
            "skipped": skipped,
        }
        options.json.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return int(any(of.errors for by in measured.values() for of in by.values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    parser.add_argument("--scale", type=int, choices=SCALES, default=1, help="times 24,640 measures; 0: 500")
    parser.add_argument("--seconds", type=float, default=3.0, help=f"of each of {ROUNDS} rounds of a query")
    parser.add_argument("--peers", type=_names(KINDS), default=list(KINDS), help=",".join(KINDS))
    parser.add_argument("--queries", type=_names(READS), default=list(READS), help=",".join(READS))
    parser.add_argument("--against", type=Path, metavar="FILE", help="figures of another scale to compare with")
    return parser.parse_args()


def _names(known: Any) -> Any:
    def names(told: str) -> list[str]:
        asked = told.split(",")
        if unknown := [name for name in asked if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return [name for name in known if name in asked]

    return names


async def _variables(embedded: Embedded) -> tuple[list[str], list[Key], list[int]]:
    """Every State's code, rows all over the long list, and positions all over the log."""
    connection = await asyncpg.connect(embedded.url)
    try:
        codes = await connection.fetch("select code from peer.state_party order by md5(code)")
        keys = await connection.fetch(
            """
            select * from (
              select row_number() over (order by dated_earliest desc, dated_latest desc, id)::int as place,
                     dated_earliest, dated_latest, id
              from peer.measure
            ) placed
            where place % greatest((select count(*) from peer.measure) / $1, 1) = 0 order by place limit $1 - 2
            """,
            PLACES,
        )
        newest = await connection.fetchval('select max("position") from revision')
    finally:
        await connection.close()
    positions = [newest * (place + 1) // (len(codes) + 1) for place in range(len(codes))]
    return [row["code"] for row in codes], [Key(*row) for row in keys], positions


def _start(stack: ExitStack, embedded: Embedded, names: list[str]) -> tuple[list[Server], dict[str, str]]:
    servers, skipped = [], {}
    for name in names:
        try:
            servers.append(stack.enter_context(started(KINDS[name], embedded.url)))
        except Unavailable as reason:
            console.print(f"[yellow]skipped[/] {KINDS[name].title}: {reason}", highlight=False)
            skipped[name] = str(reason)
    return servers, skipped


def _cycles(server: Server, codes: list[str], keys: list[Key], positions: list[int]) -> dict[str, list[Variables]]:
    """What each query's variables go through; for all servers the same, in their own words."""
    cycles: dict[str, list[Variables]] = {query: [{}] for query in READS}
    cycles["one_state"] = [{"code": code} for code in codes]
    cycles["state_as_of"] = [{"code": code, "position": at} for code, at in zip(codes, positions, strict=True)]
    cycles["next_page"] = [{"after": cursor} for cursor in server.cursors(keys)]
    return cycles


def _agree(servers: list[Server], variables: dict[str, dict[str, list[Variables]]], query: str) -> bool:
    """Whether all give the same data; prints where they do not."""
    servers = [server for server in servers if query in server.queries]
    count = len(variables[servers[0].kind.name][query]) if servers else 0
    for place in range(0, count, max(count // COMPARED, 1)):
        answers = {}
        for server in servers:
            try:
                answers[server.kind.title] = plain(query, server.ask(query, variables[server.kind.name][query][place]))
            except (WrongAnswer, LookupError, TypeError) as error:
                answers[server.kind.title] = repr(error)
        if any(answer != answers[servers[0].kind.title] for answer in answers.values()):
            console.print(f"[red]{query}: the answers differ")
            for title, answer in answers.items():
                console.print(f"{title}: {str(answer)[:SHOWN]}", highlight=False, markup=False)
            return False
    return True


def _measure(
    servers: list[Server], variables: dict[str, dict[str, list[Variables]]], queries: list[str], seconds: float
) -> tuple[dict[str, dict[str, figures.Figure]], float | None]:
    """The figures, and our worker's memory in MB after all that. Rounds take turns, so that a slow spell hits everybody."""
    loads: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for query in queries:
        for _ in repeat(None, ROUNDS):
            for server in servers:
                if query not in server.queries:
                    continue
                name = server.kind.name
                bodies = [server.body(query, one) for one in variables[name][query]]
                if (name, query) not in loads:
                    _load(server, bodies, min(WARM_UP, seconds))
                loads.setdefault((name, query), []).append(_load(server, bodies, seconds))
        console.print(f"measured {query}", style="dim", highlight=False)
    measured = {
        server.kind.name: {
            query: figures.figure(loads[server.kind.name, query]) for query in queries if query in server.queries
        }
        for server in servers
    }
    return measured, next((server.memory() for server in servers if server.kind.name == figures.OURS), None)


def _load(server: Server, bodies: list[str], seconds: float) -> dict[str, Any]:
    return loaded(Job(server.port, [post(server.port, body) for body in bodies], seconds))


if __name__ == "__main__":
    sys.exit(main())
