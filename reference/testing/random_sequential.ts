import { SequentialGuest } from "./sequential_guest.ts";

const PAGE = 4096;
const NAMES = ["pc.ram", "vga.vram", "/rom@etc/acpi/tables"];

/** Returns a stream of records of all kinds, and the resulting memory. */
export function randomSequential(
  random: (limit: number) => number,
  recordCount: number,
): { readonly bytes: Uint8Array; readonly memory: SequentialGuest["memory"] } {
  const pages = Object.fromEntries(
    NAMES.map((name) => [name, 1 + random(40)]),
  );
  const guest = new SequentialGuest(pages);
  for (let remaining = recordCount; remaining > 0;) {
    const count = Math.min(remaining, random(20));
    guest.part(() => {
      for (let record = 0; record < count; record++) addRecord();
    });
    remaining -= Math.max(1, count);
  }
  guest.part(addRecord, 3);
  return { bytes: guest.finish(), memory: guest.memory };

  function addRecord(): void {
    const idstr = NAMES[random(NAMES.length)];
    const index = random(pages[idstr]);
    switch (random(6)) {
      case 0:
        return guest.zero(idstr, index);
      case 1:
        return guest.compressed(idstr, index, content());
      case 2:
      case 3:
        return guest.delta(idstr, index, changes());
      default:
        return guest.page(idstr, index, content());
    }
  }

  function content(): Uint8Array {
    const bytes = new Uint8Array(PAGE).fill(random(256));
    for (let at = 0; at < PAGE; at += 1 + random(64)) bytes[at] = random(256);
    return bytes;
  }

  function changes(): { at: number; bytes: Uint8Array }[] {
    const result: { at: number; bytes: Uint8Array }[] = [];
    for (let at = random(2) * random(PAGE); at < PAGE;) {
      const length = 1 + random(Math.min(600, PAGE - at));
      const bytes = Uint8Array.from({ length }, () => random(256));
      result.push({ at, bytes });
      // At least one unchanged byte separates two runs.
      at += length + 1 + random(2000);
      // Like QEMU's, a delta is no longer than a page.
      if (result.reduce((sum, it) => sum + it.bytes.length + 4, 0) > 3000) {
        break;
      }
    }
    return result;
  }
}
