import { resolve } from "node:path";
import {
  compareMachines,
  connectSocket,
  describeQemu,
  describeRunningQemu,
  describeSnapshot,
  type MachineDescription,
  type MachineDifference,
  QmpClient,
} from "../../qemu/mod.ts";
import type { Snapshot } from "../../snapshot/mod.ts";
import { isUrl } from "../input/open_source.ts";
import { joinWords, splitWords } from "../input/split_words.ts";
import { UsageError } from "../input/usage_error.ts";
import { countOf } from "../output/format_count.ts";
import { print, printJson } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { paint } from "../output/terminal.ts";
import { type LoadCommands, loadCommands } from "./load_commands.ts";
import { tryLoad } from "./try_load.ts";

/** What `info --against` compares with, and how. */
export interface AgainstOptions {
  /** Arguments of a QEMU, its program perhaps first, or a socket's address. */
  readonly against: string;
  /** Whether that QEMU is to load the snapshot, to be sure. */
  readonly try: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** A QEMU that is to be started. */
export interface QemuCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Says whether a snapshot will load in a QEMU; the number is the exit code. */
export async function compareAgainst(
  file: string,
  snapshot: Snapshot,
  options: AgainstOptions,
): Promise<number> {
  const { against, signal } = options;
  const command = isAddress(against) ? undefined : parseCommand(against);
  if (options.try && (command === undefined || isUrl(file))) {
    throw new UsageError(
      "Cannot use --try: expected a snapshot in a file, and QEMU's arguments " +
        "behind --against",
    );
  }
  const needed = await describeSnapshot(snapshot, { signal });
  const qemu = command === undefined
    ? await askSocket(against, signal)
    : await describeQemu(command.args, { program: command.program, signal });
  const differences = compareMachines(needed, qemu);
  if (options.try && command !== undefined && !differences.some(isFatal)) {
    const { streamOffset: offset } = snapshot.index;
    const address = { filename: resolve(file), offset };
    const refusal = await tryLoad(command, address, signal);
    if (refusal !== undefined) differences.push(refusal);
  }
  const loads = !differences.some(isFatal);
  const report = {
    file,
    qemu: qemu.name,
    loads,
    differences,
    unknown: options.try ? [] : [...needed.unknown, ...qemu.unknown],
    commands: loadCommands(file, snapshot, command),
  };
  if (options.json) printJson(report);
  else printReport(report);
  return loads ? 0 : 1;
}

function isFatal({ kind }: MachineDifference): boolean {
  return kind !== "note";
}

function isAddress(text: string): boolean {
  return /^(unix|tcp):/.test(text);
}

/** Takes what describing and loading add out of the arguments. */
function parseCommand(text: string): QemuCommand {
  const words = splitWords(text);
  const first = words[0]?.startsWith("-") ? undefined : words.shift();
  const args: string[] = [];
  for (let index = 0; index < words.length; index++) {
    if (/^--?incoming$/.test(words[index])) index++;
    else if (!/^--?daemonize$/.test(words[index])) args.push(words[index]);
  }
  return { program: first ?? "qemu-system-x86_64", args };
}

async function askSocket(
  address: string,
  signal: AbortSignal,
): Promise<MachineDescription> {
  const channel = await connectSocket(address, { signal });
  // QEMU lets a second client wait until the first has gone.
  using qmp = await QmpClient.open(channel, { signal, timeout: 10_000 });
  return await describeRunningQemu(qmp, { signal });
}

interface Report {
  readonly file: string;
  readonly qemu: string;
  readonly loads: boolean;
  readonly differences: readonly MachineDifference[];
  readonly unknown: readonly string[];
  readonly commands: LoadCommands;
}

const COLORS = { refused: "red", wrong: "red", note: "yellow" } as const;

function printReport(report: Report): void {
  const { file, qemu, loads, differences, unknown, commands } = report;
  const count = differences.filter(isFatal).length;
  const verdict = loads
    ? `${file} will load in ${qemu}`
    : `${file} will not load in ${qemu}: ${countOf(count, "difference")}`;
  print(paint("bold", printable(verdict)));
  for (const { kind, subject, text, remedy } of differences) {
    print(
      `  ${paint(COLORS[kind], kind.padEnd(7))}  ${
        printable(`${subject}: ${text}: ${remedy}`)
      }`,
    );
  }
  if (unknown.length > 0) {
    print("");
    print(paint("bold", "Not compared"));
    for (const line of unknown) print(`  ${printable(line)}`);
  }
  print("");
  print(
    paint(
      "bold",
      loads ? "To load it" : "To load it, once QEMU's arguments are as said",
    ),
  );
  if (commands.qemu !== undefined) print(`  ${joinWords(commands.qemu)}`);
  for (const it of commands.qmp) print(`  ${JSON.stringify(it)}`);
  if (commands.shell !== undefined) print(`  ${joinWords(commands.shell)}`);
}
