import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { QEMU_FOLDERS } from "../../testing/qemu_img.ts";

/** Makes images in a folder. */
export class QemuImages {
  readonly #folder: string;
  readonly #programs: string;

  /** Works in `folder`, by default with the first programs in PATH. */
  constructor(folder: string, programs: string = QEMU_FOLDERS[0] ?? "") {
    this.#folder = folder;
    this.#programs = programs;
  }

  /** Runs `qemu-img` with words. */
  img(words: string): void {
    this.#run("qemu-img", words.split(" "));
  }

  /** Runs commands of `qemu-io` on an image. */
  io(name: string, ...commands: readonly string[]): void {
    const args = commands.flatMap((it) => ["-c", it]);
    this.#run("qemu-io", ["-f", "qcow2", ...args, name]);
  }

  /** Returns the disk in an image, by `qemu-img convert`. */
  disk(name: string): Uint8Array {
    this.img(`convert -f qcow2 -O raw ${name} disk.out`);
    return this.bytes("disk.out");
  }

  /** Returns the bytes of a file. */
  bytes(name: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.#folder, name)));
  }

  #run(name: string, args: readonly string[]): void {
    execFileSync(join(this.#programs, name), args, {
      cwd: this.#folder,
      stdio: "pipe",
    });
  }
}

/** Returns bytes of a disk: runs of text, noise and zeros. */
export function diskBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = Math.imul(state, 0x41c64e6d) + 12345 >>> 0;
    const kind = at >> 13 & 3;
    if (kind < 2) bytes[at] = 65 + at % 23 + (at >> 15);
    else if (kind === 2) bytes[at] = state >>> 24;
  }
  return bytes;
}
