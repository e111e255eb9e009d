"""The oracle of lockfiles.ts: Python's own readers of TOML and JSON, and `packaging` of pip, over the same files."""
import collections, json, os, re, sys, tomllib
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

folder, ours = sys.argv[1:]


def npm(text):
    found = {}
    for place, each in json.loads(text)["packages"].items():
        if place == "" or each.get("link") or "node_modules/" not in place:
            continue
        found["/npm/" + place.replace("~", "~0").replace("/", "~1")] = (each["version"], sorted(each.get("integrity", "").split()))
    return found


def go(text):
    found = {}
    for line in text.splitlines():
        if line.strip():
            module, version, digest = line.split(" ")
            mod = version.endswith("/go.mod")
            found["/go/" + (module + "@" + version).replace("~", "~0").replace("/", "~1")] = ("", [digest])
    return found


def cargo(text):
    found = {}
    for each in tomllib.loads(text).get("package", []):
        key = "/cargo/" + (each["name"] + "@" + each["version"]).replace("~", "~0").replace("/", "~1")
        found[key] = ("", ["sha256:" + each["checksum"]] if "checksum" in each else [])
    return found


def python(text):
    top = tomllib.loads(text)
    found = collections.defaultdict(lambda: ("", []))
    for each in top.get("packages", []) + top.get("package", []):
        source = each.get("source", {})
        if any(name in source for name in ("editable", "virtual", "directory")):
            continue
        archives = each.get("files", []) + each.get("wheels", []) + ([each["sdist"]] if "sdist" in each else [])
        hashes = [a["hash"] if "hash" in a else "sha256:" + a["hashes"]["sha256"] for a in archives if "hash" in a or "hashes" in a]
        key = "/pypi/" + canonicalize_name(each["name"])
        found[key] = ("", sorted(set(found[key][1]) | set(hashes)))
    return found


def requirements(text):
    found = {}
    for line in re.sub(r"\\\n", " ", text.replace("\r", "")).splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if not line or line.startswith("-"):
            continue
        req, *hashes = re.split(r"\s+--hash[=\s]", line)
        req = Requirement(req.strip())
        key = "/pypi/" + canonicalize_name(req.name)
        found[key] = ("", sorted(set(found.get(key, ("", []))[1]) | {h.strip() for h in hashes}))
    return found


def reader(name):
    if name.endswith(".json"):
        return npm
    if name.endswith("go.sum"):
        return go
    if name.endswith("Cargo.lock"):
        return cargo
    return requirements if name.endswith(".txt") else python


def digests(value):
    return sorted({w for w in value.split(" ") if re.match(r"sha(1|256|384|512)[-:]|h1:", w)})


counts, why = collections.Counter(), collections.Counter()
for line in open(ours):
    each = json.loads(line)
    kind = each["name"].split("-", 1)[1]
    kind = "requirements" if kind.startswith("requirements") else kind
    if "refused" in each:
        counts[kind, "refused"] += 1
        why[re.sub(r"^.*?: ", "", each["refused"])[-90:]] += 1
        continue
    text = open(os.path.join(folder, each["name"]), encoding="utf-8-sig").read()
    mine = {k: digests(v) for k, v in each["values"].items() if v != "local" and not v.startswith("link ")}
    theirs = {k: d for k, (_, d) in reader(each["name"])(text).items()}
    if kind == "Cargo.lock":
        theirs = {k: d for k, d in theirs.items() if k in mine or d}
    same = mine == theirs
    counts[kind, "right" if same else "wrong"] += 1
    if not same:
        print("wrong", each["name"], list(set(map(str, mine.items())) ^ set(map(str, theirs.items())))[:4])
print(dict(sorted((" ".join(k), v) for k, v in counts.items())))
for text, count in why.most_common(20):
    print(count, text)
