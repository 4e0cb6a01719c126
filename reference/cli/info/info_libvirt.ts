import type { LibvirtSaveHeader } from "../../../format/libvirt/mod.ts";
import type { ByteSource } from "../../sources/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { print } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatList } from "../output/table.ts";
import { paint } from "../output/terminal.ts";
import { UsageError } from "../program/usage_error.ts";

/** The facts that `info` prints about a libvirt save image. */
export interface LibvirtFacts {
  readonly version: number;
  readonly byteOrder: "little" | "big";
  readonly format: string;
  readonly wasRunning: boolean;
  readonly streamOffset: number;
  readonly xml: string;
  readonly cookie: string | undefined;
}

/** Reads the facts that `info` prints about a libvirt save image. */
export async function libvirtFacts(
  source: ByteSource,
  header: LibvirtSaveHeader,
  signal: AbortSignal,
): Promise<LibvirtFacts> {
  const { readLibvirtTexts } = await import("../../libvirt/mod.ts");
  const { xml, cookie } = await readLibvirtTexts(source, header, { signal });
  const { version, byteOrder, format, wasRunning, streamOffset } = header;
  return { version, byteOrder, format, wasRunning, streamOffset, xml, cookie };
}

/** Prints the facts, and the texts if `showXml` is set. */
export function printLibvirt(facts: LibvirtFacts, showXml: boolean): void {
  const { version, byteOrder, format, wasRunning, xml, cookie } = facts;
  const texts = [
    `XML of ${formatBytes(xml.length)}`,
    ...(cookie === undefined
      ? []
      : [`cookie of ${formatBytes(cookie.length)}`]),
  ].join(", ");
  const name = /<name>([^<]*)<\/name>/.exec(xml)?.[1];
  print(paint("bold", "libvirt save image"));
  const rows: [string, string][] = [
    ["version", `${version}, ${byteOrder}-endian`],
    ["format", format],
    ["guest", wasRunning ? "was running" : "was paused"],
    ["texts", showXml ? texts : `${texts}; --xml prints them`],
  ];
  if (name !== undefined) rows.unshift(["domain", printable(name)]);
  for (const line of formatList(rows)) print(line);
  if (showXml) {
    for (const text of [xml, ...(cookie === undefined ? [] : [cookie])]) {
      print("");
      for (const line of text.trimEnd().split("\n")) print(printable(line));
    }
  }
  print("");
}

/** Refuses --xml for a file that has no texts. */
export function checkXml(
  { name }: ByteSource,
  header: LibvirtSaveHeader | undefined,
  isWanted: boolean,
): void {
  if (!isWanted || header !== undefined) return;
  throw new UsageError(
    `Cannot use --xml: ${JSON.stringify(name)} is not a libvirt save image`,
  );
}
