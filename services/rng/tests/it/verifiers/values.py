"""The values of each receipt, recomputed from its proof and request: SHA-256 of their texts as JSON, a line each."""
import hashlib, json, os, sys

sys.path.insert(0, os.environ["ASSETS"])
sys.dont_write_bytecode = True
import verify


def text(value):
    """A number as Rust writes it: shortest, never with an exponent."""
    if not isinstance(value, float):
        return str(value)
    shortest = repr(value)
    if "e" in shortest:
        digits, exponent = shortest.split("e-")
        shortest = "0." + "0" * (int(exponent) - 1) + digits.replace(".", "")
    return shortest[:-2] if shortest.endswith(".0") else shortest


for line in sys.stdin:
    receipt = json.loads(line)
    beta = verify.vrf_output(verify.hexed(receipt["proof"], 80))
    drawn = verify.expand(beta, verify.canonical(receipt["request"]))
    texts = [[d["op"], [text(v) for v in ([d["result"]] if d["op"] == "bytes" else d["result"])]] for d in drawn]
    shown = json.dumps(texts, separators=(",", ":"), ensure_ascii=False)
    print(hashlib.sha256(shown.encode()).hexdigest())
