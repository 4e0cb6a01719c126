import type { QmpClient } from "../../../reference/doors/qemu.ts";

/** A part of a RAMBlock that the guest sees at a physical address. */
export interface MemoryRange {
  /** The name of the memory region; the idstr ends with it. */
  readonly name: string;
  readonly address: number;
  readonly length: number;
  /** The offset of the range in its RAMBlock. */
  readonly offset: number;
}

const RANGE =
  /^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:ram|rom|nv-ram)\): (.+?)(?: @([0-9a-f]{16}))?$/;

/** The memory that `pmemsave` reads, by RAMBlock, as QEMU reports it. */
export async function memoryMap(
  qemu: { readonly qmp: QmpClient },
): Promise<MemoryRange[]> {
  const text = await qemu.qmp.monitor("info mtree -f");
  const view = text.split("FlatView #")
    .find((part) => part.includes('AS "memory"'));
  if (view === undefined) throw new Error("QEMU shows no memory");
  return view.split("\n").flatMap((line) => {
    const match = RANGE.exec(line.trimEnd());
    if (match === null) return [];
    const [, first, last, name, offset] = match;
    const address = Number.parseInt(first ?? "", 16);
    return [{
      name: name ?? "",
      address,
      length: Number.parseInt(last ?? "", 16) - address + 1,
      offset: Number.parseInt(offset ?? "0", 16),
    }];
  });
}
