import {
  describeQemu,
  describeRunningQemu,
  describeSnapshot,
  type MachineDescription,
  type MachineDifference,
} from "../../machines/mod.ts";
import { QmpClient } from "../../qemu/mod.ts";
import type { OpenOptions, Snapshot } from "../../reading/mod.ts";
import { physicalPath } from "../../sinks/mod.ts";
import { connectSocket } from "../../sockets/mod.ts";
import { isWebUrl } from "../../sources/mod.ts";
import { parseQemuCommand } from "../input/qemu_command.ts";
import { joinWords } from "../input/split_words.ts";
import type { InputPlace } from "../input/place_options.ts";
import { countOf } from "../output/format_count.ts";
import { jsonText } from "../output/json_text.ts";
import { print, printJson } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { paint } from "../output/terminal.ts";
import { UsageError } from "../program/usage_error.ts";
import { findDifferences } from "./find_differences.ts";
import { type LoadCommands, loadCommands } from "./load_commands.ts";
import { tryLoad } from "./try_load.ts";

/** Options of `info --against`. */
export interface AgainstOptions {
  /**
   * Arguments of a QEMU, with or without its program, or a socket's address.
   */
  readonly against: string;
  /** Options with which the snapshot was opened. */
  readonly open: OpenOptions;
  /** Where the snapshot is. */
  readonly place: InputPlace;
  /** Whether it is in a qcow2 image. */
  readonly isPacked: boolean;
  /** Whether to let that QEMU load the snapshot, to be sure. */
  readonly try: boolean;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Prints whether a snapshot will load in a QEMU; returns the exit code. */
export async function compareAgainst(
  snapshot: Snapshot,
  options: AgainstOptions,
): Promise<number> {
  const { against, place, isPacked, signal } = options;
  const { file, verity } = place;
  const command = isAddress(against) ? undefined : parseQemuCommand(against);
  if (options.try && (command === undefined || isWebUrl(file) || isPacked)) {
    throw new UsageError(
      "Cannot use --try: expected a snapshot in a plain file, and QEMU's arguments " +
        "after --against",
    );
  }
  if (options.try && verity !== undefined) {
    throw new UsageError(
      "Cannot use --try with --digest: QEMU reads the file itself, unchecked",
    );
  }
  const needed = await describeSnapshot(snapshot, { signal });
  const qemu = command === undefined
    ? await askSocket(against, signal)
    : await describeQemu(command.args, { program: command.program, signal });
  const { differences: found, corrected } = await findDifferences(
    needed,
    qemu,
    { command, signal },
  );
  const differences = [...found];
  if (options.try && command !== undefined && !differences.some(isFatal)) {
    const { streamOffset: offset } = snapshot.index;
    const address = { filename: physicalPath(file), offset };
    const refusal = await tryLoad(command, address, signal);
    if (refusal !== undefined) differences.push(refusal);
  }
  const verdict = verdictOf(differences);
  const report: Report = {
    file: snapshot.source.name,
    qemu: qemu.name,
    verdict,
    loads: verdict !== "refused",
    differences,
    unknown: options.try ? [] : [...needed.unknown, ...qemu.unknown],
    commands: await loadCommands(snapshot, {
      open: options.open,
      place,
      isPacked,
      qemu: corrected ?? against,
      signal,
    }),
  };
  if (options.json) printJson(report);
  else printReport(report);
  return verdict === "loads" ? 0 : 1;
}

/**
 * Returns whether QEMU loads the snapshot, and as the machine that was saved.
 */
type Verdict = "loads" | "other-machine" | "refused";

function verdictOf(differences: readonly MachineDifference[]): Verdict {
  if (differences.some(({ kind }) => kind === "refused")) return "refused";
  return differences.some(isFatal) ? "other-machine" : "loads";
}

function isFatal({ kind }: MachineDifference): boolean {
  return kind !== "note";
}

function isAddress(text: string): boolean {
  return /^(unix|tcp):/.test(text);
}

async function askSocket(
  address: string,
  signal: AbortSignal,
): Promise<MachineDescription> {
  const channel = await connectSocket(address, { signal });
  // QEMU makes a second client wait until the first disconnects.
  using qmp = await QmpClient.open(channel, { signal, timeout: 10_000 });
  return await describeRunningQemu(qmp, { signal });
}

interface Report {
  readonly file: string;
  readonly qemu: string;
  readonly verdict: Verdict;
  readonly loads: boolean;
  readonly differences: readonly MachineDifference[];
  readonly unknown: readonly string[];
  readonly commands: LoadCommands;
}

const COLORS = { refused: "red", wrong: "red", note: "yellow" } as const;

function printReport(report: Report): void {
  const { file, qemu, verdict, differences, unknown, commands } = report;
  const fatal = differences.filter(isFatal);
  const count = countOf(fatal.length, "difference");
  const headline = {
    "loads": `${file} will load in ${qemu}`,
    "other-machine":
      `${file} may load in ${qemu}, but not as the same machine: ${count}`,
    "refused": `${file} will not load in ${qemu}: ${count}`,
  }[verdict];
  print(paint("bold", printable(headline)));
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
  const isCorrected = fatal.every((it) => it.option !== undefined);
  const after = isCorrected
    ? ""
    : ", after correcting QEMU's arguments as listed above";
  if (commands.shell !== undefined) {
    print(paint("bold", `To run it without loading it${after}`));
    print(`  ${joinWords(commands.shell)}`);
  }
  if (commands.qmp.length === 0) return;
  if (commands.shell !== undefined) print("");
  print(paint("bold", `To load it${after}`));
  if (commands.qemu !== undefined) print(`  ${joinWords(commands.qemu)}`);
  for (const it of commands.qmp) print(`  ${jsonText(it)}`);
}
