import { architectureNamed } from "../../convert/mod.ts";
import { checkMachineName } from "../input/machine_name.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openSource } from "../input/open_source.ts";
import {
  EVENTS_HELP,
  openOptions,
  openOptionsHelp,
} from "../input/snapshot_options.ts";
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
import { readOption } from "../program/usage_error.ts";
import type { Conversion, Converted, ConvertJob } from "./conversion.ts";
import { fromFormatOf, parseRanges, toFormatOf } from "./convert_arguments.ts";
import { openInput } from "./convert_input.ts";
import { convertNotes } from "./convert_notes.ts";
import { CONVERT_OPTIONS } from "./convert_options.ts";
import { CONVERT_USES, findConversion } from "./convert_uses.ts";
import { explainMap } from "./explain_map.ts";
import { formatsHelp } from "./formats_help.ts";

/** `convert IN OUT` */
export const convert: Command = {
  options: CONVERT_OPTIONS,
  uses: CONVERT_USES,
  help: `\
Usage: deno task convert IN|URL OUT [options]

Converts the memory of a guest from one format to another. The format of IN is
detected from its first bytes, that of OUT from its name. Flat memory has no
first bytes of its own: use --from raw.

RAM that the file does not hold, or whose address is unknown, is refused. What is
left out because it is not RAM, and what was assumed, is reported on stderr and in
the JSON.

${formatsHelp()}
  --machine NAME              QEMU's machine type, which decides the layout of
                              guest-physical addresses
  --memory SIZE               bytes of RAM, if IN is an ELF core or LiME
  --block IDSTR               the RAMBlock of the main memory; to ELF or LiME,
                              repeat it for each NUMA node, in their order
  --range ADDRESS=IDSTR[@OFFSET]+LENGTH
                              where the guest sees a RAMBlock, such as that of a
                              DIMM; repeatable. Other blocks have the addresses of
                              the machine type; from an ELF core or LiME, only
                              the named blocks are converted
  --leave-out IDSTR           to ELF or LiME: omit that RAMBlock
  --arch NAME                 architecture of an ELF core, if neither the CPU
                              state nor the machine type implies it
  --page-size SIZE            of a stream that does not state it, or of a new
                              snapshot
  --without-vmdesc            accept a sequential stream without a vmdesc; such a
                              stream may have been cut off unnoticed
  --repair                    rebuild what background-snapshot left out
  --force                     replace existing files
${openOptionsHelp("IN")}
${EVENTS_HELP}

Example: deno task convert vm.save vm.mr
         deno task convert vm.mr vm.core && gdb -ex "target core vm.core"`,
  async run(args, context) {
    const { values, positionals } = parse(args, CONVERT_OPTIONS);
    const { IN, OUT } = takePositionals(positionals, "IN", "OUT");
    const { force = false, json = false } = values;
    const output = { force, inputs: [IN] };
    const isFolder = OUT.endsWith("/") ||
      isFolderAt(OUT);
    const to = toFormatOf(values.to, OUT, isFolder);
    const from = fromFormatOf(values.from);
    if (to !== "images") checkOutput(OUT, output);
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
      architecture: architectureOf(values.arch),
      ramLength: number("memory"),
      pageSize: number("page-size"),
      withoutVmdesc: values["without-vmdesc"] ?? false,
      repair: values.repair ?? false,
      signal: context.signal,
    };
    const started = performance.now();
    await using opened = await openSource(IN, context);
    const input = await openInput(opened.source, from, options);
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
    if (json) printEvent("converted", result);
    else {
      printLog(
        `${paint("green", "converted")} ${input.format} to ${to} in ` +
          `${formatTime(milliseconds)}: ${named(written.files, OUT)}` +
          onDisk(written.files),
      );
    }
    return 0;
  },
};

function architectureOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return readOption("--arch", () => architectureNamed(name)).name;
}

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
