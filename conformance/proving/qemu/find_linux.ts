import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process, { env } from "node:process";
import {
  dependencyOf,
  extractFromPackage,
  packageCache,
  type PackageOptions,
} from "./debian_package.ts";
import { initramfs, type InitramfsEntry } from "./initramfs.ts";
import { LINUX_INIT } from "./linux_init.ts";

/** The paths of a kernel and an initramfs, with which QEMU boots Linux. */
export interface Linux {
  readonly vmlinuz: string;
  readonly initrd: string;
}

/** Set to 1 if Linux is required: its absence is then an error. */
export const REQUIRE_LINUX = "MAPPED_RAM_REQUIRE_LINUX";

/**
 * A Linux to boot, or undefined if none can be obtained on this machine.
 *
 * With MAPPED_RAM_REQUIRE_LINUX=1 it throws instead, with the reason.
 */
export async function findLinux(
  options: PackageOptions = {},
): Promise<Linux | undefined> {
  try {
    return await prepareLinux(options);
  } catch (error) {
    const { environment = env } = options;
    if (environment[REQUIRE_LINUX] === "1") throw error;
    return undefined;
  }
}

/**
 * Downloads a kernel and busybox from Debian and builds an initramfs.
 *
 * Downloads are cached. Newer versions of the packages are not downloaded: the
 * guest does not need them.
 */
export async function prepareLinux(
  options: PackageOptions = {},
): Promise<Linux> {
  const cache = packageCache(options.environment);
  const vmlinuz = join(cache, "vmlinuz");
  if (!existsSync(vmlinuz)) {
    const packageName = await dependencyOf(
      "linux-image-cloud-amd64",
      /^linux-image-/,
      options,
    );
    const path = /^boot\/vmlinuz-/;
    await extractFromPackage({ packageName, path }, vmlinuz, options);
  }
  const busybox = await prepareBusybox(options);
  const directories = ["bin", "dev", "mnt", "proc", "sys"];
  const initrd = writeInitrd(cache, [
    ...directories.map((path) => ({ path })),
    { path: "bin/busybox", content: readFileSync(busybox) },
    { path: "init", content: new TextEncoder().encode(LINUX_INIT) },
  ]);
  return { vmlinuz, initrd };
}

/** The path of a busybox without libraries, downloaded from Debian once. */
export async function prepareBusybox(
  options: PackageOptions = {},
): Promise<string> {
  const busybox = join(packageCache(options.environment), "busybox");
  if (!existsSync(busybox)) {
    const path = /bin\/busybox$/;
    const packageName = "busybox-static";
    await extractFromPackage({ packageName, path }, busybox, options);
  }
  return busybox;
}

/** Writes an initramfs, under a name derived from its contents. */
export function writeInitrd(
  cache: string,
  entries: readonly InitramfsEntry[],
): string {
  const archive = initramfs(entries);
  const digest = createHash("sha256").update(archive).digest("hex");
  const initrd = join(cache, `initrd-${digest.slice(0, 16)}`);
  if (!existsSync(initrd)) {
    const partial = `${initrd}.${process.pid}.partial`;
    writeFileSync(partial, archive);
    renameSync(partial, initrd);
  }
  return initrd;
}
