import { SourceError } from "../sources/mod.ts";
import { waitFor, type WaitOptions } from "../work/mod.ts";
import { NoAnswerError } from "./qemu_errors.ts";
import type { QmpClient } from "./qmp_client.ts";
import { changeSettings } from "./migration_settings.ts";
import {
  isObject,
  type QmpEvent,
  type QmpObject,
  qmpRefusal,
  textOf,
} from "./qmp_message.ts";
import { quoteWords } from "./quote_words.ts";

/** Where QEMU loads a guest's state from, in QMP's notation. */
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

/** Options of loading a guest. */
export interface IncomingOptions extends WaitOptions {
  /** Capabilities to turn on: `mapped-ram` for a file, `postcopy-ram` … */
  readonly capabilities?: readonly string[] | undefined;
  /** Migration parameters to set. */
  readonly parameters?: QmpObject | undefined;
  /** Whether to run a guest that was saved paused. Default: false. */
  readonly start?: boolean | undefined;
}

/** A guest that QEMU has loaded. */
export interface IncomingGuest {
  /** QEMU's name of its state: `running`, `paused` … */
  readonly status: string;
  /** Milliseconds from the command to load it to that state. */
  readonly milliseconds: number;
}

/** A guest that is being loaded. */
export interface IncomingMigration {
  /** The guest, once it runs, or is loaded but stays paused. */
  readonly guest: Promise<IncomingGuest>;
  /** Settles when the migration is complete: with postcopy, much later. */
  readonly completed: Promise<void>;
  /**
   * Settles when the migration has ended and QEMU has the capabilities and
   * parameters that it had before, so that it can save in any way; rejects if it
   * refuses them, or cannot be asked.
   */
  readonly restored: Promise<void>;
}

const TIMEOUT = 60_000;

/**
 * Makes a QEMU that was started with `-incoming defer` load a guest, and
 * resolves when QEMU listens at that address or reads that file. An address
 * given as a string is a migration URI of QEMU. Capabilities and parameters are
 * changed for the load only.
 *
 * The timeout (default: 60 s) and the signal apply until the guest runs; an
 * abort does not stop QEMU.
 *
 * @throws {SourceError} if QEMU refuses, with QEMU's message
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
  const { capabilities = [], parameters = {}, start = false } = options;
  const { signal, timeout = TIMEOUT } = options;
  const restore = await changeSettings(qmp, {
    capabilities: ["events", ...capabilities],
    parameters,
  }, { signal });
  // Before any state is loaded, this only undoes QEMU's option -S.
  if (start) await qmp.execute("cont", {}, { signal });
  const command = {
    ...(typeof address === "string"
      ? { uri: address }
      : { channels: [{ "channel-type": "main", addr: address }] }),
    // Otherwise QEMU exits when it fails, and cannot be asked for the reason.
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
  const restored = ended.then(restore);
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
    timeoutError: (timeout) =>
      new NoAnswerError(
        qmp.name,
        `Cannot resume the guest: it does not run after ${timeout} ms`,
      ),
  });
  // They may reject before the caller awaits them.
  completed.catch(() => {});
  restored.catch(() => {});
  guest.catch(() => {});
  try {
    await qmp.execute("migrate-incoming", command, { signal });
  } catch (error) {
    refused.abort(error);
    if (qmpRefusal(error) !== undefined) await restore().catch(() => {});
    throw error;
  }
  return { guest, completed, restored };
}

function isResume({ event }: QmpEvent): boolean {
  return event === "RESUME";
}

function isEnd({ event, data }: QmpEvent): boolean {
  const ends = ["completed", "failed", "cancelled"];
  return event === "MIGRATION" && ends.includes(textOf(data.status));
}

/** Whether QEMU has the option not to exit on error (9.1 and later). */
function keepsGoing(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 9 || major === 9 && minor >= 1;
}

async function queryStatus(qmp: QmpClient): Promise<string> {
  const answer = await qmp.execute("query-status");
  return isObject(answer) ? textOf(answer.status) : "unknown";
}

/** Throws QEMU's own error. */
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
