import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  rmdirSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** A file system in a sparse file of a folder, mounted until disposal. */
export class MountedDisk implements Disposable {
  /** The folder on which it is mounted. */
  readonly path: string;
  readonly #device: string;
  readonly #unmount = () => {
    run("umount", this.path);
    run("losetup", "--detach", this.#device);
  };

  /** Throws if this user may not mount, or there is no `mkfs` of that type. */
  constructor(
    folder: string,
    { type, byteLength }: {
      readonly type: string;
      readonly byteLength: number;
    },
  ) {
    this.path = join(folder, type);
    const image = join(folder, `${type}.image`);
    writeFileSync(image, "");
    truncateSync(image, byteLength);
    run(`mkfs.${type}`, "-q", image);
    // With direct I/O, no byte is cached twice.
    const args = ["--find", "--show", "--direct-io=on", image];
    this.#device = run("losetup", ...args).trim();
    try {
      mkdirSync(this.path);
      run("mount", this.#device, this.path);
    } catch (error) {
      run("losetup", "--detach", this.#device);
      throw error;
    }
    // Also after Ctrl-C.
    process.once("exit", this.#unmount);
  }

  /** Returns the bytes in use, after everything has been written. */
  usedLength(): number {
    run("sync", "-f", this.path);
    const { blocks, bfree, bsize } = statfsSync(this.path);
    return (blocks - bfree) * bsize;
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#unmount);
    this.#unmount();
    rmdirSync(this.path);
  }
}

function run(program: string, ...args: readonly string[]): string {
  // Not in the PATH of every user.
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const env = { ...process.env, PATH };
  return execFileSync(program, args, { env, encoding: "utf8", stdio: "pipe" });
}
