import type { Walk, WalkedFile } from "../bytes/walk.ts";
import { readAnyConfiguration } from "../stream/configuration.ts";
import {
  CAPABILITY_FIXED_RAM,
  CAPABILITY_MAPPED_RAM,
  QEMU_VM_FILE_MAGIC,
} from "../stream/constants.ts";
import { readStreamHeader } from "../stream/migration_stream.ts";
import { StreamReader } from "../stream/stream_reader.ts";

/**
 * How a migration stream stores its pages: at fixed positions, or as records.
 */
export type StreamKind = "mapped-ram" | "sequential";

/**
 * Returns the kind of the migration stream at `offset`; undefined if there is
 * none. Files with the capability fixed-ram have their pages at fixed
 * positions, too.
 */
export function* findStreamKind(
  file: WalkedFile,
  offset: number,
): Walk<StreamKind | undefined> {
  const reader = new StreamReader(file, offset);
  yield* reader.fetch(4);
  if (reader.available < 4) return undefined;
  if (reader.be32("the magic") !== QEMU_VM_FILE_MAGIC) return undefined;
  const stream = new StreamReader(file, offset);
  yield* readStreamHeader(stream);
  const { capabilities } = yield* readAnyConfiguration(stream);
  const fixed = [CAPABILITY_MAPPED_RAM, CAPABILITY_FIXED_RAM]
    .some((it) => capabilities.includes(it));
  return fixed ? "mapped-ram" : "sequential";
}
