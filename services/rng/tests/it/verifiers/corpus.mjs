// The verdict on each case of the corpus, a line each.
import { lines, verify } from "./module.mjs";

for await (const line of lines) {
  const { receipt, trust } = JSON.parse(line);
  console.log(verify(JSON.stringify(receipt), trust).verdict);
}
