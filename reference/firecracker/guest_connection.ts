import { LINUX, type PeerProcess, Userfaultfd } from "../linux/mod.ts";
import { linux, SystemCallError } from "../system/mod.ts";
import {
  PagedProcess,
  type PagerEvent,
  type PagerLoop,
  type PagerOptions,
  type SourceMemory,
  untrustedEvent,
} from "../paging/mod.ts";
import { checkRegions } from "./check_regions.ts";
import { HANDSHAKE_TIMEOUT, MEMORY_INTERVAL } from "./connection_limits.ts";
import { GuestReport } from "./guest_report.ts";
import { type GuestHandshake, GuestSocket } from "./guest_socket.ts";
import type { GuestRegion } from "./handshake.ts";
import type { UnservedMemories } from "./unserved_memories.ts";

/** Options of `GuestConnection`. */
export interface GuestConnectionOptions {
  /** Number of the VM, from 1 on. */
  readonly vm: number;
  /** The process that connected. */
  readonly peer: PeerProcess;
  readonly loop: PagerLoop;
  /** Keeps the userfaultfd when the VM is no longer served. */
  readonly unserved: UnservedMemories;
  /** The source of the VM's memory. */
  readonly memory: SourceMemory;
  readonly onFailure: "kill" | "stall";
  readonly pager: PagerOptions;
  readonly tell: (event: PagerEvent) => void;
  /** Called when the handshake is complete; throws to refuse the VM. */
  readonly onServing: (connection: GuestConnection) => void;
  /** Called when the connection has ended. */
  readonly onEnd: (connection: GuestConnection) => void;
}

/** The connection of a VM: reads its handshake, then serves its faults. */
export class GuestConnection {
  readonly #options: GuestConnectionOptions;
  readonly #socket: GuestSocket;
  #stopTimer: () => void;
  #process: PagedProcess | undefined;
  #isPeerGone = false;
  readonly #report: GuestReport;
  #hasEnded = false;

  /** Takes ownership of a connected socket. */
  constructor(fd: number, options: GuestConnectionOptions) {
    this.#options = options;
    const { loop, tell, vm, peer } = options;
    this.#socket = new GuestSocket(fd, {
      name: this.name,
      set: loop.set,
      onReadable: () => this.receive(),
    });
    this.#report = new GuestReport({ vm, tell });
    tell({ kind: "connected", vm, pid: peer.pid });
    if (peer.fd !== undefined) {
      loop.set.add(peer.fd, () => this.#processEnded());
    }
    this.#stopTimer = loop.timers.after(
      HANDSHAKE_TIMEOUT,
      () =>
        this.refuse(`its handshake took longer than ${HANDSHAKE_TIMEOUT} ms`),
    );
  }

  /** Process ID of the VM. */
  get pid(): number {
    return this.#options.peer.pid;
  }

  /** Name used in messages. */
  get name(): string {
    return `VM ${this.#options.vm} (process ${this.pid})`;
  }

  /** Reads what has arrived of the handshake. */
  receive(): void {
    if (this.#hasEnded) return;
    try {
      const handshake = this.#socket.receive();
      if (handshake !== undefined) this.#start(handshake);
    } catch (error) {
      // A faulty VM must not affect the others.
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  #start({ regions, uffd: fd }: GuestHandshake): void {
    const { memory, loop, tell, vm, onServing } = this.#options;
    const { call } = linux();
    // A userfaultfd in blocking mode cannot be polled.
    call.fcntl(
      fd,
      LINUX.F_SETFL,
      call.fcntl(fd, LINUX.F_GETFL, 0) | LINUX.O_NONBLOCK,
    );
    const uffd = new Userfaultfd(fd);
    try {
      checkRegions({ regions, memory, uffd }, this.name);
      onServing(this);
      this.#process = new PagedProcess(uffd, this.#plans(regions), {
        ...this.#options.pager,
        onRetry: ({ message }) => this.#report.retried(message),
        onLoaded: () => this.#report.loaded(),
      });
    } catch (error) {
      uffd.release();
      throw error;
    }
    this.#report.process = this.#process;
    this.#stopTimer();
    // The handshake is complete; anything else that the VM sends is not read.
    this.#socket.watchEnd(() => this.#hungUp());
    const bytes = regions.reduce((sum, it) => sum + it.byteLength, 0);
    const { length } = regions;
    tell({ kind: "serving", vm, pid: this.pid, regions: length, bytes });
    loop.add(this.#process, {
      onEnd: (error) => this.#failed(error),
      onFailed: () => this.#pageMissing(),
      onTurn: () => this.#report.nowAndThen(),
    });
    if (this.#isPeerGone) this.#processEnded();
  }

  #plans(regions: readonly GuestRegion[]) {
    const { memory } = this.#options;
    return regions.map((it) => ({
      ...it,
      origin: it.offset,
      idstr: memory.idstr,
      memory,
      // The kernel cannot put huge zero pages in place.
      hasZeropage: it.pageSize === linux().pageSize,
    }));
  }

  /** Ends serving after an error; waiting threads keep waiting. */
  #failed(error: unknown): void {
    const isGone = error instanceof SystemCallError && error.is("ESRCH");
    if (isGone) return this.#end("its process has ended");
    const untrusted = untrustedEvent(this.#options.vm, error);
    if (untrusted !== undefined) this.#options.tell(untrusted);
    this.#pageMissing();
    // The whole message of bytes that fail the check is an event of its own.
    const message = untrusted !== undefined
      ? "a block is not the one of the digest"
      : error instanceof Error
      ? error.message
      : String(error);
    this.#end(`it can no longer be served: ${message}`);
  }

  #pageMissing(): void {
    const { tell, vm, onFailure } = this.#options;
    tell({ kind: "failed", vm });
    if (onFailure === "kill") this.#kill();
  }

  #kill(): void {
    const { tell, vm, peer } = this.#options;
    const { pid } = peer;
    try {
      peer.kill();
      tell({ kind: "killed", vm, pid });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      tell({ kind: "not-killed", vm, pid, message });
    }
  }

  /** Refuses the VM, and kills it only if it sent a userfaultfd. */
  refuse(reason: string): void {
    this.#refuse(`Cannot serve ${this.name}: ${reason}`);
  }

  #refuse(message: string): void {
    if (this.#hasEnded) return;
    const { tell, vm, onFailure } = this.#options;
    tell({ kind: "refused", vm, pid: this.pid, message });
    if (onFailure === "kill" && this.#socket.uffd !== undefined) this.#kill();
    this.#end(message);
  }

  /** Closes the socket; this means the process ended only without a pidfd. */
  #hungUp(): void {
    this.#socket.close();
    if (this.#options.peer.fd === undefined) this.#processEnded();
  }

  /**
   * Handles the end of the connected process. It may have connected on behalf
   * of another process, which owns the memory and still needs its pages.
   */
  #processEnded(): void {
    const { loop, peer } = this.#options;
    this.#isPeerGone = true;
    if (peer.fd !== undefined) loop.set.delete(peer.fd);
    // Another process may hold the socket and continue the handshake.
    if (this.#process === undefined) return;
    if (!this.#process.uffd.hasMemory()) {
      return this.#end("its process has ended");
    }
    this.#stopTimer = loop.timers.after(
      MEMORY_INTERVAL,
      () => this.#processEnded(),
    );
  }

  /** Closes all descriptors except the userfaultfd. */
  leave(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { loop, peer } = this.#options;
    this.#stopTimer();
    this.#socket.close();
    if (peer.fd !== undefined) loop.set.delete(peer.fd);
    peer[Symbol.dispose]();
  }

  #end(message: string): void {
    if (this.#hasEnded) return;
    this.#report.now();
    this.leave();
    const { loop, unserved, tell, vm, onEnd } = this.#options;
    const wasServed = this.#process !== undefined;
    if (this.#process !== undefined) loop.delete(this.#process);
    const { uffd } = this.#socket;
    if (uffd !== undefined) unserved.add(uffd, { pid: this.pid, wasServed });
    tell({ kind: "ended", vm, message });
    onEnd(this);
  }
}
