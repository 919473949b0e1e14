"""The request to pay for, as the environment describes it, and the line that tells what came of it."""

import json
import os

from eth_account import Account
from x402.http import decode_payment_response_header
from x402.mechanisms.evm import EthAccountSigner

URL = os.environ["URL"]
METHOD = os.environ["METHOD"]
BODY = os.environ.get("BODY", "").encode() or None
HEADERS = {"content-type": "application/json"} if BODY else {}
SIGNER = EthAccountSigner(Account.from_key(os.environ["PRIVATE_KEY"]))


def report(response, **more):
    """Prints one line of JSON; httpx and requests name the parts of a response alike."""
    announced = response.headers.get("payment-response")
    settlement = announced and decode_payment_response_header(announced).model_dump(by_alias=True, exclude_none=True)
    print(json.dumps({"status": response.status_code, "body": response.text, "settlement": settlement, **more}))
