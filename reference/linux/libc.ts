/** The calls of Linux's C library that no runtime offers by itself. */
export interface Libc {
  /** Moves the position of a file, or finds data and holes; -1 if it fails. */
  lseek(fd: number, offset: number, whence: number): number;
  /** Allocates or frees a part of a file; 0, or -1 if it fails. */
  fallocate(fd: number, mode: number, offset: number, length: number): number;
}

/** Its names: glibc's, and musl's. */
const LIBRARIES = ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1"];

let opened: Libc | null | undefined;

/**
 * The C library, by the runtime's foreign function interface. Undefined where
 * there is none: not Linux, or not permitted (Deno wants `--allow-ffi`).
 */
export function openLibc(): Libc | undefined {
  opened ??= tryOpen() ?? null;
  return opened ?? undefined;
}

function tryOpen(): Libc | undefined {
  const open = "Deno" in globalThis ? openByDeno : openByBun;
  for (const library of LIBRARIES) {
    try {
      return open(library);
    } catch {
      // Another name, or none at all.
    }
  }
  return undefined;
}

function openByDeno(library: string): Libc {
  if (Deno.build.os !== "linux") throw new TypeError("This is not Linux");
  const { symbols } = Deno.dlopen(library, {
    lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
    fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  });
  return {
    lseek: (fd, offset, whence) =>
      Number(symbols.lseek(fd, BigInt(offset), whence)),
    fallocate: (fd, mode, offset, length) =>
      symbols.fallocate(fd, mode, BigInt(offset), BigInt(length)),
  };
}

/** What is used of `bun:ffi`. */
interface BunFfi {
  dlopen(
    library: string,
    symbols: Readonly<
      Record<string, { args: readonly string[]; returns: string }>
    >,
  ): {
    readonly symbols: Readonly<
      Record<string, (...args: (number | bigint)[]) => number | bigint>
    >;
  };
}

function openByBun(library: string): Libc {
  const { process } = globalThis as unknown as {
    readonly process: {
      readonly platform: string;
      getBuiltinModule(id: string): BunFfi;
    };
  };
  if (process.platform !== "linux") throw new TypeError("This is not Linux");
  const { symbols } = process.getBuiltinModule("bun:ffi").dlopen(library, {
    lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
    fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" },
  });
  return {
    lseek: (fd, offset, whence) =>
      Number(symbols.lseek(fd, BigInt(offset), whence)),
    fallocate: (fd, mode, offset, length) =>
      Number(symbols.fallocate(fd, mode, BigInt(offset), BigInt(length))),
  };
}
