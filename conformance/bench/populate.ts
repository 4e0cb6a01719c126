import type { HandlerClient } from "../handler/handler_client.ts";
import { writeKnownGuest } from "../handler/known_guest.ts";
import { PageServerProcess } from "../handler/page_server_process.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { printFigure } from "./figure_row.ts";
import { median } from "./rounds.ts";

const LARGE_PAGES = 262_144;
const ROUNDS = 5;

/** The background's speed, and what faults wait for meanwhile. */
export async function benchPopulate(
  client: HandlerClient,
): Promise<void> {
  using large = new ScratchDirectory();
  const guest = await writeKnownGuest(large, LARGE_PAGES, { full: true });
  const speeds: number[] = [];
  const tails: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const command of ["sleep 2500", "random 3000 5"]) {
      await using server = await PageServerProcess.start(
        large.file(`large-${round}-${command.length}`),
        [guest.snapshot],
      );
      const running = client.run(server.socket, [
        `region ${guest.pageCount * 4096}`,
        `image ${guest.image}`,
        "connect",
        command,
        "sleep 2000",
      ]);
      await server.until((it) => it.event === "serving");
      const start = performance.now();
      await server.until((it) => it.event === "loaded");
      const seconds = (performance.now() - start) / 1000;
      const { reports, code } = await running;
      if (code !== 0) throw new Error(JSON.stringify(reports));
      if (round === 0) continue;
      if (command.startsWith("sleep")) {
        speeds.push(guest.pageCount * 4096 / seconds / 1e9);
      } else tails.push((reports.at(-1)?.p99_us ?? NaN) / 1000);
    }
  }
  printFigure("1 GiB in the background", {
    value: median(speeds),
    unit: "GB/s",
    goal: { atLeast: 1.5 },
  });
  printFigure("p99 of a fault meanwhile", {
    value: median(tails),
    unit: "ms",
    goal: { atMost: 2 },
  });
}
