#!/usr/bin/env python3
"""QEMU's scripts/analyze-migration.py as a program of the suite.

    analyze_migration.py SCRIPT FILE [OPTIONS]

SCRIPT is the path of analyze-migration.py, which is not part of this repository. It
extracts the RAM into files, and reports nothing else that the suite compares. It has no
options for the position of the stream or for the order of bitmaps.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile


def answer(script, path, options):
    if options:
        return {"notSupported": "no option for " + " ".join(options)}
    with tempfile.TemporaryDirectory() as scratch:
        # The script uses an idstr as a path: "../" must not leave the scratch folder.
        directory = os.path.join(scratch, *"abcdefgh")
        os.makedirs(directory)
        end = subprocess.run([sys.executable, script, "-x", "-f", path], cwd=directory,
                             capture_output=True, text=True, errors="replace")
        if end.returncode != 0:
            return {"error": {"message": reason(end.stderr)}}
        with open(os.path.join(directory, "state.json"), encoding="utf-8") as file:
            state = json.load(file)
        sizes = next((section["section sizes"] for section in state.values()
                      if isinstance(section, dict) and "section sizes" in section), {})
        return {"blocks": [describe(directory, idstr, int(size, 16))
                           for idstr, size in sizes.items()]}


def describe(directory, idstr, used_length):
    with open(os.path.join(directory, "./" + idstr), "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"idstr": idstr, "usedLength": used_length, "sha256": sha256}


def reason(stderr):
    """Returns the first error in the output of the script, which causes the others."""
    lines = [line for line in stderr.split("\n") if line and line[0] not in " \t"]
    errors = [line for line in lines if "Error" in line or "Exception" in line]
    return (errors or lines or [""])[0][:200]


if __name__ == "__main__":
    script, path, *options = sys.argv[1:]
    print(json.dumps(answer(os.path.abspath(script), os.path.abspath(path), options)))
