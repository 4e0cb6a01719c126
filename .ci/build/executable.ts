import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compile, MINIFIED } from "./compile.ts";
import { ENTRIES, NAME, ROOT } from "./project.ts";
import { virtualModules, virtualName } from "./virtual_modules.ts";

/** Version of Bun, whose runtime becomes part of the program. */
const BUN = "1.4.5";

/** The main module: where the command line runs a script, it starts itself. */
const PROGRAM = `
  import process from "node:process";
  import { fileURLToPath } from "node:url";
  import { main } from "/reference/cli/main.ts";
  import { entryUrl } from "/reference/work/mod.ts";
  const guest = fileURLToPath(entryUrl("./live_guest.ts", import.meta.url));
  if (process.argv[2] === guest) {
    process.argv.splice(1, 1);
    await import("/reference/cli/save/live_guest.ts");
  } else process.exit(await main(process.argv.slice(2)));`;

/**
 * Compiles the command line to an executable with `bun build --compile`, for
 * this platform or for a target whose runtime Bun can download, such as
 * `bun-linux-arm64`.
 */
export async function buildExecutable(
  path: string,
  target?: string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-executable-"));
  try {
    const threads = ENTRIES.filter((it) => it.endsWith("_worker.ts"))
      .map((it) => [it.replace(/^.*\/|\.ts$/g, ""), join(ROOT, it)]);
    const input = {
      [NAME]: virtualName("program"),
      ...Object.fromEntries(threads),
    };
    const files = await compile(input, {
      plugins: [virtualModules({ program: PROGRAM })],
      define: { "import.meta.main": "false" },
      output: { chunkFileNames: "[name].js", minify: MINIFIED },
    });
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    mkdirSync(dirname(path), { recursive: true });
    const [program, ...start] = bun();
    const build = ["build", "--compile", "--outfile", path];
    // Shortens the start: code is parsed in advance, and loaded when needed.
    const quickly = ["--bytecode", "--format=esm", "--splitting"];
    const platform = target === undefined ? [] : ["--target", target];
    const entries = Object.keys(input).map((it) => `./${it}.js`);
    const args = [...start, ...build, ...quickly, ...platform, ...entries];
    execFileSync(program, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the command of that Bun: the one in PATH, otherwise from npm. */
function bun(): string[] {
  try {
    const options = { encoding: "utf8", stdio: "pipe" } as const;
    const version = execFileSync("bun", ["--version"], options);
    if (version.trim() === BUN) return ["bun"];
  } catch {
    // It is missing.
  }
  return ["npx", "-y", `bun@${BUN}`];
}
