#!/usr/bin/env python3
"""A second verifier of bundles, written from spec/audit.md and the pages it links to, and from nothing else.

    python3 verify_bundle.py FILE.zip [--policy trust.txt]

It needs Python 3.10 and `cryptography` (ML-DSA-44 only where that has it). It prints each check of "Checks, in
order" with ok, failed or not checked, then the word of "Results", and exits with its code. It does not appraise:
histories, controls.csv, index.html, VERIFY-BY-HAND.md and not-proven.txt are not made again, and what targets signed
is not weighed. So its best result is ENTRIES AUTHENTIC, SUMMARIES NOT COMPARED.
"""

import base64
import bisect
import hashlib
import json
import re
import struct
import sys
import unicodedata
import zlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

try:
    from cryptography.hazmat.primitives.asymmetric import mldsa

    mldsa.MLDSA44PublicKey  # an older module has none
except (ImportError, AttributeError):
    mldsa = None

MAX = 2**53 - 1


class Fault(Exception):
    """What the bundle has and must not have. The message says it to people."""


class Unable(Exception):
    """This machine cannot check it: it has no ML-DSA-44."""


def need(condition, text):
    if not condition:
        raise Fault(text)


def sha256(data):
    return hashlib.sha256(data).digest()


def is_int(value, low=0, high=MAX):
    return type(value) is int and low <= value <= high


# --- the container --------------------------------------------------------------------------------------------------

PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])")


def good_names(names):
    """The rules for one name, then those between names. `names` is bytes, in the order of the directory."""
    texts = []
    for raw in names:
        need(0 < len(raw) <= 200, "a name is empty or longer than 200 bytes")
        try:
            name = raw.decode("ascii")
        except UnicodeDecodeError:
            raise Fault("a name is not ASCII")
        for part in name.split("/"):
            need(PART.fullmatch(part), f"{name!r} is not an allowed name")
            need(not DEVICE.fullmatch(part.split(".")[0].lower()), f"{name!r} has the name of a device")
        texts.append(name)
    need(all(a < b for a, b in zip(names, names[1:])), "names are not in ascending order, or one is there twice")
    seen = set()
    for name in texts:
        need(name.lower() not in seen, f"{name!r} is there twice but for capitals")
        seen.add(name.lower())
    for name in texts:
        parts = name.lower().split("/")
        for k in range(1, len(parts)):
            need("/".join(parts[:k]) not in seen, f"a file is also the folder of {name!r}")
    return texts


def write_zip(files):
    body, directory = [], []
    at = 0
    for name, content in files:
        raw, crc = name.encode("ascii"), zlib.crc32(content)
        local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0x0800, 0, 0, 0x0021, crc, len(content), len(content), len(raw), 0)
        directory.append(
            struct.pack(
                "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0x0800, 0, 0, 0x0021, crc, len(content), len(content), len(raw),
                0, 0, 0, 0, 0, at,
            )
            + raw
        )
        body += [local, raw, content]
        at += len(local) + len(raw) + len(content)
    size = sum(map(len, directory))
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(directory), len(directory), size, at, 0)
    return b"".join(body + directory + [end])


def read_zip(data):
    need(22 <= len(data) <= 2**31 - 1, "the container is shorter than its end record, or too long")
    mark, d1, d2, n1, n2, dir_size, dir_at, comment = struct.unpack("<IHHHHIIH", data[-22:])
    need(mark == 0x06054B50 and d1 == d2 == comment == 0 and n1 == n2, "the last 22 bytes are no end record")
    need(n1 <= 65534, "there are more than 65,534 files")
    need(dir_at + dir_size == len(data) - 22, "the directory does not lie before the end")
    names, spans, p = [], [], dir_at
    for _ in range(n1):
        need(p + 46 <= len(data) - 22, "the directory is too short")
        field = struct.unpack("<IHHHHHHIIIHHHHHII", data[p : p + 46])
        need(field[0] == 0x02014B50, "a directory record has another mark")
        need(p + 46 + field[10] <= len(data) - 22, "a name goes beyond the directory")
        names.append(data[p + 46 : p + 46 + field[10]])
        spans.append((field[16], field[9]))
        p += 46 + field[10]
    need(p == dir_at + dir_size, "the directory has more bytes than its records")
    texts, at, files = good_names(names), 0, []
    for name, (start, size) in zip(texts, spans):
        need(start == at, f"{name} does not begin where the one before it ends")
        body = start + 30 + len(name)
        need(body + size <= dir_at, f"{name} goes beyond the directory")
        files.append((name, data[body : body + size]))
        at = body + size
    need(at == dir_at, "the directory does not begin where the last file ends")
    need(write_zip(files) == data, "the container has other bytes than its names and contents make")
    return dict(files)


# --- JSON and CSV ---------------------------------------------------------------------------------------------------


def write_json(value):
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def read_json(data, what):
    def refuse(text):
        raise Fault(f"{what} has the number {text}")

    try:
        value = json.loads(data.decode("utf-8"), parse_float=refuse, parse_constant=refuse)
        need(write_json(value) == data, f"{what} is not in its one spelling")
    except (ValueError, RecursionError):
        raise Fault(f"{what} is no JSON")
    return value


def members(value, names, what):
    need(type(value) is dict and list(value) == names.split(), f"{what} must have the members {names}, in this order")


def csv_line(fields):
    out = []
    for field in fields:
        if type(field) is int:
            out.append(str(field))
            continue
        if field[:1] in ("=", "+", "-", "@", "\t", "\r") and field:
            field = "'" + field
        out.append('"' + field.replace('"', '""') + '"' if re.search('[,"\n\r]', field) else field)
    return ",".join(out) + "\n"


def read_csv(data, header, what):
    """Rows of texts of a CSV in its one spelling."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault(f"{what} is no UTF-8")
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == '"':
            found = re.compile(r'"((?:[^"]|"")*)"', re.S).match(text, at)
            need(found, f"{what}: a quote is not closed")
            field = found.group(1).replace('""', '"')
        else:
            found = re.compile(r"[^,\n]*").match(text, at)
            field = found.group(0)
        row.append(field)
        at = found.end()
        need(at < len(text) and text[at] in ",\n", f"{what}: a field does not end")
        if text[at] == "\n":
            rows.append(row)
            row = []
        elif text[at + 1 : at + 2] == "":
            raise Fault(f"{what}: the last line does not end")
        elif text[at + 1] in ",\n":  # an empty field that the loop would skip
            pass
        at += 1
    need(not row and rows and rows[0] == header.split(","), f"{what} must begin with the columns {header}")
    need(all(len(r) == len(rows[0]) for r in rows), f"{what} has a line with more or fewer fields")
    need("".join(map(csv_line, rows)).encode("utf-8") == data, f"{what} is not in its one spelling")
    return rows[1:]


# --- CBOR -----------------------------------------------------------------------------------------------------------


class Tag18:
    def __init__(self, item):
        self.item = item


def cbor(data, most=65535):
    """Decodes one item of the deterministic subset. Maps are dicts, tag 18 is Tag18."""
    need(len(data) <= most, "a CBOR item is too long")

    def head(at):
        need(at < len(data), "CBOR ends too early")
        major, info = data[at] >> 5, data[at] & 31
        if info < 24:
            return major, info, at + 1
        need(info < 28, "CBOR has an indefinite or reserved length")
        n = 1 << (info - 24)
        need(at + 1 + n <= len(data), "CBOR ends too early")
        value = int.from_bytes(data[at + 1 : at + 1 + n], "big")
        if major == 7:
            raise Fault("CBOR has a float or an unknown simple value")
        need(value >= (24 if n == 1 else 1 << (4 * n)), "a CBOR head is not in its shortest form")
        return major, value, at + 1 + n

    def item(at, depth):
        major, value, at = head(at)
        if major == 0:
            return value, at
        if major == 1:
            return -1 - value, at
        if major in (2, 3):
            need(at + value <= len(data), "CBOR ends too early")
            raw = data[at : at + value]
            if major == 2:
                return raw, at + value
            try:
                return raw.decode("utf-8"), at + value
            except UnicodeDecodeError:
                raise Fault("CBOR has a text that is no UTF-8")
        if major == 7:
            need(value in (20, 21, 22), "CBOR has an unknown simple value")
            return {20: False, 21: True, 22: None}[value], at
        need(depth < 16, "CBOR has more than 16 items inside each other")
        if major == 6:
            need(value == 18, "CBOR has a tag that is not 18")
            inner, at = item(at, depth + 1)
            return Tag18(inner), at
        need(value <= len(data) - at, "CBOR ends too early")
        if major == 4:
            out = []
            for _ in range(value):
                inner, at = item(at, depth + 1)
                out.append(inner)
            return out, at
        out, last = {}, None
        for _ in range(value):
            start = at
            need(at < len(data) and data[at] >> 5 in (0, 1, 3), "a key of a CBOR map is no integer and no text")
            key, at = item(at, depth + 1)
            need(last is None or last < data[start:at], "keys of a CBOR map are not in order, or one is there twice")
            last = data[start:at]
            out[key], at = item(at, depth + 1)
        return out, at

    value, end = item(0, 0)
    need(end == len(data), "bytes follow the CBOR item")
    return value


def encode(value):
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if n < 1 << (8 * size):
                return bytes([major << 5 | info]) + n.to_bytes(size, "big")

    if value is None or type(value) is bool:
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if type(value) is int:
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if type(value) is bytes:
        return head(2, len(value)) + value
    if type(value) is str:
        raw = value.encode("utf-8")
        return head(3, len(raw)) + raw
    if type(value) is list:
        return head(4, len(value)) + b"".join(map(encode, value))
    pairs = sorted((encode(k), encode(v)) for k, v in value.items())
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


# --- keys and signatures --------------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def strong_ed25519(raw):
    """Canonical, of prime order and not zero."""
    y, sign = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    if len(raw) != 32 or y >= P:
        return False
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if v * x * x % P != u % P or (x == 0 and sign):
        return False
    if x & 1 != sign:
        x = P - x

    def add(a, b):
        (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
        q, r, s, w = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
        e, f, g, h = r - q, w - s, w + s, r + q
        return e * f % P, g * h % P, f * g % P, e * h % P

    point, total = (x, y, 1, x * y % P), (0, 1, 1, 0)
    for bit in bin(L)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    zero = total[0] % P == 0 and (total[1] - total[2]) % P == 0
    return zero and not (x == 0 and y == 1)


STRONG = {}


def strong(algorithm, raw):
    if (algorithm, raw) not in STRONG:
        if algorithm == "ed25519":
            good = len(raw) == 32 and strong_ed25519(raw)
        elif algorithm == "ecdsa-p256":
            try:
                ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + raw)
                good = len(raw) == 64
            except ValueError:
                good = False
        else:
            good = len(raw) == 1312
        STRONG[algorithm, raw] = good
    return STRONG[algorithm, raw]


def signed(algorithm, raw, signature, message):
    """Whether the signature holds. Raises Unable for ML-DSA-44 where `cryptography` has none."""
    if not strong(algorithm, raw):
        return False
    try:
        if algorithm == "ed25519":
            # OpenSSL recomputes R without the cofactor and compares bytes: R is canonical, and of prime order since A is.
            if len(signature) != 64 or signature[:32] == b"\x01" + bytes(31):
                return False
            ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
        elif algorithm == "ecdsa-p256":
            if len(signature) != 64:
                return False
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + raw)
            key.verify(der, message, ec.ECDSA(hashes.SHA256()))
        else:
            if len(signature) != 2420:
                return False
            if mldsa is None:
                raise Unable("cryptography has no ML-DSA-44 here")
            mldsa.MLDSA44PublicKey.from_public_bytes(raw).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False
    except UnsupportedAlgorithm:
        raise Unable("cryptography has no ML-DSA-44 here")


class Key:
    """A public key with its thumbprint, from the map of a COSE_Key (statements.cddl, Key-Map)."""

    def __init__(self, m):
        need(type(m) is dict and type(m.get(1)) is int, "a COSE_Key has no type")
        raws = [m.get(-1), m.get(-2), m.get(-3)]
        if m[1] == 1:
            shape, self.algorithm, self.algs = {1: 1, 3: -19, -1: 6, -2: raws[1]}, "ed25519", (-19, -8)
            self.raw, covered = raws[1], (1, -1, -2)
        elif m[1] == 2:
            shape, self.algorithm, self.algs = {1: 2, 3: -9, -1: 1, -2: raws[1], -3: raws[2]}, "ecdsa-p256", (-9, -7)
            need(type(raws[1]) is bytes and type(raws[2]) is bytes and len(raws[1]) == 32, "a COSE_Key has no point")
            self.raw, covered = raws[1] + raws[2], (1, -1, -2, -3)
        else:
            shape, self.algorithm, self.algs = {1: 7, 3: -48, -1: raws[0]}, "ml-dsa-44", (-48,)
            self.raw, covered = raws[0], (1, 3, -1)
        size = {"ed25519": 32, "ecdsa-p256": 64, "ml-dsa-44": 1312}[self.algorithm]
        need(type(self.raw) is bytes and len(self.raw) == size, "a COSE_Key has a public key of another size")
        self.kid = sha256(encode({k: shape[k] for k in covered}))
        need(m == {**shape, 2: self.kid}, "a COSE_Key has other members than its algorithm, or another kid")


# --- notes, checkpoints, trust policies -----------------------------------------------------------------------------


def b64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Fault("base64 is malformed")
    need(base64.b64encode(raw).decode() == text, "base64 is not in its one spelling")
    return raw


def note_name(name):
    return name and not any(c.isspace() or c == "+" or unicodedata.category(c) == "Cc" for c in name)


class VKey:
    def __init__(self, text, types):
        found = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+(.+)", text, re.S)
        need(found and note_name(found.group(1)), f"{text[:80]!r} is no verifier key")
        self.text, self.name, raw = text, found.group(1), b64(found.group(3))
        need(len(raw) > 1 and raw[0] in types, f"the verifier key of {self.name} has a type that is not allowed here")
        self.type, self.raw = raw[0], raw[1:]
        self.algorithm = "ml-dsa-44" if self.type == 6 else "ed25519"
        self.id = sha256(self.name.encode() + b"\n" + raw)[:4]
        need(self.id.hex() == found.group(2), f"the verifier key of {self.name} has another id")
        need(strong(self.algorithm, self.raw), f"the verifier key of {self.name} is weak")
        need(self.type != 6 or len(self.name.encode()) <= 255, "a cosigner's name is longer than 255 bytes")


class Trust:
    """A tlog-policy. `text()` is its one spelling."""

    def __init__(self, data):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault("the trust policy is no UTF-8")
        need(text.endswith("\n") and len(data) <= 1_000_000, "the trust policy does not end in a newline, or is too long")
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        used, publics = set(), set()

        def fresh(name):
            need(name != "none" and name not in self.witnesses and name not in self.groups, f"the name {name} is taken")

        for line in text[:-1].split("\n"):
            need(not re.search("[\x00-\x08\x0b-\x1f\x7f]", line), "the trust policy has a control character")
            items = [i for i in re.split("[ \t]+", line) if i]
            if not items or items[0].startswith("#"):
                continue
            if items[0] == "log" and len(items) in (2, 3):
                key = VKey(items[1], (1, 6))
                self.logs.append(key)
            elif items[0] == "witness" and len(items) in (3, 4):
                fresh(items[1])
                key = self.witnesses[items[1]] = VKey(items[2], (4, 6))
            elif items[0] == "group" and len(items) >= 4:
                fresh(items[1])
                names = items[3:]
                for name in names:
                    need(name in self.witnesses or name in self.groups, f"{name} is not defined before it is used")
                    need(name not in used, f"{name} is the member of two groups")
                    used.add(name)
                k = {"all": str(len(names)), "any": "1"}.get(items[2], items[2])
                need(re.fullmatch("[1-9][0-9]{0,3}", k) and int(k) <= len(names), f"the group {items[1]} cannot be met")
                self.groups[items[1]] = (int(k), names)
                continue
            elif items[0] == "quorum" and len(items) == 2:
                need(self.quorum is None, "there are two quorum lines")
                need(
                    items[1] == "none" or items[1] in self.witnesses or items[1] in self.groups,
                    f"{items[1]} is not defined",
                )
                self.quorum = items[1]
                continue
            else:
                raise Fault(f"the trust policy has the line {line[:80]!r}")
            need(key.raw not in publics, "a public key is listed twice")
            publics.add(key.raw)
        need(self.quorum is not None, "there is no quorum line")
        need(max(len(self.logs), len(self.witnesses), len(self.groups)) <= 256, "more than 256 items of a sort")

    def text(self):
        lines = [f"log {k.text}" for k in self.logs] + [f"witness {n} {k.text}" for n, k in self.witnesses.items()]
        lines += [f"group {n} {k} {' '.join(m)}" for n, (k, m) in self.groups.items()]
        return "\n".join(lines + [f"quorum {self.quorum}", ""]).encode()

    def met(self, names, what=None):
        what = self.quorum if what is None else what
        if what == "none":
            return True
        if what in self.groups:
            k, of = self.groups[what]
            return sum(self.met(names, m) for m in of) >= k
        return what in names


class Checkpoint:
    """Form of a signed checkpoint: origin, size, root, and its signature lines. Nothing is verified yet."""

    def __init__(self, data):
        need(len(data) <= 1_000_000, "a note is too long")
        try:
            note = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault("a note is no UTF-8")
        need(note.endswith("\n"), "a note does not end in a newline")
        need(not re.search("[\x00-\x09\x0b-\x1f]", note), "a note has a control character")
        at = note.rfind("\n\n")
        need(at >= 0, "a note has no blank line")
        self.text, self.lines = note[: at + 1], []
        for line in note[at + 2 : -1].split("\n"):
            found = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
            need(found and note_name(found.group(1)), "a note has a malformed signature line")
            blob = b64(found.group(2))
            need(len(blob) >= 5, "a note has a signature of fewer than 5 bytes")
            self.lines.append((found.group(1), blob[:4], blob[4:]))
        need(len(self.lines) <= 100, "a note has more than 100 signature lines")
        rows = self.text[:-1].split("\n")
        need(len(rows) >= 3 and all(rows), "a checkpoint has three lines, none of them empty")
        need(re.fullmatch("0|[1-9][0-9]{0,15}", rows[1]) and int(rows[1]) <= MAX, "a checkpoint has no size")
        self.origin, self.size, self.root = rows[0], int(rows[1]), b64(rows[2])
        need(len(self.root) == 32, "a root has 32 bytes")
        self.unchecked = 0

    def subtree(self, name, time):
        origin, name = self.origin.encode(), name.encode()
        need(len(origin) < 256, "an origin is longer than 255 bytes")
        return b"".join(
            [b"subtree/v1\n\0", bytes([len(name)]), name, struct.pack(">Q", time), bytes([len(origin)]), origin]
            + [struct.pack(">QQ", 0, self.size), self.root]
        )

    def holds(self, key, blob):
        """The time of a line that holds (None for type 01). A line that does not hold is a Fault."""
        time, message, signature = None, self.text.encode(), blob
        if key.type != 1:
            need(len(blob) > 8, f"the line of {key.name} is too short")
            time, signature = struct.unpack(">Q", blob[:8])[0], blob[8:]
            need(time <= MAX, f"the line of {key.name} has a time that is too large")
            message = self.subtree(key.name, time) if key.type == 6 else f"cosignature/v1\ntime {time}\n".encode() + message
        need(signed(key.algorithm, key.raw, signature, message), f"the signature of {key.name} does not hold")
        return time

    def open(self, trust):
        """Opens it under the policy with its quorum: keeps the times of the witnesses that cosigned it."""
        self.times, logs, done = {}, 0, set()
        known = [(k.name, k.id, k, None) for k in trust.logs if k.name == self.origin]
        known += [(k.name, k.id, k, n) for n, k in trust.witnesses.items()]
        for name, id, blob in self.lines:
            for kname, kid, key, witness in known:
                if (name, id) != (kname, kid) or (key.raw, key.type) in done:
                    continue
                done.add((key.raw, key.type))
                try:
                    time = self.holds(key, blob)
                except Unable:
                    self.unchecked += 1
                    continue
                if witness is None:
                    logs += 1
                else:
                    self.times[witness] = time
        if self.unchecked and not (logs and trust.met(self.times)):
            raise Unable(f"cryptography has no ML-DSA-44 here, and {self.unchecked} lines of it decide")
        need(logs, f"no trusted key of {self.origin} signed it")
        need(trust.met(self.times), "the quorum of the policy did not cosign it")
        # Times of the quorum. A cosignature with time 0 says nothing about time.
        timed = {n: t for n, t in self.times.items() if t}
        self.not_after = self.not_before = None
        if trust.quorum != "none" and trust.met(timed):
            self.not_after = min(t for t in timed.values() if trust.met({n for n in timed if timed[n] <= t}))
            self.not_before = max(t for t in timed.values() if trust.met({n for n in timed if timed[n] >= t}))
        return self


# --- schemas of payloads (statements.cddl) --------------------------------------------------------------------------


def text_of(low, high, lines=False, pattern=None):
    def check(v, at):
        need(type(v) is str and low <= len(v.encode()) <= high, f"{at}: expected a text of {low} to {high} bytes")
        allowed = "\t\n" if lines else ""
        need(not any(unicodedata.category(c) == "Cc" and c not in allowed for c in v), f"{at}: has a control character")
        need(pattern is None or re.fullmatch(pattern, v), f"{at}: does not have its form")

    return check


def bytes_of(low, high=None):
    def check(v, at):
        need(type(v) is bytes and low <= len(v) <= (high or low), f"{at}: expected {low} to {high or low} bytes")

    return check


def number(low=0, high=MAX):
    def check(v, at):
        need(is_int(v, low, high), f"{at}: expected an integer from {low} to {high}")

    return check


def one_of(*values):
    def check(v, at):
        need(any(type(v) is type(w) and v == w for w in values), f"{at}: expected one of {values}")

    return check


def list_of(low, high, inner):
    def check(v, at):
        need(type(v) is list and low <= len(v) <= high, f"{at}: expected a list of {low} to {high}")
        for i, item in enumerate(v):
            inner(item, f"{at}[{i}]")

    return check


def table_of(low, high, key, inner):
    def check(v, at):
        need(type(v) is dict and low <= len(v) <= high, f"{at}: expected a map of {low} to {high}")
        for k, item in v.items():
            key(k, f"{at} key")
            inner(item, f"{at}.{k}")

    return check


def record(filled=False, **fields):
    """A map of text keys. A trailing _ marks an optional field. `filled`: it is left out when it is empty."""

    def check(v, at):
        need(type(v) is dict, f"{at}: expected a map")
        need(v or not filled, f"{at}: is empty")
        for k in v:
            need(k in fields or f"{k}_" in fields, f"{at}.{k}: unknown field")
        for k, inner in fields.items():
            name = k.rstrip("_")
            if name in v:
                inner(v[name], f"{at}.{name}")
            else:
                need(k.endswith("_"), f"{at}.{name}: is missing")

    return check


def either(*options):
    def check(v, at):
        why = None
        for option in options:
            try:
                return option(v, at)
            except Fault as fault:
                why = fault
        raise why

    return check


def cose_key(v, at):
    need(type(v) is bytes, f"{at}: expected a COSE_Key")
    Key(cbor(v))


def scalar(v, at):
    if type(v) is str:
        text_of(0, 1024)(v, at)
    else:
        need(type(v) is bool or is_int(v, -MAX, MAX), f"{at}: expected a text, an integer or a boolean")


def pattern(v, at):
    text_of(1, 256)(v, at)
    need(not re.search(r"[?\[\]{}\\]|\*\*\*", v), f"{at}: a pattern has a character with other meanings elsewhere")


def origin(v, at):
    text_of(1, 255)(v, at)
    need(note_name(v), f"{at}: is no origin")


H = bytes_of(32)
COUNT = number()
SECONDS = number(0, 253402300799)
DURATION = number(1, 31622400)
BOOL = one_of(False, True)
NAME = text_of(1, 64, pattern="[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
EVIDENCE = one_of("E0", "E1", "E2", "E3", "E4")
VERDICT = one_of("PROVEN", "VIOLATED", "CONTRADICTED", "STALE", "UNKNOWN", "WAIVED", "SUPERSEDED", "REVOKED")
VALUE = either(bytes_of(0, 49152), lambda v, at: need(
    type(v) is list and len(v) == 2 and type(v[0]) is bytes and len(v[0]) == 32 and is_int(v[1]), f"{at}: no value"))
HEAD = record(origin=origin, size=COUNT, root=H)
MEDIA = text_of(3, 127)
ATTACHMENT = either(record(mediaType=MEDIA, data=bytes_of(1, 49152)), record(mediaType=MEDIA, digest=H, size=COUNT))
OPENING = record(index=COUNT, salt=bytes_of(16), path=text_of(0, 1024), value=VALUE, proof=list_of(0, 53, H))
ROLES = ("admin", "author", "approver", "agent", "monitor", "submitter", "delegator")
CHANGE = record(True, ticket_=text_of(1, 256), reason_=text_of(1, 2048, True), requestedBy_=text_of(1, 256))

POLICY = record(
    rules=COUNT, origin=origin, open=BOOL, entry=text_of(1, 1024), selfProof=BOOL,
    log=record(vkeys=list_of(1, 8, text_of(1, 2048)), receiptKeys=list_of(1, 64, cose_key)),
    keys=list_of(0, 1024, record(
        key=cose_key, name=text_of(1, 128), roles=list_of(1, 7, one_of(*ROLES)), subjects=list_of(1, 64, pattern),
        issuer_=text_of(1, 1024), maxBytes_=number(1, 65535), maxSubjects_=COUNT, maxCommitments_=COUNT,
        maxStatements_=COUNT, notBefore_=SECONDS, notAfter_=SECONDS)),
    limits=record(entryBytes=number(1024, 65535), keySubjects_=COUNT, keyCommitments_=COUNT, keyStatements_=COUNT),
    replaces_=H, approvals_=number(1, 16), requireAudience_=BOOL,
    revoked_=list_of(1, 4096, record(kid=H, since=COUNT, reason_=text_of(1, 512, True))),
)
CLAIM = record(
    id=NAME, expr=text_of(1, 4096, True), minEvidence=EVIDENCE, cadence=DURATION,
    probe=text_of(1, 96, pattern="[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.+_-]*"),
    severity=one_of("critical", "high", "medium", "low", "info"), title_=text_of(1, 256), language_=number(2, 255),
    params_=table_of(1, 64, text_of(1, 128), lambda v, at: list_of(1, 64, text_of(0, 1024))(v, at)
                     if type(v) is list else scalar(v, at)),
    declared_=table_of(1, 64, text_of(1, 128), text_of(0, 1024)), deadline_=DURATION, grace_=number(1, 100), against_=NAME,
    controls_=list_of(1, 64, record(framework=text_of(1, 64), id=text_of(1, 64), version_=text_of(1, 64))),
)
IDENTITY = either(record(spki=H), record(ssh=H), record(ca=number(0, 15), host=text_of(1, 253, pattern="[A-Za-z0-9._:-]+")))
DECLARATION = record(
    environment=NAME, tier=one_of("critical-path", "compliance-boundary", "trust-transition", "change", "background"),
    source=record(kind=NAME, tool_=text_of(1, 128), toolVersion_=text_of(1, 128), digest_=H,
                  versions_=table_of(1, 64, text_of(1, 128), text_of(1, 128)),
                  git_=record(commit=text_of(1, 64, pattern="[0-9a-f]{40}|[0-9a-f]{64}"), dirty=BOOL,
                              repository_=text_of(1, 512))),
    canon=record(profile=text_of(1, 64), profileDigest_=H, excluded_=list_of(1, 512, record(
        path=text_of(1, 1024), reason=text_of(1, 512, True)))),
    tree=record(alg=one_of("rfc6962-sha256-salted"), leaves=number(1), root=H),
    scope=record(world=one_of("open", "closed"), selector_=text_of(1, 1024), members_=list_of(1, 1024, text_of(1, 512))),
    claims=list_of(0, 256, CLAIM),
    target_=record(True, owner_=text_of(1, 256), authorities_=list_of(1, 16, bytes_of(1, 8192)),
                   locators_=list_of(1, 64, record(at=text_of(1, 512), identity_=list_of(1, 16, IDENTITY)))),
    attestors_=record(threshold=number(1, 64), kids=list_of(1, 64, H)),
    approvals_=number(1, 16), validity_=record(True, notBefore_=SECONDS, notAfter_=SECONDS), supersedes_=H,
    change_=CHANGE, seedCommitment_=H, openings_=list_of(1, 64, OPENING),
)
WITHDRAWAL = record(withdraws=H, supersedes=H, change_=CHANGE)
PROOF = record(
    commitment=H, seq=COUNT, prev_=H, window=record(start=SECONDS, end=SECONDS), nextDue=SECONDS,
    agent=record(name=text_of(1, 128), version=text_of(1, 64), binaryDigest_=H, profile_=H, profileDigest_=H,
                 vantage_=text_of(1, 256)),
    challenge=record(origin=origin, size=COUNT, root=H, nonce=bytes_of(16, 64)),
    results=list_of(0, 256, record(
        claim=NAME, verdict=VERDICT, evidence=EVIDENCE, aspect_=one_of("running", "persistent", "survives-restart"),
        slot_=record(number=COUNT, due=SECONDS, actual=SECONDS, beacon_=record(size=COUNT, root=H)),
        leaves_=list_of(1, 64, COUNT), attachments_=list_of(1, 64, COUNT), explain_=text_of(1, 2048, True))),
    cost=record(cpuUs=COUNT, wallUs=COUNT, bytes=COUNT, peakBytes_=COUNT),
    sampling_=record(seedCommitment=H, next_=H, revealed_=H),
    population_=record(source=text_of(1, 512), total=COUNT, sampled=COUNT, method=NAME,
                       files_=list_of(1, 512, record(digest=H, count=COUNT))),
    observations_=record(alg=one_of("rfc6962-sha256-salted"), count=COUNT, root=H, byVerdict_=table_of(1, 16, NAME, COUNT)),
    coverage_=record(declared=COUNT, compared=COUNT, excluded=COUNT, undeclared_=COUNT),
    disclosed_=list_of(1, 512, OPENING), attachments_=list_of(1, 64, ATTACHMENT),
    errors_=list_of(1, 64, record(code=NAME, message=text_of(1, 1024, True), claim_=NAME)),
    delegation_=bytes_of(1, 8192),
)
DELEGATION = record(
    key=cose_key, node=text_of(1, 253, pattern="[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"),
    subjects=list_of(1, 8, pattern), notBefore=SECONDS, notAfter=SECONDS, apart_=BOOL,
)
NOTICES = {
    "stale": record(topic=one_of("stale"), since=SECONDS, checkpoint=HEAD, about=H, claim=NAME, due=SECONDS,
                    reason=text_of(1, 2048, True), agent_=H, last_=record(seq=COUNT, id=H)),
    "witnessed": record(topic=one_of("witnessed"), note=bytes_of(1, 60000)),
    "inventory": record(topic=one_of("inventory"), checkpoint=HEAD, count=COUNT, hash=H),
    "retention": record(topic=one_of("retention"), checkpoint=HEAD, reason=text_of(1, 2048, True), **{"from": SECONDS},
                        prune=list_of(0, 2, record(what=one_of("observations", "declarations"),
                                                   age=number(1, 253402300799)))),
}
WAIVER = record(commitment=H, claims=list_of(1, 256, NAME), owner=text_of(1, 256), reason=text_of(1, 2048, True), notAfter=SECONDS)
DEPLOYMENT = record(commitment=H, deployed=SECONDS, version_=text_of(1, 256), artifact_=H, reason_=text_of(1, 2048, True))
APPROVAL = record(commitment=H, reason_=text_of(1, 2048, True))


def path_root(index, size, leaf, path):
    """RFC 9162 2.1.3.2."""
    need(index < size, "an index is not below the size")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        need(sn, "an inclusion proof is too long")
        if fn & 1 or fn == sn:
            r = sha256(b"\1" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "an inclusion proof is too short")
    return r


def opens(opening, size, root):
    leaf = sha256(b"\0" + encode([opening["salt"], opening["path"], opening["value"]]))
    need(path_root(opening["index"], size, leaf, opening["proof"]) == root, "an opening does not lead to its root")


def distinct(items, what):
    need(len(set(items)) == len(items), f"{what}: one is there twice")


def parameter_of(leaf, leaves, used):
    """The value of a declared leaf as a claim's parameter: statements.md section 3, "Declared parameters"."""
    need(leaf in leaves, "a declared leaf is not opened")
    used.add(leaf)
    need(type(leaves[leaf]) is bytes, "a declared leaf is longer than what can be shown")
    value = cbor(leaves[leaf])
    if type(value) is dict:
        count = value.get("list")
        need(len(value) == 1 and is_int(count, 1, 64), "a declared leaf has no value that a parameter can have")
        items = [parameter_of(f"{leaf}/{i}", leaves, used) for i in range(count)]
        need(all(type(item) is str for item in items), "a declared list has an item that is no text")
        return items
    scalar(value, "a declared leaf")
    return value


def declared_parameters(c):
    shown, last, size = c.get("openings", []), None, 0
    leaves, used = {}, set()
    for o in shown:
        here = (o["index"], o["path"].encode())
        need(last is None or (here[0] > last[0] and here[1] > last[1]), "openings are not in order, or one is there twice")
        last = here
        size += 16 + len(here[1]) + (len(o["value"]) if type(o["value"]) is bytes else 40) + 32 * len(o["proof"])
        opens(o, c["tree"]["leaves"], c["tree"]["root"])
        leaves[o["path"]] = o["value"]
    need(size <= 32768, "openings have too many bytes")
    for claim in c["claims"]:
        for name, path in claim.get("declared", {}).items():
            need(name not in claim.get("params", {}), "a declared parameter has a constant, too")
            parameter_of(path, leaves, used)
        need(len(claim.get("params", {})) + len(claim.get("declared", {})) <= 64, "a claim has too many parameters")
    need(used == set(leaves), "an opening is of a leaf that no claim names")


def declaration_rules(c):
    target = c.get("target", {})
    declared_parameters(c)
    distinct([x["id"] for x in c["claims"]], "claims")
    plain = {x["id"] for x in c["claims"] if "against" not in x}
    for x in c["claims"]:
        need("against" not in x or x["against"] in plain, "against names another claim, which is against none")
    distinct([x["path"] for x in c["canon"].get("excluded", [])], "excluded")
    distinct(c["scope"].get("members", []), "members")
    kids, authorities, named = c.get("attestors", {}).get("kids", []), target.get("authorities", []), set()
    distinct(kids, "attestors")
    distinct(authorities, "authorities")
    distinct([x["at"] for x in target.get("locators", [])], "locators")
    for locator in target.get("locators", []):
        distinct([encode(i) for i in locator.get("identity", [])], "identities")
        named |= {i["ca"] for i in locator.get("identity", []) if "ca" in i}
    need(named == set(range(len(authorities))), "authorities and identities do not fit")
    need(c.get("attestors", {}).get("threshold", 0) <= len(kids), "the threshold is larger than the number of kids")
    v = c.get("validity", {})
    need(len(v) < 2 or v["notAfter"] > v["notBefore"], "the validity ends before it begins")


def proof_rules(p):
    need(("prev" in p) == (p["seq"] > 0), "prev is absent exactly when seq is 0")
    need(p["window"]["start"] <= p["window"]["end"] <= p["nextDue"], "the window or nextDue")
    seen, disclosed = p.get("observations"), {d["index"] for d in p.get("disclosed", [])}
    parts = ["population", "observations", "coverage"]
    if not p["results"]:
        need(not any(k in p for k in parts + ["disclosed", "attachments"]), "a heartbeat has only a few fields")
        return
    need(all(k in p for k in parts), "population, observations and coverage must be there")
    pop, cov = p["population"], p["coverage"]
    need(pop["sampled"] <= pop["total"] and (pop["method"] != "all" or pop["sampled"] == pop["total"]), "sampled")
    need("files" not in pop or sum(f["count"] for f in pop["files"]) == pop["total"], "the files' counts")
    need(pop["sampled"] <= seen["count"], "each sampled member has an observation at least")
    need("byVerdict" not in seen or sum(seen["byVerdict"].values()) == seen["count"], "byVerdict")
    need(seen["count"] or seen["root"] == sha256(b""), "no observations have the root of the empty tree")
    need(cov["compared"] + cov["excluded"] <= cov["declared"], "coverage")
    distinct([r["claim"] for r in p["results"]], "results")
    order = [d["index"] for d in p.get("disclosed", [])]
    need(all(a < b for a, b in zip(order, order[1:])), "disclosed leaves ascend")
    for d in p.get("disclosed", []):
        opens(d, seen["count"], seen["root"])
    for r in p["results"]:
        for field, most in (("leaves", seen["count"]), ("attachments", len(p.get("attachments", [])))):
            ids = r.get(field, [])
            need(all(a < b for a, b in zip(ids, ids[1:])) and all(i < most for i in ids), f"{field} of a result")
        if r["verdict"] in ("VIOLATED", "CONTRADICTED"):
            need("explain" in r or (r.get("leaves") and set(r["leaves"]) <= disclosed), "a violation shows nothing")
        need(r["evidence"] not in ("E3", "E4") or r.get("attachments"), "E3 and E4 name an attachment")


# --- entries --------------------------------------------------------------------------------------------------------

KINDS = ("policy", "commitment", "approval", "proof", "notice", "waiver", "deployment", "other")
PREFIX = "application/vnd.tallystick."
TYPES = {f"{PREFIX}{k}.v1+cbor": k for k in KINDS[:-1]}
ENTRY_RULE = (
    "entry = d2 84 || bstr(protected as received) || a0 || bstr(payload) || bstr(signature), shortest heads; "
    "leaf = SHA-256(00 || entry); entry id = SHA-256(entry)"
)
UNDERSTOOD = (1, 2, 3, 4, 15, 258, 259, 260)


class Entry:
    """An entry by its bytes. `read()` makes a statement of it, or raises."""

    def __init__(self, index, data):
        self.index, self.data, self.id, self.bad = index, data, sha256(data), None
        self.kind, self.payload, self.kid, self.sub, self.iss = "other", None, None, None, None
        try:
            self.read()
        except Fault as fault:
            self.bad = str(fault)

    def read(self):
        item = cbor(self.data)
        need(type(item) is Tag18 and type(item.item) is list and len(item.item) == 4, "is no COSE_Sign1 with tag 18")
        self.protected, unprotected, body, self.signature = item.item
        need(unprotected == {} and type(unprotected) is dict, "has an unprotected header that is not empty")
        need(type(body) is bytes and type(self.protected) is bytes, "has no payload or no protected header")
        need(type(self.signature) is bytes and len(self.signature) in (64, 2420), "has no signature")
        self.body = body
        self.header = h = cbor(self.protected)
        need(type(h) is dict, "has no protected header")
        self.kind = TYPES.get(h[3], "other") if type(h.get(3)) is str and 258 not in h else "other"
        self.headers(h)
        if self.kind != "other":
            payload = cbor(body)
            self.schema(payload)
            self.payload = payload

    def headers(self, h):
        need(type(h.get(1)) is int and h[1] in (-19, -9, -48, -8, -7), "has no alg that is allowed")
        self.alg = h[1]
        if 2 in h:
            crit = h[2]
            need(type(crit) is list and crit and all(type(x) is int and x in UNDERSTOOD and x in h for x in crit), "crit")
        if 3 in h:
            need(type(h[3]) is str or is_int(h[3]), "has no content type")
            need(type(h[3]) is int or not h[3].startswith(PREFIX) or h[3] in TYPES, "has an unknown content type of ours")
        need(type(h.get(4)) is bytes and len(h[4]) == 32, "has no kid")
        self.kid = h[4]
        if 258 in h:
            size = {-16: 32, -43: 48, -44: 64}.get(h[258] if type(h[258]) is int else None)
            need(size == len(self.body) and 3 not in h, "is no hash envelope")
        need(258 in h or not (259 in h or 260 in h), "has parts of a hash envelope")
        claims = h.get(15)
        need(type(claims) is dict, "has no CWT claims")
        self.iss, self.sub = claims.get(1), claims.get(2)
        for text, most in ((self.iss, None), (self.sub, 1024)):
            need(type(text) is str and text, "has no issuer or no subject")
            need(not any(unicodedata.category(c) == "Cc" for c in text), "has a control character in a claim")
            need(len(text) <= 8192 if most is None else len(text.encode()) <= most, "has an issuer or subject too long")
        aud = claims.get(3, [])
        need(3 not in claims or type(aud) is str or (type(aud) is list and aud), "has no audience")
        self.aud = [aud] if type(aud) is str else aud
        need(all(type(a) is str for a in self.aud), "has no audience")
        need(6 not in claims or is_int(claims[6], 0, 253402300799), "has no time iat")
        need(self.kind not in ("approval", "waiver", "deployment") or 6 in claims, "has no time iat")
        self.cnf = claims.get(8)

    def delegation(self):
        """The delegation that it rests on (statements.md 5a), or None."""
        raw = self.payload.get("delegation") if self.kind == "proof" and self.payload else None
        return None if raw is None else Delegation(raw)

    def schema(self, p):
        k = self.kind
        if k == "policy":
            POLICY(p, "policy")
        elif k == "commitment":
            if type(p) is dict and "withdraws" in p:
                WITHDRAWAL(p, k)
            else:
                DECLARATION(p, k)
                declaration_rules(p)
        elif k == "proof":
            PROOF(p, k)
            proof_rules(p)
        elif k == "notice":
            need(type(p) is dict and type(p.get("topic")) is str and p["topic"] in NOTICES, "notice.topic")
            NOTICES[p["topic"]](p, k)
            if p["topic"] == "stale":
                need(("agent" in p) == ("last" in p), "agent and last go together")
            elif p["topic"] == "inventory":
                need(p["count"] <= p["checkpoint"]["size"], "an inventory counts more than there is")
            elif p["topic"] == "witnessed":
                Checkpoint(p["note"])
        else:
            {"approval": APPROVAL, "waiver": WAIVER, "deployment": DEPLOYMENT}[k](p, k)

    def topic(self):
        return self.payload.get("topic") if self.kind == "notice" and self.payload else None

    def message(self):
        return encode(["Signature1", self.protected, b"", self.body])

    def twin(self):
        if self.bad or self.alg not in (-9, -7) or len(self.signature) != 64:
            return None
        return sha256(self.data[:-32] + ((N256 - int.from_bytes(self.data[-32:], "big")) % 2**256).to_bytes(32, "big"))

    def sizes(self):
        """The earlier sizes that this entry names."""
        if self.bad or self.payload is None:
            return
        if self.topic() == "witnessed":
            yield Checkpoint(self.payload["note"]).size
        elif self.topic() == "inventory":
            yield self.payload["checkpoint"]["size"]
        elif self.kind == "proof":
            yield self.payload["challenge"]["size"]
            for r in self.payload["results"]:
                if "beacon" in r.get("slot", {}):
                    yield r["slot"]["beacon"]["size"]


class Delegation(Entry):
    """What lets the key of a node prove. It has the form of an entry, and is none."""

    def __init__(self, data):
        super().__init__(None, data)
        need(self.bad is None, f"has a delegation that {self.bad}")
        self.payload = p = cbor(self.body)
        DELEGATION(p, "delegation")
        distinct(p["subjects"], "delegation")
        need(all(s.endswith("/" + p["node"]) for s in p["subjects"]), "has a delegation beyond its node")
        need(self.sub == p["node"] and self.aud, "has a delegation of another node, or for no log")
        need(p.get("apart", True), "has a delegation that is apart and is not")
        need(0 < p["notAfter"] - p["notBefore"] <= 31 * 86400, "has a delegation that lasts too long")

    def headers(self, h):
        need(h.get(3) == PREFIX + "delegation.v1+cbor", "is of another content type")
        super().headers({**h, 3: "application/cbor"})


def matches(pattern, subject):
    reach = {0}
    for token in re.findall(r"\*\*|\*|[^*]", pattern, re.S):
        if token in ("*", "**"):
            grown = set()
            for at in reach:
                grown.add(at)
                while at < len(subject) and (token == "**" or subject[at] != "/"):
                    at += 1
                    if at in grown:
                        break
                    grown.add(at)
            reach = grown
        else:
            reach = {at + 1 for at in reach if at < len(subject) and subject[at] == token}
    return len(subject) in reach


# --- registration policies ------------------------------------------------------------------------------------------


class Policy:
    def __init__(self, entry, before):
        p = entry.payload
        self.entry, self.fields, self.before = entry, p, before
        self.keys = [(Key(cbor(k["key"])), k) for k in p["keys"]]
        self.by_kid = {key.kid: (key, k) for key, k in self.keys}
        self.revoked = dict(before.revoked) if before else {}
        for r in p.get("revoked", []):
            old = self.revoked.get(r["kid"])
            need(old is None or r["since"] <= old, "believes a revoked key for longer than before")
            self.revoked[r["kid"]] = r["since"]

    def lawful(self, origin):
        p, entry, before = self.fields, self.entry, self.before
        need(p["rules"] == 5, f"has the rules {p['rules']}, which this verifier does not know")
        need(p["origin"] == origin and entry.sub == origin, "is of another log")
        need(p["entry"] == ENTRY_RULE, "has another definition of entries")
        distinct([r["kid"] for r in p.get("revoked", [])], "revoked")
        need(len(self.by_kid) == len(self.keys), "enrols a key twice")
        own = set()
        for text in p["log"]["vkeys"]:
            key = VKey(text, (1, 6))
            need(key.name == origin, "has a verifier key of another name")
            own.add(key.raw)
        for raw in p["log"]["receiptKeys"]:
            key = Key(cbor(raw))
            need(strong(key.algorithm, key.raw), "has a weak receipt key")
            need(key.raw not in own, "has a key for checkpoints and receipts")
        own |= {Key(cbor(raw)).raw for raw in p["log"]["receiptKeys"]}
        for key, fields in self.keys:
            need(strong(key.algorithm, key.raw), "enrols a weak key")
            need(key.raw not in own, "enrols a key of the log itself")
            need(key.kid not in self.revoked, "enrols a key that is revoked")
            distinct(fields["roles"], "roles")
            need("notAfter" not in fields or fields["notAfter"] > fields.get("notBefore", -1), "a key is never valid")
        room = len(entry.data) + 4096
        need(
            any(
                "admin" in f["roles"] and room <= min(p["limits"]["entryBytes"], f.get("maxBytes", 65535))
                for _, f in self.keys
            ),
            "leaves no admin key that can log the next one",
        )
        if before is None:
            need("replaces" not in p, "entry 0 replaces another policy")
        else:
            need(p.get("replaces") == before.entry.id, "does not replace the policy in force before it")
            need(p["rules"] >= before.fields["rules"], "has lower rules")
        self.admits(entry, before or self)

    def delegated(self, entry, lent):
        """The key of the node, once its delegation lets it make this proof (statements.md 5a)."""
        d, window = lent.payload, entry.payload["window"]
        key, by = Key(cbor(d["key"])), self.by_kid.get(lent.kid)
        need(key.kid == entry.kid and strong(key.algorithm, key.raw), "has a delegation for another key, or a weak one")
        need(entry.kid not in self.by_kid, "has a delegation for a key that is enrolled")
        need(by is not None and lent.kid not in self.revoked, "has a delegation by a key that is not enrolled")
        owner, grant = by
        need(lent.alg in owner.algs and signed(owner.algorithm, owner.raw, lent.signature, lent.message()),
             "has a delegation whose signature does not hold")
        need("delegator" in grant["roles"], "has a delegation by a key without the role delegator")
        need(self.fields["origin"] in lent.aud, "has a delegation for another log")
        need(grant.get("issuer", lent.iss) == lent.iss, "has a delegation with another issuer")
        name = base64.urlsafe_b64encode(entry.kid).decode().rstrip("=")
        need(entry.iss == f"urn:ietf:params:oauth:ckt:sha-256:{name}", "is of a delegated key under another name than its own")
        for allowed in (d["subjects"], grant["subjects"]):
            need(any(matches(s, entry.sub) for s in allowed), "has a delegation that does not reach its subject")
        need(d["notBefore"] <= window["start"] and window["end"] <= d["notAfter"], "was made outside of its delegation's time")
        return key

    @staticmethod
    def admits(entry, policy):
        """What does not rest on dates, nor on other entries (statements.md 7). `policy` is the one in force."""
        p = policy.fields
        found, lent = policy.by_kid.get(entry.kid), entry.delegation()
        need(entry.kid not in policy.revoked, "is signed by a key that is revoked")
        if lent is not None:
            key, grant = policy.delegated(entry, lent), policy.by_kid[lent.kid][1]
        elif found is None:
            need(p["open"] and entry.kind != "policy", "is signed by a key that is not enrolled")
            need(type(entry.cnf) is dict and list(entry.cnf) == [1], "is signed by a key that is not enrolled, without cnf")
            key, grant = Key(entry.cnf[1]), None
            need(key.kid == entry.kid and strong(key.algorithm, key.raw), "has another key in cnf, or a weak one")
        else:
            key, grant = found
        need(entry.alg in key.algs, "has an alg that its key cannot have made")
        need(signed(key.algorithm, key.raw, entry.signature, entry.message()), "has a signature that does not hold")
        if entry.kind != "other" or entry.aud or p.get("requireAudience"):
            need(p["origin"] in entry.aud, "is not for this log")
        need(len(entry.data) <= min(p["limits"]["entryBytes"], (grant or {}).get("maxBytes", 65535)), "is too long")
        topic = entry.topic()
        if grant is not None:
            roles = {"policy": ["admin"], "commitment": ["author"], "deployment": ["author"], "approval": ["approver"],
                     "waiver": ["approver"], "proof": ["agent"], "other": ["submitter"],
                     "notice": ["agent", "author"] if topic == "retention" else ["monitor"]}[entry.kind]
            if not (p["open"] and entry.kind != "policy") and lent is None:
                need(any(r in grant["roles"] for r in roles), f"is signed by a key without the role {' or '.join(roles)}")
                allowed = entry.kind == "policy" or any(matches(s, entry.sub) for s in grant["subjects"])
                need(allowed, "is signed by a key that may not speak of its subject")
                need(grant.get("issuer", entry.iss) == entry.iss, "has another issuer than its key is enrolled with")
        if topic == "witnessed":
            need(Checkpoint(entry.payload["note"]).origin == p["origin"], "is about a head of another log")
            need(entry.sub == p["origin"], "has another subject than the log itself")
        elif topic is not None:
            need(entry.payload["checkpoint"]["origin"] == p["origin"], "is about a head of another log")
        elif entry.kind == "commitment" and "withdraws" not in entry.payload:
            need(entry.payload.get("approvals", 0) >= p.get("approvals", 0), "asks for too few approvals")


# --- the checks -----------------------------------------------------------------------------------------------------

FIXED = ["SHA256SUMS", "VERIFY-BY-HAND.md", "attachments.csv", "entries/index.csv", "entries/proof.bin", "heads/end.note",
         "index.html", "keys.json", "manifest.json", "not-proven.txt", "trust.txt"]
OPTIONAL = ["controls.csv", "heads/consistency.txt", "heads/start.note", "openings.json", "people.csv", "verify.mjs"]
CHECKS = ["container", "manifest", "files", "policy", "end head", "start head", "entries", "policies", "signatures", "heads",
          "period", "attachments", "openings", "people", "history", "made again", "verifier"]
HEX32 = re.compile("[0-9a-f]{64}")


def ascending(items):
    keys = [i.encode() for i in items]
    return all(a < b for a, b in zip(keys, keys[1:]))


class Bundle:
    """Each check is a method: it returns None or a note, raises Fault, or returns ("not checked", why)."""

    def __init__(self, data, reader):
        self.data, self.reader, self.unable = data, reader, []

    def container(self):
        self.files = read_zip(self.data)

    def manifest(self):
        files = self.files
        for name in ("manifest.json", "SHA256SUMS"):
            need(name in files, f"there is no {name}")
        self.m = m = read_json(files["manifest.json"], "manifest.json")
        need(type(m) is dict and m.get("format") == "tallystick-bundle", "the manifest is of another format")
        need(is_int(m.get("version")) and m["version"] == 2, "the bundle is of another version than 2")
        members(m, "format version made_with log period subjects controls monitors heads files", "the manifest")
        members(m["period"], "since until", "period")
        need(all(is_int(t) for t in m["period"].values()) and m["period"]["since"] < m["period"]["until"], "period")
        need(type(m["made_with"]) is str and type(m["log"]) is str, "made_with and log are texts")
        for name in ("subjects", "controls", "monitors"):
            need(type(m[name]) is list and all(type(t) is str for t in m[name]), f"{name} are texts")
            need(ascending(m[name]), f"{name} are not in ascending order, or one is there twice")
        need(m["subjects"], "there is no subject")
        need(all(re.fullmatch("[^ ]+ .+", c, re.S) for c in m["controls"]), "controls are FRAMEWORK ITEM")
        need(all(HEX32.fullmatch(k) for k in m["monitors"]), "monitors are thumbprints")
        members(m["heads"], "start end", "heads")
        for which, head in m["heads"].items():
            if head is None and which == "start":
                continue
            members(head, "size root notice", f"the {which} head")
            need(is_int(head["size"]) and type(head["root"]) is str and HEX32.fullmatch(head["root"]), f"the {which} head")
            need(head["notice"] is None or is_int(head["notice"]), f"the notice of the {which} head")
        others = [n for n in files if n not in ("manifest.json", "SHA256SUMS")]
        want = [{"name": n, "size": len(files[n]), "sha256": sha256(files[n]).hex()} for n in others]
        need(m["files"] == want and write_json(m["files"]) == write_json(want), "files are not those of the container")
        sums = "".join(f"{sha256(files[n]).hex()}  {n}\n" for n in files if n != "SHA256SUMS")
        need(files["SHA256SUMS"] == sums.encode(), "SHA256SUMS is not what the files make it")

    def files_(self):
        start = self.m["heads"]["start"] is not None
        histories = [f"history/{i:06d}.json" for i in range(len(self.m["subjects"]))]
        for name in self.files:
            need(
                name in FIXED or name in OPTIONAL or name in histories
                or re.fullmatch("entries/[0-9]{6}[.]bundle|attachments/[0-9a-f]{64}", name),
                f"{name} is accounted for by nothing",
            )
        for name in FIXED + histories:
            need(name in self.files, f"{name} is missing")
        for name, there in (("controls.csv", bool(self.m["controls"])), ("heads/start.note", start), ("heads/consistency.txt", start)):
            need((name in self.files) == there, f"{name} is {'missing' if there else 'there, and must not be'}")

    def policy(self):
        own = Trust(self.files["trust.txt"])
        need(own.text() == self.files["trust.txt"], "trust.txt is not in its one spelling")
        self.trust = self.reader or own
        print(f"  fingerprint of trust.txt: {sha256(self.files['trust.txt']).hex()}")
        if self.reader:
            print(f"  fingerprint of the reader's policy: {sha256(self.reader.text()).hex()}")

    def head(self, which):
        checkpoint = Checkpoint(self.files[f"heads/{which}.note"]).open(self.trust)
        says = self.m["heads"][which]
        need(checkpoint.origin == self.m["log"], "it is of another log than the manifest's")
        need((checkpoint.size, checkpoint.root.hex()) == (says["size"], says["root"]), "the manifest has another size or root")
        if checkpoint.unchecked:
            self.unable.append(f"{checkpoint.unchecked} ML-DSA-44 signatures of heads/{which}.note")
        return checkpoint

    def end_head(self):
        self.end = self.head("end")

    def start_head(self):
        self.start = None
        if self.m["heads"]["start"] is None:
            return "there is none"
        self.start = self.head("start")
        need(self.start.size <= self.end.size, "it is larger than the end head")

    def entries(self):
        rows = read_csv(self.files["entries/index.csv"], "index,file,offset,length,id,kind", "entries/index.csv")
        need(rows, "there is no entry")
        need(all(re.fullmatch("0|[1-9][0-9]{0,15}", r[0]) and int(r[0]) <= MAX for r in rows), "an index is no number")
        order = [int(r[0]) for r in rows]
        need(all(a < b for a, b in zip(order, order[1:])), "indices do not ascend")
        need(order[0] == 0, "entry 0 is not among them")
        need(order[-1] < self.end.size, "an index is not below the size of the end head")
        groups, datas, places = sorted(n for n in self.files if n.endswith(".bundle")), [], []
        need(groups == [f"entries/{i:06d}.bundle" for i in range(len(groups))], "a group of entries is missing")
        for name in groups:
            raw, at, count = self.files[name], 0, 0
            while at < len(raw):
                need(at + 2 <= len(raw), f"{name} ends within a length")
                n = struct.unpack(">H", raw[at : at + 2])[0]
                need(at + 2 + n <= len(raw), f"{name} ends within an entry")
                datas.append(raw[at + 2 : at + 2 + n])
                places.append((name[8:], at + 2, n))
                at, count = at + 2 + n, count + 1
            need(count == 256 or (name == groups[-1] and 0 < count < 256), f"{name} has {count} entries")
        need(len(datas) == len(order), "the index has more or fewer lines than there are entries")
        self.list = [Entry(i, d) for i, d in zip(order, datas)]
        for e in self.list:
            need(e.bad is None, f"entry {e.index} {e.bad}")
        self.places, self.by_index = places, {e.index: e for e in self.list}
        need(self.index_csv() == self.files["entries/index.csv"], "the index has other lines than the entries make")
        self.walk()
        ids = {}
        for e in self.list:
            need(e.id not in ids, f"entry {e.index} is there twice")
            ids[e.id] = e
        for e in self.list:
            need(e.twin() not in ids, f"the twin of entry {e.index} is there")
        self.by_id = ids
        return f"{len(ids)} entries"

    def after_entries(self):
        if self.start is not None:
            need(self.root(self.start.size) == self.start.root, "the log did not have its root at that size")

    def index_csv(self):
        lines = [["index", "file", "offset", "length", "id", "kind"]]
        lines += [[e.index, f, o, n, e.id.hex(), e.kind] for e, (f, o, n) in zip(self.list, self.places)]
        return "".join(map(csv_line, lines)).encode()

    def walk(self):
        raw = self.files["entries/proof.bin"]
        need(len(raw) % 32 == 0, "proof.bin is no row of hashes")
        n_end, listed = self.end.size, [e.index for e in self.list]
        sizes = {s for e in self.list for s in e.sizes()} | ({self.start.size} if self.start else set())
        self.earlier = sorted(s for s in sizes if 0 < s < n_end)
        self.nodes, at = {}, 0

        def none(row, low, high):
            return bisect.bisect_left(row, low) == bisect.bisect_left(row, high)

        def walk(start, end):
            nonlocal at
            n = end - start
            if n & (n - 1) == 0 and none(listed, start, end) and none(self.earlier, start + 1, end):
                need(at + 32 <= len(raw), "proof.bin has too few hashes")
                node, at = raw[at : at + 32], at + 32
            elif n == 1:
                node = sha256(b"\0" + self.by_index[start].data)
            else:
                k = 1 << ((n - 1).bit_length() - 1)
                left = walk(start, start + k)
                node = sha256(b"\1" + left + walk(start + k, end))
            self.nodes[start, end] = node
            return node

        need(n_end > 0, "the end head is of an empty tree")
        root = walk(0, n_end)
        need(at == len(raw), "proof.bin has hashes that nothing reads")
        need(root == self.end.root, "the one proof does not lead to the root of the end head")

    def root(self, size):
        def part(start, size):
            k = 1 << (size.bit_length() - 1)
            left = self.nodes[start, start + k]
            return left if k == size else sha256(b"\1" + left + part(start + k, size - k))

        if size == self.end.size:
            return self.end.root
        return part(0, size) if size else sha256(b"")

    def policies(self):
        need(self.list[0].kind == "policy", "entry 0 is no registration policy")
        self.rules = []
        for e in self.list:
            if e.kind != "policy":
                continue
            try:
                one = Policy(e, self.rules[-1] if self.rules else None)
                one.lawful(self.m["log"])
            except Fault as fault:
                raise Fault(f"entry {e.index} {fault}")
            self.rules.append(one)

    def in_force(self, index):
        return self.rules[max(0, bisect.bisect_left([p.entry.index for p in self.rules], index) - 1)]

    def signatures(self):
        for e in self.list:
            if e.kind == "policy":
                continue
            try:
                Policy.admits(e, self.in_force(e.index))
            except Fault as fault:
                raise Fault(f"entry {e.index} {fault}")

    def heads(self):
        timed = 0
        for e in self.list:
            if e.topic() != "witnessed":
                continue
            note = Checkpoint(e.payload["note"])
            try:
                need(note.origin == self.m["log"], "of another log")
                note.open(self.trust)
            except Fault:
                continue
            if 0 < note.size <= e.index:
                timed += note.not_after is not None
                need(self.root(note.size) == note.root, f"the head in notice {e.index} is not one that the log had")
        for which, head in self.m["heads"].items():
            if head and head["notice"] is not None and head["notice"] < self.end.size:
                e = self.by_index.get(head["notice"])
                need(e and e.topic() == "witnessed", f"the notice of the {which} head is not among the entries")
                need(e.payload["note"] == self.files[f"heads/{which}.note"], f"the {which} head is not that of its notice")
        return f"{timed} witnessed heads"

    def period(self):
        if self.trust.quorum == "none":
            return "not checked", "the policy has no quorum"
        if self.start is not None:
            late = self.start.not_after is None or self.start.not_after > self.m["period"]["since"]
            need(not late, "the start head was not cosigned before the period")
        if self.end.not_before is None or self.end.not_before < self.m["period"]["until"]:
            return "not checked", "the end head was not cosigned after the period: what was logged last in it may be missing"

    def proofs(self):
        return [e for e in self.list if e.kind == "proof"]

    def attachments(self):
        named = {
            (a["digest"].hex(), a["size"]) for e in self.proofs() for a in e.payload.get("attachments", []) if "digest" in a
        }
        for name, content in self.files.items():
            if name.startswith("attachments/"):
                need((name[12:], len(content)) in named, f"{name} is named by no proof with this size")
                need(sha256(content).hex() == name[12:], f"{name} has another digest")

    def openings(self):
        if "openings.json" not in self.files:
            return "there are none"
        value = read_json(self.files["openings.json"], "openings.json")
        members(value, "schema openings", "openings.json")
        need(value["schema"] == "tallystick.openings.v1", "openings.json has another schema")
        need(type(value["openings"]) is list and value["openings"], "openings.json is empty")
        last = (-1, -1)
        for o in value["openings"]:
            members(o, "entry claim opening", "an opening")
            need(type(o["entry"]) is str and HEX32.fullmatch(o["entry"]), "an opening has no entry")
            need(type(o["opening"]) is str and re.fullmatch("(?:[0-9a-f]{2})+", o["opening"]), "an opening is no hex")
            e = self.by_id.get(bytes.fromhex(o["entry"]))
            need(e, "an opening is of an entry that is not in the file")
            leaf = cbor(bytes.fromhex(o["opening"]))
            OPENING(leaf, "opening")
            here = (e.index, leaf["index"])
            need(last < here, "openings are not in order, or one is there twice")
            last = here
            if e.kind == "proof" and "observations" in e.payload:
                rests = [r["claim"] for r in e.payload["results"] if leaf["index"] in r.get("leaves", [])]
                need(o["claim"] is None or o["claim"] in rests, "no result of this claim rests on the leaf")
                opens(leaf, e.payload["observations"]["count"], e.payload["observations"]["root"])
            else:
                need(e.kind == "commitment" and "tree" in e.payload, "an opening is of an entry without a salted tree")
                need(o["claim"] is None, "a leaf of a declaration has no claim")
                opens(leaf, e.payload["tree"]["leaves"], e.payload["tree"]["root"])

    def people(self):
        if "people.csv" not in self.files:
            return "there are none"
        rows = read_csv(self.files["people.csv"], "kid,person", "people.csv")
        need(ascending([r[0] for r in rows]), "kids are not in ascending order, or one is there twice")
        need(all(r[1] and not re.search('["\n\r]', r[1]) for r in rows), "a person is empty, or has a quote or a line break")
        known = {k["kid"] for k in self.keys()["keys"]}
        need(all(r[0] in known for r in rows), "a kid is not in keys.json")

    def history(self):
        """That entries of each subject follow from one another. What targets signed is not weighed."""
        for subject in self.m["subjects"]:
            newest, known, links = None, {}, {}
            for e in self.list:
                if e.sub != subject or e.kind in ("policy", "notice", "other"):
                    continue
                where, p = f"entry {e.index}", e.payload
                if e.kind == "commitment":
                    need(p.get("supersedes") == (newest.id if newest else None), f"{where} does not supersede the newest commitment")
                    need("withdraws" not in p or p["withdraws"] in known, f"{where} withdraws what is not there")
                    newest = known[e.id] = e
                    continue
                about = known.get(p["commitment"])
                need(about, f"{where} is about a commitment that is not there")
                lent = e.delegation()
                own = about.kid in (e.kid, lent and lent.kid) and not (e.kind == "proof" and self.in_force(e.index).fields["selfProof"])
                need(e.kind == "deployment" or not own, f"{where} is by the author of its commitment")
                need(e.kind != "approval" or about is newest, f"{where} approves a commitment that is not the newest")
                if e.kind == "proof":
                    last = links.get(e.kid)
                    if last is not None:
                        need(p["seq"] > last.payload["seq"], f"{where} forks the chain of its agent")
                        next_one = p["seq"] == last.payload["seq"] + 1
                        need(not next_one or p["prev"] == last.id, f"{where} does not follow the link before it")
                        need(next_one or p["prev"] != last.id, f"{where} leaves out numbers of its chain")
                    links[e.kid] = e
        return "not checked", "what targets signed is not weighed; the entries follow from one another, and no chain forks"

    def keys(self):
        order, enrolled, revoked, algorithm = [], {}, {}, {}
        now = {}
        for p in self.rules:
            before, now = now, {}
            for key, f in p.keys:
                algorithm[key.kid] = key.algorithm
                if key.kid not in order:
                    order.append(key.kid)
                shown = {
                    "name": f["name"], "roles": f["roles"], "subjects": f["subjects"], "issuer": f.get("issuer"),
                    "not_before": f.get("notBefore"), "not_after": f.get("notAfter"),
                }
                rows = enrolled.setdefault(key.kid, [])
                if before.get(key.kid) != shown:
                    rows.append({"policy": p.entry.index, **shown})
                now[key.kid] = shown
            for r in p.fields.get("revoked", []):
                if r["kid"] not in order:
                    order.append(r["kid"])
                if r["kid"] not in revoked or r["since"] < revoked[r["kid"]]["since"]:
                    revoked[r["kid"]] = {"since": r["since"], "by": p.entry.index, "reason": r.get("reason")}
        roles, names, issuers, counts = {}, {}, {}, {}
        for p in self.rules:
            for key, f in p.keys:
                roles.setdefault(key.kid, set()).update(f["roles"])
                names.setdefault(f["name"], set()).add(key.kid)
                if "issuer" in f:
                    issuers.setdefault(f["issuer"], set()).add(key.kid)
        for e in self.list:
            counts.setdefault(e.kid, {}).setdefault(e.kind, 0)
            counts[e.kid][e.kind] += 1
            if e.kid in order:
                issuers.setdefault(e.iss, set()).add(e.kid)
        keys = []
        for kid in order:
            last = max((i for i, p in enumerate(self.rules) if kid in p.by_kid), default=None)
            gone = None
            if last is not None and last + 1 < len(self.rules) and kid not in self.rules[last + 1].revoked:
                gone = self.rules[last + 1].entry.index
            keys.append({
                "kid": kid.hex(), "algorithm": algorithm.get(kid), "enrolled": enrolled.get(kid, []), "left_out": gone,
                "revoked": revoked.get(kid), "entries": {k: counts[kid][k] for k in KINDS if k in counts.get(kid, {})},
            })

        def overlap(by, value, kids):
            return {"by": by, "value": value, "kids": [k.hex() for k in order if k in kids],
                    "roles": sorted(set().union(*(roles.get(k, set()) for k in kids)))}

        overlaps = [overlap("key", k.hex(), {k}) for k in sorted(roles) if len(roles[k] - {"submitter"}) > 1]
        for by, values in (("issuer", issuers), ("name", names)):
            overlaps += [overlap(by, v, values[v]) for v in sorted(values, key=str.encode) if len(values[v]) > 1]
        policies = [
            {"index": p.entry.index, "id": p.entry.id.hex(), "keys": len(p.keys), "open": p.fields["open"]} for p in self.rules
        ]
        return {"policies": policies, "keys": keys, "overlaps": overlaps}

    def attachments_csv(self):
        lines = [["index", "attachment", "media_type", "sha256", "size", "where"]]
        for e in self.proofs():
            for i, a in enumerate(e.payload.get("attachments", [])):
                digest = sha256(a["data"]).hex() if "data" in a else a["digest"].hex()
                here = "entry" if "data" in a else f"attachments/{digest}"
                where = here if here == "entry" or here in self.files else "elsewhere"
                lines.append([e.index, i, a["mediaType"], digest, len(a["data"]) if "data" in a else a["size"], where])
        return "".join(map(csv_line, lines)).encode()

    def consistency(self):
        """RFC 9162 2.1.4.1, from the nodes of the one proof."""

        def sub(m, start, end, whole):
            n = end - start
            if m == n:
                return [] if whole else [self.nodes[start, end]]
            k = 1 << ((n - 1).bit_length() - 1)
            if m <= k:
                return sub(m, start, start + k, whole) + [self.nodes[start + k, end]]
            return sub(m - k, start + k, end, False) + [self.nodes[start, start + k]]

        hashes_ = sub(self.start.size, 0, self.end.size, True) if 0 < self.start.size else []
        return "".join(base64.b64encode(h).decode() + "\n" for h in hashes_).encode()

    def made_again(self):
        made = {"entries/index.csv": self.index_csv(), "keys.json": write_json(self.keys()), "attachments.csv": self.attachments_csv()}
        if self.start is not None:
            made["heads/consistency.txt"] = self.consistency()
        differ = [n for n in made if made[n] != self.files[n]]
        need(not differ, f"{', '.join(differ)}")
        return "not checked", "histories, controls.csv, not-proven.txt, index.html, VERIFY-BY-HAND.md are not made again here"

    def verifier(self):
        if "verify.mjs" not in self.files:
            return "not checked", "there is no verify.mjs"
        return "not checked", f"SHA-256 of verify.mjs is {sha256(self.files['verify.mjs']).hex()}"

    def run(self):
        """Prints a line for each check. Returns whether none failed."""
        names = {"files": "files_", "end head": "end_head", "start head": "start_head", "made again": "made_again"}
        for check in CHECKS:
            try:
                says = getattr(self, names.get(check, check))()
                if check == "entries":
                    check = "start head"
                    self.after_entries()
                    check = "entries"
            except Fault as fault:
                print(f"{check}: failed: {fault}")
                return False
            except Unable as why:
                print(f"{check}: not checked: {why}")
                print("Nothing after it was checked.")
                return False
            if type(says) is tuple:
                print(f"{check}: {says[0]}: {says[1]}")
            else:
                print(f"{check}: ok{f' ({says})' if says else ''}")
        return True


def main(args):
    sys.setrecursionlimit(10000)
    reader, path = None, None
    while args:
        one = args.pop(0)
        if one == "--policy" and args:
            with open(args.pop(0), "rb") as file:
                reader = Trust(file.read())
        elif path is None and not one.startswith("-"):
            path = one
        else:
            path = None
            break
    if path is None:
        print(__doc__)
        return 2
    with open(path, "rb") as file:
        bundle = Bundle(file.read(), reader)
    good = bundle.run()
    for what in bundle.unable:
        print(f"not checked here, since cryptography has no ML-DSA-44: {what}")
    if not good:
        print("NOT VERIFIED")
        return 3
    if reader is None:
        print("INTERNALLY CONSISTENT, UNDER THE KEYS OF THE FILE ITSELF")
        return 5
    print("ENTRIES AUTHENTIC, SUMMARIES NOT COMPARED")
    return 6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
