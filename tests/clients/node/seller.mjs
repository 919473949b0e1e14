// `GET /answer` for $0.01 behind @x402/express over the facilitator of @x402/evm, in one process, in memory.
//
// Settings are environment variables: RPC_URL, PAY_TO, SIGNER_KEY (sends transactions), READY_FILE; and CHANNEL_KEY, the
// receiver's authorizer, where the route is sold from channels instead of by `exact`.

import { writeFileSync } from "node:fs";

import { x402Facilitator } from "@x402/core/facilitator";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { BatchSettlementEvmScheme as FacilitatingChannels } from "@x402/evm/batch-settlement/facilitator";
import { BatchSettlementEvmScheme as SellingChannels } from "@x402/evm/batch-settlement/server";
import { ExactEvmScheme as FacilitatingExact } from "@x402/evm/exact/facilitator";
import { ExactEvmScheme as SellingExact } from "@x402/evm/exact/server";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import express from "express";
import { createWalletClient, http, nonceManager, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";

const { RPC_URL, PAY_TO: payTo, SIGNER_KEY, CHANNEL_KEY, READY_FILE } = process.env;
const network = "eip155:84532";

// Left alone, a receipt is asked for every four seconds, and two transactions at once take the same nonce.
const account = privateKeyToAccount(SIGNER_KEY, { nonceManager });
const options = { account, chain: baseSepolia, transport: http(RPC_URL), pollingInterval: 50 };
const wallet = createWalletClient(options).extend(publicActions);
const signer = toFacilitatorEvmSigner({ ...wallet, address: account.address });

const channels = () => ({
  scheme: "batch-settlement",
  facilitating: new FacilitatingChannels(signer),
  selling: new SellingChannels(payTo, { receiverAuthorizerSigner: privateKeyToAccount(CHANNEL_KEY) }),
});
const exact = () => ({ scheme: "exact", facilitating: new FacilitatingExact(signer), selling: new SellingExact() });
const { scheme, facilitating, selling } = CHANNEL_KEY ? channels() : exact();

const facilitator = new x402Facilitator().register(network, facilitating);
const inProcess = {
  verify: (payload, requirements) => facilitator.verify(payload, requirements),
  settle: (payload, requirements) => facilitator.settle(payload, requirements),
  getSupported: async () => facilitator.getSupported(),
};
const server = new x402ResourceServer(inProcess).register(network, selling);
const accepts = { scheme, price: "$0.01", network, payTo, maxTimeoutSeconds: 60 };

const app = express();
app.use(paymentMiddleware({ "GET /answer": { accepts, description: "The answer." } }, server));
app.get("/answer", (request, response) => response.json({ answer: 42, call: request.query.call }));
const listening = app.listen(0, "127.0.0.1", () => {
  writeFileSync(READY_FILE, `127.0.0.1:${listening.address().port}`);
});
