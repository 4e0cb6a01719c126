import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import {
  listenSocket,
  QmpClient,
  type QmpObject,
} from "../../../reference/doors/qemu.ts";
import type { QemuTarget } from "./find_qemu.ts";
import { LineServer } from "./line_socket.ts";
import { QtestClient } from "./qtest.ts";
import { recordedChannel } from "./recorded_channel.ts";
import { runMigration } from "./run_migration.ts";
import { RunningChild } from "./running_child.ts";

/** Options of QemuProcess.start(). */
export interface QemuOptions {
  readonly target: QemuTarget;
  /** Arguments after those common to every QEMU of the suite. */
  readonly args: readonly string[];
  /**
   * QEMU's working directory: relative paths in arguments and commands are
   * resolved against it.
   */
  readonly directory: string;
  /** Adds only QMP to the arguments: the CPU runs, and there is no qtest. */
  readonly bare?: boolean;
}

/**
 * Migration parameters, named after QEMU's; absent ones keep QEMU's defaults.
 */
export interface MigrationOptions {
  readonly multifd?: boolean;
  readonly channels?: number;
  readonly zeroPageDetection?: "none" | "legacy" | "multifd";
  readonly directIO?: boolean;
  readonly maxBandwidth?: number;
  readonly offset?: number;
  readonly capabilities?: readonly string[];
  readonly timeoutMs?: number;
}

/** The arguments that limit QEMU to the bare machine, with its CPU stopped. */
const COMMON_ARGUMENTS = [
  ...["-accel", "tcg", "-nodefaults", "-display", "none", "-S"],
];
const UNLIMITED_BANDWIDTH = 2 ** 40;
const RUN_TIMEOUT_MS = 60_000;
const POLL_MS = 1;
let socketCount = 0;

/** A running QEMU; disposing of it kills it. */
export class QemuProcess implements AsyncDisposable {
  readonly qmp: QmpClient;
  readonly #qtest: QtestClient | undefined;
  readonly #transcript: string[];
  readonly #child: RunningChild;

  private constructor(
    child: RunningChild,
    qmp: QmpClient,
    qtest: QtestClient | undefined,
    transcript: string[],
  ) {
    this.#child = child;
    this.qmp = qmp;
    this.#qtest = qtest;
    this.#transcript = transcript;
  }

  /** Starts QEMU and waits until it answers; an error includes its stderr. */
  static async start(options: QemuOptions): Promise<QemuProcess> {
    const { bare = false } = options;
    const args = bare ? options.args : [...COMMON_ARGUMENTS, ...options.args];
    const transcript = [`$ qemu-system-${options.target} ${args.join(" ")}`];
    const name = `${process.pid}-${socketCount++}`;
    using monitor = await listenSocket(
      `unix:${join(options.directory, `qmp-${name}`)}`,
    );
    const qtestPath = join(options.directory, `qtest-${name}`);
    const qtestServer = bare ? undefined : await LineServer.listen(qtestPath);
    const child = new RunningChild(options.target, options.directory, [
      ...[...args, "-qmp", monitor.name],
      ...bare ? [] : ["-qtest", `unix:${qtestPath}`, "-qtest-log", "none"],
    ]);
    try {
      const [channel, qtest] = await child.unlessGone(
        Promise.all([monitor.accept(), qtestServer?.accept()]),
      );
      const recorded = recordedChannel(
        channel,
        (line) => transcript.push(`qmp> ${line}`),
      );
      return new QemuProcess(
        child,
        await QmpClient.open(recorded),
        qtest &&
          new QtestClient(qtest, (line) => transcript.push(`qtest> ${line}`)),
        transcript,
      );
    } catch (error) {
      await child.kill();
      const text = error instanceof Error ? error.message : String(error);
      const detail = child.stderr.trim();
      if (text.includes(detail)) throw error;
      throw new Error(`Cannot start QEMU: ${detail}`, { cause: error });
    } finally {
      qtestServer?.close();
      rmSync(qtestPath, { force: true });
    }
  }

  /** Reads and writes guest memory; not available in a bare QEMU. */
  get qtest(): QtestClient {
    if (this.#qtest !== undefined) return this.#qtest;
    throw new Error("Cannot use qtest: QEMU was started bare");
  }

  /** The arguments and all commands so far, without the sockets. */
  get transcript(): readonly string[] {
    return this.#transcript;
  }

  /** Adds a comment to the transcript. */
  note(text: string): void {
    this.#transcript.push(`# ${text}`);
  }

  /**
   * Kills QEMU; returns its complete stderr, which may arrive after QMP's
   * answer.
   */
  async lastWords(): Promise<string> {
    await this.#child.kill();
    return this.#child.stderr.trim();
  }

  /**
   * Saves with mapped-ram to a file and waits for completion; kills QEMU on
   * failure.
   */
  async save(path: string, options: MigrationOptions = {}): Promise<void> {
    await this.prepareMigration(options);
    await this.#migrate("migrate", path, options);
  }

  /**
   * Loads a file into a QEMU started with `-incoming defer`; kills QEMU on
   * failure.
   */
  async incoming(path: string, options: MigrationOptions = {}): Promise<void> {
    await this.prepareMigration(options);
    await this.#migrate("migrate-incoming", path, options);
  }

  /** Waits until the guest runs. */
  async waitRunning(
    { timeoutMs = RUN_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const info = await this.qmp.execute("query-status");
      const { running, status } = info as Record<string, unknown>;
      if (running === true) return;
      if (performance.now() > end) {
        throw new Error(
          `Cannot wait for the guest to run: ${status} after ${timeoutMs} ms`,
        );
      }
      await sleep(POLL_MS);
    }
  }

  /** Sets the capabilities and parameters that a migration needs. */
  async prepareMigration(options: MigrationOptions): Promise<void> {
    const names = ["mapped-ram", "events", ...options.capabilities ?? []];
    if (options.multifd) names.push("multifd");
    const capabilities = names.map((capability) => ({
      capability,
      state: true,
    }));
    await this.qmp.execute("migrate-set-capabilities", { capabilities });
    await this.qmp.execute("migrate-set-parameters", {
      ...bandwidthParameters(options.maxBandwidth),
      ...options.channels === undefined
        ? {}
        : { "multifd-channels": options.channels },
      ...options.zeroPageDetection === undefined
        ? {}
        : { "zero-page-detection": options.zeroPageDetection },
      ...options.directIO === undefined
        ? {}
        : { "direct-io": options.directIO },
    });
  }

  /** Writes guest-physical memory to a file, as QEMU sees it. */
  async pmemsave(address: number, length: number, path: string): Promise<void> {
    const args = { val: address, size: length, filename: path };
    await this.qmp.execute("pmemsave", args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.qmp.close();
    this.#qtest?.close();
    await this.#child.kill();
  }

  async #migrate(
    command: "migrate" | "migrate-incoming",
    path: string,
    options: MigrationOptions,
  ): Promise<void> {
    const { timeoutMs } = options;
    try {
      const uri = fileUri(path, options);
      await runMigration(this.qmp, command, { uri, timeoutMs });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const detail = await this.lastWords();
      throw new Error(detail === "" ? text : `${text}; stderr: ${detail}`);
    }
  }
}

/**
 * Without a limit, the speed is set as well: a QEMU that measures it while it
 * only has dirty bitmaps to send finds it so low that the save never ends.
 */
function bandwidthParameters(limit: number | undefined): QmpObject {
  if (limit !== undefined) return { "max-bandwidth": limit };
  return {
    "max-bandwidth": UNLIMITED_BANDWIDTH,
    "avail-switchover-bandwidth": UNLIMITED_BANDWIDTH,
  };
}

function fileUri(path: string, options: MigrationOptions): string {
  const offset = options.offset;
  return offset === undefined
    ? `file:${path}`
    : `file:${path},offset=0x${offset.toString(16)}`;
}
