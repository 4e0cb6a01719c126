import { randomUUID } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import type { Linux } from "./find_linux.ts";
import { LINES, RANDOM_FILE, USED_MIB_ARGUMENT } from "./linux_init.ts";
import { QemuProcess } from "./qemu_process.ts";
import { SerialConsole, type WaitOptions } from "./serial_console.ts";

/** What machine Linux runs on and how much of its memory it fills. */
export interface LinuxMachine {
  readonly machine: "pc" | "q35";
  /** The size of its RAM, as QEMU takes it: "256M", "5G". */
  readonly memory: string;
  /** How much it fills, at least; 10 by default. */
  readonly usedMiB?: number;
}

/** What to start, and where. */
export interface LinuxGuestOptions {
  /** QEMU's arguments: those of linuxArguments(), and more. */
  readonly args: readonly string[];
  /** Where QEMU runs and its sockets are; an absolute path. */
  readonly directory: string;
}

/** What Linux's terminal takes as one line, less an id. */
const COMMAND_LIMIT = 4000;
/** Half of some GiB takes its time to fill. */
const BOOT_TIMEOUT_MS = 300_000;
/** So long the guest has to begin with a command before it is sent again. */
const RESEND_MS = 1000;
let consoleCount = 0;

/**
 * QEMU's arguments for a machine with Linux, but for its serial port.
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
 * It is the same to the caller whether it boots or is resumed.
 */
export class LinuxGuest implements AsyncDisposable {
  readonly console: SerialConsole;
  readonly #qemu: QemuProcess | undefined;
  /** Settles when it has booted; a resumed guest does not boot. */
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
   * Starts QEMU, bare, with a console added.
   *
   * With `-incoming` among the arguments it does not boot: the caller loads its
   * state, through `qemu` or from the side.
   */
  static async start(
    { args, directory }: LinuxGuestOptions,
  ): Promise<LinuxGuest> {
    const socket = `console-${process.pid}-${consoleCount++}`;
    const console = await SerialConsole.listen(join(directory, socket));
    const booted = args.includes("-incoming")
      ? undefined
      : console.waitForLine(LINES.ready, { timeoutMs: BOOT_TIMEOUT_MS });
    // Nobody need wait for it.
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

  /** The resumed guest of a QEMU that somebody else starts and ends. */
  static at(console: SerialConsole): LinuxGuest {
    return new LinuxGuest(console);
  }

  /** The QEMU that start() started. */
  get qemu(): QemuProcess {
    if (this.#qemu !== undefined) return this.#qemu;
    throw new Error("Cannot use QEMU: somebody else has started it");
  }

  /** Waits until the guest has booted, or runs after it was resumed. */
  async waitReady(options: WaitOptions = {}): Promise<void> {
    if (this.#booted !== undefined) await this.#booted;
    else if (this.#qemu !== undefined) {
      await this.#qemu.waitRunning(options);
    } else if (this.console.ticks === 0) {
      await this.console.waitForLine(LINES.tick, options);
    }
  }

  /**
   * Has the guest's shell run a command and gives what that prints.
   *
   * The line breaks at its end are cut off. It rejects when the command fails.
   * The guest must be ready. Commands are run one after another.
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

  /** The md5 sum of the file that fills its memory, computed now. */
  async md5(): Promise<string> {
    const text = await this.run(`md5sum ${RANDOM_FILE}`);
    return text.split(" ")[0] ?? "";
  }

  /** How many seconds the guest has run, as its kernel says. */
  async uptime(): Promise<number> {
    return Number.parseFloat(await this.run("cat /proc/uptime"));
  }

  /** Kills the QEMU that start() started, and hangs up. */
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
    // A guest whose pages come late may lose a line that it has half read.
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
