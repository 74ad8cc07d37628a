.PHONY: help test check servers tables servers-table fmt vet lint tidy api api-update fuzz bench large \
	counted torture

define HELP
make test     everything: the checks, then all tests with the race detector on real servers
              (the first time these are built: some minutes)
make check    what needs no server and runs no test: fmt, vet, lint, tidy, api
make servers  build the servers of the tests, into the user's cache
make tables   write the tables of what each provider can into README.md and docs/providers.md
make servers-table  run the suite on every server at hand, and write docs/servers.md (10 minutes);
              POLYSTORE_GARAGE and POLYSTORE_RCLONE name those two programs
make fmt      format all files
make vet      go vet, also for darwin and windows
make lint     staticcheck
make tidy     show what go mod tidy would change
make api      show how the exported API differs from the files in api/; with UPDATE=1, write these files
make bench    measure the library beside its peers, and write docs/benchmarks.md; with ROW=down128,up*
              these rows, whose sections alone are replaced; with N=1 once each; with QUICK=1 (a few
              rows in 3 minutes) or SUBJECT=us,floor* (these subjects) nothing is written
make large    lists of 1,000,000 files, while another writes, too, and streams of 4 GiB (25 minutes)
make counted  10,000 conditional writes with lost answers and 10,000 with doubled requests, on each
              of four services, and as many deletes where it has conditional ones (8 minutes)
make torture  what docs/reliability.md claims, at full counts, as one table (90 minutes); with QUICK=1
              at a tenth of the counts of the normal run (10 minutes)
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

servers-table:
	@POLYSTORE_TESTENV=1 go test ./internal/servertable -count=1 -timeout 60m -update

fmt:
	@"$$(go env GOROOT)/bin/gofmt" -s -w .

vet lint tidy api-update fuzz torture:
	@go run ./internal/ci $@

api:
	@go run ./internal/ci $(if $(UPDATE),api-update,api)

bench:
	@cd benchmarks && go run . $(if $(QUICK),-quick) $(if $(ROW),-row '$(ROW)') $(if $(N),-n $(N)) \
		$(if $(SUBJECT),-subject '$(SUBJECT)') -o ../docs/benchmarks.md

large:
	@go test ./providers/file -run TestLargeLists -v -count=1 -timeout 60m -large 1000000
	@POLYSTORE_TESTENV=1 go test ./internal/bigstream -v -count=1 -timeout 60m -args \
		-bytes 4294967296

counted:
	@POLYSTORE_TESTENV=1 go test ./internal/counted -v -count=1 -timeout 2h -args -writes 10000
