/** A processor architecture, as in the header of an ELF file. */
export interface Architecture {
  /** QEMU's name: `x86_64`, `aarch64`. */
  readonly name: string;
  /** `e_machine` of the ELF specification. */
  readonly machine: number;
  /** Register width in bits. */
  readonly bits: 32 | 64;
  /** Byte order of integers. */
  readonly byteOrder: "little" | "big";
}

/**
 * Architectures whose cores can be written, by QEMU's names. Where QEMU's own
 * `dump-guest-memory` can write cores, a test compares the headers.
 */
export const ARCHITECTURES: readonly Architecture[] = [
  define("x86_64", 62, 64, "little"),
  define("i386", 3, 32, "little"),
  define("aarch64", 183, 64, "little"),
  define("aarch64_be", 183, 64, "big"),
  define("arm", 40, 32, "little"),
  define("armeb", 40, 32, "big"),
  define("riscv64", 243, 64, "little"),
  define("riscv32", 243, 32, "little"),
  define("loongarch64", 258, 64, "little"),
  define("ppc64", 21, 64, "big"),
  define("ppc64le", 21, 64, "little"),
  define("ppc", 20, 32, "big"),
  define("s390x", 22, 64, "big"),
  define("m68k", 4, 32, "big"),
  define("mips", 8, 32, "big"),
  define("mipsel", 8, 32, "little"),
  define("mips64", 8, 64, "big"),
  define("mips64el", 8, 64, "little"),
  define("sparc", 2, 32, "big"),
  define("sparc64", 43, 64, "big"),
  define("alpha", 0x9026, 64, "little"),
  define("hppa", 15, 32, "big"),
  define("or1k", 92, 32, "big"),
  define("sh4", 42, 32, "little"),
  define("sh4eb", 42, 32, "big"),
  define("xtensa", 94, 32, "little"),
  define("xtensaeb", 94, 32, "big"),
];

function define(
  name: string,
  machine: number,
  bits: 32 | 64,
  byteOrder: "little" | "big",
): Architecture {
  return { name, machine, bits, byteOrder };
}

/**
 * Returns the architecture with that name.
 *
 * @throws {RangeError} if there is none
 */
export function architectureNamed(name: string): Architecture {
  const found = ARCHITECTURES.find((it) => it.name === name);
  if (found !== undefined) return found;
  throw new RangeError(
    `Cannot use ${JSON.stringify(name)} as an architecture: expected ` +
      ARCHITECTURES.map((it) => it.name).join(", "),
  );
}
