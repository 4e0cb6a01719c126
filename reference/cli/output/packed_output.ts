import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { openFileSource, renameToNew } from "../../local/mod.ts";
import { packQcow2, snapshotRanges } from "../../packing/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { createScratchSink, makeTemporaryFolder } from "../../scratch/mod.ts";
import { type ByteSink, outputTarget } from "../../sinks/mod.ts";
import { backingOf, setBacking } from "../../sources/mod.ts";
import { freeName } from "./free_name.ts";
import type { PackSettings } from "./pack_settings.ts";

/**
 * Returns a sink of a snapshot that packs it into `image` when it is committed.
 * Until then it is in a temporary folder beside that.
 */
export function createPackedOutput(
  image: ByteSink,
  settings: PackSettings,
): ByteSink {
  const parent = dirname(outputTarget(image.name).path);
  const folder = makeTemporaryFolder({ parent });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, "snapshot.mr");
  const scratch = createScratchSink(path);
  let isPacked = false;
  const sink: ByteSink = {
    name: image.name,
    write: (bytes, offset) => scratch.write(bytes, offset),
    setLength: (byteLength) => scratch.setLength(byteLength),
    flush: () => scratch.flush(),
    async commit(): Promise<void> {
      await scratch.commit();
      using source = openFileSource(path);
      const snapshot = await openSnapshot(source);
      const dataRanges = snapshotRanges(snapshot);
      await packQcow2(source, image, {
        ...settings,
        dataRanges,
        commit: false,
      });
      isPacked = true;
      await image.commit();
      remove();
    },
    async abort(): Promise<void> {
      await image.abort();
      await scratch.abort();
      remove();
    },
    async keep(): Promise<string> {
      if (isPacked && image.keep !== undefined) {
        const kept = await image.keep();
        remove();
        return kept;
      }
      const kept = freeName(`${image.name}.mr`);
      renameToNew(path, kept);
      return kept;
    },
  };
  const backing = backingOf(scratch);
  if (backing !== undefined) setBacking(sink, backing);
  return sink;
}
