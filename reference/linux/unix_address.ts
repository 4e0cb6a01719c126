import { LINUX } from "./linux_constants.ts";
import { SOCKADDR_UN } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";

/** The address of a unix socket, as the kernel takes it. */
export class UnixAddress implements Disposable {
  /** Bytes of it. */
  readonly length: number;
  readonly #memory: NativeMemory;

  /**
   * Of a path.
   *
   * @throws {RangeError} if it is too long
   */
  constructor(path: string) {
    const bytes = new TextEncoder().encode(path);
    if (bytes.length >= SOCKADDR_UN.size - 2) {
      throw new RangeError(
        `Cannot use ${JSON.stringify(path)}: a socket's path has at most ` +
          `${SOCKADDR_UN.size - 3} bytes`,
      );
    }
    this.length = bytes.length + 3;
    this.#memory = new NativeMemory(SOCKADDR_UN.size);
    this.#memory.bytes().set([LINUX.AF_UNIX, 0, ...bytes]);
  }

  /** Where it is in memory. */
  get address(): number {
    return this.#memory.address;
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}
