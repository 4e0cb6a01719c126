import type * as Path from "node:path";
import type { Qcow2Backing } from "../../format/qcow2/mod.ts";
import { UnsupportedError } from "../../format/rules/mod.ts";
import { builtinModule, nodeFs } from "../local/mod.ts";
import { type ByteSource, isWebUrl, shownName } from "../sources/mod.ts";
import { loopError } from "./image_chain.ts";

/** Where an image or a backing file is: a path, or an http or https URL. */
export type Address = URL | string;

/** What QEMU takes as a protocol: anything before a colon without a slash. */
const PROTOCOL = /^([^:/]*):/;
/** Encoded separators, which a server may take as such. */
const HIDDEN_SEPARATOR = /%2f|%5c/i;

/**
 * Decides where the backing files of a chain may be: in the folder of its first
 * image or below it, and in places that the caller allows.
 */
export class BackingPlaces {
  /** The addresses that were opened, links resolved. */
  readonly #opened: string[];
  /** By which name each source was opened: names in it are relative to that. */
  readonly #names = new Map<ByteSource, Address>();
  readonly #first: Address;
  readonly #allowed: readonly Address[];

  /** `allowed` are folders, files, and URLs of either. */
  constructor(first: Address, allowed: readonly string[]) {
    this.#first = first;
    this.#opened = [String(first instanceof URL ? first : realPath(first))];
    this.#allowed = [
      folderOf(first),
      ...allowed.map((it) => isWebUrl(it) ? new URL(it) : it),
    ].map((it) => it instanceof URL ? it : realPath(it));
  }

  /**
   * Returns the address of the backing file of an image.
   *
   * @throws {UnsupportedError} if it is in no place that is allowed
   * @throws {FormatError} if it is in the chain already
   */
  resolve(backing: Qcow2Backing, image: ByteSource): Address {
    const named = this.#locate(backing, image);
    const address = named instanceof URL ? named : realPath(named);
    const isAllowed = this.#allowed.some((place) => isIn(place, address));
    if (!isAllowed) {
      const isHidden = address instanceof URL &&
        HIDDEN_SEPARATOR.test(backing.name);
      const isNamed = String(address) === backing.name;
      const detail = isHidden
        ? "with an encoded slash"
        : isNamed
        ? undefined
        : `which is ${quoted(address)}`;
      throw this.#refusal(backing, image, detail);
    }
    if (this.#opened.includes(String(address))) throw loopError(image, backing);
    return address;
  }

  /**
   * Remembers where a source was opened.
   *
   * @throws {UnsupportedError} if its name leads elsewhere now
   */
  opened(
    source: ByteSource,
    address: Address,
    { backing, image }: {
      readonly backing: Qcow2Backing;
      readonly image: ByteSource;
    },
  ): void {
    if (typeof address === "string" && realPath(address) !== address) {
      throw this.#refusal(backing, image, "which was replaced by a link");
    }
    this.#opened.push(String(address));
    this.#names.set(source, this.#locate(backing, image));
  }

  /** Returns the name of a backing file, with links in it. */
  #locate(backing: Qcow2Backing, image: ByteSource): Address {
    const { name } = backing;
    const from = this.#names.get(image) ?? this.#first;
    const protocol = PROTOCOL.exec(name)?.[1];
    if (protocol !== undefined && !(isWebUrl(name) && URL.canParse(name))) {
      throw this.#refusal(
        backing,
        image,
        `an address of the kind ${JSON.stringify(protocol)}`,
      );
    }
    if (protocol !== undefined) return new URL(name);
    // As in QEMU, an absolute path is one of this machine.
    if (name.startsWith("/")) return name;
    if (from instanceof URL) return new URL(name, from);
    // Not joined: "link/.." is the folder above the target of the link.
    return `${path().dirname(from)}/${name}`;
  }

  #refusal(
    { name, offset }: Qcow2Backing,
    image: ByteSource,
    detail: string | undefined,
  ): UnsupportedError {
    const shown = JSON.stringify(shownName(name));
    const more = detail === undefined ? "" : `, ${detail}`;
    const [folder] = this.#allowed;
    return new UnsupportedError(image.name, {
      rule: "qcow2-backing-place",
      feature: `the backing file ${shown}`,
      offset,
      found: `the backing file ${shown}${more}`,
      expected: `a file in ${quoted(folder)}, or below it; --allow-backing ` +
        "PLACE allows another place",
    });
  }
}

function quoted(address: Address): string {
  return JSON.stringify(shownName(address));
}

function folderOf(address: Address): Address {
  return address instanceof URL
    ? new URL(".", address)
    : path().dirname(address);
}

/** Whether an address is a place or below it. */
function isIn(place: Address, address: Address): boolean {
  if (place instanceof URL) {
    if (!(address instanceof URL) || place.origin !== address.origin) {
      return false;
    }
    const { pathname } = address;
    const prefix = place.pathname.replace(/\/?$/, "/");
    return pathname === place.pathname ||
      pathname.startsWith(prefix) &&
        !HIDDEN_SEPARATOR.test(pathname.slice(prefix.length));
  }
  if (address instanceof URL) return false;
  const { relative, isAbsolute, sep } = path();
  const inside = relative(place, address);
  return inside !== ".." && !inside.startsWith(`..${sep}`) &&
    !isAbsolute(inside);
}

/** Returns a path with links resolved, as far as it exists. */
function realPath(name: string): string {
  try {
    return nodeFs().realpathSync.native(name);
  } catch {
    const { dirname, basename, join } = path();
    const parent = dirname(name);
    return parent === name ? name : join(realPath(parent), basename(name));
  }
}

function path(): typeof Path {
  return builtinModule("node:path", {
    what: "backing files",
    action: "resolve the names of backing files",
  });
}
