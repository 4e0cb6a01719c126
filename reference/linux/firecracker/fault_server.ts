import { acceptUnix } from "../unix_listener.ts";
import type { PagerLoop } from "../pager_loop.ts";
import type { PagerOptions } from "../pager_options.ts";
import type { PagerSource, SourceMemory } from "../pager_source.ts";
import type { PagerEvent } from "../pager_task.ts";
import { GuestConnection } from "./guest_connection.ts";

/** How to serve the VMs that connect. */
export interface FaultServerOptions {
  /** A socket that listens. */
  readonly listenFd: number;
  /** The RAMBlock that is their memory; default: the only one. */
  readonly idstr: string | undefined;
  /** What to do with a VM of which a page cannot be had. */
  readonly onFailure: "kill" | "stall";
  /** How to serve each. */
  readonly pager: PagerOptions;
  /** Is told what happens. */
  readonly tell: (event: PagerEvent) => void;
}

/** Milliseconds between two reports of a VM. */
const REPORT_EVERY = 1000;

/** Serves the page faults of every VM that connects to a socket. */
export class FaultServer {
  readonly #loop: PagerLoop;
  readonly #memory: SourceMemory;
  readonly #options: FaultServerOptions;
  #count = 0;

  /** Takes part in the work of `loop`. */
  constructor(
    loop: PagerLoop,
    source: PagerSource,
    options: FaultServerOptions,
  ) {
    this.#loop = loop;
    this.#memory = source.memory(options.idstr);
    this.#options = options;
    loop.set.add(options.listenFd, () => this.#accept());
  }

  #accept(): void {
    // A connection and its VM take up to three descriptors.
    if (!this.#loop.set.hasRoom(3)) return;
    const fd = acceptUnix(this.#options.listenFd);
    if (fd === undefined) return;
    new GuestConnection(fd, {
      ...this.#options,
      vm: ++this.#count,
      loop: this.#loop,
      memory: this.#memory,
      reportEvery: REPORT_EVERY,
    });
  }
}
