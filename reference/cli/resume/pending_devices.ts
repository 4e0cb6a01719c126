import { rmSync } from "node:fs";
import { join } from "node:path";
import type { MappedResumePlan } from "../../mapping/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { createScratchSink, makeTemporaryFolder } from "../../scratch/mod.ts";
import { createDevices, type DevicesOptions } from "./create_devices.ts";

/**
 * The temporary file that QEMU loads besides the RAM that it maps. It is
 * written while QEMU starts, and removed on disposal.
 */
export class PendingDevices implements AsyncDisposable {
  /** Path of the file. */
  readonly path: string;
  /** Settles when the file is complete. */
  readonly written: Promise<void>;
  readonly #folder = makeTemporaryFolder();
  readonly #stop = new AbortController();

  /** Begins to write the file. */
  constructor(
    snapshot: Snapshot,
    plan: MappedResumePlan,
    { report, signal }: Omit<DevicesOptions, "plan">,
  ) {
    this.path = join(this.#folder, "devices");
    this.written = this.#write(snapshot, {
      plan,
      report,
      signal: AbortSignal.any([signal, this.#stop.signal]),
    });
    // QEMU may fail first.
    this.written.catch(() => {});
  }

  /** Rejects if the file cannot be created, so that disposal removes the folder. */
  async #write(snapshot: Snapshot, options: DevicesOptions): Promise<void> {
    await createDevices(snapshot, createScratchSink(this.path), options);
  }

  /** Stops writing and removes the file; a second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.written.catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
