#!/usr/bin/env bash
# One purchase through the facilitator at X402_FACILITATOR_URL: a chain, a seller who settles there, a buyer with some patience.
# What `hostile-facilitator test --facilitator-env X402_FACILITATOR_URL -- tests/pay-once.sh` runs, once a mode.
set -euo pipefail

bin="$(cd "$(dirname "$0")/.." && pwd)/target/debug"
work="$(mktemp -d)"
pids=()

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  rm -rf "$work"
}
trap stop EXIT

# The first line of a file that the pattern matches, once there is one.
line() {
  for _ in $(seq 200); do
    grep -m 1 -s "$2" "$1" && return
    sleep 0.05
  done
  echo "nothing like $2 in $1" >&2
  return 1
}

"$bin/devnet" up --port 0 --block-time auto --ready-file "$work/chain.json" 2> "$work/devnet.log" &
pids+=($!)
line "$work/chain.json" rpc_url > /dev/null
chain() { node -p "JSON.parse(require('fs').readFileSync('$work/chain.json'))$1"; }

export X402_NETWORK=devnet X402_RPC_URL X402_PAY_TO
X402_RPC_URL="$(chain .rpc_url)"
X402_PAY_TO="$(chain .pay_to.rng)"
(umask 077 && chain '.accounts[10].private_key' > "$work/buyer.key")

cd "$work"
X402_FACILITATOR_TIMEOUT="${HOSTILE_CLIENT_TIMEOUT:-40}" LOG_FORMAT=json \
  "$bin/rng" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 2> "$work/rng.log" &
pids+=($!)
origin="$(line "$work/rng.log" '"listener":"public"' | node -p 'JSON.parse(require("fs").readFileSync(0)).url')"

BUYER_NETWORK=devnet BUYER_RPC_URL="$X402_RPC_URL" BUYER_DATA="$work/buyer" BUYER_KEY_FILE="$work/buyer.key" \
  "$bin/buyer" draw --url "$origin" --dice 1d6 --patience 5
