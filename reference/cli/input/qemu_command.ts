import { splitWords } from "./split_words.ts";

/** A QEMU that is to be started. */
export interface QemuCommand {
  /** Its program: a path, or a name to be looked up in PATH. */
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * The QEMU of a command line whose program may be left out, without what
 * describing it and loading into it add.
 */
export function parseQemuCommand(text: string): QemuCommand {
  const words = splitWords(text);
  const first = words[0]?.startsWith("-") ? undefined : words.shift();
  const args: string[] = [];
  for (let index = 0; index < words.length; index++) {
    if (/^--?incoming$/.test(words[index])) index++;
    else if (!/^--?daemonize$/.test(words[index])) args.push(words[index]);
  }
  return { program: first ?? "qemu-system-x86_64", args };
}
