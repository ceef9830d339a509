"""Section 3: signatures and signed objects."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import Refused, require
from .encoding import context, data, list_of, obj, parse, sha256

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
# y of the points of order 8.
EIGHT = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL = {0, 1, P - 1, EIGHT, P - EIGHT}


def is_strong(point):
    y = int.from_bytes(point, "little") % 2**255
    return y < P and y not in SMALL


def key_id(key):
    return sha256(context("key-id", key))


def verify(key, message, signature):
    """Strictly. The library compares R byte for byte, without the cofactor."""
    require(is_strong(key) and is_strong(signature[:32]), "a point of small order")
    require(int.from_bytes(signature[32:], "little") < ORDER, "S is not reduced")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Refused("a false signature") from error


signed = obj(payload=data(), signatures=list_of(obj(key=data(32), signature=data(64))))


def object_hash(kind, payload):
    return sha256(context("object-hash", kind, payload))


def check_size(envelope):
    require(len(envelope["payload"]) <= 2**20, "too large")


def good_signers(kind, envelope, keys):
    check_size(envelope)
    signatures = envelope["signatures"]
    require(len(signatures) <= 64, "too many signatures")
    require(len({it["key"] for it in signatures}) == len(signatures), "a key twice")
    known = {key_id(key): key for key in keys}
    message = context("signed-object", kind, envelope["payload"])
    signers = []
    for it in signatures:
        if it["key"] in known:
            verify(known[it["key"]], message, it["signature"])
            signers.append(known[it["key"]])
    return signers


def by_signature(kind, shape, envelope, keys, threshold=1):
    """The payload, its object hash, and who of the keys signed it."""
    signers = good_signers(kind, envelope, keys)
    require(len(signers) >= max(threshold, 1), "not signed")
    return shape(parse(envelope["payload"])), object_hash(kind, envelope["payload"]), signers


def by_hash(kind, shape, envelope, trusted):
    check_size(envelope)
    found = object_hash(kind, envelope["payload"])
    require(16 <= len(trusted) and found.startswith(trusted), "another hash")
    return shape(parse(envelope["payload"])), found
