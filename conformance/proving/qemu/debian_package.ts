import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { promisify } from "node:util";

/** A file of a Debian package. */
export interface PackageFile {
  readonly packageName: string;
  /** Matches the file's path in the package, for example "boot/vmlinuz-6.1". */
  readonly path: RegExp;
}

/** Environment variables; those of this process are shared with other tests. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options of using Debian's packages. */
export interface PackageOptions {
  /** For the commands, and for the place of the cache. Default: this process's. */
  readonly environment?: Environment | undefined;
}

const COMMAND_TIMEOUT_MS = 180_000;
const OUTPUT_LIMIT = 2 ** 24;
const run = promisify(execFile);

/**
 * Extracts one file of a Debian package to `target`.
 *
 * The package is downloaded with this machine's apt and unpacked, not
 * installed. After a failure no file remains.
 */
export async function extractFromPackage(
  file: PackageFile,
  target: string,
  { environment }: PackageOptions = {},
): Promise<void> {
  const { packageName } = file;
  await withUnpacked({ packageName, target, environment }, (unpacked) => {
    const found = readdirSync(unpacked, { recursive: true, encoding: "utf8" })
      .find((path) => file.path.test(path));
    if (found === undefined) {
      throw new Error(
        `Cannot find ${file.path} in package ${packageName}: no such file`,
      );
    }
    // A concurrent call produces the same file.
    renameSync(join(unpacked, found), target);
  });
}

/** Downloads and unpacks a whole Debian package to the folder `target`. */
export async function unpackPackage(
  packageName: string,
  target: string,
  { environment }: PackageOptions = {},
): Promise<void> {
  await withUnpacked({ packageName, target, environment }, (unpacked) => {
    try {
      renameSync(unpacked, target);
    } catch (error) {
      // A concurrent call has produced the same files.
      if (!existsSync(target)) throw error;
    }
  });
}

/** Unpacks a package to a temporary folder beside `target`. */
async function withUnpacked(
  { packageName, target, environment }: PackageOptions & {
    readonly packageName: string;
    readonly target: string;
  },
  use: (unpacked: string) => void,
): Promise<void> {
  const parent = dirname(target);
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, "partial-"));
  try {
    const options = { directory, environment };
    await command(["apt-get", "download", packageName], options);
    const archive = readdirSync(directory).find((name) =>
      name.endsWith(".deb")
    );
    if (archive === undefined) {
      throw new Error(
        `Cannot download package ${packageName}: apt-get left no file`,
      );
    }
    await command(["dpkg", "-x", archive, "unpacked"], options);
    use(join(directory, "unpacked"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The dependency of a package whose name matches `pattern`. */
export async function dependencyOf(
  packageName: string,
  pattern: RegExp,
  { environment }: PackageOptions = {},
): Promise<string> {
  const text = await command(["apt-cache", "depends", packageName], {
    directory: "/",
    environment,
  });
  for (const [, name = ""] of text.matchAll(/^\s*Depends: (\S+)$/gm)) {
    if (pattern.test(name)) return name;
  }
  throw new Error(
    `Cannot find what package ${packageName} depends on: ` +
      `${JSON.stringify(text)}, expected ${pattern}`,
  );
}

/** The folder where extracted files are cached. */
export function packageCache(environment: Environment = env): string {
  const { XDG_CACHE_HOME, HOME = "/root" } = environment;
  const home = XDG_CACHE_HOME ?? join(HOME, ".cache");
  return join(home, "mapped-ram-linux");
}

/** Runs a command and returns its output; an error includes its stderr. */
async function command(
  [program = "", ...args]: readonly string[],
  { directory, environment = env }: PackageOptions & {
    readonly directory: string;
  },
): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      cwd: directory,
      // The output must not be localized: this file parses it.
      env: { ...environment, LC_ALL: "C" },
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: OUTPUT_LIMIT,
    });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = stderr?.trim() || `exit code ${String(code)}`;
    throw new Error(
      `Cannot run ${program} ${args.join(" ")}: ${reason}`,
      { cause: error },
    );
  }
}
