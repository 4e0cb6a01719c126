import process from "node:process";
import { writeProfile } from "../../../format/profile/mod.ts";
import { PageServer, PageServerMetrics } from "../../firecracker/mod.ts";
import { notifyReady } from "../../linux/mod.ts";
import type { PagerEvent } from "../../paging/mod.ts";
import { FROM_RAW_OPTION } from "../input/flat_image.ts";
import { SNAPSHOT_OPTIONS } from "../input/snapshot_options.ts";
import { filesOf, PLACE_NAMES, PLACE_NEEDS } from "../input/place_options.ts";
import { checkOutput, writeOutput } from "../output/output_file.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { signalExitCode, stoppedExitCode } from "../program/interrupted.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";
import { serveMetrics } from "./metrics_server.ts";
import { pageServerArguments } from "./page_server_arguments.ts";
import { prepareInputs } from "./page_server_inputs.ts";
import { PageServerEvents, PageServerLines } from "./page_server_report.ts";

const OPTIONS = {
  listen: {
    type: "string",
    value: "unix:PATH",
    text: "the socket that the VMs connect to; a socket without a listening " +
      "process is replaced",
  },
  "socket-mode": {
    type: "string",
    values: ["0600", "0660", "0666"],
    text: "who can connect: your user alone, your group too, or all; " +
      "default: 0600",
  },
  block: {
    type: "string",
    value: "IDSTR",
    text: "the RAMBlock that is their memory, if FILE has several",
  },
  flat: {
    type: "boolean",
    text: "FILE is an image of the memory, byte for byte",
  },
  from: FROM_RAW_OPTION,
  "fault-around": {
    type: "string",
    value: "SIZE",
    text: "bytes to load around a touched page; default: 64K",
  },
  "no-push": {
    type: "boolean",
    text: "load only pages that the VM touches",
  },
  "on-failure": {
    type: "string",
    values: ["stall", "kill"],
    text: "what happens to a VM that cannot be served; default: stall",
  },
  "retry-for": {
    type: "string",
    value: "SECONDS",
    text: "how long to retry a read before that; default: 60",
  },
  record: {
    type: "string",
    value: "PROFILE",
    text: "at the end, record the touched pages, in order",
  },
  replay: {
    type: "string",
    multiple: true,
    value: "PROFILE",
    text: "load the pages of a profile first; repeatable",
  },
  metrics: {
    type: "string",
    value: "PORT",
    text: "Prometheus: http://127.0.0.1:PORT/metrics",
  },
  force: {
    type: "boolean",
    text: "replace an existing profile",
  },
  ...SNAPSHOT_OPTIONS,
} as const;

const COMMON = [
  ...["listen", "socket-mode", "fault-around", "no-push"] as const,
  ...["on-failure", "retry-for", "metrics", "json"] as const,
  ...PLACE_NAMES,
] as const;
const USES = optionUses(OPTIONS, {
  ways: {
    "with --flat": [...COMMON, "flat", "from"],
    "without --flat": [
      ...COMMON,
      ...["offset", "bitmap-byte-order", "bitmap-word-size"] as const,
      ...["block", "record", "replay", "force"] as const,
    ],
  },
  needs: { force: ["record"], ...PLACE_NEEDS },
});

/** `page-server FILE` */
export const pageServer: Command = {
  options: OPTIONS,
  uses: USES,
  usage: [
    "page-server FILE|URL --listen unix:PATH [options]",
  ],
  about: `\
Serves VMs that are restored with mem_backend {"backend_type": "Uffd",
"backend_path": PATH}. Each VM gets the pages it touches from FILE, and the others
in the background. FILE is a snapshot or, with --flat, a memory file of
Firecracker. One server serves any number of VMs until it is stopped; a VM that
does not have all its pages by then waits for them for as long as it lives.
Stopped by SIGTERM, as service managers do, it exits with code 0. It tells systemd
when VMs can connect.

A page that cannot be read is never replaced by zeros: the VM waits while the read
is retried, and after --retry-for seconds is killed with --on-failure kill.
Only the process that connected is killed, and only if a userfaultfd watches its
memory; where that is uncertain it is not killed, and a message says why.

Linux only. It calls the C library (Deno: --allow-ffi; Node: the package koffi).`,
  notes: `\
With --json each line is an event: ready, connected, serving, statistics each
second, retry, untrusted, failed, killed, not-killed, loaded, refused, ended.`,
  examples: [
    "page-server vm.mr --listen unix:/run/pages.sock",
    "page-server https://example.com/memory --flat \\\n      --listen unix:/run/pages.sock --on-failure kill",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { FILE } = takePositionals(positionals, "FILE");
    checkUses(USES, values.flat ? "with --flat" : "without --flat", values);
    const request = pageServerArguments(FILE, values);
    const { record, force } = request;
    if (record !== undefined) {
      const { place, replay } = request;
      const inputs = [...filesOf(place), ...replay];
      checkOutput(record, { force, inputs });
    }
    const loadFirst = await prepareInputs(request, signal);
    const report = request.json
      ? new PageServerEvents()
      : new PageServerLines();
    const metrics = new PageServerMetrics();
    using _ = request.metrics === undefined
      ? undefined
      : await serveMetrics(() => metrics.text(), request.metrics);
    // A VM may connect before the server is reported as ready.
    const early: PagerEvent[] = [];
    let isReady = false;
    await using server = await PageServer.start(FILE, {
      ...request,
      ...request.open,
      ...request.place,
      loadFirst,
      record: record !== undefined,
      onEvent: (event) => {
        metrics.take(event);
        if (isReady) report.take(event);
        else early.push(event);
      },
    });
    report.listening(request.path);
    for (const event of early) report.take(event);
    isReady = true;
    const { NOTIFY_SOCKET: manager } = process.env;
    if (manager !== undefined) notifyReady(manager);
    await Promise.race([server.ended, aborted(signal)]);
    const profile = await server.close();
    if (record !== undefined && profile !== undefined) {
      await writeOutput(record, writeProfile(profile), { force, inputs: [] });
    }
    // A service manager that stops this process would take 143 for a failure.
    const code = stoppedExitCode(signal);
    return code === signalExitCode("SIGTERM") ? 0 : code;
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
