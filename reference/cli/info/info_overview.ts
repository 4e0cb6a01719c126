import { hex } from "../../../format/rules/mod.ts";
import type { OpenOptions, Snapshot } from "../../reading/mod.ts";
import { isWebUrl } from "../../sources/mod.ts";
import type { OpenedPlace } from "../../opening/mod.ts";
import type { Verity } from "../input/place_options.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { print, printJson } from "../output/output.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { printable } from "../output/printable.ts";
import { formatList, formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import { bitmapOrderLine } from "./bitmap_order_line.ts";
import { digestRow } from "./digest_row.ts";
import { printDirtyBitmaps } from "./info_dirty_bitmaps.ts";
import { checkXml, printLibvirt } from "./info_libvirt.ts";
import { drawRamMap } from "./ram_map.ts";
import { gatherFacts, type SnapshotFacts } from "./snapshot_facts.ts";

/** Options of {@linkcode printOverview}. */
export interface OverviewOptions {
  /** Options with which the snapshot was opened. */
  readonly open: OpenOptions;
  /** What the snapshot is checked against, if it is. */
  readonly verity: Verity | undefined;
  /** What it is read from. */
  readonly opened: Pick<OpenedPlace, "disk" | "transfer">;
  readonly map: boolean;
  readonly xml: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/**
 * Prints the contents of a snapshot. Then throws the error in what follows its
 * RAM, if there is one.
 */
export async function printOverview(
  file: string,
  snapshot: Snapshot,
  options: OverviewOptions,
): Promise<void> {
  const { open, opened, verity, map, xml, json, signal } = options;
  const { disk } = opened;
  checkXml(snapshot.source, snapshot.index.libvirt, xml);
  const { facts: found, error } = await gatherFacts(snapshot, signal);
  const facts = disk === undefined ? found : withoutRest(found);
  const allocated = isWebUrl(file) ? undefined : allocatedBytes(file);
  const guest = map ? await import("./guest_map_table.ts") : undefined;
  const guestMap = await guest?.knownGuestMap(snapshot, signal);
  const drawn = map && !json ? await drawRamMap(snapshot.blocks, signal) : [];
  const images = disk && await import("./image_layers.ts");
  const layers = disk && await images?.imageLayers(disk, { signal });
  // What is read after this is not counted.
  const transfer = opened.transfer();
  if (json) {
    const { digest } = verity ?? {};
    const size = { allocatedBytes: allocated };
    printJson({ ...facts, digest, layers, guestMap, ...size, transfer });
  } else {
    if (facts.libvirt) printLibvirt(facts.libvirt, xml);
    printHead(facts, { allocated, transfer, open, verity });
    if (layers !== undefined) images?.printLayers(layers);
    printBlocks(facts);
    if (guest !== undefined) {
      print("");
      for (const line of drawn) print(line);
      print("");
      for (const line of guest.formatGuestMap(guestMap)) print(line);
    }
    printDirtyBitmaps(facts.dirtyBitmaps);
    printDevices(facts);
  }
  if (error !== undefined) throw error;
}

/** The disk of an image is a whole number of sectors. */
const SECTOR = 512;

/** Leaves out what only fills the last sector of the disk in an image. */
function withoutRest(facts: SnapshotFacts): SnapshotFacts {
  const { trailerBytes = SECTOR } = facts;
  return trailerBytes < SECTOR ? { ...facts, trailerBytes: 0 } : facts;
}

function printHead(
  facts: SnapshotFacts,
  { allocated, transfer, open, verity }: {
    readonly allocated: number | undefined;
    readonly transfer: ReturnType<OpenedPlace["transfer"]>;
    readonly open: OpenOptions;
    readonly verity: Verity | undefined;
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
    ...digestRow(verity),
    ["stream", `${hex(streamOffset)} to ${end}`],
  ];
  if (block !== undefined) {
    rows.push(["page size", formatBytes(block.pageSize)]);
  }
  if (facts.targetPageBits !== undefined) {
    rows.push(["target page bits", String(facts.targetPageBits)]);
  }
  if (facts.uuid !== undefined) rows.push(["uuid", facts.uuid]);
  const order = bitmapOrderLine(facts.bitmapOrderEvidence, open);
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

/** Returns the layout, if the capability does not imply it. */
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
        ? " that can be distinguished: there is no vmdesc"
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
