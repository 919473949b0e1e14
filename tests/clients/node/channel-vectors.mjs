// Prints, as JSON, what @x402/evm computes for one channel on Base Sepolia: the vectors that our own digests and signatures
// are compared with. Keys and numbers are fixed, signatures deterministic (RFC 6979).

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import {
  computeChannelId,
  createBatchSettlementEIP3009DepositPayload,
  signVoucher,
} from "@x402/evm/batch-settlement/client";
import { hashTypedData } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const NETWORK = "eip155:84532";
const payer = privateKeyToAccount(`0x${"11".repeat(32)}`);
const authorizer = privateKeyToAccount(`0x${"22".repeat(32)}`);

/** The package signs claims and refunds in a part that it does not export. */
async function internals() {
  const folder = new URL("node_modules/@x402/evm/dist/esm/", import.meta.url);
  const exporting = (file) => /export \{[^}]*signRefund/.test(readFileSync(fileURLToPath(new URL(file, folder)), "utf8"));
  const file = readdirSync(folder).find((name) => name.endsWith(".mjs") && exporting(name));
  return import(new URL(file, folder));
}

/** An account that remembers the digest of what it signed last. */
function recording(account) {
  const signer = {
    address: account.address,
    signTypedData(data) {
      signer.digest = hashTypedData(data);
      return account.signTypedData(data);
    },
  };
  return signer;
}

const { signClaimBatch, signRefund } = await internals();
const requirements = {
  scheme: "batch-settlement",
  network: NETWORK,
  amount: "1000",
  asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  maxTimeoutSeconds: 60,
  extra: { name: "USDC", version: "2", receiverAuthorizer: authorizer.address, withdrawDelay: 900 },
};
const channel = (salt) => ({
  payer: payer.address,
  payerAuthorizer: payer.address,
  receiver: requirements.payTo,
  receiverAuthorizer: authorizer.address,
  token: requirements.asset,
  withdrawDelay: 900,
  salt: `0x${salt.repeat(32)}`,
});
const config = channel("07");
const channelId = computeChannelId(config, NETWORK);

const buyer = recording(payer);
const voucher = await signVoucher(buyer, channelId, "5000", NETWORK);
const voucherDigest = buyer.digest;

const deposit = await createBatchSettlementEIP3009DepositPayload(payer, 2, requirements, config, "100000", "1000");

const claims = [config, channel("08")].map((of) => ({
  voucher: { channel: of, maxClaimableAmount: "5000" },
  signature: voucher.signature,
  totalClaimed: "4000",
}));
const seller = recording(authorizer);
const claimSignature = await signClaimBatch(seller, claims, NETWORK);
const claimDigest = seller.digest;
const refundSignature = await signRefund(seller, channelId, "1500", "3", NETWORK);

console.log(
  JSON.stringify(
    {
      requirements,
      channelConfig: config,
      channelId,
      voucher: { ...voucher, digest: voucherDigest },
      claims,
      claimBatch: { digest: claimDigest, signature: claimSignature },
      refund: { amount: "1500", nonce: "3", digest: seller.digest, signature: refundSignature },
      deposit: deposit.payload,
    },
    null,
    2,
  ),
);
