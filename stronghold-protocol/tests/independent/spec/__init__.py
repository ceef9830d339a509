"""A second implementation of docs/protocol.md, written from that text alone: what is not about KEM keys and ciphertexts."""


class Refused(Exception):
    """A check of the specification failed."""


def require(holds, why):
    """Refuses with a reason unless it holds."""
    if not holds:
        raise Refused(why)
