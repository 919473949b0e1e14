// The page: a receipt that is pasted, dropped or carried in the link's fragment, which browsers do not send.
const at = (id) => document.getElementById(id);
const element = (name, text, parent) => {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
};

function show(report) {
  const result = at("result");
  result.replaceChildren();
  const holds = report.verdict === "ok";
  const reserve = report.keyIsKnown ? "" : ", if this key is the seller's";
  const verdict = element("p", holds ? `The receipt holds${reserve}` : "The receipt does not hold", result);
  verdict.className = holds ? "verdict ok" : "verdict bad";
  result.dataset.verdict = report.verdict;
  if (!holds) element("p", report.why, result);
  const list = element("dl", "", result);
  for (const [name, detail] of report.findings) {
    element("dt", name, list);
    element("dd", detail, list);
  }
  for (const [op, values] of report.values) {
    element("h3", op, result);
    const between = op === "passwords" || op === "uuids" ? "\n" : " "; // a password may have a space in it
    const shown = values.slice(0, 200).join(between);
    element("pre", values.length > 200 ? `${shown} … (${values.length} in all)` : shown, result);
  }
}

function known() {
  const trust = {};
  if (at("key").value.trim()) trust.key = at("key").value.trim();
  const [origin, publicKey] = at("log").value.trim().split(/\s+/);
  if (publicKey) trust.log = { origin, publicKey };
  return trust;
}

const binary = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

loadVerifier(binary(MODULE)).then((verify) => {
  const check = () => show(verify(at("receipt").value, known()));
  const receipt = at("receipt");
  at("verify").addEventListener("click", check);
  receipt.addEventListener("paste", () => setTimeout(check));
  // Anywhere on the page: beside the box, a browser would leave the page and open the file.
  for (const name of ["dragover", "dragleave", "drop"]) {
    addEventListener(name, (event) => {
      event.preventDefault();
      receipt.classList.toggle("over", name === "dragover");
    });
  }
  addEventListener("drop", async (event) => {
    const file = event.dataTransfer.files[0];
    receipt.value = file ? await file.text() : event.dataTransfer.getData("text");
    check();
  });
  at("verify").disabled = false;
  const fromLink = () => {
    if (location.hash.length < 2) return;
    const base64 = location.hash.slice(1).replace(/-/g, "+").replace(/_/g, "/");
    receipt.value = new TextDecoder().decode(binary(base64));
    check();
  };
  addEventListener("hashchange", fromLink);
  fromLink();
});
