import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import type { QmpClient } from "./qmp_client.ts";
import {
  isObject,
  type QmpEvent,
  type QmpObject,
  textOf,
} from "./qmp_message.ts";
import { quoteWords } from "./quote_words.ts";

/** Where QEMU takes a guest's state from, in the words of QMP. */
export type MigrationAddress =
  | {
    readonly transport: "file";
    readonly filename: string;
    readonly offset: number;
  }
  | {
    readonly transport: "socket";
    readonly type: "unix";
    readonly path: string;
  }
  | {
    readonly transport: "socket";
    readonly type: "inet";
    readonly host: string;
    readonly port: string;
  };

/** How a guest is taken in. */
export interface IncomingOptions extends WaitOptions {
  /** Capabilities to turn on: `mapped-ram` for a file, `postcopy-ram` … */
  readonly capabilities?: readonly string[] | undefined;
  /** Migration parameters to set. */
  readonly parameters?: QmpObject | undefined;
  /** Whether a guest that was saved paused is to run. Default: false. */
  readonly start?: boolean | undefined;
}

/** A guest that QEMU has taken in. */
export interface IncomingGuest {
  /** QEMU's word for its state: `running`, `paused` … */
  readonly status: string;
  /** Milliseconds from the command to take it in until then. */
  readonly milliseconds: number;
}

/** A guest on its way in. */
export interface IncomingMigration {
  /** The guest, once it runs or is there and stays paused. */
  readonly guest: Promise<IncomingGuest>;
  /** Settles when nothing is to come any more: for postcopy, much later. */
  readonly completed: Promise<void>;
}

const TIMEOUT = 60_000;

/**
 * Has a QEMU that was started with `-incoming defer` take in a guest, and
 * resolves when QEMU listens at that address or reads that file. An address in
 * one word is a migration URI of QEMU's.
 *
 * The time (60 s, unless said otherwise) and the signal are for the guest to
 * run; giving up does not stop QEMU.
 *
 * @throws {SourceError} if QEMU refuses, with its own text
 *
 * @example
 * ```ts
 * import { startIncoming, startQemu } from "../doors/qemu.ts";
 *
 * async function load(args: readonly string[], filename: string) {
 *   await using qemu = await startQemu(args);
 *   const { guest } = await startIncoming(
 *     qemu.qmp,
 *     { transport: "file", filename, offset: 0 },
 *     { capabilities: ["mapped-ram"] },
 *   );
 *   console.log((await qemu.whileRunning(guest)).milliseconds);
 *   await qemu.exited;
 * }
 * ```
 */
export async function startIncoming(
  qmp: QmpClient,
  address: string | MigrationAddress,
  options: IncomingOptions = {},
): Promise<IncomingMigration> {
  const { capabilities = [], parameters, start = false } = options;
  const { signal, timeout = TIMEOUT } = options;
  await qmp.execute("migrate-set-capabilities", {
    capabilities: ["events", ...capabilities].map((capability) => ({
      capability,
      state: true,
    })),
  }, { signal });
  if (parameters !== undefined) {
    await qmp.execute("migrate-set-parameters", parameters, { signal });
  }
  // Before anything has come, this undoes QEMU's option -S and no more.
  if (start) await qmp.execute("cont", {}, { signal });
  const command = {
    ...(typeof address === "string"
      ? { uri: address }
      : { channels: [{ "channel-type": "main", addr: address }] }),
    // Else QEMU exits when it fails, and cannot be asked why.
    ...(keepsGoing(qmp.version) ? { "exit-on-error": false } : {}),
  };

  const refused = new AbortController();
  const over = {
    signal: AbortSignal.any([refused.signal, ...signal ? [signal] : []]),
  };
  const ended = qmp.waitForEvent(isEnd, over);
  const first = qmp.waitForEvent(
    (event) => isResume(event) || isEnd(event),
    over,
  );
  const completed = ended.then((event) => checkEnd(qmp, event));
  const begin = performance.now();
  async function arrive(): Promise<IncomingGuest> {
    const event = await first;
    const milliseconds = performance.now() - begin;
    if (isResume(event)) return { status: "running", milliseconds };
    await checkEnd(qmp, event);
    const status = await queryStatus(qmp);
    if (!start || status === "running") return { status, milliseconds };
    await qmp.execute("cont");
    return {
      status: await queryStatus(qmp),
      milliseconds: performance.now() - begin,
    };
  }
  const guest = waitFor(arrive(), {
    ...over,
    timeout,
    late: (timeout) =>
      new SourceError(
        qmp.name,
        `Cannot resume the guest: it does not run after ${timeout} ms`,
      ),
  });
  // They may reject before the caller has come to wait for them.
  completed.catch(() => {});
  guest.catch(() => {});
  try {
    await qmp.execute("migrate-incoming", command, { signal });
  } catch (error) {
    refused.abort(error);
    throw error;
  }
  return { guest, completed };
}

function isResume({ event }: QmpEvent): boolean {
  return event === "RESUME";
}

function isEnd({ event, data }: QmpEvent): boolean {
  const ends = ["completed", "failed", "cancelled"];
  return event === "MIGRATION" && ends.includes(textOf(data.status));
}

/** Whether that QEMU can be told not to exit on error: from 9.1 on. */
function keepsGoing(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 9 || major === 9 && minor >= 1;
}

async function queryStatus(qmp: QmpClient): Promise<string> {
  const answer = await qmp.execute("query-status");
  return isObject(answer) ? textOf(answer.status) : "unknown";
}

/** Throws what went wrong, in QEMU's words. */
async function checkEnd(qmp: QmpClient, { data }: QmpEvent): Promise<void> {
  if (data.status === "completed") return;
  const answer = await qmp.execute("query-migrate");
  const text = isObject(answer) ? textOf(answer["error-desc"]) : "";
  throw new SourceError(
    qmp.name,
    `Cannot resume the guest: ${
      quoteWords(text) || `the migration is ${textOf(data.status)}`
    }`,
  );
}
