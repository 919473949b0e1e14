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

function tell(receipt) {
  const { answer, settlement } = receipt;
  const good = receipt.status === 200;
  show("verdict", good ? answer.verdict : `${answer.verdict || answer.reason}: ${answer.detail}`, good ? "good" : "bad");
  show("charged", good ? receipt.price : "nothing");
  show("receipt", settlement && settlement.transaction
    ? `transaction ${settlement.transaction}, paid by ${receipt.payer}`
    : "none: no payment was settled");
  const from = answer.provenance;
  show("fetched", from
    ? `${from.final_url} from ${from.peer.ip} over ${from.peer.http}${from.peer.tls ? " and " + from.peer.tls : ""}, ${from.raw_bytes} bytes, SHA-256 ${from.raw_sha256}; all in ${receipt.elapsed_ms} ms`
    : "not delivered");
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
