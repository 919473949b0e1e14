// The values of each receipt, which is verified whole: SHA-256 of their texts as JSON, a line each.
import { createHash } from "node:crypto";
import { lines, verify } from "./module.mjs";

for await (const line of lines) {
  const report = verify(line);
  const shown = report.verdict === "ok" ? JSON.stringify(report.values) : report.why;
  console.log(createHash("sha256").update(shown).digest("hex"));
}
