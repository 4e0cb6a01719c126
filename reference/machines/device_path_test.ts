import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceArgument, parseDevicePath } from "./device_path.ts";

test("parseDevicePath() splits an idstr into a path and a label", () => {
  for (
    const [idstr, path, label] of [
      ["0000:00:03.0/e1000", "0000:00:03.0", "e1000"],
      ["0000:00:02.0:1f.7/x.rom", "0000:00:02.0:1f.7", "x.rom"],
      ["0000:00:05.0/1/usb-kbd", "0000:00:05.0/1", "usb-kbd"],
      ["0000:00:05.0/1.2/usb-kbd", "0000:00:05.0/1.2", "usb-kbd"],
    ]
  ) assert.deepEqual(parseDevicePath(idstr), { path, label });
  for (const idstr of ["pc.ram", "/rom@etc/acpi/tables", "ram", "1/2"]) {
    assert.equal(parseDevicePath(idstr), undefined);
  }
});

test("a -device argument names the device and its address", () => {
  for (
    const [path, labels, expected] of [
      ["0000:00:03.0", ["e1000", "e1000.rom"], "e1000,addr=0x3"],
      ["0000:00:1f.2", ["ich9_ahci"], "ich9-ahci,addr=0x1f.0x2"],
      ["0000:00:02.0:00.0", ["nic"], "nic,addr=0x0"],
      ["0000:00:05.0/1.2", ["usb-kbd"], "usb-kbd,port=1.2"],
      ["0000:00:06.0", ["vga.vram", "cirrus_vga"], "cirrus-vga,addr=0x6"],
      ["0000:00:07.0", ["xhci"], "qemu-xhci,addr=0x7 or the like"],
      ["0000:00:08.0", ["a", "virtio-net-pci.rom"], "virtio-net-pci,addr=0x8"],
    ] as const
  ) assert.equal(deviceArgument(path, labels), `-device ${expected}`);
});
