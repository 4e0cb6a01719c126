import { PageServer } from "../../reference/doors/linux.ts";
import { findCompiler, HandlerClient } from "../handler/handler_client.ts";
import { writeKnownGuest } from "../proving/page_server/known_guest.ts";
import type { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { interleave } from "./rounds.ts";
import { sealSnapshot } from "./sealed_snapshot.ts";
import { printResults } from "./table.ts";

const PAGES = 32_768;
const ROUNDS = 9;

/** Bytes around a fault, and the pages that are touched: one a window. */
const CASES = [
  { around: 0x10000, touch: "touch 0 2000 16", goal: 1.2 },
  { around: 4096, touch: "touch 0 2000 16", goal: undefined },
] as const;

/** Measures page faults that are checked beside those that are not. */
export async function benchVerityFaults(
  scratch: ScratchDirectory,
): Promise<void> {
  const compiler = findCompiler();
  if (compiler === undefined) {
    console.log("verity: faults are not measured, there is no C compiler");
    return;
  }
  const client = new HandlerClient(compiler, scratch.file("client"));
  const guest = await writeKnownGuest(scratch, PAGES, { full: true });
  const { path, tree, digest } = await sealSnapshot(guest.snapshot);
  for (const { around, touch, goal } of CASES) {
    const start = (name: string, verity?: { digest: string; tree: string }) =>
      PageServer.start(path, {
        path: scratch.file(`${name}-${around}`),
        background: false,
        faultAround: around,
        verity,
      });
    await using _plain = await start("plain");
    await using _checked = await start("checked", { digest, tree });
    const measure = async (name: string) => {
      const { code, reports } = await client.run(
        scratch.file(`${name}-${around}`),
        [
          ...[`region ${PAGES * 4096}`, `image ${guest.image}`, "connect"],
          "sleep 200", // The first fault must not wait for the handshake.
          touch,
        ],
      );
      const p50 = reports.at(-1)?.p50_us;
      if (code === 0 && p50 !== undefined) return p50;
      throw new Error(`The client failed: ${JSON.stringify(reports)}`);
    };
    console.log(
      `verity: a userfaultfd fault, p50, ${around / 1024} KiB around`,
    );
    printResults(
      await interleave([
        { name: "unchecked", measure: () => measure("plain") },
        {
          name: "checked",
          measure: () => measure("checked"),
          ...(goal === undefined
            ? {}
            : { goal: { of: "ratio", atMost: goal } as const }),
        },
      ], ROUNDS),
      "µs",
    );
  }
}
