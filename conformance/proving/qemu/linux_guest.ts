import { randomUUID } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import type { Linux } from "./find_linux.ts";
import { LINES, RANDOM_FILE, USED_MIB_ARGUMENT } from "./linux_init.ts";
import { QemuProcess } from "./qemu_process.ts";
import { SerialConsole, type WaitOptions } from "./serial_console.ts";

/** The machine Linux runs on and how much of its memory it fills. */
export interface LinuxMachine {
  readonly machine: "pc" | "q35";
  /** The size of its RAM in QEMU's notation: "256M", "5G". */
  readonly memory: string;
  /** The minimum it fills. Default: 10. */
  readonly usedMiB?: number;
}

/** Options of LinuxGuest.start(). */
export interface LinuxGuestOptions {
  /** QEMU's arguments: those of linuxArguments() and any others. */
  readonly args: readonly string[];
  /** QEMU's working directory, also for its sockets; an absolute path. */
  readonly directory: string;
}

/** The limit of one line of Linux's terminal, minus an id. */
const COMMAND_LIMIT = 4000;
/** Filling half of several GiB takes a while. */
const BOOT_TIMEOUT_MS = 300_000;
/** A command that the guest has not started after this time is sent again. */
const RESEND_MS = 1000;
let consoleCount = 0;

/**
 * QEMU's arguments for a machine with Linux, except for its serial port.
 *
 * A saved guest is resumed with the same arguments and `-incoming defer`.
 */
export function linuxArguments(
  linux: Linux,
  { machine, memory, usedMiB = 10 }: LinuxMachine,
): readonly string[] {
  const append = "console=ttyS0 quiet panic=-1 cryptomgr.notests " +
    `${USED_MIB_ARGUMENT}=${usedMiB}`;
  return [
    ...["-M", machine, "-accel", "tcg", "-cpu", "qemu64", "-smp", "1"],
    ...["-m", memory, "-nodefaults", "-display", "none", "-no-reboot"],
    ...["-kernel", linux.vmlinuz, "-initrd", linux.initrd, "-append", append],
  ];
}

/**
 * A Linux that fills memory, ticks, and runs commands; see LINUX_INIT.
 *
 * A caller uses it in the same way whether it boots or is resumed.
 */
export class LinuxGuest implements AsyncDisposable {
  readonly console: SerialConsole;
  readonly #qemu: QemuProcess | undefined;
  /** Settles when it has booted; undefined for a resumed guest. */
  readonly #booted: Promise<unknown> | undefined;
  #previous: Promise<unknown> = Promise.resolve();

  private constructor(
    console: SerialConsole,
    qemu?: QemuProcess,
    booted?: Promise<unknown>,
  ) {
    this.console = console;
    this.#qemu = qemu;
    this.#booted = booted;
  }

  /**
   * Starts a bare QEMU with a console.
   *
   * With `-incoming` among the arguments it does not boot: the caller loads its
   * state, through `qemu` or by other means.
   */
  static async start(
    { args, directory }: LinuxGuestOptions,
  ): Promise<LinuxGuest> {
    const socket = `console-${process.pid}-${consoleCount++}`;
    const console = await SerialConsole.listen(join(directory, socket));
    const booted = args.includes("-incoming")
      ? undefined
      : console.waitForLine(LINES.ready, { timeoutMs: BOOT_TIMEOUT_MS });
    // The promise may remain unused: avoid an unhandled rejection.
    booted?.catch(() => {});
    try {
      const qemu = await QemuProcess.start({
        target: "x86_64",
        args: [...args, ...console.args],
        directory,
        bare: true,
      });
      return new LinuxGuest(console, qemu, booted);
    } catch (error) {
      console[Symbol.dispose]();
      throw error;
    }
  }

  /** The resumed guest of a QEMU that the caller starts and ends. */
  static at(console: SerialConsole): LinuxGuest {
    return new LinuxGuest(console);
  }

  /** The QEMU that start() started. */
  get qemu(): QemuProcess {
    if (this.#qemu !== undefined) return this.#qemu;
    throw new Error("Cannot use QEMU: it was not started by start()");
  }

  /** Waits until the guest has booted, or runs after being resumed. */
  async waitReady(options: WaitOptions = {}): Promise<void> {
    if (this.#booted !== undefined) await this.#booted;
    else if (this.#qemu !== undefined) {
      await this.#qemu.waitRunning(options);
    } else if (this.console.ticks === 0) {
      await this.console.waitForLine(LINES.tick, options);
    }
  }

  /**
   * Runs a command in the guest's shell and returns its output.
   *
   * Trailing line breaks are removed. Rejects if the command fails. The guest
   * must be ready. Commands run one after another.
   */
  async run(command: string, options: WaitOptions = {}): Promise<string> {
    if (/[\r\n]/.test(command) || command.length > COMMAND_LIMIT) {
      throw new RangeError(
        `Cannot run a command of ${command.length} characters in the guest: ` +
          `expected one line of at most ${COMMAND_LIMIT}`,
      );
    }
    const answer = this.#previous.then(() => this.#run(command, options));
    this.#previous = answer.catch(() => {});
    return await answer;
  }

  /** The md5 sum of the file that fills its memory, computed by this call. */
  async md5(): Promise<string> {
    const text = await this.run(`md5sum ${RANDOM_FILE}`);
    return text.split(" ")[0] ?? "";
  }

  /** The uptime in seconds, as the guest's kernel reports it. */
  async uptime(): Promise<number> {
    return Number.parseFloat(await this.run("cat /proc/uptime"));
  }

  /** Kills the QEMU that start() started, and closes the console. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.console[Symbol.dispose]();
    await this.#qemu?.[Symbol.asyncDispose]();
  }

  async #run(command: string, options: WaitOptions): Promise<string> {
    const id = randomUUID().slice(0, 8);
    const begin = `${LINES.begin}${id}`;
    const end = `${LINES.end}${id} `;
    const what = `run ${JSON.stringify(command)} in the guest`;
    let printed: string[] | undefined;
    const answer = this.console.collect(what, (line) => {
      if (line === begin) printed = [];
      else if (printed !== undefined && !line.startsWith(end)) {
        printed.push(line);
      } else if (printed !== undefined) {
        const text = printed.join("\n").replace(/\n+$/, "");
        const status = line.slice(end.length);
        if (status === "0") return text;
        const found = `status ${status} and ${JSON.stringify(text)}`;
        throw new Error(`Cannot ${what}: ${found}, expected status 0`);
      }
    }, options);
    this.console.send(`${id} ${command}`);
    // A guest that waits for pages may lose a partially read line.
    const again = setInterval(() => {
      if (printed === undefined) this.console.send(`\n${id} ${command}`);
    }, RESEND_MS);
    try {
      return await answer;
    } finally {
      clearInterval(again);
    }
  }
}
