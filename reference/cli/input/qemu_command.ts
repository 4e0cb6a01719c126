import { splitWords } from "./split_words.ts";

/** The command that starts a QEMU. */
export interface QemuCommand {
  /** The program: a path, or a name that is looked up in PATH. */
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Returns the QEMU of a command line, whose program is optional. The options
 * that describing it and loading into it add are removed.
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
