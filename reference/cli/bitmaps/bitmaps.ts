import type { ByteRange } from "../../../format/bytes/mod.ts";
import type { DirtyBitmap } from "../../../format/dirty_bitmaps/mod.ts";
import { dirtyBitmaps } from "../../device_state/mod.ts";
import { printDirtyBitmaps } from "../info/info_dirty_bitmaps.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import {
  JSON_OPTION,
  offsetOption,
  openOptions,
} from "../input/snapshot_options.ts";
import { placeOf, placeOptions } from "../input/place_options.ts";
import { print, printJson } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";

/** Maximum ranges that are kept in memory until they are printed. */
const RANGES_MAX = 0x200000;

/** Without the options for bitmaps of RAM, which are not read. */
const OPTIONS = {
  offset: offsetOption("FILE"),
  ...placeOptions("FILE"),
  json: JSON_OPTION,
} as const;

/** `bitmaps FILE` */
export const bitmaps: Command = {
  options: OPTIONS,
  usage: [
    "bitmaps FILE|URL [options]",
  ],
  about: `\
Prints the dirty bitmaps of block devices in a snapshot, and the ranges of each
disk that they mark as dirty: written to since the last backup, in bytes of the
disk. An incomplete bitmap says nothing: the next backup of that disk must be
full.`,
  examples: [
    "bitmaps vm.mr --json",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { FILE } = takePositionals(positionals, "FILE");
    const place = placeOf(FILE, values);
    using opened = await openSource(place, { signal });
    const options = { ...openOptions(values), signal };
    const snapshot = await openSnapshotFile(opened.source, {
      ...options,
      disk: opened.disk,
    });
    const { found, ranges } = await readAll();
    opened.source.checkUnchanged?.();
    if (values.json) {
      printJson({
        file: opened.source.name,
        bitmaps: found.map((bitmap) => ({
          ...bitmap,
          ranges: ranges.get(keyOf(bitmap)) ?? [],
        })),
      });
      return 0;
    }
    if (found.length === 0) print("no dirty bitmaps");
    printDirtyBitmaps(found);
    for (const bitmap of found) {
      print("");
      print(`${printable(bitmap.node)} ${printable(bitmap.name)}`);
      for (const { offset, length } of ranges.get(keyOf(bitmap)) ?? []) {
        print(`  ${offset} ${length}`);
      }
    }
    return 0;

    async function readAll() {
      const ranges = new Map<string, ByteRange[]>();
      let count = 0;
      const found = await dirtyBitmaps(snapshot, {
        signal,
        onDirty(bitmap, range) {
          if (++count > RANGES_MAX) {
            throw new RangeError(
              `Cannot print the dirty ranges of ${
                JSON.stringify(opened.source.name)
              }: there are more than ${RANGES_MAX}`,
            );
          }
          const key = keyOf(bitmap);
          const list = ranges.get(key);
          if (list === undefined) ranges.set(key, [range]);
          else list.push(range);
        },
      });
      return { found, ranges };
    }
  },
};

function keyOf({ node, name }: DirtyBitmap): string {
  return JSON.stringify([node, name]);
}
