import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { unknownSection } from "./qemu_words.ts";

/**
 * The properties of the expected.json of a readable file that the tests use.
 */
interface Expected {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly machine?: string;
  readonly capabilities?: readonly string[];
  readonly libvirt?: { readonly streamOffset: number };
  readonly blocks?: readonly {
    readonly idstr: string;
    readonly usedLength: number;
    readonly pageSize: number;
    readonly sha256: string | null;
  }[];
}

/** QEMU's errors if the machine does not match, although the file is valid. */
const OTHER_MACHINE = [
  /Received TARGET_PAGE_BITS is \d+ but local is/,
  /RAM postcopy is disabled/,
  /Cannot find device=/,
  // Pages of 256 bytes, which nothing in the file announces before the list.
  /page outside of ramblock ram range/,
  /header has invalid page_size 256 \(expected 4096\)/,
  // To QEMU, a section_id of 0 means a device that is not loaded yet.
  /timer: incoming version_id 0/,
];

const VECTORS = new URL("../../vectors/", import.meta.url);

for (const kind of ["valid", "qemu"]) {
  for (const name of readdirSync(new URL(kind, VECTORS)).toSorted()) {
    addTest(`${kind}/${name}`);
  }
}

/** Adds a test for a vector that a machine with only RAM can load. */
function addTest(path: string): void {
  const folder = new URL(`${path}/`, VECTORS);
  const expected = JSON.parse(
    readFileSync(new URL("expected.json", folder), "utf8"),
  ) as Expected;
  const { options = {}, machine, capabilities = [], blocks = [] } = expected;
  const { bitmapByteOrder, bitmapWordSize } = options;
  // For a libvirt image, QEMU needs the offset of the stream.
  const offset = options.offset ?? expected.libvirt?.streamOffset;
  const [block, ...others] = blocks;
  const fits = machine === "none" && capabilities.join() === "mapped-ram" &&
    bitmapByteOrder === undefined && bitmapWordSize === undefined &&
    // QEMU rounds the RAM of a machine up to 8 KiB.
    block?.idstr === "ram" && block.usedLength % 8192 === 0 &&
    others.length === 0;
  if (!fits) return;
  const target = block.pageSize === 8192 ? "sparc64" : "x86_64";
  qemuTest(
    `QEMU loads vectors/${path} as in expected.json, if the machine matches`,
    target,
    async (scratch) => {
      const packed = readFileSync(new URL("snapshot.gz", folder));
      writeFileSync(scratch.file("snapshot"), gunzipSync(packed));
      const ram = `${block.usedLength}B`;
      await using qemu = await QemuProcess.start({
        target,
        directory: scratch.path,
        args: ["-M", "none", "-m", ram, "-incoming", "defer"],
      });
      try {
        const at = typeof offset === "number" ? { offset } : {};
        await qemu.incoming("snapshot", at);
      } catch (error) {
        const text = String(error);
        const unknown = unknownSection(qemu.qmp.version);
        if (text.includes(unknown)) return;
        assert.ok(OTHER_MACHINE.some((reason) => reason.test(text)), text);
        return;
      }
      await qemu.pmemsave(0, block.usedLength, "memory");
      const sha256 = createHash("sha256")
        .update(readFileSync(scratch.file("memory")))
        .digest("hex");
      assert.equal(sha256, block.sha256);
    },
  );
}
