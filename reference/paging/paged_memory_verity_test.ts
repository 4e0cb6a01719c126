import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { linux } from "../system/mod.ts";
import { touchPages } from "../linux/testing/touch_pages.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync } from "../reading/mod.ts";
import { IntegrityError } from "../sources/mod.ts";
import { sealBytes } from "../testing/sealed_bytes.ts";
import type { ScratchFolder } from "../testing/scratch_folder.ts";
import { PagedMemory } from "./paged_memory.ts";
import type { PagingOptions } from "./pager_settings.ts";
import {
  PAGE,
  PAGE_COUNT,
  valueOf,
  writeSnapshot,
} from "./testing/numbered_pages.ts";

const ALL = Array.from({ length: PAGE_COUNT }, (_, page) => page);
const VALUES = ALL.map(valueOf);
/** The page that is damaged, and its neighbor. */
const WRONG = 900;
const NEXT = WRONG + 1;

interface SealedSnapshot {
  readonly path: string;
  readonly verity: NonNullable<PagingOptions["verity"]>;
}

async function writeSealed(folder: ScratchFolder): Promise<SealedSnapshot> {
  const path = folder.file("vm.mr");
  await writeSnapshot(path);
  const { sidecar, digest } = sealBytes(readFileSync(path));
  const tree = folder.file("vm.mr.verity");
  writeFileSync(tree, sidecar);
  return { path, verity: { tree, digest } };
}

/** Flips a bit of the page that is damaged. */
function damage(path: string): void {
  using source = openFileSource(path);
  const { pagesOffset } = openSnapshotSync(source).block("ram");
  const bytes = readFileSync(path);
  bytes[pagesOffset + WRONG * PAGE + 100] ^= 1;
  writeFileSync(path, bytes);
}

/** Returns the pages that are in place. */
function placed({ address, byteLength }: PagedMemory): number[] {
  const states = new Uint8Array(PAGE_COUNT);
  assert.equal(linux().call.mincore(address, byteLength, states), 0);
  return ALL.filter((page) => (states[page] & 1) === 1);
}

for (const background of [false, true]) {
  uffdTest(
    `PagedMemory is filled with checked pages (background ${background})`,
    async (folder) => {
      const { path, verity } = await writeSealed(folder);
      await using memory = await PagedMemory.open(path, { verity, background });
      const { address } = memory;
      const orders = [ALL, ALL.toReversed()];
      const found = await Promise.all(
        orders.map((pages) => touchPages({ address, pageSize: PAGE, pages })),
      );
      assert.deepEqual(found, [VALUES, VALUES.toReversed()]);
      if (background) await memory.loaded;
    },
  );
}

for (const background of [false, true]) {
  uffdTest(
    `PagedMemory never holds a page that is not the one of the digest (background ${background})`,
    async (folder) => {
      const { path, verity } = await writeSealed(folder);
      damage(path);
      let failures = 0;
      const retries: string[] = [];
      const memory = await PagedMemory.open(path, {
        verity,
        background,
        onRetry: (message) => retries.push(message),
        onFailed: () => failures++,
      });
      const isExpected = (error: unknown): boolean => {
        assert(error instanceof IntegrityError);
        assert.equal(error.rule, "verity-data");
        assert.deepEqual(error.page, { idstr: "ram", pageIndex: WRONG });
        assert.equal(error.digest, verity.digest);
        assert.match(error.message, /page 900 of RAMBlock "ram", byte 0x/);
        return true;
      };
      // The page itself is right; those around it are loaded afterwards.
      if (!background) assert.equal(memory.bytes()[NEXT * PAGE], valueOf(NEXT));
      await assert.rejects(memory.loaded, isExpected);
      const pages = placed(memory);
      assert(pages.length > 0 && !pages.includes(WRONG));
      const bytes = memory.bytes();
      for (const page of pages) {
        const values = bytes.subarray(page * PAGE, (page + 1) * PAGE);
        assert(values.every((it) => it === valueOf(page)), `page ${page}`);
      }
      assert.equal(failures, 1);
      assert.deepEqual(retries, []);
      await assert.rejects(memory.close(), isExpected);
    },
  );
}

uffdTest(
  "PagedMemory.open() refuses a snapshot that is not the one of the digest",
  async (folder) => {
    const { path, verity } = await writeSealed(folder);
    const other = sealBytes(new Uint8Array(PAGE));
    for (
      const [changed, rule] of [
        [{ ...verity, digest: other.digest }, "verity-digest"],
        [{ ...verity, tree: path }, "verity-digest"],
      ] as const
    ) {
      await assert.rejects(
        PagedMemory.open(path, { verity: changed }),
        (error) => error instanceof IntegrityError && error.rule === rule,
      );
    }
  },
);
