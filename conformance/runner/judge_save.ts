import { Buffer } from "node:buffer";
import { statSync } from "node:fs";
import { openFileSource, RULES, verifySnapshot } from "../../mod.ts";
import { fail, PASS, type Verdict } from "./judge_answer.ts";
import { judgeInterop } from "./judge_interop.ts";
import type { WriterCase } from "./writer_cases.ts";

/** Verifies a file that a program saved, and compares it with the memory. */
export async function judgeSave(
  file: string,
  save: WriterCase,
): Promise<Verdict> {
  using source = openFileSource(file);
  const { findings, snapshot, deviceState } = await verifySnapshot(source, {
    pages: true,
  });
  const reasons: string[] = findings.map((it) =>
    `${it.message} (${it.rule}, ${RULES[it.rule].section})`
  );
  if (snapshot === undefined) return fail(...reasons);
  if (snapshot.machine !== save.machine) {
    reasons.push(`machine is ${snapshot.machine}, expected ${save.machine}`);
  }
  reasons.push(...await judgeInterop(source, { snapshot, deviceState, save }));
  const idstrs = snapshot.blocks.map(({ idstr }) => idstr);
  const expected = save.blocks.map(({ idstr }) => idstr);
  // RAMBlocks may be in any order.
  if (idstrs.toSorted().join("\n") !== expected.toSorted().join("\n")) {
    return fail(...reasons, `RAMBlocks are ${idstrs}, expected ${expected}`);
  }
  const remarks = remarksOn(file, deviceState?.end);
  for (const { idstr, memory } of save.blocks) {
    const block = snapshot.block(idstr);
    if (block.pageSize !== save.pageSize) {
      reasons.push(`page_size is ${block.pageSize}, expected ${save.pageSize}`);
    }
    if (block.usedLength !== memory.length) {
      reasons.push(
        `used_length of ${idstr} is ${block.usedLength}, ` +
          `expected ${memory.length}`,
      );
      continue;
    }
    const found = await block.readRange({ offset: 0, length: memory.length });
    const at = firstDifference(found, memory);
    if (at !== undefined) reasons.push(`${idstr} first differs at byte ${at}`);
    const stored = await countZeroPages(block);
    if (stored > 0) {
      remarks.push(`${stored} zero pages of ${idstr} are stored`);
    }
  }
  return reasons.length > 0 ? fail(...reasons) : { ...PASS, remarks };
}

/** Notes what SPEC.md says a writer should do otherwise. */
function remarksOn(file: string, end: number | undefined): string[] {
  const { mode, size } = statSync(file);
  return [
    ...(mode & 0o077) === 0 ? [] : ["other users can read it (SPEC.md 6.1)"],
    ...end === undefined || end === size
      ? []
      : [`a trailer of ${size - end} bytes`],
  ];
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  if (Buffer.compare(a, b) === 0) return undefined;
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? undefined : at;
}

async function countZeroPages(
  block: {
    presentRuns(): AsyncIterable<{ readonly first: number; end: number }>;
    readPage(index: number): Promise<Uint8Array>;
  },
): Promise<number> {
  let count = 0;
  for await (const { first, end } of block.presentRuns()) {
    for (let page = first; page < end; page++) {
      if ((await block.readPage(page)).every((value) => value === 0)) count++;
    }
  }
  return count;
}
