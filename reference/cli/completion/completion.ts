import { print } from "../output/output.ts";
import {
  type Command,
  type CommandEntry,
  parse,
  takePositionals,
} from "../program/command.ts";
import { didYouMean, listed } from "../program/did_you_mean.ts";
import { UsageError } from "../program/usage_error.ts";
import { bashScript } from "./bash_script.ts";
import { completionTable } from "./completion_table.ts";
import { fishScript } from "./fish_script.ts";
import { zshScript } from "./zsh_script.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = Object.keys(SCRIPTS);

const OPTIONS = {};

/** Returns `completion SHELL`, which completes these commands. */
export function completion(
  commands: Readonly<Record<string, CommandEntry>>,
): Command {
  return {
    options: OPTIONS,
    usage: [`completion ${SHELLS.join("|")}`],
    about: `\
Prints a script with which a shell completes the words of mapped-ram: commands,
options, their values, and paths. It is made of the tables of the help texts, so
print it again after an update.

Evaluate it when the shell starts: in ~/.bashrc, in ~/.zshrc after compinit, in
~/.config/fish/config.fish. Or write it to a file that the shell reads when it is
needed: mapped-ram in ~/.local/share/bash-completion/completions (with the package
bash-completion), _mapped-ram in a folder of zsh's $fpath, mapped-ram.fish in
~/.config/fish/completions.`,
    examples: [
      'completion bash     # in ~/.bashrc: eval "$(...)"',
      "completion zsh > _mapped-ram",
      "completion fish | source",
    ],
    async run(args) {
      const { positionals } = parse(args, OPTIONS);
      const { SHELL } = takePositionals(positionals, "SHELL");
      if (!Object.hasOwn(SCRIPTS, SHELL)) {
        throw new UsageError(
          `Cannot complete in ${JSON.stringify(SHELL)}` +
            `${didYouMean(SHELL, SHELLS)}: expected ${listed(SHELLS)}`,
        );
      }
      const table = await completionTable(commands);
      print(SCRIPTS[SHELL as keyof typeof SCRIPTS](table));
      return 0;
    },
  };
}
