import { checkMachineName } from "../input/machine_name.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openSource } from "../input/open_source.ts";
import { checkSealed } from "../input/seal_option.ts";
import { openOptions } from "../input/snapshot_options.ts";
import { filesOf, placeOf } from "../input/place_options.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog, printMessage } from "../output/output.ts";
import { checkOutput, isFolderAt } from "../output/output_file.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { paint } from "../output/terminal.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import type { Conversion, Converted, ConvertJob } from "./conversion.ts";
import { parseRanges, toFormatOf } from "./convert_arguments.ts";
import { openInput } from "./convert_input.ts";
import { convertNotes } from "./convert_notes.ts";
import { CONVERT_OPTIONS } from "./convert_options.ts";
import { CONVERT_USES, findConversion } from "./convert_uses.ts";
import { explainMap } from "./explain_map.ts";
import { formatsHelp } from "./formats_help.ts";
import { packingOptions } from "./packing_options.ts";

/** `convert IN OUT` */
export const convert: Command = {
  options: CONVERT_OPTIONS,
  uses: CONVERT_USES,
  operands: formatsHelp(),
  usage: [
    "convert IN|URL OUT [options]",
  ],
  about: `\
Converts the memory of a guest from one format to another. The format of IN is
detected from its first bytes, that of OUT from its name. Flat memory has no
first bytes of its own: use --from raw.

RAM that the file does not hold, or whose address is unknown, is refused. What is
left out because it is not RAM, and what was assumed, is reported on stderr and in
the JSON.`,
  examples: [
    "convert vm.save vm.mr",
    'convert vm.mr vm.core && gdb -ex "target core vm.core"',
    "convert vm.mr vm.qcow2",
  ],
  async run(args, context) {
    const { values, positionals } = parse(args, CONVERT_OPTIONS);
    const { IN, OUT } = takePositionals(positionals, "IN", "OUT");
    const { force = false, json = false } = values;
    const { backing } = values;
    const place = {
      ...placeOf(IN, values),
      asIs: values.from === "raw",
    };
    const layers = backing === undefined ? [] : [backing];
    const inputs = [...filesOf(place), ...layers];
    const output = { force, inputs };
    const isFolder = OUT.endsWith("/") ||
      isFolderAt(OUT);
    const to = toFormatOf(values.to, OUT, isFolder);
    if (to !== "images") {
      checkOutput(OUT, output);
      checkSealed(OUT, values.seal, output);
    }
    const number = (name: "memory" | "page-size") => {
      const text = values[name];
      return text === undefined ? undefined : parseNumber(`--${name}`, text);
    };
    const options = {
      ...openOptions(values),
      machine: values.machine,
      ram: values.block,
      ranges: parseRanges(values.range),
      leaveOut: values["leave-out"],
      architecture: values.arch,
      ramLength: number("memory"),
      pageSize: number("page-size"),
      withoutVmdesc: values["without-vmdesc"] ?? false,
      repair: values.repair ?? false,
      ...packingOptions(values),
      signal: context.signal,
    };
    const started = performance.now();
    using opened = await openSource(place, context);
    inputs.push(...opened.paths);
    const input = await openInput(opened.source, values.from, options);
    const conversion = findConversion(input, { to, values });
    if (to === "mapped-ram") checkMachineName(values.machine);
    const job = { input, out: OUT, output, options };
    const written = await withBar(conversion, { ...job, json });
    const milliseconds = performance.now() - started;
    const result = {
      file: opened.source.name,
      from: input.format,
      to,
      out: OUT,
      files: written.files,
      ...written.facts,
      ...written.remarks,
      milliseconds,
      transfer: opened.transfer(),
    };
    for (const note of convertNotes(written.remarks)) {
      printMessage(printable(`note: ${note}`));
    }
    const shownFormat = opened.disk !== undefined &&
        input.format === "mapped-ram"
      ? "qcow2"
      : input.format;
    if (json) printEvent("converted", result);
    else {
      printLog(
        `${paint("green", "converted")} ${shownFormat} to ${to} in ` +
          `${formatTime(milliseconds)}: ${named(written.files, OUT)}` +
          onDisk(written.files),
      );
    }
    if (values.seal) {
      const { sealOutput } = await import("../seal/print_sealed.ts");
      const { jobs, signal } = options;
      await sealOutput(OUT, { force, json, signal, jobs });
    }
    return 0;
  },
};

async function withBar(
  conversion: Conversion,
  job: Omit<ConvertJob, "onProgress"> & { readonly json: boolean },
): Promise<Converted> {
  using bar = job.json ? new ProgressEvents() : new ProgressBar("Converting");
  try {
    return await conversion.run({ ...job, onProgress: bar.show });
  } catch (error) {
    throw explainMap(error);
  }
}

/** Returns the name of a single file, or the number of files in `folder`. */
function named(files: readonly string[], folder: string): string {
  return files.length === 1
    ? printable(files[0])
    : `${files.length} files in ${printable(folder)}`;
}

function onDisk(paths: readonly string[]): string {
  const bytes = paths.map((path) => allocatedBytes(path) ?? 0);
  return `, ${formatBytes(bytes.reduce((sum, it) => sum + it, 0))} on disk`;
}
