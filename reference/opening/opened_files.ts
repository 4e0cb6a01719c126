import type { HttpSource } from "../http/mod.ts";
import {
  type FileSource,
  type FileSourceOptions,
  openFileSource,
} from "../local/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/** Network traffic. */
export interface Transfer {
  /** Requests, including retries. */
  readonly requests: number;
  /** Bytes received. */
  readonly bytes: number;
}

/** The files and URLs that an input consists of. They are closed together. */
export class OpenedFiles implements Disposable {
  readonly #files: FileSource[] = [];
  readonly #paths: string[] = [];
  readonly #remote: HttpSource[] = [];

  /** Opens a path, or a URL without a cache. */
  async open(
    address: URL | string,
    options: ReadOptions & FileSourceOptions,
  ): Promise<ByteSource> {
    if (typeof address === "string") return this.openLocal(address, options);
    const { openHttpSource } = await import("../http/mod.ts");
    const { signal } = options;
    const source = await openHttpSource(address, { signal });
    this.#remote.push(source);
    return source;
  }

  /** Opens a path. */
  openLocal(path: string, options?: FileSourceOptions): FileSource {
    const source = openFileSource(path, options);
    this.#files.push(source);
    this.#paths.push(path);
    return source;
  }

  /** The paths that were opened. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  /** Traffic of all URLs so far; undefined if there are only files. */
  get transfer(): Transfer | undefined {
    if (this.#remote.length === 0) return undefined;
    let requests = 0;
    let bytes = 0;
    for (const it of this.#remote) {
      requests += it.requests;
      bytes += it.bytesReceived;
    }
    return { requests, bytes };
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const it of this.#files) it.close();
  }
}
