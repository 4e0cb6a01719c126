/** A RAMBlock of a machine. */
export interface MachineBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
}

/** A field of a device's state, as listed by the vmdesc. */
export interface MachineField {
  /** Name of the field. */
  readonly name: string;
  /** Bytes of the field; undefined if they depend on the state. */
  readonly length: number | undefined;
}

/** The section of a device. */
export interface MachineSection {
  /** Name of the section: `timer`, `0000:00:03.0/virtio-net`. */
  readonly idstr: string;
  /** Distinguishes sections with the same name. */
  readonly instanceId: number;
  /** Version of the section's body. */
  readonly versionId: number;
  /** Fields, in order; undefined if no vmdesc lists them. */
  readonly fields: readonly MachineField[] | undefined;
  /** Names of the optional parts that are present. */
  readonly subsections: readonly string[];
}

/** What a snapshot needs of a machine, or what a QEMU provides. */
export interface MachineDescription {
  /** Name for messages: `vm.mr`, `QEMU 10.0.2`. */
  readonly name: string;
  /**
   * QEMU's version: `10.0.2`; undefined for a snapshot, which does not store
   * it.
   */
  readonly version: string | undefined;
  /** State of a running QEMU: `inmigrate` if it waits for a snapshot. */
  readonly runState: string | undefined;
  /** QEMU's name of the machine type: `pc-i440fx-10.0`. */
  readonly machine: string;
  /** Bytes of a page, if known. */
  readonly pageSize: number | undefined;
  /** UUID, if there is one. */
  readonly uuid: string | undefined;
  /**
   * Migration capabilities: those that a snapshot needs, or a QEMU supports.
   */
  readonly capabilities: readonly string[];
  /** All RAMBlocks. */
  readonly blocks: readonly MachineBlock[];
  /** Sections of the devices, if known. */
  readonly sections: readonly MachineSection[] | undefined;
  /** Number of CPUs, if known. */
  readonly cpuCount: number | undefined;
  /** CPU features that are known to be on or off. */
  readonly cpuFeatures: Readonly<Record<string, boolean>>;
  /** Addresses of PCI devices, if known: `0000:00:03.0`. */
  readonly pciDevices: readonly string[] | undefined;
  /** Machine types of a QEMU, if known. */
  readonly machines: readonly string[] | undefined;
  /** What is unknown, and so cannot be compared. */
  readonly unknown: readonly string[];
}

/** Returns a key that is unique among a machine's sections. */
export function sectionKey({ idstr, instanceId }: MachineSection): string {
  return `${instanceId} ${idstr}`;
}
