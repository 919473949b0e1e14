// Pays for one request with x402-fetch: version 1 of the protocol.

import { createSigner, decodeXPaymentResponse, wrapFetchWithPayment } from "x402-fetch";

import { init, PRIVATE_KEY, report, url } from "./call.mjs";

const pay = wrapFetchWithPayment(fetch, await createSigner("base-sepolia", PRIVATE_KEY));

await report(await pay(url, init), "x-payment-response", decodeXPaymentResponse);
