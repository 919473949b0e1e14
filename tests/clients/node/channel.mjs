// Buys from a channel with @x402/fetch and the stock scheme `batch-settlement`: as many different calls as asked for, then
// a refund if asked for. The first call opens the channel.

import { BatchSettlementEvmScheme } from "@x402/evm/batch-settlement/client";
import { decodePaymentResponseHeader, wrapFetchWithPaymentFromConfig } from "@x402/fetch";
import { createPublicClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";

import { init, PRIVATE_KEY, url } from "./call.mjs";

const { RPC_URL, CALLS = "1", FORGET, REFUND } = process.env;

const account = privateKeyToAccount(PRIVATE_KEY);
const chain = createPublicClient({ chain: baseSepolia, transport: http(RPC_URL) });
const signer = Object.assign(account, { readContract: (call) => chain.readContract(call) });

/** What the client remembers of its channels, which a test can make it forget. */
const storage = new Map();
const memory = {
  get: async (key) => storage.get(key.toLowerCase()),
  set: async (key, value) => void storage.set(key.toLowerCase(), value),
  delete: async (key) => void storage.delete(key.toLowerCase()),
};

const scheme = new BatchSettlementEvmScheme(signer, { storage: memory, depositPolicy: { depositMultiplier: 10 } });
const pay = wrapFetchWithPaymentFromConfig(fetch, { schemes: [{ network: "eip155:*", client: scheme }] });

const answers = [];
for (let call = 0; call < Number(CALLS); call += 1) {
  if (FORGET === String(call)) storage.clear();
  const response = await pay(`${url}?call=${call}`, init);
  const announced = response.headers.get("payment-response");
  answers.push({
    status: response.status,
    body: await response.text(),
    settlement: announced && decodePaymentResponseHeader(announced),
  });
}
const refund = REFUND && (await scheme.refund(url, REFUND === "all" ? {} : { amount: REFUND }));
console.log(JSON.stringify({ answers, refund: refund || null, channels: [...storage.entries()] }));
