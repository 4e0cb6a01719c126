import { execFileSync, spawnSync } from "node:child_process";
import { statfsSync, truncateSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { ScratchFolder } from "./scratch_folder.ts";

/** File systems with reflinks. */
export const REFLINK_TYPES = ["xfs", "btrfs"] as const;

/** Bytes of a disk: XFS needs 300 MB. */
const DISK_LENGTH = 0x20000000;

/**
 * A file system with reflinks, in a sparse file that is mounted on a new folder
 * until it is disposed of.
 */
export class ReflinkDisk extends ScratchFolder {
  readonly #image = new ScratchFolder();

  /** Throws if this user may not mount; see {@linkcode NO_REFLINKS}. */
  constructor(type: typeof REFLINK_TYPES[number]) {
    super();
    try {
      const image = this.#image.file("image");
      writeFileSync(image, "");
      truncateSync(image, DISK_LENGTH);
      // It may be in a folder that is not in the PATH of users.
      const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
      run(`mkfs.${type}`, ["-q", image], { ...process.env, PATH });
      run("mount", ["-o", "loop", image, this.path]);
    } catch (error) {
      this.#image[Symbol.dispose]();
      super[Symbol.dispose]();
      throw error;
    }
  }

  /** Returns the bytes in use, after everything has been written. */
  usedLength(): number {
    execFileSync("sync", ["-f", this.path]);
    const { blocks, bfree, bsize } = statfsSync(this.path);
    return (blocks - bfree) * bsize;
  }

  /**
   * Returns the bytes in use as soon as they are at most `limit`, otherwise after
   * 10 s: the blocks of a removed file are freed some time later.
   */
  async freedLength(limit: number): Promise<number> {
    const end = performance.now() + 10_000;
    for (;;) {
      const used = this.usedLength();
      if (used <= limit || performance.now() > end) return used;
      await setTimeout(100);
    }
  }

  override [Symbol.dispose](): void {
    // Unmounts lazily: a process that another thread is starting holds all
    // files open between its fork and its exec.
    run("umount", ["--lazy", this.path]);
    super[Symbol.dispose]();
    this.#image[Symbol.dispose]();
  }
}

function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  const { status, stderr, error } = spawnSync(program, args, { env });
  if (status !== 0) throw new Error(`${program}: ${error ?? stderr}`);
}

/** Reason to skip a test that needs a {@linkcode ReflinkDisk}. */
export const NO_REFLINKS = reasonNotToMount();

function reasonNotToMount(): string | false {
  if (process.env.MAPPED_RAM_REQUIRE_REFLINKS === "1") return false;
  for (const type of REFLINK_TYPES) {
    try {
      using _disk = new ReflinkDisk(type);
    } catch (error) {
      return `cannot mount ${type}: ${error}`;
    }
  }
  return false;
}
