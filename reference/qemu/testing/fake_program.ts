import { chmodSync, writeFileSync } from "node:fs";
import type { ScratchFolder } from "../../testing/scratch_folder.ts";

/** Makes a program that runs a shell script; returns its path. */
export function fakeProgram(folder: ScratchFolder, script: string): string {
  const path = folder.file(`program-${folder.names().length}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o700);
  return path;
}
