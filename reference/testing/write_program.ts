import { execFileSync } from "node:child_process";

/**
 * Writes a program that runs a shell script; returns its path. Another process
 * writes it: a child that another test starts meanwhile would inherit the
 * descriptor of this one, and the kernel runs no file that is open for writing.
 */
export function writeProgram(path: string, script: string): string {
  const write = 'umask 077; cat >"$0" && chmod 700 "$0"';
  execFileSync("sh", ["-c", write, path], { input: `#!/bin/sh\n${script}\n` });
  return path;
}
