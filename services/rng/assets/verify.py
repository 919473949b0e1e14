#!/usr/bin/env python3
"""Checks the receipt of a draw: that the values follow from a proof over your payment and your request, under a key that
was public beforehand, and that the draw is in the log. Standard library only; nothing is sent anywhere.

    python3 verify.py RECEIPT.json [--key 0x...] [--log ORIGIN 0x...] [--checkpoint FILE]

RECEIPT.json is a draw's answer, or a file that `buyer` saved: then key and log are taken from the offer in it, whose
signature `buyer verify` checks. What you do not name is taken on the receipt's word. Exit status 0: it holds; 1: it does not.

`checked` is the whole argument; what it calls follows in the same order, and the arithmetic comes last. The construction
is rng/v1; the numbers in brackets are sections of RFC 9381 unless another document is named.
"""
import argparse, base64, bisect, hashlib, hmac, itertools, json, struct, sys, urllib.parse

sha256 = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
sha512 = lambda *parts: hashlib.sha512(b"".join(parts)).digest()


class Refused(Exception):
    """Why a receipt does not hold: a word on which all verifiers agree, and an explanation."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def require(holds, code, why):
    if not holds:
        raise Refused(code, why)


# ---- the receipt

MEMBERS = ("format", "epoch", "scheme", "chainId", "asset", "payer", "nonce", "mode", "binding", "request", "requestHash",
           "publicKey", "proof", "values", "log")
GENESIS, PERIOD, DELAY = 1692803367, 3, 6  # of drand's quicknet, in seconds


def checked(receipt, trust):
    only(receipt, *MEMBERS)
    require(receipt["format"] == "rng/v1", "format", "unknown format")
    request, beacon = canonical(receipt["request"]), beacon_of(receipt)
    digest = request_hash(request)
    require(hexed(receipt["requestHash"], 32) == digest, "request", "the hash is not the request's")
    require((request.get("mode") == "beacon") == bool(beacon), "request", "another mode than asked for")
    require(int(request.get("epoch", receipt["epoch"])) == receipt["epoch"], "request", "another epoch than asked for")
    bound = check_binding(receipt, request)

    key, known = hexed(receipt["publicKey"], 32), trust.get("key")
    require(not known or key == hexed(known, 32), "key", "another key than the known one")
    round_and_signature = bytes(57)
    if beacon:
        due = -(-(beacon["acceptedAt"] + DELAY - GENESIS) // PERIOD) + 1
        require(beacon["round"] == due, "beacon", "not the round that the time of acceptance calls for")
        round_and_signature = struct.pack(">BQ", 1, beacon["round"]) + hexed(beacon["signature"], 48)
    scheme = {"exact": 1, "channel": 2}[receipt["scheme"]]
    alpha = (b"rng/v1" + struct.pack(">IBQ", receipt["epoch"], scheme, receipt["chainId"]) + hexed(receipt["asset"], 20)
             + hexed(receipt["payer"], 20) + hexed(receipt["nonce"], 32) + digest + round_and_signature)
    beta = vrf_verify(key, alpha, hexed(receipt["proof"], 80))
    require(list(map(plain, receipt["values"])) == list(map(plain, expand(beta, request))), "values", "the values are not those of the proof")
    logged = check_log(receipt, alpha, trust)
    return [
        "values        follow from the proof",
        "key           %s, %s" % (receipt["publicKey"], trust.get("by", "the known one") if known else "ON THE RECEIPT'S WORD"),
        "payment       nonce %s, %s" % (receipt["nonce"], bound),
        "log           " + logged + ("" if trust.get("log") else ", ON THE RECEIPT'S WORD"),
        "beacon signature: not checked (round %d)" % beacon["round"] if beacon else "beacon        none: the operator knew first",
    ]


def verify(receipt, trust):
    """What is known of a receipt that holds, line by line. Raises Refused for one that does not."""
    try:
        return checked(receipt, trust)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        raise Refused("format", "not a receipt of a draw: %r" % error)


def beacon_of(receipt):
    mode = receipt["mode"]
    return None if mode == "instant" else only(only(mode, "beacon")["beacon"], "round", "signature", "acceptedAt")


TYPES = {"floats": (int, float), "passwords": (str,), "uuids": (str,)}  # of a value; the others' are int


def plain(draw):
    """The values of a draw as they compare, whichever of the ways to write them a receipt chose."""
    op, result = only(draw, "op", "result")["op"], draw["result"]
    if op == "bytes":
        return op, hexed(result, len(result) // 2 - 1)
    if op == "integers":
        return op, [decimal(value) for value in result]
    require(op in OPERATIONS and all(type(value) in TYPES.get(op, (int,)) for value in result), "format", "no such value")
    return op, result


# ---- the request

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
OPERATIONS = {  # the members of each, with defaults
    "bytes": {"count": "32"}, "integers": {"min": None, "max": None, "count": "1"}, "floats": {"count": "1"},
    "dice": {"count": "1", "sides": None}, "shuffle": {"n": None}, "sample": {"n": None, "k": None},
    "weighted": {"weights": None, "count": "1"}, "uuids": {"count": "1"},
    "passwords": {"length": None, "charset": ALPHANUMERIC, "count": "1"},
}


def canonical(request):
    """With all defaults filled in."""
    only(request, "clientSeed", "draws", "epoch", "label", "mode")
    full = {**request, "draws": [canonical_draw(draw) for draw in request["draws"]]}
    if "epoch" in full:
        full["epoch"] = decimal(full["epoch"])
    if full.get("mode") == "instant":
        del full["mode"]
    return full


def canonical_draw(draw):
    members = OPERATIONS[draw["op"]]
    only(draw, "op", *members)
    full = {**members, **draw}
    for name in members.keys() - {"charset", "weights"}:
        full[name] = decimal(full[name])
    if "weights" in full:
        full["weights"] = [decimal(weight) for weight in full["weights"]]
    return full


def request_hash(request):
    """SHA-256 over canonical JSON (RFC 8785), which holds no numbers."""
    return sha256(json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def request_of_query(query):
    """The request that a GET's query stands for."""
    given = urllib.parse.parse_qsl(query, keep_blank_values=True)
    q = dict(given)
    require(len(q) == len(given), "binding", "a parameter occurs twice")
    request = {name: q.pop(name) for name in ("clientSeed", "label", "epoch", "mode") if name in q}
    kinds = {"bytes": "count", "floats": "count", "uuids": "count", "passwords": "length", "shuffle": "n",
             "dice": None, "sample": None, "weights": None}
    kind = next((kind for kind in kinds if kind in q), "integers" if q else "bytes")
    value = q.pop(kind, None)
    draw = {"op": kind}
    if kind == "dice":
        count, draw["sides"] = value.split("d")
        draw["count"] = count or "1"
    elif kind == "sample":
        draw["k"], draw["n"] = value.split("/")
    elif kind == "weights":
        draw = {"op": "weighted", "weights": value.split(",")}
    elif value is not None:
        draw[kinds[kind]] = value
    return canonical({**request, "draws": [dict(**draw, **q)]})  # a parameter that does not go with the kind is refused


# ---- the binding of the payment to the request


def check_binding(receipt, request):
    nonce, binding = hexed(receipt["nonce"], 32), receipt["binding"]
    (kind,) = ("plain",) if binding == "plain" else binding
    require((kind == "channel") == (receipt["scheme"] == "channel"), "binding", "scheme and binding are not of one payment")
    if kind == "plain":
        require(nonce[:4] != b"x4b1", "binding", "the nonce claims to be bound, the receipt calls it plain")
        return "not bound to the request"
    if kind == "channel":
        call = binding["channel"]
        only(call, "channelId", "base")
        name = b"rng-channel/v1" + hexed(call["channelId"], 32) + struct.pack(">QQ", 0, int(decimal(call["base"])))
        require(nonce == keccak256(name), "binding", "the nonce is not that of this call")
        return "the call at %s of channel %s" % (call["base"], call["channelId"])
    commit = binding["commit"]
    only(commit, "preimage", "body", "salt")
    digest = keccak256(b"x402-bind/v1" + sha256(commit["preimage"].encode()) + hexed(commit["salt"], 32))
    require(nonce == b"x4b1" + digest[:28], "binding", "the nonce does not commit to this HTTP request")
    require(asked(commit["preimage"], commit.get("body", "")) == request, "binding", "another draw was asked for")
    return "bound to the request"


def asked(preimage, body):
    """The draw that an HTTP request asks for; nothing where it asks for none."""
    try:
        version, method, _, target, body_hash, _, _ = preimage.split("\n")
        require(version == "x402-req/v1" and body_hash == sha256(body.encode()).hex(), "binding", "another body or version")
        return canonical(read_json(body)) if method == "POST" else request_of_query(target.partition("?")[2])
    except (Refused, AttributeError, LookupError, TypeError, ValueError):
        return None


# ---- the verifiable random function: ECVRF-EDWARDS25519-SHA512-TAI


def vrf_verify(key, alpha, proof):
    """The output that the proof shows [5.3], with the key validated [5.4.5] and s below the order [5.4.4]."""
    y = decode(key)
    require(y and not is_small(y), "key", "the public key is refused")
    gamma, c, s = decode(proof[:32]), int.from_bytes(proof[32:48], "little"), int.from_bytes(proof[48:], "little")
    require(gamma and s < Q, "proof", "the proof is malformed")
    for counter in range(256):  # [5.4.1.1]
        h = decode(sha512(b"\x03\x01", key, alpha, bytes([counter, 0]))[:32])
        if h and not is_small(h):
            h = times(8, h)
            break
    u = add(times(s, BASE), negative(times(c, y)))
    v = add(times(s, h), negative(times(c, gamma)))
    digest = sha512(b"\x03\x02", key, encode(h), proof[:32], encode(u), encode(v), b"\x00")
    require(digest[:16] == proof[32:48], "proof", "the proof is not for this key and this payment and request")
    return vrf_output(proof)


def vrf_output(proof):
    return sha512(b"\x03\x03", encode(times(8, decode(proof[:32]))), b"\x00")  # [5.2]


# ---- from the output to the values


def expand(beta, request):
    return [{"op": draw["op"], "result": values(draw, stream(beta, i))} for i, draw in enumerate(request["draws"])]


def stream(beta, index):
    """Numbers of 64 bits: ChaCha20 (RFC 8439) with nonce 0, under HKDF-SHA512 (RFC 5869) of beta."""
    prk = hmac.digest(bytes(64), beta, "sha512")
    key = hmac.digest(prk, b"rng/v1/stream" + struct.pack(">I", index) + b"\x01", "sha512")[:32]
    for counter in itertools.count():
        yield from struct.unpack("<8Q", chacha20(key, counter))


def uniform(numbers, n):
    """Below n, each as likely: what is above the last multiple of n is passed over."""
    return next(number for number in numbers if number < 2**64 - 2**64 % n) % n


def take(numbers, count):
    return b"".join(next(numbers).to_bytes(8, "little") for _ in range((count + 7) // 8))[:count]


def values(draw, numbers):
    op, count = draw["op"], int(draw.get("count", 0))
    below, each = lambda n: uniform(numbers, n), lambda value: [value() for _ in range(count)]
    if op == "bytes":
        return "0x" + take(numbers, count).hex()
    if op == "integers":
        least, most = int(draw["min"]), int(draw["max"])
        return each(lambda: str(least + below(most - least + 1)))
    if op == "floats":
        return each(lambda: (next(numbers) >> 11) * 2.0**-53)
    if op == "dice":
        return each(lambda: 1 + below(int(draw["sides"])))
    if op == "shuffle":
        order = list(range(int(draw["n"])))
        for i in range(len(order) - 1, 0, -1):
            j = below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order
    if op == "sample":  # a shuffle from the front, of which only what was moved is kept
        n, moved, drawn = int(draw["n"]), {}, []
        for i in range(int(draw["k"])):
            j = i + below(n - i)
            drawn.append(moved.get(j, j))
            moved[j] = moved.get(i, i)
        return drawn
    if op == "weighted":  # the first whose sum with those before it is above a number below the whole sum
        sums = list(itertools.accumulate(map(int, draw["weights"])))
        return each(lambda: bisect.bisect_right(sums, below(sums[-1])))
    if op == "passwords":
        letters, length = draw["charset"], int(draw["length"])
        return each(lambda: "".join(letters[below(len(letters))] for _ in range(length)))
    return each(lambda: uuid(bytearray(take(numbers, 16))))


def uuid(b):
    b[6], b[8] = b[6] & 0x0F | 0x40, b[8] & 0x3F | 0x80  # version 4, variant 1
    return "-".join((b[:4].hex(), b[4:6].hex(), b[6:8].hex(), b[8:10].hex(), b[10:].hex()))


# ---- the log


def check_log(receipt, alpha, trust):
    log = receipt.get("log")
    if log is None:
        require(not trust.get("log"), "unlogged", "the receipt has no promise of the log")
        return "in no log"
    only(log, "origin", "publicKey", "blind", "promise", "proof")
    origin, key = log["origin"], hexed(log["publicKey"], 32)
    if trust.get("log"):
        known = (trust["log"]["origin"], hexed(trust["log"]["publicKey"], 32))
        require(known == (origin, key), "log", "the receipt names another log")

    # The entries that must be there: the draw's, that of its key, and of a draw by the beacon that of its acceptance.
    payer, label = hexed(receipt["payer"], 20), receipt["request"].get("label", "").encode()
    by = sha256(b"rng/ctx/v1", payer, label) + sha256(b"rng/payer/v1", payer)
    epoch, beacon = struct.pack(">I", receipt["epoch"]), beacon_of(receipt)
    accept_hash = sha256(b"rng/accept/v1", alpha[:-48], bytes(48)) if beacon else bytes(32)
    commitment = sha256(b"rng/commit/v1", hexed(log["blind"], 32), alpha, hexed(receipt["proof"], 80))
    mode = b"\x01" if beacon else b"\x00"
    entry = b"\x02" + epoch + mode + by + sha256(b"rng/alpha/v1", alpha) + commitment + accept_hash

    lines = open_note(log["promise"], origin, key)
    require(len(lines) == 5 and lines[:2] == ["rng/promise/v1", origin], "note", "no promise of this log")
    require(unbase64(lines[2]) == sha256(b"\x00", entry), "note", "the promise is not for this draw")
    proof = log.get("proof")
    if proof is None:
        return "promised to be in the log %s by %s (seconds since 1970)" % (origin, decimal(lines[3]))
    only(proof, "checkpoint", "draw", "key", "keyLoggedAt", "accept")
    size, root = open_checkpoint(proof["checkpoint"], origin, key)
    if trust.get("checkpoint"):
        other_size, other_root = open_checkpoint(trust["checkpoint"], origin, key)
        require(size != other_size or root == other_root, "split-view", "SPLIT VIEW: two signed trees of one size")
    key_entry = b"\x01" + epoch + hexed(receipt["publicKey"], 32) + struct.pack(">Q", proof["keyLoggedAt"])
    at, key_at = check_inclusion(entry, proof["draw"], size, root), check_inclusion(key_entry, proof["key"], size, root)
    require(key_at <= at, "order", "the draw was logged before its key")
    require(bool(beacon) == bool(proof.get("accept")), "inclusion", "acceptance and mode do not go together")
    if beacon:
        accept = b"\x03" + epoch + by + accept_hash + struct.pack(">QQ", beacon["round"], beacon["acceptedAt"])
        require(check_inclusion(accept, proof["accept"], size, root) < at, "order", "drawn before it was accepted")
    return "entry %d of %d in the log %s" % (at, size, origin)


def open_note(note, origin, key):
    """The lines of a C2SP signed note that this key signed."""
    text, separator, signatures = note.rpartition("\n\n")
    require(separator and signatures.endswith("\n"), "note", "no signed note")
    signed = False
    for line in signatures[:-1].split("\n"):
        require(line.startswith("\u2014 ") and line.count(" ") == 2, "note", "no signed note")
        _, name, signature = line.split(" ")
        signature = unbase64(signature)
        if name == origin and signature[:4] == sha256(origin.encode(), b"\n\x01", key)[:4]:
            holds = ed25519_verify(key, text.encode() + b"\n", signature[4:])
            require(holds, "note", "the log's signature does not hold")
            signed = True
    require(signed, "note", "the note is not signed by the log's key")
    return (text + "\n").split("\n")


def open_checkpoint(note, origin, key):
    lines = open_note(note, origin, key)
    require(len(lines) >= 4 and lines[0] == origin, "note", "no checkpoint of this log")
    size, root = int(decimal(lines[1])), unbase64(lines[2])
    require(len(root) == 32, "note", "no checkpoint of this log")
    return size, root


def check_inclusion(entry, place, size, root):
    """Where the entry is shown to be (RFC 9162, section 2.1.3.2)."""
    only(place, "index", "path")
    at, last, value = place["index"], size - 1, sha256(b"\x00", entry)
    require(type(at) is int and at >= 0, "format", "no index")
    require(at < size, "inclusion", "the entry lies outside the tree")
    for sibling in place["path"]:
        sibling = hexed(sibling, 32)
        require(last > 0, "inclusion", "the path is too long")
        if at & 1 or at == last:
            value = sha256(b"\x01", sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = sha256(b"\x01", value, sibling)
        at, last = at >> 1, last >> 1
    require(last == 0 and value == root, "inclusion", "the path does not lead to the root")
    return place["index"]


# ---- the curve edwards25519 and Ed25519 (RFC 8032, section 5.1), points as (X, Y, Z, T)

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    result = IDENTITY
    while n:
        if n & 1:
            result = add(result, p)
        p, n = add(p, p), n >> 1
    return result


def negative(p):
    return (P - p[0], p[1], p[2], P - p[3])


def encode(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point with this one canonical encoding, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = decode(bytes.fromhex("58" + "66" * 31))
is_small = lambda p: encode(times(8, p)) == encode(IDENTITY)


def ed25519_verify(key, text, signature):
    """Strict: no small order, nothing in a second spelling."""
    a, r, s = decode(key), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not a or not r or s >= Q or is_small(a) or is_small(r):
        return False
    k = int.from_bytes(sha512(signature[:32], key, text), "little") % Q
    return encode(add(times(s, BASE), negative(times(k, a)))) == signature[:32]


# ---- a cipher and a hash that the standard library lacks


def chacha20(key, counter):
    """A block of RFC 8439, with nonce 0."""
    start = struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) + (counter, 0, 0, 0)
    x = list(start)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for i, j, k, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[i] = x[i] + x[j] & 0xFFFFFFFF
                t = x[k] ^ x[i]
                x[k] = (t << n | t >> 32 - n) & 0xFFFFFFFF
    return struct.pack("<16I", *(a + b & 0xFFFFFFFF for a, b in zip(x, start)))


def keccak256(data):
    """Keccak with 1088 bits of rate and the padding 01 of Ethereum."""
    rotate = lambda v, n: (v << n | v >> 64 - n) & 2**64 - 1
    state, rate = [[0] * 5 for _ in range(5)], 136
    free = rate - len(data) % rate
    data += b"\x81" if free == 1 else b"\x01" + bytes(free - 2) + b"\x80"
    for block in range(0, len(data), rate):
        for i in range(rate // 8):
            state[i % 5][i // 5] ^= int.from_bytes(data[block + 8 * i:block + 8 * i + 8], "little")
        lfsr = 1
        for _ in range(24):
            c = [col[0] ^ col[1] ^ col[2] ^ col[3] ^ col[4] for col in state]
            d = [c[(x - 1) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
            state = [[lane ^ d[x] for lane in state[x]] for x in range(5)]
            x, y, current = 1, 0, state[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, state[x][y] = state[x][y], rotate(current, (t + 1) * (t + 2) // 2 % 64)
            state = [[state[x][y] ^ ~state[(x + 1) % 5][y] & state[(x + 2) % 5][y] for y in range(5)] for x in range(5)]
            for j in range(7):
                lfsr = (lfsr << 1 ^ (lfsr >> 7) * 0x71) % 256
                state[0][0] ^= (lfsr >> 1 & 1) << (1 << j) - 1
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


# ---- reading: everything has one spelling, and what is not known is not passed over


def only(value, *names):
    require(set(value) <= set(names), "format", "unknown members")
    return value


def decimal(value):
    """The digits of an integer; JSON numbers would be doubles to some."""
    require(type(value) in (int, str) and str(int(value)) == str(value), "format", "no integer")
    return str(value)


def hexed(text, length):
    data = bytes.fromhex(text[2:]) if text[:2] == "0x" else b""
    require(len(data) == length and len(text) == 2 + 2 * length, "format", "not %d bytes of hex: %s" % (length, text))
    return data


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    require(base64.b64encode(data).decode() == text, "note", "not base64")
    return data


def read_json(text):
    def members(pairs):
        require(len(dict(pairs)) == len(pairs), "format", "a member occurs twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=members)


def main():
    read = lambda path: open(path, encoding="utf-8").read()
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("receipt", metavar="RECEIPT.json")
    options.add_argument("--key", metavar="0x...")
    options.add_argument("--log", nargs=2, metavar=("ORIGIN", "0x..."))
    options.add_argument("--checkpoint", metavar="FILE")
    given = options.parse_args()
    try:
        receipt, trust = read_json(read(given.receipt)), {}
        if "draw" in receipt:  # a file of `buyer`
            offered = receipt["offer"]["requirements"]["extra"]["rng"]
            trust = {"key": offered["publicKey"], "log": offered.get("log"), "by": "the one of the offer in this file"}
            receipt = receipt["draw"]
        if given.key:
            trust.update(key=given.key, by="the known one")
        if given.log:
            trust["log"] = dict(zip(("origin", "publicKey"), given.log))
        if given.checkpoint:
            trust["checkpoint"] = read(given.checkpoint)
        print("\n".join(verify(receipt, trust)))
        print("the receipt holds" if given.key else "the receipt holds, if this key is the seller's: name it with --key")
    except (Refused, LookupError, TypeError, ValueError) as refused:
        print("THE RECEIPT DOES NOT HOLD (%s): %s" % (getattr(refused, "code", "format"), refused))
        sys.exit(1)


if __name__ == "__main__":
    main()
