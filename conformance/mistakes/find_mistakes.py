#!/usr/bin/env python3
"""Finds a vector for each mistake of mistakes.json, in its class.

    find_mistakes.py            prints the vectors as JSON; the exit code is 1 if one is missing
    find_mistakes.py NAME       prints the reader with that mistake

A mistake is a change of a reader in ../readers/ that an implementer could make. One that no vector
finds shows that a vector is missing, unless another rule refuses all files that it could accept:
without `pages-inside-file`, the EOS after the pages is missing."""
import gzip, json, pathlib, signal, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "runner"))
import run_vectors

MISTAKES = HERE / "mistakes.json"
#: The readers, by the classes that they conform to.
READERS = {kind: HERE.parent / "readers" / name for kind, name in (
    ("core", "mapped_ram_reader.py"), ("foreign-bitmaps", "mapped_ram_reader.py"),
    ("verified", "verity_reader.py"), ("packed", "qcow2_reader.py"))}


def faulty(mistake):
    """Returns the text of the reader with a mistake."""
    text = READERS[mistake["class"]].read_text()
    for old, new in mistake["changes"]:
        if text.count(old) != 1:
            raise SystemExit(f"{mistake['name']}: {old!r} is in the reader {text.count(old)} times")
        text = text.replace(old, new)
    return text


class Slow(Exception):
    """Raised when a reader takes too long."""


def give_up(*_):
    raise Slow


class Vectors:
    """The vectors of the classes that the reader supports, unpacked when they are needed."""

    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.all = []
        for entry in run_vectors.manifest()[1]:
            if not READERS.keys().isdisjoint(entry["classes"]):
                text = (run_vectors.ROOT / entry["path"] / "expected.json").read_text()
                self.all.append((entry, json.loads(text)))

    def path(self, entry):
        path = self.scratch / entry["path"].replace("/", "-")
        if not path.exists():
            run_vectors.unpack(entry, path)
        return path

    def options(self, entry, expected):
        """Returns the options of a vector, and the path of its sidecar, if it has one."""
        options = dict(expected.get("options", {}))
        if "sidecar" in entry:
            sidecar = self.path(entry).with_suffix(".verity")
            packed = (run_vectors.ROOT / entry["path"] / "sidecar.gz").read_bytes()
            sidecar.write_bytes(gzip.decompress(packed))
            options["verity"] = sidecar
        return options

    def find(self, mistake):
        """Returns the path of a vector of its class that finds a mistake; None if none does."""
        program, kind, rules = {"__name__": "reader"}, mistake["class"], set(mistake["rules"])
        exec(compile(faulty(mistake), mistake["name"], "exec"), program)
        tried = [it for it in self.all if kind in it[0]["classes"]]
        tried.sort(key=lambda it: (rules.isdisjoint(it[1]["rules"]), it[0]["byteLength"]))
        for entry, expected in tried:
            signal.alarm(10)
            try:
                options = self.options(entry, expected)
                answer = program["answer"](str(self.path(entry)), **options)
            except Exception as error:
                answer = error
            finally:
                signal.alarm(0)
            if run_vectors.judge(answer, expected, kind) != run_vectors.PASS:
                return entry["path"]
        return None


def main():
    mistakes = json.loads(MISTAKES.read_text())
    if len(sys.argv) > 1:
        print(faulty(next(it for it in mistakes if it["name"] == sys.argv[1])))
        return 0
    signal.signal(signal.SIGALRM, give_up)
    with tempfile.TemporaryDirectory() as scratch:
        vectors = Vectors(scratch)
        for kind in READERS:
            if (found := vectors.find({"name": "none", "class": kind, "rules": [], "changes": []})):
                raise SystemExit(f"{found}: the reader without a mistake is wrong")
        found = {it["name"]: vectors.find(it) for it in mistakes}
    print(json.dumps(found, indent=2))
    return 1 if None in found.values() else 0


if __name__ == "__main__":
    sys.exit(main())
