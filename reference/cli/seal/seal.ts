import { sidecarPlace } from "../../inputs/mod.ts";
import { startSealPool } from "../../sealing/mod.ts";
import { isWebUrl, shownName } from "../../sources/mod.ts";
import { JSON_EVENTS_OPTION } from "../input/snapshot_options.ts";
import { JOBS_OPTION, workOptions } from "../input/work_options.ts";
import { allocatedBytes, statOf } from "../output/file_stat.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";
import { UsageError } from "../program/usage_error.ts";

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
    const way = check === undefined ? "without --check" : "with --check";
    checkUses(USES, way, values);
    // Threads start while the rest of the command is loaded.
    using pool = await startPool(FILE, jobs);
    const options = { jobs, json, signal, pool };
    if (check === undefined) {
      const sidecar = values.verity ?? placeBeside(FILE);
      const { printSealed } = await import("./print_sealed.ts");
      await printSealed(FILE, { ...options, sidecar, force });
    } else {
      const sidecar = values.verity ?? sidecarBeside(FILE);
      const { printChecked } = await import("./print_checked.ts");
      await printChecked(FILE, { ...options, digest: check, sidecar });
    }
    return 0;
  },
};

/** Starts the threads that the data of a local file needs, if any. */
async function startPool(file: string, jobs: number) {
  const byteLength = isWebUrl(file) ? undefined : allocatedBytes(file);
  return byteLength === undefined
    ? undefined
    : await startSealPool(byteLength, jobs);
}

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
