import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import type { ByteSink } from "../../mod.ts";

/** Makes a sink that discards everything. */
export function nowhere(): ByteSink {
  return {
    name: "nowhere",
    write: done,
    setLength: done,
    flush: done,
    commit: done,
    abort: done,
  };
}

/** Makes a file that is written in place and never flushed, as `cp` does. */
export function unflushedFile(path: string): ByteSink {
  const fd = openSync(path, "w");
  return {
    name: path,
    write(bytes: Uint8Array, offset: number): Promise<void> {
      for (let at = 0; at < bytes.length;) {
        at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
      }
      return done();
    },
    setLength(byteLength: number): Promise<void> {
      ftruncateSync(fd, byteLength);
      return done();
    },
    flush: done,
    commit(): Promise<void> {
      closeSync(fd);
      return done();
    },
    abort(): Promise<void> {
      closeSync(fd);
      return done();
    },
  };
}

function done(): Promise<void> {
  return Promise.resolve();
}
