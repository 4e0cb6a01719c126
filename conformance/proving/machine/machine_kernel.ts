import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  dependencyOf,
  packageCache,
  type PackageOptions,
  unpackPackage,
} from "../qemu/debian_package.ts";

/** Debian's kernel for virtual machines, with its modules. */
export interface MachineKernel {
  /** The path of the kernel. */
  readonly vmlinuz: string;
  /** The folder of its modules. */
  readonly modules: string;
}

const PACKAGE = /^linux-image-\d.*-cloud-amd64$/;

/**
 * Downloads Debian's kernel; a cached one is used even if there is a newer
 * version.
 */
export async function prepareKernel(
  options: PackageOptions = {},
): Promise<MachineKernel> {
  const cache = packageCache(options.environment);
  let packageName = existsSync(cache)
    ? readdirSync(cache).find((it) => PACKAGE.test(it))
    : undefined;
  if (packageName === undefined) {
    const name = "linux-image-cloud-amd64";
    packageName = await dependencyOf(name, PACKAGE, options);
    await unpackPackage(packageName, join(cache, packageName), options);
  }
  const folder = join(cache, packageName);
  const version = packageName.slice("linux-image-".length);
  return {
    vmlinuz: join(folder, "boot", `vmlinuz-${version}`),
    modules: join(folder, "lib/modules", version),
  };
}

/**
 * The paths of modules and of those that they depend on, in the order in which
 * `insmod` loads them.
 */
export function findModules(
  { modules }: MachineKernel,
  names: readonly string[],
): string[] {
  const paths = new Map(
    readdirSync(modules, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ko"))
      .map((path) => [basename(path, ".ko"), join(modules, path)]),
  );
  const found = new Set<string>();
  const add = (name: string): void => {
    const path = paths.get(name) ?? paths.get(name.replaceAll("_", "-"));
    if (path === undefined) {
      throw new Error(`Cannot find module ${name} in ${modules}`);
    }
    for (const it of dependenciesOf(path)) add(it);
    found.add(path);
  };
  for (const name of names) add(name);
  return [...found];
}

/** The names of the modules that a module says it depends on. */
function dependenciesOf(path: string): string[] {
  const text = readFileSync(path, "latin1");
  const [, names = ""] = /\0depends=([^\0]*)\0/.exec(text) ?? [];
  return names.split(",").filter((it) => it !== "");
}
