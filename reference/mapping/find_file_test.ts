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
import {
  type ByteSource,
  cachedSource,
  memorySource,
  setOrigin,
} from "../sources/mod.ts";
import { testMemory } from "../testing/saved_file.ts";
import { planMappedResume } from "./mapped_resume.ts";
import { MappedResumeError } from "./mapped_resume_error.ts";

const DIGEST = `sha256:${"1".repeat(64)}`;
const OTHER = `sha256:${"2".repeat(64)}`;
const ARGS = ["-M", "pc", "-m", "64K"];
const ON_LINUX = process.platform === "linux" ? {} : { skip: "only on Linux" };

/** Wraps a source, as one that checks what it hands over. */
function checked(source: ByteSource): ByteSource {
  const wrapper: ByteSource = {
    name: source.name,
    byteLength: source.byteLength,
    digest: DIGEST,
    readInto: (...read) => source.readInto(...read),
  };
  setOrigin(wrapper, source);
  return wrapper;
}

/** A guest in a file, and the snapshot read from it by a checked source. */
async function makeGuest(): Promise<
  Disposable & { readonly path: string; readonly snapshot: Snapshot }
> {
  const guest = await SavedGuest.make({ "pc.ram": testMemory(16, [1]) });
  const { source } = guest.snapshot;
  return {
    path: guest.path,
    snapshot: await openSnapshot(checked(source)),
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
  const { args, path } = planMappedResume(guest.snapshot, {
    args: ARGS,
    measureVerity(descriptor) {
      measured.push(fstatSync(descriptor).ino);
      return DIGEST;
    },
  });
  assert.deepEqual(measured, [statSync(guest.path).ino]);
  assert.equal(path, guest.path);
  assert.ok(args.some((it) => it.includes(`,mem-path=${path},`)), `${args}`);
});

test("planMappedResume() refuses a verified file that the kernel does not check", async () => {
  using guest = await makeGuest();
  const cached = await openSnapshot(cachedSource(guest.snapshot.source));
  for (const snapshot of [guest.snapshot, cached]) {
    assert.throws(
      () => planMappedResume(snapshot, { args: ARGS }),
      refused("digest", /against sha256:1{64}: fs-verity is not enabled for/),
    );
    assert.throws(
      () =>
        planMappedResume(snapshot, { args: ARGS, measureVerity: () => OTHER }),
      refused("digest", /: it enforces sha256:2{64}; enable .* by postcopy$/),
    );
    planMappedResume(snapshot, { args: ARGS, isChecked: true });
  }
});

test("planMappedResume() maps only the file that was checked", async () => {
  using guest = await makeGuest();
  const bytes = new Uint8Array(readFileSync(guest.path));
  const elsewhere = await openSnapshot(checked(memorySource(bytes)));
  const options = { args: ARGS, isChecked: true };
  assert.throws(
    () => planMappedResume(elsewhere, { ...options, path: guest.path }),
    refused("digest", /fs-verity is not enabled/),
  );
  copyFileSync(guest.path, `${guest.path}.other`);
  renameSync(`${guest.path}.other`, guest.path);
  assert.throws(
    () => planMappedResume(guest.snapshot, options),
    refused("file", /another file has its name now/),
  );
});

test("planMappedResume() lets QEMU open a descriptor", ON_LINUX, async () => {
  using guest = await makeGuest();
  const descriptor = openSync(guest.path, "r");
  copyFileSync(guest.path, `${guest.path}.other`);
  renameSync(`${guest.path}.other`, guest.path);
  const other = openSync(guest.path, "r");
  try {
    const options = { args: ARGS, isChecked: true };
    assert.throws(
      () => planMappedResume(guest.snapshot, { ...options, descriptor: other }),
      refused("file", /another file has its name now/),
    );
    const plan = planMappedResume(guest.snapshot, { ...options, descriptor });
    assert.equal(plan.path, guest.path);
    const [, path = ""] = /,mem-path=(.*?),/.exec(plan.args.join(" ")) ?? [];
    assert.equal(statSync(path).ino, fstatSync(descriptor).ino);
  } finally {
    closeSync(descriptor);
    closeSync(other);
  }
});
