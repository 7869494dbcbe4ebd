"""The benchmark still runs: a tiny record, three servers, equal answers, figures for each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SERVERS = ["ours", "hand_written", "graphene"]


def test_all_servers_answer_alike_and_are_measured(tmp_path: Path) -> None:
    for needed in ("aiodataloader", "psutil"):
        pytest.importorskip(needed, reason="pip install -e '.[bench]' brings what the benchmark needs")
    told = tmp_path / "figures.json"
    options = ["--scale", "0", "--seconds", "0.2", "--peers", ",".join(SERVERS), "--json", str(told)]
    run = subprocess.run([sys.executable, "-m", "tests.bench", *options], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    figures = json.loads(told.read_text("utf-8"))["figures"]
    assert {server: [of["errors"] for of in by_query.values()] for server, by_query in figures.items()} == {
        server: [0] * (6 if server == "ours" else 5)
        for server in SERVERS  # the past is ours alone
    }
