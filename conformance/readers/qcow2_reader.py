#!/usr/bin/env python3
"""Reads the disk in a qcow2 image, by section 15 of SPEC.md alone.
    qcow2_reader.py FILE

Prints its answer as JSON in the format of conformance/README.md. Without arguments, it reads paths
from stdin, one per line, and prints one line for each. zstd is that of the library libzstd."""
import ctypes, ctypes.util, hashlib, json, os, re, sys, zlib

MAGIC, NAME_MAX, CHAIN_MAX, SECTOR = 0x514649FB, 1023, 64, 512


class Refused(Exception):
    def __init__(self, rule, offset, kind="format"):
        super().__init__({"kind": kind, "rule": rule, "offset": offset})


def need(good, rule, offset, kind="format"):
    if not good:
        raise Refused(rule, offset, kind)


def inflate(data, size):
    stream = zlib.decompressobj(-15)
    cluster = stream.decompress(data, size + 1)
    return cluster if stream.eof else b""


def unzstd(data, size):
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_findFrameCompressedSize.restype = library.ZSTD_decompress.restype = ctypes.c_size_t
    cluster = b""
    while len(cluster) < size:  # one frame, or several
        length = library.ZSTD_findFrameCompressedSize(data, ctypes.c_size_t(len(data)))
        if library.ZSTD_isError(ctypes.c_size_t(length)):
            return b""
        room = ctypes.create_string_buffer(size)
        count = library.ZSTD_decompress(room, ctypes.c_size_t(size), data, ctypes.c_size_t(length))
        if library.ZSTD_isError(ctypes.c_size_t(count)):
            return b""
        cluster, data = cluster + room.raw[:count], data[length:]
    return cluster


class Image:
    def __init__(self, path, folder=None, chain=()):
        self.name, self.path = path, os.path.realpath(path)
        self.folder = folder or os.path.realpath(os.path.dirname(path))
        self.file = open(path, "rb")
        self.kept = None, b""  # the cluster unpacked last
        self.length, self.chain = self.file.seek(0, os.SEEK_END), (*chain, self.path)
        self.header()
        self.l1 = self.at(self.l1_offset, 8 * self.tables)

    def at(self, offset, length):
        self.file.seek(offset)
        return self.file.read(length)

    def number(self, offset, length):
        data = self.at(offset, length)
        need(len(data) == length, "file-truncated", offset)
        value = int.from_bytes(data, "big")
        need(length < 8 or value < 1 << 53 or 72 <= offset < 96, "u64-range", offset)
        return value

    def header(self):  # 15.2
        need(self.number(0, 4) == MAGIC, "qcow2-magic", 0)
        version = self.version = self.number(4, 4)
        need(version in (2, 3), "qcow2-version", 4, "unsupported")
        name, name_length, bits = self.number(8, 8), self.number(16, 4), self.number(20, 4)
        need(9 <= bits <= 21, "qcow2-cluster-bits", 20)
        self.bits, self.cluster, self.size = bits, 1 << bits, self.number(24, 8)
        need(self.size % SECTOR == 0, "qcow2-size", 24)
        need(self.number(32, 4) == 0, "qcow2-encrypted", 32, "unsupported")
        features = auto = kind = 0
        order, end = 4, 72
        if version == 3:
            features, auto, order, end = (self.number(*it) for it in ((72, 8), (88, 8), (96, 4), (100, 4)))
            need(not features & 2, "qcow2-corrupt", 72)
            need(not features & 4, "qcow2-data-file", 72, "unsupported")
            need(features < 32, "qcow2-features", 72, "unsupported")
            need(not auto & 2, "qcow2-data-file", 88)
            need(order <= 6, "qcow2-refcount-table", 96)
            need(end >= 104 and end % 8 == 0 and end <= self.cluster, "qcow2-header-length", 100)
            kind = self.number(104, 1) if end > 104 else 0
            need(bool(kind) == bool(features & 8), "qcow2-compression", 104)
            need(kind < 2, "qcow2-compression", 104, "unsupported")
        self.unpack, self.entry = unzstd if kind else inflate, 16 if features & 16 else 8
        need(self.entry == 8 or bits >= 14, "qcow2-cluster-bits", 20)
        count, self.l1_offset = self.number(36, 4), self.number(40, 8)
        self.tables = -(-self.size * self.entry // self.cluster ** 2)
        need(self.tables <= count <= 1 << 22, "qcow2-l1-table", 36)
        inside = not self.tables or self.l1_offset + 8 * self.tables <= self.length
        need(self.l1_offset % self.cluster == 0 and inside, "qcow2-l1-table", 40)
        need(self.number(48, 8) % self.cluster == 0, "qcow2-refcount-table", 48)
        need(1 <= self.number(56, 4) <= (8 << 20) // self.cluster, "qcow2-refcount-table", 56)
        need(self.number(60, 4) <= 65536, "qcow2-snapshot-table", 60)
        need(self.number(64, 8) % self.cluster == 0, "qcow2-snapshot-table", 64)
        self.names(name, name_length, end)

    def names(self, name, length, at):
        first = min(self.cluster, self.length)
        good = at <= name and length <= NAME_MAX and name + length <= first
        need(not name or good, "qcow2-backing-name", 8)
        end, shape = name or first, None
        while at + 8 <= end or (name and at < end):
            need(at + 8 <= end, "qcow2-extension", at)
            kind, size = self.number(at, 4), self.number(at + 4, 4)
            need(at + 8 + size <= end and kind != 0x0537BE77, "qcow2-extension", at)
            if kind == 0:
                break
            if kind == 0xE2792ACA:
                need(size <= 15, "qcow2-extension", at)
                shape = self.at(at + 8, size).decode()
            at += 8 + -(-size // 8) * 8
        self.backing = None
        if name:
            self.backing = self.open_backing(self.at(name, length), shape, name)

    def open_backing(self, name, shape, offset):  # 15.4
        try:
            name = name.decode()
        except UnicodeDecodeError:
            name = ""
        need(name and "\0" not in name, "qcow2-backing-name", offset)
        need(shape in (None, "raw", "qcow2"), "qcow2-backing-format", offset, "unsupported")
        named = os.path.join(os.path.dirname(self.name), name)
        path = os.path.realpath(named)
        inside = not re.match("[^:/]*:", name) and path.startswith(self.folder + "/")
        need(inside, "qcow2-backing-place", offset, "unsupported")
        need(path not in self.chain, "qcow2-chain", offset)
        need(len(self.chain) < CHAIN_MAX, "qcow2-chain", offset, "unsupported")
        if shape == "qcow2" or shape is None and open(path, "rb").read(4) == MAGIC.to_bytes(4, "big"):
            return Image(named, self.folder, self.chain)
        return Raw(path)

    def read(self, offset, length):
        return b"".join(self.parts(offset, min(offset + length, self.size)))

    def parts(self, at, end):  # 15.3
        unit = self.cluster if self.entry == 8 else self.cluster // 32
        while at < end:
            stop = min(end, at - at % unit + unit)
            yield self.piece(at, stop - at, unit)
            at = stop

    def piece(self, at, length, unit):
        """Reads bytes of one cluster, or of one subcluster."""
        index, per = at // self.cluster, self.cluster // self.entry
        place = self.l1_offset + 8 * (index // per)
        entry = int.from_bytes(self.l1[8 * (index // per):][:8], "big")
        table = entry & 0x00FFFFFFFFFFFE00
        good = not entry & 0x7F000000000001FF and table % self.cluster == 0
        need(good and (not table or table + self.cluster <= self.length), "qcow2-l1-entry", place)
        if not table:
            return self.below(at, length)
        place = table + self.entry * (index % per)
        words = self.at(place, self.entry)
        entry, zero, data = (int.from_bytes(words[a:b], "big") for a, b in ((0, 8), (8, 12), (12, 16)))
        def check(good):
            need(good, "qcow2-l2-entry", place)
        if entry >> 62 & 1:
            check(not zero and not data)
            x = 70 - self.bits
            start, more = entry & (1 << x) - 1, (entry >> x) & (1 << 62 - x) - 1
            last = start // SECTOR + more
            check(max(start, last * SECTOR) < self.length)
            cluster = self.packed(start, (last + 1) * SECTOR - start)
            return cluster[at % self.cluster:][:length]
        start = entry & 0x00FFFFFFFFFFFE00
        check(not entry & 0x3F000000000001FE and start % self.cluster == 0)
        check(not entry & 1 or self.version == 3 and self.entry == 8)
        check(not zero & data and (start or not data))
        if self.entry == 16:
            bit = at % self.cluster // unit
            zero, data = zero >> bit & 1, data >> bit & 1
        else:
            zero, data = entry & 1, start and not entry & 1
        if zero or not data:
            return bytes(length) if zero else self.below(at, length)
        start += at % self.cluster
        check(start + length <= self.length)
        return self.at(start, length)

    def packed(self, start, length):
        if self.kept[0] == start:
            return self.kept[1]
        try:
            cluster = self.unpack(self.at(start, length), self.cluster)
        except zlib.error:
            cluster = b""
        need(len(cluster) == self.cluster, "qcow2-compressed", start)
        self.kept = start, cluster
        return cluster

    def below(self, at, length):
        data = self.backing.read(at, length) if self.backing else b""
        return data.ljust(length, b"\0")


class Raw:
    def __init__(self, path):
        self.file = open(path, "rb")

    read = Image.at


def answer(path):
    try:
        image, digest = Image(path), hashlib.sha256()
        for at in range(0, image.size, 1 << 20):
            digest.update(image.read(at, 1 << 20))
    except Refused as refused:
        return {"packedError": refused.args[0]}
    return {"packed": {"byteLength": image.size, "sha256": digest.hexdigest()}}


if __name__ == "__main__":
    for name in sys.argv[1:] or map(str.rstrip, sys.stdin):
        print(json.dumps(answer(name)), flush=True)
