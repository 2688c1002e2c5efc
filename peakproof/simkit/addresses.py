"""Where a vendor's rule that webhooks need TLS is waived: addresses that no stranger can reach.

Vendors take https addresses only. A world's connector listens on this machine or in a container
beside the simulator, where a certificate would prove nothing; so plain http is taken there.
"""

import ipaddress

__all__ = ["is_near"]


def is_near(host: str | None) -> bool:
    """Tell whether a host is this machine, a private address, or a name known only in here."""
    if not host:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host == "host.docker.internal"  # localhost, a container's name
    return address.is_private and not address.is_unspecified
