import type { ScratchFolder } from "../../testing/scratch_folder.ts";
import { writeProgram } from "../../testing/write_program.ts";

/** Makes a program that runs a shell script; returns its path. */
export function fakeProgram(folder: ScratchFolder, script: string): string {
  return writeProgram(
    folder.file(`program-${folder.names().length}`),
    script,
  );
}
