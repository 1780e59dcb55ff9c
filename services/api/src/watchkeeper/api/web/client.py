"""The client's own address, behind proxies that are trusted to tell it."""

import ipaddress
from collections.abc import Collection, Sequence

from watchkeeper.api.settings import Network


def is_trusted(address: str, trusted: Collection[Network]) -> bool:
    """Whether ``address`` is one of ours to believe; what is no address is not."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted if network.version == found.version)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Collection[Network]) -> str:
    """Who sent the request: the last address of ``X-Forwarded-For`` that is no trusted proxy.

    ``peer`` is the connection's other end; unless it is trusted, the header is not believed. An entry that is no
    address ends the search at the proxy that wrote it.
    """
    address = peer
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    while hops and is_trusted(address, trusted):
        try:
            address = str(ipaddress.ip_address(hops.pop()))
        except ValueError:
            break
    return address


def prefix_of(address: str) -> str:
    """What limits by address count by: an IPv4 address, the first 64 bits of an IPv6 address, else the text itself.

    One customer has a whole IPv6 network of that size, and so as many addresses as he likes.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
