"""Section 7: applying a statement."""

import ipaddress
import re

from . import Refused, merkle, objects, require
from .encoding import (
    NIL, SAFE, data, email, flag, integer, keys, list_of, name, obj, one_of, optional, parse, principal, text, time, uuid, vouched,
)
from .objects import changes_owners, genesis_roster, header, next_roster, owners, proposed_roster, signing_keys
from .signing import by_signature, good_signers, object_hash, signed

statement = obj(header=signed, body=data())
role = one_of("owner", "admin", "editor", "auditor")
conditions = obj(
    exact=True, not_before=optional(time), expires_at=optional(time), source_cidrs=list_of(text),
    max_uses=optional(integer(below=2**64)),
)
KINDS = {
    "roster_changed": dict(roster=signed),
    "approval_withdrawn": dict(roster=data(32)),
    "policy_changed": dict(name=name),
    "checkpoint_key_changed": dict(key=data(32)),
    "agent_created": dict(id=uuid, name=name, keys=keys, conditions=conditions),
    "agent_changed": dict(id=uuid, name=name, status=one_of("active", "inactive"), conditions=conditions),
    "agent_rekeyed": dict(id=uuid, keys=list_of(keys), until=optional(time)),
    "agent_deleted": dict(id=uuid),
    "user_invited": dict(id=uuid, email=email, role=role, groups=list_of(uuid), key=data(32), expires_at=time),
    "invite_cancelled": dict(id=uuid),
    "user_confirmed": dict(id=uuid, invite=optional(uuid), email=email, role=role, keys=keys, recovery=keys),
    "user_changed": dict(id=uuid, email=email, role=role),
    "user_rekeyed": dict(id=uuid, keys=keys, recovery=keys),
    "user_removed": dict(id=uuid),
    "secret_purged": dict(profile=uuid, secret=uuid, versions=list_of(integer(1))),
    "group_created": dict(id=uuid, name=name, key=data(1216)),
    "group_deleted": dict(id=uuid),
    "group_epoch": dict(id=uuid, epoch=integer(1), key=data(1216)),
    "member_added": dict(group=uuid, member=principal),
    "member_removed": dict(group=uuid, member=principal),
    "profile_created": dict(id=uuid, name=name, commitment=data(32), vouched=vouched),
    "profile_renamed": dict(id=uuid, name=name, vouched=vouched),
    "profile_epoch": dict(id=uuid, epoch=integer(1), commitment=data(32), vouched=vouched),
    "profile_granted": dict(profile=uuid, group=uuid, write=flag, history=flag),
    "profile_revoked": dict(profile=uuid, group=uuid),
    "profile_vouched": dict(id=uuid, vouched=vouched),
    "profile_deleted": dict(id=uuid),
}
PEOPLE = {"user_confirmed", "user_changed", "user_rekeyed", "user_removed"}


def change(value):
    require(isinstance(value, dict) and isinstance(value.get("kind"), str), "no change")
    kind = value["kind"]
    if kind == "approval_pending":
        members = dict(roster=signed, people=list_of(change))
    else:
        require(kind in KINDS, "no such kind")
        members = KINDS[kind]
    return obj(exact=True, kind=text, **members)(value)


body = obj(exact=True, changes=list_of(change))


def parse_range(value):
    """The network and the length of its prefix."""
    address, slash, prefix = value.partition("/")
    require(slash and re.fullmatch(r"0|[1-9][0-9]*", prefix) and "%" not in address, "no range")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        require(False, "no address")
    length = int(prefix)
    require(length <= parsed.max_prefixlen, "too long a prefix")
    if parsed.version == 6 and parsed.ipv4_mapped is not None and length >= 96:
        parsed, length = parsed.ipv4_mapped, length - 96
    return parsed, length


def range_allows(value, address):
    network, length = parse_range(value)
    address = ipaddress.ip_address(address)
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    shift = network.max_prefixlen - length
    return network.version == address.version and int(network) >> shift == int(address) >> shift


def check_conditions(it):
    if it["not_before"] is not None and it["expires_at"] is not None:
        require(it["not_before"] < it["expires_at"], "times out of order")
    require(it["max_uses"] is None or it["max_uses"] < SAFE, "uncountable")
    require(len(it["source_cidrs"]) <= 64, "too many ranges")
    for one in it["source_cidrs"]:
        parse_range(one)


def state_root(state):
    leaves = [leaf(state, profile) for profile in sorted(state["profiles"])]
    return merkle.root([objects.profile_leaf_hash(one) for one in leaves])


def leaf(state, id_):
    it = state["profiles"][id_]
    writing = [group for group, grant in it["grants"].items() if grant["write"]]
    writers = {
        state["users"][member[1]]["keys"]["sign"]
        for group in writing
        for member in state["groups"][group]["members"]
        if member[0] == "user" and state["users"][member[1]]["role"] == "editor"
    }
    return dict(
        id=id_, name=it["name"], epoch=it["epoch"], commitment=it["commitment"], writers=sorted(writers), vouched=it["vouched"]
    )


def genesis(raw, org):
    from .changes import Work, check_roster_is_users

    unverified = body(parse(raw["body"]))["changes"]
    require(unverified and unverified[0]["kind"] == "roster_changed", "no roster")
    roster = genesis_roster(unverified[0]["roster"], org)
    said, found, _ = by_signature("header.v1", header, raw["header"], owners(roster[0]))
    require(said["org"] == org and said["seq"] == 0 and said["prev"] == bytes(32), "no beginning")
    require(said["log_root"] == merkle.EMPTY, "another log root")
    changes = parse_body(raw["body"], said["body"])
    kinds = [one["kind"] for one in changes]
    require(kinds[1:4] == ["policy_changed", "checkpoint_key_changed", "group_epoch"], "not in order")
    require(changes[3]["id"] == NIL and changes[3]["epoch"] == 1, "not the admins' first epoch")
    require(all(kind == "user_confirmed" for kind in kinds[4:]), "something else")
    require(all(one["invite"] is None and one["role"] in ("owner", "admin") for one in changes[4:]), "somebody else")
    state = dict(
        org=org, head=None, roster=roster, approvals={}, withdrawn=set(), agents={}, users={}, invites={}, profiles={}, keys={}, ids=set(), log=[],
        groups={NIL: dict(name="admins", epoch=1, key=changes[3]["key"], members=set(), stale=False)},
    )
    work = Work(state, True)
    for one in changes[4:]:
        work.make(one)
    check_roster_is_users(state)
    return sealed(state, said, found, raw["header"])


def parse_body(raw, signed_hash):
    require(len(raw) <= 16 * 2**20, "too large")
    require(object_hash("body.v1", raw) == signed_hash, "another body")
    changes = body(parse(raw))["changes"]
    require(changes, "no change")
    return changes


def append(state, raw):
    """The state after a statement; the steps of section 7 by their numbers."""
    from copy import deepcopy

    from .changes import Work, check_roster_is_users
    from .endings import check_endings, check_joiners, mark_stale

    # 1.
    roster = state["roster"][0]
    said, found, signers = by_signature("header.v1", header, raw["header"], signing_keys(roster))
    # 2.
    require(said["org"] == state["org"], "another organization's")
    require(said["seq"] == state["head"]["seq"] + 1 and said["prev"] == state["head"]["hash"], "not the next")
    # 3.
    require(said["log_root"] == merkle.root([merkle.leaf_hash(one) for one in state["log"]]), "another log root")
    # 4.
    changes = parse_body(raw["body"], said["body"])
    # 5.
    after = deepcopy(state)
    require(sum(one["kind"] == "roster_changed" for one in changes) <= 1, "two rosters")
    work = Work(after, any(key in owners(roster) for key in signers))
    check_approved(state, changes)
    for one in changes:
        work.make(one)
    # 6.
    check_endings(state, changes)
    mark_stale(state, after, changes)
    check_joiners(after, changes)
    if any(one["kind"] in PEOPLE | {"roster_changed"} for one in changes):
        check_roster_is_users(after)
    # 7. and 8.
    return sealed(after, said, found, raw["header"])


def check_approved(state, changes):
    """What takes several owners was pending before, and is made with exactly its people."""
    rosters = [one["roster"] for one in changes if one["kind"] == "roster_changed"]
    if not rosters:
        return
    old = state["roster"][0]
    try:
        new, found = proposed_roster(state["roster"], rosters[0])
    except Refused:
        return
    known = state["approvals"].get(found)
    several = changes_owners(old, new) and max(old["owner_threshold"], new["owner_threshold"]) > 1
    require(known is not None or not several, "never proposed")
    if known is not None:
        require([one for one in changes if one["kind"] in PEOPLE] == known["people"], "other people")


def sealed(state, said, found, envelope):
    roster, hash_ = state["roster"]
    require(said["roster"] == {"version": roster["version"], "hash": hash_}, "another roster")
    require(good_signers("header.v1", envelope, signing_keys(roster)), "not signed by one of the roster after")
    require(said["state_root"] == state_root(state), "another state root")
    state["head"] = {"seq": said["seq"], "hash": found}
    state["log"].append(found)
    return state
