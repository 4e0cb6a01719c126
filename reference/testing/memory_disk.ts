import { spawnSync } from "node:child_process";
import { ScratchFolder } from "./scratch_folder.ts";

/** Options of `MemoryDisk`. */
export interface MemoryDiskOptions {
  /** Size of the disk in bytes. Default: half of the memory. */
  readonly byteLength?: number;
  /** `ramfs` has no direct I/O and no limit. Default: `tmpfs`. */
  readonly type?: "tmpfs" | "ramfs";
}

/** A file system in memory, mounted on a new folder until it is disposed of. */
export class MemoryDisk extends ScratchFolder {
  /** Throws if this user may not mount; see {@linkcode NO_DISK}. */
  constructor({ byteLength, type = "tmpfs" }: MemoryDiskOptions = {}) {
    super();
    const size = byteLength === undefined ? [] : ["-o", `size=${byteLength}`];
    try {
      run("mount", ["-t", type, ...size, "none", this.path]);
    } catch (error) {
      super[Symbol.dispose]();
      throw error;
    }
  }

  override [Symbol.dispose](): void {
    // Unmounts lazily: a process that another thread is starting holds all
    // files open between its fork and its exec.
    run("umount", ["--lazy", this.path]);
    super[Symbol.dispose]();
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args);
  if (status !== 0) throw new Error(`${program}: ${error ?? stderr}`);
}

/** Reason to skip a test that needs a {@linkcode MemoryDisk}. */
export const NO_DISK = reasonNotToMount();

function reasonNotToMount(): string | false {
  try {
    using _disk = new MemoryDisk();
    return false;
  } catch (error) {
    return `cannot mount: ${error}`;
  }
}
