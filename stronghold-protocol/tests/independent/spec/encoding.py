"""Sections 1 and 2: contexts, strict JSON, ids, names, times."""

import base64
import hashlib
import json
import re
import unicodedata

from . import Refused, require

SAFE = 2**53


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def lp(data):
    return len(data).to_bytes(4, "big") + data


def context(purpose, *fields):
    """Integers are fields of eight bytes, texts those of their UTF-8."""
    out = lp(b"stronghold/v1/" + purpose.encode())
    for field in fields:
        if isinstance(field, int):
            field = field.to_bytes(8, "big")
        out += lp(field.encode() if isinstance(field, str) else field)
    return out


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text, length=None):
    require(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text), "not base64url")
    require(len(text) % 4 != 1, "not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(b64(data) == text, "trailing bits")
    require(length is None or len(data) == length, "another length")
    return data


def parse(data):
    """Strict JSON: no member twice, no number but an integer, nothing after the value."""

    def members(pairs):
        require(len({name for name, _ in pairs}) == len(pairs), "a member twice")
        return dict(pairs)

    def no(_):
        raise Refused("a number that is no integer")

    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        return json.loads(text, object_pairs_hook=members, parse_float=no, parse_constant=no)
    except (ValueError, RecursionError) as error:
        raise Refused(f"no JSON: {error}") from error


# Shapes of JSON: each takes a value, and gives what it means or refuses.


def integer(first=0, below=SAFE):
    def read(value):
        require(isinstance(value, int) and not isinstance(value, bool) and first <= value < below, "a number")
        return value

    return read


def data(length=None):
    return lambda value: unb64(value, length)


def text(value):
    require(isinstance(value, str), "a text")
    return value


def flag(value):
    require(isinstance(value, bool), "true or false")
    return value


def one_of(*values):
    def read(value):
        require(isinstance(value, str) and value in values, "one of some words")
        return value

    return read


def list_of(shape):
    def read(value):
        require(isinstance(value, list), "a list")
        return [shape(element) for element in value]

    return read


def optional(shape):
    """May be null."""

    def read(value):
        return None if value is None else shape(value)

    read.optional = True
    return read


def obj(exact=False, **members):
    """Exactly these members; one that may be null may be absent, unless all must be said."""

    def read(value):
        require(isinstance(value, dict), "an object")
        require(set(value) <= set(members), "an unknown member")
        out = {}
        for name, shape in members.items():
            if name not in value:
                require(not exact and getattr(shape, "optional", False), f"no {name}")
                out[name] = None
            else:
                out[name] = shape(value[name])
        return out

    return read


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def uuid(value):
    require(isinstance(value, str) and re.fullmatch(UUID, value), "an id")
    return bytes.fromhex(value.replace("-", ""))


NIL = bytes(16)


def shaped_like_id(value):
    lower = value.lower()
    forms = [UUID, r"[0-9a-f]{32}", r"\{" + UUID + r"\}", "urn:uuid:" + UUID]
    if any(re.fullmatch(form, lower) for form in forms):
        return True
    try:
        return len(unb64(value)) == 32
    except Refused:
        return False


# The property White_Space of Unicode.
WHITE = set(map(chr, [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]))


def control(value):
    return any(unicodedata.category(character) == "Cc" for character in value)


def name(value):
    require(isinstance(value, str), "a text")
    require(unicodedata.normalize("NFC", value) == value, "not normalized")
    require(1 <= len(value) <= 128 and not control(value), "a name")
    require(value[0] not in WHITE and value[-1] not in WHITE, "white space at an end")
    require(not shaped_like_id(value) and value not in (".", ".."), "no name")
    return value


def email(value):
    require(isinstance(value, str), "a text")
    require(unicodedata.normalize("NFC", value).lower() == value, "not in its form")
    local, at, domain = value.partition("@")
    require(at and local and domain and "@" not in domain, "no address")
    require(not control(value) and not WHITE & set(value) and len(value.encode()) <= 254, "no address")
    return value


def secret_name(value):
    require(isinstance(value, str) and 1 <= len(value.encode()) <= 256 and not set("\0=") & set(value), "a name")
    return value


def time(value):
    """Milliseconds since 1970."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z", text(value))
    require(match, "no time")
    year, month, day, hour, minute, second, milli = map(int, match.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    require(1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60, "no time")
    before = sum(366 if y % 4 == 0 and (y % 100 != 0 or y % 400 == 0) else 365 for y in range(1970, year))
    total = ((before + sum(days[: month - 1]) + day - 1) * 24 + hour) * 60 + minute
    total = (total * 60 + second) * 1000 + milli
    require(year >= 1970 and value <= "9999-12-30T22:00:00.000Z", "out of range")
    return total


principal = obj(kind=one_of("user", "agent"), id=uuid)
reference = obj(seq=integer(), hash=data(32))
roster_reference = obj(version=integer(1), hash=data(32))
vouched = obj(revision=integer(1), manifest=data(32))
keys = obj(sign=data(32), kem=data(1216))


def selects(asked, leaf):
    """A text that is an id in its one form is the id, any other a name."""
    if re.fullmatch(UUID, asked):
        return uuid(asked) == leaf["id"]
    return name(unicodedata.normalize("NFC", asked)) == leaf["name"]
