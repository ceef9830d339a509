"""Runs docs/vectors with a second implementation of docs/protocol.md.

    python verify_vectors.py FOLDER

Needs Python 3.10 and the package `cryptography`, for Ed25519 alone. What is sealed or encrypted is not looked at: of whole replies
the steps 8 and 10 (section 11) are left out, and what only they refuse is accepted here.
"""

import json
import sys
from copy import deepcopy
from pathlib import Path

from spec import Refused, agent, directory, encoding, log, merkle, objects, past, require, signing, tokens
from spec.encoding import b64, data, integer, list_of, obj, optional, reference, text, unb64, uuid


def changed(case, changes):
    """Applies the operations of RFC 6902 that the files use."""
    case = deepcopy(case)
    for change in changes:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]]
        holder = case
        for part in parents:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        at = last if isinstance(holder, dict) or last == "-" else int(last)
        if change["op"] == "remove":
            del holder[at]
        elif change["op"] == "add" and isinstance(holder, list):
            holder.insert(len(holder) if at == "-" else at, change["value"])
        else:
            holder[at] = change["value"]
    return case


def trees(case):
    if case["kind"] == "root":
        hashes = [merkle.leaf_hash(unb64(leaf)) for leaf in case["leaves"]]
        return {"root": b64(merkle.root(hashes))}
    if case["kind"] == "inclusion":
        merkle.check_inclusion(merkle.inclusion(case["proof"]), unb64(case["leaf_hash"]), unb64(case["root"]))
        return None
    proof = merkle.consistency(case["proof"])
    merkle.check_consistency(proof, unb64(case["old_root"]), unb64(case["new_root"]))
    return None


def leaves(case):
    entry = objects.entry(case["entry"])
    hash_ = objects.profile_leaf_hash(entry["leaf"])
    merkle.check_inclusion(entry["proof"], hash_, unb64(case["state_root"]))
    return {"leaf_hash": b64(hash_)}


def signed(case):
    kind, envelope, trust = case["type"], signing.signed(case["object"]), case["trust"]
    if "hash" in trust:
        _, found = signing.by_hash(kind, objects.TYPES[kind], envelope, unb64(trust["hash"]))
        return {"hash": b64(found), "signers": []}
    keys, threshold = map(unb64, trust["signatures"]["keys"]), trust["signatures"]["threshold"]
    _, found, signers = signing.by_signature(kind, objects.TYPES[kind], envelope, list(keys), threshold)
    return {"hash": b64(found), "signers": [b64(signing.key_id(key)) for key in signers]}


def people(case):
    org = unb64(case["org"])
    if case["kind"] == "acceptance":
        envelope = signing.signed(case["acceptance"])
        return b64(objects.check_acceptance(envelope, org, uuid(case["invite"]), case["email"], unb64(case["key"])))
    envelope, keys = signing.signed(case["request"]), encoding.keys(case["keys"])
    return b64(objects.check_key_request(envelope, org, uuid(case["user"]), keys))


def rosters(case):
    require(case["rosters"], "no roster")
    envelopes = [signing.signed(one) for one in case["rosters"]]
    last = objects.genesis_roster(envelopes[0], unb64(case["org"]))
    all_ = [last]
    for envelope in envelopes[1:]:
        last = objects.next_roster(last, envelope)
        all_.append(last)
    return [{"version": it["version"], "hash": b64(hash_)} for it, hash_ in all_]


def manifests(case):
    keys, leaf = [unb64(key) for key in case["roster_keys"]], objects.leaf(case["leaf"])
    it, found = objects.head(signing.signed(case["manifest"]), unb64(case["org"]), leaf, keys)
    hashes = None
    if case["secrets"] is not None:
        secrets = [objects.secret(one) for one in case["secrets"]]
        objects.check_secrets(it, secrets)
        hashes = [b64(objects.leaf_of_secret(one)) for one in secrets]
    return {"hash": b64(found), "leaf_hashes": hashes}


def history(case):
    shown = [past.revision(one) for one in case["revisions"]]
    held, deleted = past.replay(shown, unb64(case["org"]), uuid(case["profile"]), unb64(case["head"]))
    leaves_ = [
        {"index": b64(one["index"]), "id": tokens.hyphenated(one["id"]), "version": one["version"],
         "ciphertexts": b64(one["ciphertexts"])}
        for one in held
    ]
    return {"leaves": leaves_, "deleted": [{"id": tokens.hyphenated(id_), "version": last} for id_, last in deleted]}


def floors(values):
    return [agent.floor(one) for one in values]


def roster_ref(known):
    return None if known is None else {"version": known["version"], "hash": unb64(known["hash"])}


def believed(case):
    client = case["client"]
    org, shown = unb64(client["org"]), agent.chain(case["chain"])
    remembered = optional(reference)(client["remembered"])
    trusted = agent.check_chain(shown, org, client["seq"], unb64(client["hash"]), remembered, roster_ref(client["roster"]))
    profile = agent.profile(case["profile"])
    _, manifest, found = agent.check_profile(
        profile, trusted, org, case["asked"], floors(client["floors"]), client["minimum"]
    )
    return trusted, manifest, found


def remembers(trusted, manifest, found):
    _, newest, _, _ = trusted
    header = {"seq": newest["seq"], "hash": b64(newest["hash"])}
    profile = {
        "id": tokens.hyphenated(manifest["profile"]), "name": manifest["name"], "revision": manifest["revision"],
        "epoch": manifest["epoch"], "manifest": b64(found),
    }
    return {"header": header, "profile": profile}


def partial(case):
    _, manifest, _ = believed(case["reply"])
    present, absent = agent.check_part(agent.part(case["part"]), manifest, [unb64(index) for index in case["indexes"]])
    return {"present": [tokens.hyphenated(id_) for id_ in present], "absent": [b64(index) for index in absent]}


def statements(case):
    require(case["statements"], "no statement")
    key = (case["org"], json.dumps(case["statements"][:-1]))
    if key in REPLAYED:
        state = REPLAYED[key]
    else:
        state = replay(case["org"], case["statements"][:-1])
        REPLAYED[key] = state
    state = step(state, case["org"], case["statements"][-1])
    leaves_ = [directory.leaf(state, id_) for id_ in sorted(state["profiles"])]
    for leaf in leaves_:
        leaf.update(id=tokens.hyphenated(leaf["id"]), commitment=b64(leaf["commitment"]))
        leaf.update(writers=[b64(key) for key in leaf["writers"]], vouched=dict(leaf["vouched"], manifest=b64(leaf["vouched"]["manifest"])))
    head = {"seq": state["head"]["seq"], "hash": b64(state["head"]["hash"])}
    log_root = merkle.root([merkle.leaf_hash(one) for one in state["log"]])
    root = directory.state_root(state)
    return {"head": head, "log_root": b64(log_root), "state_root": b64(root), "leaves": leaves_}


REPLAYED = {}


def replay(org, values):
    state = None
    for value in values:
        state = step(state, org, value)
    return state


def step(state, org, value):
    raw = directory.statement(value)
    return directory.genesis(raw, unb64(org)) if state is None else directory.append(state, raw)


def logged(case):
    if case["kind"] == "receipt":
        said, leaf = log.check_receipt(log.receipt(case["receipt"]), unb64(case["org"]))
        return {"leaf_hash": b64(leaf), "id": tokens.hyphenated(said["id"])}
    said = log.parse_record(unb64(case["record"]))
    if case["key"] is None:
        require(said["request"] is None, "whose key is not said")
    else:
        log.check_request(said, unb64(case["key"]))
    return {"id": tokens.hyphenated(said["id"]), "action": said["action"]}


def checkpoints(case):
    it = log.check_checkpoint(case["note"], unb64(case["org"]), unb64(case["key"]))
    header = {"seq": it["directory"]["seq"], "hash": b64(it["directory"]["hash"])}
    return {"org": b64(it["org"]), "size": it["size"], "root": b64(it["root"]), "directory": header}


def texts(case):
    kind, value = case["kind"], case["text"]
    if kind == "time":
        return {"milliseconds": encoding.time(value)}
    if kind == "profile":
        import re
        import unicodedata

        if re.fullmatch(encoding.UUID, value):
            return {"id": value}
        return {"name": encoding.name(unicodedata.normalize("NFC", value))}
    if kind == "range":
        directory.parse_range(value)
        address = case.get("address")
        return None if address is None else {"allows": directory.range_allows(value, address)}
    shapes = {
        "name": encoding.name, "email": encoding.email, "secret_name": encoding.secret_name, "id": uuid,
        "org_id": data(32), "url": tokens.url,
    }
    shapes[kind](value)
    return None


def strict(case):
    shapes = dict(
        objects.TYPES, **{
            "body.v1": directory.body, "record": lambda it: it, "receipt": log.receipt, "signed": signing.signed,
            "statement": directory.statement, "inclusion": merkle.inclusion, "consistency": merkle.consistency,
        }
    )
    if case["type"] == "record":
        log.parse_record(case["text"].encode())
    else:
        shapes[case["type"]](encoding.parse(case["text"]))
    return None


lock = obj(format=integer(1, 2), org_id=data(32), header=reference, profiles=list_of(agent.floor))
checkpoint = obj(org=data(32), size=integer(), root=data(32), directory=reference)
heads = obj(
    format=integer(1, 2), org_id=data(32), header=reference, roster=obj(version=integer(1), hash=data(32)), profiles=list_of(agent.floor), checkpoint=checkpoint
)


def files(case):
    said = encoding.parse(case["text"])
    if case["kind"] == "heads":
        it = heads(said)
        require(it["checkpoint"]["org"] == it["org_id"], "another organization's checkpoint")
        require(len({one["id"] for one in it["profiles"]}) == len(it["profiles"]), "a profile twice")
        return {what: said[what] for what in ("org_id", "header", "checkpoint")}
    it = lock(said)
    if case["org"] is not None and case["asked"] is not None:
        require(it["org_id"] == unb64(case["org"]), "another organization's")
        require(any(encoding.selects(case["asked"], one) for one in it["profiles"]), "a profile that is not locked")
    return {what: said[what] for what in ("org_id", "header", "profiles")}


def replies(case):
    token, remembered, reply = tokens.read("agent", case["token"]), case["remembered"], case["reply"]
    client = {
        "org": token["org"], "seq": token["floor"]["seq"], "hash": token["floor"]["hash_prefix"],
        "remembered": remembered["header"], "roster": remembered["roster"], "floors": remembered["floors"],
        "minimum": remembered["minimum"],
    }
    trusted, manifest, found = believed(
        {"client": client, "asked": case["asked"], "chain": reply["chain"], "profile": reply["profile"]}
    )
    released = {"profile": manifest["profile"], "revision": manifest["revision"]}
    if case["indexes"] is None:
        action, released = "profile.read", dict(released, kind="profile", manifest=found)
    else:
        part = agent.part(reply["part"])
        _, absent = agent.check_part(part, manifest, [unb64(index) for index in case["indexes"]])
        shown = [{"secret": one["secret"]["id"], "version": one["secret"]["version"]} for one in part["present"]]
        action, released = "secret.read", dict(released, kind="secrets", secrets=shown, absent=absent)
    said, _ = log.check_receipt(log.receipt(reply["receipt"]), unb64(token["org"]))
    caller = {"kind": "agent", "id": uuid(token["id"])}
    require(said["principal"] == caller and said["action"] == action and said["outcome"] == "allowed", "another's record")
    require(b64(said["key_id"]) in case["request"]["params"], "another key")
    require(in_order(said["released"]) == in_order(released), "another release")
    require(said["request"] == log.request(case["request"]), "another request")
    if case["indexes"] is None:
        objects.check_secrets(manifest, [objects.secret(one) for one in reply["secrets"]])
    roster = {"version": trusted[3]["version"], "hash": b64(trusted[3]["hash"])}
    return dict(remembers(trusted, manifest, found), roster=roster)


def in_order(released):
    if released is None or released["kind"] != "secrets":
        return released
    secrets = sorted(released["secrets"], key=lambda one: (one["secret"], one["version"]))
    return dict(released, secrets=secrets, absent=sorted(released["absent"]))


def token(case):
    return tokens.read(case["kind"], case["text"])


FILES = {
    "checkpoints": checkpoints, "directory": statements, "evidence": lambda case: remembers(*believed(case)), "files": files,
    "history": history, "leaves": leaves, "manifest": manifests, "merkle": trees, "partial": partial, "people": people, "receipts": logged,
    "replies": replies, "rosters": rosters, "signed": signed, "strict": strict, "texts": texts,
}


def came(run, case):
    """What comes of a case, or a refusal."""
    try:
        return run(case), None
    except Refused as refusal:
        return None, refusal
    except (KeyError, TypeError, AttributeError) as error:
        # A case of another shape, where the shape is what it is about.
        return None, Refused(repr(error))


def check(name, run, file):
    wrong, cases = [], {}
    for accept in file["accepts"]:
        whole = accept["case"] if "case" in accept else cases[accept["of"]]
        cases[accept["name"]] = case = changed(whole, accept.get("change", []))
        result, refusal = came(run, case)
        expected = accept["gives"]
        if name == "replies":
            expected = {what: expected[what] for what in ("header", "profile", "roster")}
        if refusal is not None or result != expected:
            wrong.append(f"{name}: {accept['name']!r}: {refusal or result!r}")
    skipped = 0
    for reject in file["rejects"]:
        if name == "replies" and reject["name"].split(":")[0] in ("8", "10"):
            skipped += 1
            continue
        result, refusal = came(run, changed(cases[reject["of"]], reject["change"]))
        if refusal is None:
            wrong.append(f"{name}: {reject['name']!r} is accepted: {result!r}")
    left = f", {skipped} left out" if skipped else ""
    print(f"{name}: {len(file['accepts'])} accepted, {len(file['rejects']) - skipped} refused{left}")
    return wrong


def check_tokens(file):
    wrong = []
    for accept in file["accepts"]:
        result, refusal = came(token, accept)
        if result != accept:
            wrong.append(f"tokens: {accept['text']!r}: {refusal or result!r}")
    for reject in file["rejects"]:
        if came(token, reject)[1] is None:
            wrong.append(f"tokens: {reject['name']!r} is accepted")
    print(f"tokens: {len(file['accepts'])} accepted, {len(file['rejects'])} refused")
    return wrong


def main(folder):
    read = lambda name: json.loads((folder / f"{name}.json").read_text("utf-8"))
    wrong = check_tokens(read("tokens"))
    for name, run in FILES.items():
        wrong += check(name, run, read(name))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
