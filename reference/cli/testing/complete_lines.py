"""Completes command lines in an interactive shell, as a user would see it.

    complete_lines.py bash|zsh|fish SCRIPT LINE...

Evaluates SCRIPT in the shell, types each LINE, inserts everything that completes
it, and prints what the lines have become: a JSON array.
"""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 60  # seconds

ALL, DUMP = "\x18", "\x14"  # Ctrl-X, Ctrl-T

BASH = """
PS1='$ '
bind 'set enable-bracketed-paste off'
bind '"\\C-x": insert-completions'
dump() { printf '%s' "$READLINE_LINE" >"$OUT.new"; READLINE_LINE=; mv "$OUT.new" "$OUT"; }
bind -x '"\\C-t": dump'
source "$SCRIPT"
PROMPT_COMMAND='touch "$READY"'
"""

ZSH = """
PS1='$ '
autoload -Uz compinit
compinit -u -D
bindkey -e
source "$SCRIPT"
zle -C everything complete-word _generic
zstyle ':completion:everything::::' completer _all_matches _complete
zstyle ':completion:everything:*' insert true
bindkey '^X' everything
dump() { print -rn -- "$BUFFER" >"$OUT.new"; BUFFER=; mv "$OUT.new" "$OUT" }
zle -N dump
bindkey '^T' dump
precmd() { touch "$READY" }
"""

FISH = """
source $argv[1]
for line in $argv[2..]
    complete -C $line | string replace -r '\\t.*' ''
    echo end
end
"""


def wait_for(path, terminal):
    """Waits for a file while the terminal is read; returns its text."""
    end = time.monotonic() + LIMIT
    shown = b""
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise SystemExit(f"no answer of the shell: {shown!r}")
        if select.select([terminal], [], [], 0.02)[0]:
            shown += os.read(terminal, 65536)
    with open(path) as file:
        text = file.read()
    os.remove(path)
    return text


def type_lines(program, setup, lines, folder):
    out, ready = os.path.join(folder, "out"), os.path.join(folder, "ready")
    rc = os.path.join(folder, ".zshrc")
    with open(rc, "w") as file:
        file.write(setup)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(OUT=out, READY=ready, ZDOTDIR=folder, TERM="dumb")
        args = ["--rcfile", rc, "--noprofile"] if program == "bash" else ["-d"]
        os.execvp(program, [program, *args, "-i"])
    try:
        wait_for(ready, terminal)
        results = []
        for line in lines:
            os.write(terminal, (line + ALL + DUMP).encode())
            results.append(wait_for(out, terminal))
        return results
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def ask_fish(script, lines):
    line = ["fish", "--no-config", "-c", FISH, script, *lines]
    text = subprocess.run(line, stdout=subprocess.PIPE, check=True, text=True).stdout
    *answers, _ = text.split("end\n")
    return [
        # What is inserted replaces the last word.
        line[: line.rfind(" ") + 1] + " ".join(answer.splitlines())
        for line, answer in zip(lines, answers)
    ]


def main():
    shell, script, *lines = sys.argv[1:]
    if shell == "fish":
        results = ask_fish(script, lines)
    else:
        os.environ["SCRIPT"] = os.path.abspath(script)
        with tempfile.TemporaryDirectory() as folder:
            setup = BASH if shell == "bash" else ZSH
            results = type_lines(shell, setup, lines, folder)
    print(json.dumps(results))


main()
