import type { PostcopyStatistics } from "../../migration/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { drawLine, printMessage } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { printEvent, printStatistics } from "../output/progress_events.ts";
import { canDraw, messageColumns } from "../output/terminal.ts";
import type { Way } from "./resume_arguments.ts";

/** The progress of resuming a guest. */
export interface ResumeProgress extends PostcopyStatistics {
  /** Bytes read from the snapshot. */
  readonly bytesRead: number;
  /** Milliseconds since the guest started to run. */
  readonly milliseconds: number;
}

/** Reports the events of resuming a guest. */
export interface ResumeReport {
  /** Milliseconds between two calls of `progress`. */
  readonly interval: number;
  /** Reports the chosen way, and why. */
  way(via: Way, reason: string): void;
  /** Reports that the guest is loaded. */
  running(status: string, milliseconds: number): void;
  /** Reports progress. */
  progress(progress: ResumeProgress): void;
  /** Reports an event that does not end it. */
  note(text: string): void;
  /** Reports the end: all pages are sent, or the guest has ended. */
  done(progress: ResumeProgress | undefined, isWhole: boolean): void;
  /**
   * Takes QEMU's output on standard error; keeps it until the guest is loaded.
   */
  qemuSays(text: string): void;
}

/** Maximum characters of QEMU's output that are kept. */
const KEPT_MAX = 0x10000;
/** Milliseconds between two lines if they are not overwritten. */
const LINE_INTERVAL = 10_000;
const DRAW_INTERVAL = 200;
const EVENT_INTERVAL = 1000;

/** QEMU's output, kept until it is clear whether it explains a failure. */
class HeldWords {
  #kept: string | undefined = "";

  say(text: string): void {
    if (this.#kept === undefined) {
      const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split(
        "\n",
      );
      printMessage(lines.map(printable).join("\n"));
    } else this.#kept = (this.#kept + text).slice(-KEPT_MAX);
  }

  release(): void {
    const kept = this.#kept ?? "";
    this.#kept = undefined;
    if (kept !== "") this.say(kept);
  }
}

/** Reports to people, on standard error. */
export class ResumeLines implements ResumeReport {
  readonly interval: number;
  readonly #draws: boolean;
  #drawn = false;
  #via: Way | undefined;
  readonly #words = new HeldWords();

  /** `shared`: whether QEMU writes to the same terminal. */
  constructor(shared: boolean) {
    this.#draws = canDraw() && !shared;
    this.interval = this.#draws ? DRAW_INTERVAL : LINE_INTERVAL;
  }

  way(via: Way, reason: string): void {
    this.#via = via;
    this.note(`resuming by ${via}: ${reason}`);
  }

  running(status: string, milliseconds: number): void {
    this.#words.release();
    const time = formatTime(milliseconds);
    const need = "; it needs this command until all its pages are sent";
    this.note(
      `${status} after ${time}${this.#via === "postcopy" ? need : ""}`,
    );
  }

  progress(progress: ResumeProgress): void {
    const line = formatResumeProgress(progress);
    if (!this.#draws) return printMessage(line);
    this.#drawn = true;
    drawLine(line.slice(0, messageColumns() - 1));
  }

  note(text: string): void {
    this.#wipe();
    printMessage(printable(text));
  }

  done(progress: ResumeProgress | undefined, isWhole: boolean): void {
    if (progress === undefined) return;
    this.note(formatResumeProgress(progress));
    this.note(
      isWhole
        ? "all pages are sent: the guest no longer needs this command"
        : "the guest ended before all its pages were sent",
    );
  }

  qemuSays(text: string): void {
    this.#wipe();
    this.#words.say(text);
  }

  #wipe(): void {
    if (this.#drawn) drawLine("");
    this.#drawn = false;
  }
}

/** Reports to programs: JSON on standard output, one event per line. */
export class ResumeEvents implements ResumeReport {
  readonly interval = EVENT_INTERVAL;
  readonly #words = new HeldWords();

  way(via: Way, reason: string): void {
    printEvent("way", { via, reason });
  }

  running(status: string, milliseconds: number): void {
    this.#words.release();
    printEvent("running", { status, milliseconds });
  }

  progress(progress: ResumeProgress): void {
    printStatistics("progress", progress);
  }

  note(text: string): void {
    printEvent("note", { text });
  }

  done(progress: ResumeProgress | undefined, isWhole: boolean): void {
    printEvent("done", { whole: isWhole, ...progress });
  }

  qemuSays(text: string): void {
    this.#words.say(text);
  }
}

/** Formats progress in one line. */
export function formatResumeProgress(progress: ResumeProgress): string {
  const { requestedPages, pushedPages, bytesRead, retries } = progress;
  return [
    `after ${formatTime(progress.milliseconds)}: ` +
    `${countOf(requestedPages, "page")} requested`,
    `${formatCount(pushedPages)} pushed`,
    `${formatBytes(bytesRead)} read`,
    ...(retries === 0 ? [] : [`${formatCount(retries)} reads retried`]),
  ].join(", ");
}
