import { statSync } from "node:fs";
import type { DeviceState } from "../../format/mod.ts";
import { openSnapshot, type Snapshot } from "../mod.ts";
import {
  type Command,
  openOptions,
  parse,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
  takePositionals,
} from "./command.ts";
import { formatBytes, formatTable } from "./format_bytes.ts";
import { isUrl, openSource, type Transfer } from "./open_source.ts";
import { print, printJson } from "./output.ts";
import { drawRamMap, ramMapLegend } from "./ram_map.ts";
import { paint } from "./terminal.ts";

/** `info FILE` */
export const info: Command = {
  summary: "machine, capabilities, RAMBlocks, device sections, sizes",
  help: `\
Usage: info FILE|URL [options]

Prints what a snapshot holds: machine, capabilities, RAMBlocks with their pages,
device sections, and its size in the file system. Reads headers and bitmaps, no
page.

  --map                       draw a map of the RAM
${SNAPSHOT_OPTIONS_HELP}

Example: info vm.mr --map`,
  async run(args, { signal }) {
    const { values, positionals } = parse(args, {
      ...SNAPSHOT_OPTIONS,
      map: { type: "boolean" },
    });
    const { FILE } = takePositionals(positionals, "FILE");
    await using opened = await openSource(FILE, { signal });
    const { source, transfer } = opened;
    const options = { ...openOptions(values), signal };
    const snapshot = await openSnapshot(source, options);
    const deviceState = await snapshot.deviceState({ signal });
    const facts = await gatherFacts(snapshot, deviceState, FILE, transfer);
    if (values.json) {
      printJson(facts);
      return 0;
    }
    printFacts(facts);
    if (values.map) await printMap(snapshot);
    return 0;
  },
};

async function gatherFacts(
  snapshot: Snapshot,
  deviceState: DeviceState,
  file: string,
  transfer: () => Transfer | undefined,
) {
  const { source, index } = snapshot;
  const { targetPageBits, uuid } = index.configuration;
  const blocks = [];
  for (const block of snapshot.blocks) {
    let presentPages = 0;
    for await (const { first, end } of block.presentRuns()) {
      presentPages += end - first;
    }
    blocks.push({
      idstr: block.idstr,
      usedLength: block.usedLength,
      pageSize: block.pageSize,
      pageCount: block.pageCount,
      presentPages,
      presentBytes: presentPages * block.pageSize,
      bitmapOffset: block.bitmapOffset,
      pagesOffset: block.pagesOffset,
      ignored: block.ignored,
    });
  }
  const sections = [...index.earlySections, ...deviceState.sections];
  return {
    file: source.name,
    machine: snapshot.machine,
    capabilities: snapshot.capabilities,
    targetPageBits,
    uuid: uuid === undefined ? undefined : formatUuid(uuid),
    streamOffset: index.streamOffset,
    blocks,
    ramParts: index.ramPartCount,
    devices: sections.flatMap((item) =>
      item.kind === "full"
        ? [{
          ...item.section,
          offset: item.range.offset,
          length: item.range.length,
        }]
        : []
    ),
    vmdesc: deviceState.vmdesc?.range,
    streamEnd: deviceState.end,
    trailerBytes: source.byteLength - deviceState.end,
    byteLength: source.byteLength,
    allocatedBytes: isUrl(file) ? undefined : statSync(file).blocks * 512,
    transfer: transfer(),
  };
}

type Facts = Awaited<ReturnType<typeof gatherFacts>>;

function formatUuid(uuid: Uint8Array): string {
  const hex = [...uuid].map((it) => it.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function printFacts(facts: Facts): void {
  const allocated = facts.allocatedBytes === undefined
    ? ""
    : `, ${formatBytes(facts.allocatedBytes)} on disk`;
  print(paint("bold", facts.file));
  const rows = [
    ["machine", facts.machine],
    ["capabilities", facts.capabilities.join(", ")],
    ["size", `${formatBytes(facts.byteLength)}${allocated}`],
  ];
  if (facts.uuid !== undefined) rows.push(["uuid", facts.uuid]);
  if (facts.targetPageBits !== undefined) {
    rows.push(["target page bits", String(facts.targetPageBits)]);
  }
  if (facts.streamOffset > 0) {
    rows.push(["stream starts at", `0x${facts.streamOffset.toString(16)}`]);
  }
  if (facts.trailerBytes > 0) {
    rows.push(["trailer", formatBytes(facts.trailerBytes)]);
  }
  if (facts.transfer !== undefined) {
    const { requests, bytes } = facts.transfer;
    rows.push(["moved", `${formatBytes(bytes)} in ${requests} requests`]);
  }
  for (const line of formatTable(rows)) print(`  ${line}`);
  printBlocks(facts);
  print("");
  print(
    `${paint("bold", "Devices")}  ${facts.devices.length} sections` +
      (facts.vmdesc === undefined
        ? ", no vmdesc: those behind the RAM cannot be told apart"
        : ""),
  );
  const devices = formatTable(
    facts.devices.map((it) => [
      it.instanceId === 0 ? it.idstr : `${it.idstr} #${it.instanceId}`,
      `version ${it.versionId}`,
      formatBytes(it.length),
    ]),
    [2],
  );
  for (const line of devices) print(`  ${line}`);
}

function printBlocks(facts: Facts): void {
  print("");
  print(paint("bold", "RAMBlocks"));
  const header = ["idstr", "size", "pages", "stored", "", "pages_offset"];
  const rows = facts.blocks.map((it) => [
    it.idstr,
    formatBytes(it.usedLength),
    `${it.pageCount} × ${it.pageSize}`,
    it.ignored ? "ignored" : String(it.presentPages),
    it.ignored ? "(shared)" : formatBytes(it.presentBytes),
    `0x${it.pagesOffset.toString(16)}`,
  ]);
  const [first, ...rest] = formatTable([header, ...rows], [1, 2, 3, 4, 5]);
  print(`  ${paint("dim", first)}`);
  for (const line of rest) print(`  ${line}`);
}

async function printMap(snapshot: Snapshot): Promise<void> {
  for (const block of snapshot.blocks) {
    print("");
    print(`${paint("bold", block.idstr)}  ${formatBytes(block.usedLength)}`);
    if (block.ignored || block.pageCount === 0) continue;
    for (const line of await drawRamMap(block)) print(line);
  }
  print("");
  print(paint("dim", ramMapLegend()));
}
