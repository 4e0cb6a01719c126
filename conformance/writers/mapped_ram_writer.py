#!/usr/bin/env python3
"""A writer of mapped-ram snapshots, written only from SPEC.md 6.

    mapped_ram_writer.py REQUEST OUT

REQUEST is described in conformance/README.md.
"""
import json
import os
import sys

MIB = 2**20


def be(value, length):
    return value.to_bytes(length, "big")


def string(text):
    return be(len(text), 1) + text.encode()


def vmdesc(machine, page_size):
    def fields(*rows):
        return [dict(zip(("name", "type", "size"), row)) for row in rows]
    capabilities = {"vmsd_name": "configuration/capabilities", "version": 1, "fields": fields(
        ("caps_count", "uint32", 4), ("capabilities", "capability", 11))}
    configuration = {"vmsd_name": "configuration", "version": 1, "fields": fields(
        ("len", "uint32", 4), ("name", "buffer", len(machine))), "subsections": [capabilities]}
    return json.dumps({"configuration": configuration, "page_size": page_size, "devices": []})


def write(request, out):
    machine, page_size, blocks = request["machine"], request["pageSize"], request["blocks"]
    out.write(b"QEVM" + be(3, 4) + b"\7" + be(len(machine), 4) + machine.encode())
    out.write(b"\5" + string("configuration/capabilities") + be(1, 4) + be(1, 4))
    out.write(string("mapped-ram"))
    total = sum(block["usedLength"] for block in blocks)
    out.write(b"\1" + be(1, 4) + string("ram") + be(0, 4) + be(4, 4) + be(total | 4, 8))
    for block in blocks:
        used, at = block["usedLength"], out.tell()
        bitmap_offset = at + 1 + len(block["idstr"]) + 8 + 28
        bitmap = bytearray(8 * -(used // page_size // -64))
        pages_offset = -((bitmap_offset + len(bitmap)) // -MIB) * MIB
        out.write(string(block["idstr"]) + be(used, 8) + be(1, 4) + be(page_size, 8))
        out.write(be(bitmap_offset, 8) + be(pages_offset, 8))
        with open(block["image"], "rb") as image:
            for n in range(used // page_size):
                page = image.read(page_size)
                if page.count(0) < page_size:
                    bitmap[n >> 3] |= 1 << (n & 7)
                    out.seek(pages_offset + n * page_size)
                    out.write(page)
        out.seek(bitmap_offset)
        out.write(bitmap)
        out.seek(pages_offset + used)
    eos, footer, text = be(0x10, 8), b"\x7e" + be(1, 4), vmdesc(machine, page_size).encode()
    out.write(eos + footer + b"\3" + be(1, 4) + eos + footer + b"\0\6" + be(len(text), 4) + text)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        wanted = json.load(file)
    with open(sys.argv[2], "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as target:
        write(wanted, target)
