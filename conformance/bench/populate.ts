import type { HandlerClient } from "../handler/handler_client.ts";
import {
  type KnownGuest,
  writeKnownGuest,
} from "../proving/page_server/known_guest.ts";
import { PageServerProcess } from "../proving/page_server/page_server_process.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { copyImage, NativeHandler } from "./native_handler.ts";
import { type Contender, interleave } from "./rounds.ts";
import { printResults } from "./table.ts";

const LARGE_PAGES = 262_144;
const ROUNDS = 5;

/** A handler that fills a VM's memory in the background. */
interface Pushing {
  readonly socket: string;
  /** Resolves when it has reported the event. */
  until(event: "serving" | "loaded"): Promise<unknown>;
}

/**
 * Measures the speed of background loading, and the latency of faults
 * meanwhile.
 */
export async function benchPopulate(
  client: HandlerClient,
  handler: string,
): Promise<void> {
  using scratch = new ScratchDirectory();
  const guest = await writeKnownGuest(scratch, LARGE_PAGES, { full: true });
  const { snapshot } = guest;
  const image = copyImage(guest);
  let count = 0;
  const native = async (script: string, figure: Figure) => {
    const socket = scratch.file(`native-${++count}`);
    using handlerInC = await NativeHandler.start(handler, {
      socket,
      image,
      bytes: 0x10000,
      push: true,
    });
    return figure(await push({ client, guest }, handlerInC, script));
  };
  const ours = async (script: string, figure: Figure) => {
    const socket = scratch.file(`ours-${++count}`);
    await using server = await PageServerProcess.start(socket, [snapshot]);
    return figure(
      await push({ client, guest }, {
        socket,
        until: (event) => server.until((it) => it.event === event),
      }, script),
    );
  };
  const speed: Figure = ({ seconds }) => guest.pageCount * 4096 / seconds / 1e9;
  const background: readonly Contender[] = [
    {
      name: "1 GiB in the background: C handler",
      measure: () => native("sleep 2500", speed),
    },
    {
      name: "1 GiB in the background: page-server",
      measure: () => ours("sleep 2500", speed),
      goal: { of: "value", atLeast: 1.5 },
    },
  ];
  printResults(await interleave(background, ROUNDS), "GB/s");
  const tail: Figure = ({ p99 }) => p99;
  const faults: readonly Contender[] = [
    {
      name: "p99 of a fault meanwhile: C handler",
      measure: () => native("random 3000 5", tail),
    },
    {
      name: "p99 of a fault meanwhile: page-server",
      measure: () => ours("random 3000 5", tail),
      goal: { of: "value", atMost: 2 },
    },
  ];
  printResults(await interleave(faults, ROUNDS), "ms");
}

interface Pushed {
  /** Time to fill all of the memory. */
  readonly seconds: number;
  /** 99th percentile of the time to read a page, in milliseconds. */
  readonly p99: number;
}

type Figure = (pushed: Pushed) => number;

async function push(
  { client, guest }: {
    readonly client: HandlerClient;
    readonly guest: KnownGuest;
  },
  pushing: Pushing,
  command: string,
): Promise<Pushed> {
  const running = client.run(pushing.socket, [
    `region ${guest.pageCount * 4096}`,
    `image ${guest.image}`,
    "connect",
    command,
    "sleep 2000",
  ]);
  await pushing.until("serving");
  const start = performance.now();
  await pushing.until("loaded");
  const seconds = (performance.now() - start) / 1000;
  const { reports, code } = await running;
  if (code !== 0) throw new Error(JSON.stringify(reports));
  const read = reports.findLast((it) => it.p99_us !== undefined);
  return { seconds, p99: (read?.p99_us ?? NaN) / 1000 };
}
