import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileSource, RuleError, SourceError } from "../../../mod.ts";
import {
  openBackingFilesSync,
  openQcow2Sync,
} from "../../../reference/doors/convert.ts";
import { BACKING_NAME, backingBytes, HAS_QEMU_IMG } from "./qcow2_seeds.ts";

/** Disks above this are not compared. */
const DISK_MAX = 0x4000000;
const TIMEOUT = 20_000;
/**
 * What `qemu-img` checks and a reader of RAM does not need: the content of the
 * table of internal snapshots, dirty bitmaps, refcounts.
 */
const NOT_READ = /snapshot|bitmap|refcount|reference count/i;

/** How `qemu-img` and the library agreed. */
export interface QemuImgCounts {
  equal: number;
  bothRefuse: number;
  /** Refused by the library alone, by rule. */
  refused: Record<string, number>;
  /** Refused by `qemu-img` alone, for what a reader of RAM does not need. */
  notRead: number;
  skipped: number;
}

/** Compares the library with `qemu-img convert`. */
export class QemuImg implements Disposable {
  readonly counts: QemuImgCounts = {
    equal: 0,
    bothRefuse: 0,
    refused: {},
    notRead: 0,
    skipped: 0,
  };
  readonly #folder = mkdtempSync(join(tmpdir(), "mapped-ram-qemu-img-"));

  private constructor() {
    writeFileSync(join(this.#folder, BACKING_NAME), backingBytes());
  }

  /** Starts; returns undefined if `qemu-img` is not installed. */
  static start(): QemuImg | undefined {
    return HAS_QEMU_IMG ? new QemuImg() : undefined;
  }

  /** Returns how the answers differ for an image; undefined if they agree. */
  compare(bytes: Uint8Array): string | undefined {
    const path = join(this.#folder, "image.qcow2");
    writeFileSync(path, bytes);
    const ours = readDisk(path);
    if (ours === "too large") {
      this.counts.skipped++;
      return undefined;
    }
    const out = join(this.#folder, "disk.raw");
    rmSync(out, { force: true });
    const run = spawnSync("qemu-img", [
      ...["convert", "-f", "qcow2", "-O", "raw", path, out],
    ], { encoding: "utf8", timeout: TIMEOUT });
    if (run.error !== undefined) {
      this.counts.skipped++;
      return undefined;
    }
    if (run.status !== 0) {
      if (!(ours instanceof Uint8Array)) this.counts.bothRefuse++;
      else if (NOT_READ.test(run.stderr)) this.counts.notRead++;
      else return `read, but qemu-img refuses it: ${run.stderr.trim()}`;
      return undefined;
    }
    if (!(ours instanceof Uint8Array)) {
      this.counts.refused[ours] = (this.counts.refused[ours] ?? 0) + 1;
      return undefined;
    }
    const { size } = statSync(out);
    if (size !== ours.length) {
      return `a disk of ${ours.length} bytes, by qemu-img ${size}`;
    }
    const theirs = readFileSync(out);
    const at = ours.findIndex((byte, index) => byte !== theirs[index]);
    if (at >= 0) return `another byte at ${at} of the disk than by qemu-img`;
    this.counts.equal++;
    return undefined;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Returns the disk, or the rule by which it is refused. */
function readDisk(path: string): Uint8Array | string {
  using source = openFileSource(path);
  try {
    const openBacking = openBackingFilesSync(path, {
      open: (it) => openFileSource(String(it)),
    });
    using disk = openQcow2Sync(source, { openBacking });
    if (disk.byteLength > DISK_MAX) return "too large";
    const bytes = new Uint8Array(disk.byteLength);
    disk.readIntoSync(bytes, 0);
    return bytes;
  } catch (error) {
    if (error instanceof RuleError) return error.rule;
    if (error instanceof SourceError) return "no backing file";
    throw error;
  }
}
