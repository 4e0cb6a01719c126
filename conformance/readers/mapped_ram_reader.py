#!/usr/bin/env python3
"""A reader of mapped-ram snapshots, written only from SPEC.md.
    mapped_ram_reader.py FILE [--offset=N] [--bitmapByteOrder=big] [--bitmapWordSize=4]

Prints its answer as JSON in the format of conformance/README.md. Without FILE, it reads
file names from stdin, one per line, and prints one line for each."""
import bisect, hashlib, json, mmap, os, sys

LIMIT, PAGE_SIZES = 2**53 - 1, [2**bits for bits in range(8, 21)]
COMMANDS = {1: [0], 2: [4], 3: [0, 16], 4: [0], 5: [0], 6: None, 8: [0], 9: [0], 10: None, 11: [0]}
CAPABILITIES = (b"mapped-ram", b"x-ignore-shared")
BITS, CAPS, UUID = (b"configuration/" + it for it in (b"target-page-bits", b"capabilities", b"uuid"))

class Refused(Exception): pass
class Reader:
    def __init__(self, data, offset=0, bitmapByteOrder="little", bitmapWordSize=8, **_):
        self.data, self.at, self.field, self.word = data, offset, offset, bitmapWordSize
        self.flip, self.vmdesc = bitmapWordSize - 1 if bitmapByteOrder == "big" else 0, None  # 5.1
    def need(self, condition, rule, at=None, unsupported=False):
        if not condition:
            raise Refused({"kind": "unsupported" if unsupported else "format", "rule": rule,
                           "offset": self.field if at is None else at})
    def bytes(self, length):
        self.field = self.at
        self.need(self.at + length <= len(self.data), "file-truncated")
        self.at += length
        return self.data[self.field:self.at]
    def number(self, length): return int.from_bytes(self.bytes(length), "big")
    def be64(self):
        return self.need((value := self.number(8)) <= LIMIT, "u64-range") or value
    def string(self): return self.bytes(self.number(1))
    def text(self, length_size, rule):
        at, length = self.at, self.number(length_size)
        self.need(1 <= length <= 255, rule)
        text = self.bytes(length)
        return self.need(all(0x20 <= byte <= 0x7e for byte in text), rule, at) or text.decode()
    def configuration(self):  # 3.6, 3.7
        self.need(self.number(1) == 7, "configuration-present")
        self.machine, capabilities, seen = self.text(4, "machine-name"), {}, {}
        while self.data[self.at:self.at + 1] == b"\5":
            start, _, name, version = self.at, self.number(1), self.string(), self.number(4)
            known, rule = name in (BITS, CAPS, UUID), "configuration-subsection"
            self.need(known and version <= 1, rule, start, True)
            self.need(name not in seen and version == 1, rule, start)
            seen[name] = value = self.number(16 if name == UUID else 4)
            self.need(name != BITS or 8 <= value <= 20, "target-page-bits")
            self.need(name != CAPS or value <= 64, "capability-count")
            for _ in range(value if name == CAPS else 0):
                at, capability = self.at, self.string()
                self.need(capability in CAPABILITIES, "capability-known", at, True)
                capabilities[capability.decode()] = True
        self.need("mapped-ram" in capabilities, "capability-mapped-ram", self.at, True)
        self.capabilities, self.page_bits = list(capabilities), seen.get(BITS)
    def dirty_bitmap(self, kind):  # 3.9
        flags, rule = 0, "dirty-bitmap-record"
        while flags & 1 == 0:
            self.need((flags := self.number(1)) & 0xf1 in (1, 0x10, 0x20, 0x40), rule)
            [self.string() for _ in range((flags & 12).bit_count())]
            if flags & 0x10:
                self.number(4), self.need(self.number(1) < 8, rule)
            if flags & 0x40:
                self.be64(), self.number(4)
                self.need((size := 0 if flags & 2 else self.be64()) <= 10240, rule)
                self.bytes(size)
    def storage_attributes(self, kind):  # 3.9
        while (flags := self.number(8) & 0xfff) != 1:
            self.need(flags in (2, 8), "section-known", None, True)
            self.bytes(self.be64() if flags == 2 else 0)
    def hash_table(self, kind):  # 3.9
        known = (word := self.number(4)) in (0, 2**32 - 1) or kind == 1
        self.need(known, "section-known", None, True)
        while kind > 1 and word == 0 and (head := self.number(8)):
            self.bytes(16 * (head >> 16 & 0xffff))
    def full_length(self, section_id, key):  # 3.10
        def whole(it):
            return int(it) if type(it) in (int, float) and 0 <= it <= LIMIT and it % 1 == 0 else None
        def length(state):  # a None in a sum, or no list after [], is an error
            fields = state.get("fields", [{**state, "array_len": 1}])
            return whole(sum(whole(it["size"]) * whole(it.get("array_len", 1)) for it in [] + fields)
                         + sum(6 + len(it["vmsd_name"].encode("utf-8", "surrogatepass")) + length(it)
                               for it in [] + state.get("subsections", []) if "fields" in state))
        def size(text):
            try:
                devices = json.loads(text.decode(), parse_constant=int)["devices"]
                return next(length(it) for it in [] + devices if type(it) is dict and key == (
                    it.get("name"), it.get("instance_id")) and type(it["instance_id"]) is not bool)
            except Exception: return None  # no vmdesc, or one without the length of the section
        at, other, footer = len(self.data), None, b"\x7e" + section_id.to_bytes(4, "big")
        while self.vmdesc is None and (at := self.data.rfind(b"\0\6", self.at, at + 1)) >= 0:
            end = at + 6 + int.from_bytes(self.data[at + 2:at + 6], "big")
            text = self.data[at + 6:end] if end <= len(self.data) else b""
            if text[:1] == b"{" and (found := size(text)) is not None:
                other, place = other or text, self.at + found
                self.vmdesc = text if self.data[place:place + 5] == footer else None
        self.vmdesc = self.vmdesc or other
        return size(self.vmdesc)
    def open(self):  # 4.12
        self.need(self.number(4) == 0x5145564d, "stream-magic", None,
                  self.data[self.at - 4:self.at + 8] == b"LibvirtQemud")  # not supported here
        self.need((version := self.number(4)) == 3, "stream-version", None, version > 3)
        self.configuration()
        sections, self.blocks, kind, name = {}, None, None, None
        while (kind, name) != (3, b"ram"):
            start, kind = self.at, self.number(1) if self.at < len(self.data) else 0
            self.need(kind or self.blocks is not None, "ram-section-present", start)
            self.need(kind, "ram-end-present", start)
            if kind == 8:  # 3.5
                self.need((command := self.number(2)) in COMMANDS, "command-known", None, True)
                length = self.number(2)
                self.need(length in (COMMANDS[command] or [length]), "command-length")
                self.bytes(length)
                continue
            self.need(kind in (1, 2, 3, 4), "item-type")
            section_id = self.number(4)
            self.need(kind == 4 or (section_id in sections) == (kind > 1), "section-id")
            head = [self.string(), self.number(4), self.number(4)] if kind in (1, 4) else None
            name, instance, version = head or sections[section_id]
            if kind == 4:
                key = name.decode(errors="surrogateescape"), instance
                length = self.full_length(section_id, key)
                self.bytes(self.need(length is not None, "section-known", start, True) or length)
            elif (name, version) in BODIES:
                BODIES[name, version](self, kind)
            else:
                self.need(name == b"ram", "section-known", start, True)
                self.need(kind > 1 or self.blocks is None, "ram-section-unique", start)
                self.need(version == 4, "ram-section-version", None, version > 4)
                self.ram_blocks() if kind == 1 else self.need(self.number(8) == 16, "ram-body-empty")
            sections.update({section_id: head} if kind == 1 else {})
            footer, good = self.at, self.number(1) == 0x7e and self.number(4) == section_id
            self.need(good, "section-footer", footer)
    def ram_blocks(self):  # 4.12
        left, self.blocks, taken, bitmaps = self.be64() - 4, {}, [], []
        self.need(left % 1024 == 0, "ram-total-flag")
        shared, size = "x-ignore-shared" in self.capabilities, None
        while left > 0:
            start = self.at
            self.need(self.data[start:start + 8] != b"\0" * 7 + b"\x10", "ram-total", start)
            idstr = self.text(1, "idstr-text")
            self.need(idstr not in self.blocks, "idstr-unique", start)
            used_at, used, _, version = self.at, self.be64(), self.bytes(8 * shared), self.number(4)
            self.need(version == 1, "mapped-ram-version", None, version > 1)
            page_size, size = size, self.be64()
            self.need(size in PAGE_SIZES, "page-size-valid")
            self.need(1 << (self.page_bits or size.bit_length() - 1) == size, "page-size-target")
            self.need(page_size in (None, size), "page-size-uniform")
            bitmap_at, bitmap, pages_at, pages = self.at, self.be64(), self.at, self.be64()
            self.need(used % size == 0, "used-length-aligned", used_at)
            self.need((left := left - used) >= 0, "ram-total", used_at)
            self.blocks[idstr] = block = {"idstr": idstr, "usedLength": used, "pageSize": size,
                                          "bitmapOffset": bitmap, "pagesOffset": pages}
            taken.append((start, self.at))
            if bitmap == 0 or pages == 0:
                self.need(bitmap == pages and shared, "ignored-block", bitmap_at)
                block["ignored"] = True
                continue
            end = bitmap + self.word * -(used // size // -(8 * self.word))
            self.need(pages % size == 0, "pages-offset-aligned", pages_at)
            self.need(pages >= self.at, "pages-after-header", pages_at)
            self.need(pages + used <= LIMIT, "u64-range", pages_at)
            self.need(end <= LIMIT, "u64-range", bitmap_at)
            self.need(pages + used <= len(self.data), "pages-inside-file", pages_at)
            self.need(end <= len(self.data), "bitmap-inside-file", bitmap_at)
            self.at = pages + used
            if used > 0:
                taken.append((pages, self.at)), bitmaps.append((bitmap, bitmap_at, end))
        self.need(self.number(8) == 0x10, "ram-setup-end")
        for start, at, end in sorted(bitmaps):  # 4.8
            near = taken[max(0, (place := bisect.bisect(taken, (start, LIMIT))) - 1):place + 1]
            self.need(all(b <= start or end <= a for a, b in near), "bitmap-disjoint", at)
            taken.insert(place, (start, end))
    def read(self, block):  # 5.1, 5.2
        start, size, runs, memory = block["bitmapOffset"], block["pageSize"], [], hashlib.sha256()
        for page in range(0 if "ignored" in block else block["usedLength"] // size):
            at = block["pagesOffset"] + page * size
            present = self.data[start + (page >> 3 ^ self.flip)] >> (page & 7) & 1
            memory.update(self.data[at:at + size] if present else bytes(size))
            if present:
                runs.append([runs.pop()[0] if runs and runs[-1][1] == page else page, page + 1])
        return {**block, "presentRuns": runs,
                "sha256": None if "ignored" in block else memory.hexdigest()}

BODIES = {(b"dirty-bitmap", 1): Reader.dirty_bitmap, (b"spapr/htab", 1): Reader.hash_table,
          (b"s390-storage_attributes", 0): Reader.storage_attributes}

def answer(path, **options):
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) if os.path.getsize(path) else b""
    try:
        (reader := Reader(data, **options)).open()
        blocks = [reader.read(block) for block in reader.blocks.values()]
        return {"machine": reader.machine, "capabilities": reader.capabilities, "blocks": blocks}
    except Refused as refused:
        return {"error": refused.args[0]}

if __name__ == "__main__":
    options = {name: int(it) if it.isdigit() else it
               for name, it in (arg[2:].split("=") for arg in sys.argv[2:])}
    for path in sys.argv[1:2] or map(str.rstrip, sys.stdin):
        print(json.dumps(answer(path, **options)), flush=True)
