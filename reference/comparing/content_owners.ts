import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type { ContentLayer } from "./content_layers.ts";

/** How two sources are known to have the same bytes. */
export type Sharing = "image" | "extents" | "zero";

/** A part of a source, which follows the one before. */
export interface OwnedPart {
  readonly length: number;
  /** Undefined: its bytes are nowhere else, as far as is known. */
  readonly sharing: Sharing | undefined;
  /** The image, the file or the device that has the bytes; of zeros, nothing. */
  readonly owner: string;
  /** The position in that. */
  readonly position: number;
}

/** Finds the parts of a local file that other files share. */
export type FindExtents = (
  layer: ContentLayer,
  range: ByteRange,
) => OwnedPart[] | undefined;

/** Options of {@linkcode ownedParts}. */
export interface OwnersOptions extends ReadOptions {
  /** Keys of the layers that the other source has, too. */
  readonly common: ReadonlySet<string>;
  readonly findExtents: FindExtents;
}

/** Returns a part that has nothing in common with another source. */
export function ownPart(length: number): OwnedPart {
  return { length, sharing: undefined, owner: "", position: 0 };
}

function zeroPart(length: number): OwnedPart {
  return { length, sharing: "zero", owner: "", position: 0 };
}

/**
 * Returns where the bytes of a range of a source are: bytes at one position of
 * one owner are the same. It reads tables of images, down to a layer that the
 * other source has, too.
 */
export async function ownedParts(
  layers: readonly ContentLayer[],
  range: ByteRange,
  options: OwnersOptions,
): Promise<OwnedPart[]> {
  const [layer, ...below] = layers;
  const { offset, length } = range;
  if (layer === undefined) return [zeroPart(length)];
  const { disk, key } = layer;
  if (options.common.has(key)) {
    return [{ length, sharing: "image", owner: key, position: offset }];
  }
  if (disk === undefined) {
    return options.findExtents(layer, range) ?? [ownPart(length)];
  }
  const parts: OwnedPart[] = [];
  const end = offset + length;
  for (let at = offset; at < end;) {
    const { kind, length } = await disk.extent(at, end - at, options);
    if (kind === "data" || kind === "compressed") addOwn(parts, length);
    else if (kind === "zero") parts.push(zeroPart(length));
    else {
      const reach = disk.backing?.byteLength ?? 0;
      const inside = Math.max(0, Math.min(length, reach - at));
      const part = { offset: at, length: inside };
      if (inside > 0) {
        for (const it of await ownedParts(below, part, options)) parts.push(it);
      }
      if (inside < length) parts.push(zeroPart(length - inside));
    }
    at += length;
  }
  return parts;
}

/** Adds an image's own clusters; there are many, one after the other. */
function addOwn(parts: OwnedPart[], length: number): void {
  const last = parts.at(-1);
  if (last !== undefined && last.sharing === undefined) {
    parts[parts.length - 1] = ownPart(last.length + length);
  } else parts.push(ownPart(length));
}
