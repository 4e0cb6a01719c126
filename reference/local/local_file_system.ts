import { nodeFs } from "./node_fs.ts";

/**
 * File systems of a single host, by Linux's numbers: what the kernel reports
 * about locks of their files holds for every process that can reach them.
 */
const LOCAL = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
  0x794c7630, // overlayfs
  0x4d44, // FAT
  0x2011bab0, // exFAT
]);

/** Whether a folder is on a file system that no other host writes to. */
export function isOnLocalFileSystem(folder: string): boolean {
  try {
    return LOCAL.has(nodeFs().statfsSync(folder).type);
  } catch {
    return false;
  }
}
