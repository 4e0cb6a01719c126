import type { FileVersion } from "../local/mod.ts";
import { NR_FSTAT } from "./linux_constants.ts";
import { STAT } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField } from "./struct_layout.ts";
import { linux, SystemCallError } from "../system/mod.ts";
import { systemCallNumber } from "./system_call_number.ts";

/**
 * Reads the version of an open file in about a microsecond; Deno's `fstatSync`
 * takes up to 30. Dispose it before the file is closed.
 */
export class FileVersionReader implements Disposable {
  readonly #fd: number;
  readonly #action: string;
  readonly #number: number;
  readonly #memory = new NativeMemory(STAT.size);
  readonly #view: DataView;

  /** `path` is the name of the file in errors. */
  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#action = `check whether ${JSON.stringify(path)} has changed`;
    this.#number = systemCallNumber(NR_FSTAT, this.#action);
    const { buffer, byteOffset } = this.#memory.bytes();
    this.#view = new DataView(buffer, byteOffset, STAT.size);
  }

  /**
   * Returns the current version.
   *
   * @throws {SystemCallError} if the file system does not tell it
   */
  read(): FileVersion {
    const { call, errno } = linux();
    const { address } = this.#memory;
    if (call.syscall(this.#number, this.#fd, address, 0, 0) < 0) {
      throw new SystemCallError(this.#action, { errno: errno() });
    }
    const { st_size, st_mtim_sec, st_mtim_nsec } = STAT.fields;
    return {
      size: readField(this.#view, st_size),
      mtimeMs: 1000 * readField(this.#view, st_mtim_sec) +
        readField(this.#view, st_mtim_nsec) / 1e6,
    };
  }

  /** Frees its memory; it may not be used afterwards. */
  [Symbol.dispose](): void {
    this.#memory.unmap();
  }
}
