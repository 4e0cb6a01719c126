import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { SavedGuest } from "../qemu/testing/saved_guest.ts";
import { openSnapshot, type Snapshot } from "../reading/mod.ts";
import { type ByteSource, cachedSource, memorySource } from "../sources/mod.ts";
import { testMemory } from "../testing/saved_file.ts";
import { sealBytes } from "../testing/sealed_bytes.ts";
import { verifiedSource } from "../verity/mod.ts";
import { planMappedResume } from "./mapped_resume.ts";
import { MappedResumeError } from "./mapped_resume_error.ts";

const OTHER = `sha256:${"2".repeat(64)}`;
const ARGS = ["-M", "pc", "-m", "64K"];
const ON_LINUX = process.platform === "linux" ? {} : { skip: "only on Linux" };

/** A guest in a file, and what checks the bytes that are read from it. */
interface VerifiedGuest extends Disposable {
  readonly path: string;
  readonly digest: string;
  /** Opens the snapshot in the file, or in other bytes. */
  open(source?: ByteSource): Promise<Snapshot>;
}

async function makeGuest(): Promise<VerifiedGuest> {
  const guest = await SavedGuest.make({ "pc.ram": testMemory(16, [1]) });
  const { sidecar, digest } = sealBytes(readFileSync(guest.path));
  const tree = memorySource(new Uint8Array(sidecar));
  return {
    path: guest.path,
    digest,
    open: async (source = guest.snapshot.source) =>
      await openSnapshot(await verifiedSource(source, { tree, digest })),
    [Symbol.dispose]: () => guest[Symbol.dispose](),
  };
}

function refused(reason: string, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MappedResumeError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, words);
    return true;
  };
}

test("planMappedResume() maps a verified file if the kernel enforces its digest", async () => {
  using guest = await makeGuest();
  const measured: number[] = [];
  const { args, path } = planMappedResume(await guest.open(), {
    args: ARGS,
    measureVerity(descriptor) {
      measured.push(fstatSync(descriptor).ino);
      return guest.digest;
    },
  });
  assert.deepEqual(measured, [statSync(guest.path).ino]);
  assert.equal(path, guest.path);
  assert.ok(args.some((it) => it.includes(`,mem-path=${path},`)), `${args}`);
});

test("planMappedResume() refuses a verified file that the kernel does not check", async () => {
  using guest = await makeGuest();
  const verified = await guest.open();
  const cached = await openSnapshot(cachedSource(verified.source));
  for (const snapshot of [verified, cached]) {
    assert.throws(
      () => planMappedResume(snapshot, { args: ARGS }),
      refused("digest", /against sha256:\w+: fs-verity is not enabled for it;/),
    );
    assert.throws(
      () =>
        planMappedResume(snapshot, { args: ARGS, measureVerity: () => OTHER }),
      refused("digest", /: it enforces sha256:2{64}; enable .* by postcopy$/),
    );
    planMappedResume(snapshot, { args: ARGS, isChecked: true });
    // Any other obstacle comes first: a check of the whole file is of no use.
    assert.throws(
      () => planMappedResume(snapshot, { args: [...ARGS, "-mem-prealloc"] }),
      refused("arguments", /-mem-prealloc/),
    );
  }
});

test("planMappedResume() maps only the file that was checked", async () => {
  using guest = await makeGuest();
  const bytes = new Uint8Array(readFileSync(guest.path));
  const elsewhere = await guest.open(memorySource(bytes));
  const snapshot = await guest.open();
  const options = { args: ARGS, isChecked: true };
  assert.throws(
    () => planMappedResume(elsewhere, { ...options, path: guest.path }),
    refused("digest", /fs-verity is not enabled/),
  );
  copyFileSync(guest.path, `${guest.path}.other`);
  renameSync(`${guest.path}.other`, guest.path);
  assert.throws(
    () => planMappedResume(snapshot, options),
    refused("file", /another file has its name now/),
  );
});

test("planMappedResume() lets QEMU open a descriptor", ON_LINUX, async () => {
  using guest = await makeGuest();
  const snapshot = await guest.open();
  const descriptor = openSync(guest.path, "r");
  copyFileSync(guest.path, `${guest.path}.other`);
  renameSync(`${guest.path}.other`, guest.path);
  const other = openSync(guest.path, "r");
  try {
    const options = { args: ARGS, isChecked: true };
    assert.throws(
      () => planMappedResume(snapshot, { ...options, descriptor: other }),
      refused("file", /another file has its name now/),
    );
    const plan = planMappedResume(snapshot, { ...options, descriptor });
    assert.equal(plan.path, guest.path);
    const [, path = ""] = /,mem-path=(.*?),/.exec(plan.args.join(" ")) ?? [];
    assert.equal(statSync(path).ino, fstatSync(descriptor).ino);
  } finally {
    closeSync(descriptor);
    closeSync(other);
  }
});
