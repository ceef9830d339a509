"""Section 14: the strings that people copy."""

import base64
import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from . import Refused, require
from .encoding import SAFE, b64, context, sha256


def url(text):
    require(1 <= len(text.encode()) <= 255 and all("!" <= it <= "~" and it != "\\" for it in text), "no URL")
    match = re.fullmatch(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^/?#@:\[\]]+)(?::([0-9]{1,5}))?((?:/[A-Za-z0-9._~-]+)*)/?", text)
    require(match, "more than a host, a port and a base path")
    scheme, host, port, base = match.groups()
    require(len(base) <= 128 and not {".", ".."} & set(base.split("/")), "no base path")
    require(port is None or int(port) < 2**16, "no port")
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        require(not host.startswith("["), "no address")
        address = None
    loopback = host == "localhost" or isinstance(address, IPv4Address) and address.is_loopback or address == IPv6Address("::1")
    require(scheme == "https" or loopback, "not encrypted")
    return text


def hyphenated(raw):
    hex_ = raw.hex()
    return "-".join([hex_[:8], hex_[8:12], hex_[12:16], hex_[16:20], hex_[20:]])


def read(kind, text):
    prefix = f"stronghold_{kind}_"
    require(text.startswith(prefix), "another prefix")
    digits = text[len(prefix) :]
    require(re.fullmatch(r"[a-z2-7]+", digits) and len(digits) % 8 in (0, 2, 4, 5, 7), "no base32")
    raw = base64.b32decode(digits.upper() + "=" * (-len(digits) % 8))
    require(base64.b32encode(raw).decode().rstrip("=").lower() == digits, "trailing bits")
    body, checksum = raw[:-4], raw[-4:]
    require(len(raw) >= 4 and sha256(context(f"token/{kind}", body))[:4] == checksum, "another checksum")
    at = 0

    def take(count):
        nonlocal at
        require(at + count <= len(body), "too short")
        at += count
        return body[at - count : at]

    require(take(3) == b"\1\0\1", "another version or suite")
    if kind == "agent":
        id_, org = take(16), take(32)
    else:
        org, id_ = take(32), take(16)
    secret = take(16 if kind == "account" else 32)
    floor = address = None
    if kind in ("agent", "invite"):
        seq, prefix_ = int.from_bytes(take(8), "big"), take(16)
        require(seq < SAFE, "too far")
        floor = {"seq": seq, "hash_prefix": b64(prefix_)}
        length = take(1)[0]
        if length:
            try:
                address = url(take(length).decode("ascii"))
            except UnicodeDecodeError as error:
                raise Refused("no URL") from error
    require(at == len(body), "too long")
    return {
        "kind": kind, "text": text, "id": hyphenated(id_), "org": b64(org), "secret": b64(secret), "floor": floor, "url": address,
    }
