#!/usr/bin/env bash
# Installs what is missing of the named programs, from Debian's packages where this user may, and says what to do elsewhere.
set -euo pipefail

declare -A package=([node]=nodejs [npm]=npm [python3]=python3 [initdb]=postgresql [chromium]=chromium [faketime]=faketime
  [ent]=ent [rngtest]=rng-tools-debian [dieharder]=dieharder)

# Debian keeps the server's programs out of PATH.
have() {
  command -v "$1" > /dev/null || { [ "$1" = initdb ] && compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null; }
}

missing=()
for program in "$@"; do
  have "$program" || missing+=("${package[$program]}")
  # Debian splits venv off; without it `python3 -m venv` fails half-way.
  if [ "$program" = python3 ] && ! python3 -c 'import ensurepip' 2> /dev/null; then missing+=(python3-venv); fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
if command -v apt-get > /dev/null && { [ ${#as_root[@]} -eq 0 ] || command -v sudo > /dev/null; }; then
  echo "installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq "${missing[@]}" > /dev/null
else
  echo "please install: ${missing[*]}" >&2
  exit 1
fi
