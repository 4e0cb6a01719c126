import type { PostcopyStatistics } from "../../migration/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { drawLine, printMessage } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { printEvent, printStatistics } from "../output/progress_events.ts";
import { canDraw, messageColumns } from "../output/terminal.ts";
import type { Way } from "./resume_arguments.ts";

/** How far a guest is on its way. */
export interface ResumeProgress extends PostcopyStatistics {
  /** Bytes read from the source of the snapshot. */
  readonly bytesRead: number;
  /** Milliseconds since the guest runs. */
  readonly milliseconds: number;
}

/** Tells what happens while a guest is resumed. */
export interface ResumeReport {
  /** Milliseconds between two calls of `progress`. */
  readonly interval: number;
  /** Which way it goes, and why. */
  way(via: Way, reason: string): void;
  /** The guest is there. */
  running(status: string, milliseconds: number): void;
  /** How far it is. */
  progress(progress: ResumeProgress): void;
  /** Something that is no end of it. */
  note(text: string): void;
  /** Nothing is to come any more, be it that the guest has ended before. */
  done(progress: ResumeProgress | undefined, isWhole: boolean): void;
  /** What QEMU says on standard error; before the guest is there it is kept. */
  qemuSays(text: string): void;
}

/** Characters of what QEMU says that are kept. */
const KEPT_MAX = 0x10000;
/** Milliseconds between two lines where they stay. */
const LINE_INTERVAL = 10_000;
const DRAW_INTERVAL = 200;
const EVENT_INTERVAL = 1000;

/** What QEMU says, kept until it can be told from why it has failed. */
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

/** Tells it to people, on standard error. */
export class ResumeLines implements ResumeReport {
  readonly interval: number;
  readonly #draws: boolean;
  #drawn = false;
  #via: Way | undefined;
  readonly #words = new HeldWords();

  /** `shared` says that QEMU writes to the same terminal. */
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
    const need = "; it needs this command until all its pages are there";
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
        ? "all pages are there: the guest needs this command no more"
        : "the guest has ended before all its pages were there",
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

/** Tells it to programs: JSON on standard output, an event a line. */
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

/** One line of how far it is. */
export function formatResumeProgress(progress: ResumeProgress): string {
  const { requestedPages, pushedPages, bytesRead, retries } = progress;
  return [
    `after ${formatTime(progress.milliseconds)}: ` +
    `${countOf(requestedPages, "page")} asked for`,
    `${formatCount(pushedPages)} pushed`,
    `${formatBytes(bytesRead)} read`,
    ...(retries === 0 ? [] : [`${formatCount(retries)} reads tried again`]),
  ].join(", ");
}
