"""Which addresses are of the public net, and which are private places, however they are written."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4's."""


def is_public(address: str) -> bool:
    """Say whether an address is one of the public net, whatever it is written as."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and (inner := _within(found)) is not None:
        return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if it is such a one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
