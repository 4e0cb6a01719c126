import { writeFileSync } from "node:fs";
import { openFileSource } from "../../local/mod.ts";
import {
  type MappedResumeOptions,
  planMappedResume,
} from "../../mapping/mod.ts";
import { openSnapshotSync, type SyncSnapshot } from "../../reading/mod.ts";
import type { CreateOptions } from "../../saving/mod.ts";
import { savedFile } from "../../testing/saved_file.ts";
import { ScratchFolder } from "../../testing/scratch_folder.ts";

/** What a QEMU with all features reports about itself. */
export const QEMU = {
  program: "qemu-system-x86_64",
  version: "10.0.2",
  memoryBackendFile: ["id", "offset", "readonly", "rom", "size"],
};

/** A snapshot in a file, and the options of a plan for it. */
export class SavedGuest implements Disposable {
  readonly snapshot: SyncSnapshot;
  readonly path: string;
  readonly #folder = new ScratchFolder();
  readonly #source;

  private constructor(bytes: Uint8Array, name: string) {
    this.path = this.#folder.file(name);
    writeFileSync(this.path, bytes);
    this.#source = openFileSource(this.path);
    this.snapshot = openSnapshotSync(this.#source);
  }

  static async make(
    blocks: Readonly<Record<string, Uint8Array>>,
    name = "vm.mr",
    options: CreateOptions = {},
  ): Promise<SavedGuest> {
    return new SavedGuest(await savedFile(blocks, options), name);
  }

  plan(args: readonly string[], options: Partial<MappedResumeOptions> = {}) {
    return planMappedResume(this.snapshot, { qemu: QEMU, args, ...options });
  }

  [Symbol.dispose](): void {
    this.#source.close();
    this.#folder[Symbol.dispose]();
  }
}
