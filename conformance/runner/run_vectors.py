#!/usr/bin/env python3
"""Runs a reader on the vectors and reports the outcome by class; needs only Python.

    run_vectors.py [--class NAME] [--only TEXT] [--json FILE] [--jobs N] PROGRAM [ARGS]

conformance/README.md describes what PROGRAM prints. The exit code is 1 if a case failed."""
import argparse, collections, concurrent.futures, gzip, hashlib, json, os, pathlib
import subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = {"core": "Core reader", "verifier": "Verifier", "foreign-bitmaps": "Foreign bitmaps",
         "libvirt": "libvirt", "fixed-ram": "fixed-ram", "dirty-bitmaps": "Dirty bitmaps",
         "sequential": "Sequential", "profile": "Profile",
         "verified": "Verified reader", "packed": "Packed reader"}
ALONE = ["sequential", "verified", "packed"]  #: whose readers need not be Core readers
OPTIONAL = ["streamSha256", "rule", "offset"]  #: members that a program may leave out
MEMBERS = {"dirty-bitmaps": "dirtyBitmaps", "verified": "verity"}  #: unlike the class's name
PASS, FAIL, OTHER = "pass", "fail", "not supported"

def manifest():
    """Returns the entries of the manifest of the newest version that is here."""
    path = max(ROOT.glob("manifest-*.json"))
    return path.stem[len("manifest-"):], json.loads(path.read_text())

def unpack(entry, path):
    """Writes the snapshot of a vector to a file, with holes for zeros; its backing files beside."""
    for packed in (ROOT / entry["path"] / it["file"] for it in entry.get("backing", [])):
        pathlib.Path(path).with_name(packed.stem).write_bytes(gzip.open(packed).read())
    digest = hashlib.sha256()
    with open(path, "wb") as out:
        for piece in entry.get("pieces", [{"file": "snapshot.gz", "offset": 0}]):
            out.seek(piece["offset"])
            with gzip.open(ROOT / entry["path"] / piece["file"]) as packed:
                while part := packed.read(1 << 16):
                    digest.update(part)
                    out.seek(len(part), os.SEEK_CUR) if part.count(0) == len(part) else out.write(part)
        out.truncate(entry["byteLength"])
    if digest.hexdigest() != entry["sha256"]:
        raise SystemExit(f"{entry['path']}: the snapshot is not that of the manifest")

def same(found, expected):
    """Compares member by member; a text may be given by its SHA-256, and the reverse."""
    if not (isinstance(found, dict) and isinstance(expected, dict)):
        if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
            return all(map(same, found, expected))
        return found == expected and (found is True) == (expected is True)
    for name, value in expected.items():
        twin = name[:-6] if name.endswith("Sha256") else name + "Sha256"
        if name in found and not same(found[name], value):
            return False
        if name not in found and isinstance(found.get(twin), str):
            text, digest = (found[twin], value) if name.endswith("Sha256") else (value, found[twin])
            if hashlib.sha256(text.encode()).hexdigest() != digest:
                return False
        elif name not in found and name not in OPTIONAL:
            return False
    return True

def same_blocks(found, expected):
    if not isinstance(found, list) or len(found) != len(expected):
        return False
    return all(isinstance(it, dict)
               and all(it.get(name) == block[name] for name in ("idstr", "usedLength", "sha256"))
               and all(it[name] == block[name] for name in block if name in it)
               and (it.get("ignored") is not True or "ignored" in block)
               for it, block in zip(found, expected))

def judge(answer, expected, kind):
    """Judges the answer of a reader for one of the classes of a vector."""
    if not isinstance(answer, dict) or answer.get("notSupported") is not None:
        return OTHER if isinstance(answer, dict) else FAIL
    refusal, error = answer.get("error"), expected.get("error")
    unsupported = isinstance(refusal, dict) and refusal.get("kind") == "unsupported"
    if error is not None:
        if not isinstance(refusal, dict):
            return FAIL
        if unsupported and (error["kind"] != "unsupported"
                            or refusal.get("rule", error["rule"]) != error["rule"]):
            return OTHER
    elif "blocks" in expected:
        if unsupported:
            return OTHER
        reported = ["machine", "capabilities"] + (["findings"] if kind == "verifier" else [])
        good = all(answer[it] == expected[it] for it in reported if it in answer and it in expected)
        if refusal is not None or not good or not same_blocks(answer.get("blocks"), expected["blocks"]):
            return FAIL
        if kind == "verifier" and "findings" in expected and "findings" not in answer:
            return OTHER
    member = MEMBERS.get(kind, kind)
    for name in expected.keys() & {member, member + "Error"}:
        twin = name[:-5] if name.endswith("Error") else name + "Error"
        if twin in answer or name not in answer:
            return FAIL if twin in answer else OTHER
        if not name.endswith("Error") and not same(answer[name], expected[name]):
            return FAIL
    return PASS

def run(entry, program, scratch):
    """Runs the program on a vector; returns the outcome of each of its classes."""
    expected = json.loads((ROOT / entry["path"] / "expected.json").read_text())
    path = os.path.join(scratch, entry["path"].replace("/", "-"))
    unpack(entry, path)
    options = dict(expected.get("options", {}))
    if (profile := ROOT / entry["path"] / "profile.txt").exists():
        options["profile"] = profile
    if "sidecar" in entry:
        sidecar = gzip.open(ROOT / entry["path"] / "sidecar.gz").read()
        pathlib.Path(options.setdefault("verity", path + ".verity")).write_bytes(sidecar)
    try:
        end = subprocess.run([*program, path, *(f"--{it}={value}" for it, value in options.items())],
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        answer = json.loads(end.stdout) if end.returncode >= 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        answer = None
    os.remove(path)
    return {kind: judge(answer, expected, kind) for kind in entry["classes"]}

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--class", dest="kind", choices=NAMES)
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("program", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    version, entries = manifest()
    entries = [it for it in entries if args.only in it["path"]
               and (args.kind is None or args.kind in it["classes"])]
    with tempfile.TemporaryDirectory() as scratch, \
            concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda it: run(it, args.program, scratch), entries))
    counts = {kind: collections.Counter(it[kind] for it in results if kind in it) for kind in NAMES}
    for entry, states in zip(entries, results):
        for kind in (it for it in states if states[it] == FAIL):
            print(f"FAIL {entry['path']} ({kind})")
    good = []
    for kind, count in counts.items():
        if sum(count.values()):
            print(f"{kind:16}{count[PASS]:5} pass{count[FAIL]:5} fail{count[OTHER]:5} not supported")
            good += [kind] if count[PASS] == sum(count.values()) else []
    good = [it for it in good if it in ALONE or "core" in good]
    if good and not args.only and args.kind is None:
        print(f"conforms to mapped-ram {version}: {', '.join(NAMES[it] for it in good)}")
    if args.json:
        cases = [{"name": it["path"], "classes": states} for it, states in zip(entries, results)]
        pathlib.Path(args.json).write_text(json.dumps(cases))
    return 1 if any(count[FAIL] for count in counts.values()) else 0

if __name__ == "__main__":
    sys.exit(main())
