import { LocalFile, nodeFs, removeName } from "../local/mod.ts";
import type { ByteSink } from "./byte_sink.ts";

/**
 * Starts a new file that is not kept: it is written in place and never flushed
 * to the disk, which would take longer than all the rest. It has its name at
 * once; there must be no file of that name.
 *
 * @throws {SourceError} if there is, or it cannot be made
 *
 * @example
 * ```ts
 * import { createScratchSink, type Snapshot } from "../../mod.ts";
 * import { writeDeviceOnly } from "../doors/qemu.ts";
 *
 * async function deviceOnly(snapshot: Snapshot, path: string): Promise<void> {
 *   const mapped = ["pc.ram"];
 *   await writeDeviceOnly(snapshot, createScratchSink(path), { mapped });
 * }
 * ```
 */
export function createScratchSink(path: string): ByteSink {
  const { O_CREAT, O_EXCL, O_RDWR } = nodeFs().constants;
  const file = new LocalFile(path, O_CREAT | O_EXCL | O_RDWR);
  return {
    name: path,
    write: (bytes, offset) => now(() => file.writeSync(bytes, offset)),
    setLength: (byteLength) => now(() => file.setLength(byteLength)),
    flush: () => Promise.resolve(),
    commit: () => now(() => file.close()),
    abort: () =>
      now(() => {
        file.close();
        removeName(path, file.identity);
      }),
  };
}

// deno-lint-ignore require-await -- what it throws must be a rejection
async function now(body: () => void): Promise<void> {
  body();
}
