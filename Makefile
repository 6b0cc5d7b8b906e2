# The lab's commands. Each installs what it needs first; `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup up preview pr-preview drift backup restore grafana-key destroy doctor verify logs playbook traffic dashboards password config test lint audit sbom bench profile scale format

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

setup: ## Install what this machine lacks: npm packages, Docker, the Pulumi CLI and its plugins, images
	@scripts/setup

up: setup ## Bring up the whole lab, or what changed of it, and verify it (ARGS="--plan FILE" as it was previewed)
	@scripts/pulumi up --yes $(if $(findstring --plan,$(ARGS)),,--skip-preview) $(ARGS)
	@scripts/verify
	@echo "Grafana's user is admin, its password: make password"

preview: setup ## Show what `make up` would change, and fail where that breaks a rule (ARGS="--save-plan FILE")
	@scripts/pulumi preview --diff $(ARGS)

pr-preview: setup ## Show what this checkout would change of the lab of a commit (BASE=origin/main APPLY=1)
	@scripts/pr-preview

drift: setup ## Say whether the running lab differs from its code; exit 2 where it does
	@scripts/drift

backup: setup ## Write the data of Prometheus, Grafana, the Pushgateway and Alertmanager into a file (FILE= says which)
	@scripts/backup

restore: setup ## Put the data of a backup into the lab (FILE=.lab/backups/...)
	@scripts/restore

grafana-key: setup ## Give Grafana a new key for the passwords of its datasources, which have to be saved again then
	@scripts/grafana-key
	@scripts/verify

destroy: setup ## Remove the lab and its data
	@scripts/pulumi destroy --yes --skip-preview

doctor: ## Tell whether this machine can run the lab (ARGS=--json for machines)
	@scripts/doctor $(ARGS)

verify: ## Ask the running lab whether it works (ARGS=--json for machines)
	@scripts/verify $(ARGS)

logs: ## Show the last lines of every container and of the Flask app (LINES=50)
	@scripts/logs

playbook: ## Run the Ansible playbook again
	@scripts/playbook

traffic: ## Send requests to the Flask app for a minute (SECONDS=60 RATE=5)
	@SECONDS_TO_RUN=$(or $(SECONDS),60) scripts/traffic

dashboards: ## Write every dashboard as JSON to .lab/dashboards, and show what changed since the last time
	@scripts/dashboards

password: ## Print the password of Grafana's admin
	@scripts/pulumi stack output grafanaAdminPassword --show-secrets

config: setup ## Settings of this checkout alone, such as ARGS="set grafanaPort 3001"
	@scripts/pulumi config $(ARGS)

test: ## Run every test, the end-to-end ones on the real engine too
	@scripts/setup test
	@node --require ./node_modules/sucrase/register/ts tests/run.ts

lint: setup ## Check types, style and scripts
	@scripts/lint

audit: ## Ask which pinned packages have known vulnerabilities
	@scripts/setup packages
	@scripts/audit

sbom: ## Write what the lab is made of to .lab/sbom.cdx.json, as a CycloneDX bill of materials
	@scripts/setup packages
	@. scripts/common.sh && node scripts/sbom.js >"$$room/sbom.cdx.json" && echo "$$room/sbom.cdx.json"

bench: setup ## Measure the lab beside docker compose, in labs of their own (ROUNDS=5 IDLE=300 GROWTH=0)
	@scripts/bench

profile: setup ## Show where the time of an up and of a preview goes, in a lab of its own
	@scripts/bench profile

scale: setup ## Measure what one Prometheus needs for up to 1000 nodes, without a lab (NODES="1 10 100 1000" MINUTES=5)
	@scripts/bench scale

format: setup ## Format the TypeScript files and renew the table of settings
	@node_modules/.bin/prettier --write --log-level warn .
	@node scripts/settings-table.js
