# Two commands do everything: `make up` and `make test`. `make help` lists the rest.
STACK ?= dev
PORT ?=
REPORT ?=
ARGS ?=
PYTHON ?= python3
VENV := .venv/bin
# `make down` without STACK stops every environment
ONLY := $(if $(filter command line environment,$(origin STACK)),--stack $(STACK))
TOOLCHAIN := $(VENV)/python -m toolchain

.DEFAULT_GOAL := help
.PHONY: help setup up down logs preview refresh destroy unprotect export pulumi contract refusals policy test lint types unit cloud data infra integration bench clean

help: ## list every target with a line each
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Python 3.13, the locked packages and the Pulumi engine; done by every target that needs them
	@$(PYTHON) toolchain/bootstrap.py >/dev/null

up: ## deploy an environment to its local cloud and prove it ready (STACK=dev|staging|prod, PORT=)
	@SETUP=$$($(PYTHON) toolchain/bootstrap.py) && \
	OMNIX_SETUP_SECONDS=$$SETUP $(TOOLCHAIN) up --stack $(STACK) $(if $(PORT),--port $(PORT)) $(ARGS)

down: ## stop the local clouds, keeping what they hold (STACK= for one of them)
	@if [ -x $(VENV)/python ]; then $(TOOLCHAIN) down $(ONLY); fi

logs: setup ## follow the logs of an environment's cloud and functions
	@$(TOOLCHAIN) logs --stack $(STACK)

preview: setup ## what `pulumi up` would change (REPORT=1: as a reviewer sees it)
	@$(TOOLCHAIN) $(if $(filter 1,$(REPORT)),preview-report --stack $(STACK) $(ARGS),pulumi --stack $(STACK) -- preview --diff $(ARGS))

refresh: setup ## compare the state with what is really there
	@$(TOOLCHAIN) pulumi --stack $(STACK) -- refresh --yes $(ARGS)

destroy: setup ## destroy an environment's resources (refused for prod until it is unprotected)
	@$(TOOLCHAIN) destroy --stack $(STACK)

unprotect: setup ## the deployment that allows a destroy of a protected environment; `make up` protects again
	@$(TOOLCHAIN) unprotect --stack $(STACK)

export: setup ## the engine's `stack export` as JSON (SECRETS=1 shows secrets)
	@$(TOOLCHAIN) export --stack $(STACK) $(if $(filter 1,$(SECRETS)),--secrets)

pulumi: setup ## any engine command on a local environment: make pulumi STACK=dev ARGS="stack output"
	@$(TOOLCHAIN) pulumi --stack $(STACK) -- $(ARGS)

contract: setup ## write openapi.json from the routes, and the API reference from it
	@cd functions && ../$(VENV)/python -m omnix.contract && cd .. && $(VENV)/python -m toolchain.reference

test: lint types unit cloud data infra integration ## everything that CI runs

refusals: setup ## what the local cloud refuses as AWS does, with sources, and what it does not
	@$(VENV)/python -m localcloud refusals $(ARGS)

policy: setup ## the policy pack's rules: reason, fix, failing example
	@$(VENV)/python -m policy rules $(ARGS)

lint: setup ## ruff: rules and format
	@$(VENV)/ruff check . && $(VENV)/ruff format --check .

types: setup ## mypy, strict, on our code
	@$(VENV)/mypy

unit: setup ## fast and pure tests
	@$(VENV)/pytest tests/unit -n 2 -m "not engine and not process"

cloud: setup ## the local cloud as a process, and its provider under the real engine
	@$(VENV)/pytest tests/unit/localcloud tests/unit/policy -n 2 -m "engine or process"

data: setup ## the data layer on AWS's own DynamoDB Local, where Java and Maven are (REQUIRE_DYNAMODB_LOCAL=1 insists)
	@$(VENV)/pytest tests/unit/functions -m dynamodb_local

infra: setup ## the program on Pulumi's mocks, all three stacks
	@$(VENV)/pytest tests/infra -n 2

integration: setup ## real engine, real zips, real HTTP
	@$(VENV)/pytest tests/integration

bench: setup ## figures beside named peers (ARGS="routes load": only these of imports, up, routes, load, assistant, growth)
	@$(VENV)/python -m bench $(ARGS)

clean: down ## remove what the commands made in the tree (not the caches outside it)
	@rm -rf .local dist .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
