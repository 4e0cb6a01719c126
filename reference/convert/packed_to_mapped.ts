import type { LibvirtSaveHeader } from "../../format/libvirt/mod.ts";
import { unpackLibvirt } from "../libvirt/mod.ts";
import { receiveMigration } from "../migration/mod.ts";
import type { SaveSummary } from "../saving/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import { iteratedChannel } from "./iterated_channel.ts";
import type { SequentialToMappedOptions } from "./sequential_to_mapped.ts";

/** Options of converting a packed libvirt save image. */
export interface PackedToMappedOptions extends SequentialToMappedOptions {
  /** The image's header, as `readLibvirtHeader` returns it. */
  readonly header: LibvirtSaveHeader;
}

/**
 * Converts a libvirt save image with a packed stream to a mapped-ram file,
 * while unpacking it. Commits the sink; a failure aborts it.
 *
 * @throws {UnsupportedError} if this platform cannot unpack it
 *
 * @example
 * ```ts
 * import { createFileSink, openFileSource } from "../../mod.ts";
 * import {
 *   convertPacked,
 *   readLibvirtHeader,
 * } from "../doors/convert.ts";
 *
 * async function convert(image: string, out: string): Promise<void> {
 *   using source = openFileSource(image);
 *   const header = await readLibvirtHeader(source);
 *   if (header) await convertPacked(source, createFileSink(out), { header });
 * }
 * ```
 */
export async function convertPacked(
  source: ByteSource,
  sink: ByteSink,
  options: PackedToMappedOptions,
): Promise<SaveSummary> {
  const { header, signal, pageSize, withoutVmdesc, onProgress } = options;
  const channel = iteratedChannel(
    source.name,
    unpackLibvirt(source, header, { signal }),
  );
  return await receiveMigration(channel, sink, {
    signal,
    pageSize,
    withoutVmdesc,
    onProgress,
    hasOtherCopy: true,
    // The channel may not have been read to its end, where an error would show.
    beforeCommit: () => source.checkUnchanged?.(),
  });
}
