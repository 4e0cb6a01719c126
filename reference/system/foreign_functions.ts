import { builtinModule } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";

/**
 * The type of a parameter or result of a C function. Addresses are plain
 * numbers. In frequent calls, pass `bytes` as an array instead of an address,
 * and 64-bit numbers as bigints: each saves a microsecond in Deno.
 */
export type ForeignType = "i32" | "u32" | "i64" | "address" | "bytes" | "void";

/** The signature of a C function. */
export interface ForeignSignature {
  readonly parameters: readonly ForeignType[];
  readonly result: ForeignType;
}

/** Signatures by function name. */
export type ForeignSignatures = Readonly<Record<string, ForeignSignature>>;

/** An argument of a C function. */
export type ForeignArgument = number | bigint | Uint8Array<ArrayBuffer>;

/** A C function; it returns a number. */
export type ForeignFunction = (...args: ForeignArgument[]) => number;

/** Functions by name. */
export type ForeignFunctions<S extends ForeignSignatures> = {
  readonly [Name in keyof S]: ForeignFunction;
};

/** The C library, as a runtime provides it. */
export interface ForeignLibrary {
  /** Makes functions of the library callable. */
  bind<S extends ForeignSignatures>(signatures: S): ForeignFunctions<S>;
  /** Returns the bytes at an address; the caller must keep them mapped. */
  bytesAt(address: number, length: number): Uint8Array<ArrayBuffer>;
}

/** File names of the library: glibc's and musl's. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.so"];

let opened: ForeignLibrary | undefined;

/**
 * Returns the C library of this process, through the runtime's foreign function
 * interface.
 *
 * @throws {SourceError} if it is unavailable: not on Linux, not permitted, or in
 *   Node without the package koffi
 */
export function foreignLibrary(): ForeignLibrary {
  return opened ??= open();
}

function open(): ForeignLibrary {
  const { process } = globalThis as {
    readonly process?: {
      readonly platform: string;
      getBuiltinModule(id: string): unknown;
    };
  };
  if (process?.platform !== "linux") {
    const platform = process?.platform ?? "unknown";
    throw refusal(`the platform is ${platform}, expected linux`);
  }
  if ("Deno" in globalThis) return denoLibrary();
  const bun = process.getBuiltinModule("bun:ffi") as BunFfi | undefined;
  if (bun !== undefined) return bunLibrary(bun);
  return nodeLibrary();
}

function refusal(reason: string, cause?: unknown): SourceError {
  return new SourceError(
    "the C library",
    `Cannot call the C library: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}

/**
 * Tries the file names of the library; throws the first failure if all fail.
 */
function firstThatOpens<T>(openOne: (library: string) => T): T {
  let cause: unknown;
  for (const library of LIBRARIES) {
    try {
      return openOne(library);
    } catch (error) {
      cause ??= error;
    }
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  throw refusal(message.split("\n")[0] ?? message, cause);
}

const DENO_TYPES = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  address: "usize",
  bytes: "buffer",
  void: "void",
} as const;

function denoLibrary(): ForeignLibrary {
  return {
    bind<S extends ForeignSignatures>(signatures: S): ForeignFunctions<S> {
      const declared = Object.entries(signatures).map(([name, it]) =>
        [name, {
          parameters: it.parameters.map((type) => DENO_TYPES[type]),
          result: DENO_TYPES[it.result],
        }] as const
      );
      const { symbols } = firstThatOpens((library) =>
        Deno.dlopen(
          library,
          Object.fromEntries(declared) as Deno.ForeignLibraryInterface,
        )
      );
      return inNumbers(signatures, symbols);
    },
    bytesAt(address, length) {
      const pointer = Deno.UnsafePointer.create(BigInt(address));
      if (pointer === null) throw new RangeError("Cannot access address 0");
      return new Uint8Array(
        Deno.UnsafePointerView.getArrayBuffer(pointer, length) as ArrayBuffer,
      );
    },
  };
}

/** The part of `bun:ffi` that is used here. */
interface BunFfi {
  dlopen(
    library: string,
    symbols: Readonly<
      Record<string, { args: readonly string[]; returns: string }>
    >,
  ): { readonly symbols: Readonly<Record<string, unknown>> };
  toArrayBuffer(address: number, offset: number, length: number): ArrayBuffer;
}

const BUN_TYPES = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  address: "u64",
  bytes: "ptr",
  void: "void",
} as const;

function bunLibrary(bun: BunFfi): ForeignLibrary {
  return {
    bind<S extends ForeignSignatures>(signatures: S): ForeignFunctions<S> {
      const declared = Object.entries(signatures).map(([name, it]) =>
        [name, {
          args: it.parameters.map((type) => BUN_TYPES[type]),
          returns: BUN_TYPES[it.result],
        }] as const
      );
      const { symbols } = firstThatOpens((library) =>
        bun.dlopen(library, Object.fromEntries(declared))
      );
      return inNumbers(signatures, symbols);
    },
    // Bun cannot create a buffer of length 0.
    bytesAt: (address, length) =>
      length === 0
        ? new Uint8Array(0)
        : new Uint8Array(bun.toArrayBuffer(address, 0, length)),
  };
}

/** The part of the package koffi that is used. */
interface Koffi {
  load(library: string): {
    func(name: string, result: string, parameters: readonly string[]): unknown;
  };
  view(address: bigint, length: number): ArrayBuffer;
}

const KOFFI_TYPES = {
  i32: "int32",
  u32: "uint32",
  i64: "int64",
  address: "uintptr_t",
  bytes: "void *",
  void: "void",
} as const;

/** Opens the library through koffi: Node has no foreign functions itself. */
function nodeLibrary(): ForeignLibrary {
  const koffi = loadKoffi();
  return {
    bind<S extends ForeignSignatures>(signatures: S): ForeignFunctions<S> {
      const library = firstThatOpens((name) => koffi.load(name));
      const symbols = Object.entries(signatures).map(([name, it]) => {
        const parameters = it.parameters.map((type) => KOFFI_TYPES[type]);
        return [name, library.func(name, KOFFI_TYPES[it.result], parameters)];
      });
      return inNumbers(signatures, Object.fromEntries(symbols));
    },
    bytesAt: (address, length) =>
      new Uint8Array(koffi.view(BigInt(address), length)),
  };
}

function loadKoffi(): Koffi {
  const { createRequire } = builtinModule("node:module", {
    what: "the C library",
    action: "call the C library",
  });
  let koffi: Partial<Koffi>;
  try {
    koffi = createRequire(import.meta.url)("koffi");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw refusal(
      code === "MODULE_NOT_FOUND"
        ? "Node has no foreign functions: install the package koffi beside " +
          "mapped-ram (npm install koffi), or use Deno or Bun"
        : `the package koffi does not load: ${message.split("\n")[0]}`,
      cause,
    );
  }
  const { load, view } = koffi;
  if (load !== undefined && view !== undefined) return { load, view };
  throw refusal(
    "this version of the package koffi is unable to do it, expected 3.3.4 or " +
      "later (npm install koffi@3)",
  );
}

/**
 * Converts 64-bit results, which Deno and Bun return as bigints, to numbers.
 */
function inNumbers<S extends ForeignSignatures>(
  signatures: S,
  symbols: Readonly<Record<string, unknown>>,
): ForeignFunctions<S> {
  const functions = Object.entries(signatures).map(([name, { result }]) => {
    const call = symbols[name] as (
      ...args: ForeignArgument[]
    ) => number | bigint;
    const isWide = result === "i64" || result === "address";
    const inNumber = (...args: ForeignArgument[]) => Number(call(...args));
    return [name, isWide ? inNumber : call];
  });
  return Object.fromEntries(functions) as ForeignFunctions<S>;
}
