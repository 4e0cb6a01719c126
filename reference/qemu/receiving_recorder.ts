import {
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
  type RamRecord,
  type SequentialHead,
} from "../../format/mod.ts";
import { MappedRamRecorder } from "../saving/mapped_ram_recorder.ts";
import type { ByteSink } from "../sinks/byte_sink.ts";
import type { ReceiveReport } from "./receive_report.ts";
import { VmdescWatcher } from "./vmdesc_watcher.ts";

/** Records a migration while it comes, counts, and sees when it is whole. */
export class ReceivingRecorder extends MappedRamRecorder {
  /** QEMU's name of the machine type. */
  machine = "";
  readonly #report: ReceiveReport;
  readonly #watcher = new VmdescWatcher();
  #pings: Uint8Array[] = [];
  #answers = false;

  /** Writes to `sink` what comes over the connection of that name. */
  constructor(sink: ByteSink, channelName: string, report: ReceiveReport) {
    super(sink, channelName);
    this.#report = report;
  }

  /** Whether the vmdesc has come, and nothing behind it. */
  get isWhole(): boolean {
    return this.#watcher.isWhole;
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
  }

  /** Takes state. */
  override state(bytes: Uint8Array): void {
    super.state(bytes);
    this.#watcher.add(bytes);
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
