import { execFileSync } from "node:child_process";
import { env } from "node:process";
import { test } from "node:test";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { findCompiler, HandlerClient } from "../../handler/handler_client.ts";

/** Set to 1 to fail, not skip, if page faults cannot be served. */
const REQUIRE = "MAPPED_RAM_REQUIRE_USERFAULTFD";
const TIMEOUT_MS = 300_000;

let reason: string | undefined;

/** Returns why page faults cannot be served here; undefined if they can. */
function missing(): string | undefined {
  reason ??= findMissing() ?? "";
  return reason === "" ? undefined : reason;
}

function findMissing(): string | undefined {
  const compiler = findCompiler();
  if (compiler === undefined) return "there is no C compiler";
  using scratch = new ScratchDirectory();
  const program = scratch.file("probe");
  const source = `#include <fcntl.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(void) { return syscall(SYS_userfaultfd, O_CLOEXEC) < 0; }`;
  try {
    const flags = ["-x", "c", "-o", program, "-"];
    execFileSync(compiler, flags, { input: source, stdio: "pipe" });
    execFileSync(program);
    return undefined;
  } catch {
    return "userfaultfd is not permitted here";
  }
}

/**
 * Defines a test of a page-fault handler, with the client and an empty
 * directory. If faults cannot be served, it is skipped, and its name says why.
 */
export function handlerTest(
  name: string,
  body: (client: HandlerClient, scratch: ScratchDirectory) => Promise<void>,
): void {
  const options = { timeout: TIMEOUT_MS };
  const why = missing();
  if (why === undefined) {
    test(name, options, async () => {
      using scratch = new ScratchDirectory();
      const client = new HandlerClient(
        findCompiler() ?? "cc",
        scratch.file("client"),
      );
      await body(client, scratch);
    });
  } else if (env[REQUIRE] === "1") {
    test(name, options, () => {
      throw new Error(`Cannot run the test: ${why}, and ${REQUIRE} is 1`);
    });
  } else test(`${name} (skipped: ${why})`, { skip: true }, () => {});
}
