import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { promisify } from "node:util";

/** A file of a Debian package. */
export interface PackageFile {
  readonly packageName: string;
  /** Matches the file's path in the package, as in "boot/vmlinuz-6.1". */
  readonly path: RegExp;
}

const COMMAND_TIMEOUT_MS = 180_000;
const OUTPUT_LIMIT = 2 ** 24;
const run = promisify(execFile);

/**
 * Puts one file of a package of this machine's Debian at `target`.
 *
 * The package is downloaded and unpacked, not installed. When anything fails,
 * nothing of it stays.
 */
export async function extractFromPackage(
  file: PackageFile,
  target: string,
): Promise<void> {
  const { packageName } = file;
  const parent = dirname(target);
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, "partial-"));
  try {
    await command(["apt-get", "download", packageName], directory);
    const archive = readdirSync(directory).find((name) =>
      name.endsWith(".deb")
    );
    if (archive === undefined) {
      throw new Error(
        `Cannot download package ${packageName}: apt-get left no file`,
      );
    }
    await command(["dpkg", "-x", archive, "unpacked"], directory);
    const unpacked = join(directory, "unpacked");
    const found = readdirSync(unpacked, { recursive: true, encoding: "utf8" })
      .find((path) => file.path.test(path));
    if (found === undefined) {
      throw new Error(
        `Cannot find ${file.path} in package ${packageName}: no such file`,
      );
    }
    // Whoever did the same at the same time has the same file.
    renameSync(join(unpacked, found), target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The package whose name matches `pattern` among those that a package needs. */
export async function dependencyOf(
  packageName: string,
  pattern: RegExp,
): Promise<string> {
  const text = await command(["apt-cache", "depends", packageName], "/");
  for (const [, name = ""] of text.matchAll(/^\s*Depends: (\S+)$/gm)) {
    if (pattern.test(name)) return name;
  }
  throw new Error(
    `Cannot find what package ${packageName} depends on: ` +
      `${JSON.stringify(text)}, expected ${pattern}`,
  );
}

/** Where what was taken from packages is kept. */
export function packageCache(): string {
  const home = env.XDG_CACHE_HOME ?? join(env.HOME ?? "/root", ".cache");
  return join(home, "mapped-ram-linux");
}

/** Runs a command and returns its output; its own words are in the error. */
async function command(
  [program = "", ...args]: readonly string[],
  directory: string,
): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      cwd: directory,
      // Debian's tools speak the language that this file understands.
      env: { ...env, LC_ALL: "C" },
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: OUTPUT_LIMIT,
    });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = stderr?.trim() || `it ends with ${String(code)}`;
    throw new Error(
      `Cannot run ${program} ${args.join(" ")}: ${reason}`,
      { cause: error },
    );
  }
}
