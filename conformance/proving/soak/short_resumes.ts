import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { startLiar, truth } from "../http/liar_server.ts";
import { countingGuest, saveRunning } from "../qemu/counting_guest.ts";
import { ResumeCommand } from "../qemu/resume_command.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { failingAnswers } from "./failing_answers.ts";

const PC = ["-M", "pc,acpi=off", "-m", "4M"];
/** Exit code of a shell for a killed program. */
const KILLED = 128 + 9;

/** Options of {@linkcode runShortResumes}. */
export interface ShortResumes {
  readonly end: number;
  readonly random: (limit: number) => number;
  /** Called for each guest that did not continue from its saved state. */
  readonly onFinding: (text: string) => void;
}

/**
 * Resumes guests from an unreliable store, and kills them; returns their
 * number.
 */
export async function runShortResumes(
  scratch: ScratchDirectory,
  { end, random, onFinding }: ShortResumes,
): Promise<number> {
  await saveRunning(PC, scratch);
  await using server = await startLiar(readFileSync(scratch.file("saved")));
  const failing = failingAnswers(random);
  let count = 0;
  for (; performance.now() < end; count++) {
    // A failure to open the file would be an error; a resumed guest only waits.
    server.lie = truth;
    await using command = new ResumeCommand(scratch.path, [
      ...[server.url, "--no-push", "--", ...countingGuest(PC)],
      ...["-serial", "file:after", "-pidfile", scratch.file("pid")],
    ]);
    await command.said(/running/);
    server.lie = failing;
    await sleep(random(1000));
    process.kill(Number(readFileSync(scratch.file("pid"), "utf8")), "SIGKILL");
    const { code, stderr } = await command.exited;
    if (code !== KILLED) onFinding(`resume exited with ${code}: ${stderr}`);
    const sent = readFileSync(scratch.file("after"));
    const wrong = sent.findIndex((value, index) =>
      index > 0 && value !== ((sent[index - 1] ?? 0) + 1 & 0xff)
    );
    if (wrong >= 0) onFinding(`a guest sent ${sent.subarray(0, wrong + 1)}`);
  }
  return count;
}
