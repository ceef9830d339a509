"""Sections 5, 6, 9 and 15: rosters, headers, leaves, manifests, and what people say of their keys."""

from . import merkle, require
from .encoding import (
    context, data, email, integer, keys, list_of, name, obj, optional, reference, roster_reference, time, uuid, vouched,
)
from .signing import by_hash, by_signature, key_id

SUITE = 1

member = obj(user=uuid, keys=keys)
roster = obj(
    version=integer(1), prev=optional(data(32)), nonce=optional(data(32)), owners=list_of(member), admins=list_of(member),
    owner_threshold=integer(below=2**32), minimum_suite=integer(below=2**16),
)
header = obj(
    org=data(32), seq=integer(), prev=data(32), time=time, roster=roster_reference, log_root=data(32), state_root=data(32),
    body=data(32),
)
manifest = obj(
    org=data(32), profile=uuid, name=name, revision=integer(1), prev=optional(data(32)), epoch=integer(1), commitment=data(32),
    count=integer(), root=data(32), header=reference, time=time,
)
acceptance = obj(org=data(32), invite=uuid, user=uuid, email=email, keys=keys, recovery=keys)
key_request = obj(org=data(32), user=uuid, replaces=data(32), keys=keys)
TYPES = {
    "roster.v1": roster, "header.v1": header, "manifest.v1": manifest, "acceptance.v1": acceptance,
    "key-request.v1": key_request,
}
leaf = obj(
    id=uuid, name=name, epoch=integer(1), commitment=data(32), writers=list_of(data(32)), vouched=vouched,
)
entry = obj(leaf=leaf, proof=merkle.inclusion)
secret = obj(index=data(32), id=uuid, version=integer(1), meta=data(), value=data())


def members(it):
    return it["owners"] + it["admins"]


def owners(it):
    return [one["keys"]["sign"] for one in it["owners"]]


def signing_keys(it):
    return [one["keys"]["sign"] for one in members(it)]


def check_content(it):
    """What holds of every version."""
    require(1 <= it["minimum_suite"] <= SUITE, "a suite that is not known")
    require(1 <= len(it["owners"]) <= 256 and len(it["admins"]) <= 256, "too many or too few")
    require(1 <= it["owner_threshold"] <= len(it["owners"]), "the threshold")
    everyone = members(it)
    for unique in (
        {one["user"] for one in everyone},
        {one["keys"]["sign"] for one in everyone},
        {one["keys"]["kem"] for one in everyone},
    ):
        require(len(unique) == len(everyone), "somebody or a key twice")


def genesis_roster(envelope, org):
    it, found = by_hash("roster.v1", roster, envelope, org)
    check_content(it)
    require(it["version"] == 1 and it["prev"] is None and it["nonce"] is not None, "no genesis")
    by_signature("roster.v1", roster, envelope, owners(it), len(it["owners"]))
    return it, found


def changes_owners(old, new):
    return any(old[what] != new[what] for what in ("owners", "owner_threshold", "minimum_suite"))


def proposed_roster(before, envelope):
    """All of the next version but the number of signatures."""
    old, old_hash = before
    it, found, _ = by_signature("roster.v1", roster, envelope, owners(old))
    check_content(it)
    require(it["version"] == old["version"] + 1 and it["prev"] == old_hash and it["nonce"] is None, "not the next")
    require(it["minimum_suite"] >= old["minimum_suite"], "the suite went down")
    return it, found


def next_roster(before, envelope):
    it, found = proposed_roster(before, envelope)
    if changes_owners(before[0], it):
        by_signature("roster.v1", roster, envelope, owners(before[0]), before[0]["owner_threshold"])
        by_signature("roster.v1", roster, envelope, owners(it), it["owner_threshold"])
    return it, found


def profile_leaf_hash(it):
    fields = [it["id"], it["name"], it["epoch"], it["commitment"], len(it["writers"]), *it["writers"]]
    return merkle.leaf_hash(context("profile-leaf", *fields, it["vouched"]["revision"], it["vouched"]["manifest"]))


def secret_leaf_hash(index, secret_id, version, ciphertexts):
    return merkle.leaf_hash(context("secret-leaf", index, secret_id, version, ciphertexts))


def ciphertexts_of(it):
    from .encoding import sha256

    return sha256(context("secret-ciphertexts", it["meta"], it["value"]))


def leaf_of_secret(it):
    return secret_leaf_hash(it["index"], it["id"], it["version"], ciphertexts_of(it))


def head(envelope, org, leaf_, roster_keys):
    """A head of a profile, against its leaf."""
    from .signing import object_hash

    vouched_ = leaf_["vouched"]
    is_vouched = object_hash("manifest.v1", envelope["payload"]) == vouched_["manifest"]
    if is_vouched:
        it, found = by_hash("manifest.v1", manifest, envelope, vouched_["manifest"])
        require(it["revision"] == vouched_["revision"] and it["epoch"] <= leaf_["epoch"], "not what is vouched for")
    else:
        it, found, _ = by_signature("manifest.v1", manifest, envelope, roster_keys + leaf_["writers"])
        require(it["revision"] > vouched_["revision"], "old")
        if it["revision"] == vouched_["revision"] + 1:
            require(it["prev"] == vouched_["manifest"], "not after the vouched one")
        require(it["epoch"] == leaf_["epoch"], "of another epoch")
    require(it["org"] == org and it["profile"] == leaf_["id"] and it["name"] == leaf_["name"], "another's")
    if it["epoch"] == leaf_["epoch"]:
        require(it["commitment"] == leaf_["commitment"], "another key")
    require(it["count"] <= 10_000, "too many secrets")
    return it, found


def check_secrets(it, secrets):
    indexes = [one["index"] for one in secrets]
    require(all(a < b for a, b in zip(indexes, indexes[1:])), "not sorted")
    require(it["count"] == len(secrets), "another count")
    require(it["root"] == merkle.root([leaf_of_secret(one) for one in secrets]), "another root")


def check_acceptance(envelope, org, invite, address, key):
    it, found, _ = by_signature("acceptance.v1", acceptance, envelope, [key])
    own = [it["keys"]["sign"], it["recovery"]["sign"]]
    by_signature("acceptance.v1", acceptance, envelope, own, 2)
    require(it["org"] == org and it["invite"] == invite and it["email"] == address, "another's")
    return found


def check_key_request(envelope, org, user, in_force):
    it, found, _ = by_signature("key-request.v1", key_request, envelope, [in_force["sign"]])
    require(it["keys"]["sign"] != in_force["sign"] and it["keys"]["kem"] != in_force["kem"], "the keys in force")
    by_signature("key-request.v1", key_request, envelope, [it["keys"]["sign"]])
    require(it["org"] == org and it["user"] == user and it["replaces"] == key_id(in_force["sign"]), "another's")
    return found
