import type { Snapshot } from "../../mod.ts";
import { dirtyBitmaps } from "../../reference/doors/convert.ts";
import { refusalOf } from "./refusal_of.ts";

/** Returns the dirty bitmaps of a snapshot, or the error that refuses them. */
export async function answerBitmaps(snapshot: Snapshot): Promise<object> {
  const ranges = new Map<string, [number, number][]>();
  try {
    const bitmaps = await dirtyBitmaps(snapshot, {
      onDirty: (bitmap, { offset, length }) => {
        const key = keyOf(bitmap);
        const found = ranges.get(key) ?? [];
        ranges.set(key, [...found, [offset, length]]);
      },
    });
    return {
      dirtyBitmaps: bitmaps.map((bitmap) => ({
        ...bitmap,
        ranges: ranges.get(keyOf(bitmap)) ?? [],
      })),
    };
  } catch (error) {
    return { dirtyBitmapsError: refusalOf(error) };
  }
}

function keyOf(
  { node, name }: { readonly node: string; readonly name: string },
): string {
  return JSON.stringify([node, name]);
}
