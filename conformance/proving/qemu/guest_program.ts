const BIOS_LENGTH = 0x10000;
const RESET_VECTOR = 0xfff0;

/** The address of the guest's counter: 32 bits, little-endian. */
export const COUNTER_ADDRESS = 0x1000;

/**
 * A guest program of a few bytes, as a BIOS.
 *
 * It increments a counter in memory from whatever value it has, stores each
 * value at the next position of the 64 KiB at 0x10000, and sends its lowest byte
 * to the first serial port.
 */
export function guestProgram(): Uint8Array {
  const bios = new Uint8Array(BIOS_LENGTH);
  bios.set([
    ...[0x31, 0xc0], //                         xor ax, ax
    ...[0x8e, 0xd8], //                         mov ds, ax
    ...[0xb8, 0x00, 0x10], //                   mov ax, 0x1000
    ...[0x8e, 0xc0], //                         mov es, ax
    // step:
    ...[0x66, 0xff, 0x06, 0x00, 0x10], //       inc dword [0x1000]
    ...[0x66, 0xa1, 0x00, 0x10], //             mov eax, [0x1000]
    ...[0x89, 0xc7], //                         mov di, ax
    ...[0xc1, 0xe7, 0x06], //                   shl di, 6
    ...[0x26, 0x66, 0x89, 0x05], //             mov es:[di], eax
    ...[0xba, 0xf8, 0x03], //                   mov dx, 0x3f8
    0xee, //                                    out dx, al
    ...[0xb9, 0x00, 0x40], //                   mov cx, 0x4000
    ...[0xe2, 0xfe], //                         loop $
    ...[0xeb, 0xe3], //                         jmp step
  ]);
  bios.set([0xe9, 0x0d, 0x00], RESET_VECTOR); // jmp to the first byte
  return bios;
}
