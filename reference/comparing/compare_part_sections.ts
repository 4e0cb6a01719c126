import type { StreamItem } from "../../format/stream/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type { DescribedSnapshot } from "./described_snapshot.ts";
import { firstDifference, type SourceRange } from "./first_difference.ts";
import type { SectionDifference } from "./snapshot_difference.ts";

/** The parts of a section, in the order of the file. */
interface PartSection {
  readonly idstr: string;
  readonly instanceId: number;
  readonly parts: SourceRange[];
}

/**
 * Yields the sections sent in several parts, besides RAM, that differ: dirty
 * bitmaps of block devices, and tables of some machines.
 */
export async function* comparePartSections(
  a: DescribedSnapshot,
  b: DescribedSnapshot,
  options: ReadOptions,
): AsyncGenerator<SectionDifference> {
  const others = await partSections(b, options);
  for (const [name, section] of await partSections(a, options)) {
    const other = others.get(name);
    others.delete(name);
    yield* compareSections(section, other, options);
  }
  for (const other of others.values()) {
    yield* compareSections(undefined, other, options);
  }
}

async function partSections(
  snapshot: DescribedSnapshot,
  options: ReadOptions,
): Promise<Map<string, PartSection>> {
  const { source, index } = snapshot;
  const { dirtyBitmaps, parts } = await snapshot.deviceState(options);
  const items: readonly StreamItem[] = [
    ...[...index.earlyDirtyBitmaps, ...index.earlyParts],
    ...[...dirtyBitmaps, ...parts],
  ];
  const sections = new Map<string, PartSection>();
  for (const item of items) {
    if (!("section" in item)) continue;
    const { idstr, instanceId } = item.section;
    const name = `${instanceId} ${idstr}`;
    const section = sections.get(name) ?? { idstr, instanceId, parts: [] };
    section.parts.push({ source, ...item.range });
    sections.set(name, section);
  }
  return sections;
}

async function* compareSections(
  a: PartSection | undefined,
  b: PartSection | undefined,
  options: ReadOptions,
): AsyncGenerator<SectionDifference> {
  const section = a ?? b;
  if (section === undefined) return;
  const { idstr, instanceId } = section;
  const [lengthA, lengthB] = [a, b].map((it) =>
    it?.parts.reduce((sum, { length }) => sum + length, 0)
  );
  const offset = a && b && await firstInParts(a.parts, b.parts, options);
  if (a !== undefined && b !== undefined && offset === undefined) return;
  const lengths = { a: lengthA, b: lengthB };
  yield { kind: "section", idstr, instanceId, ...lengths, offset };
}

/** Returns the position of the first byte that differs in all parts. */
async function firstInParts(
  a: readonly SourceRange[],
  b: readonly SourceRange[],
  options: ReadOptions,
): Promise<number | undefined> {
  let done = 0;
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return done;
    const offset = await firstDifference(part, other, options);
    if (offset !== undefined) return done + offset;
    done += part.length;
  }
  return b.length > a.length ? done : undefined;
}
