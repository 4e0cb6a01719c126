import { readlinkSync } from "node:fs";
import { type PollSet, receive } from "../linux/mod.ts";
import { closeDescriptor } from "../system/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { type GuestRegion, HandshakeReader } from "./handshake.ts";

/** A complete handshake. */
export interface GuestHandshake {
  readonly regions: readonly GuestRegion[];
  /** File descriptor of the VM's userfaultfd. */
  readonly uffd: number;
}

/** Options of `GuestSocket`. */
export interface GuestSocketOptions {
  /** Name of the VM in messages. */
  readonly name: string;
  /** Where the socket is polled. */
  readonly set: PollSet;
  /** Called when `receive` has something to read. */
  readonly onReadable: () => void;
}

/** The connected socket of a VM: reads the handshake, then waits for its end. */
export class GuestSocket {
  readonly #fd: number;
  readonly #name: string;
  readonly #set: PollSet;
  readonly #reader: HandshakeReader;
  #regions: readonly GuestRegion[] | undefined;
  #uffd: number | undefined;
  #isOpen = true;

  /** Takes ownership of the socket. */
  constructor(fd: number, { name, set, onReadable }: GuestSocketOptions) {
    this.#fd = fd;
    this.#name = name;
    this.#set = set;
    this.#reader = new HandshakeReader(name);
    set.add(fd, onReadable);
  }

  /** The userfaultfd received so far; it stays open when the socket closes. */
  get uffd(): number | undefined {
    return this.#uffd;
  }

  /**
   * Reads what has arrived. Returns the handshake once it is complete.
   *
   * @throws {SourceError} if it breaks the protocol, or the VM has disconnected
   */
  receive(): GuestHandshake | undefined {
    const received = receive(this.#fd);
    if (received === undefined) return undefined;
    for (const fd of received.fds) this.#takeDescriptor(fd);
    if (received.hasLostFds) {
      throw this.#refusal("it sent too many descriptors, and some were lost");
    }
    if (received.bytes.length === 0) {
      throw this.#refusal("it disconnected before its handshake was complete");
    }
    // The descriptor may arrive after the text, and the text in parts.
    this.#regions ??= this.#reader.add(received.bytes);
    if (this.#regions === undefined || this.#uffd === undefined) return;
    return { regions: this.#regions, uffd: this.#uffd };
  }

  /** From now on, calls `onEnd` when the VM disconnects, and reads nothing. */
  watchEnd(onEnd: () => void): void {
    this.#set.addForEnd(this.#fd, onEnd);
  }

  /** Closes the socket, if it is open. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#set.delete(this.#fd);
    closeDescriptor(this.#fd);
  }

  /** Keeps the first userfaultfd; closes all other descriptors. */
  #takeDescriptor(fd: number): void {
    if (this.#uffd === undefined && isUserfaultfd(fd)) this.#uffd = fd;
    else closeDescriptor(fd);
  }

  #refusal(reason: string): SourceError {
    return new SourceError(
      this.#name,
      `Cannot serve ${this.#name}: ${reason}`,
    );
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
