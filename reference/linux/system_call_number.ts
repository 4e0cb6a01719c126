/**
 * Returns a system call number for the architecture of this machine; `action`
 * is what the error says cannot be done on another one.
 *
 * @throws {RangeError} on another architecture
 */
export function systemCallNumber(
  numbers: { readonly x64: number; readonly arm64: number },
  action: string,
): number {
  const { process } = globalThis as unknown as {
    readonly process: { readonly arch: string };
  };
  const { arch } = process;
  if (arch === "x64" || arch === "arm64") return numbers[arch];
  throw new RangeError(`Cannot ${action} on ${arch}: expected x64 or arm64`);
}
