import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ClientReport,
  findCompiler,
  HandlerClient,
} from "../handler/handler_client.ts";
import { type KnownGuest, writeKnownGuest } from "../handler/known_guest.ts";
import { PageServerProcess } from "../handler/page_server_process.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { printFigure } from "./figure_row.ts";
import { benchPopulate } from "./populate.ts";
import { type Contender, interleave, median } from "./rounds.ts";
import { printResults } from "./table.ts";

const PAGES = 32_768;
const ROUNDS = 5;
const VMS = 8;
const HANDLER = fileURLToPath(new URL("./fault_handler.c", import.meta.url));

/** A handler that waits for VMs at a socket. */
interface Handler {
  readonly socket: string;
}

/** Page faults of a client that plays Firecracker: ours and a handler in C. */
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
  execFileSync(compiler, ["-O2", "-o", handler, HANDLER]);
  const guest = await writeKnownGuest(scratch, PAGES, { full: true });

  for (const bytes of [4096, 0x10000]) {
    const native = startNative(handler, {
      socket: scratch.file(`native-${bytes}`),
      image: guest.image,
      bytes,
    });
    await using ours = await PageServerProcess.start(
      scratch.file(`ours-${bytes}`),
      [guest.snapshot, "--no-push", "--fault-around", String(bytes)],
    );
    try {
      await once(native.child.stdout, "data");
      await (bytes === 4096 ? singleFaults : runs)(
        { client, guest },
        [native, ours],
      );
    } finally {
      native.child.kill("SIGKILL");
    }
  }
  await manyMachines(
    { client, guest },
    scratch,
    (socket) =>
      startNative(handler, { socket, image: guest.image, bytes: 4096 }),
  );
  await benchPopulate(client);
}

function startNative(
  program: string,
  options: {
    readonly socket: string;
    readonly image: string;
    readonly bytes: number;
  },
) {
  const { socket, image, bytes } = options;
  const child = spawn(program, [socket, image, String(bytes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { socket, child };
}

interface Bench {
  readonly client: HandlerClient;
  readonly guest: KnownGuest;
}

/** Runs a script; a wrong page is an error, here too. */
async function measure(
  { client, guest }: Bench,
  { socket }: Handler,
  command: string,
): Promise<Required<ClientReport>> {
  const { code, reports } = await client.run(socket, [
    `region ${guest.pageCount * 4096}`,
    `image ${guest.image}`,
    "connect",
    "sleep 200", // The first fault is not to wait for the handshake.
    command,
  ]);
  const last = reports.at(-1);
  if (code !== 0 || last?.p50_us === undefined) {
    throw new Error(
      `The client ended with ${code}: ${JSON.stringify(reports)}`,
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
      ["p50_us", "p50", 1.6],
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
        goal: { of: "ratio", atLeast: 0.8 },
      },
    ], ROUNDS),
    "MB/s",
  );
}

async function manyMachines(
  bench: Bench,
  scratch: ScratchDirectory,
  startHandler: (socket: string) => ReturnType<typeof startNative>,
): Promise<void> {
  const native = startHandler(scratch.file("many-native"));
  await using server = await PageServerProcess.start(scratch.file("many"), [
    bench.guest.snapshot,
    ...["--no-push", "--fault-around", "4K"],
  ]);
  try {
    printFigure(
      `${VMS} VMs, longest fault / median: C handler, a process each`,
      {
        value: await unfairness(bench, native),
        unit: "×",
      },
    );
    printFigure(`${VMS} VMs, longest fault / median: page-server`, {
      value: await unfairness(bench, server),
      unit: "×",
      goal: { atMost: 50 },
    });
  } finally {
    native.child.kill("SIGKILL");
  }
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const kib = Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]);
  printFigure(`${VMS} VMs, memory besides the file: page-server`, {
    value: kib * 1024 / 1e6,
    unit: "MB",
    goal: { atMost: 200 },
  });
}

/** How much longer the longest fault of several VMs took than one in the middle. */
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
