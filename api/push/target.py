"""Where a webhook's deliveries go: to addresses that anybody on the Internet has, unless the installation says otherwise.

A name is looked up once, when the connection is made, and the address that was found good is the one that is connected to: what
the name leads to a moment later makes no difference. httpcore2 is the client because that can be said in it (a network backend of
one's own) without reaching into it: httpx2 has no place for it, aiohttp asks a resolver apart from its connections, and advocate,
which was made for this, is kept up no more. It follows no redirects, and reads no proxies from the environment.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httpcore2

TRANSLATED = ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for an IPv4 address, which may be a private one (RFC 6052)."""

NOT_PUBLIC = [
    ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10")
]
"""Networks of IANA's registries of special purposes that some versions of Python take for public."""

LOOKUPS = 4
"""Names that are looked up at once."""

CONNECTING, ANSWERING = 5.0, 10.0
"""Seconds to connect; and for the rest."""


class TargetRefused(Exception):
    """Nothing is sent there: says why, and what to do."""


class NoAnswer(Exception):
    """It was sent, or could not be; nobody said that it was received. Says why."""


class Targets:
    """private: whether addresses that only this network has may be told, too, and addresses without TLS."""

    def __init__(self, *, private: bool) -> None:
        self.private = private
        # threads of its own: a name server that does not answer is to hold up nothing but webhooks
        self._looking_up = ThreadPoolExecutor(LOOKUPS, "opsc-lookup")

    async def check(self, url: str) -> None:
        """Raises TargetRefused."""
        address = self._address(url)
        try:
            await self.public_addresses(str(address.hostname), _port(address))
        except OSError:
            raise TargetRefused(f"The name {address.hostname} leads nowhere: see that it is written right.") from None

    def _address(self, url: str) -> SplitResult:
        try:
            address = urlsplit(url)
            _port(address)
        except ValueError:
            raise TargetRefused("url is no address: write it as https://example.org/hooks/opsc.") from None
        if address.scheme != "https" and not (self.private and address.scheme == "http"):
            raise TargetRefused("url begins https://: what is sent in the open could be changed on its way.")
        if not address.hostname or not url.isascii():
            raise TargetRefused("url is no address: write it as https://example.org/hooks/opsc.")
        if address.username is not None or address.password is not None:
            raise TargetRefused("url holds a name or a password: leave it out; deliveries are signed instead.")
        return address

    async def public_addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, all of them good. Raises TargetRefused, or OSError where there are none."""
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._looking_up, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            )
        except UnicodeError:  # a part of the name is empty or too long
            raise socket.gaierror(socket.EAI_NONAME, f"{host[:80]} is no name") from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not self.private and not all(is_public(one) for one in addresses):
            raise TargetRefused(
                f"{host} leads to an address that is not public: deliveries go to what anybody on the Internet can reach."
            )
        return addresses

    async def post(self, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> int:
        """The status that it answers with, whose words are not read. Raises TargetRefused and NoAnswer."""
        self._address(url)
        patience = {"connect": CONNECTING, "read": ANSWERING, "write": ANSWERING, "pool": CONNECTING}
        try:
            async with (
                asyncio.timeout(CONNECTING + ANSWERING),
                httpcore2.AsyncConnectionPool(network_backend=_Pinned(self)) as pool,
                pool.stream(
                    "POST", url, headers=list(headers), content=body, extensions={"timeout": patience}
                ) as answer,
            ):
                return answer.status
        except (TimeoutError, httpcore2.TimeoutException):
            raise NoAnswer(f"there was no answer within {CONNECTING + ANSWERING:.0f} seconds") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, OSError) as error:
            raise NoAnswer(f"it could not be reached: {str(error) or type(error).__name__}") from None


class _Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to the addresses that were looked at, and to no others."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        *others, last = await self._targets.public_addresses(host, port)
        for address in others:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def is_public(text: str) -> bool:
    """Whether an address is one that anybody on the Internet has; of those that stand for another, both."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address in TRANSLATED:
            return is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(str(inner))
    if any(address in network for network in NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _port(address: SplitResult) -> int:
    return address.port or {"https": 443, "http": 80}.get(address.scheme, 0)
