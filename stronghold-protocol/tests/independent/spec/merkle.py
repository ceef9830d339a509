"""Section 4: RFC 6962 trees; RFC 9162, sections 2.1.3.2 and 2.1.4.2."""

from . import require
from .encoding import data, integer, list_of, obj, sha256

EMPTY = sha256(b"")
inclusion = obj(index=integer(), size=integer(), path=list_of(data(32)))
consistency = obj(old_size=integer(), new_size=integer(), path=list_of(data(32)))


def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def node(left, right):
    return sha256(b"\1", left, right)


def root(hashes):
    if not hashes:
        return EMPTY
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node(root(hashes[:split]), root(hashes[split:]))


def check_inclusion(proof, hash_, root_, size=None, index=None):
    require(size is None or proof["size"] == size, "a proof of another size")
    require(index is None or proof["index"] == index, "a proof of another place")
    require(proof["index"] < proof["size"], "beyond the tree")
    fn, sn, r = proof["index"], proof["size"] - 1, hash_
    for p in proof["path"]:
        require(sn != 0, "too long")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0 and r == root_, "another root")


def check_consistency(proof, old_root, new_root):
    old, new, path = proof["old_size"], proof["new_size"], list(proof["path"])
    require(old <= new, "sizes")
    if old == 0:
        require(not path and old_root == EMPTY and (new > 0 or new_root == EMPTY), "the empty tree")
        return
    if old == new:
        require(not path and old_root == new_root, "the same tree")
        return
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    require(path, "too short")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        require(sn != 0, "too long")
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0 and fr == old_root and sr == new_root, "another root")
