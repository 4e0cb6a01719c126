import { RuleError } from "../../format/rules/mod.ts";
import {
  ForwardReader,
  type ForwardRequest,
  walkSequentialStream,
} from "../../format/sequential/mod.ts";
import { recordedSummary } from "../recording/mod.ts";
import type { SaveSummary } from "../saving/mod.ts";
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
import { waitForRoom } from "./wait_for_room.ts";

/** Options of receiving a migration. */
export interface ReceiveOptions extends ReadOptions {
  /** Bytes of a page, if the configuration does not contain it. */
  readonly pageSize?: number | undefined;
  /**
   * Whether to accept a stream without a vmdesc, as a machine with
   * `suppress-vmdesc` sends; a complete stream then looks like a
   * truncated one. Default: false.
   */
  readonly withoutVmdesc?: boolean | undefined;
  /**
   * Creates a sink for a complete migration that cannot be made a snapshot:
   * everything is kept there as a sequential stream, because its sender may
   * already have given up the guest. It is not called if the sender waits for
   * the result, and so keeps its guest. Default: nothing is kept.
   */
  readonly keepStream?: (() => ByteSink) | undefined;
  /**
   * Called once everything is written, before the sink is committed; what it
   * throws aborts the sink. Default: nothing.
   */
  readonly beforeCommit?: (() => void) | undefined;
  /**
   * Called for each write that fails because the disk is full, if the sender
   * does not wait for an answer: it may have given up the guest. The write is
   * retried until there is space; aborting the signal stops it, and the guest
   * may be lost. Default: nothing.
   */
  readonly onRetry?: ((error: SourceError) => void) | undefined;
  /**
   * Whether the guest exists elsewhere in any case, as when the channel reads a
   * file: any failure then ends the work at once. Default: false.
   */
  readonly hasOtherCopy?: boolean | undefined;
  /** Called from time to time with the progress of the migration. */
  readonly onProgress?: ((progress: ReceiveProgress) => void) | undefined;
}

/** What was received. */
export interface ReceiveSummary extends SaveSummary {
  /** QEMU's name of the machine type. */
  readonly machine: string;
  /** Bytes received over the connection. */
  readonly bytesReceived: number;
  /**
   * Number of passes that the sender made over RAM, each with the pages changed
   * during the previous one.
   */
  readonly rounds: number;
}

/**
 * Receives the migration of a running QEMU from a channel and writes it as a
 * mapped-ram file: each page is written to its place as it arrives, and again
 * when it arrives again. Commits the sink only if the migration is complete,
 * otherwise aborts it. If the sender waits for an answer, it receives one once
 * everything is safe. Otherwise it may give up the guest once everything is
 * sent, so writes to a full disk are retried until there is space, and once the
 * signal is aborted what was sent until then is still read. Once everything has
 * arrived, the signal is ignored, and a file that cannot be renamed to its final
 * name is kept under another one.
 *
 * @throws {KeptStreamError} if it is complete, but had to be kept as a stream
 * @throws {FormatError} if the stream breaks a rule
 * @throws {UnsupportedError} if it needs another reader: multifd, RDMA
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
  const report = new ReceiveReport(options.onProgress);
  const input = new ChannelInput(channel, report);
  const over = new AbortController();
  const stop = async () => {
    // Without an answer to wait for, the sender may have given up the guest
    // already, and the end of the migration be under way.
    if (isOnlyCopy()) await input.quiet(over.signal).catch(() => {});
    channel.close();
  };
  signal?.addEventListener("abort", stop);
  using recorder = new ReceivingRecorder(sink, channel.name, report);
  try {
    signal?.throwIfAborted();
    const file = { name: channel.name, byteLength: Infinity };
    const reader = new ForwardReader(file, 0);
    const pace = new Pace();
    await driveForward(
      walkSequentialStream(reader, recorder, {
        pageSize: options.pageSize,
        // What was written is read again with the vmdesc; the two must agree.
        findFooters: true,
      }),
      {
        async read(request: ForwardRequest): Promise<Uint8Array> {
          const nothing = request.target.subarray(0, 0);
          // A sender that expects an answer keeps the connection open.
          if (recorder.answers && recorder.isWhole) return nothing;
          try {
            return await input.read(request);
          } catch (error) {
            if (isGivenAway()) return nothing;
            throw error;
          }
        },
        async settle(): Promise<void> {
          await write(() => recorder.settle());
          for (const payload of recorder.takePings()) {
            await sendPong(channel, payload);
          }
          report.tell();
          await pace.step();
        },
      },
    );
    if (!isGivenAway()) signal?.throwIfAborted();
    if (!recorder.isWhole && !options.withoutVmdesc) {
      throw new NoVmdescError(
        channel.name,
        `Cannot receive from ${channel.name}: the connection ended before the ` +
          "description of the device state, expected all of it",
      );
    }
    await write(() => recorder.finish());
    const summary = await recordedSummary(recorder);
    options.beforeCommit?.();
    if (!isGivenAway()) signal?.throwIfAborted();
    // From here on the sender must hear of success: it would keep its guest, and
    // the file would be a second one.
    signal?.removeEventListener("abort", stop);
    await commit();
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
    // Closing the channel ends reads; report the abort, not the closing.
    if (!isGivenAway()) signal?.throwIfAborted();
    throw kept ?? error;
  } finally {
    signal?.removeEventListener("abort", stop);
    over.abort();
    channel.close();
  }

  /** Whether the sender may have given up the guest. */
  function isGivenAway(): boolean {
    return recorder.isWhole && isOnlyCopy();
  }

  /** Whether the guest may exist nowhere else once everything is sent. */
  function isOnlyCopy(): boolean {
    return !recorder.answers && !options.hasOtherCopy;
  }

  /**
   * Writes; retries on a full disk if there may be no other copy: the rest may
   * still be in the socket, and the guest already given up.
   */
  async function write(work: () => Promise<void>): Promise<void> {
    const { onRetry } = options;
    await waitForRoom(work, { isOnlyCopy, signal, onRetry });
  }

  /**
   * Commits; if no other copy of the guest exists, keeps it under another name.
   */
  async function commit(): Promise<void> {
    try {
      await sink.commit();
    } catch (error) {
      if (!isOnlyCopy() || sink.keep === undefined) throw error;
      const kept = await sink.keep().catch(() => undefined);
      if (kept === undefined) throw error;
      const why = error instanceof Error ? error.message : String(error);
      const message = `${why}; the migration is complete, and is kept in ` +
        JSON.stringify(kept);
      throw new SourceError(sink.name, message, { cause: error });
    }
  }

  /**
   * Keeps what was received, unless it cannot be read because it is incomplete.
   */
  async function keep(error: unknown): Promise<Error | undefined> {
    const isStream = error instanceof RuleError &&
        error.rule !== "stream-magic" || error instanceof NoVmdescError;
    const makeSink = options.keepStream;
    if (!isStream || makeSink === undefined) return undefined;
    if (recorder.answers || signal?.aborted) return undefined;
    try {
      const kept = makeSink();
      const { onRetry } = options;
      return await keepStream(kept, recorder, { input, signal, onRetry })
        ? new KeptStreamError(channel.name, { keptIn: kept.name, cause: error })
        : undefined;
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      const message = `${error.message}; the stream cannot be kept: ${why}`;
      return new SourceError(channel.name, message, { cause: error });
    }
  }
}

/** The stream ended without a vmdesc. */
class NoVmdescError extends SourceError {}
