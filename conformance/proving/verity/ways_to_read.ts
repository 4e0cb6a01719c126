import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import {
  type ByteSource,
  cachedSource,
  IntegrityError,
  openFileSource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  verifiedSource,
  verifiedSourceSync,
} from "../../../mod.ts";
import { resumeByPostcopy, resumingQemu } from "../qemu/postcopy_guest.ts";
import { PC } from "../qemu/failing_resume.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { PAGE, type SealedGuest } from "./sealed_guest.ts";

/** A guest, where it is served, and what damages it. */
export interface Reading {
  readonly guest: SealedGuest;
  readonly scratch: ScratchDirectory;
  /** URLs of the snapshot and of its sidecar. */
  readonly url: string;
  readonly treeUrl: string;
  /** Does the damage that is done while the guest runs. */
  readonly damageNow: () => void;
}

/** What a reader finds: an error, and whether it had opened the file. */
export interface Finding {
  readonly error: Pick<IntegrityError, "rule" | "digest" | "page">;
  readonly isOpen: boolean;
}

/** Reads the page of a guest in one way. */
export type Read = (reading: Reading) => Promise<Finding>;

/** Opens a source that checks what it reads. */
export type OpenChecked = (reading: Reading) => Promise<ByteSource>;

/** The sources that check, from a server. */
export const REMOTE: Readonly<Record<string, OpenChecked>> = {
  "alone": async ({ url, treeUrl, guest: { digest } }) =>
    await verifiedSource(await openHttpSource(url), {
      tree: await openHttpSource(treeUrl),
      digest,
    }),
  "with the cache inside": async ({ url, treeUrl, guest: { digest } }) =>
    await verifiedSource(cachedSource(await openHttpSource(url)), {
      tree: await openHttpSource(treeUrl),
      digest,
    }),
  "with the cache outside": async (reading) =>
    cachedSource(await REMOTE["alone"](reading)),
};

/** Reads the page with a target that a wrong byte would be seen in. */
export function readFrom(open: OpenChecked): Read {
  return async (reading) => {
    const { guest: { page, bytes, offset }, damageNow } = reading;
    let ram;
    try {
      ram = (await openSnapshot(await open(reading))).block(page.idstr);
    } catch (error) {
      return { error: integrityOf(error), isOpen: false };
    }
    damageNow();
    const target = new Uint8Array(PAGE).fill(0xee);
    const wrong = bytes.slice(offset, offset + PAGE);
    const error = await ram.readPageInto(target, page.pageIndex)
      .then(() => undefined, (error) => error);
    assertNothingOf(target, wrong);
    return { error: integrityOf(error), isOpen: true };
  };
}

/** Reads the page synchronously. */
export function readSync(reading: Reading): Promise<Finding> {
  const { guest, damageNow } = reading;
  using file = openFileSource(guest.path);
  using tree = openFileSource(guest.tree);
  const { digest, page } = guest;
  let ram;
  try {
    const source = verifiedSourceSync(file, { tree, digest });
    ram = openSnapshotSync(source).block(page.idstr);
  } catch (error) {
    return Promise.resolve({ error: integrityOf(error), isOpen: false });
  }
  damageNow();
  const target = new Uint8Array(PAGE).fill(0xee);
  let error: unknown;
  try {
    ram.readPageIntoSync(target, page.pageIndex);
  } catch (thrown) {
    error = thrown;
  }
  const { bytes, offset } = guest;
  assertNothingOf(target, bytes.slice(offset, offset + PAGE));
  return Promise.resolve({ error: integrityOf(error), isOpen: true });
}

/** Lets QEMU read the page, by postcopy, or pushes it to QEMU. */
export function readByPostcopy(
  open: OpenChecked,
  { push }: { readonly push: boolean },
): Read {
  return async (reading) => {
    const { guest: { page }, scratch, damageNow } = reading;
    let snapshot;
    try {
      snapshot = await openSnapshot(await open(reading));
    } catch (error) {
      return { error: integrityOf(error), isOpen: false };
    }
    await using qemu = await resumingQemu(PC, scratch);
    if (push) damageNow();
    const { guest, served } = await resumeByPostcopy(qemu, snapshot, {
      push,
      onRetry: (error) => assert.fail(error),
    });
    const filename = scratch.file("page");
    if (!push) {
      await guest;
      damageNow();
      const args = { val: page.pageIndex * PAGE, size: PAGE, filename };
      qemu.qmp.execute("pmemsave", args).catch(() => {});
    }
    const error = await served.then(() => undefined, (error) => error);
    // QEMU waits for the page.
    const isRead = existsSync(filename) && readFileSync(filename).length > 0;
    assert.equal(isRead, false);
    return { error: integrityOf(error), isOpen: true };
  };
}

function integrityOf(error: unknown): IntegrityError {
  assert(error instanceof IntegrityError, String(error));
  return error;
}

/** No byte of the target may be one of the page that is not to be trusted. */
function assertNothingOf(target: Uint8Array, wrong: Uint8Array): void {
  const isUntouched = target.every((byte) => byte === 0xee);
  const isZero = target.every((byte) => byte === 0);
  assert(isUntouched || isZero, "a byte was handed over");
  assert(!wrong.every((byte) => byte === 0), "the page must not be zero");
}
