import type { OpenOptions } from "../../reading/mod.ts";
import { parseSocketAddress, type SocketAddress } from "../../sockets/mod.ts";
import { parseNumber } from "../input/number_argument.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import { openOptions } from "../input/snapshot_options.ts";
import { type InputPlace, placeOf } from "../input/place_options.ts";
import { parse, takePositionals } from "../program/command.ts";
import { checkUses } from "../program/option_ways.ts";
import { readOption, UsageError } from "../program/usage_error.ts";
import {
  POSTCOPY_ONLY,
  RESUME_OPTIONS,
  RESUME_USES,
} from "./resume_options.ts";

/** The way in which a guest gets its RAM. */
export type Way = "postcopy" | "map";

/** The parsed arguments of `resume`. */
export interface ResumeArguments {
  /** Where the snapshot is. */
  readonly place: InputPlace;
  /** Options of opening it. */
  readonly open: OpenOptions;
  /** Whether all of it is checked before it is mapped, unless the kernel does. */
  readonly verifyFirst: boolean;
  /** The way, if the user chose it. */
  readonly via: Way | undefined;
  /** The QEMU to start. */
  readonly qemu: QemuCommand | undefined;
  /** Address at which a QEMU waits, or will wait, for a migration. */
  readonly incoming: string | undefined;
  /** Monitor of a QEMU that waits with `-incoming defer`. */
  readonly qmp: string | undefined;
  /** Path of the device-only file. */
  readonly out: string | undefined;
  /** Whether the guest stays paused. */
  readonly paused: boolean;
  readonly json: boolean;
  /** Whether existing files may be replaced. */
  readonly force: boolean;
  /** Path of the profile in which requested pages are recorded. */
  readonly record: string | undefined;
  /** Paths of the profiles whose pages are pushed first. */
  readonly replay: readonly string[];
  readonly postcopy: PostcopyArguments;
  /** The first given option that needs postcopy, if any. */
  readonly postcopyOnly: string | undefined;
}

/** Options of sending pages. */
export interface PostcopyArguments {
  /** Bytes per second to push; undefined: no limit. */
  readonly maxBandwidth: number | undefined;
  readonly push: boolean;
  readonly dirtyBitmaps: boolean;
  /** Whether requested pages have a separate channel. */
  readonly preempt: boolean;
  /** Host page sizes in bytes, by idstr. */
  readonly pageSizes: Readonly<Record<string, number>>;
  /** Milliseconds for which a failed read is retried. */
  readonly retryFor: number | undefined;
}

const PROGRAM = "qemu-system-x86_64";

/** Parses the arguments; throws a `UsageError` if they are wrong. */
export function resumeArguments(args: readonly string[]): ResumeArguments {
  const end = args.indexOf("--");
  const ownArgs = end < 0 ? args : args.slice(0, end);
  const { values, positionals } = parse(ownArgs, RESUME_OPTIONS);
  const { FILE } = takePositionals(positionals, "FILE");
  const { to: incoming, qmp, record, replay = [], via } = values;
  const qemu = end < 0 ? undefined : parseQemu(args.slice(end + 1));
  checkUses(
    RESUME_USES,
    via !== "map"
      ? "without --via map"
      : values.out === undefined
      ? "by --via map"
      : "by --via map with --out",
    values,
  );
  const parsed: ResumeArguments = {
    place: placeOf(FILE, values),
    open: openOptions(values),
    verifyFirst: values["verify-first"] ?? false,
    via,
    qemu,
    out: values.out,
    incoming,
    qmp,
    record,
    replay,
    paused: (values.paused ?? false) || (qemu?.args.includes("-S") ?? false),
    json: values.json ?? false,
    force: values.force ?? false,
    postcopy: {
      maxBandwidth: parsePositive("--max-bandwidth", values["max-bandwidth"]),
      push: !values["no-push"],
      dirtyBitmaps: !values["drop-dirty-bitmaps"],
      preempt: values.preempt ?? false,
      pageSizes: parsePageSizes(values["huge-pages"] ?? []),
      retryFor: parseSeconds(values["retry-for"]),
    },
    postcopyOnly: POSTCOPY_ONLY.find((name) => Object.hasOwn(values, name)),
  };
  for (const name of ["to", "qmp"] as const) {
    const text = values[name];
    if (text !== undefined) address(`--${name}`, text);
  }
  checkTogether(parsed);
  return parsed;
}

/** Parses an address; it is valid if it came from the parsed arguments. */
export function address(option: string, text: string): SocketAddress {
  return readOption(option, () => parseSocketAddress(text));
}

function checkTogether(parsed: ResumeArguments): void {
  const { via, qemu, incoming, qmp, out, paused, postcopy } = parsed;
  function refuse(what: string, why: string): never {
    throw new UsageError(`Cannot use ${what}: ${why}`);
  }
  const given = incoming === undefined ? "--qmp" : "--to";
  const isThere = incoming !== undefined || qmp !== undefined;
  if (qemu !== undefined && isThere) {
    refuse(given, "the arguments after -- start a QEMU");
  }
  if (via === "map") {
    if (qemu === undefined && qmp === undefined && out === undefined) {
      throw new UsageError(
        "Cannot prepare --via map without --out OUT, QEMU's arguments " +
          "after --, or --qmp",
      );
    }
  } else if (qemu === undefined && !isThere) {
    throw new UsageError(
      "Cannot resume without a QEMU: expected its arguments after --, or " +
        "--to or --qmp of one that waits",
    );
  }
  if (out !== undefined && (via !== "map" || qemu !== undefined)) {
    refuse("--out", "it is for --via map with a QEMU that you start");
  }
  if (paused && qemu === undefined && qmp === undefined) {
    refuse("--paused", "start that QEMU with -S instead");
  }
  if (!postcopy.push) {
    if (parsed.replay.length > 0) refuse("--replay", "--no-push forbids it");
    if (postcopy.maxBandwidth !== undefined) {
      refuse("--max-bandwidth", "--no-push pushes nothing");
    }
  }
  if (qmp?.startsWith("tcp:") && incoming === undefined && via !== "map") {
    refuse(
      "--qmp",
      "expected --to as well, the address at which that QEMU will wait",
    );
  }
}

function parseQemu(words: readonly string[]): QemuCommand {
  const [first] = words;
  const isProgram = first !== undefined && !first.startsWith("-");
  const args = isProgram ? words.slice(1) : words;
  for (const arg of args) {
    if (!/^--?(incoming|daemonize)$/.test(arg)) continue;
    throw new UsageError(
      `Cannot start QEMU with ${arg}: omit it, with its value`,
    );
  }
  return { program: isProgram ? first : PROGRAM, args };
}

function parsePageSizes(texts: readonly string[]): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const text of texts) {
    const [, idstr, size] = /^(.+)=([^=]+)$/s.exec(text) ?? [];
    if (idstr === undefined || size === undefined) {
      throw new UsageError(
        `Cannot use ${JSON.stringify(text)} as --huge-pages: expected ` +
          "IDSTR=SIZE",
      );
    }
    sizes[idstr] = parseNumber("--huge-pages", size);
  }
  return sizes;
}

function parsePositive(
  option: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const value = parseNumber(option, text);
  if (value > 0) return value;
  throw new UsageError(`Cannot use 0 as ${option}: expected at least 1`);
}

function parseSeconds(text: string | undefined): number | undefined {
  return text === undefined
    ? undefined
    : parseNumber("--retry-for", text) * 1000;
}
