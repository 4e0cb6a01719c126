import { readFileSync } from "node:fs";
import {
  type ClientReport,
  findCompiler,
  HandlerClient,
} from "../handler/handler_client.ts";
import {
  type KnownGuest,
  writeKnownGuest,
} from "../proving/page_server/known_guest.ts";
import { PageServerProcess } from "../proving/page_server/page_server_process.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { printFigure } from "./figure_row.ts";
import { compileHandler, copyImage, NativeHandler } from "./native_handler.ts";
import { benchPopulate } from "./populate.ts";
import { type Contender, interleave, median } from "./rounds.ts";
import { printResults } from "./table.ts";

const PAGES = 32_768;
const ROUNDS = 5;
const VMS = 8;
/** The figure is the longest of 24,000 faults, which takes more rounds. */
const VMS_ROUNDS = 13;

/** A handler that listens for VMs on a socket. */
interface Handler {
  readonly socket: string;
}

/**
 * Measures page faults of a client that emulates Firecracker, with page-server
 * and a handler in C.
 */
export async function benchPageFaults(): Promise<void> {
  console.log("page-faults: a VM's faults from a cached snapshot of 128 MiB");
  const compiler = findCompiler();
  if (compiler === undefined) {
    console.log("  not measured: there is no C compiler");
    return;
  }
  using scratch = new ScratchDirectory();
  const client = new HandlerClient(compiler, scratch.file("client"));
  const handler = scratch.file("handler");
  compileHandler(compiler, handler);
  const guest = await writeKnownGuest(scratch, PAGES, { full: true });
  const image = copyImage(guest);

  for (const bytes of [4096, 0x10000]) {
    using native = await NativeHandler.start(handler, {
      socket: scratch.file(`native-${bytes}`),
      image,
      bytes,
    });
    await using ours = await PageServerProcess.start(
      scratch.file(`ours-${bytes}`),
      [guest.snapshot, "--no-push", "--fault-around", String(bytes)],
    );
    await (bytes === 4096 ? singleFaults : runs)(
      { client, guest },
      [native, ours],
    );
  }
  await manyMachines({ client, guest }, scratch, { handler, image });
  await benchPopulate(client, handler);
}

interface Bench {
  readonly client: HandlerClient;
  readonly guest: KnownGuest;
}

/** Runs a script; a wrong page is an error. */
async function measure(
  { client, guest }: Bench,
  { socket }: Handler,
  command: string,
): Promise<Required<ClientReport>> {
  const { code, reports } = await client.run(socket, [
    `region ${guest.pageCount * 4096}`,
    `image ${guest.image}`,
    "connect",
    "sleep 200", // The first fault must not wait for the handshake.
    command,
  ]);
  const last = reports.at(-1);
  if (code !== 0 || last?.p50_us === undefined) {
    throw new Error(
      `The client exited with ${code}: ${JSON.stringify(reports)}`,
    );
  }
  return last as Required<ClientReport>;
}

async function singleFaults(
  bench: Bench,
  [native, ours]: readonly [Handler, Handler],
): Promise<void> {
  for (
    const [key, name, atMost] of [
      ["p50_us", "p50", 1.5],
      ["p99_us", "p99", 3],
    ] as const
  ) {
    const contender = (who: string, handler: Handler): Contender => ({
      name: `single fault, ${name}: ${who}`,
      measure: async () => (await measure(bench, handler, "touch 0 0 7"))[key],
    });
    printResults(
      await interleave([
        contender("C handler", native),
        { ...contender("page-server", ours), goal: { of: "ratio", atMost } },
      ], ROUNDS),
      "µs",
    );
  }
}

async function runs(
  bench: Bench,
  [native, ours]: readonly [Handler, Handler],
): Promise<void> {
  const contender = (who: string, handler: Handler): Contender => ({
    name: `64 KiB a fault, in order: ${who}`,
    measure: async () => {
      const { total_us } = await measure(bench, handler, "touch 0 0");
      return bench.guest.pageCount * 4096 / total_us;
    },
  });
  printResults(
    await interleave([
      contender("C handler", native),
      {
        ...contender("page-server", ours),
        goal: { of: "ratio", atLeast: 0.85 },
      },
    ], ROUNDS),
    "MB/s",
  );
}

async function manyMachines(
  bench: Bench,
  scratch: ScratchDirectory,
  { handler, image }: { readonly handler: string; readonly image: string },
): Promise<void> {
  using native = await NativeHandler.start(handler, {
    socket: scratch.file("many-native"),
    image,
    bytes: 4096,
  });
  await using server = await PageServerProcess.start(scratch.file("many"), [
    bench.guest.snapshot,
    ...["--no-push", "--fault-around", "4K"],
  ]);
  const native8: number[] = [];
  const ours8: number[] = [];
  for (let round = 0; round < VMS_ROUNDS; round++) {
    native8.push(await unfairness(bench, native));
    ours8.push(await unfairness(bench, server));
  }
  printFigure(`${VMS} VMs, longest fault / median: C handler, a process each`, {
    value: median(native8),
    unit: "×",
  });
  printFigure(`${VMS} VMs, longest fault / median: page-server`, {
    value: median(ours8),
    unit: "×",
    goal: { atMost: 50 },
  });
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const kib = Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]);
  printFigure(`${VMS} VMs, memory besides the file: page-server`, {
    value: kib * 1024 / 1e6,
    unit: "MB",
    goal: { atMost: 200 },
  });
}

/** Returns the ratio of the longest fault of several VMs to the median. */
async function unfairness(bench: Bench, handler: Handler): Promise<number> {
  const reports = await Promise.all(
    Array.from(
      { length: VMS },
      (_, vm) => measure(bench, handler, `touch ${vm} 3000 9`),
    ),
  );
  const worst = Math.max(...reports.map((it) => it.max_us));
  return worst / median(reports.map((it) => it.p50_us));
}
