import { GrowingBytes } from "../../format/bytes/mod.ts";
import { builtinModule, LocalFile, nodeFs } from "../local/mod.ts";

/**
 * Temporary storage: the first bytes in memory, the others in an unlinked file,
 * which disappears with the process.
 */
export class ScratchStore implements Disposable {
  readonly #memoryMax: number;
  #memory: GrowingBytes;
  #file: LocalFile | undefined;
  #byteLength = 0;

  /** Keeps up to `memoryMax` bytes in memory. */
  constructor(memoryMax: number) {
    this.#memoryMax = memoryMax;
    this.#memory = new GrowingBytes(0, memoryMax);
  }

  /** Position after the last byte written. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Writes bytes that do not cross the end of the memory. */
  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    this.#byteLength = Math.max(this.#byteLength, end);
    if (end <= this.#memoryMax) {
      this.#memory.extendTo(end);
      this.#memory.buffer.set(bytes, offset);
    } else {
      this.#file ??= openNameless();
      this.#file.writeSync(bytes, offset);
    }
  }

  /** Reads bytes that were written with the same offsets and lengths. */
  read(target: Uint8Array, offset: number): void {
    const end = offset + target.length;
    if (end <= this.#memoryMax) {
      target.set(this.#memory.buffer.subarray(offset, end));
    } else {
      this.#file?.readSync(target, offset);
    }
  }

  /** Releases the memory and the file. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
    this.#memory = new GrowingBytes();
  }
}

/** Creates a file in the temporary folder and removes its name at once. */
function openNameless(): LocalFile {
  const fs = nodeFs();
  const use = { what: "files", action: "make a temporary file" };
  const folder = builtinModule("node:os", use).tmpdir();
  const path = `${folder}/mapped-ram-${crypto.randomUUID()}`;
  const { O_CREAT, O_EXCL, O_RDWR } = fs.constants;
  const file = new LocalFile(path, O_CREAT | O_EXCL | O_RDWR);
  fs.rmSync(path);
  return file;
}
