"""Section 7: what must come with the end of an access."""

from . import require
from .objects import members, next_roster


def check_endings(before, changes):
    groups, profiles, vouched = set(), set(), set()
    all_groups, all_profiles = set(before["groups"]), set(before["profiles"])

    def granted(group):
        return {id_ for id_, it in before["profiles"].items() if group in it["grants"]}

    def leaves(group):
        if group in before["groups"]:
            groups.add(group)
            profiles.update(granted(group))

    def groups_of(member):
        return [id_ for id_, it in before["groups"].items() if member in it["members"]]

    def writes(user):
        for group in groups_of(("user", user)):
            vouched.update(granted(group))

    for it in changes:
        kind = it["kind"]
        if kind == "member_removed":
            leaves(it["group"])
        elif kind == "group_deleted":
            leaves(it["id"])
        elif kind == "profile_revoked":
            profiles.add(it["profile"])
        elif kind == "agent_deleted" or kind == "agent_rekeyed" and any(
            old not in it["keys"] for old in before["agents"].get(it["id"], {}).get("keys", [])
        ):
            for group in groups_of(("agent", it["id"])):
                leaves(group)
        elif kind in ("user_removed", "user_rekeyed"):
            writes(it["id"])
            for group in groups_of(("user", it["id"])):
                leaves(group)
        elif kind == "user_changed":
            user = before["users"].get(it["id"])
            if user is not None and user["role"] == "editor" and it["role"] != "editor":
                writes(it["id"])
        elif kind == "roster_changed":
            after, _ = next_roster(before["roster"], it["roster"])
            stay = {one["keys"][what] for one in members(after) for what in ("sign", "kem")}
            if any(one["keys"][what] not in stay for one in members(before["roster"][0]) for what in ("sign", "kem")):
                groups |= all_groups
                profiles |= all_profiles
    gone_groups = {it["id"] for it in changes if it["kind"] == "group_deleted"}
    gone_profiles = {it["id"] for it in changes if it["kind"] == "profile_deleted"}
    new_groups = [it["id"] for it in changes if it["kind"] == "group_epoch"]
    new_profiles = [it["id"] for it in changes if it["kind"] == "profile_epoch"]
    said = {it["id"] for it in changes if it["kind"] in ("profile_epoch", "profile_vouched", "profile_renamed")}
    require(len(set(new_groups)) == len(new_groups) and len(set(new_profiles)) == len(new_profiles), "renewed twice")
    require(groups - gone_groups <= set(new_groups), "no epoch of a group")
    require(profiles - gone_profiles <= set(new_profiles), "no epoch of a profile")
    require(vouched - gone_profiles <= said, "not vouched for")


def mark_stale(before, after, changes):
    renewed = {it["id"] for it in changes if it["kind"] == "group_epoch"}
    for it in changes:
        stale = set()
        if it["kind"] in ("profile_epoch", "profile_deleted"):
            stale = set(before["profiles"].get(it["id"], {"grants": {}})["grants"])
        elif it["kind"] == "profile_revoked":
            stale = {it["group"]}
        for group in stale - renewed:
            if group in after["groups"]:
                after["groups"][group]["stale"] = True


def check_joiners(after, changes):
    for it in changes:
        if it["kind"] == "member_added" and it["group"] in after["groups"]:
            require(not after["groups"][it["group"]]["stale"], "a stale group takes nobody in")
