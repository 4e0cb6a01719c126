import { env } from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { Userfaultfd } from "../userfaultfd.ts";

/**
 * Set to 1 to make tests fail, instead of being skipped, without userfaultfd.
 */
const REQUIRE = "MAPPED_RAM_REQUIRE_USERFAULTFD";

function findMissing(): string | undefined {
  try {
    Userfaultfd.create().close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const missing = findMissing();

/**
 * Defines a test that serves page faults; skipped by name without userfaultfd.
 */
export function uffdTest(
  name: string,
  body: (folder: ScratchFolder) => void | Promise<void>,
): void {
  const run = async () => {
    using folder = new ScratchFolder();
    await body(folder);
  };
  if (missing === undefined) test(name, { timeout: 300_000 }, run);
  else if (env[REQUIRE] === "1") {
    test(name, () => {
      throw new Error(`${missing}, and ${REQUIRE} is 1`);
    });
  } else test(`${name} (skipped: ${missing})`, { skip: true }, () => {});
}
