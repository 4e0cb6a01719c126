import { saveSnapshot, type SaveSummary } from "../../saving/mod.ts";
import { FROM_RAW_OPTION } from "../input/flat_image.ts";
import { checkSealed, SEAL_OPTION } from "../input/seal_option.ts";
import {
  JSON_EVENTS_OPTION,
  OPEN_NAMES,
  openingOptions,
} from "../input/snapshot_options.ts";
import {
  PLACE_NAMES,
  PLACE_NEEDS,
  placeOptions,
  sidecarsOf,
} from "../input/place_options.ts";
import {
  refuseDirectIo,
  WORK_OPTIONS,
  workOptions,
} from "../input/work_options.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog, printMessage } from "../output/output.ts";
import { checkOutput, createOutput } from "../output/output_file.ts";
import { isPackedName, packByName } from "../output/pack_by_name.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";
import { UsageError } from "../program/usage_error.ts";
import { ACCEPTED_CAPABILITIES } from "./capability_rules.ts";
import { saveArguments } from "./save_arguments.ts";
import {
  DEMONSTRATION_OPTIONS,
  saveDemonstration,
} from "./save_demonstration.ts";
import { OpenedSources, openInputs } from "./save_inputs.ts";

const OPTIONS = {
  block: {
    type: "string",
    multiple: true,
    value: "IDSTR=IMAGE",
    text: "the memory of the RAMBlock IDSTR, from its first byte on; repeat " +
      "it for each block, largest first",
  },
  "block-digest": {
    type: "string",
    multiple: true,
    value: "IDSTR=DIGEST",
    text: "check the image of the RAMBlock IDSTR when it is read; the hashes " +
      "are in IMAGE.verity",
  },
  from: FROM_RAW_OPTION,
  machine: {
    type: "string",
    value: "NAME",
    text: "machine type that will load it, by its full name, such as " +
      "pc-q35-10.0; default: none",
  },
  "page-size": {
    type: "string",
    value: "SIZE",
    text: "target page size in bytes; default: 4096",
  },
  "target-page-bits": {
    type: "string",
    value: "N",
    text: "log2 of that size, for targets that store it (ARM)",
  },
  "device-state": {
    type: "string",
    value: "SNAPSHOT",
    text: "copy machine, configuration and device state from SNAPSHOT, and " +
      "the RAMBlocks without a --block; the rest of a block with a " +
      "shorter image is zero",
  },
  ...openingOptions("SNAPSHOT"),
  ...placeOptions("SNAPSHOT"),
  capability: {
    type: "string",
    multiple: true,
    value: "NAME",
    suggests: ACCEPTED_CAPABILITIES,
    text: "another capability of QEMU to save with; one that does not work " +
      "with mapped-ram is refused",
  },
  force: {
    type: "boolean",
    text: "replace OUT if it exists",
  },
  resume: {
    type: "boolean",
    text: "continue a save of OUT that was killed: pages that it wrote are " +
      "compared, not written again",
  },
  ...SEAL_OPTION,
  scan: {
    type: "boolean",
    text: "read the holes of images, too, instead of asking the file system " +
      "where they are",
  },
  ...WORK_OPTIONS,
  ...DEMONSTRATION_OPTIONS,
  json: JSON_EVENTS_OPTION,
} as const;

const SAVING = [
  ...["block", "block-digest", "from", "jobs", "direct-io"] as const,
  ...["capability", "force", "resume", "scan", "seal", "json"] as const,
] as const;
const USES = optionUses(OPTIONS, {
  ways: {
    "without OUT, and without --live": ["keep", "json"],
    "without OUT, with --live": [
      ...["keep", "live", "dirty-rate", "downtime-limit"] as const,
      ...["jobs", "json"] as const,
    ],
    "with OUT, without --device-state": [
      ...SAVING,
      ...["machine", "page-size", "target-page-bits"] as const,
    ],
    "with OUT, and with --device-state, which determines it": [
      ...SAVING,
      ...OPEN_NAMES,
      ...PLACE_NAMES,
      "device-state",
    ],
  },
  needs: {
    ...{ from: ["block"], scan: ["block"], "block-digest": ["block"] } as const,
    ...PLACE_NEEDS,
  },
});

/** `save [OUT]` */
export const save: Command = {
  options: OPTIONS,
  uses: USES,
  usage: [
    "save OUT --block IDSTR=IMAGE... [options]",
    "save [--live] [--keep] [--json]",
  ],
  about: `\
Saves flat memory images as a snapshot that stock QEMU loads. Zero pages are not
stored. If OUT ends in .qcow2, the snapshot is packed. Without OUT it makes the
memory of a small guest, saves it to a temporary file, opens it lazily, compares
what it reads, and prints what it did.`,
  examples: [
    "save",
    "save out.mr --block pc.ram=memory.img --machine pc-i440fx-10.0",
    "save new.mr --device-state vm.mr --block pc.ram=changed.img",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { force = false, json = false, resume = false } = values;
    if (positionals.length === 0) {
      checkUses(
        USES,
        values.live
          ? "without OUT, with --live"
          : "without OUT, and without --live",
        values,
      );
      return await saveDemonstration(values, signal);
    }
    const { OUT } = takePositionals(positionals, "OUT");
    checkUses(
      USES,
      values["device-state"] === undefined
        ? "with OUT, without --device-state"
        : "with OUT, and with --device-state, which determines it",
      values,
    );
    const saveArgs = saveArguments(values);
    for (const name of ["digest", "block-digest"] as const) {
      if (values[name] !== undefined) refuseDirectIo(values, `--${name}`);
    }
    const work = workOptions(values);
    const { jobs } = work;
    if (resume && isPackedName(OUT)) {
      throw new UsageError(
        "Cannot use --resume with a qcow2: the snapshot that is packed into it " +
          "is temporary; save it to a file of another name, then convert it",
      );
    }
    const { images, imageVerity, deviceState } = saveArgs;
    const { file: stateFile, verity } = deviceState?.place ?? {};
    // A snapshot may replace the one from which it has its device state.
    const inputs = [
      ...images.values(),
      ...sidecarsOf(...imageVerity.values(), verity),
    ];
    const output = { force, resume, inputs };
    checkOutput(OUT, output);
    checkSealed(OUT, values.seal, output);
    using opened = new OpenedSources();
    const { blocks, deviceStateFrom, padded } = await openInputs(
      saveArgs,
      opened,
      signal,
    );
    inputs.push(...opened.paths.filter((it) => it !== stateFile));
    const pageSize = deviceStateFrom?.blocks[0]?.pageSize ?? saveArgs.pageSize;
    const started = performance.now();
    const summary = await saveWithBar();
    const milliseconds = performance.now() - started;
    const allocated = allocatedBytes(OUT);
    for (const { idstr, usedLength, imageLength } of padded) {
      printMessage(
        `note: the image of ${printable(idstr)} has ` +
          `${formatBytes(imageLength)} of ${formatBytes(usedLength)}: the ` +
          "rest is zero",
      );
    }
    if (json) {
      printEvent("saved", {
        file: OUT,
        pageSize,
        milliseconds,
        ...summary,
        padded,
        allocatedBytes: allocated,
      });
    } else {
      printSummary(OUT, summary, pageSize, allocated, milliseconds);
    }
    if (values.seal) {
      const { sealOutput } = await import("../seal/print_sealed.ts");
      await sealOutput(OUT, { force, json, signal, jobs });
    }
    return 0;

    async function saveWithBar(): Promise<SaveSummary> {
      const file = createOutput(OUT, output);
      const sink = await packByName(file, { jobs, signal });
      using bar = json ? new ProgressEvents() : new ProgressBar("Saving");
      return await saveSnapshot(sink, blocks, {
        ...work,
        resume,
        pageSize,
        machine: saveArgs.machine,
        targetPageBits: saveArgs.targetPageBits,
        deviceStateFrom,
        signal,
        onProgress: bar.show,
      });
    }
  },
};

function printSummary(
  out: string,
  { blocks, byteLength, keptPages }: SaveSummary,
  pageSize: number,
  allocated: number | undefined,
  milliseconds: number,
): void {
  const header = [
    { title: "idstr" },
    { title: "size", right: true },
    { title: "pages", right: true },
    { title: "stored", right: true },
    { title: "", right: true },
    { title: "zero, left out", right: true },
  ];
  const rows = blocks.map(({ idstr, pageCount, presentCount }) => [
    idstr,
    formatBytes(pageCount * pageSize),
    formatCount(pageCount),
    formatCount(presentCount),
    formatShare(presentCount, pageCount),
    formatCount(pageCount - presentCount),
  ]);
  const onDisk = allocated === undefined
    ? ""
    : `, ${formatBytes(allocated)} on disk`;
  printLog([
    ...formatTable(header, rows),
    ...(keptPages === undefined
      ? []
      : [`${countOf(keptPages, "page")} already there, compared and kept`]),
    `${paint("green", "saved")} ${printable(out)} in ` +
    `${formatTime(milliseconds)}: ${formatBytes(byteLength)} long${onDisk}`,
  ].join("\n"));
}
