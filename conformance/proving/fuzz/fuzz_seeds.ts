import { memorySource, openSnapshotSync, RuleError } from "../../../mod.ts";
import { richFile } from "../faults/rich_file.ts";
import { listVectors } from "../../vectors/list_vectors.ts";

/** A field: its position and its length in bytes. */
export type Field = readonly [offset: number, length: number];

/** An input to be mutated, and the ranges to mutate. */
export interface FuzzSeed {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Ranges that hold structure, not pages. */
  readonly places: readonly (readonly [start: number, end: number])[];
  /** Fields whose meaning is known. */
  readonly fields: readonly Field[];
  /** True for a text, whose tokens can be changed. */
  readonly isText?: true;
}

const LENGTH_MAX = 2_500_000;
const HEAD = 4096;

/**
 * Returns the vectors that are small enough, and a file with one of everything.
 */
export function snapshotSeeds(): FuzzSeed[] {
  const seeds = [seedOf("rich", richFile().bytes)];
  for (const { path, unpack } of listVectors()) {
    const bytes = unpack();
    // One per broken rule is enough; they are similar.
    const twin = path.startsWith("invalid/") &&
      seeds.some((it) => dirnameOf(it.path) === dirnameOf(path));
    if (bytes.length <= LENGTH_MAX && !twin) seeds.push(seedOf(path, bytes));
  }
  return seeds;
}

function dirnameOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Finds the structure of a file, if it can be opened. */
export function seedOf(path: string, bytes: Uint8Array): FuzzSeed {
  const tail = Math.max(0, bytes.length - 1500);
  const withoutFields = { path, bytes, fields: [] };
  const ends: FuzzSeed["places"] = [
    [0, Math.min(bytes.length, HEAD)],
    [tail, bytes.length],
  ];
  try {
    const { index } = openSnapshotSync(memorySource(bytes));
    const { streamOffset, ramSetup, blocks } = index;
    const setupEnd = ramSetup.offset + ramSetup.length;
    const fields: Field[] = [
      [streamOffset, 4],
      [streamOffset + 4, 4],
      [streamOffset + 9, 4],
      [ramSetup.offset, 8],
      [setupEnd - 8, 8],
      [setupEnd, 5],
    ];
    for (const { entry } of blocks) {
      const end = entry.offset + entry.length;
      const [version, size, bitmap, pages] = [28, 24, 16, 8];
      for (const at of [size, bitmap, pages]) fields.push([end - at, 8]);
      fields.push([end - version, 4], [end - version - 8, 8]);
      fields.push([entry.offset, 1]);
    }
    return {
      path,
      bytes,
      fields,
      places: [
        [streamOffset, ramSetup.offset + 8],
        ...blocks.map(({ entry }) =>
          [entry.offset, entry.offset + entry.length + 16] as const
        ),
        [setupEnd - 8, Math.min(bytes.length, setupEnd + 400)],
        [Math.min(setupEnd, tail), bytes.length],
      ],
    };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { ...withoutFields, places: ends };
  }
}

const PROFILE = `mapped-ram-profile 1
snapshot ${"5e".repeat(32)}
block 0 268435456 4096 pc.ram
block 1 131072 4096 /rom@etc/acpi/tables
0 16384 2
1 0 1
0 5 16
`;

const ANSWERS = [
  '206\ncontent-range: bytes 0-5/6\netag: "a"\ncontent-length: 6\n\nabcdef',
  "206\ncontent-type: multipart/byteranges; boundary=x\n\n" +
  "--x\r\ncontent-range: bytes 0-2/9\r\n\r\nabc\r\n" +
  "--x\r\ncontent-range: bytes 6-8/9\r\n\r\nghi\r\n--x--\r\n",
  "416\ncontent-range: bytes */0\n\n",
  "200\ncontent-length: 5\nlast-modified: Sat, 21 Nov 2026 08:00:00 GMT\n\nabcde",
  "503\nretry-after: 1\n\n",
];

const REGION = '{"base_host_virt_addr":140737488355328,"size":2097152,' +
  '"offset":0,"page_size":4096,"page_size_kib":4096}';

const HANDSHAKES = [
  `[${REGION}]`,
  `[${REGION},${
    REGION.replace("1407374", "1307374").replace(":0", ":2097152")
  }]`,
  `[${REGION.replace(/"page_size":4096,/, "").replaceAll("4096", "2097152")}]`,
  `[{"later":{"a":["]"]},${REGION.slice(1)}]`,
];

const VMDESCS = [
  '{"configuration": {"vmsd_name": "configuration"}, "page_size": 4096, ' +
  '"devices": [{"name": "dev", "instance_id": 0, "vmsd_name": "dev", ' +
  '"version": 1, "fields": [{"name": "a", "type": "uint32", "size": 4}, ' +
  '{"name": "b", "array_len": 3, "size": 2, "struct": {"fields": []}}], ' +
  '"subsections": [{"vmsd_name": "dev/é", "fields": [{"size": 1}]}]}]}',
  '{"devices":[{"name":"cpu","instance_id":0,"size":-1.5e+3,"x":[[[true]]]},' +
  '{"na\\u006de":"dev","instance_id":0,"fields":null}],"devices":[]}',
];

/** Seeds of the targets that read no snapshot. */
export const TEXT_SEEDS: Readonly<
  Record<"profile" | "vmdesc" | "http" | "handshake", readonly FuzzSeed[]>
> = {
  profile: textSeeds("profile", [PROFILE]),
  vmdesc: textSeeds("vmdesc", VMDESCS, 0x400),
  http: textSeeds("http", ANSWERS),
  handshake: textSeeds("handshake", HANDSHAKES, 0x8000),
};

/** Makes seeds of texts, each padded with `room` spaces so that it can grow. */
function textSeeds(
  input: string,
  texts: readonly string[],
  room = 0,
): FuzzSeed[] {
  return texts.map((text, index) => {
    const bytes = new TextEncoder().encode(text.padEnd(text.length + room));
    const path = `${input}/${index}`;
    const places = [[0, text.length]] as const;
    return { path, bytes, fields: [], places, isText: true };
  });
}
