// Buys the page that is asked for, and shows what came of it.
const at = id => document.getElementById(id);
const browser = document.body.dataset.browser === "true";

function show(id, text, kind) {
  at(id).textContent = text;
  at(id).className = kind || "";
}

function picture(answer) {
  const shot = answer.rendered && answer.rendered.screenshot;
  at("picture").replaceChildren();
  if (!shot) {
    at("picture").textContent = browser ? "No picture." : "This service has no browser, so there is no picture.";
    return;
  }
  const image = new Image();
  image.alt = "The page as a browser shows it";
  image.src = "data:image/png;base64," + shot;
  at("picture").append(image);
}

// What shows that a page is what it is taken for.
function shows(problem) {
  const sign = ({ sign, detail }) => sign.replaceAll("_", " ") + (detail ? ` (${detail})` : "");
  return (problem.evidence || []).map(sign).join(", ") || problem.detail;
}

function came(answer) {
  const from = answer.provenance;
  if (!from) {
    return answer.final_url ? `${answer.final_url}, status ${answer.page_status}` : "not at all";
  }
  const { ip, http, tls } = from.peer;
  return `${from.final_url} from ${ip} over ${tls ? `${http} and ${tls}` : http}, ${from.raw_bytes} bytes, SHA-256 ${from.raw_sha256}`;
}

// What was paid, and the seller's signature under it to keep.
function sign({ settlement, payer }) {
  if (!settlement || !settlement.transaction) {
    show("receipt", "none: no payment was settled");
    return;
  }
  show("receipt", `transaction ${settlement.transaction}, paid by ${payer}`);
  const signed = document.createElement("a");
  signed.textContent = "signed by the seller";
  signed.download = "receipt.json";
  signed.href = "data:application/json," + encodeURIComponent(JSON.stringify(settlement, null, 2));
  at("receipt").append(", ", signed);
}

function tell(receipt) {
  const { answer } = receipt;
  const good = receipt.status === 200;
  show("verdict", good ? answer.verdict : `${answer.verdict || answer.reason}: ${shows(answer)}`, good ? "good" : "bad");
  show("charged", good ? receipt.price : "nothing");
  sign(receipt);
  show("fetched", `${came(answer)}; all in ${receipt.elapsed_ms} ms`);
  at("facts").hidden = false;
  at("result").hidden = !good;
  if (good) {
    picture(answer);
    at("content").srcdoc = receipt.rendered;
  }
}

at("ask").addEventListener("submit", async event => {
  event.preventDefault();
  const button = event.submitter || at("ask").querySelector("button");
  button.disabled = true;
  try {
    const body = JSON.stringify({ url: at("url").value, screenshot: browser });
    const bought = await fetch("/demo", { method: "POST", headers: { "content-type": "application/json" }, body });
    const receipt = await bought.json();
    if (bought.ok) {
      tell(receipt);
    } else {
      show("verdict", receipt.detail, "bad");
      at("facts").hidden = false;
    }
  } finally {
    button.disabled = false;
  }
});
