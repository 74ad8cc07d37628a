.PHONY: help test check servers tables fmt vet lint tidy api api-update fuzz

define HELP
make test     everything: the checks, then all tests with the race detector on real servers
              (the first time these are built: some minutes)
make check    what needs no server and runs no test: fmt, vet, lint, tidy, api
make servers  build the servers of the tests, into the user's cache
make tables   write the tables of what each provider can into README.md and docs/providers.md
make fmt      format all files
make vet      go vet, also for darwin and windows
make lint     staticcheck
make tidy     show what go mod tidy would change
make api      show how the exported API differs from the files in api/; with UPDATE=1, write these files
make fuzz     run every fuzz target of the module for FUZZTIME (20s), one after the other
endef

help:
	@: $(info $(HELP))

test:
	@go run ./internal/ci

check:
	@go run ./internal/ci fmt vet lint tidy api

servers:
	@go run ./internal/testenv/install

tables:
	@go run ./internal/captable

fmt:
	@"$$(go env GOROOT)/bin/gofmt" -s -w .

vet lint tidy api-update fuzz:
	@go run ./internal/ci $@

api:
	@go run ./internal/ci $(if $(UPDATE),api-update,api)
