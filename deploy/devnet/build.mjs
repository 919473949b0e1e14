// Compiles contracts/*.sol into contracts.json, which the Rust crate `devnet` embeds, so that only a change of a
// contract needs the Solidity compiler. `--check` writes nothing and fails when the committed file is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const library = createRequire(import.meta.url);
const OUTPUT = here("contracts.json");

const SETTLEMENT = "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003";

// A contract with an address is etched there when the chain starts; one without is deployed by whoever needs it.
// `constructed` are the addresses that its constructor takes.
const CONTRACTS = {
  TestUSDC: { address: "0x036CbD53842c5426634e7929541eC2318f3dCF7e" },
  Multicall3: { address: "0xcA11bde05977b3631167028862bE2a173976CA11" },
  x402BatchSettlement: { address: SETTLEMENT },
  ERC3009DepositCollector: { address: "0x4020806089470a89826cB9fB1f4059150b550004", constructed: [SETTLEMENT] },
  TestWallet: {},
};

// "Transient storage can break composability": OpenZeppelin's guard clears what it stores, which the warning itself calls safe.
const KNOWN = new Set(["2394"]);

const source = (name) => `contracts/${name}.sol`;

const input = {
  language: "Solidity",
  sources: Object.fromEntries(
    Object.keys(CONTRACTS).map((name) => [source(name), { content: readFileSync(here(source(name)), "utf8") }]),
  ),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 10_000 },
    // No hash of the sources inside the code: the same instructions always give the same bytes.
    metadata: { appendCBOR: false },
    outputSelection: { "*": { "*": ["evm.bytecode.object", "metadata"] } },
  },
};

function resolveImport(path) {
  try {
    return { contents: readFileSync(library.resolve(path), "utf8") };
  } catch (error) {
    return { error: String(error) };
  }
}

function compile() {
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolveImport }));
  const problems = (output.errors ?? []).filter((problem) => !KNOWN.has(problem.errorCode));
  for (const problem of problems) console.error(problem.formattedMessage);
  if (problems.length) process.exit(1);
  return output.contracts;
}

function describe(name, compiled) {
  const { evm, metadata } = compiled[source(name)][name];
  const { compiler, sources } = JSON.parse(metadata);
  const { constructed = [], ...placed } = CONTRACTS[name];
  const taken = constructed.map((address) => address.slice(2).toLowerCase().padStart(64, "0")).join("");
  return {
    ...placed,
    initCode: `0x${evm.bytecode.object}${taken}`,
    sourceHash: sources[source(name)].keccak256,
    compiler: compiler.version,
  };
}

const compiled = compile();
const contracts = Object.fromEntries(Object.keys(CONTRACTS).map((name) => [name, describe(name, compiled)]));
const text = `${JSON.stringify(contracts, null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(OUTPUT, text);
} else if (readFileSync(OUTPUT, "utf8") !== text) {
  console.error("contracts.json is not what the sources compile to: run `node build.mjs` and commit the result");
  process.exit(1);
}
