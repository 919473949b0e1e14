// `/item` for at most $0.01 from channels, sold by the stock scheme `batch-settlement` over the stock facilitator, in one process.
//
// Settings are environment variables: RPC_URL, PAY_TO, SIGNER_KEY (sends transactions), AUTHORIZER_KEY, READY_FILE.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";

import { x402Facilitator } from "@x402/core/facilitator";
import { x402HTTPResourceServer, x402ResourceServer } from "@x402/core/server";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { BatchSettlementEvmScheme as Facilitating } from "@x402/evm/batch-settlement/facilitator";
import { BatchSettlementEvmScheme as Selling } from "@x402/evm/batch-settlement/server";
import { createWalletClient, http, nonceManager, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";

const { RPC_URL, PAY_TO: payTo, SIGNER_KEY, AUTHORIZER_KEY, READY_FILE } = process.env;
const network = "eip155:84532";

const account = privateKeyToAccount(SIGNER_KEY, { nonceManager });
const options = { account, chain: baseSepolia, transport: http(RPC_URL), pollingInterval: 50 };
const wallet = createWalletClient(options).extend(publicActions);
const signer = toFacilitatorEvmSigner({ ...wallet, address: account.address });
const facilitator = new x402Facilitator().register(network, new Facilitating(signer));
const inProcess = {
  verify: (payload, requirements) => facilitator.verify(payload, requirements),
  settle: (payload, requirements) => facilitator.settle(payload, requirements),
  getSupported: async () => facilitator.getSupported(),
};

const scheme = new Selling(payTo, { receiverAuthorizerSigner: privateKeyToAccount(AUTHORIZER_KEY) });
const accepts = { scheme: "batch-settlement", price: "$0.01", network, payTo, maxTimeoutSeconds: 60 };
const routes = { "/item": { accepts, description: "An item." } };
const seller = new x402HTTPResourceServer(new x402ResourceServer(inProcess).register(network, scheme), routes);
await seller.initialize();

/** A request as the stock server wants it. */
function context(request) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const header = (name) => request.headers[name.toLowerCase()];
  const adapter = {
    getHeader: header,
    getMethod: () => request.method,
    getPath: () => url.pathname,
    getUrl: () => url.href,
    getAcceptHeader: () => header("accept") ?? "",
    getUserAgent: () => header("user-agent") ?? "",
    getQueryParams: () => Object.fromEntries(url.searchParams),
    getQueryParam: (name) => url.searchParams.get(name) ?? undefined,
    getBody: () => undefined,
  };
  return { adapter, path: url.pathname, method: request.method, paymentHeader: header("payment-signature") };
}

async function answer(request) {
  const asked = context(request);
  const result = await seller.processHTTPRequest(asked);
  if (result.type !== "payment-verified") return result.response;
  const body = { item: asked.adapter.getQueryParam("call") ?? null };
  const { paymentPayload, paymentRequirements, declaredExtensions, beforeHandlerSettlement } = result;
  const sent = { request: asked, responseBody: Buffer.from(JSON.stringify(body)), responseHeaders: {} };
  const settled = await seller.processSettlement(
    paymentPayload, paymentRequirements, declaredExtensions, sent, undefined, beforeHandlerSettlement,
  );
  return settled.success ? { status: 200, headers: settled.headers, body } : settled.response;
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await answer(request);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body ?? {}));
});
server.listen(0, "127.0.0.1", () => writeFileSync(READY_FILE, `127.0.0.1:${server.address().port}`));
