// What a channel took in gas beside payments one by one: node deploy/gas.mjs RPC CHANNEL CALLS EXACT_TRANSACTION
//
// Every transaction that touched the channel is read off the chain. What the seller takes out of all its channels together is not
// in it. Prices are assumptions, and said.
const [rpc, channel, calls, exact] = process.argv.slice(2);
const SETTLEMENT = "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003";
const GWEI = 0.01;
const DOLLARS_PER_ETH = 3000;

async function ask(method, ...params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
  return (await answer.json()).result;
}

const gas = async hash => Number((await ask("eth_getTransactionReceipt", hash)).gasUsed);
const head = Number(await ask("eth_blockNumber"));
const fromBlock = "0x" + Math.max(0, head - 1000).toString(16);
const logs = await ask("eth_getLogs", { address: SETTLEMENT, topics: [null, channel], fromBlock });
const transactions = await Promise.all([...new Set(logs.map(log => log.transactionHash))].map(gas));
const one = await gas(exact);

function line(name, sum, detail) {
  const dollars = (sum * GWEI * 1e-9 * DOLLARS_PER_ETH).toFixed(4);
  console.log(`  ${name.padEnd(14)}${sum.toLocaleString("en").padStart(12)} gas  $${dollars}  (${detail})`);
}
line("from a channel", transactions.reduce((sum, part) => sum + part, 0), transactions.map(part => part.toLocaleString("en")).join(" + "));
line("exact", one * calls, `${calls} x ${one.toLocaleString("en")}, as the draw above`);
console.log(`  measured on this chain; dollars at ${GWEI} gwei and $${DOLLARS_PER_ETH.toLocaleString("en")} an ETH, both assumed`);
