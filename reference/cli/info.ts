import { hex, UnsupportedError } from "../../format/mod.ts";
import { type OpenOptions, openSnapshot, type Snapshot } from "../mod.ts";
import { compareAgainst } from "./info/against.ts";
import { bitmapOrderLine } from "./info/bitmap_order_line.ts";
import { type Command, parse, takePositionals } from "./command.ts";
import { formatBytes } from "./output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "./output/format_count.ts";
import { formatGuestMap, knownGuestMap } from "./info/guest_map_table.ts";
import { printDevices as printFields } from "./info/info_devices.ts";
import { printDirtyBitmaps } from "./info/info_dirty_bitmaps.ts";
import { infoElsewhere } from "./info/info_elsewhere.ts";
import { printLibvirt } from "./info/info_libvirt.ts";
import { isUrl, openSource, type Transfer } from "./input/open_source.ts";
import { print, printJson } from "./output/output.ts";
import { allocatedBytes } from "./output/output_file.ts";
import { printable } from "./output/printable.ts";
import { drawRamMap } from "./info/ram_map.ts";
import { gatherFacts, type SnapshotFacts } from "./info/snapshot_facts.ts";
import {
  openOptions,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
} from "./input/snapshot_options.ts";
import { formatList, formatTable } from "./output/table.ts";
import { paint } from "./output/terminal.ts";
import { UsageError } from "./input/usage_error.ts";

/** `info FILE` */
export const info: Command = {
  help: `\
Usage: deno task info FILE|URL [options]
       deno task info FILE|URL --devices [options]
       deno task info FILE|URL --against "QEMU ARGS..." [--try] [options]
       deno task info FILE|URL --against unix:PATH|tcp:HOST:PORT [options]

Prints what a snapshot holds: machine, capabilities, RAMBlocks with their pages,
device sections, and its size in the file system. It reads headers and bitmaps,
no page. With --devices it prints the state of each device instead, field by
field; in its JSON, integers of 64 bits are text, and bytes are {"hex": ...}.

With --against it says instead whether the snapshot will load in a QEMU, and if
not, why, and prints the commands that load it. QEMU is started with these
arguments, its guest stopped, and saves its own empty state to be compared. Of a
QEMU that waits with -incoming defer, the address of its QMP socket is given.
A difference is "refused" by QEMU, "wrong" where QEMU may load it but not as the
same machine, or a "note". Exit code 1 says that it will not load.

  --map                       draw a map of the RAM, and list the addresses at
                              which the guest sees it
  --devices                   the fields of each device's state
  --xml                       the texts of a libvirt save image
  --against QEMU              arguments of a QEMU, or the address of its QMP
  --try                       let that QEMU load FILE, all of it, to be sure
${SNAPSHOT_OPTIONS_HELP}

Example: deno task info vm.mr --map
         deno task info vm.mr --against "-machine q35 -m 4G -smp 2"`,
  async run(args, { signal }) {
    const { values, positionals } = parse(joinAgainst(args), {
      ...SNAPSHOT_OPTIONS,
      map: { type: "boolean" },
      devices: { type: "boolean" },
      xml: { type: "boolean" },
      against: { type: "string" },
      try: { type: "boolean" },
    });
    const { FILE } = takePositionals(positionals, "FILE");
    if (values.try && values.against === undefined) {
      throw new UsageError("Cannot use --try without --against");
    }
    const options = { ...openOptions(values), signal };
    await using opened = await openSource(FILE, { signal });
    const { source } = opened;
    let snapshot: Snapshot;
    try {
      snapshot = await openSnapshot(source, options);
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      if (values.against !== undefined) throw error;
      return await infoElsewhere(source, error, {
        ...values,
        offset: options.offset,
        signal,
      });
    }
    if (values.devices) {
      await printFields(snapshot, { json: values.json ?? false, signal });
      return 0;
    }
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
    const guestMap = values.map
      ? await knownGuestMap(snapshot, signal)
      : undefined;
    const transfer = opened.transfer();
    if (values.json) {
      printJson({ ...facts, guestMap, allocatedBytes: allocated, transfer });
    } else {
      if (facts.libvirt) printLibvirt(facts.libvirt, values.xml ?? false);
      printHead(facts, { allocated, transfer, options });
      printBlocks(facts);
      if (values.map) {
        print("");
        for (const line of await drawRamMap(snapshot.blocks, signal)) {
          print(line);
        }
        print("");
        for (const line of formatGuestMap(guestMap)) print(line);
      }
      printDirtyBitmaps(facts.dirtyBitmaps);
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
  { allocated, transfer, options }: {
    readonly allocated: number | undefined;
    readonly transfer: Transfer | undefined;
    readonly options: OpenOptions;
  },
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
    ...layoutRow(facts),
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
  const order = bitmapOrderLine(facts.bitmapOrderEvidence, options);
  if (order !== undefined) rows.push(["bitmaps", paint("yellow", order)]);
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

/** Which of the two layouts, where the capability does not say. */
function layoutRow({ layout }: SnapshotFacts): [string, string][] {
  switch (layout) {
    case "mapped-ram":
      return [];
    case "fixed-ram-inline":
      return [["layout", "fixed-ram with inline bitmaps"]];
    case "fixed-ram-header":
      return [["layout", "fixed-ram with the header of mapped-ram"]];
  }
}

function printDevices({ devices, vmdesc, iterable }: SnapshotFacts): void {
  print("");
  const sent = iterable.map((it) => `${printable(it.idstr)} ${it.stateClass}`);
  print(paint("bold", "state") + `: ${sent.join(", ")}, devices precopy only`);
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
