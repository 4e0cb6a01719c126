import { type ByteRange, ByteWriter, hexText } from "../../format/bytes/mod.ts";
import type { DeviceState } from "../../format/snapshot/mod.ts";
import {
  IDENTITY_STATE_MAX,
  PROFILE_BLOCKS_MAX,
} from "../../format/stream/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/**
 * Returns the identity of a snapshot: 64 hexadecimal digits that depend on its
 * machine, its RAMBlocks, and its device state, but not on offsets in the file
 * (SPEC 12.3). It identifies the snapshot of a working-set profile; it does
 * not cover the pages.
 *
 * Reads at most 16 MiB of device state, and no pages.
 *
 * @throws {RangeError} if it has more than 65,536 RAMBlocks
 * @throws {FormatError} if the part after the RAM breaks a rule
 * @throws {SourceError} if it cannot be read
 *
 * @example
 * ```ts
 * import {
 *   memorySink,
 *   memorySource,
 *   openSnapshot,
 *   saveSnapshot,
 * } from "../../mod.ts";
 * import { snapshotIdentity } from "../doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * const sink = memorySink();
 * const ram = memorySource(new Uint8Array(0x4000));
 * await saveSnapshot(sink, [{ idstr: "ram", source: ram }]);
 * const snapshot = await openSnapshot(memorySource(sink.bytes()));
 * assert.match(await snapshotIdentity(snapshot), /^[0-9a-f]{64}$/);
 * ```
 */
export async function snapshotIdentity(
  snapshot: Snapshot,
  options: ReadOptions = {},
): Promise<string> {
  const { source, blocks, machine } = snapshot;
  if (blocks.length > PROFILE_BLOCKS_MAX) {
    throw new RangeError(
      `Cannot identify ${JSON.stringify(source.name)}: it has ` +
        `${blocks.length} RAMBlocks, expected at most ${PROFILE_BLOCKS_MAX}`,
    );
  }
  const writer = new ByteWriter();
  writer.text("mapped-ram-identity 1\n").countedString(machine);
  writer.be32(blocks.length);
  for (const { idstr, usedLength, pageSize } of blocks) {
    writer.countedString(idstr).be64(usedLength).be64(pageSize);
  }
  let remaining = IDENTITY_STATE_MAX;
  for (
    const { offset, length } of stateRanges(
      snapshot,
      await snapshot.deviceState(options),
    )
  ) {
    const bytes = new Uint8Array(Math.min(length, remaining));
    if (bytes.length > 0) await source.readInto(bytes, offset, options);
    writer.bytes(bytes);
    remaining -= bytes.length;
  }
  source.checkUnchanged?.();
  const description = new Uint8Array(writer.finish());
  const digest = await crypto.subtle.digest("SHA-256", description);
  return hexText(new Uint8Array(digest));
}

/**
 * Returns the ranges of the sections before RAM's END, and of everything after
 * it up to and including the EOF item.
 */
function stateRanges(
  { index }: Snapshot,
  state: DeviceState,
): ByteRange[] {
  const { eofOffset, end } = state;
  const stateEnd = eofOffset === undefined ? end : eofOffset + 1;
  return [
    ...index.earlySections.map(({ range }) => range),
    { offset: index.ramEnd, length: stateEnd - index.ramEnd },
  ];
}
