import {
  type IncomingMigration,
  NoAnswerError,
  ProgramEndedError,
} from "../../qemu/mod.ts";
import { SocketError } from "../../sockets/mod.ts";
import { errorCode, SourceError } from "../../sources/mod.ts";
import { openWords } from "../input/snapshot_options.ts";
import { joinWords } from "../input/split_words.ts";
import { placeWords } from "../input/place_options.ts";
import { qemuReasons } from "../output/qemu_reasons.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { Destination } from "./resume_destination.ts";
import { programWords } from "../program/program_name.ts";

/** Number of lines of QEMU's output that are shown, the last ones. */
const LINES_MAX = 3;
/** Milliseconds for QEMU to report why it closed the connection. */
const REPORT_TIMEOUT = 1000;

/** Facts about the QEMU that failed. */
export interface FailureContext {
  readonly destination?: Pick<Destination, "stderr"> | undefined;
  readonly incoming?: IncomingMigration | undefined;
}

/**
 * Returns an error of one line with QEMU's reason why a guest did not start,
 * and what to do.
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
    `${text}: ${adviceFor({ error, text }, request)}`,
    { cause: error },
  );
}

/** Returns an error of one line: why QEMU is unavailable, and what to do. */
export function explainStart(
  error: unknown,
  request: ResumeArguments,
): unknown {
  if (!(error instanceof SourceError)) return error;
  const said = error instanceof ProgramEndedError ? wordsOf(error.stderr) : "";
  const text = error instanceof ProgramEndedError
    ? `Cannot start QEMU: ${said || error.message}`
    : error.message;
  const advice = startAdvice({ error, text }, request);
  return new SourceError(
    error.source,
    advice === undefined ? text : `${text}: ${advice}`,
    { cause: error },
  );
}

/** Returns an error about a guest that had been running, and what to do. */
export function explainLoss(error: unknown): unknown {
  if (!(error instanceof SourceError)) return error;
  return new SourceError(
    error.source,
    `${error.message}: the guest cannot continue without its missing pages; ` +
      "resume it again",
    { cause: error },
  );
}

/** Returns why QEMU did not accept the guest, if it reports that soon. */
async function refusalOf(
  incoming: IncomingMigration | undefined,
): Promise<SourceError | undefined> {
  if (incoming === undefined) return undefined;
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), REPORT_TIMEOUT);
  const { completed, restored } = incoming;
  const refused = completed.then(() => undefined, async (error) => {
    await restored.catch(() => {});
    return error instanceof SourceError ? error : undefined;
  });
  try {
    return await Promise.race([refused, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns QEMU's last messages, in one line. */
function wordsOf(...texts: readonly string[]): string {
  return qemuReasons(texts).slice(-LINES_MAX).join("; ");
}

/** Why there is no guest. */
interface Failure {
  readonly error: SourceError;
  /** QEMU's own words, else the message of the error. */
  readonly text: string;
}

/** Whether no process waits at the address of a socket. */
function isNobodyThere(error: SourceError): boolean {
  return error instanceof SocketError &&
    ["ECONNREFUSED", "ENOENT"].includes(errorCode(error));
}

/** Returns what to do about a QEMU that does not take the guest. */
function adviceFor(
  { error, text }: Failure,
  request: ResumeArguments,
): string {
  if (isNobodyThere(error) && text === error.message) {
    return request.incoming === undefined
      ? "QEMU may have other files, as in a container: pass --to ADDRESS, an " +
        "address that both processes can reach"
      : `start QEMU with -incoming ${request.incoming} first`;
  }
  if (/userfault/i.test(text)) {
    return "let it use userfaultfd (as root, or by sysctl " +
      "vm.unprivileged_userfaultfd=1), or try --via map";
  }
  if (/-incoming|incoming migration/.test(text)) {
    return "restart it with -incoming defer";
  }
  if (request.qmp === undefined && request.incoming !== undefined) {
    return "see QEMU's output; it needs the capability postcopy-ram, and must " +
      `match the snapshot: see ${comparison(request)}`;
  }
  return `see ${comparison(request)}`;
}

/** Returns what to do about an unavailable QEMU. */
function startAdvice(
  { error, text }: Failure,
  request: ResumeArguments,
): string | undefined {
  const { qmp, qemu } = request;
  if (qemu !== undefined && errorCode(error) === "ENOENT") {
    return "install QEMU, or pass the path of its program after --";
  }
  if (qmp !== undefined && isNobodyThere(error)) {
    return `start QEMU with -incoming defer -qmp ${qmp},server=on,wait=off ` +
      "first";
  }
  if (qmp !== undefined && error instanceof NoAnswerError) {
    return "a monitor serves one client at a time: disconnect the other";
  }
  if (
    request.place.verity !== undefined && /backing store \/proc\//.test(text)
  ) {
    return "with --digest QEMU opens the file through this process, which it " +
      "must be able to access; if it runs in a container, use --via postcopy";
  }
  // The memory backend must have the size of the snapshot's RAM.
  if (qemu !== undefined && /memory/i.test(text) && /size/i.test(text)) {
    return `see ${comparison(request)}`;
  }
  return undefined;
}

/** Returns the command line that compares the snapshot with that QEMU. */
function comparison(
  { place, open, qemu, qmp }: ResumeArguments,
): string {
  const against = qmp ??
    (qemu === undefined
      ? "QEMU ARGS..."
      : joinWords([qemu.program, ...qemu.args]));
  return joinWords([
    ...[...programWords(), "info", ...placeWords(place)],
    ...[...openWords(open), "--against", against],
  ]);
}
