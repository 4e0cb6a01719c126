import type { QmpClient } from "../../qemu/mod.ts";

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** The host page size of each RAMBlock of a QEMU, by idstr. */
export async function queryHostPageSizes(
  qmp: QmpClient,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  return parseRAMBlocks(await qmp.monitor("info ramblock", { signal }));
}

/** Reads the table that `info ramblock` prints: QMP has no such command. */
export function parseRAMBlocks(text: string): Record<string, number> {
  const sizes: Record<string, number> = {};
  const lines = text.matchAll(/^ *(\S.*?) +(\d+) ([KMG]?i?B) +0x[0-9a-f]+ /gm);
  for (const [, idstr = "", size, unit = ""] of lines) {
    sizes[idstr] = Number(size) * (UNITS[unit] ?? 1);
  }
  return sizes;
}
