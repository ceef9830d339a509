"""Section 11: what an agent checks, but for what is sealed."""

from . import merkle, require
from .encoding import data, integer, list_of, name, obj, optional, reference, selects, text, uuid
from .objects import (
    check_content, check_secrets, entry, head, header, next_roster, profile_leaf_hash, roster, leaf_of_secret, secret,
    secret_leaf_hash, signing_keys,
)
from .signing import by_hash, by_signature, signed

floor = obj(id=uuid, name=name, revision=integer(1), epoch=integer(1), manifest=optional(data(32)))
chain = obj(
    anchor=signed, rosters=list_of(signed), head=signed, anchor_proof=optional(merkle.inclusion),
    remembered_proof=optional(merkle.inclusion),
)
profile = obj(leaf=entry, manifest=signed, header_proof=optional(merkle.inclusion))
secret_leaf = obj(index=data(32), id=uuid, version=integer(1), ciphertexts=data(32))
part = obj(
    present=list_of(obj(secret=secret, proof=merkle.inclusion)),
    neighbours=list_of(obj(leaf=secret_leaf, proof=merkle.inclusion)),
)


def check_chain(shown, org, seq, hash_, remembered, known_roster):
    """Steps 1 to 4: gives the newest header, which it is, and the signing keys of its roster."""
    # 1.
    anchor, anchor_hash = by_hash("header.v1", header, shown["anchor"], hash_)
    require(anchor["org"] == org and anchor["seq"] == seq, "another's anchor")
    # 2.
    require(shown["rosters"], "no roster")
    last = by_hash("roster.v1", roster, shown["rosters"][0], anchor["roster"]["hash"])
    require(last[0]["version"] == anchor["roster"]["version"], "another version")
    require(last[0]["version"] != 1 or last[1] == org, "another organization's genesis")
    check_content(last[0])
    check_known(last, known_roster)
    for envelope in shown["rosters"][1:]:
        last = next_roster(last, envelope)
        check_known(last, known_roster)
    require(known_roster is None or last[0]["version"] >= known_roster["version"], "an older roster")
    # 3.
    keys = signing_keys(last[0])
    it, found, _ = by_signature("header.v1", header, shown["head"], keys)
    require(it["org"] == org, "another organization's")
    require(it["roster"] == {"version": last[0]["version"], "hash": last[1]}, "another roster")
    require(it["seq"] >= seq and (remembered is None or it["seq"] >= remembered["seq"]), "older")
    newest = {"seq": it["seq"], "hash": found}
    # 4.
    check_holds(it, newest, {"seq": anchor["seq"], "hash": anchor_hash}, shown["anchor_proof"])
    if remembered is not None:
        check_holds(it, newest, remembered, shown["remembered_proof"])
    return it, newest, keys, {"version": last[0]["version"], "hash": last[1]}


def check_known(last, known):
    """Two rosters of one version are of two histories."""
    other = known is not None and last[0]["version"] == known["version"] and last[1] != known["hash"]
    require(not other, "another roster of the version that is remembered")


def check_holds(it, newest, wanted, proof):
    """The header that is wanted is the newest, or proven under its log."""
    if wanted == newest:
        return
    require(proof is not None, "no proof")
    merkle.check_inclusion(proof, merkle.leaf_hash(wanted["hash"]), it["log_root"], newest["seq"], wanted["seq"])


def check_profile(shown, trusted, org, asked, floors, minimum):
    """Steps 5 and 6: gives the leaf and the manifest."""
    it, newest, keys, _ = trusted
    # 5.
    leaf = shown["leaf"]["leaf"]
    merkle.check_inclusion(shown["leaf"]["proof"], profile_leaf_hash(leaf), it["state_root"])
    require(selects(asked, leaf), "another profile")
    if not is_id(asked):
        require(all(one["id"] == leaf["id"] for one in floors if one["name"] == leaf["name"]), "replaced")
    # 6.
    manifest, found = head(shown["manifest"], org, leaf, keys)
    check_holds(it, newest, manifest["header"], shown["header_proof"])
    require(minimum is None or manifest["revision"] >= minimum, "an older revision")
    for one in floors:
        if one["id"] == leaf["id"]:
            require(manifest["revision"] >= one["revision"] and manifest["epoch"] >= one["epoch"], "older")
            if manifest["revision"] == one["revision"] and one["manifest"] is not None:
                require(found == one["manifest"], "another revision")
    return leaf, manifest, found


def is_id(asked):
    from .encoding import UUID
    import re

    return re.fullmatch(UUID, asked) is not None


def check_part(shown, manifest, asked):
    """What is there, and the indexes that are not."""
    count, root = manifest["count"], manifest["root"]
    seen = set()
    for one in shown["present"]:
        merkle.check_inclusion(one["proof"], leaf_of_secret(one["secret"]), root, count)
        index = one["secret"]["index"]
        require(index in asked and index not in seen, "not asked for, or twice")
        seen.add(index)
    for one in shown["neighbours"]:
        leaf = one["leaf"]
        hash_ = secret_leaf_hash(leaf["index"], leaf["id"], leaf["version"], leaf["ciphertexts"])
        merkle.check_inclusion(one["proof"], hash_, root, count)
    absent = sorted(set(asked) - seen)
    for index in absent:
        below = [one["proof"]["index"] for one in shown["neighbours"] if one["leaf"]["index"] < index]
        above = [one["proof"]["index"] for one in shown["neighbours"] if one["leaf"]["index"] > index]
        if count == 0:
            continue
        before, after = max(below, default=-1), min(above, default=count)
        require(below or above, "no neighbour")
        require(before + 1 == after, "room between the neighbours")
    return [one["secret"]["id"] for one in shown["present"]], absent
