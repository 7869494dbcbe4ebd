"""The commands that ask a server over HTTP, run as maintainers run them, in this process: the server is the test's own."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

from api.command_line import opsc
from tests.maintainers import Maintainer


@dataclass(frozen=True)
class Terminal:
    """Somebody's terminal, with their token in the environment."""

    who: Maintainer

    async def runs(self, *arguments: str | Path, **environment: str | None) -> Result:
        """In a thread, so that the server can answer. None takes a setting out of the environment."""
        settings = {"OPSC_SERVER": str(self.who.client.base_url), "OPSC_TOKEN": self.who.token, **environment}
        words = [str(argument) for argument in arguments]
        return await asyncio.to_thread(CliRunner(env=settings).invoke, opsc, words)

    async def does(self, *arguments: str | Path) -> str:
        """What it prints when all is well."""
        result = await self.runs(*arguments)
        assert result.exit_code == 0, (result.stdout, result.stderr, result.exception)
        return result.stdout
