"""Pays for one request with the requests client of x402.

Where TIMEOUT is set, in seconds, every attempt is given up after it, and the same payment is sent again.
"""

import os

from urllib3 import Retry
from x402 import x402ClientSync
from x402.http.clients import x402_requests
from x402.mechanisms.evm.exact import register_exact_evm_client

from call import BODY, HEADERS, METHOD, SIGNER, URL, report

TIMEOUT = float(os.environ.get("TIMEOUT", 0)) or None
RETRIES = Retry(total=100, allowed_methods=None) if TIMEOUT else Retry(0)

payer = register_exact_evm_client(x402ClientSync(), SIGNER)
with x402_requests(payer, max_retries=RETRIES) as session:
    response = session.request(METHOD, URL, data=BODY, headers=HEADERS, timeout=TIMEOUT)
    report(response, retries=len(response.raw.retries.history))
