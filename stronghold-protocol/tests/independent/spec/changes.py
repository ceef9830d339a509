"""Section 7: the table of changes."""

from . import require
from .directory import PEOPLE, check_conditions, leaf
from .encoding import NIL
from .objects import changes_owners, next_roster, owners, proposed_roster
from .signing import good_signers, key_id, object_hash


def check_roster_is_users(state):
    roster = state["roster"][0]
    said = {(one["user"], "owner", one["keys"]["sign"], one["keys"]["kem"]) for one in roster["owners"]}
    said |= {(one["user"], "admin", one["keys"]["sign"], one["keys"]["kem"]) for one in roster["admins"]}
    are = {
        (id_, it["role"], it["keys"]["sign"], it["keys"]["kem"])
        for id_, it in state["users"].items()
        if not it["removed"] and it["role"] in ("owner", "admin")
    }
    require(said == are, "roster and users differ")


class Work:
    def __init__(self, state, by_owner):
        self.state, self.by_owner = state, by_owner

    def make(self, it):
        getattr(self, it["kind"])(it)

    # What all have in common.

    def claim_id(self, id_):
        require(id_ != NIL and id_ not in self.state["ids"], "the id was used")
        self.state["ids"].add(id_)

    def claim_key(self, keys):
        require(keys["sign"] not in self.state["keys"], "the key was used")
        self.state["keys"][keys["sign"]] = True

    def live(self, kind, id_):
        found = self.state[kind].get(id_)
        require(found is not None and not found.get("removed"), f"none of {kind}")
        return found

    def free(self, kind, member, value):
        taken = [it for it in self.state[kind].values() if not it.get("removed") and it[member] == value]
        require(not taken, f"the {member} is taken")

    def vouch(self, profile, vouched):
        before = profile["vouched"]
        require(vouched == before or vouched["revision"] > before["revision"], "only raised")
        profile["vouched"] = vouched

    # Rosters, and what owners decide.

    def roster_changed(self, it):
        self.state["roster"] = next_roster(self.state["roster"], it["roster"])
        require(self.state["roster"][1] not in self.state["withdrawn"], "it was withdrawn")
        self.state["approvals"], self.state["withdrawn"] = {}, set()

    def approval_pending(self, it):
        in_force = self.state["roster"]
        roster, found = proposed_roster(in_force, it["roster"])
        require(found not in self.state["withdrawn"], "it was withdrawn")
        require(changes_owners(in_force[0], roster), "one owner's signature is enough")
        require(all(one["kind"] in PEOPLE for one in it["people"]), "not of people")
        signers = good_signers("roster.v1", it["roster"], owners(in_force[0]) + owners(roster))
        require(len(signers) == len(it["roster"]["signatures"]), "signed by nobody of theirs")
        known = self.state["approvals"].get(found)
        if known is not None:
            require(set(known["signers"]) < set(signers), "no signature more")
            require(known["people"] == it["people"], "other people")
        else:
            require(len(self.state["approvals"]) + len(self.state["withdrawn"]) < 64, "too many")
        self.state["approvals"][found] = dict(signers=signers, people=it["people"])

    def approval_withdrawn(self, it):
        require(self.by_owner, "an owner's")
        require(self.state["approvals"].pop(it["roster"], None) is not None, "nothing is pending")
        self.state["withdrawn"].add(it["roster"])

    def policy_changed(self, it):
        require(self.by_owner, "an owner's")

    checkpoint_key_changed = policy_changed

    # Agents.

    def agent_created(self, it):
        check_conditions(it["conditions"])
        self.claim_id(it["id"])
        self.claim_key(it["keys"])
        self.free("agents", "name", it["name"])
        self.state["agents"][it["id"]] = dict(name=it["name"], keys=[it["keys"]], removed=False)

    def agent_changed(self, it):
        check_conditions(it["conditions"])
        agent = self.live("agents", it["id"])
        if agent["name"] != it["name"]:
            self.free("agents", "name", it["name"])
        agent["name"] = it["name"]

    def agent_rekeyed(self, it):
        sets = it["keys"]
        require(len(sets) == 1 or len(sets) == 2 and sets[0] != sets[1], "one set, or two different ones")
        require((len(sets) == 2) == (it["until"] is not None), "a time with two")
        agent = self.live("agents", it["id"])
        require(agent["keys"] != sets, "the same")
        for one in sets:
            if one not in agent["keys"]:
                self.claim_key(one)
        agent["keys"] = sets

    def agent_deleted(self, it):
        self.live("agents", it["id"])["removed"] = True
        self.leave(("agent", it["id"]))

    def leave(self, member):
        for group in self.state["groups"].values():
            group["members"].discard(member)

    # People.

    def user_invited(self, it):
        self.claim_id(it["id"])
        require(all(group in self.state["groups"] for group in it["groups"]), "no such group")
        require(it["role"] != "auditor" or not it["groups"], "an auditor is in no group")
        self.state["invites"][it["id"]] = dict(email=it["email"], role=it["role"])

    def invite_cancelled(self, it):
        require(self.state["invites"].pop(it["id"], None) is not None, "no such invitation")

    def user_confirmed(self, it):
        if self.state["head"] is not None:
            invite = self.state["invites"].pop(it["invite"], None)
            require(invite is not None, "no such invitation")
            require(invite == dict(email=it["email"], role=it["role"]), "the invitation says otherwise")
        self.claim_id(it["id"])
        self.claim_key(it["keys"])
        self.claim_key(it["recovery"])
        self.free("users", "email", it["email"])
        user = {what: it[what] for what in ("email", "role", "keys", "recovery")}
        self.state["users"][it["id"]] = dict(user, removed=False)

    def user_changed(self, it):
        user = self.live("users", it["id"])
        if user["email"] != it["email"]:
            self.free("users", "email", it["email"])
        member = ("user", it["id"])
        in_group = any(member in group["members"] for group in self.state["groups"].values())
        require(it["role"] != "auditor" or not in_group, "an auditor is in no group")
        user.update(email=it["email"], role=it["role"])

    def user_rekeyed(self, it):
        user = self.live("users", it["id"])
        self.claim_key(it["keys"])
        if user["recovery"] != it["recovery"]:
            self.claim_key(it["recovery"])
        user.update(keys=it["keys"], recovery=it["recovery"])

    def user_removed(self, it):
        self.live("users", it["id"])["removed"] = True
        self.leave(("user", it["id"]))

    # Groups.

    def group_created(self, it):
        self.claim_id(it["id"])
        self.free("groups", "name", it["name"])
        self.state["groups"][it["id"]] = dict(name=it["name"], epoch=1, key=it["key"], members=set(), stale=False)

    def group_deleted(self, it):
        require(it["id"] != NIL, "the admins stay")
        self.live("groups", it["id"])
        del self.state["groups"][it["id"]]
        for profile in self.state["profiles"].values():
            profile["grants"].pop(it["id"], None)

    def group_epoch(self, it):
        group = self.live("groups", it["id"])
        require(it["epoch"] == group["epoch"] + 1 and it["key"] != group["key"], "one more, another key")
        group.update(epoch=it["epoch"], key=it["key"], stale=False)

    def member_added(self, it):
        require(it["group"] != NIL, "the admins are the roster's")
        group = self.live("groups", it["group"])
        kind, id_ = it["member"]["kind"], it["member"]["id"]
        found = self.live("users" if kind == "user" else "agents", id_)
        require(kind != "user" or found["role"] != "auditor", "an auditor is in no group")
        require((kind, id_) not in group["members"], "a member already")
        group["members"].add((kind, id_))

    def member_removed(self, it):
        require(it["group"] != NIL, "the admins are the roster's")
        group, member = self.live("groups", it["group"]), (it["member"]["kind"], it["member"]["id"])
        require(member in group["members"], "no member")
        group["members"].remove(member)

    # Profiles.

    def profile_created(self, it):
        self.claim_id(it["id"])
        require(it["vouched"]["revision"] == 1, "not revision 1")
        self.free("profiles", "name", it["name"])
        profile = {what: it[what] for what in ("name", "commitment", "vouched")}
        self.state["profiles"][it["id"]] = dict(profile, epoch=1, grants={})

    def profile_renamed(self, it):
        profile = self.live("profiles", it["id"])
        require(it["name"] != profile["name"], "the same name")
        require(it["vouched"]["revision"] > profile["vouched"]["revision"], "no newer revision")
        self.free("profiles", "name", it["name"])
        profile["name"] = it["name"]
        self.vouch(profile, it["vouched"])

    def profile_epoch(self, it):
        profile = self.live("profiles", it["id"])
        require(it["epoch"] == profile["epoch"] + 1 and it["commitment"] != profile["commitment"], "one more, another key")
        profile.update(epoch=it["epoch"], commitment=it["commitment"])
        self.vouch(profile, it["vouched"])

    def profile_vouched(self, it):
        self.vouch(self.live("profiles", it["id"]), it["vouched"])

    def profile_granted(self, it):
        require(it["group"] != NIL, "the admins reach every profile")
        self.live("groups", it["group"])
        grants = self.live("profiles", it["profile"])["grants"]
        grant, before = dict(write=it["write"], history=it["history"]), grants.get(it["group"])
        if before is not None:
            require(grant != before and all(grant[what] >= before[what] for what in grant), "a grant only grows")
        grants[it["group"]] = grant

    def profile_revoked(self, it):
        grants = self.live("profiles", it["profile"])["grants"]
        require(grants.pop(it["group"], None) is not None, "no such grant")

    def profile_deleted(self, it):
        self.live("profiles", it["id"])
        del self.state["profiles"][it["id"]]

    def secret_purged(self, it):
        require(self.by_owner and it["versions"], "an owner's, of some versions")
        self.live("profiles", it["profile"])
