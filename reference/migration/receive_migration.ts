import {
  ForwardReader,
  type ForwardRequest,
  RuleError,
  walkSequentialStream,
} from "../../format/mod.ts";
import { type SaveSummary, summaryOf } from "../saving/mod.ts";
import { driveForward } from "../sequential/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import { type ReadOptions, SourceError } from "../sources/mod.ts";
import { Pace } from "../work/mod.ts";
import { ChannelInput } from "./channel_input.ts";
import { keepStream } from "./kept_stream.ts";
import { KeptStreamError } from "./kept_stream_error.ts";
import { type ReceiveProgress, ReceiveReport } from "./receive_report.ts";
import { ReceivingRecorder } from "./receiving_recorder.ts";
import { sendPong, sendShut } from "./return_messages.ts";

/** How to receive a migration. */
export interface ReceiveOptions extends ReadOptions {
  /** Size of a page in bytes, where the configuration does not tell. */
  readonly pageSize?: number | undefined;
  /**
   * Whether to take a stream whose vmdesc does not come, as from a machine with
   * `suppress-vmdesc`: nothing then tells a whole stream from a cut one. Default:
   * false.
   */
  readonly withoutVmdesc?: boolean | undefined;
  /**
   * Makes a sink for a migration that came whole but cannot be made a snapshot: all
   * of it is kept there as a sequential stream, since its sender may have given
   * the guest away by then. It is not asked for where the sender waits to be told
   * how it went, and keeps its guest. Default: nothing is kept.
   */
  readonly keepStream?: (() => ByteSink) | undefined;
  /** Is told now and then how far the migration has come. */
  readonly onProgress?: ((progress: ReceiveProgress) => void) | undefined;
}

/** What was received. */
export interface ReceiveSummary extends SaveSummary {
  /** QEMU's name of the machine type. */
  readonly machine: string;
  /** Bytes that came over the connection. */
  readonly bytesReceived: number;
  /** How often the sender began anew with what had changed meanwhile. */
  readonly rounds: number;
}

/**
 * Takes the migration of a running QEMU from a channel and writes it as a
 * mapped-ram file: pages go to their places as they come, and again when they come
 * again. Only a migration that came whole is committed; the sink is aborted
 * otherwise. Where the sender waits for an answer, it is told once all is safe.
 *
 * @throws {KeptStreamError} if it came whole, but is kept as it came
 * @throws {FormatError} if the stream breaks a rule
 * @throws {UnsupportedError} if it takes another reader: multifd, RDMA
 * @throws {SourceError} if the connection breaks, or the sink cannot be written
 *
 * @example
 * ```ts
 * import { createFileSink } from "../../mod.ts";
 * import {
 *   listenSocket,
 *   receiveMigration,
 * } from "../doors/qemu.ts";
 *
 * async function receive(address: string, path: string): Promise<void> {
 *   using listener = await listenSocket(address);
 *   const channel = await listener.accept(); // QEMU: migrate unix:…
 *   await receiveMigration(channel, createFileSink(path));
 * }
 * ```
 */
export async function receiveMigration(
  channel: ByteChannel,
  sink: ByteSink,
  options: ReceiveOptions = {},
): Promise<ReceiveSummary> {
  const { signal } = options;
  const stop = () => channel.close();
  signal?.addEventListener("abort", stop);
  const report = new ReceiveReport(options.onProgress);
  const input = new ChannelInput(channel, report);
  using recorder = new ReceivingRecorder(sink, channel.name, report);
  try {
    signal?.throwIfAborted();
    const file = { name: channel.name, byteLength: Infinity };
    const reader = new ForwardReader(file, 0);
    const pace = new Pace(signal);
    await driveForward(
      walkSequentialStream(reader, recorder, {
        pageSize: options.pageSize,
        // What was written is read again with the vmdesc: that must agree.
        findFooters: true,
      }),
      {
        async read(request: ForwardRequest): Promise<Uint8Array> {
          // Whoever wants an answer waits for it with the connection open.
          if (recorder.answers && recorder.isWhole) {
            return request.target.subarray(0, 0);
          }
          return await input.read(request);
        },
        async settle(): Promise<void> {
          await recorder.settle();
          for (const payload of recorder.takePings()) {
            await sendPong(channel, payload);
          }
          report.tell();
          await pace.step();
        },
      },
    );
    signal?.throwIfAborted();
    if (!recorder.isWhole && !options.withoutVmdesc) {
      throw new NoVmdescError(
        channel.name,
        `Cannot receive from ${channel.name}: the connection ended before the ` +
          "description of the device state, expected all of it",
      );
    }
    await recorder.finish();
    const summary = await summaryOf(recorder);
    await sink.commit();
    if (recorder.answers) await sendShut(channel, 0).catch(() => {});
    return {
      ...summary,
      machine: recorder.machine,
      bytesReceived: report.bytesReceived,
      rounds: report.rounds,
    };
  } catch (error) {
    const kept = await keep(error);
    await sink.abort().catch(() => {});
    if (recorder.answers) await sendShut(channel, 1).catch(() => {});
    // Closing makes reads end; that was the signal's doing.
    signal?.throwIfAborted();
    throw kept ?? error;
  } finally {
    signal?.removeEventListener("abort", stop);
    channel.close();
  }

  /** Keeps what came, if it is not for the lack of it that it cannot be read. */
  async function keep(error: unknown): Promise<Error | undefined> {
    const isStream = error instanceof RuleError &&
        error.rule !== "stream-magic" || error instanceof NoVmdescError;
    const makeSink = options.keepStream;
    if (!isStream || makeSink === undefined) return undefined;
    if (recorder.answers || signal?.aborted) return undefined;
    try {
      const kept = makeSink();
      return await keepStream(kept, recorder, input)
        ? new KeptStreamError(channel.name, kept.name, error)
        : undefined;
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      const message = `${error.message}; what came cannot be kept: ${why}`;
      return new SourceError(channel.name, message, { cause: error });
    }
  }
}

/** The stream ended without a vmdesc. */
class NoVmdescError extends SourceError {}
