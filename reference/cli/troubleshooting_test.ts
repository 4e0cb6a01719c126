import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packed } from "../packing/testing/packed_bytes.ts";
import { memorySource } from "../sources/mod.ts";
import { PATIENT, runAll } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureStream } from "./testing/sequential_fixture.ts";
import { fixtureSnapshot } from "./testing/snapshot_fixture.ts";
import { vectorBytes } from "./testing/vector_bytes.ts";

const PAGE = new URL("../../docs/troubleshooting.md", import.meta.url);

/** Returns the quotes in the first column of a section of the page. */
function quotesOf(section: string): string[] {
  const text = readFileSync(PAGE, "utf8");
  const start = text.indexOf(`## ${section}\n`);
  assert.ok(start >= 0, section);
  const rows = text.slice(start).split("\n## ")[0].matchAll(/^\| (`[^|]*)/gm);
  return Array.from(rows, ([, cell]) => cell).flatMap((cell) =>
    Array.from(cell.matchAll(/`([^`]*)`/g), ([, quote]) => quote)
  );
}

/** Writes the files that `LINES` name. */
async function writeFiles(scratch: ScratchDirectory): Promise<void> {
  const snapshot = await fixtureSnapshot();
  scratch.write("good.mr", snapshot);
  scratch.write("cut.mr", snapshot.subarray(0, 0x250000));
  scratch.write("head.mr", snapshot.subarray(0, 70));
  scratch.write("stream", await fixtureStream());
  scratch.write("sealed.mr.verity", new Uint8Array([1, 1, 12, 0, 0, 0, 0, 0]));
  scratch.write("other.mr", vectorBytes("qemu/none-4m"));
  scratch.write("disk.qcow2", await packed(new Uint8Array(512)));
  const image = await packed(snapshot);
  scratch.write("cut.qcow2", image.subarray(0, 0x30000));
  for (
    const [name, base] of [
      ["alone.qcow2", "missing.qcow2"],
      ["elsewhere.qcow2", "../missing.qcow2"],
    ]
  ) {
    const source = memorySource(snapshot);
    const backing = { source, name: base, format: "qcow2" } as const;
    scratch.write(name, await packed(snapshot, { backing }));
  }
  scratch.write("memory", new Uint8Array(0x2000).fill(1));
}

/** Command lines that print a quote, by section; FOLDER holds the files. */
const LINES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Reading: {
    "that of no known format": "info FOLDER/memory",
    "it is a sequential migration stream": "read FOLDER/stream pc.ram 0 1",
    "(stream-magic)": "info FOLDER/good.mr --offset 4096",
    "the file ends at": "load FOLDER/cut.mr FOLDER/images",
    "(pages-inside-file)": "info FOLDER/cut.mr",
    "(file-truncated)": "info FOLDER/head.mr",
  },
  "Packed snapshots": {
    "the disk in it is no snapshot": "info FOLDER/disk.qcow2",
    "it is the backing file of": "info FOLDER/alone.qcow2",
    "(qcow2-backing-place)": "info FOLDER/elsewhere.qcow2",
    "the file's length": "info FOLDER/cut.qcow2",
    "their RAM is laid out differently":
      "convert FOLDER/good.mr FOLDER/new.qcow2 --backing FOLDER/other.mr",
    "it is for qcow2": "convert FOLDER/good.mr FOLDER/new.mr --zlib",
  },
  Writing: {
    "there is a file of that name": "convert FOLDER/stream FOLDER/good.mr",
    "there are the hashes of an older file":
      "convert FOLDER/stream FOLDER/sealed.mr",
    "it is an input, too": "convert FOLDER/stream FOLDER/stream",
    "expected a path, not a URL": "convert FOLDER/stream https://a.test/b",
  },
  Resuming: {
    "it holds RAM only": "resume FOLDER/good.mr -- -M pc",
  },
};

test("the commands print what troubleshooting.md quotes", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  await writeFiles(scratch);
  const expected = Object.entries(LINES).flatMap(([section, lines]) => {
    const quotes = quotesOf(section);
    return Object.entries(lines).map(([quote, line]) => {
      assert.ok(quotes.includes(quote), `${section}: ${quotes}`);
      return [quote, line.replaceAll("FOLDER", scratch.path)] as const;
    });
  });
  const results = await runAll(expected.map(([, line]) => line.split(" ")));
  expected.forEach(([quote, line], index) => {
    const { stderr } = results[index];
    assert.ok(stderr.includes(quote), `${line}: ${stderr}`);
  });
});
