import { isListening } from "../../linux/mod.ts";
import { receiveMigration, type ReceiveSummary } from "../../migration/mod.ts";
import {
  listenSocket,
  parseSocketAddress,
  type SocketListener,
} from "../../sockets/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import { parseNumber } from "../input/number_argument.ts";
import { checkSealed, SEAL_OPTION } from "../input/seal_option.ts";
import { JSON_EVENTS_OPTION } from "../input/snapshot_options.ts";
import { workOptions } from "../input/work_options.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog, printMessage } from "../output/output.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { createOutput } from "../output/output_file.ts";
import { freeName } from "../output/free_name.ts";
import { packByName } from "../output/pack_by_name.ts";
import { printable } from "../output/printable.ts";
import { printEvent } from "../output/progress_events.ts";
import { ReceiveBar, ReceiveEvents } from "../output/receive_bar.ts";
import { paint } from "../output/terminal.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { readOption, UsageError } from "../program/usage_error.ts";

/** Milliseconds between two messages about a full disk. */
const FULL_INTERVAL = 10_000;

const OPTIONS = {
  listen: {
    type: "string",
    value: "ADDRESS",
    text: "where QEMU connects; a socket without a listening process is " +
      "replaced",
  },
  "page-size": {
    type: "string",
    value: "SIZE",
    text: "of a target whose configuration does not state it (default: 4096)",
  },
  "without-vmdesc": {
    type: "boolean",
    text: "accept a migration without a vmdesc at its end; such a migration " +
      "may have been cut off unnoticed",
  },
  force: {
    type: "boolean",
    text: "replace OUT if it exists",
  },
  ...SEAL_OPTION,
  json: JSON_EVENTS_OPTION,
} as const;

/** `receive OUT --listen ADDRESS` */
export const receive: Command = {
  options: OPTIONS,
  usage: [
    "receive OUT --listen unix:PATH|tcp:HOST:PORT [options]",
  ],
  about: `\
Waits for the migration of a QEMU and writes it to OUT, a mapped-ram file that
stock QEMU loads. Each page is written to its place as it arrives, and again if it
is sent again. If OUT ends in .qcow2, the file is packed at the end. In QEMU's
monitor: migrate unix:PATH, or migrate tcp:HOST:PORT. The capability xbzrle may be
on; multifd and postcopy may not.

OUT appears once the whole migration has arrived; until then, and if it fails, an
existing file of that name stays as it was. With the capability return-path, QEMU
learns of success only then.

A migration that arrived whole but cannot become a snapshot (for example from a
newer QEMU) is kept unchanged in OUT.stream: a QEMU with the sender's command line
loads it with -incoming 'exec:cat OUT.stream'. If OUT has appeared in the
meantime, made by another process, the snapshot is kept in OUT.1. If the disk is
full, receive waits until there is space, unless return-path is on.`,
  examples: [
    "receive vm.mr --listen unix:/run/vm.sock",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { OUT } = takePositionals(positionals, "OUT");
    const { force = false, json = false, listen } = values;
    if (listen === undefined) {
      throw new UsageError("Cannot receive without --listen ADDRESS");
    }
    readOption("--listen", () => parseSocketAddress(listen));
    const pageSize = values["page-size"] === undefined
      ? undefined
      : parseNumber("--page-size", values["page-size"]);
    // Before a guest connects: it would be lost if OUT could not be written.
    checkSealed(OUT, values.seal, { force, inputs: [] });
    const { jobs } = workOptions({});
    const file = createOutput(OUT, { force, inputs: [] });
    const sink = await packByName(file, { jobs, signal });
    const { summary, milliseconds } = await receiveGuest(listen).catch(
      async (error) => {
        await sink.abort().catch(() => {});
        throw error;
      },
    );
    const result = { file: OUT, ...summary, milliseconds };
    if (json) printEvent("received", result);
    else printSummary(OUT, summary, milliseconds);
    if (values.seal) {
      const { sealOutput } = await import("../seal/print_sealed.ts");
      await sealOutput(OUT, { force, json, signal, jobs });
    }
    return 0;

    async function receiveGuest(address: string): Promise<{
      readonly summary: ReceiveSummary;
      readonly milliseconds: number;
    }> {
      using listener = await listenSocket(address, { isListening });
      if (json) printEvent("listening", { address: listener.name });
      else printMessage(`listening at ${listener.name}`);
      const channel = await listener.accept({ signal });
      const started = performance.now();
      let hasBegun = false;
      const alone = refuseOthers(listener, () => hasBegun);
      using bar = json ? new ReceiveEvents() : new ReceiveBar();
      const summary = await receiveMigration(channel, sink, {
        pageSize,
        withoutVmdesc: values["without-vmdesc"],
        keepStream: () =>
          createOutput(freeName(`${OUT}.stream`), { force: false, inputs: [] }),
        signal: AbortSignal.any([signal, alone]),
        onRetry: fullTeller(),
        onProgress(progress): void {
          hasBegun = progress.total > 0;
          bar.show(progress);
        },
      });
      return { summary, milliseconds: performance.now() - started };
    }
  },
};

/** Returns a function that reports a full disk from time to time. */
function fullTeller(): (error: SourceError) => void {
  let lastMessage = -Infinity;
  return ({ message }) => {
    const now = performance.now();
    if (now - lastMessage < FULL_INTERVAL) return;
    lastMessage = now;
    printMessage(
      `${printable(message)}; QEMU may have given up the guest: free some ` +
        "space, it retries (Ctrl-C abandons what has arrived)",
    );
  };
}

/**
 * Returns a signal that is aborted when QEMU opens another connection, which
 * would carry pages. QEMU does so before it sends the list of RAMBlocks: a
 * connection that comes later is a stranger's, and is closed.
 */
function refuseOthers(
  listener: SocketListener,
  hasBegun: () => boolean,
): AbortSignal {
  const controller = new AbortController();
  const accept = async (): Promise<void> => {
    do (await listener.accept()).close(); while (hasBegun());
    controller.abort(
      new SourceError(
        listener.name,
        `Cannot receive at ${listener.name}: QEMU has opened a second ` +
          "connection, expected one (multifd and postcopy-preempt off)",
      ),
    );
  };
  // It rejects when the listener is closed.
  accept().catch(() => {});
  return controller.signal;
}

function printSummary(
  out: string,
  summary: ReceiveSummary,
  milliseconds: number,
): void {
  const { machine, bytesReceived, rounds, byteLength } = summary;
  const rate = Math.round(bytesReceived / Math.max(1, milliseconds) * 1000);
  const allocated = allocatedBytes(out);
  printLog(
    `${paint("green", "received")} ${machine} in ${
      formatTime(milliseconds)
    }: ` +
      `${formatBytes(bytesReceived)} at ${formatBytes(rate)}/s, ` +
      `${countOf(rounds, "dirty round")}\n` +
      `${printable(out)}: ${formatBytes(byteLength)} long` +
      (allocated === undefined ? "" : `, ${formatBytes(allocated)} on disk`),
  );
}
