import { parseVerityDigest } from "../../../format/verity/mod.ts";
import { sidecarPlace } from "../../inputs/mod.ts";
import { fileData } from "../../system/mod.ts";
import {
  type ByteSource,
  IntegrityError,
  isWebUrl,
  shownName,
} from "../../sources/mod.ts";
import { verityDigest } from "../../sealing/mod.ts";
import { checkSidecar } from "../../verity/mod.ts";
import { openSource } from "../input/open_source.ts";
import { JSON_EVENTS_OPTION } from "../input/snapshot_options.ts";
import { JOBS_OPTION, workOptions } from "../input/work_options.ts";
import { statOf } from "../output/file_stat.ts";
import { checkOutput } from "../output/output_file.ts";
import { printEvent } from "../output/progress_events.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";
import { readOption, UsageError } from "../program/usage_error.ts";
import { printDigest, printSealed } from "./print_sealed.ts";
import { hashFile, type HashFileOptions } from "./seal_file.ts";

const OPTIONS = {
  verity: {
    type: "string",
    value: "PATH",
    text: "write the hashes to PATH; default: FILE.verity",
  },
  force: {
    type: "boolean",
    text: "replace existing hashes",
  },
  check: {
    type: "string",
    value: "DIGEST",
    text: "compare the digest of FILE, and write nothing; hashes that exist " +
      "must be those of the digest, too. Otherwise the exit code is 3",
  },
  ...JOBS_OPTION,
  json: JSON_EVENTS_OPTION,
} as const;

const USES = optionUses(OPTIONS, {
  ways: {
    "without --check": ["verity", "force", "jobs", "json"],
    "with --check": ["verity", "check", "jobs", "json"],
  },
});

/** `seal FILE` */
export const seal: Command = {
  options: OPTIONS,
  uses: USES,
  usage: [
    "seal FILE|URL [options]",
    "seal FILE|URL --check DIGEST [options]",
  ],
  about: `\
Computes the fs-verity digest of a file of any kind, prints it as "fsverity
digest" does, and writes the hashes of its blocks to FILE.verity. With both,
other commands check each block of FILE when they read it: pass them the digest
as --digest. Keep it where a person who can change FILE cannot change it:
FILE.verity alone proves nothing.

Holes of FILE are not read, and those of zeros are holes in FILE.verity.`,
  examples: [
    "seal vm.mr",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { FILE } = takePositionals(positionals, "FILE");
    const { check, force = false, json = false } = values;
    const { jobs } = workOptions(values);
    if (check === undefined) {
      checkUses(USES, "without --check", values);
      const sidecar = values.verity ?? placeBeside(FILE);
      checkOutput(sidecar, { force, inputs: [FILE] });
      await printSealed(FILE, { sidecar, force, jobs, json, signal });
      return 0;
    }
    checkUses(USES, "with --check", values);
    readOption("--check", () => parseVerityDigest(check));
    const sidecar = values.verity ?? sidecarBeside(FILE);
    await checkFile(FILE, { digest: check, sidecar, jobs, json, signal });
    if (json) {
      printEvent("checked", {
        file: shownName(FILE),
        digest: check,
        sidecar: sidecar && shownName(sidecar),
      });
    } else printDigest(FILE, check);
    return 0;
  },
};

/** Returns where to write the sidecar of a file. */
function placeBeside(file: string): string {
  const isElsewhere = isWebUrl(file) || statOf(file)?.isBlockDevice() === true;
  if (!isElsewhere) return sidecarPlace(file);
  throw new UsageError(
    `Cannot seal ${JSON.stringify(shownName(file))} without --verity PATH: ` +
      "its hashes are not written beside it",
  );
}

/** Returns the sidecar beside a local file, if there is one. */
function sidecarBeside(file: string): string | undefined {
  if (isWebUrl(file)) return undefined;
  const place = sidecarPlace(file);
  return statOf(place) === undefined ? undefined : place;
}

/**
 * Compares a file with a digest, and its sidecar if there is one.
 *
 * @throws {IntegrityError} if one of them is another
 */
async function checkFile(
  file: string,
  { digest, sidecar, ...options }: HashFileOptions & {
    readonly digest: string;
    readonly sidecar: string | undefined;
  },
): Promise<void> {
  await hashFile(file, {
    ...options,
    async work(source, job) {
      const found = await verityDigest(source, job);
      if (found !== digest) throw wrongDigest(source, { found, digest });
      if (sidecar === undefined) return;
      const { signal, dataRanges } = job;
      using opened = await openSource({ file: sidecar, asIs: true }, {
        signal,
      });
      const tree = opened.source;
      const treeRanges = fileData(tree);
      const ranges = { dataRanges, treeRanges };
      await checkSidecar(source, { tree, digest, ...ranges, signal });
    },
  });
}

function wrongDigest(
  { name, byteLength }: ByteSource,
  { found, digest }: { readonly found: string; readonly digest: string },
): IntegrityError {
  return new IntegrityError(name, {
    rule: "verity-digest",
    offset: 0,
    length: byteLength,
    found: `a file with the digest ${found}`,
    expected: digest,
    digest,
  });
}
