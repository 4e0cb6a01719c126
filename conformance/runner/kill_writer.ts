import { Buffer } from "node:buffer";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openFileSource, openSnapshot, RuleError } from "../../mod.ts";
import { fail, PASS, type Verdict } from "./judge_answer.ts";
import { runProgram } from "./run_program.ts";
import type { WriterCase } from "./writer_cases.ts";

/** Number of times that a writer is killed. */
export const KILLS = 24;

/**
 * Kills a writer at random moments of a save. What it leaves must be refused,
 * unless it is the complete file: SPEC.md 6.3 orders the writes so.
 */
export async function killWriter(
  program: readonly string[],
  { save, directory, request, milliseconds }: {
    readonly save: WriterCase;
    /** Holds the request, and nothing else that is not an image. */
    readonly directory: string;
    readonly request: string;
    /** How long a save takes. */
    readonly milliseconds: number;
  },
): Promise<Verdict> {
  const before = new Set(readdirSync(directory));
  const found = { nothing: 0, refused: 0, complete: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    const file = join(directory, `killed-${kill}`);
    await runProgram([...program, request, file], {
      timeoutMs: 1 + milliseconds * (kill + Math.random()) / KILLS,
    });
    const left = readdirSync(directory).filter((name) => !before.has(name));
    if (left.length === 0) found.nothing++;
    for (const name of left) {
      const path = join(directory, name);
      const state = await stateOf(path, save);
      if (state === "other memory") {
        return fail(
          `killed after a part of a save, it left ${name}, which opens and ` +
            "has other memory",
        );
      }
      found[state]++;
      rmSync(path, { recursive: true });
    }
  }
  const { nothing, refused, complete } = found;
  const remark =
    `killed ${KILLS} times: ${nothing} times no file, ${refused} ` +
    `refused, ${complete} complete`;
  return { ...PASS, remarks: [remark] };
}

async function stateOf(
  path: string,
  { blocks }: WriterCase,
): Promise<"refused" | "complete" | "other memory"> {
  using source = openFileSource(path);
  try {
    const snapshot = await openSnapshot(source);
    for (const { idstr, memory } of blocks) {
      const found = await snapshot.block(idstr)
        .readRange({ offset: 0, length: memory.length });
      if (Buffer.compare(found, memory) !== 0) return "other memory";
    }
    return "complete";
  } catch (error) {
    if (error instanceof RuleError) return "refused";
    throw error;
  }
}
