import type {
  RamRecord,
  SequentialHead,
  UnreadRest,
} from "../../format/sequential/mod.ts";
import {
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
} from "../../format/stream/mod.ts";
import { MappedRamRecorder } from "../recording/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ReceiveReport } from "./receive_report.ts";
import { StreamEnd } from "./stream_end.ts";

/**
 * Records a migration as it arrives, counts, and detects when it is complete.
 */
export class ReceivingRecorder extends MappedRamRecorder {
  /** QEMU's name of the machine type. */
  machine = "";
  readonly #report: ReceiveReport;
  #pings: Uint8Array[] = [];
  #answers = false;
  #stateLength = 0;
  #ramEnd: number | undefined;
  /** How the bytes received end. */
  readonly end = new StreamEnd();
  /** Bytes fetched but not handed on when the walk cannot continue. */
  unreadRest: UnreadRest | undefined;
  /** The idstr of the RAMBlock named last. */
  lastIdstr: string | undefined;

  /** Writes to `sink` what is received over the channel of that name. */
  constructor(sink: ByteSink, channelName: string, report: ReceiveReport) {
    super(sink, channelName);
    this.#report = report;
  }

  /** Whether the vmdesc has arrived, and nothing after it. */
  get isWhole(): boolean {
    return this.end.hasVmdesc;
  }

  /** Records the head. */
  override begin(head: SequentialHead): void {
    super.begin(head);
    this.machine = head.configuration.machine;
    this.#report.begin(head);
  }

  /** Records a RAM record. */
  override record(record: RamRecord): void {
    super.record(record);
    this.#report.record(record);
    this.lastIdstr = record.block.idstr;
  }

  /** Records state. */
  override state(bytes: Uint8Array): void {
    super.state(bytes);
    this.end.add(bytes);
    this.#stateLength += bytes.length;
  }

  /** Marks the place where RAM's END follows. */
  ramEnd(): void {
    this.#ramEnd = this.#stateLength;
  }

  /** Returns where the state is in the file, up to and after RAM's END. */
  get stateRange(): {
    readonly start: number;
    readonly ramEnd: number;
    readonly end: number;
  } {
    const { stateStart: start, byteLength: end } = this;
    const afterRam = this.#ramEnd === undefined
      ? 0
      : this.#stateLength - this.#ramEnd;
    return { start, ramEnd: end - afterRam, end };
  }

  /** Keeps the bytes that the walk did not hand on. */
  unread(rest: UnreadRest): void {
    this.unreadRest = rest;
  }

  /** Records a command that requires an answer. */
  asked(command: number, payload: Uint8Array): void {
    if (command === MIG_CMD_OPEN_RETURN_PATH) this.#answers = true;
    if (command === MIG_CMD_PING) this.#pings.push(payload);
  }

  /** Whether the sender waits for the result. */
  get answers(): boolean {
    return this.#answers;
  }

  /** Returns the payloads of the PINGs since the last call. */
  takePings(): readonly Uint8Array[] {
    return this.#pings.splice(0);
  }
}
