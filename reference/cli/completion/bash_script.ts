import type { Completed, CompletedCommand } from "./completion_table.ts";

/**
 * Returns the script for bash, which needs nothing besides bash 3.2. Readline
 * itself completes paths: it knows quotes and `~`.
 */
export function bashScript(table: readonly CompletedCommand[]): string {
  const names = table.map(({ name }) => name).join(" ");
  return `\
# Completes mapped-ram in bash. Printed by: mapped-ram completion bash

# Sets what can follow a command: $operands, $options, and $value, that of an
# option. Each is "path", "nothing", or words.
_mapped_ram_table() {
  case $1 in
    "") operands="${names}" options="--help --version" ;;
${table.map(commandCase).join("\n")}
  esac
  case "$1 $2" in
${table.flatMap(valueCases).join("\n")}
  esac
}

_mapped_ram() {
  # Bash splits words at = and :, which are parts of these.
  local rest=\${COMP_LINE:0:COMP_POINT} line=() count=0 i gap
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=\${rest%%[![:space:]]*}
    rest=\${rest#"$gap"}
    if [ -n "$gap" ] || [ "$i" -eq 0 ]; then count=$((count + 1)); fi
    if [ "$i" -lt "$COMP_CWORD" ]; then
      line[count - 1]=\${line[count - 1]-}\${COMP_WORDS[i]}
      rest=\${rest#"\${COMP_WORDS[i]}"}
    else
      line[count - 1]=\${line[count - 1]-}$rest
    fi
  done
  local current=\${line[count - 1]} command= option= prefix= words=
  local operands= options= value=
  if [ "$count" -gt 2 ]; then
    command=\${line[1]}
    option=\${line[count - 2]}
    for ((i = 2; i < count - 1; i++)); do
      # Paths follow, or another command line.
      if [ "\${line[i]}" = -- ]; then return; fi
    done
  fi
  case $current in
    --*=*)
      option=\${current%%=*} current=\${current#*=}
      case $COMP_WORDBREAKS in *=*) ;; *) prefix=$option= ;; esac
      ;;
  esac
  _mapped_ram_table "$command" "$option"
  if [ -n "$value" ]; then
    words=$value
  else
    case $current in -*) words=$options ;; *) words=$operands ;; esac
  fi
  if [ "$words" = path ]; then return; fi
  compopt +o default +o bashdefault 2>/dev/null
  if [ "$words" = nothing ]; then return; fi
  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$current"))
}

complete -o bashdefault -o default -F _mapped_ram mapped-ram`;
}

function commandCase(
  { name, operands, options }: CompletedCommand,
): string {
  const first = operands.find(({ completed }) => completed !== undefined);
  const names = options.map((it) => `--${it.name}`);
  return `    ${name}) operands="${words(first?.completed)}" ` +
    `options="${names.join(" ")}" ;;`;
}

function valueCases({ name, options }: CompletedCommand): string[] {
  return options.filter(({ value }) => value !== undefined)
    .map((it) =>
      `    "${name} --${it.name}") value="${words(it.completed)}" ;;`
    );
}

function words(completed: Completed): string {
  return typeof completed === "object"
    ? completed.join(" ")
    : completed ?? "nothing";
}
