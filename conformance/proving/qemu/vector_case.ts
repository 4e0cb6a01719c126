import type { QemuTarget } from "./find_qemu.ts";
import type { KnownContent } from "./known_memory.ts";
import type { MigrationOptions, QemuProcess } from "./qemu_process.ts";

/** One vector: how QEMU writes it, and what must be in it. */
export interface VectorCase {
  readonly name: string;
  readonly about: string;
  /** The slugs of the rules that the file proves. */
  readonly rules: readonly string[];
  /** What a verifier reports. */
  readonly findings?: readonly string[];
  readonly target: QemuTarget;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, KnownContent>>;
  readonly options?: MigrationOptions;
  /** What to do before the file is saved. */
  readonly prepare?: (qemu: QemuProcess) => Promise<void>;
  /** Saves to `path`; `file` is where this program finds that. */
  readonly save?: (
    qemu: QemuProcess,
    path: string,
    file: string,
  ) => Promise<void>;
  /** The memory of each RAMBlock at the time it was saved, by idstr. */
  readonly memory: Readonly<Record<string, Uint8Array>>;
  /** True when pages of zeros are stored too. */
  readonly allPresent?: boolean;
  /** What the file holds under clear bits, by idstr and page; else zeros. */
  readonly stale?: Readonly<
    Record<string, Readonly<Record<number, Uint8Array>>>
  >;
  /** True where the file is a sequential stream. */
  readonly sequential?: true;
  /** The rule that forbids the file. */
  readonly refused?: "ram-end-present";
}

/** Contents at a page of the RAM. */
export interface Piece {
  readonly page: number;
  readonly content: KnownContent;
}

/** What the device loader puts into RAM before the machine starts. */
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
