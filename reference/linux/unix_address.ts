import { LINUX } from "./linux_constants.ts";
import { SOCKADDR_UN } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";

/** The address of a Unix socket in the form that the kernel expects. */
export class UnixAddress implements Disposable {
  /** Length in bytes. */
  readonly length: number;
  readonly #memory: NativeMemory;

  /**
   * Encodes a path.
   *
   * @throws {RangeError} if the path is too long
   */
  constructor(path: string) {
    const bytes = new TextEncoder().encode(path);
    if (bytes.length >= SOCKADDR_UN.size - 2) {
      throw new RangeError(
        `Cannot use ${JSON.stringify(path)} as a socket: its path has ` +
          `${bytes.length} bytes, expected at most ${SOCKADDR_UN.size - 3}`,
      );
    }
    this.length = bytes.length + 3;
    this.#memory = new NativeMemory(SOCKADDR_UN.size);
    this.#memory.bytes().set([LINUX.AF_UNIX, 0, ...bytes]);
  }

  /** Address of the encoded form in memory. */
  get address(): number {
    return this.#memory.address;
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}
