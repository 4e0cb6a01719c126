import { fileError } from "./file_error.ts";
import { nodeFs } from "./builtin_module.ts";

/** An open file, and its name in errors. */
export interface NamedDescriptor {
  readonly fd: number;
  readonly name: string;
}

/** Reads up to `target.length` bytes at `offset`; returns how many. */
export function readAside(
  { fd, name }: NamedDescriptor,
  target: Uint8Array,
  offset: number,
): Promise<number> {
  const { length } = target;
  return new Promise((resolve, reject) => {
    nodeFs().read(fd, target, 0, length, offset, (error, count) => {
      if (error === null) resolve(count);
      else reject(fileError("read", name, error, { offset, length }));
    });
  });
}

/** Waits until everything written is on the disk. */
export function flushAside({ fd, name }: NamedDescriptor): Promise<void> {
  return new Promise((resolve, reject) => {
    nodeFs().fsync(fd, (error) => {
      if (error === null) resolve();
      else reject(fileError("flush", name, error));
    });
  });
}
