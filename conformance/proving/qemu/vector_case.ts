import type { QemuTarget } from "./find_qemu.ts";
import type { KnownContent } from "./known_memory.ts";
import type { MigrationOptions, QemuProcess } from "./qemu_process.ts";

/** One vector: how QEMU writes it, and its required contents. */
export interface VectorCase {
  readonly name: string;
  readonly about: string;
  /** The slugs of the rules that the file covers. */
  readonly rules: readonly string[];
  /** The findings of a verifier. */
  readonly findings?: readonly string[];
  readonly target: QemuTarget;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, KnownContent>>;
  readonly options?: MigrationOptions;
  /** Actions before the file is saved. */
  readonly prepare?: (qemu: QemuProcess) => Promise<void>;
  /** Saves to `path`; `file` is the path of that file for this program. */
  readonly save?: (
    qemu: QemuProcess,
    path: string,
    file: string,
  ) => Promise<void>;
  /** The memory of each RAMBlock at the time of saving, by idstr. */
  readonly memory: Readonly<Record<string, Uint8Array>>;
  /** Whether zero pages are stored too. */
  readonly allPresent?: boolean;
  /** The bytes under clear bits, by idstr and page. Default: zeros. */
  readonly stale?: Readonly<
    Record<string, Readonly<Record<number, Uint8Array>>>
  >;
  /** Whether the file is a sequential stream. */
  readonly sequential?: true;
  /** The rule that the file violates. */
  readonly refused?: "ram-end-present";
}

/** Contents at a page of RAM. */
export interface Piece {
  readonly page: number;
  readonly content: KnownContent;
}

/**
 * The arguments with which QEMU's loader device fills RAM before the machine
 * starts.
 */
export interface LoadedRAM {
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, KnownContent>>;
  readonly memory: Uint8Array;
}

/** The arguments, files and contents of a RAM made of pieces. */
export function loadedRAM(
  length: number,
  pieces: readonly Piece[],
  pageSize = 4096,
): LoadedRAM {
  const args = ["-m", `${length / 2 ** 20}M`];
  const files: Record<string, KnownContent> = {};
  const memory = new Uint8Array(length);
  for (const [index, { page, content }] of pieces.entries()) {
    const name = `piece${index}.bin`;
    const address = (page * pageSize).toString(16);
    args.push(
      ...["-device", `loader,file=${name},addr=0x${address},force-raw=on`],
    );
    files[name] = content;
    memory.set(content.bytes, page * pageSize);
  }
  return { args, files, memory };
}
