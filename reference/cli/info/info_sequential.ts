import type { LibvirtSaveHeader } from "../../../format/libvirt/mod.ts";
import { openSequential } from "../../sequential/mod.ts";
import type { ByteSource } from "../../sources/mod.ts";
import type { Verity } from "../input/place_options.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { print, printJson } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatList, formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import { digestRow } from "./digest_row.ts";
import { printDevices } from "./info_devices.ts";
import { libvirtFacts, printLibvirt } from "./info_libvirt.ts";
import { stateClassOf } from "./state_class.ts";

/** Options of printing a sequential stream. */
export interface SequentialInfoOptions {
  readonly offset: number | undefined;
  readonly verity: Verity | undefined;
  readonly libvirt: LibvirtSaveHeader | undefined;
  readonly json: boolean;
  readonly devices: boolean;
  readonly xml: boolean;
  readonly signal: AbortSignal;
}

/** Prints the contents of a sequential stream; reads all of it once. */
export async function infoSequential(
  source: ByteSource,
  options: SequentialInfoOptions,
): Promise<void> {
  const { verity, json, signal } = options;
  const offset = options.offset ?? options.libvirt?.streamOffset ?? 0;
  using stream = await openSequential(source, { offset, signal });
  if (options.devices) {
    return await printDevices(stream, { verity, json, signal });
  }
  const blocks = [];
  for (const block of stream.blocks) {
    const { idstr, usedLength, pageSize, pageCount } = block;
    let presentPages = 0;
    for await (const { first, end } of block.presentRuns({ signal })) {
      presentPages += end - first;
    }
    blocks.push({ idstr, usedLength, pageSize, pageCount, presentPages });
  }
  const { sections } = await stream.deviceState({ signal });
  const items = new Set([...stream.end.earlySections, ...sections]);
  const devices = [...items].flatMap((item) =>
    item.kind === "full"
      ? [{
        ...item.section,
        ...item.range,
        stateClass: stateClassOf("full", item.section.idstr),
      }]
      : []
  );
  const libvirt = options.libvirt &&
    await libvirtFacts(source, options.libvirt, signal);
  const { configuration } = stream.head;
  const facts = {
    file: source.name,
    digest: verity?.digest,
    layout: "sequential",
    libvirt,
    machine: stream.machine,
    capabilities: configuration.capabilities,
    streamOffset: offset,
    ramParts: stream.end.ramPartCount,
    ramEndPresent: stream.end.hasEnd,
    iterable: [...stream.end.started.values()].map(({ sectionId, idstr }) => ({
      sectionId,
      idstr,
      stateClass: stateClassOf("iterable", idstr),
    })),
    blocks,
    devices,
    byteLength: source.byteLength,
  };
  if (json) return printJson(facts);
  if (libvirt) printLibvirt(libvirt, options.xml);
  print(paint("bold", printable(source.name)));
  const rows: [string, string][] = [
    ["machine", facts.machine],
    ["layout", "sequential: pages in the order they were sent"],
    ["capabilities", facts.capabilities.join(", ") || "none"],
    ["size", formatBytes(source.byteLength)],
    ...digestRow(verity),
    ["page size", formatBytes(stream.pageSize)],
  ];
  for (const line of formatList(rows)) print(line);
  print("");
  print(paint("bold", countOf(blocks.length, "RAMBlock")));
  const header = [
    { title: "idstr" },
    { title: "size", right: true },
    { title: "pages", right: true },
    { title: "stored", right: true },
    { title: "", right: true },
  ];
  const cells = blocks.map((it) => [
    printable(it.idstr),
    formatBytes(it.usedLength),
    formatCount(it.pageCount),
    formatCount(it.presentPages),
    formatShare(it.presentPages, it.pageCount),
  ]);
  for (const line of formatTable(header, cells)) print(line);
  print("");
  print(paint("bold", countOf(devices.length, "device section")));
}
