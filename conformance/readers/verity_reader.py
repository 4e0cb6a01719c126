#!/usr/bin/env python3
"""Reads files that have a sidecar, and writes sidecars, by section 14 of SPEC.md alone.
    verity_reader.py FILE --verity=SIDECAR --digest=sha256:...
    verity_reader.py --seal FILE SIDECAR

Prints its answer as JSON in the format of conformance/README.md. Without arguments, it reads
lists of them from stdin, one per line as JSON, and prints one line for each."""
import hashlib, json, os, sys

BLOCK, FAN, HASH, DESCRIPTOR = 4096, 128, 32, 256
#: The fields of the descriptor: position, bytes of which they are (14.4). data_size is at 8.
FIELDS = [(0, b"\1"), (1, b"\1"), (2, b"\x0c"), (3, b"\0"), (4, bytes(4)), (48, bytes(32)),
          (80, bytes(32)), (112, bytes(144))]
FIELD_OF = {48: 16}  # the second half of root_hash


class Refused(Exception):
    def __init__(self, rule, offset, kind="integrity"):
        super().__init__({"kind": kind, "rule": rule, "offset": offset})


def sha256(data):
    return hashlib.sha256(data).digest()


def constants():  # 14.6
    block = bytes(BLOCK)
    while True:
        yield block
        block = sha256(block) * FAN


def levels_of(size):
    """Returns the position in the sidecar and the number of blocks of each level, 1 first (14.5)."""
    counts, blocks = [], -(-size // BLOCK)
    while blocks > 1:
        counts.append(blocks := -(-blocks // FAN))
    at, levels = BLOCK, []
    for count in reversed(counts):
        levels.insert(0, (at, count))
        at += count * BLOCK
    return levels, at


class Verified:
    def __init__(self, file, sidecar, digest):
        self.file, self.sidecar, self.size = file, sidecar, file.seek(0, os.SEEK_END)
        length = sidecar.seek(0, os.SEEK_END)
        head = self.bytes(sidecar, 0, BLOCK)
        self.need(length >= DESCRIPTOR, "verity-length", length)
        self.need("sha256:" + sha256(head[:DESCRIPTOR]).hex() == digest, "verity-digest", 0)
        for at, value in FIELDS:
            good = head[at:at + len(value)] == value
            self.need(good, "verity-descriptor", FIELD_OF.get(at, at), "unsupported")
        self.need(int.from_bytes(head[8:16], "little") == self.size, "verity-data-size", 8)
        (self.levels, end), self.root = levels_of(self.size), head[16:48]
        self.need(length == end, "verity-length", min(length, end))
        padding = head[DESCRIPTOR:].lstrip(b"\0")
        self.need(not padding, "verity-padding", BLOCK - len(padding))
        self.constants = [it for it, _ in zip(constants(), range(len(self.levels) + 1))]
        self.blocks, self.checked = -(-self.size // BLOCK), {}

    def need(self, condition, *why):
        if not condition:
            raise Refused(*why)

    def bytes(self, file, at, length):
        file.seek(at)
        return file.read(length)

    def hash_of(self, level, index):
        """Returns the hash that a block of a level has to have; level 0 is the data."""
        if level == len(self.levels):
            return self.root
        at = HASH * (index % FAN)
        return self.hash_block(level + 1, index // FAN)[at:at + HASH]

    def hash_block(self, level, index):
        if (level, index) in self.checked:
            return self.checked[level, index]
        expected = self.hash_of(level, index)
        place = self.levels[level - 1][0] + BLOCK * index
        block = self.bytes(self.sidecar, place, BLOCK)
        if not any(block) and (index + 1) * FAN ** level <= self.blocks:
            block = self.constants[level]
        self.need(sha256(block) == expected, "verity-tree", place)
        self.checked[level, index] = block
        return block

    def block(self, index):
        expected = self.hash_of(0, index)
        data = self.bytes(self.file, BLOCK * index, BLOCK)
        self.need(sha256(data.ljust(BLOCK, b"\0")) == expected, "verity-data", BLOCK * index)
        return data


def answer(path, verity=None, digest=None):
    if verity is None:
        return {"notSupported": "only files that have a sidecar"}
    with open(path, "rb") as file, open(verity, "rb") as sidecar:
        try:
            verified = Verified(file, sidecar, digest)
        except Refused as refused:
            return {"verityError": refused.args[0]}
        memory, refused, first = hashlib.sha256(), [], {}
        for index in range(verified.blocks):
            try:
                memory.update(verified.block(index))
            except Refused as error:
                if not refused:
                    first = {it: error.args[0][it] for it in ("rule", "offset")}
                start = refused.pop()[0] if refused and refused[-1][1] == index else index
                refused.append([start, index + 1])
    return {"verity": {"sha256": memory.hexdigest(), "refused": refused, **first}}


def seal(path, out):
    """Writes a sidecar, with holes, and returns the digest (14.2 to 14.6)."""
    size = os.path.getsize(path)
    levels, end = levels_of(size)
    with open(path, "rb") as file, open(out, "wb") as sidecar:
        hashes = [sha256(file.read(BLOCK).ljust(BLOCK, b"\0")) for _ in range(0, size, BLOCK)]
        for (at, count), zero in zip(levels, list(zip(constants(), range(len(levels) + 1)))[1:]):
            blocks = [b"".join(hashes[index * FAN:(index + 1) * FAN]).ljust(BLOCK, b"\0")
                      for index in range(count)]
            for index, block in enumerate(blocks):
                if block != zero[0]:
                    sidecar.seek(at + index * BLOCK)
                    sidecar.write(block)
            hashes = list(map(sha256, blocks))
        root = hashes[0] if hashes else bytes(HASH)
        head = bytes([1, 1, 12, 0]) + bytes(4) + size.to_bytes(8, "little") + root
        head = head.ljust(DESCRIPTOR, b"\0")
        sidecar.seek(0)
        sidecar.write(head)
        sidecar.truncate(end)
    return {"digest": "sha256:" + sha256(head).hex()}


def run(first, *others):
    if first == "--seal":
        return seal(*others)
    options = dict(arg[2:].split("=", 1) for arg in others)
    return answer(first, options.get("verity"), options.get("digest"))


if __name__ == "__main__":
    for arguments in [sys.argv[1:]] if sys.argv[1:] else map(json.loads, sys.stdin):
        print(json.dumps(run(*arguments)), flush=True)
