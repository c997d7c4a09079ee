# Every target says what it does in `make help`. Cargo runs with --locked: the lock file decides the versions.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export PATH := $(HOME)/.cargo/bin:$(PATH)
CARGO := cargo
ONCE ?= 0
# Module headers are maps that also name private modules; these documents are built with private items.
DOC_LINTS := -D warnings -A rustdoc::private-intra-doc-links

.PHONY: help setup setup-run build check test test-fast demo bench pictures soak mutants package

help: ## Show every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what building, testing and running need (idempotent; says what and why)
	@./scripts/setup.sh all

setup-run: ## Install only what running needs
	@./scripts/setup.sh run

build: setup ## Build the release binaries: target/release/{edge-agent,cloud-hub,gridflock}
	$(CARGO) build --locked --release -p edge-agent -p cloud-hub -p gridflock -p peers -p platewright-tests

check: setup ## Formatting, lints, documentation, conventions, licences
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="$(DOC_LINTS)" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet
	$(CARGO) test --locked --quiet -p platewright-tests --test tidy

test: setup ## Everything that must hold
	$(CARGO) build --locked --workspace --all-targets
	$(CARGO) test --locked --workspace

test-fast: ## Unit and property tests of the libraries
	$(CARGO) test --locked --lib -p protocol -p gridflock -p firmware-profiles -p edge-agent -p cloud-hub

demo: build ## A signed order becomes plates, parcels and a fulfilment, with simulated printers (ONCE=1 ends by itself)
	@target/release/demo $(if $(filter 1,$(ONCE)),--once)

bench: build ## Measure speed and size of the release binaries (ONLY=agent, grid, orders, serial, webhooks)
	@target/release/bench $(if $(ONLY),--only $(ONLY))
	$(if $(ONLY),,$(CARGO) bench --locked -p gridflock --bench plates)

pictures: build ## Draw the pictures of docs/gridflock.md with the program itself
	./scripts/grid-pictures.sh

mutants: setup ## Switch each protecting rule off in turn: a test must fail (ONLY=words of the rule)
	$(CARGO) run --locked --quiet -p platewright-tests --bin mutants -- $(if $(ONLY),--only "$(ONLY)")

package: setup ## Debian packages, binaries for amd64 and arm64, bill of materials: target/package (ARCH=arm64)
	@./scripts/package.sh $(ARCH)

soak: ## More seeds and larger bounds; hours
	SOAK=1 $(CARGO) test --locked --release --workspace
