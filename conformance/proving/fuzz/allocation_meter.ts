/**
 * Counts the bytes of all array buffers that are created, by replacing their
 * constructors. Plain objects are not counted.
 */
export class AllocationMeter implements Disposable {
  /** Bytes since {@linkcode reset}. */
  bytes = 0;
  readonly #originals: readonly (readonly [string, unknown])[];

  constructor() {
    const names = ["ArrayBuffer", "Uint8Array", "BigUint64Array"] as const;
    this.#originals = names.map((name) => [name, globalThis[name]]);
    for (const [name, original] of this.#originals) {
      Object.defineProperty(globalThis, name, {
        value: this.#count(original as NewableFunction),
        configurable: true,
        writable: true,
      });
    }
  }

  reset(): void {
    this.bytes = 0;
  }

  [Symbol.dispose](): void {
    for (const [name, value] of this.#originals) {
      Object.defineProperty(globalThis, name, {
        value,
        configurable: true,
        writable: true,
      });
    }
  }

  #count(original: NewableFunction): unknown {
    return new Proxy(original, {
      construct: (target, args, newTarget) => {
        const [length] = args;
        const width = (target as { BYTES_PER_ELEMENT?: number })
          .BYTES_PER_ELEMENT ?? 1;
        if (typeof length === "number") this.bytes += length * width;
        return Reflect.construct(target, args, newTarget);
      },
    });
  }
}
