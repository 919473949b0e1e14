"""The verdict on each case of the corpus, a line each."""
import json, os, sys

sys.path.insert(0, os.environ["ASSETS"])
sys.dont_write_bytecode = True
import verify

for line in sys.stdin:
    case = json.loads(line)
    try:
        verify.verify(case["receipt"], case["trust"])
        print("ok")
    except verify.Refused as refused:
        print(refused.code)
