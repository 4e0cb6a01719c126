import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { VectorCase } from "./vector_case.ts";

const PAGE = 4096;

/**
 * The expected.json of a sequential stream without capabilities: the error of a
 * reader of mapped-ram files, and the expected memory.
 */
export function expectedSequential(vector: VectorCase, file: Buffer): unknown {
  const nameLength = file.readUInt32BE(9);
  const machine = file.toString("latin1", 13, 13 + nameLength);
  // The RAM section directly follows the configuration.
  const configurationEnd = 13 + nameLength;
  const start = configurationEnd + 1 + 4;
  assert.equal(file.toString("latin1", start, start + 4), "\x03ram");
  let at = start + 4 + 8;
  let remaining = file.readBigUInt64BE(at) - 4n;
  const blocks: unknown[] = [];
  for (at += 8; remaining > 0n;) {
    const length = file.readUInt8(at);
    const idstr = file.toString("latin1", at + 1, at + 1 + length);
    const usedLength = file.readBigUInt64BE(at + 1 + length);
    const memory = vector.memory[idstr];
    assert.equal(BigInt(memory?.length ?? 0), usedLength, idstr);
    blocks.push({
      idstr,
      usedLength: Number(usedLength),
      presentRuns: runsOf(memory ?? new Uint8Array(0)),
      sha256: createHash("sha256").update(memory ?? "").digest("hex"),
    });
    remaining -= usedLength;
    at += 1 + length + 8;
  }
  return {
    rules: vector.rules,
    error: {
      kind: "unsupported",
      rule: "capability-mapped-ram",
      offset: configurationEnd,
    },
    sequential: { machine, pageSize: PAGE, blocks },
  };
}

/** Runs of nonzero pages. */
function runsOf(memory: Uint8Array): [number, number][] {
  const runs: [number, number][] = [];
  for (let page = 0; page * PAGE < memory.length; page++) {
    const bytes = memory.subarray(page * PAGE, (page + 1) * PAGE);
    if (bytes.every((value) => value === 0)) continue;
    const last = runs.at(-1);
    if (last?.[1] === page) last[1] = page + 1;
    else runs.push([page, page + 1]);
  }
  return runs;
}
