// Pays for one request with @x402/fetch: version 2 of the protocol.

import { ExactEvmScheme } from "@x402/evm";
import { decodePaymentResponseHeader, wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";

import { init, PRIVATE_KEY, report, url } from "./call.mjs";

const scheme = new ExactEvmScheme(privateKeyToAccount(PRIVATE_KEY));
const pay = wrapFetchWithPaymentFromConfig(fetch, { schemes: [{ network: "eip155:*", client: scheme }] });

await report(await pay(url, init), "payment-response", decodePaymentResponseHeader);
