import { exportImage } from "../../exporting/mod.ts";
import { willNeed } from "../../system/mod.ts";
import type { RAMBlock } from "../../reading/mod.ts";
import { imageName } from "../input/image_name.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import {
  JSON_EVENTS_OPTION,
  openingOptions,
  openOptions,
} from "../input/snapshot_options.ts";
import { placeOf, placeOptions } from "../input/place_options.ts";
import {
  refuseDirectIo,
  WORK_OPTIONS,
  workOptions,
} from "../input/work_options.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog, printMessage } from "../output/output.ts";
import { checkOutput, checkOutputPath } from "../output/output_file.ts";
import { OutputFolder, pathIn } from "../output/output_folder.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import {
  type Image,
  writeImages,
  type WriteImagesOptions,
} from "../output/write_images.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";

const OPTIONS = {
  force: {
    type: "boolean",
    text: "replace existing images",
  },
  ...WORK_OPTIONS,
  ...openingOptions("FILE"),
  ...placeOptions("FILE"),
  json: JSON_EVENTS_OPTION,
} as const;

/** `load FILE OUTDIR` */
export const load: Command = {
  options: OPTIONS,
  usage: [
    "load FILE|URL OUTDIR [options]",
  ],
  about: `\
Writes the memory of every RAMBlock to a flat image in OUTDIR, which is created
if needed: pc.ram to pc.ram.img. Characters of an idstr that are not allowed in a
file name are written as %XX. Zero pages become holes. Either all images are
written or none: if load is killed while it puts them in place, the next load to
OUTDIR undoes that first.`,
  examples: [
    "load vm.mr images",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { FILE, OUTDIR } = takePositionals(positionals, "FILE", "OUTDIR");
    checkOutputPath(OUTDIR);
    const place = placeOf(FILE, values);
    const { force = false } = values;
    const { json = false } = values;
    const options = { ...openOptions(values), signal };
    const started = performance.now();
    if (place.verity !== undefined) refuseDirectIo(values, "--digest");
    using opened = await openSource(place, { signal, willNeed });
    const output = { force, inputs: opened.paths };
    const snapshot = await openSnapshotFile(opened.source, {
      ...options,
      disk: opened.disk,
    });
    using group = new OutputFolder(OUTDIR);
    const ignored = snapshot.blocks.filter((block) => block.ignored);
    const images = snapshot.blocks.filter((block) => !block.ignored)
      .map((block) => ({
        block,
        path: pathIn(OUTDIR, imageName(block.idstr)),
      }));
    for (const { path } of images) checkOutput(path, output);
    for (const { idstr } of ignored) {
      printMessage(
        `RAMBlock "${idstr}" is left out: x-ignore-shared kept its pages ` +
          "in shared memory",
      );
    }
    await writeAll(images, {
      ...workOptions(values),
      group,
      output,
      signal,
      json,
    });
    const milliseconds = performance.now() - started;
    if (json) {
      printEvent("loaded", {
        file: opened.source.name,
        images: images.map(({ block, path }) => ({
          idstr: block.idstr,
          usedLength: block.usedLength,
          path,
        })),
        ignored: ignored.map(({ idstr }) => idstr),
        milliseconds,
        transfer: opened.transfer(),
      });
    } else {
      printImages(images, milliseconds);
    }
    return 0;
  },
};

/** Options of writing the images. */
interface Work
  extends Omit<WriteImagesOptions<RAMBlock>, "exporter" | "onProgress"> {
  readonly json: boolean;
}

async function writeAll(
  images: readonly Image<RAMBlock>[],
  work: Work,
): Promise<void> {
  using bar = work.json ? new ProgressEvents() : new ProgressBar("Loading");
  await writeImages(images, {
    ...work,
    exporter: exportImage,
    onProgress: bar.show,
  });
}

function printImages(
  images: readonly Image<RAMBlock>[],
  milliseconds: number,
): void {
  const header = [
    { title: "image" },
    { title: "size", right: true },
    { title: "on disk", right: true },
  ];
  const rows = images.map(({ block, path }) => {
    const allocated = allocatedBytes(path);
    return [
      printable(path),
      formatBytes(block.usedLength),
      allocated === undefined ? "" : formatBytes(allocated),
    ];
  });
  printLog([
    ...(rows.length > 0 ? formatTable(header, rows) : []),
    `${paint("green", "loaded")} ${countOf(images.length, "image")} in ` +
    formatTime(milliseconds),
  ].join("\n"));
}
