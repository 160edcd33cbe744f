# One command a purpose; `make check` is what CI runs. See CONTRIBUTING.md.

.PHONY: build check check-full test race lint fuzz bench

# Packages where goroutines meet: they are tested with the race detector, which makes them
# slow: -short draws fewer seeds.
concurrent := ./store ./index ./internal/column ./internal/vfs ./server ./query

build:
	go build -o bin/cachalot ./cmd/cachalot

# The tests. Those that compare with PostgreSQL 15 install it where apt-get and the right to do so
# are there; elsewhere they say that they were skipped.
test:
	test/install-tools
	go test -count=1 ./...

# Format, vet, staticcheck; and the planted bugs must fit the code that they are for.
lint:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt has something to say about:"; echo "$$files"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	@for p in test/planted/*.patch test/planted/history/*.patch; do git apply --check $$p || exit 1; done

race:
	go test -count=1 -race -short $(concurrent)
	go test -count=1 -race ./wal -args -crash.seeds 500

check: lint test race

# What takes long: all of sqllogictest, 200,000 random statements beside PostgreSQL, and 50,000 more with batches of
# five rows, all rounds of kill -9, all seeds of the crashing file system, the round trip of
# a million rows, every byte of a log flipped, five minutes of each fuzzer, the bugs planted for them. Two hours or three.
check-full: check
	CACHALOT_FULL=1 CACHALOT_CRASH_SEEDS=10000 go test -count=1 -timeout 3h ./test/... ./wal ./store
	go test -count=1 -timeout 1h -tags smallbatches ./query/... ./test/slt ./test/tpch
	go test -count=1 -timeout 1h -tags smallbatches ./test/differential -args -queries 50000 -seeds 25
	$(MAKE) fuzz
	test/fuzz-planted
	test/history-planted

# Each fuzzer for FUZZTIME.
FUZZTIME ?= 5m
fuzz:
	FUZZTIME=$(FUZZTIME) test/fuzz-all

# The goals of the project, measured beside PostgreSQL 15; CI checks no times.
bench:
	go run ./bench/goals
