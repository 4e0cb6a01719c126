import { execFileSync } from "node:child_process";
import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";

const GIB = 2 ** 30;
/**
 * Default size of the goals; less if MAPPED_RAM_BENCH_GIB is set or there is
 * less room.
 */
const LENGTH = Number(process.env.MAPPED_RAM_BENCH_GIB ?? 4) * GIB;

/** A file system to measure on. */
export interface Place {
  /** Its type: `ext4`, `tmpfs`. */
  readonly kind: string;
  /** A folder on it. */
  readonly folder: string;
  /** Bytes of RAM to measure with, limited by the free space. */
  readonly byteLength: number;
}

/**
 * Returns the folder of temporary files, and one in memory if that is another
 * file system.
 */
export function measuredPlaces(): Place[] {
  const places: Place[] = [];
  for (const folder of [tmpdir(), "/dev/shm"]) {
    const place = placeAt(folder);
    if (place === undefined) continue;
    if (places.some(({ kind }) => kind === place.kind)) continue;
    places.push(place);
  }
  return places;
}

function placeAt(folder: string): Place | undefined {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    // The image, two snapshots of half of it, an image of a snapshot.
    const room = bavail * bsize / 4;
    const byteLength = Math.min(LENGTH, Math.floor(room / GIB) * GIB);
    const kind = execFileSync("stat", ["-f", "-c", "%T", folder]).toString();
    if (byteLength === 0) return undefined;
    return {
      kind: kind.trim().replace("ext2/ext3", "ext4"),
      folder,
      byteLength,
    };
  } catch {
    return undefined; // There is no such folder: this is not Linux.
  }
}

/** Drops a file from the page cache, if it is on a disk. */
export function makeCold(path: string): void {
  execFileSync("sync", [path]);
  execFileSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
}

/** Returns how many bytes of a file are in the page cache. */
export function cachedBytes(path: string): number {
  const args = ["--bytes", "--noheadings", "--output", "RES", path];
  return Number(execFileSync("fincore", args).toString());
}
