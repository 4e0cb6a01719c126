/** A RAMBlock of a machine. */
export interface MachineBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
}

/** A field of a device's state, as the vmdesc lists it. */
export interface MachineField {
  /** Its name. */
  readonly name: string;
  /** Its bytes; undefined where they depend on the state. */
  readonly length: number | undefined;
}

/** The section of a device. */
export interface MachineSection {
  /** Its name: `timer`, `0000:00:03.0/virtio-net`. */
  readonly idstr: string;
  /** Tells sections of the same name apart. */
  readonly instanceId: number;
  /** Version of its body. */
  readonly versionId: number;
  /** Its fields, in order; undefined where no vmdesc tells them. */
  readonly fields: readonly MachineField[] | undefined;
  /** Names of the optional parts that it has. */
  readonly subsections: readonly string[];
}

/** What a snapshot needs of a machine, or what a QEMU has of it. */
export interface MachineDescription {
  /** Name for messages: `vm.mr`, `QEMU 10.0.2`. */
  readonly name: string;
  /** QEMU's version: `10.0.2`; undefined for a snapshot, which has none in it. */
  readonly version: string | undefined;
  /** What a running QEMU does: `inmigrate` if it waits for a snapshot. */
  readonly runState: string | undefined;
  /** QEMU's name of the machine type: `pc-i440fx-10.0`. */
  readonly machine: string;
  /** Bytes of a page, where that is known. */
  readonly pageSize: number | undefined;
  /** UUID, where there is one. */
  readonly uuid: string | undefined;
  /** Migration capabilities: those that a snapshot needs, or a QEMU knows. */
  readonly capabilities: readonly string[];
  /** All RAMBlocks. */
  readonly blocks: readonly MachineBlock[];
  /** The sections of the devices; undefined where they are not known. */
  readonly sections: readonly MachineSection[] | undefined;
  /** How many CPUs there are, where that is known. */
  readonly cpuCount: number | undefined;
  /** What of a CPU's features is on or off, as far as it is known. */
  readonly cpuFeatures: Readonly<Record<string, boolean>>;
  /** Addresses of PCI devices: `0000:00:03.0`, where they are known. */
  readonly pciDevices: readonly string[] | undefined;
  /** Machine types that a QEMU has, where that is known. */
  readonly machines: readonly string[] | undefined;
  /** What is not known of it, and so cannot be compared. */
  readonly unknown: readonly string[];
}

/** What tells a section from all others of a machine. */
export function sectionKey({ idstr, instanceId }: MachineSection): string {
  return `${instanceId} ${idstr}`;
}
