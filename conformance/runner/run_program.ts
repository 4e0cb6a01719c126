import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";

/** The result of a program. */
export interface ProgramEnd {
  readonly stdout: string;
  /** The end of its output on stderr. */
  readonly stderr: string;
  /** How it ended, unless with exit code 0: "exit code 1", "SIGSEGV". */
  readonly failure?: string;
  /** Whether it exited by itself, with any code. */
  readonly exited: boolean;
}

/** The program could not be started. */
export class CannotStartError extends Error {
  override readonly name = "CannotStartError";

  constructor(program: string, cause: Error) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === "ENOENT"
      ? "there is no such program"
      : code === "EACCES"
      ? "permission denied"
      : cause.message;
    super(`Cannot start ${JSON.stringify(program)}: ${reason}`, { cause });
  }
}

/** Working directory and time limit. */
export interface ProgramLimits {
  readonly timeoutMs: number;
  readonly directory?: string;
  /** Kills the program when it is aborted. */
  readonly signal?: AbortSignal;
}

const STDOUT_MAX = 2 ** 26;
const STDERR_KEPT = 2000;

/**
 * Runs a program and returns its output. The promise rejects only with a
 * `CannotStartError`.
 */
export function runProgram(
  [program = "", ...args]: readonly string[],
  { timeoutMs, directory, signal }: ProgramLimits,
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const out = new StringDecoder("utf8");
    let stdout = "", stderr = "";
    let stopped: string | undefined;
    function stop(reason: string): void {
      stopped ??= reason;
      child.kill("SIGKILL");
      // A grandchild may hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    }
    const abort = () => stop("killed");
    signal?.addEventListener("abort", abort);
    const timer = setTimeout(
      () => stop(`still running after ${timeoutMs} ms`),
      timeoutMs,
    );
    child.stdout.on("data", (part) => {
      stdout += out.write(part);
      if (stdout.length > STDOUT_MAX) stop("endless output");
    });
    child.stderr.on("data", (part) => {
      stderr = (stderr + String(part)).slice(-STDERR_KEPT);
    });
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    child.once("error", (error) => {
      settle();
      reject(new CannotStartError(program, error));
    });
    child.once("close", (code, killedBy) => {
      settle();
      const bad = stopped ?? killedBy ??
        (code === 0 ? undefined : `exit code ${code}`);
      const exited = stopped === undefined && killedBy === null;
      const end = { stdout, stderr: stderr.trim(), exited };
      resolve(bad === undefined ? end : { ...end, failure: bad });
    });
  });
}
