import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../sources/mod.ts";
import { detectFormat } from "../convert/mod.ts";
import { knownFile } from "./known_file.ts";

/** First bytes of files, in hexadecimal, from the formats' specifications. */
const STARTS: Readonly<Record<string, string>> = {
  "kdump-compressed": "4b44554d50202020060000004c696e7578",
  "flattened kdump": "6d616b6564756d7066696c65000000000000000000000001",
  "Windows crash dump of 64": "50414745445536340f000000",
  "Windows crash dump of 32": "50414745 44554d50",
  "gzip": "1f8b0800000000000003",
  "zstd": "28b52ffd0458",
  "lzop": "894c5a4f000d0a1a0a1040",
  "xz file": "fd377a585a0000",
  "bzip2": "425a683931415926535900",
  "lz4": "04224d186440",
  "zip archive": "504b0304140000",
  "7-Zip": "377abcaf271c0004",
  "qcow2": "514649fb00000003",
  "VMDK": "4b444d5601000000",
  "VHDX": "7668647866696c65",
  "VirtualBox": "7f5669727475616c426f7820536176656453746174652056322e30",
  "VMware": "d2bed2be08000000",
  "AVML": "41564d4c02000000",
  "ELF file": "7f454c4602010100",
  "LiME file": "454d694c01000000",
  "migration stream": "5145564d00000003",
  "libvirt save image": "4c69627669727451656d756453617665",
  "HTML page": "3c21444f43545950452068746d6c3e",
};

function bytesOf(text: string): Uint8Array {
  const digits = text.replaceAll(" ", "");
  const bytes = new Uint8Array(4096);
  for (let at = 0; at < digits.length / 2; at++) {
    bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

test("knownFile() recognizes a file by its first bytes", async () => {
  for (const [name, start] of Object.entries(STARTS)) {
    const source = memorySource(bytesOf(start));
    const known = await knownFile(source);
    assert.ok(known?.what.includes(name), `${name}: ${known?.what}`);
    assert.ok((known?.remedy ?? "").length > 0, name);
  }
});

test("detectFormat() never detects flat memory", async () => {
  const ivt = bytesOf("53ff00f053ff00f0c3e200f053ff00f0");
  for (const bytes of [ivt, new Uint8Array(4096), new Uint8Array(0)]) {
    const found = await detectFormat(memorySource(bytes));
    assert.deepEqual([found.format, found.known], [undefined, undefined]);
  }
  const { format, known } = await detectFormat(
    memorySource(bytesOf(STARTS.qcow2 ?? "")),
  );
  assert.deepEqual([format, known?.what], [undefined, "a qcow2 disk image"]);
});
