import { dirname, isAbsolute, relative, sep } from "node:path";
import { sourceAddress } from "../../inputs/mod.ts";
import { fileData } from "../../system/mod.ts";
import {
  checkExact,
  checkSameLayout,
  diskData,
  type PackBacking,
  packQcow2,
  snapshotRanges,
} from "../../packing/mod.ts";
import { isQcow2Source } from "../../qcow2/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { type ByteSink, physicalPath } from "../../sinks/mod.ts";
import { shownName } from "../../sources/mod.ts";
import { openSource } from "../input/open_source.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { createOutput } from "../output/output_file.ts";
import { UsageError } from "../program/usage_error.ts";
import type { Converted, ConvertJob } from "./conversion.ts";

/** Packs a mapped-ram file into a qcow2 image. */
export async function toQcow2(job: ConvertJob): Promise<Converted> {
  const { input: { source }, out, output, options, onProgress } = job;
  const { backing, exact, packing, signal } = options;
  const snapshot = await openSnapshotFile(source, { ...options, disk: source });
  // The file in an image has the length that it will have again.
  if (exact && !isQcow2Source(source)) {
    await checkExact(snapshot, { signal });
  }
  if (backing === undefined) return await pack(createOutput(out, output));
  const name = backingName(backing.file, out);
  using base = await openSource(backing, { signal });
  checkSameLayout(
    snapshot,
    await openSnapshotFile(base.source, { disk: base.disk, signal }),
  );
  const inputs = [...output.inputs, ...base.paths];
  const packed = await pack(createOutput(out, { ...output, inputs }), {
    source: base.source,
    name,
    format: base.disk === undefined ? "raw" : "qcow2",
  });
  const backingElsewhere = elsewhere([backing.file, ...base.paths], out);
  return { ...packed, remarks: { backingElsewhere } };

  async function pack(
    sink: ByteSink,
    backing?: PackBacking,
  ): Promise<Converted> {
    const facts = await packQcow2(source, sink, {
      ...packing,
      dataRanges: exact ? dataRanges(snapshot) : snapshotRanges(snapshot, {
        dataRanges: fileData(source),
      }),
      backing,
      signal,
      onProgress,
    });
    return { files: [out], facts, remarks: {} };
  }
}

/** Returns the parts of a file that are not zero, as far as they are known. */
function dataRanges({ source }: Snapshot) {
  return isQcow2Source(source) ? diskData(source) : fileData(source);
}

/** Returns the folder of the first file that is not below that of `out`. */
function elsewhere(files: readonly string[], out: string): string | undefined {
  const folder = dirname(physicalPath(out));
  for (const file of files) {
    const address = sourceAddress(file);
    if (address instanceof URL) return shownName(new URL(".", address));
    const place = dirname(physicalPath(address));
    const inside = relative(folder, place);
    const isOutside = inside === ".." || inside.startsWith(`..${sep}`) ||
      isAbsolute(inside);
    if (isOutside) return place;
  }
  return undefined;
}

/**
 * Returns the name of a backing file in an image at `out`.
 *
 * @throws {UsageError} if it is a URL with a query: without that it may be the
 * name of another file, and with it everyone who has the image may have the key
 * to its base
 */
function backingName(backing: string, out: string): string {
  const address = sourceAddress(backing);
  if (address instanceof URL) {
    const { origin, pathname, search } = address;
    if (search === "") return `${origin}${pathname}`;
    throw new UsageError(
      `Cannot use ${JSON.stringify(shownName(address))} as --backing: the ` +
        "image would name it with its query, which may be a signature, and " +
        "everyone who has the image could read that; use a copy of it in a " +
        "file, and name another place in the image by qemu-img rebase -u",
    );
  }
  const folder = dirname(physicalPath(out));
  const name = relative(folder, physicalPath(address));
  // QEMU takes what precedes a colon for a protocol.
  return name.includes(":") ? `./${name}` : name;
}
