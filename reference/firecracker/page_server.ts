import type { WorkingSetProfile } from "../../format/profile/mod.ts";
import { isListening, listenUnix } from "../linux/mod.ts";
import { closeDescriptor } from "../system/mod.ts";
import {
  type PagerEvent,
  pagerSettings,
  PagerThread,
  type PagingOptions,
} from "../paging/mod.ts";
import { SocketPlace } from "../sockets/mod.ts";
import { entryUrl } from "../work/mod.ts";
import type { PageServerJob } from "./fault_server.ts";

/** Options of `PageServer`. */
export interface PageServerOptions extends PagingOptions {
  /** Path of the socket to which VMs connect. */
  readonly path: string;
  /**
   * Permissions of the socket: who can write to it can connect. Default: 0600,
   * the user of this process only.
   */
  readonly mode?: number | undefined;
  /** Whether the file is a flat image of the memory instead of a snapshot. */
  readonly flat?: boolean | undefined;
  /**
   * What to do with a VM when one of its pages cannot be read for `retryFor`
   * milliseconds: kill it, or let it keep waiting. The page never appears as
   * zeros. Default: "stall".
   */
  readonly onFailure?: "kill" | "stall" | undefined;
  /** Called for each event. */
  readonly onEvent?: ((event: PagerEvent) => void) | undefined;
}

/**
 * Serves the page faults of VMs by Firecracker's protocol: each VM connects to
 * a Unix socket and passes its userfaultfd and a list of its memory regions.
 *
 * @example
 * ```ts
 * import { PageServer } from "../doors/linux.ts";
 *
 * async function serve(file: string): Promise<void> {
 *   await using server = await PageServer.start(file, {
 *     path: "/run/pages.sock",
 *     onFailure: "kill",
 *     onEvent: (event) => console.log(event),
 *   });
 *   await server.ended;
 * }
 * ```
 */
export class PageServer implements AsyncDisposable {
  /** Resolves when the server has been closed; rejects if it fails before. */
  readonly ended: Promise<unknown>;
  readonly #thread: PagerThread;
  readonly #place: SocketPlace;
  readonly #listenFd: number;
  #closing: Promise<WorkingSetProfile | undefined> | undefined;

  private constructor(
    thread: PagerThread,
    place: SocketPlace,
    listenFd: number,
  ) {
    this.#thread = thread;
    this.#place = place;
    this.#listenFd = listenFd;
    this.ended = thread.stopped;
  }

  /**
   * Serves the snapshot, or the flat image, at a path or a URL.
   *
   * @throws {SourceError} if the file cannot be opened or the socket cannot be
   *   created
   * @throws {RangeError} if there is no such RAMBlock
   */
  static async start(
    file: string,
    options: PageServerOptions,
  ): Promise<PageServer> {
    const { path, mode, idstr, onFailure = "stall" } = options;
    const place = new SocketPlace(path, { isListening, mode });
    const listenFd = listenAt(place);
    try {
      const job: PageServerJob = { listenFd, idstr, onFailure };
      const thread = await PagerThread.start(pagerSettings(file, options), {
        url: entryUrl("./page_server_worker.ts", import.meta.url),
        job,
        onEvent: options.onEvent ?? (() => {}),
      });
      return new PageServer(thread, place, listenFd);
    } catch (error) {
      closeDescriptor(listenFd);
      place.remove();
      throw error;
    }
  }

  /**
   * Stops serving and resolves to the recorded profile, if any. VMs that still
   * miss pages wait for them for as long as they live.
   */
  close(): Promise<WorkingSetProfile | undefined> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<WorkingSetProfile | undefined> {
    try {
      return (await this.#thread.stop()).profile;
    } finally {
      closeDescriptor(this.#listenFd);
      this.#place.remove();
    }
  }

  /** Closes the server as {@linkcode close} does; only `ended` rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }
}

function listenAt(place: SocketPlace): number {
  let fd: number | undefined;
  try {
    fd = listenUnix(place.bindPath);
    place.publish();
    return fd;
  } catch (error) {
    if (fd !== undefined) closeDescriptor(fd);
    place.discard();
    throw error;
  }
}
