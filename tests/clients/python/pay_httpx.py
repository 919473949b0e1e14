"""Pays for one request with the httpx client of x402."""

import asyncio

from x402 import x402Client
from x402.http.clients import x402HttpxClient
from x402.mechanisms.evm.exact import register_exact_evm_client

from call import BODY, HEADERS, METHOD, SIGNER, URL, report


async def main():
    payer = register_exact_evm_client(x402Client(), SIGNER)
    async with x402HttpxClient(payer) as client:
        report(await client.request(METHOD, URL, content=BODY, headers=HEADERS))


asyncio.run(main())
