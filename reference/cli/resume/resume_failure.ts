import type { IncomingMigration } from "../../qemu/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import { joinWords } from "../input/split_words.ts";
import { qemuReasons } from "../output/qemu_reasons.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { Destination } from "./resume_destination.ts";

/** Lines of what QEMU prints that are shown: the last of them. */
const LINES_MAX = 3;
/** Milliseconds that QEMU may take to say why it has hung up. */
const LAST_WORDS = 1000;

/** What is known of the QEMU that failed. */
export interface FailureContext {
  readonly destination?: Pick<Destination, "stderr"> | undefined;
  readonly incoming?: IncomingMigration | undefined;
}

/**
 * An error of one line that says why a guest did not come to life, in QEMU's
 * words, and what to do.
 */
export async function explainFailure(
  error: unknown,
  request: ResumeArguments,
  { destination, incoming }: FailureContext,
): Promise<unknown> {
  if (!(error instanceof SourceError) || error.changed) return error;
  const refusal = await refusalOf(incoming);
  const said = wordsOf(destination?.stderr ?? "", refusal?.message ?? "");
  const text = said === ""
    ? error.message
    : `Cannot resume the guest: QEMU says: ${said}`;
  return new SourceError(
    error.source,
    `${text}: ${adviceFor(text, request)}`,
    { cause: error },
  );
}

/** An error of one line that says why a QEMU is not there, and what to do. */
export function explainStart(
  error: unknown,
  request: ResumeArguments,
): unknown {
  if (!(error instanceof SourceError)) return error;
  const ended = /^"[^\n]*" has ended \([^()\n]*\)(: )?/;
  const said = wordsOf(error.message.replace(ended, ""));
  const text = ended.test(error.message)
    ? `Cannot start QEMU: ${said || error.message}`
    : said;
  const advice = startAdvice(text, request);
  return new SourceError(
    error.source,
    advice === undefined ? text : `${text}: ${advice}`,
    { cause: error },
  );
}

/** An error about a guest that had come to life, and what to do. */
export function explainLoss(error: unknown): unknown {
  if (!(error instanceof SourceError)) return error;
  return new SourceError(
    error.source,
    `${error.message}: the guest cannot go on without the pages that it does ` +
      "not have, resume it once more",
    { cause: error },
  );
}

/** Why QEMU did not take the guest in, if it says so soon. */
async function refusalOf(
  incoming: IncomingMigration | undefined,
): Promise<SourceError | undefined> {
  if (incoming === undefined) return undefined;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), LAST_WORDS);
  const refused = incoming.completed.then(() => undefined, (error) => {
    return error instanceof SourceError ? error : undefined;
  });
  try {
    return await Promise.race([refused, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** QEMU's last words, in one line. */
function wordsOf(...texts: readonly string[]): string {
  return qemuReasons(texts).slice(-LINES_MAX).join("; ");
}

/** What to do about what QEMU says. */
function adviceFor(said: string, request: ResumeArguments): string {
  if (/no process listens|no such socket/.test(said)) {
    return request.to === undefined
      ? "QEMU may be where it has other files, as in a container: give --to " +
        "ADDRESS, which both of us can reach"
      : `start QEMU with -incoming ${request.to} first`;
  }
  if (/userfault/i.test(said)) {
    return "let it use userfaultfd (as root, or by sysctl " +
      "vm.unprivileged_userfaultfd=1), or try --via map";
  }
  if (/-incoming|incoming migration/.test(said)) {
    return "start it anew with -incoming defer";
  }
  if (request.qmp === undefined && request.to !== undefined) {
    return "see what QEMU has printed; it needs the capability postcopy-ram, " +
      `and to be as ${comparison(request)} wants it`;
  }
  return `see ${comparison(request)}`;
}

/** What to do about a QEMU that is not there. */
function startAdvice(
  said: string,
  request: ResumeArguments,
): string | undefined {
  const { qmp, qemu } = request;
  if (/no such program/.test(said)) {
    return "install QEMU, or put the path of its program behind --";
  }
  if (/no process listens|no such socket/.test(said)) {
    return `start QEMU with -incoming defer -qmp ${qmp},server=on,wait=off ` +
      "first";
  }
  if (qmp !== undefined && /no answer/.test(said)) {
    return "a monitor serves one client at a time, leave the other";
  }
  // The size of a memory backend is that of the snapshot.
  if (qemu !== undefined && /memory/i.test(said) && /size/i.test(said)) {
    return `see ${comparison(request)}`;
  }
  return undefined;
}

/** The command line that compares the snapshot with that QEMU. */
function comparison({ file, qemu, qmp }: ResumeArguments): string {
  const against = qemu === undefined
    ? qmp ?? "QEMU ARGS..."
    : joinWords([qemu.program, ...qemu.args]);
  return joinWords(["deno", "task", "info", file, "--against", against]);
}
