# Latchkey. `make help` says what there is; the work is done by scripts/.

.DEFAULT_GOAL := help
.PHONY: help demo test bench setup web fmt clean

help: ## Says what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Builds what is needed and starts the demo company
	@scripts/demo $(ARGS)

test: ## Sets up and runs every test (STEPS="lint test" runs only these)
	@scripts/test $(STEPS)

bench: ## Measures the release build on SQLite and PostgreSQL
	@scripts/bench $(ARGS)

setup: ## Installs what the tests and the demo need and this machine lacks
	@scripts/setup test

web: ## Builds the browser's half of the islands
	@scripts/build-web

fmt: ## Formats the code
	@cargo fmt --all

clean: ## Removes everything that was built, and the demo's data
	@rm -rf target data/demo
