/** The parsed command line. */
export interface SuiteArguments {
  /** The program and its first arguments. */
  readonly program: readonly string[];
  /** What the program does: it reads, saves, or writes sidecars. */
  readonly task: "read" | "save" | "seal";
  /** Whether an unexpected rule or position in a refusal is a failure. */
  readonly strict: boolean;
  /** Number of programs that run at the same time. */
  readonly jobs: number;
  readonly timeoutMs: number;
  /** Text that the names of the cases to run contain. */
  readonly only: string;
  /** Files to write reports to; `-` is stdout, which replaces the text. */
  readonly json?: string;
  readonly junit?: string;
}

/** Whether the suite, not its program, is asked for help. */
export function asksForHelp([first = ""]: readonly string[]): boolean {
  return first === "--help" || first === "-h";
}

/** The command line is not valid. */
export class SuiteUsageError extends Error {
  override readonly name = "SuiteUsageError";
}

const FLAGS = ["writer", "sealer", "strict"];
const VALUES = ["json", "junit", "jobs", "timeout", "only"];

/**
 * Parses `[OPTIONS] PROGRAM [ARGS]`; everything after PROGRAM is passed to it.
 */
export function parseSuiteArguments(
  args: readonly string[],
  { jobs }: { readonly jobs: number },
): SuiteArguments {
  const values = new Map<string, string>();
  let at = args[0] === "--" ? 1 : 0;
  for (; args[at]?.startsWith("--"); at++) {
    const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(args[at]) ?? [];
    if (name === "") {
      at++;
      break;
    }
    if (FLAGS.includes(name) && value === undefined) values.set(name, "");
    else if (!VALUES.includes(name)) {
      throw new SuiteUsageError(`Cannot use --${name}: no such option`);
    } else {
      const given = value ?? args[++at];
      if (given === undefined || given === "") {
        throw new SuiteUsageError(`Cannot use --${name}: no value`);
      }
      values.set(name, given);
    }
  }
  const program = args.slice(at);
  if (program.length === 0) {
    throw new SuiteUsageError("Cannot run the suite: no PROGRAM");
  }
  const json = values.get("json"), junit = values.get("junit");
  return {
    program,
    task: values.has("writer")
      ? "save"
      : values.has("sealer")
      ? "seal"
      : "read",
    strict: values.has("strict"),
    jobs: positive("jobs", values.get("jobs") ?? String(jobs)),
    timeoutMs: 1000 * positive("timeout", values.get("timeout") ?? "20"),
    only: values.get("only") ?? "",
    ...json === undefined ? {} : { json },
    ...junit === undefined ? {} : { junit },
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 10_000) return value;
  throw new SuiteUsageError(
    `Cannot use --${name}: ${text}, expected a whole number from 1 to 9999`,
  );
}
