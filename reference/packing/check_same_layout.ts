import { hex } from "../../format/rules/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import { SourceError } from "../sources/mod.ts";

/**
 * Refuses two snapshots whose pages are at other places in their files: hardly
 * a cluster of one would be found in the other.
 *
 * @throws {SourceError} if they differ; it says in what
 */
export function checkSameLayout(snapshot: Snapshot, base: Snapshot): void {
  const difference = layoutDifference(snapshot, base);
  if (difference === undefined) return;
  const [name, baseName] = [snapshot, base].map(({ source }) =>
    JSON.stringify(source.name)
  );
  throw new SourceError(
    base.source.name,
    `Cannot base ${name} on ${baseName}: their RAM is laid out differently: ` +
      `${difference}; expected snapshots of the same machine with the same ` +
      "devices",
  );
}

/** Returns the first difference; undefined if there is none. */
function layoutDifference(
  { machine, blocks }: Snapshot,
  base: Snapshot,
): string | undefined {
  if (machine !== base.machine) {
    return `the machine is ${JSON.stringify(machine)}, in the base ${
      JSON.stringify(base.machine)
    }`;
  }
  const others = new Map(base.blocks.map((it) => [it.idstr, it]));
  for (const block of blocks) {
    const quoted = JSON.stringify(block.idstr);
    const other = others.get(block.idstr);
    if (other === undefined) return `the base has no RAMBlock ${quoted}`;
    others.delete(block.idstr);
    const [ours, theirs] = [block, other].map(placeOf);
    if (ours !== theirs) {
      return `RAMBlock ${quoted} has ${ours}, in the base ${theirs}`;
    }
  }
  const [missing] = others.keys();
  return missing === undefined
    ? undefined
    : `only the base has the RAMBlock ${JSON.stringify(missing)}`;
}

function placeOf({ usedLength, pageSize, pagesOffset }: RAMBlock): string {
  return `${usedLength} bytes in pages of ${pageSize} at ${hex(pagesOffset)}`;
}
