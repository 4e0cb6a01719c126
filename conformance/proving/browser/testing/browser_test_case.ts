import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { ROOT } from "../../documents/document_blocks.ts";
import {
  findNginx,
  type NginxServer,
  startNginx,
} from "../../http/nginx_server.ts";
import { findPrograms } from "../../qemu/find_program.ts";
import { ScratchDirectory } from "../../qemu/scratch_directory.ts";

/** Set to 1 to fail, not skip, if there is no browser. */
const REQUIRE = "MAPPED_RAM_REQUIRE_CHROMIUM";
const TIMEOUT_MS = 300_000;
const IS_DENO = "Deno" in globalThis;

/** The library in one file, as pages import it. */
export const LIBRARY = "mapped_ram.min.js";

/** A page of a real browser, and what it can load. */
export interface BrowserCase {
  readonly page: Page;
  /** The files that both servers serve; {@linkcode LIBRARY} is among them. */
  readonly files: ScratchDirectory;
  /** The server of the pages. */
  readonly site: NginxServer;
  /** A server of another origin. */
  readonly other: NginxServer;
}

/** How the two servers serve files, besides the usual ways: by directives. */
export interface BrowserWays {
  readonly site?: Readonly<Record<string, string>>;
  readonly other?: Readonly<Record<string, string>>;
}

/** Returns what a test needs and is not there. */
function missing(): string | undefined {
  if (findPrograms("chromium").length === 0) return "Chromium is not installed";
  if (findNginx() === undefined) return "nginx is not installed";
  return undefined;
}

/**
 * Defines a test in Chromium with the library in one file. If something is
 * missing, it is skipped, and its name says why.
 */
export function browserTest(
  name: string,
  body: (given: BrowserCase) => Promise<void>,
  ways: BrowserWays = {},
): void {
  const options = { timeout: TIMEOUT_MS };
  const why = IS_DENO ? missing() : "Deno builds the file";
  if (why === undefined) test(name, options, () => inBrowser(body, ways));
  else if (IS_DENO && process.env[REQUIRE] === "1") {
    test(name, options, () => {
      throw new Error(`Cannot run the test: ${why}, and ${REQUIRE} is 1`);
    });
  } else test(`${name} (skipped: ${why})`, { skip: true }, () => {});
}

async function inBrowser(
  body: (given: BrowserCase) => Promise<void>,
  ways: BrowserWays,
): Promise<void> {
  const { chromium } = await import("playwright-core");
  using files = new ScratchDirectory();
  build(files.path);
  await using site = await startNginx(files.path, { ways: ways.site ?? {} });
  await using other = await startNginx(files.path, { ways: ways.other ?? {} });
  const [executablePath] = findPrograms("chromium");
  // Chromium refuses to run as root with its sandbox.
  const args = process.geteuid?.() === 0 ? ["--no-sandbox"] : [];
  const timeout = TIMEOUT_MS;
  const browser = await chromium.launch({ executablePath, args, timeout });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    await body({ page, files, site, other });
  } finally {
    await browser.close();
  }
}

function build(folder: string): void {
  const program = `${ROOT}.ci/build/main.ts`;
  const options = ["--only", "one-file", "--out", folder];
  execFileSync(process.execPath, ["run", "--allow-all", program, ...options], {
    stdio: "pipe",
  });
}
