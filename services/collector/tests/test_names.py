"""Names that are looked up by a resolver that hangs."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from watchkeeper.collector.names import LookupHangsError, Names
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources import postgresql, tcp_probe
from watchkeeper.collector.threads import Threads, ThreadsBusyError


class Resolver:
    """Answers 127.0.0.1 for every name once it is let go; ``asked`` holds the names that came."""

    def __init__(self) -> None:
        """Hang from the start."""
        self.answer, self.asked = threading.Event(), list[str]()

    def __call__(self, host: str) -> list[tuple[Any, ...]]:
        """Hang, then answer."""
        self.asked.append(host)
        assert self.answer.wait(30)
        if host == "absent.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    """One that hangs until the test's end at the latest."""
    resolver = Resolver()
    yield resolver
    resolver.answer.set()


async def give_up(names: Names, host: str) -> None:
    """Ask, and wait no longer than a moment."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await names.addresses(host, 80)


async def test_one_lookup_of_a_name_at_a_time(resolver: Resolver) -> None:
    """While it hangs, readings fail at once and take no thread; other names are looked up; then all is as before."""
    names = Names(Threads(2), resolver)
    await give_up(names, "a.test")
    for _ in range(5):
        with pytest.raises(LookupHangsError, match=r"the lookup of a\.test before hangs still"):
            await names.addresses("a.test", 80)
    await give_up(names, "b.test")
    with pytest.raises(LookupHangsError, match="too many others hang"):
        await names.addresses("c.test", 80)
    assert resolver.asked == ["a.test", "b.test"]
    resolver.answer.set()
    async with asyncio.timeout(5):
        while names._asked:  # noqa: ASYNC110 - threads end when they do
            await asyncio.sleep(0.01)
    assert await names.addresses("a.test", 80) == [(socket.AF_INET, ("127.0.0.1", 80))]


async def test_those_who_ask_together_share_the_answer(resolver: Resolver) -> None:
    """One lookup, an answer for each with the port of their own; that one of them ends does not end it."""
    names = Names(Threads(2), resolver)
    asking = [asyncio.create_task(names.addresses("a.test", port)) for port in (80, 443)]
    await asyncio.sleep(0)
    resolver.answer.set()
    assert [found[0][1][1] for found in await asyncio.gather(*asking)] == [80, 443]
    assert resolver.asked == ["a.test"]
    with pytest.raises(socket.gaierror):
        await names.addresses("absent.test", 80)


async def test_an_address_needs_no_lookup(resolver: Resolver) -> None:
    """Addresses of both kinds are taken as they are."""
    names = Names(Threads(1), resolver)
    assert await names.addresses("192.0.2.1", 80) == [(socket.AF_INET, ("192.0.2.1", 80))]
    assert await names.addresses("::1", 80) == [(socket.AF_INET6, ("::1", 80))]
    assert resolver.asked == []


async def test_probes_without_dns_leave_the_threads_to_others(resolver: Resolver) -> None:
    """Six probes read again and again while the resolver hangs: six lookups, and every other thread is free."""
    threads = Threads(1)
    tools = Tools(threads, lambda _reason, _number: None, Names(Threads(8), resolver))
    probes = [
        tcp_probe.open_source(tcp_probe.Settings(name="p", host=f"{n}.test", port=1, timeout_s=0.02), tools)
        for n in range(6)
    ]
    for _ in range(10):
        for found in await asyncio.gather(*(probe.read() for probe in probes)):
            assert next(reading.value for reading in found if reading.name == "watchkeeper.probe.success") == 0
    assert sorted(resolver.asked) == [f"{n}.test" for n in range(6)]
    try:
        assert await threads.run(lambda: "free") == "free"
    except ThreadsBusyError:
        pytest.fail("the probes occupy the threads of the others")


async def test_the_database_source_asks_for_its_server_the_same_way(resolver: Resolver) -> None:
    """What asyncpg looks up by itself would take a thread of the loop's own, one at each reading."""
    tools = Tools(Threads(1), lambda _reason, _number: None, Names(Threads(8), resolver))
    source = postgresql.open_source(
        postgresql.Settings(name="p", url="postgresql://someone@db.test/postgres", timeout_s=5), tools
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await source.read()
    with pytest.raises(LookupHangsError):
        await source.read()
    assert resolver.asked == ["db.test"]
