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
  { save, directory, request, timeoutMs }: {
    readonly save: WriterCase;
    /** Holds the request, and nothing else that is not an image. */
    readonly directory: string;
    readonly request: string;
    /** Milliseconds for a complete save. */
    readonly timeoutMs: number;
  },
): Promise<Verdict> {
  const before = new Set(readdirSync(directory));
  const run = (file: string, moment?: KillMoment) =>
    runUntil([...program, request, join(directory, file)], {
      ...{ directory, before, moment, timeoutMs },
    });
  // It may take most of its time to start, or to write.
  const { total, writing } = await run("complete");
  rmSync(join(directory, "complete"), { recursive: true, force: true });
  const found = { nothing: 0, refused: 0, complete: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    const part = (kill + Math.random()) / KILLS;
    await run(
      `killed-${kill}`,
      kill % 2 === 0
        ? { after: "start", milliseconds: 1 + total * part }
        : { after: "first write", milliseconds: writing * part },
    );
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

/** When a program is killed. */
interface KillMoment {
  readonly after: "start" | "first write";
  readonly milliseconds: number;
}

/** Milliseconds between two looks at a folder. */
const LOOK_INTERVAL = 1;

/**
 * Runs a program, up to a moment if there is one. Returns the milliseconds that
 * it ran, and those after a new name had appeared in the folder.
 */
async function runUntil(
  program: readonly string[],
  { directory, before, moment, timeoutMs }: {
    readonly directory: string;
    readonly before: ReadonlySet<string>;
    readonly moment: KillMoment | undefined;
    readonly timeoutMs: number;
  },
): Promise<{ readonly total: number; readonly writing: number }> {
  const killing = new AbortController();
  const start = performance.now();
  let written: number | undefined;
  const look = setInterval(() => {
    const now = performance.now();
    if (readdirSync(directory).some((it) => !before.has(it))) written ??= now;
    const from = moment?.after === "start" ? start : written;
    if (moment === undefined || from === undefined) return;
    if (now - from >= moment.milliseconds) killing.abort();
  }, LOOK_INTERVAL);
  try {
    await runProgram(program, { timeoutMs, signal: killing.signal });
  } finally {
    clearInterval(look);
  }
  const end = performance.now();
  return { total: end - start, writing: end - (written ?? end) };
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
