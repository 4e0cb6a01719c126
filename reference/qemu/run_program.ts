import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import { ChildProcess } from "./child_process.ts";
import { lastLines } from "./quote_words.ts";

/** Maximum bytes accepted of a program's output. */
const OUTPUT_MAX = 0x4000000;
const TIMEOUT = 60_000;

/**
 * Runs a program to its end and returns its stdout. A nonzero exit code, too
 * much output and a timeout are a `SourceError`.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: WaitOptions = {},
): Promise<string> {
  const { signal, timeout = TIMEOUT } = options;
  signal?.throwIfAborted();
  const child = new ChildProcess(program, args, { stdio: "pipe" });
  const decoder = new TextDecoder();
  let length = 0;
  let output = "";
  child.onStdout((bytes) => {
    length += bytes.length;
    if (length > OUTPUT_MAX) child.kill("SIGKILL");
    else output += decoder.decode(bytes, { stream: true });
  });
  try {
    const exit = await waitFor(child.exited, {
      signal,
      timeout,
      timeoutError: (timeout) => failed(`it did not end within ${timeout} ms`),
    });
    if (length > OUTPUT_MAX) {
      throw failed(`it printed over ${OUTPUT_MAX} bytes`);
    }
    if (exit.code !== 0) {
      const how = exit.signal ?? `exit code ${exit.code}`;
      throw failed(`${how}: ${lastLines(child.stderr)}`);
    }
    return output + decoder.decode();
  } finally {
    child.kill("SIGKILL");
  }

  function failed(reason: string): SourceError {
    const line = [program, ...args].join(" ");
    return new SourceError(program, `Cannot run ${line}: ${reason}`);
  }
}
