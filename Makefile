# The lab's commands. Each installs what it needs first; `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup up preview pr-preview drift backup restore grafana-key destroy doctor verify logs playbook traffic dashboards password config test lint audit sbom bench scale format

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

setup: ## Install what this machine lacks: npm packages, Docker, the Pulumi CLI and its plugins, images
	@scripts/setup

up: setup ## Bring up the lab or apply changes, and verify it (ARGS="--plan FILE" allows only what was previewed)
	@scripts/pulumi up --yes $(if $(findstring --plan,$(ARGS)),,--skip-preview) $(ARGS)
	@scripts/verify
	@echo "Grafana's user is admin, its password: make password"

preview: setup ## Show what `make up` would change; fail if that violates a policy (ARGS="--save-plan FILE")
	@scripts/pulumi preview --diff $(ARGS)

pr-preview: setup ## Report what this checkout changes compared to another commit (BASE=origin/main APPLY=1)
	@scripts/pr-preview

drift: setup ## Report whether the running lab differs from its code, and fail if it does
	@scripts/drift

backup: setup ## Save the data of Prometheus, Grafana, the Pushgateway and Alertmanager to one file (FILE=...)
	@scripts/backup

restore: setup ## Restore the data of a backup (FILE=.lab/backups/...)
	@scripts/restore

grafana-key: setup ## Give Grafana a new key for the passwords of its datasources, which then have to be entered again
	@scripts/grafana-key
	@scripts/verify

destroy: setup ## Remove the lab and its data
	@scripts/pulumi destroy --yes --skip-preview

doctor: ## Check whether this machine can run the lab (ARGS=--json)
	@scripts/doctor $(ARGS)

verify: ## Check whether the running lab works (ARGS=--json)
	@scripts/verify $(ARGS)

logs: ## Print the last log lines of every container and of the Flask app (LINES=50)
	@scripts/logs

playbook: ## Run the Ansible playbook again
	@scripts/playbook

traffic: ## Send requests to the Flask app for a minute (SECONDS=60 RATE=5)
	@SECONDS_TO_RUN=$(or $(SECONDS),60) scripts/traffic

dashboards: ## Write every dashboard as JSON to .lab/dashboards, and print the changes since the last run
	@scripts/dashboards

password: ## Print the password of Grafana's admin
	@scripts/pulumi stack output grafanaAdminPassword --show-secrets

config: setup ## Show or change the settings of this checkout with pulumi config (ARGS="set grafanaPort 3001")
	@scripts/pulumi config $(ARGS)

test: ## Run all tests, including the end-to-end tests on a real Docker
	@scripts/setup test
	@node --require ./node_modules/sucrase/register/ts tests/run.ts

lint: setup ## Check types, style and scripts
	@scripts/lint

audit: ## Check the pinned packages for known vulnerabilities
	@scripts/setup packages
	@scripts/audit

sbom: ## Write a CycloneDX bill of materials to .lab/sbom.cdx.json
	@scripts/setup packages
	@. scripts/common.sh && node scripts/sbom.js >"$$state_dir/sbom.cdx.json" && echo "$$state_dir/sbom.cdx.json"

bench: setup ## Benchmark the lab against docker compose, each in a lab of its own (ROUNDS=5 IDLE=300)
	@scripts/bench

scale: setup ## Measure the resources of one Prometheus for up to 1000 nodes, without a lab (NODES="1 10 100 1000" MINUTES=5)
	@scripts/bench scale

format: setup ## Format the TypeScript files and update the table of settings
	@node_modules/.bin/prettier --write --log-level warn .
	@node scripts/tables.js settings
