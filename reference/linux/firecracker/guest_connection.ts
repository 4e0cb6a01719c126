import { readlinkSync } from "node:fs";
import { SourceError } from "../../sources/mod.ts";
import { LINUX } from "../linux_constants.ts";
import { PagedProcess } from "../paged_process.ts";
import type { PagerLoop } from "../pager_loop.ts";
import type { PagerOptions } from "../pager_options.ts";
import type { SourceMemory } from "../pager_source.ts";
import type { PagerEvent } from "../pager_task.ts";
import { SystemCallError } from "../system_call_error.ts";
import { closeDescriptor, killProcess, linux } from "../system_calls.ts";
import { openProcess, peerProcess, receive } from "../unix_listener.ts";
import { Userfaultfd } from "../userfaultfd.ts";
import { type GuestRegion, HandshakeReader } from "./handshake.ts";

/** What a connection needs of the server. */
export interface GuestConnectionOptions {
  /** Number of the VM, from 1 on. */
  readonly vm: number;
  readonly loop: PagerLoop;
  /** The VM's memory. */
  readonly memory: SourceMemory;
  readonly onFailure: "kill" | "stall";
  readonly pager: PagerOptions;
  readonly tell: (event: PagerEvent) => void;
  /** Milliseconds between two reports. */
  readonly reportEvery: number;
}

/** A VM that connected: its handshake, then its faults. */
export class GuestConnection {
  readonly #fd: number;
  readonly #pid: number;
  readonly #pidFd: number | undefined;
  readonly #options: GuestConnectionOptions;
  readonly #handshake: HandshakeReader;
  #regions: readonly GuestRegion[] | undefined;
  #uffd: number | undefined;
  #process: PagedProcess | undefined;
  #reported = 0;
  #hasEnded = false;

  /** Takes over a socket. */
  constructor(fd: number, options: GuestConnectionOptions) {
    this.#fd = fd;
    this.#options = options;
    this.#pid = peerProcess(fd);
    this.#pidFd = openProcess(this.#pid);
    this.#handshake = new HandshakeReader(this.#name);
    const { loop, tell, vm } = options;
    tell({ kind: "connected", vm, pid: this.#pid });
    loop.set.add(fd, () => this.#receive());
    if (this.#pidFd !== undefined) {
      loop.set.add(this.#pidFd, () => this.#end("its process has ended"));
    }
  }

  #receive(): void {
    try {
      const received = receive(this.#fd);
      if (received === undefined) return;
      for (const fd of received.fds) this.#takeDescriptor(fd);
      if (received.bytes.length === 0) return this.#hungUp();
      if (this.#process !== undefined) return; // It has nothing more to say.
      this.#regions ??= this.#handshake.add(received.bytes);
      // The descriptor may come behind the text, and the text in parts.
      if (this.#regions === undefined || this.#uffd === undefined) return;
      this.#start(this.#regions, this.#uffd);
    } catch (error) {
      // One VM that is odd must not keep the others from their pages.
      if (this.#process !== undefined) return this.#hungUp();
      this.#refuse(error instanceof Error ? error.message : String(error));
    }
  }

  get #name(): string {
    return `VM ${this.#options.vm} (process ${this.#pid})`;
  }

  /** Of several descriptors, one is a userfaultfd; the others are not for us. */
  #takeDescriptor(fd: number): void {
    if (this.#uffd === undefined && isUserfaultfd(fd)) this.#uffd = fd;
    else closeDescriptor(fd);
  }

  #start(regions: readonly GuestRegion[], fd: number): void {
    const { memory, pager, loop, tell, vm } = this.#options;
    for (const { offset, byteLength } of regions) {
      if (offset + byteLength <= memory.byteLength) continue;
      throw new SourceError(
        memory.name,
        `Cannot serve ${this.#name}: it has memory from ${offset} to ` +
          `${
            offset + byteLength
          }, ${memory.name} has ${memory.byteLength} bytes`,
      );
    }
    const { call } = linux();
    // Without this, nobody could wait for it.
    call.fcntl(
      fd,
      LINUX.F_SETFL,
      call.fcntl(fd, LINUX.F_GETFL, 0) | LINUX.O_NONBLOCK,
    );
    const plans = regions.map((it) => ({
      ...it,
      origin: it.offset,
      idstr: memory.idstr,
      memory,
      // Huge pages cannot be zeroed by the kernel.
      hasZeropage: it.pageSize === linux().pageSize,
    }));
    const process = new PagedProcess(new Userfaultfd(fd), plans, {
      ...pager,
      onRetry: ({ message }) => tell({ kind: "retry", vm, message }),
      onLoaded: () => {
        this.#report();
        tell({ kind: "loaded", vm });
      },
    });
    this.#process = process;
    const bytes = regions.reduce((sum, it) => sum + it.byteLength, 0);
    const { length } = regions;
    tell({ kind: "serving", vm, pid: this.#pid, regions: length, bytes });
    loop.add(process, {
      onEnd: (error) => this.#failed(error),
      onFailed: () => this.#pageMissing(),
      onTurn: () => this.#reportNowAndThen(),
    });
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
    const { tell, vm } = this.#options;
    const pid = this.#pid;
    if (pid <= 0) return;
    try {
      killProcess(pid);
      tell({ kind: "killed", vm, pid });
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      tell({ kind: "retry", vm, message: error.message });
    }
  }

  #refuse(message: string): void {
    const { tell, vm, onFailure } = this.#options;
    tell({ kind: "refused", vm, pid: this.#pid, message });
    // Without a userfaultfd it is no VM, and waits for nothing.
    if (onFailure === "kill" && this.#uffd !== undefined) this.#kill();
    this.#end(message);
  }

  #hungUp(): void {
    if (this.#process === undefined) {
      return this.#refuse(
        `Cannot serve ${this.#name}: it hung up before its handshake was whole`,
      );
    }
    // Where its process is watched, that alone tells when it has ended.
    this.#options.loop.set.delete(this.#fd);
    if (this.#pidFd === undefined) this.#end("it hung up");
  }

  #reportNowAndThen(): void {
    const now = performance.now();
    if (now < this.#reported + this.#options.reportEvery) return;
    this.#reported = now;
    this.#report();
  }

  #report(): void {
    const { tell, vm } = this.#options;
    const statistics = this.#process?.statistics;
    if (statistics !== undefined) tell({ kind: "statistics", vm, statistics });
  }

  #end(message: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#report();
    const { loop, tell, vm } = this.#options;
    loop.set.delete(this.#fd);
    closeDescriptor(this.#fd);
    if (this.#pidFd !== undefined) {
      loop.set.delete(this.#pidFd);
      closeDescriptor(this.#pidFd);
    }
    if (this.#process !== undefined) {
      loop.delete(this.#process);
      this.#process.release();
      this.#process.uffd.close();
    } else if (this.#uffd !== undefined) closeDescriptor(this.#uffd);
    tell({ kind: "ended", vm, message });
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
