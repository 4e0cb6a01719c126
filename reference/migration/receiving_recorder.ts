import {
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
  type RamRecord,
  type SequentialHead,
  type UnreadRest,
} from "../../format/mod.ts";
import { MappedRamRecorder } from "../saving/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ReceiveReport } from "./receive_report.ts";
import { StreamEnd } from "./stream_end.ts";

/** Records a migration while it comes, counts, and sees when it is whole. */
export class ReceivingRecorder extends MappedRamRecorder {
  /** QEMU's name of the machine type. */
  machine = "";
  readonly #report: ReceiveReport;
  #pings: Uint8Array[] = [];
  #answers = false;
  #stateLength = 0;
  #ramEnd: number | undefined;
  /** How what came ends. */
  readonly end = new StreamEnd();
  /** What was fetched and not handed on, once the walk cannot go on. */
  unreadRest: UnreadRest | undefined;
  /** The idstr of the RAMBlock that was named last. */
  lastIdstr: string | undefined;

  /** Writes to `sink` what comes over the connection of that name. */
  constructor(sink: ByteSink, channelName: string, report: ReceiveReport) {
    super(sink, channelName);
    this.#report = report;
  }

  /** Whether the vmdesc has come, and nothing behind it. */
  get isWhole(): boolean {
    return this.end.hasVmdesc;
  }

  /** Takes the head. */
  override begin(head: SequentialHead): void {
    super.begin(head);
    this.machine = head.configuration.machine;
    this.#report.begin(head);
  }

  /** Takes a record. */
  override record(record: RamRecord): void {
    super.record(record);
    this.#report.record(record);
    this.lastIdstr = record.block.idstr;
  }

  /** Takes state. */
  override state(bytes: Uint8Array): void {
    super.state(bytes);
    this.end.add(bytes);
    this.#stateLength += bytes.length;
  }

  /** RAM's END comes next. */
  ramEnd(): void {
    this.#ramEnd = this.#stateLength;
  }

  /** Where the state stands in the file, up to RAM's END and behind that. */
  get stateRange(): {
    readonly start: number;
    readonly ramEnd: number;
    readonly end: number;
  } {
    const { stateStart: start, byteLength: end } = this;
    const behind = this.#ramEnd === undefined
      ? 0
      : this.#stateLength - this.#ramEnd;
    return { start, ramEnd: end - behind, end };
  }

  /** Takes what the walk leaves behind. */
  unread(rest: UnreadRest): void {
    this.unreadRest = rest;
  }

  /** Takes a command that wants an answer. */
  asked(command: number, payload: Uint8Array): void {
    if (command === MIG_CMD_OPEN_RETURN_PATH) this.#answers = true;
    if (command === MIG_CMD_PING) this.#pings.push(payload);
  }

  /** Whether the sender waits to be told how it went. */
  get answers(): boolean {
    return this.#answers;
  }

  /** The payloads of the PINGs that came since. */
  takePings(): readonly Uint8Array[] {
    return this.#pings.splice(0);
  }
}
