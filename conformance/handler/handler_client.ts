import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("./client.c", import.meta.url));

/**
 * A line of a script, or a function to call when the client has completed all
 * lines before it; the client continues after that.
 */
export type ScriptStep = string | (() => unknown);

/** A line that the client printed. */
export interface ClientReport {
  readonly command?: string;
  readonly error?: string;
  readonly stalled?: boolean;
  readonly pid?: number;
  readonly pages?: number;
  readonly wrong?: number;
  readonly total_us?: number;
  readonly p50_us?: number;
  readonly p99_us?: number;
  readonly max_us?: number;
}

/** The result of a client. */
export interface ClientResult {
  /**
   * 0 success, 1 wrong pages, 2 an invalid script, 3 stalled; null if killed.
   */
  readonly code: number | null;
  readonly signal: string | null;
  readonly reports: readonly ClientReport[];
}

/** Returns the name of a C compiler; undefined if there is none. */
export function findCompiler(): string | undefined {
  for (const name of ["cc", "gcc", "clang"]) {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return name;
    } catch {
      // Try the next name.
    }
  }
  return undefined;
}

/** The client that emulates Firecracker. */
export class HandlerClient {
  readonly #program: string;

  /** Compiles the client to `program`. */
  constructor(compiler: string, program: string) {
    this.#program = program;
    const flags = ["-O2", "-pthread", "-o", program, SOURCE];
    execFileSync(compiler, flags, { stdio: "pipe" });
  }

  /** Runs a script with the handler at a socket. */
  async run(
    socket: string,
    script: readonly ScriptStep[],
  ): Promise<ClientResult> {
    const child = spawn(this.#program, [socket], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let output = "";
    let onOutput = () => {};
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text) => {
      output += String(text);
      onOutput();
    });
    child.stdin.on("error", () => {});
    const closed = once(child, "close");
    const doAll = async () => {
      for (const [number, step] of script.entries()) {
        if (typeof step === "string") child.stdin.write(`${step}\n`);
        else {
          child.stdin.write(`say ${number}\n`);
          while (!output.includes(`"text":"${number}"`)) {
            await new Promise<void>((resolve) => onOutput = resolve);
          }
          await step();
        }
      }
      child.stdin.end();
    };
    try {
      await Promise.race([doAll(), closed]);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    const [code, signal] = await closed;
    const reports = output.split("\n").filter((line) => line.startsWith("{"))
      .map((line): ClientReport => JSON.parse(line))
      .filter(({ command }) => command !== "say");
    return { code, signal, reports };
  }
}
