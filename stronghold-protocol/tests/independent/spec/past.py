"""Section 9, the past: back from the newest revision to the first, and up again."""

from . import merkle, require
from .encoding import data, integer, list_of, obj, uuid
from .objects import manifest, secret_leaf_hash
from .signing import by_hash, object_hash, signed

leaf = obj(index=data(32), id=uuid, version=integer(1), ciphertexts=data(32))
revision = obj(manifest=signed, puts=list_of(leaf), removes=list_of(uuid))


def chain(shown, org, profile, head):
    """The manifests, newest first."""
    manifests, wanted = [], head
    for one in shown:
        require(wanted is not None, "something before the first")
        it, _ = by_hash("manifest.v1", manifest, one["manifest"], wanted)
        require((it["org"], it["profile"]) == (org, profile), "another profile's")
        if manifests:
            newer = manifests[-1]
            require(newer["revision"] == it["revision"] + 1 and newer["epoch"] >= it["epoch"], "not the one before")
        manifests.append(it)
        wanted = it["prev"]
    require(manifests and wanted is None and manifests[-1]["revision"] == 1, "not from revision 1 on")
    return manifests


def replay(shown, org, profile, head):
    """The leaves of the newest revision, sorted, and the secrets that are deleted, each with its last version."""
    held, versions, epoch = {}, {}, None
    for it, one in reversed(list(zip(chain(shown, org, profile, head), shown))):
        renewed = epoch is not None and it["epoch"] > epoch
        removes, puts = one["removes"], one["puts"]
        named = removes + [put["id"] for put in puts]
        require(len(set(named)) == len(named), "a secret twice")
        require(all(id_ in held for id_ in removes), "not there")
        for put in puts:
            old, next_ = held.get(put["id"]), versions.get(put["id"], 0) + 1
            again = renewed and old is not None and put["version"] == old["version"]
            require(again or put["version"] == next_, "not the next version")
        require(not renewed or set(held) <= set(named), "something of the epoch before stays")
        for id_ in removes:
            del held[id_]
        for put in puts:
            held[put["id"]], versions[put["id"]] = put, put["version"]
        epoch = it["epoch"]
        leaves = sorted(held.values(), key=lambda one: one["index"])
        require(len({one["index"] for one in leaves}) == len(leaves), "two of one name")
        hashes = [secret_leaf_hash(one["index"], one["id"], one["version"], one["ciphertexts"]) for one in leaves]
        require(it["count"] == len(leaves) and it["root"] == merkle.root(hashes), "other secrets")
    return leaves, sorted((id_, last) for id_, last in versions.items() if id_ not in held)
