import { RULES } from "../../format/mod.ts";
import { verifySnapshot } from "../mod.ts";
import {
  type Command,
  openOptions,
  parse,
  SNAPSHOT_OPTIONS,
  SNAPSHOT_OPTIONS_HELP,
  takePositionals,
} from "./command.ts";
import { openSource } from "./open_source.ts";
import { print, printJson } from "./output.ts";
import { ProgressBar } from "./progress_bar.ts";
import { paint } from "./terminal.ts";

/** `verify FILE` */
export const verify: Command = {
  summary: "check a snapshot by every rule of SPEC.md",
  help: `\
Usage: verify FILE|URL [options]

Checks a snapshot by every rule of SPEC.md and prints all that it breaks. An
error means that a reader must refuse the file (exit code 1), a warning that its
writer should have done better.

  --pages                     read every page that the file holds
${SNAPSHOT_OPTIONS_HELP}

Example: verify vm.mr --pages`,
  async run(args, { signal }) {
    const { values, positionals } = parse(args, {
      ...SNAPSHOT_OPTIONS,
      pages: { type: "boolean" },
    });
    const { FILE } = takePositionals(positionals, "FILE");
    await using opened = await openSource(FILE, { signal });
    using bar = new ProgressBar("Reading pages");
    const report = await verifySnapshot(opened.source, {
      ...openOptions(values),
      pages: values.pages ?? false,
      onProgress: bar.show,
      signal,
    });
    bar[Symbol.dispose]();
    const { findings, good, presentPages, presentZeroPages } = report;
    const listed = findings.map((finding) => ({
      level: RULES[finding.rule].kind === "write" ? "warning" : "error",
      rule: finding.rule,
      offset: finding.offset,
      idstr: finding.idstr,
      found: finding.found,
      expected: finding.expected,
    }));
    if (values.json) {
      printJson({
        file: FILE,
        good,
        findings: listed,
        presentPages,
        presentZeroPages,
      });
      return good ? 0 : 1;
    }
    for (const { level, rule, offset, idstr, found, expected } of listed) {
      const label = paint(level === "error" ? "red" : "yellow", level);
      const block = idstr === undefined ? "" : `RAMBlock "${idstr}": `;
      print(
        `${label}: byte 0x${offset.toString(16)}: ${block}${found}, ` +
          `expected ${expected} (${rule})`,
      );
    }
    if (presentPages !== undefined) {
      print(
        `${presentPages} pages read, ${presentZeroPages} of them all zero`,
      );
    }
    const warnings = listed.filter(({ level }) => level === "warning").length;
    print(
      good
        ? `${paint("green", "good")}: ${FILE}` +
          (warnings === 0 ? "" : `, ${warnings} warnings`)
        : `${paint("red", "bad")}: ${FILE}, a reader must refuse it`,
    );
    return good ? 0 : 1;
  },
};
