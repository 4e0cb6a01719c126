import { COMMON_OPTIONS } from "../program/command.ts";
import type {
  Completed,
  CompletedCommand,
  CompletedOperand,
  CompletedOption,
} from "./completion_table.ts";

/**
 * Returns the script for zsh, as a file of `$fpath` or to evaluate after
 * `compinit`.
 */
export function zshScript(table: readonly CompletedCommand[]): string {
  const common = Object.entries(COMMON_OPTIONS).map(([name, option]) =>
    `'(- *)'{-${option.short},--${name}}${quoted(explained(option.text))}`
  );
  return `\
#compdef mapped-ram
# Completes mapped-ram in zsh. Printed by: mapped-ram completion zsh

# A path, which may follow a name: ram=memory.img, unix:/run/vm.sock
_mapped-ram_path() {
  compset -P '*[=:]'
  _files
}

_mapped-ram() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
${common.map((it) => `    ${it} \\`).join("\n")}
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
  command)
    local -a commands=(
${
    table.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`)
      .join("\n")
  }
    )
    _describe command commands
    ;;
  argument)
    curcontext="\${curcontext%:*:*}:mapped-ram-$words[1]:"
    case $words[1] in
${table.map(commandCase).join("\n")}
    esac
    ;;
  esac
}

if [ "$funcstack[1]" = _mapped-ram ]; then
  _mapped-ram "$@"
else
  compdef _mapped-ram mapped-ram
fi`;
}

function commandCase(
  { name, operands, options, hasRest }: CompletedCommand,
): string {
  const specs = [
    ...options.map(optionSpec),
    ...operands.map(operandSpec),
    ...hasRest ? ["*:argument:_files"] : [],
  ];
  return `    ${name})
      _arguments -S \\
${specs.map((it) => `        ${quoted(it)}`).join(" \\\n")}
      ;;`;
}

function optionSpec(
  { name, text, value, completed, multiple }: CompletedOption,
): string {
  const repeats = multiple ? "*" : "";
  return value === undefined
    ? `${repeats}--${name}${explained(text)}`
    : `${repeats}--${name}=${explained(text)}:${message(value)}:${
      action(completed, "_mapped-ram_path")
    }`;
}

function operandSpec(
  { name, completed }: CompletedOperand,
  index: number,
): string {
  return `${index + 1}:${message(name)}:${action(completed, "_files")}`;
}

function action(completed: Completed, path: string): string {
  if (completed === "path") return path;
  // A space completes nothing, and shows the message.
  return completed === undefined ? " " : `(${completed.join(" ")})`;
}

function explained(text: string): string {
  return `[${text.replaceAll(/[\\\]]/g, "\\$&")}]`;
}

function message(text: string): string {
  return text.replaceAll(":", "\\:");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
