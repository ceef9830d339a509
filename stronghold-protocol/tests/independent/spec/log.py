"""Section 13: records, receipts, checkpoints; and the signature of a request in a record (section 12)."""

import base64
import re

from . import Refused, require
from .encoding import (
    SAFE, context, data, integer, list_of, obj, one_of, optional, parse, principal, reference, sha256, text, time, uuid,
)
from .signing import key_id, verify

request = obj(
    method=one_of("GET", "POST", "PUT", "DELETE"), authority=text, path=text, query=text, content_digest=optional(text),
    if_none_match=optional(text), context=optional(text), params=text, signature=text,
)
released_secret = obj(secret=uuid, version=integer(1))
RELEASED = {
    "profile": obj(kind=text, profile=uuid, revision=integer(1), manifest=data(32)),
    "secrets": obj(
        kind=text, profile=uuid, revision=integer(1), secrets=list_of(released_secret), absent=list_of(data(32))
    ),
    "versions": obj(kind=text, profile=uuid, secrets=list_of(released_secret)),
    "revisions": obj(kind=text, profile=uuid, **{"from": integer(1), "through": integer(1)}),
    "statement": obj(kind=text, seq=integer(), hash=data(32)),
    "manifest": obj(kind=text, profile=uuid, revision=integer(1), manifest=data(32)),
}


def released(value):
    require(isinstance(value, dict) and value.get("kind") in RELEASED, "no release")
    return RELEASED[value["kind"]](value)


record = obj(
    schema=integer(1, 2), id=uuid, org=data(32), time=time, principal=optional(principal), key_id=optional(data(32)),
    action=text, outcome=one_of("allowed", "denied"), reason=optional(text), released=optional(released),
    address=optional(text), directory=reference, request=optional(request),
)
receipt = obj(position=integer(), record=data(), key=data(32), signature=data(64))
UNSIGNED = {"org.create", "login.start", "login.finish"}


def parse_record(raw):
    it = record(parse(raw))
    signed = it["key_id"] is not None and it["request"] is not None
    neither = it["key_id"] is None and it["request"] is None
    require(neither if it["action"] in UNSIGNED else signed, "a request that is missing, or too many")
    require(it["outcome"] == "denied" or it["reason"] is None, "a reason for what was allowed")
    return it


def check_receipt(it, org):
    leaf = sha256(b"\0", it["record"])
    verify(it["key"], context("receipt", org, it["position"], leaf), it["signature"])
    said = parse_record(it["record"])
    require(said["org"] == org, "another organization's")
    return said, leaf


def check_request(it, key):
    """That a key signed the request in a record."""
    require(it["request"] is not None and it["key_id"] == key_id(key), "another key")
    said = it["request"]
    names = ["@method", "@authority", "@path", "@query"]
    values = [said["method"], said["authority"], said["path"], "?" + said["query"]]
    for member, component in (("content_digest", "content-digest"), ("if_none_match", "if-none-match"), ("context", "stronghold-context")):
        if said[member] is not None:
            names.append(component)
            values.append(said[member])
    covered = "(" + " ".join(f'"{name}"' for name in names) + ")"
    require(said["params"].startswith(covered), "other components")
    pairs = re.findall(r';([a-z]+)=("[^"]*"|-?[0-9]+)', said["params"])
    require("".join(f";{name}={value}" for name, value in pairs) == said["params"][len(covered) :], "parameters")
    params = dict(pairs)
    require(len(pairs) == 4 and set(params) == {"created", "nonce", "keyid", "tag"}, "parameters")
    require(params["tag"] == '"stronghold-v1"' and data(32)(params["keyid"].strip('"')) == it["key_id"], "parameters")
    data(16)(params["nonce"].strip('"'))
    lines = [f'"{name}": {value}\n' for name, value in zip(names, values)]
    base = "".join(lines) + f'"@signature-params": {said["params"]}'
    signature = re.fullmatch(r"(?:stronghold=)?:?([A-Za-z0-9+/_=-]+):?", said["signature"])
    require(signature, "no signature")
    verify(key, base.encode(), decoded(signature[1]))


def decoded(text_):
    try:
        return data(64)(text_)
    except Refused:
        return unpadded(text_, 64)


def unpadded(text_, length):
    """Base64 with padding, trailing bits zero."""
    try:
        raw = base64.b64decode(text_, validate=True)
    except ValueError as error:
        raise Refused("no base64") from error
    require(len(raw) == length and base64.b64encode(raw).decode() == text_, "no base64")
    return raw


def number(text_):
    require(re.fullmatch(r"0|[1-9][0-9]*", text_) and int(text_) < SAFE, "no number")
    return int(text_)


def check_checkpoint(note, org, key):
    from .encoding import b64

    body, blank, signatures = note.partition("\n\n")
    require(blank and signatures.endswith("\n"), "no note")
    body += "\n"
    lines = body[:-1].split("\n")
    origin = "stronghold/" + b64(org)
    require(len(lines) == 4 and lines[0] == origin, "another's")
    words = lines[3].split(" ")
    require(len(words) == 3 and words[0] == "directory", "no directory")
    it = {
        "org": org, "size": number(lines[1]), "root": unpadded(lines[2], 32),
        "directory": {"seq": number(words[1]), "hash": unpadded(words[2], 32)},
    }
    mine = sha256(origin.encode(), b"\n\1", key)[:4]
    found = False
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch(r"— ([^ ]+) ([^ ]+)", line)
        require(match, "no signature line")
        try:
            raw = base64.b64decode(match[2], validate=True)
        except ValueError as error:
            raise Refused("no base64") from error
        require(len(raw) >= 4, "no key hash")
        if match[1] == origin and raw[:4] == mine:
            require(len(raw) == 68, "no signature")
            verify(key, body.encode(), raw[4:])
            found = True
    require(found, "not signed")
    return it
