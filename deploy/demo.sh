#!/usr/bin/env bash
# A local Base Sepolia, every service on it, and a buyer: what `make demo` and `make up` run.
#
#   deploy/demo.sh          buy one of each, check the receipts, stop everything
#   deploy/demo.sh --stay   stay until Ctrl-C, for you to buy
#
# NETWORK=base-sepolia uses the public test network instead of the local chain. It takes what costs money there from you:
#   X402_RPC_URL, X402_PAY_TO, X402_SIGNER_KEY_FILE (an account with a little test ETH),
#   X402_RECEIPT_KEY_FILE (`rng keygen`), X402_RECEIPT_DELEGATION_FILE (`buyer delegate`),
#   BUYER_KEY_FILE (an account with test USDC), and for the channel X402_CHANNEL_KEY_FILE (an account with a little test ETH)
set -euo pipefail
cd "$(dirname "$0")/.."

bin="target/debug"
data="data/demo"
network="${NETWORK:-devnet}"
pids=()

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

stop() {
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2> /dev/null || continue
    wait "${pids[i]}" 2> /dev/null || true
  done
}
trap stop EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND...: in the background, its log in a file.
start() {
  local name=$1
  shift
  "$@" > "$data/$name.log" 2>&1 &
  pids+=($!)
}

# until_ready NAME TEST...: waits for a condition; shows the log if the program ends first.
until_ready() {
  local name=$1 pid=${pids[-1]}
  shift
  for _ in $(seq 300); do
    if "$@" > /dev/null 2>&1; then return; fi
    if ! kill -0 "$pid" 2> /dev/null; then
      echo "$name did not start:" >&2
      tail -n 20 "$data/$name.log" >&2
      exit 1
    fi
    sleep 0.1
  done
  echo "$name is not ready after 30 s; its log is $data/$name.log" >&2
  exit 1
}

answers() { node -e 'fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$1"; }
field() { node -p "JSON.parse(require('fs').readFileSync('$data/chain.json'))$1"; }

# A key in a file that only its owner may read.
key() {
  (umask 077 && field "$1" > "$2")
}

rm -rf "$data"
mkdir -p "$data"

if [ "$network" = devnet ]; then
  start devnet "$bin/devnet" up --port "${DEVNET_PORT:-8545}" --block-time 2 --ready-file "$data/chain.json"
  until_ready devnet test -s "$data/chain.json"
  key '.accounts[4].private_key' "$data/rng-signer.key"
  key '.accounts[5].private_key' "$data/facilitator-signer.key"
  key '.accounts[10].private_key' "$data/buyer.key"
  key '.accounts[6].private_key' "$data/persona-signer.key"
  persona_signer="$data/persona-signer.key"
  persona_pay_to="$(field .pay_to.persona)"
  key '.accounts[7].private_key' "$data/scraper-signer.key"
  scraper_signer="$data/scraper-signer.key"
  scraper_pay_to="$(field .pay_to.scraper)"
  key '.accounts[11].private_key' "$data/scraper-page.key"
  key '.accounts[8].private_key' "$data/channels.key"
  X402_CHANNEL_KEY_FILE="$data/channels.key"
  export X402_RPC_URL X402_PAY_TO
  X402_RPC_URL="$(field .rpc_url)"
  X402_PAY_TO="$(field .pay_to.rng)"
  rng_signer="$data/rng-signer.key"
  receipt_key="$data/rng-receipt.key"
  receipt_delegation="$data/rng-receipt.json"
  facilitator_signer="$data/facilitator-signer.key"
  export BUYER_KEY_FILE="$data/buyer.key"
else
  rng_signer="${X402_SIGNER_KEY_FILE:?an account that pays the gas}"
  receipt_key="${X402_RECEIPT_KEY_FILE:?made by rng keygen}"
  receipt_delegation="${X402_RECEIPT_DELEGATION_FILE:?made by buyer delegate}"
  facilitator_signer=""
  persona_signer=""
  scraper_signer=""
  : "${X402_RPC_URL:?}" "${X402_PAY_TO:?}" "${BUYER_KEY_FILE:?}"
fi
export X402_NETWORK="$network" BUYER_RPC_URL="$X402_RPC_URL" BUYER_DATA="$data/buyer" BUYER_NETWORK="$network"

# A channel's key belongs to one ledger: the other services do not get it.
channel_key="${X402_CHANNEL_KEY_FILE:-}"
unset X402_CHANNEL_KEY_FILE
start rng env ${channel_key:+X402_CHANNEL_KEY_FILE="$channel_key"} X402_SIGNER_KEY_FILE="$rng_signer" X402_RECEIPT_KEY_FILE="$receipt_key" X402_RECEIPT_DELEGATION_FILE="$receipt_delegation" DATABASE_URL="sqlite://$data/rng.db" RNG_SEAL_KEY_FILE="$data/rng-seal.key" RNG_LOG_KEY_FILE="$data/rng-log.key" "$bin/rng"
until_ready rng answers http://127.0.0.1:5023/readyz
# On a public network the facilitator would need a signer of its own: two processes never share one.
if [ -n "$facilitator_signer" ]; then
  start facilitator env X402_SIGNER_KEY_FILE="$facilitator_signer" "$bin/facilitator"
  until_ready facilitator answers http://127.0.0.1:5020/readyz
fi

# A signer of its own here, too.
if [ -n "$persona_signer" ]; then
  start persona env X402_SIGNER_KEY_FILE="$persona_signer" X402_PAY_TO="$persona_pay_to" X402_RECEIPT_KEY_FILE="$data/persona-receipt.key" DATABASE_URL="sqlite://$data/persona.db" "$bin/persona"
  until_ready persona answers http://127.0.0.1:5021/readyz
fi

# The page it is asked for lies on this machine, which it would refuse unless told. Its own page pays for what people try there.
# Chromium does not put itself into a sandbox for root.
if [ "$(id -u)" -eq 0 ]; then export SCRAPER_BROWSER_NO_SANDBOX=true; fi
if [ -n "$scraper_signer" ]; then
  start scraper env X402_SIGNER_KEY_FILE="$scraper_signer" X402_PAY_TO="$scraper_pay_to" X402_RECEIPT_KEY_FILE="$data/scraper-receipt.key" DATABASE_URL="sqlite://$data/scraper.db" SCRAPER_ALLOW_ORIGINS=127.0.0.1:4023 SCRAPER_DEMO_WALLET_FILE="$data/scraper-page.key" "$bin/scraper"
  until_ready scraper answers http://127.0.0.1:5022/readyz
fi

say "Running"
printf '  %-12s %s\n' chain "$X402_RPC_URL" rng "http://127.0.0.1:4023/"
[ -z "$persona_signer" ] || printf '  %-12s %s\n' persona "http://127.0.0.1:4021/"
[ -z "$scraper_signer" ] || printf '  %-12s %s\n' scraper "http://127.0.0.1:4022/"
[ -z "$facilitator_signer" ] || printf '  %-12s %s\n' facilitator "http://127.0.0.1:4020/supported"

if [ "${1:-}" = --stay ]; then
  say "Buy something, in another terminal"
  printf '  export BUYER_RPC_URL=%s BUYER_NETWORK=%s BUYER_KEY_FILE=%s BUYER_DATA=%s\n' "$BUYER_RPC_URL" "$BUYER_NETWORK" "$BUYER_KEY_FILE" "$BUYER_DATA"
  printf '  %s/buyer draw --dice 2d6\n\nCtrl-C stops everything.\n' "$bin"
  wait
fi

say "The buyer's wallet before"
"$bin/buyer" wallet show

say "A draw: two dice, paid for"
"$bin/buyer" draw --dice 2d6 --max 0.01 --save "$data/draw.json"

say "The receipt, checked by the buyer alone, with the payment looked up on chain"
"$bin/buyer" verify "$data/draw.json"

if [ -n "$channel_key" ]; then
  say "A channel: 100 random numbers from one deposit of a cent, each with its proof"
  "$bin/buyer" channel open --calls 100 --deposit 0.01 "http://127.0.0.1:4023/v1/random?min=1&max=100" > "$data/numbers.jsonl"
  node -e 'const draws = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map(line => JSON.parse(line)); console.log(draws.map(draw => draw.values[0].result[0]).join(" "))' "$data/numbers.jsonl"

  say "The seller claims what it earned, and the rest comes back, in one transaction"
  channel=$("$bin/buyer" channel list --json | node -p 'JSON.parse(require("fs").readFileSync(0))[0].id')
  "$bin/buyer" channel close "$channel"

  say "What 100 calls take"
  node deploy/gas.mjs "$BUYER_RPC_URL" "$channel" 100 "$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).settlement.transaction' "$data/draw.json")"
fi

if [ -n "$persona_signer" ]; then
  say "An interview: three personas on a product concept, paid for"
  "$bin/buyer" pay --max 0.10 -d '{"mode":"interview","question":"What do you think of it?","n":3,"audience":{"age":"18-34"},"concept":{"description":"A water bottle that reminds you to drink","attributes":["glowing reminder","leak-proof lid"],"price":29}}' \
    http://127.0.0.1:4021/v1/personas/query > "$data/interview.json"
  node -e 'for (const a of JSON.parse(require("fs").readFileSync(process.argv[1])).answers) console.log(`"${a.quote}"\n  ${a.who}`)' "$data/interview.json"
fi

if [ -n "$scraper_signer" ]; then
  say "A page: the random numbers' reference, scraped to text, paid for"
  "$bin/buyer" pay --max 0.01 -d '{"url":"http://127.0.0.1:4023/docs","formats":["text"],"render":"never"}' http://127.0.0.1:4022/v1/scrape > "$data/scrape.json"
  node -e 'const a = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(a.content.text.slice(0, 300) + " ...")' "$data/scrape.json"
fi

say "The buyer's wallet after"
"$bin/buyer" wallet show

say "What was bought"
"$bin/buyer" history --limit 200

printf '\nThe receipt stays in %s/draw.json.\n' "$data"
