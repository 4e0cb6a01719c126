import { readlinkSync } from "node:fs";
import {
  closeDescriptor,
  LINUX,
  linux,
  type PeerProcess,
  receive,
  SystemCallError,
  Userfaultfd,
} from "../linux/mod.ts";
import {
  PagedProcess,
  type PagerEvent,
  type PagerLoop,
  type PagerOptions,
  type SourceMemory,
} from "../paging/mod.ts";
import { checkRegions } from "./check_regions.ts";
import { HANDSHAKE_TIMEOUT, MEMORY_INTERVAL } from "./connection_limits.ts";
import { GuestReport } from "./guest_report.ts";
import { type GuestRegion, HandshakeReader } from "./handshake.ts";
import type { UnservedMemories } from "./unserved_memories.ts";

/** What a connection needs of the server. */
export interface GuestConnectionOptions {
  /** Number of the VM, from 1 on. */
  readonly vm: number;
  /** The process that connected. */
  readonly peer: PeerProcess;
  readonly loop: PagerLoop;
  /** Keeps its userfaultfd when it is not served any more. */
  readonly unserved: UnservedMemories;
  /** The VM's memory. */
  readonly memory: SourceMemory;
  readonly onFailure: "kill" | "stall";
  readonly pager: PagerOptions;
  readonly tell: (event: PagerEvent) => void;
  /** Its handshake is whole; throws if it is not to be served. */
  readonly onServing: (connection: GuestConnection) => void;
  /** It is over. */
  readonly onEnd: (connection: GuestConnection) => void;
}

/** A VM that connected: its handshake, then its faults. */
export class GuestConnection {
  readonly #fd: number;
  readonly #options: GuestConnectionOptions;
  readonly #handshake: HandshakeReader;
  #stopTimer: () => void;
  #regions: readonly GuestRegion[] | undefined;
  #uffd: number | undefined;
  #process: PagedProcess | undefined;
  #isSocketOpen = true;
  #isPeerGone = false;
  readonly #report: GuestReport;
  #hasEnded = false;

  /** Takes over a socket. */
  constructor(fd: number, options: GuestConnectionOptions) {
    this.#fd = fd;
    this.#options = options;
    this.#handshake = new HandshakeReader(this.name);
    const { loop, tell, vm, peer } = options;
    this.#report = new GuestReport({ vm, tell });
    tell({ kind: "connected", vm, pid: peer.pid });
    loop.set.add(fd, () => this.receive());
    if (peer.fd !== undefined) {
      loop.set.add(peer.fd, () => this.#processEnded());
    }
    this.#stopTimer = loop.timers.after(
      HANDSHAKE_TIMEOUT,
      () =>
        this.refuse(`its handshake took longer than ${HANDSHAKE_TIMEOUT} ms`),
    );
  }

  /** Its process. */
  get pid(): number {
    return this.#options.peer.pid;
  }

  /** What messages call it. */
  get name(): string {
    return `VM ${this.#options.vm} (process ${this.pid})`;
  }

  /** Reads some of its handshake, if there is any. */
  receive(): void {
    if (this.#hasEnded) return;
    try {
      const received = receive(this.#fd);
      if (received === undefined) return;
      for (const fd of received.fds) this.#takeDescriptor(fd);
      if (received.hasLostFds) {
        return this.refuse("descriptors that it sent were lost: too many");
      }
      if (received.bytes.length === 0) {
        return this.refuse("it hung up before its handshake was whole");
      }
      this.#regions ??= this.#handshake.add(received.bytes);
      // The descriptor may come behind the text, and the text in parts.
      if (this.#regions === undefined || this.#uffd === undefined) return;
      this.#start(this.#regions, this.#uffd);
    } catch (error) {
      // One VM that is odd must not keep the others from their pages.
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  /** Of several descriptors, one is a userfaultfd; the others are not for us. */
  #takeDescriptor(fd: number): void {
    if (this.#uffd === undefined && isUserfaultfd(fd)) this.#uffd = fd;
    else closeDescriptor(fd);
  }

  #start(regions: readonly GuestRegion[], fd: number): void {
    const { memory, loop, tell, vm, onServing } = this.#options;
    const { call } = linux();
    // Without this, nobody could wait for it.
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
    // It has nothing more to say: what it sends is not read.
    loop.set.addForEnd(this.#fd, () => this.#hungUp());
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
      // Huge pages cannot be zeroed by the kernel.
      hasZeropage: it.pageSize === linux().pageSize,
    }));
  }

  /** Nothing can be served any more; what waits goes on waiting. */
  #failed(error: unknown): void {
    const isGone = error instanceof SystemCallError && error.is("ESRCH");
    if (isGone) return this.#end("its process has ended");
    this.#pageMissing();
    const message = error instanceof Error ? error.message : String(error);
    this.#end(`it cannot be served any more: ${message}`);
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

  /** It is not served; without a userfaultfd it is no VM, and waits for nothing. */
  refuse(reason: string): void {
    this.#refuse(`Cannot serve ${this.name}: ${reason}`);
  }

  #refuse(message: string): void {
    if (this.#hasEnded) return;
    const { tell, vm, onFailure } = this.#options;
    tell({ kind: "refused", vm, pid: this.pid, message });
    if (onFailure === "kill" && this.#uffd !== undefined) this.#kill();
    this.#end(message);
  }

  /** Where its process is watched, that alone tells when it has ended. */
  #hungUp(): void {
    this.#closeSocket();
    if (this.#options.peer.fd === undefined) this.#processEnded();
  }

  /**
   * The process that connected is gone. If it did so for another, whose memory it
   * is, that goes on needing its pages.
   */
  #processEnded(): void {
    const { loop, peer } = this.#options;
    this.#isPeerGone = true;
    if (peer.fd !== undefined) loop.set.delete(peer.fd);
    // Whether another goes on with the handshake, its socket tells.
    if (this.#process === undefined) return;
    if (!this.#process.uffd.hasMemory()) {
      return this.#end("its process has ended");
    }
    this.#stopTimer = loop.timers.after(
      MEMORY_INTERVAL,
      () => this.#processEnded(),
    );
  }

  #closeSocket(): void {
    if (!this.#isSocketOpen) return;
    this.#isSocketOpen = false;
    this.#options.loop.set.delete(this.#fd);
    closeDescriptor(this.#fd);
  }

  /** Gives up its descriptors but the userfaultfd. */
  leave(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { loop, peer } = this.#options;
    this.#stopTimer();
    this.#closeSocket();
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
    if (this.#uffd !== undefined) {
      unserved.add(this.#uffd, { pid: this.pid, wasServed });
    }
    tell({ kind: "ended", vm, message });
    onEnd(this);
  }
}

/** Whether a descriptor is a userfaultfd. */
function isUserfaultfd(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[userfaultfd]";
  } catch {
    return false;
  }
}
