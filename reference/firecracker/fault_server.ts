import {
  acceptUnix,
  descriptorLimit,
  openDescriptors,
  PeerProcess,
} from "../linux/mod.ts";
import { closeDescriptor, SystemCallError } from "../system/mod.ts";
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

/** The job of a page server's thread. Plain values only. */
export interface PageServerJob {
  /** The listening socket to which VMs connect. */
  readonly listenFd: number;
  /** The RAMBlock to serve as their memory; default: the only one. */
  readonly idstr: string | undefined;
  /** What to do with a VM when one of its pages cannot be read. */
  readonly onFailure: "kill" | "stall";
}

/** Options of `FaultServer`. */
export interface FaultServerOptions extends PageServerJob {
  /** Options of serving each VM. */
  readonly pager: PagerOptions;
  /** Reports an event. */
  readonly tell: (event: PagerEvent) => void;
}

/**
 * Serves the page faults of every VM that connects to a socket. Accepts
 * connections as long as enough descriptors remain for the VMs being served;
 * other connections wait in the kernel.
 */
export class FaultServer implements Disposable {
  readonly #loop: PagerLoop;
  readonly #source: PagerSource;
  readonly #memory: SourceMemory;
  readonly #options: FaultServerOptions;
  /** Connections with an incomplete handshake, the oldest first. */
  readonly #waiting = new Set<GuestConnection>();
  readonly #serving = new Set<GuestConnection>();
  readonly #unserved: UnservedMemories;
  #count = 0;
  #isPaused = true;

  /** Accepts connections and serves VMs as part of `loop`. */
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
        // Descriptors or memory ran short, or the peer has disconnected.
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
    // The handshake usually has arrived already, so the connection stops
    // waiting before others need room.
    connection.receive();
  }

  /** Refuses the oldest silent connection if there are too many. */
  #makeRoom(pid: number): void {
    const waiting = this.#waitingOf(pid);
    if (pid > 0 && waiting.length >= WAITING_EACH) return refuse(waiting[0]);
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
        `Cannot serve ${connection.name}: its process already has ${count} ` +
          `VMs, expected at most ${SERVED_EACH}`,
      );
    }
    this.#waiting.delete(connection);
    this.#serving.add(connection);
  }

  /** Whether another VM leaves enough descriptors for those being served. */
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

  /** Stops polling for connections for a while. */
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
   * Closes all connections but not the userfaultfds: if they were closed,
   * missing pages of a VM's memory could become zero.
   */
  [Symbol.dispose](): void {
    for (const it of [...this.#waiting, ...this.#serving]) it.leave();
  }
}

function refuse(connection: GuestConnection | undefined): void {
  connection?.refuse("it sent no handshake while others connected");
}
