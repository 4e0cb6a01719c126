import { hex, type RuleError, RULES } from "../../../format/rules/mod.ts";
import { type VerifyReport, verifySnapshot } from "../../reading/mod.ts";
import { isPartialPath } from "../../sinks/mod.ts";
import { type ByteSource, SourceError } from "../../sources/mod.ts";
import {
  adviceOnBase,
  adviceOnRefusal,
  isUnfinished as isUnfinishedRam,
  type SnapshotFileOptions,
} from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import { openOptions, SNAPSHOT_OPTIONS } from "../input/snapshot_options.ts";
import { placeOf, type Verity } from "../input/place_options.ts";
import { countOf, formatCount } from "../output/format_count.ts";
import { jsonText } from "../output/json_text.ts";
import { OutputClosed, print } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { ProgressEvents } from "../output/progress_events.ts";
import { paint } from "../output/terminal.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";

const OPTIONS = {
  pages: {
    type: "boolean",
    text: "read every page that the file holds",
  },
  ...SNAPSHOT_OPTIONS,
} as const;

/** `verify FILE` */
export const verify: Command = {
  options: OPTIONS,
  usage: [
    "verify FILE|URL [options]",
  ],
  about: `\
Checks a snapshot against every rule of SPEC.md and prints each violation on one
line. An error means that a reader must refuse the file (exit code 1); a warning
means that its writer should have done better. A file that a save did not finish
is unfinished, not bad: "save --resume" continues it (exit code 1, too).

With --digest it also reads all of FILE and checks each block of it.`,
  examples: [
    "verify vm.mr --pages",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { FILE } = takePositionals(positionals, "FILE");
    const options = { ...openOptions(values), signal };
    const place = placeOf(FILE, values);
    using opened = await openSource(place, { signal });
    const report = await verifyWithBar();
    const { source, verified, disk } = opened;
    await refuseOtherKind(source, report, { ...options, disk });
    if (disk !== undefined && report.snapshot !== undefined) {
      const { checkBases } = await import("../input/short_base.ts");
      await checkBases(disk, report.snapshot, { signal });
    }
    if (verified !== undefined) {
      const { checkWholeFile } = await import("../input/check_whole_file.ts");
      // Bytes of an image are not those of pages.
      const snapshot = verified === source ? report.snapshot : undefined;
      const { json } = values;
      await checkWholeFile(verified, { snapshot, json, signal });
    }
    try {
      const { name } = source;
      const { verity } = place;
      if (values.json) printReportJson(name, report, verity);
      else printReport(name, report, verity);
    } catch (error) {
      // `| head` must not turn a bad file into a good one.
      if (!(error instanceof OutputClosed)) throw error;
    }
    return report.good && !isUnfinished(FILE, report) ? 0 : 1;

    async function verifyWithBar(): Promise<VerifyReport> {
      using bar = values.json
        ? new ProgressEvents()
        : new ProgressBar("Verifying");
      return await verifySnapshot(opened.source, {
        ...options,
        pages: values.pages,
        onProgress: bar.show,
      });
    }
  },
};

/** Refuses a file of another kind, to which the rules do not apply. */
async function refuseOtherKind(
  source: ByteSource,
  { findings: [first] }: VerifyReport,
  options: SnapshotFileOptions,
): Promise<void> {
  if (first === undefined) return;
  const advice = await adviceOnBase(first, options) ??
    (isUnfinishedRam(first)
      ? undefined
      : await adviceOnRefusal(first, source, options));
  if (advice === undefined) return;
  throw new SourceError(
    source.name,
    `Cannot verify ${JSON.stringify(source.name)}: ${advice}`,
  );
}

/**
 * Whether a save was stopped: the file still has the name of an unfinished
 * file, or the word that is written last is zero.
 */
function isUnfinished(file: string, { findings }: VerifyReport): boolean {
  return isPartialPath(file) || findings.some(isUnfinishedRam);
}

/** Returns "error" if readers must refuse the file, otherwise "warning". */
function levelOf(
  { rule }: RuleError,
): "error" | "warning" {
  return RULES[rule].kind === "write" ? "warning" : "error";
}

function printReportJson(
  file: string,
  report: VerifyReport,
  verity: Verity | undefined,
): void {
  const { good, findings, presentPages, presentZeroPages } = report;
  print(jsonText({
    event: "verified",
    file,
    good: good && !isUnfinished(file, report),
    unfinished: isUnfinished(file, report),
    findings: findings.map((finding) => ({
      level: levelOf(finding),
      rule: finding.rule,
      offset: finding.offset,
      idstr: finding.idstr,
      found: finding.found,
      expected: finding.expected,
    })),
    presentPages,
    presentZeroPages,
    digest: verity?.digest,
  }));
}

function printReport(
  file: string,
  report: VerifyReport,
  verity: Verity | undefined,
): void {
  const { good, findings, presentPages, presentZeroPages } = report;
  for (const finding of findings) {
    const { rule, offset, idstr, found, expected } = finding;
    const level = levelOf(finding);
    const label = paint(level === "error" ? "red" : "yellow", `${level}:`);
    const block = idstr === undefined ? "" : `RAMBlock "${idstr}", `;
    const text = `${block}byte ${hex(offset)}: ${found}, expected ${expected}`;
    print(`${label} ${printable(text)} ${paint("dim", `(${rule})`)}`);
  }
  if (presentPages !== undefined && presentZeroPages !== undefined) {
    print(
      `${countOf(presentPages, "page")} read, ` +
        `${formatCount(presentZeroPages)} of them all zero`,
    );
  }
  if (verity !== undefined) {
    print(`every block is that of the digest ${verity.digest}`);
  }
  const errors = findings.filter((it) => levelOf(it) === "error").length;
  const warnings = findings.length - errors;
  const counts = [
    ...(errors > 0 ? [countOf(errors, "error")] : []),
    ...(warnings > 0 ? [countOf(warnings, "warning")] : []),
  ].join(", ") || "every rule kept";
  if (isUnfinished(file, report)) {
    print(
      `${paint("yellow", "unfinished")}: ${printable(file)}: ${counts}; ` +
        "a save was stopped, and save --resume continues it",
    );
    return;
  }
  print(
    good
      ? `${paint("green", "good")}: ${printable(file)}: ${counts}`
      : `${paint("red", "bad")}: ${printable(file)}: ${counts}; ` +
        "a reader must refuse it",
  );
}
