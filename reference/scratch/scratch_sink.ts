import { LocalFile, nodeFs, removeName } from "../local/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { setBacking } from "../sources/mod.ts";

/**
 * Creates a temporary file: it is written in place and never flushed to disk,
 * which would take longer than everything else. It has its final name from the
 * start; no file of that name may exist.
 *
 * @throws {SourceError} if the file exists, or cannot be created
 *
 * @example
 * ```ts
 * import type { Snapshot } from "../../mod.ts";
 * import { createScratchSink, writeDeviceOnly } from "../doors/qemu.ts";
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
  const sink: ByteSink = {
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
  setBacking(sink, file.backing(path));
  return sink;
}

// deno-lint-ignore require-await -- errors must become rejections
async function now(body: () => void): Promise<void> {
  body();
}
