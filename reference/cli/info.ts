import { hex } from "../../format/mod.ts";
import { openSnapshot } from "../mod.ts";
import { compareAgainst } from "./against.ts";
import { type Command, parse, takePositionals } from "./command.ts";
import { formatBytes } from "./format_bytes.ts";
import { countOf, formatCount, formatShare } from "./format_count.ts";
import { isUrl, openSource, type Transfer } from "./open_source.ts";
import { print, printJson } from "./output.ts";
import { allocatedBytes } from "./output_file.ts";
import { printable } from "./printable.ts";
import { drawRamMap } from "./ram_map.ts";
import { gatherFacts, type SnapshotFacts } from "./snapshot_facts.ts";
import {
  openOptions,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
} from "./snapshot_options.ts";
import { formatList, formatTable } from "./table.ts";
import { paint } from "./terminal.ts";
import { UsageError } from "./usage_error.ts";

/** `info FILE` */
export const info: Command = {
  summary: "machine, capabilities, RAMBlocks, device sections, sizes",
  help: `\
Usage: deno task info FILE|URL [options]
       deno task info FILE|URL --against "QEMU ARGS..." [--try] [options]
       deno task info FILE|URL --against unix:PATH|tcp:HOST:PORT [options]

Prints what a snapshot holds: machine, capabilities, RAMBlocks with their pages,
device sections, and its size in the file system. It reads headers and bitmaps,
no page.

With --against it says instead whether the snapshot will load in a QEMU, and if
not, why, and prints the commands that load it. QEMU is started with these
arguments, its guest stopped, and saves its own empty state to be compared. Of a
QEMU that waits with -incoming defer, the address of its QMP socket is given.
A difference is "refused" by QEMU, "wrong" where QEMU may load it but not as the
same machine, or a "note". Exit code 1 says that it will not load.

  --map                       draw a map of the RAM
  --against QEMU              arguments of a QEMU, or the address of its QMP
  --try                       let that QEMU load FILE, all of it, to be sure
${SNAPSHOT_OPTIONS_HELP}

Example: deno task info vm.mr --map
         deno task info vm.mr --against "-machine q35 -m 4G -smp 2"`,
  async run(args, { signal }) {
    const { values, positionals } = parse(joinAgainst(args), {
      ...SNAPSHOT_OPTIONS,
      map: { type: "boolean" },
      against: { type: "string" },
      try: { type: "boolean" },
    });
    const { FILE } = takePositionals(positionals, "FILE");
    if (values.try && values.against === undefined) {
      throw new UsageError("Cannot use --try without --against");
    }
    const options = { ...openOptions(values), signal };
    await using opened = await openSource(FILE, { signal });
    const snapshot = await openSnapshot(opened.source, options);
    if (values.against !== undefined) {
      return await compareAgainst(FILE, snapshot, {
        against: values.against,
        try: values.try ?? false,
        json: values.json ?? false,
        signal,
      });
    }
    const { facts, error } = await gatherFacts(snapshot, signal);
    const allocated = isUrl(FILE) ? undefined : allocatedBytes(FILE);
    const transfer = opened.transfer();
    if (values.json) {
      printJson({ ...facts, allocatedBytes: allocated, transfer });
    } else {
      printHead(facts, allocated, transfer);
      printBlocks(facts);
      if (values.map) {
        print("");
        for (const line of await drawRamMap(snapshot.blocks, signal)) {
          print(line);
        }
      }
      printDevices(facts);
    }
    if (error !== undefined) throw error;
    return 0;
  },
};

/** QEMU's arguments start with a dash, which no value of an option may. */
function joinAgainst(args: readonly string[]): string[] {
  const at = args.indexOf("--against");
  const value = args[at + 1];
  if (at < 0 || value === undefined) return [...args];
  return args.toSpliced(at, 2, `--against=${value}`);
}

function printHead(
  facts: SnapshotFacts,
  allocated: number | undefined,
  transfer: Transfer | undefined,
): void {
  const { byteLength, streamOffset, streamEnd, trailerBytes, vmdesc } = facts;
  const onDisk = allocated === undefined
    ? ""
    : `, ${formatBytes(allocated)} on disk`;
  const end = streamEnd === undefined ? "?" : hex(streamEnd);
  const [block] = facts.blocks;
  const rows: [string, string][] = [
    ["machine", facts.machine],
    ["capabilities", facts.capabilities.join(", ")],
    ["size", `${formatBytes(byteLength)}${onDisk}`],
    ["stream", `${hex(streamOffset)} to ${end}`],
  ];
  if (block !== undefined) {
    rows.push(["page size", formatBytes(block.pageSize)]);
  }
  if (facts.targetPageBits !== undefined) {
    rows.push(["target page bits", String(facts.targetPageBits)]);
  }
  if (facts.uuid !== undefined) rows.push(["uuid", facts.uuid]);
  rows.push([
    "vmdesc",
    vmdesc === undefined
      ? "none"
      : `${formatBytes(vmdesc.length)} at ${hex(vmdesc.offset)}`,
  ]);
  if (trailerBytes !== undefined && trailerBytes > 0) {
    rows.push(["trailer", `${formatBytes(trailerBytes)} at ${end}`]);
  }
  if (transfer !== undefined) {
    const { requests, bytes } = transfer;
    rows.push([
      "moved",
      `${formatBytes(bytes)} by ${countOf(requests, "request")}`,
    ]);
  }
  print(paint("bold", printable(facts.file)));
  for (const line of formatList(rows)) print(line);
}

function printBlocks({ blocks }: SnapshotFacts): void {
  print("");
  print(paint("bold", countOf(blocks.length, "RAMBlock")));
  if (blocks.length === 0) return;
  const header = [
    { title: "idstr" },
    { title: "size", right: true },
    { title: "pages", right: true, optional: true },
    { title: "stored", right: true },
    { title: "", right: true, optional: true },
    { title: "bytes", right: true, optional: true },
    { title: "bitmap at", right: true, optional: true },
    { title: "pages at", right: true, optional: true },
  ];
  const rows = blocks.map((it) => [
    it.idstr,
    formatBytes(it.usedLength),
    formatCount(it.pageCount),
    it.ignored ? "ignored" : formatCount(it.presentPages),
    it.ignored ? "" : formatShare(it.presentPages, it.pageCount),
    it.ignored ? "" : formatBytes(it.presentBytes),
    it.ignored ? "" : hex(it.bitmapOffset),
    it.ignored ? "" : hex(it.pagesOffset),
  ]);
  for (const line of formatTable(header, rows)) print(line);
}

function printDevices({ devices, vmdesc }: SnapshotFacts): void {
  print("");
  print(
    paint("bold", countOf(devices.length, "device section")) +
      (vmdesc === undefined
        ? " that can be told apart: there is no vmdesc"
        : ""),
  );
  if (devices.length === 0) return;
  const header = [
    { title: "idstr" },
    { title: "instance", right: true },
    { title: "version", right: true },
    { title: "size", right: true },
    { title: "at", right: true, optional: true },
  ];
  const rows = devices.map((it) => [
    printable(it.idstr),
    String(it.instanceId),
    String(it.versionId),
    formatBytes(it.length),
    hex(it.offset),
  ]);
  for (const line of formatTable(header, rows)) print(line);
}
