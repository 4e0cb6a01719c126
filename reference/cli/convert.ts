import {
  type Command,
  type CommandContext,
  parse,
  takePositionals,
} from "./command.ts";
import {
  fromFormatOf,
  parseRanges,
  toFormatOf,
} from "./convert/convert_arguments.ts";
import { openInput } from "./convert/convert_input.ts";
import { type ConvertJob, convertTo } from "./convert/convert_job.ts";
import { formatBytes } from "./output/format_bytes.ts";
import { formatTime } from "./output/format_time.ts";
import { parseNumber } from "./input/number_argument.ts";
import { openSource } from "./input/open_source.ts";
import { printLog } from "./output/output.ts";
import {
  allocatedBytes,
  checkFolder,
  checkOutput,
  isFolderAt,
} from "./output/output_file.ts";
import { printable } from "./output/printable.ts";
import { ProgressBar } from "./output/progress_bar.ts";
import { printEvent, ProgressEvents } from "./output/progress_events.ts";
import {
  EVENTS_HELP,
  openOptions,
  openOptionsHelp,
  SNAPSHOT_OPTIONS,
} from "./input/snapshot_options.ts";
import { paint } from "./output/terminal.ts";

const OPTIONS = {
  ...SNAPSHOT_OPTIONS,
  from: { type: "string" },
  to: { type: "string" },
  machine: { type: "string" },
  memory: { type: "string" },
  block: { type: "string" },
  range: { type: "string", multiple: true },
  "page-size": { type: "string" },
  "without-vmdesc": { type: "boolean" },
  repair: { type: "boolean" },
  force: { type: "boolean" },
} as const;

/** `convert IN OUT` */
export const convert: Command = {
  help: `\
Usage: deno task convert IN|URL OUT [options]

Converts the memory of a guest from one format to another. What IN is, is told by
its first bytes; what OUT is to be, by its name: .elf, .core or .vmcore, .lime,
.seq or .stream, a directory for flat images, and mapped-ram for all else.

  IN                          mapped-ram (fixed-ram, too), sequential migration
                              stream, libvirt save image, ELF core, LiME, or flat
                              memory (Firecracker, Cloud Hypervisor)
  --from FORMAT               mapped-ram, sequential, packed, elf, lime or raw
  --to FORMAT                 mapped-ram, sequential, images, elf or lime
  --machine NAME              QEMU's name of the machine type, whose layout of
                              guest-physical addresses counts
  --memory SIZE               bytes of RAM, where IN is an ELF core or LiME
  --block IDSTR               the RAMBlock of the main memory
  --range ADDRESS=IDSTR[@OFFSET]+LENGTH
                              a guest-physical range, instead of those of the
                              machine type; may be given several times
  --page-size SIZE            of a stream that does not tell, or of a new snapshot
  --without-vmdesc            take a sequential stream that has none: nothing then
                              tells a whole stream from a cut one
  --repair                    rebuild what background-snapshot left out
  --force                     replace what is there
${openOptionsHelp("IN")}
${EVENTS_HELP}

Example: deno task convert vm.save vm.mr
         deno task convert vm.mr vm.core && gdb -ex "target core vm.core"`,
  async run(args, context) {
    const { values, positionals } = parse(args, OPTIONS);
    const { IN, OUT } = takePositionals(positionals, "IN", "OUT");
    const { force = false, json = false } = values;
    const output = { force, inputs: [IN] };
    const isFolder = OUT.endsWith("/") ||
      isFolderAt(OUT);
    const to = toFormatOf(values.to, OUT, isFolder);
    if (to === "images") checkFolder(OUT);
    else checkOutput(OUT, output);
    const number = (name: "memory" | "page-size") => {
      const text = values[name];
      return text === undefined ? undefined : parseNumber(`--${name}`, text);
    };
    const options = {
      ...openOptions(values),
      machine: values.machine,
      ram: values.block,
      ranges: parseRanges(values.range),
      ramLength: number("memory"),
      pageSize: number("page-size"),
      withoutVmdesc: values["without-vmdesc"] ?? false,
      repair: values.repair ?? false,
      signal: context.signal,
    };
    const started = performance.now();
    await using opened = await openSource(IN, context);
    const input = await openInput(
      opened.source,
      fromFormatOf(values.from),
      options,
    );
    const job = { input, to, out: OUT, output, options, json };
    const written = await withBar(job, context);
    const milliseconds = performance.now() - started;
    const result = {
      file: opened.source.name,
      from: input.format,
      to,
      out: OUT,
      ...written,
      milliseconds,
      transfer: opened.transfer(),
    };
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

async function withBar(
  job: Omit<ConvertJob, "onProgress"> & { readonly json: boolean },
  _context: CommandContext,
): ReturnType<typeof convertTo> {
  using bar = job.json ? new ProgressEvents() : new ProgressBar("Converting");
  return await convertTo({ ...job, onProgress: bar.show });
}

function onDisk(paths: readonly string[]): string {
  const bytes = paths.map((path) => allocatedBytes(path) ?? 0);
  return `, ${formatBytes(bytes.reduce((sum, it) => sum + it, 0))} on disk`;
}
