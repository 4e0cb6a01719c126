import {
  acceptUnix,
  closeDescriptor,
  descriptorLimit,
  openDescriptors,
  PeerProcess,
  SystemCallError,
} from "../linux/mod.ts";
import type {
  PagerEvent,
  PagerLoop,
  PagerOptions,
  PagerSource,
  SourceMemory,
} from "../paging/mod.ts";
import { SourceError } from "../sources/mod.ts";
import {
  ACCEPTED_AT_ONCE,
  DESCRIPTORS_EACH,
  PAUSE,
  SERVED_EACH,
  WAITING_EACH,
  WAITING_MAX,
} from "./connection_limits.ts";
import { GuestConnection } from "./guest_connection.ts";
import { UnservedMemories } from "./unserved_memories.ts";

/** A socket to which VMs connect, and what they get. Plain values only. */
export interface PageServerJob {
  /** A socket that listens. */
  readonly listenFd: number;
  /** The RAMBlock that is their memory; default: the only one. */
  readonly idstr: string | undefined;
  /** What to do with a VM of which a page cannot be had. */
  readonly onFailure: "kill" | "stall";
}

/** How to serve the VMs that connect. */
export interface FaultServerOptions extends PageServerJob {
  /** How to serve each. */
  readonly pager: PagerOptions;
  /** Is told what happens. */
  readonly tell: (event: PagerEvent) => void;
}

/**
 * Serves the page faults of every VM that connects to a socket. Connections are
 * taken as long as there are descriptors for them beside those that the VMs
 * being served need; the others wait in the kernel until there are.
 */
export class FaultServer implements Disposable {
  readonly #loop: PagerLoop;
  readonly #source: PagerSource;
  readonly #memory: SourceMemory;
  readonly #options: FaultServerOptions;
  /** Those whose handshake is not whole, the oldest first. */
  readonly #waiting = new Set<GuestConnection>();
  readonly #serving = new Set<GuestConnection>();
  readonly #unserved: UnservedMemories;
  #count = 0;
  #isPaused = true;

  /** Takes part in the work of `loop`. */
  constructor(
    loop: PagerLoop,
    source: PagerSource,
    options: FaultServerOptions,
  ) {
    this.#loop = loop;
    this.#unserved = new UnservedMemories(loop.timers);
    this.#source = source;
    this.#memory = source.memory(options.idstr);
    this.#options = options;
    this.#resume();
  }

  #accept(): void {
    for (let count = 0; count < ACCEPTED_AT_ONCE; count++) {
      if (!this.#hasRoom()) return this.#pause();
      let fd;
      try {
        fd = acceptUnix(this.#options.listenFd);
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        // Descriptors or memory are short, or the connection is gone again.
        return this.#pause();
      }
      if (fd === undefined) return;
      this.#take(fd);
    }
  }

  #take(fd: number): void {
    const vm = ++this.#count;
    let peer: PeerProcess;
    try {
      peer = PeerProcess.of(fd);
    } catch (error) {
      closeDescriptor(fd);
      const message = error instanceof Error ? error.message : String(error);
      return this.#options.tell({ kind: "refused", vm, pid: 0, message });
    }
    this.#makeRoom(peer.pid);
    const connection = new GuestConnection(fd, {
      ...this.#options,
      unserved: this.#unserved,
      vm,
      peer,
      loop: this.#loop,
      memory: this.#memory,
      onServing: (it) => this.#serve(it),
      onEnd: (it) => {
        this.#waiting.delete(it);
        this.#serving.delete(it);
        this.#resume();
      },
    });
    this.#waiting.add(connection);
    // Mostly all of it is there, and then nobody has to make room for others.
    connection.receive();
  }

  /** Of those that say nothing, one has to go if they are too many. */
  #makeRoom(pid: number): void {
    const own = this.#waitingOf(pid);
    if (pid > 0 && own.length >= WAITING_EACH) return refuse(own[0]);
    if (this.#waiting.size < WAITING_MAX) return;
    const groups = [...this.#waiting].map((it) => this.#waitingOf(it.pid));
    groups.sort((a, b) => b.length - a.length);
    refuse(groups[0]?.[0]);
  }

  #waitingOf(pid: number): readonly GuestConnection[] {
    return [...this.#waiting].filter((it) => it.pid === pid);
  }

  #serve(connection: GuestConnection): void {
    const { pid } = connection;
    const count = this.#unserved.servedOf(pid) +
      [...this.#serving].filter((it) => it.pid === pid).length;
    if (pid > 0 && count >= SERVED_EACH) {
      throw new SourceError(
        connection.name,
        `Cannot serve ${connection.name}: its process has ${count} VMs, ` +
          `expected at most ${SERVED_EACH}`,
      );
    }
    this.#waiting.delete(connection);
    this.#serving.add(connection);
  }

  /** Whether one more leaves enough descriptors for those that are served. */
  #hasRoom(): boolean {
    if (!this.#loop.set.hasRoom(DESCRIPTORS_EACH)) return false;
    const limit = descriptorLimit();
    if (limit === 0) return true;
    const { demandReads, backgroundReads } = this.#options.pager;
    const reads = this.#source.isSync
      ? 0
      : demandReads.readsMax + backgroundReads.readsMax +
        2 * (this.#serving.size + 1);
    const reserve = Math.min(64, Math.floor(limit / 8));
    return openDescriptors() + DESCRIPTORS_EACH + reads + reserve <= limit;
  }

  /** Takes no connection for a while, and is not woken by any either. */
  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#loop.set.delete(this.#options.listenFd);
    this.#loop.timers.after(PAUSE, () => this.#resume());
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#loop.set.add(this.#options.listenFd, () => this.#accept());
  }

  /**
   * Lets go of all connections. The userfaultfds stay open: closed, what is
   * missing of a VM's memory might become zero.
   */
  [Symbol.dispose](): void {
    for (const it of [...this.#waiting, ...this.#serving]) it.leave();
  }
}

function refuse(connection: GuestConnection | undefined): void {
  connection?.refuse("others connected while it said nothing");
}
