import { SourceError } from "../sources/mod.ts";

/**
 * A parameter or a result of a function of C. Addresses are plain numbers; for
 * calls that are made often there are `bytes`, given as themselves, and wide
 * numbers are best given as a bigint: that spares Deno a microsecond each.
 */
export type ForeignType = "i32" | "u32" | "i64" | "address" | "bytes" | "void";

/** The signature of a function of C. */
export interface ForeignSignature {
  readonly parameters: readonly ForeignType[];
  readonly result: ForeignType;
}

/** Signatures by the functions' names. */
export type ForeignSignatures = Readonly<Record<string, ForeignSignature>>;

/** What such a function takes. */
export type ForeignArgument = number | bigint | Uint8Array<ArrayBuffer>;

/** The functions, by name; all give numbers. */
export type ForeignFunctions<S extends ForeignSignatures> = {
  readonly [Name in keyof S]: (...args: ForeignArgument[]) => number;
};

/** The C library as a runtime shows it. */
export interface ForeignLibrary {
  /** Makes functions of it callable. */
  bind<S extends ForeignSignatures>(signatures: S): ForeignFunctions<S>;
  /** The bytes at an address; nobody watches that they stay mapped. */
  bytesAt(address: number, length: number): Uint8Array<ArrayBuffer>;
}

/** Its names: glibc's, and musl's. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.so"];

let opened: ForeignLibrary | undefined;

/**
 * The C library of this process, by the runtime's foreign function interface.
 *
 * @throws {SourceError} if there is none: not Linux, not Deno or Bun, or not
 *   permitted
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
    throw refusal(`this is ${process?.platform ?? "no Linux"}, expected linux`);
  }
  if ("Deno" in globalThis) return denoLibrary();
  const bun = process.getBuiltinModule("bun:ffi") as BunFfi | undefined;
  if (bun !== undefined) return bunLibrary(bun);
  throw refusal("this runtime has no foreign functions, expected Deno or Bun");
}

function refusal(reason: string, cause?: unknown): SourceError {
  return new SourceError(
    "the C library",
    `Cannot call the C library: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}

/** Tries the names of the library; what the last one failed with is told. */
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
      if (pointer === null) throw new RangeError("Cannot look at address 0");
      return new Uint8Array(
        Deno.UnsafePointerView.getArrayBuffer(pointer, length) as ArrayBuffer,
      );
    },
  };
}

/** What is used of `bun:ffi`. */
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
    // Bun makes no buffers of no bytes.
    bytesAt: (address, length) =>
      length === 0
        ? new Uint8Array(0)
        : new Uint8Array(bun.toArrayBuffer(address, 0, length)),
  };
}

/** Results of 64 bits come as a bigint from both runtimes. */
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
