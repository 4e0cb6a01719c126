import { architectureNamed } from "../../convert/mod.ts";
import { checkMachineName } from "../input/machine_name.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openSource } from "../input/open_source.ts";
import {
  EVENTS_HELP,
  openOptions,
  openOptionsHelp,
} from "../input/snapshot_options.ts";
import { joinWords } from "../input/split_words.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog, printMessage } from "../output/output.ts";
import { checkOutput, isFolderAt } from "../output/output_file.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { paint } from "../output/terminal.ts";
import {
  type Command,
  type CommandContext,
  parse,
  takePositionals,
} from "../program/command.ts";
import { checkUses } from "../program/option_ways.ts";
import { readOption, UsageError } from "../program/usage_error.ts";
import type { Converted, ConvertJob } from "./conversion.ts";
import {
  fromFormatOf,
  parseRanges,
  type ToFormat,
  toFormatOf,
} from "./convert_arguments.ts";
import { type ConvertInput, openInput } from "./convert_input.ts";
import { convertTo } from "./convert_job.ts";
import { convertNotes } from "./convert_notes.ts";
import {
  CONVERT_OPTIONS,
  CONVERT_USES,
  type ConvertWay,
} from "./convert_uses.ts";
import { explainMap } from "./explain_map.ts";

/** `convert IN OUT` */
export const convert: Command = {
  options: CONVERT_OPTIONS,
  uses: CONVERT_USES,
  help: `\
Usage: deno task convert IN|URL OUT [options]

Converts the memory of a guest from one format to another. The format of IN is
detected from its first bytes, that of OUT from its name: .elf, .core or .vmcore,
.lime, .seq or .stream, a directory (which is created) for flat images, and
mapped-ram otherwise. Flat memory has no first bytes of its own: use --from raw.

RAM that the file does not hold, or whose address is unknown, is refused. What is
left out because it is not RAM, and what was assumed, is reported on stderr and in
the JSON.

  IN                          mapped-ram (also fixed-ram), sequential migration
                              stream, libvirt save image, ELF core, LiME, or flat
                              memory (Firecracker, Cloud Hypervisor)
  --from FORMAT               mapped-ram, sequential, packed, elf, lime or raw
  --to FORMAT                 mapped-ram, sequential, images, elf or lime
  --machine NAME              QEMU's machine type, which decides the layout of
                              guest-physical addresses
  --memory SIZE               bytes of RAM, if IN is an ELF core or LiME
  --block IDSTR               the RAMBlock of the main memory; to ELF or LiME,
                              repeat it for each NUMA node, in their order
  --range ADDRESS=IDSTR[@OFFSET]+LENGTH
                              where the guest sees a RAMBlock, such as that of a
                              DIMM; repeatable. Other blocks are where the machine
                              type has them; from an ELF core or LiME, only the
                              named blocks are converted
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
    checkConversion(input, to, values);
    if (to === "mapped-ram") checkMachineName(values.machine);
    const job = { input, to, out: OUT, output, options, json };
    const written = await withBar(job, context);
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
          `${formatTime(milliseconds)}: ${
            written.files.map((path) => printable(path)).join(", ")
          }${onDisk(written.files)}`,
      );
    }
    return 0;
  },
};

/** Refuses a conversion that there is not, and options that it does not take. */
function checkConversion(
  { source, format: from }: ConvertInput,
  to: ToFormat,
  values: Readonly<Record<string, unknown>>,
): void {
  const way: ConvertWay = `from ${from} to ${to}`;
  if (!Object.hasOwn(CONVERT_USES.ways, way)) {
    throw new UsageError(
      `Cannot convert ${from} to ${to}: convert it to mapped-ram first: ` +
        joinWords(["deno", "task", "convert", source.name, "OUT.mr"]),
    );
  }
  checkUses(CONVERT_USES, way, values);
  const ram = ["memory", "block"].find((it) => Object.hasOwn(values, it));
  if (values.range !== undefined && ram !== undefined && to === "mapped-ram") {
    throw new UsageError(`Cannot use --${ram} with --range, which implies it`);
  }
}

function architectureOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return readOption("--arch", () => architectureNamed(name)).name;
}

async function withBar(
  job: Omit<ConvertJob, "onProgress"> & { readonly json: boolean },
  _context: CommandContext,
): Promise<Converted> {
  using bar = job.json ? new ProgressEvents() : new ProgressBar("Converting");
  try {
    return await convertTo({ ...job, onProgress: bar.show });
  } catch (error) {
    throw explainMap(error);
  }
}

function onDisk(paths: readonly string[]): string {
  const bytes = paths.map((path) => allocatedBytes(path) ?? 0);
  return `, ${formatBytes(bytes.reduce((sum, it) => sum + it, 0))} on disk`;
}
