import { isQcow2Source } from "../../qcow2/mod.ts";
import type { ByteSource, ReadOptions } from "../../sources/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { print } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { formatTable } from "../output/table.ts";
import { paint } from "../output/terminal.ts";

/** An image of a chain, or the file below the last one. */
export interface ImageLayer {
  /** Path or URL. */
  readonly file: string;
  readonly format: "qcow2" | "raw";
  /** Length in bytes of the file. */
  readonly fileLength: number;
  /** log2 of the bytes of a cluster. */
  readonly clusterBits?: number;
  /** How compressed clusters are packed. */
  readonly compression?: "zlib" | "zstd";
  /** Bytes of the disk of which this layer holds the data. */
  readonly dataBytes: number;
  /** Bytes that it makes zero, whatever is below. */
  readonly zeroBytes: number;
}

/** Returns the images of a chain and what each holds. Reads all tables. */
export async function imageLayers(
  disk: ByteSource,
  options: ReadOptions,
): Promise<readonly ImageLayer[]> {
  const layers: ImageLayer[] = [];
  let layer: ByteSource | undefined = disk;
  while (layer !== undefined && isQcow2Source(layer)) {
    const { image, header, byteLength } = layer;
    const bytes = { data: 0, compressed: 0, zero: 0, absent: 0 };
    for (let at = 0; at < byteLength;) {
      const extent = await layer.extent(at, byteLength - at, options);
      bytes[extent.kind] += extent.length;
      at += extent.length;
    }
    layers.push({
      file: image.name,
      format: "qcow2",
      fileLength: image.byteLength,
      clusterBits: header.clusterBits,
      compression: header.compression,
      dataBytes: bytes.data + bytes.compressed,
      zeroBytes: bytes.zero,
    });
    layer = layer.backing;
  }
  if (layer === undefined) return layers;
  const { name: file, byteLength: fileLength } = layer;
  const held = { dataBytes: fileLength, zeroBytes: 0 };
  return [...layers, { file, format: "raw", fileLength, ...held }];
}

/** Prints the images of a chain as a table, the first one first. */
export function printLayers(layers: readonly ImageLayer[]): void {
  print("");
  print(paint("bold", `packed in ${countOf(layers.length, "file")}`));
  const header = [
    { title: "file" },
    { title: "format" },
    { title: "length", right: true },
    { title: "holds", right: true },
    { title: "zeros", right: true, optional: true },
  ];
  const rows = layers.map((it) => [
    printable(it.file),
    formatOf(it),
    formatBytes(it.fileLength),
    formatBytes(it.dataBytes),
    formatBytes(it.zeroBytes),
  ]);
  for (const line of formatTable(header, rows)) print(line);
}

function formatOf({ format, clusterBits, compression }: ImageLayer): string {
  return clusterBits === undefined
    ? format
    : `${format}, ${compression}, ${formatBytes(2 ** clusterBits)}`;
}
