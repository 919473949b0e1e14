// The page's own module and loader, outside of a page.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const asset = (name) => readFileSync(`${process.env.ASSETS}/${name}`);
const loadVerifier = new Function(`${asset("verify.js")}; return loadVerifier;`)();
export const verify = await loadVerifier(asset("verifier.wasm"));
export const lines = createInterface({ input: process.stdin });
