/** Address and label of a device, from its idstr. */
export interface DevicePath {
  /**
   * `0000:00:03.0` on a PCI bus; `0000:00:05.0/1` on a USB bus of that device.
   */
  readonly path: string;
  /** `virtio-net`, `virtio-net-pci.rom`. */
  readonly label: string;
}

/**
 * Parses the idstr of a section or RAMBlock of a device on a bus; returns
 * undefined for any other idstr.
 */
export function parseDevicePath(idstr: string): DevicePath | undefined {
  const match =
    /^([0-9a-f]{4}:00(?::[0-9a-f]{2}\.[0-7])+(?:\/[0-9.]+)*)\/([^/]+)$/
      .exec(idstr);
  return match === null ? undefined : { path: match[1], label: match[2] };
}

/** Shortens a path for display: `00:03.0`, without the constant prefix. */
export function showPath(path: string): string {
  return path.replace(/^0000:00:/, "00:");
}

/** QEMU's device names, where they differ from the section's. */
const DEVICES: Readonly<Record<string, string>> = {
  "cirrus_vga": "cirrus-vga",
  "ehci": "ich9-usb-ehci1",
  "i82801b11_bridge": "i82801b11-bridge",
  "ich9_ahci": "ich9-ahci",
  "ioh-3240-express-root-port": "ioh3420",
  "pci_bridge": "pci-bridge",
  "uhci": "piix3-usb-uhci",
  "vga": "VGA",
  "virtio-balloon": "virtio-balloon-pci",
  "virtio-blk": "virtio-blk-pci",
  "virtio-console": "virtio-serial-pci",
  "virtio-gpu": "virtio-gpu-pci",
  "virtio-input": "virtio-tablet-pci",
  "virtio-net": "virtio-net-pci",
  "virtio-rng": "virtio-rng-pci",
  "virtio-scsi": "virtio-scsi-pci",
  "xhci": "qemu-xhci",
};

/** Sections used by several devices. */
const SHARED = new Set(["ehci", "uhci", "virtio-gpu", "virtio-input", "xhci"]);

/**
 * Returns the `-device` argument that puts a device with these labels at a
 * path.
 */
export function deviceArgument(
  path: string,
  labels: readonly string[],
): string {
  const isRom = (it: string) => /\.(rom|vram)$/.test(it);
  // A ROM is named after its device.
  const rom = labels.find((it) => it.endsWith(".rom"))?.slice(0, -4);
  const label = rom ?? labels.find((it) => !isRom(it)) ?? labels[0];
  const name = Object.hasOwn(DEVICES, label) ? DEVICES[label] : label;
  const others = rom === undefined && SHARED.has(label) ? " or the like" : "";
  return `-device ${name}${addressOf(path)}${others}`;
}

/**
 * Returns the address on the bus: `,addr=0x3`. The user chooses the bus name.
 */
function addressOf(path: string): string {
  const port = /\/([0-9.]+)$/.exec(path)?.[1];
  if (port !== undefined) return `,port=${port}`;
  const [, slot, number] = /([0-9a-f]{2})\.([0-7])$/.exec(path) ?? [];
  const where = `0x${parseInt(slot, 16).toString(16)}`;
  return `,addr=${where}${number === "0" ? "" : `.0x${number}`}`;
}
