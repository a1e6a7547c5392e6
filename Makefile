# windvane. `make` alone lists the targets. Everything is pinned and installed by the targets themselves;
# what must be there before is Go, make, and for test-full python3 and npm.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# One static binary; the race detector alone needs a C compiler.
export CGO_ENABLED = 0

RELEASE := $(shell git describe --tags --exact-match 2>/dev/null)
LDFLAGS := -s -w $(if $(RELEASE),-X main.release=$(RELEASE))

# The acceptance data (Olist, CDNOW) stands beside the project and is no part of it.
SHARED := $(or $(WINDVANE_SHARED_DATA),../shared/data)
HAVE_SHARED := $(wildcard $(SHARED)/olist)
TAGS := $(if $(HAVE_SHARED),-tags shareddata)
ALL_TAGS := shareddata,acceptance

# Tests write tens of thousands of small files, and windvane syncs what it publishes: on a disk that is most of the time.
# Where a file system in memory has room and lets programs run, go test works there: tests have their folders in GOTMPDIR
# where it is set (testing.T.TempDir), else in TMPDIR. TMPDIR says otherwise. The folder must be the user's own, as programs
# run from it; what runs left that were killed is removed after three hours. Garbage is collected late, as a test has no
# memory_limit to keep. The 849 nights of Olist, over 9 GB, stay on disk. make test vets before it tests and .ci/run vets
# what has other tags, so go test does not vet once more.
IN_MEMORY = $(if $(TMPDIR),,$(shell dir=/dev/shm/windvane-test-$$(id -u); [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'END {print $$4}')" -gt 6000000 ] && \
	[ "$$(awk '/^MemAvailable/ {print $$2}' /proc/meminfo)" -gt 8000000 ] && mkdir -p -m 700 $$dir && [ ! -L $$dir ] && [ -O $$dir ] && \
	find $$dir -mindepth 1 -maxdepth 1 -mmin +180 -exec rm -rf {} + && runs=$$(mktemp $$dir/runs.XXXXXX) && echo 'exit 0' > $$runs && chmod 700 $$runs && \
	$$runs 2>/dev/null && rm $$runs && echo TMPDIR=$$dir GOTMPDIR=$$dir))
ON_DISK = GOGC=$(or $(GOGC),400) go test -vet=off
GO_TEST = $(IN_MEMORY) $(ON_DISK)

DEMO_FROM ?= 2026-01-25
DEMO_DATE ?= 2026-01-31
FUZZTIME  ?= 20s
BENCHTIME ?= 200ms

# Measurements: order lines of the big day, timed runs of each engine and job, cores all engines run on.
LINES       ?= 10000000
SIZES       ?= 10000000,20000000
RUNS        ?= 5
CORES       ?= 0,1
MERGE_LINES ?= 100000
NIGHT_LINES ?= 100000
BENCH_OUT   ?= $(CURDIR)/bench/out
BENCH_VENV  := $(BENCH_OUT)/venv
HOT          := 'ReadRowGroup/(int64/(ids|fen)|timestamp|string/enum)|WriteParquet/(int64/(ids|hashes)|string/enum)|HashRows|Compute|Orders|OrderRollups|ScanFloor'
HOT_PACKAGES := ./jobs ./jobs/lake ./transforms/...

# Azurite, the server of Azure's protocol in tests, wants a newer Node than many machines have; it runs on 20.
AZURITE := $(CURDIR)/bin/azurite/node_modules/.bin/azurite-blob
AZURITE_VERSION := 3.37.0

VENV := bin/venv
LINT := bin/golangci-lint

.PHONY: help
help: ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r target text; do printf '  %-12s %s\n' "$$target" "$$text"; done

.PHONY: build
build: ## build bin/windvane, a static binary
	@echo "building bin/windvane (the first time the modules are fetched and compiled: some minutes)"
	@SECONDS=0; go build -trimpath -ldflags '$(LDFLAGS)' -o bin/windvane ./cmd/windvane; echo "built in $$SECONDS s: $$(bin/windvane version)"

.PHONY: demo
demo: build ## make a marketplace, run its last nights, print what came out
	@rm -rf demo/dumps demo/out
	@bin/windvane demo --to demo/dumps --as-of $(DEMO_DATE)
	@bin/windvane backfill --input demo/dumps --output demo/out --from $(DEMO_FROM) --to $(DEMO_DATE)
	@echo
	@bin/windvane show --output demo/out --date $(DEMO_DATE)
	@echo
	@bin/windvane show --output demo/out --date $(DEMO_DATE) --table gmv --role merchant --window 7 --top 5
	@echo
	@bin/windvane show --output demo/out --date $(DEMO_DATE) --table shop_score --top 5
	@echo
	@bin/windvane show --output demo/out --date $(DEMO_DATE) --table eligibility_campaign --role product --top 6
	@echo
	@echo "dumps            demo/dumps/dumps/<table>/dt=<date>/*.parquet"
	@echo "planted truth    demo/dumps/truth/"
	@echo "published        demo/out/published/nightly/dt=<date>/run=<id>/*.parquet, named by current.json"
	@echo "another table    bin/windvane show --output demo/out --table cohorts --role platform"
	@echo "why, for people  bin/windvane explain --output demo/out --role product --id 30000001"
	@echo "lists in Excel   bin/windvane get --output demo/out --tables eligibility_campaign --format xlsx --to ./tables"
	@echo "what they mean   docs/tables.md, docs/metrics.md, docs/lift.md"

.PHONY: test
test: ## vet and test; needs Go alone
	@$(if $(HAVE_SHARED),echo "with the acceptance data at $(SHARED)",$(no_shared))
	go vet $(TAGS) ./...
	$(GO_TEST) -timeout 20m $(TAGS) ./...

# A place that was named but is not there is a mistake; a place nobody named is a machine without the data.
ifdef WINDVANE_SHARED_DATA
no_shared = echo "WINDVANE_SHARED_DATA is $(WINDVANE_SHARED_DATA), but there is no olist/ in it" >&2; exit 1
else
no_shared = echo "*** NO ACCEPTANCE DATA at ../shared/data: the tests on Olist and CDNOW are left out. WINDVANE_SHARED_DATA names another place. ***" >&2
endif

# Tests of the command that have no longer form. AFTER_TEST=1 leaves them out of test-full: make test has just run them.
ONE_FORM := ^(TestScripts|TestNinetyDaysOfOlist|TestTwoNightsOfCDNOW|TestMistakesOfTheWarehouseDoNotShow|TestChangedMarkets|TestRawFiguresAgreeWithANaiveRecount|TestScoresFollowThePlantedTruth|TestANightIsTheSameBytesHoweverItIsMade|TestTheMarketsTruthIsPublished|TestNoClearBuyerIDGetsOut)$$

.PHONY: test-full
test-full: $(VENV)/ready $(AZURITE) ## every test: all 849 nights of Olist, other readers of the tables, faults, the race detector
	@$(if $(HAVE_SHARED),:,echo "test-full needs the acceptance data: put it at ../shared/data or let WINDVANE_SHARED_DATA name its place" >&2; exit 1)
	RAPID_CHECKS=20 WINDVANE_AZURITE=$(AZURITE) WINDVANE_READERS_PYTHON=$(abspath $(VENV))/bin/python $(ON_DISK) -v -tags $(ALL_TAGS) -count=1 -timeout 60m $(if $(AFTER_TEST),-skip '$(ONE_FORM)') ./cmd/windvane
	WINDVANE_AZURITE=$(AZURITE) $(GO_TEST) -v -tags $(ALL_TAGS) -count=1 -timeout 20m ./jobs/lake
	$(GO_TEST) -v -tags acceptance -count=1 -timeout 20m -run 'TestADemoNightTestsProducts|TestSettingsThatChanged|TestValidateFails' ./jobs
	$(MAKE) --no-print-directory faults
	$(GO_TEST) -v -tags acceptance -count=1 -timeout 20m -run TestAShortSoak ./jobs
	$(MAKE) --no-print-directory readme race

.PHONY: test-stats
test-stats: ## simulate the intervals and tests of transforms/stats at length, and twelve markets with planted lifts
	$(GO_TEST) -v -tags teststats -count=1 -timeout 60m -run TestListsOfManyMarkets ./cmd/windvane
	$(GO_TEST) -tags teststats -count=1 -timeout 60m ./transforms/stats/...

.PHONY: lineage-spec
lineage-spec: ## hold events of lineage against OpenLineage's own schemas: SPEC=spec/ of a copy of its repository
	WINDVANE_OPENLINEAGE_SPEC=$(if $(SPEC),$(abspath $(SPEC))) go test -v -tags openlineage -count=1 -run TestLineageAgainstTheOfficialSchemas ./cmd/windvane

.PHONY: readme
readme: demo $(VENV)/ready ## run what the README shows, on the demo
	$(VENV)/bin/python internal/testkit/readers/readme.py README.md README.zh-CN.md

.PHONY: faults
faults: ## let every operation of a night fail, one after another, in every way (docs/reliability.md)
	$(GO_TEST) -v -tags acceptance -count=1 -timeout 60m -run OnAFailingStore ./jobs

.PHONY: soak
soak: ## 400 nights with mishaps: the figures of clean nights, and no growth (docs/reliability.md)
	$(GO_TEST) -v -tags acceptance -count=1 -timeout 60m -run Soak ./jobs

.PHONY: stores
stores: $(AZURITE) ## test on real servers of S3, Google and Azure, 200 kills and 8 processes
	WINDVANE_AZURITE=$(AZURITE) $(GO_TEST) -v -tags $(ALL_TAGS) -count=1 -timeout 30m ./jobs/lake
	WINDVANE_AZURITE=$(AZURITE) $(GO_TEST) -v -tags $(ALL_TAGS) -count=1 -timeout 30m -run 'OnEveryStore|OnePublishes|TestKilled|TestHostile' ./cmd/windvane

.PHONY: race
race: ## test the packages that use goroutines with the race detector, but for many nights of one kind
	@command -v $${CC:-gcc} >/dev/null || command -v cc >/dev/null || { echo "the race detector needs a C compiler (gcc, or CC)" >&2; exit 1; }
	CGO_ENABLED=1 $(GO_TEST) -race -count=1 -timeout 30m -skip 'TestSettingsThatChanged|TestValidateFails|BeginLate|TestPublishedIDs|TestGoodsScores|TestPriceCoverage' ./jobs/... ./transforms/column ./transforms/rollup

$(AZURITE):
	@command -v npm >/dev/null || { echo "Azurite, the server of Azure's protocol, comes from npm: install Node 20 or newer" >&2; exit 1; }
	npm install --silent --no-audit --no-fund --prefix bin/azurite azurite@$(AZURITE_VERSION)

.PHONY: azurite
azurite: $(AZURITE) ## install Azurite for tests on Azure's protocol

# Python with the second readers of our files, in a folder of its own.
$(VENV)/ready: internal/testkit/readers/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: lint
lint: $(LINT) ## gofmt, and the rules of .golangci.yml
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	$(LINT) run --allow-parallel-runners ./...
	cd bench && $(CURDIR)/$(LINT) run --allow-parallel-runners --config ../.golangci.yml ./...

$(LINT): internal/tools/go.mod internal/tools/go.sum
	@echo "building golangci-lint as pinned in internal/tools/go.mod (once, a minute or two)"
	cd internal/tools && go build -o ../../$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: generate
generate: ## rewrite what is generated (docs/tables.md, …)
	go generate ./...

.PHONY: golden
golden: ## rewrite the golden files of tests; read the diff before you commit it
	@packages=$$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -r -n1 dirname | sort -u); \
	if [ -z "$$packages" ]; then echo "no test has golden files"; else go test $$packages -update; fi

.PHONY: fuzz
# Minimising an input that is merely new can take a minute of the time; 20 tries do.
fuzz: ## fuzz every parser, FUZZTIME (20s) each
	@grep -rhoE --with-filename '^func Fuzz[A-Za-z0-9]+' --include='*_test.go' . | while IFS=: read -r file func; do \
		echo "== $${func#func } ($$(dirname $$file))"; \
		go test $(TAGS) -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "$$(dirname $$file)" </dev/null; done

.PHONY: bench
bench: ## run the micro-benchmarks of hot loops, compare them with bench/baseline.txt
	@mkdir -p $(BENCH_OUT)
	@out=$(BENCH_OUT)/$$(git rev-parse --short HEAD).txt; $(HOT_LOOPS) | tee "$$out"; \
	cd bench && go tool benchstat baseline.txt "$$out"

.PHONY: bench-baseline
bench-baseline: ## measure bench/baseline.txt anew, on an idle machine
	@$(HOT_LOOPS) | tee $(BENCH_OUT)/baseline.txt
	@mv $(BENCH_OUT)/baseline.txt bench/baseline.txt

HOT_FLAGS = -run '^$$$$' -bench $(HOT) -benchtime $(BENCHTIME) -count 6 -benchmem
HOT_LOOPS = { go test $(HOT_FLAGS) $(HOT_PACKAGES) && (cd bench && go test $(HOT_FLAGS) .); }

# Everything that is compared with other engines runs on the same cores.
ON_CORES = $(if $(shell command -v taskset),taskset -c $(CORES))
BENCH_RUN = $(ON_CORES) $(BENCH_OUT)/bin/bench $(1) --out $(BENCH_OUT) --windvane $(BENCH_OUT)/bin/windvane --date $$(git log -1 --format=%cs)

.PHONY: bench-peers
bench-peers: $(BENCH_OUT)/bin/bench $(BENCH_VENV)/ready ## compare with DuckDB, Polars and chDB: LINES, RUNS, MERGE_LINES, NIGHT_LINES, NIGHT_RUNS, JOBS, LIMIT
	@cd bench && BENCH_PYTHON=$(BENCH_VENV)/bin/python go test -tags peers -run TestTwinInPython .
	$(call BENCH_RUN,peers) --python $(BENCH_VENV)/bin/python --peers bench/peers $(if $(JOBS)$(ENGINES),,--doc docs/benchmarks.md) \
		--lines $(LINES) --merge-lines $(MERGE_LINES) --night-lines $(NIGHT_LINES) --runs $(RUNS) $(if $(NIGHT_RUNS),--night-runs $(NIGHT_RUNS)) \
		$(if $(DAY),--day $(DAY)) $(if $(JOBS),--jobs $(JOBS)) $(if $(ENGINES),--engines $(ENGINES)) $(if $(NOTE),--note '$(NOTE)') $(if $(LIMIT),--limit $(LIMIT))

.PHONY: bench-document
bench-document: $(BENCH_OUT)/bin/bench ## write docs/benchmarks.md from what was measured last
	$(BENCH_OUT)/bin/bench document --out $(BENCH_OUT) --doc docs/benchmarks.md

.PHONY: bench-growth
bench-growth: $(BENCH_OUT)/bin/bench ## windvane alone: days of several SIZES (MEMORY_GIB each), late nights, corrections, start-up
	$(if $(MEMORY_GIB),BENCH_MEMORY_GIB=$(MEMORY_GIB)) $(call BENCH_RUN,growth) --sizes $(SIZES) --runs $(RUNS)

PAIRS   ?= 20000000
TOUCHED ?= 1000000

.PHONY: bench-lift
bench-lift: ## time and peak memory of a night of lift: PAIRS, TOUCHED
	@mkdir -p $(BENCH_OUT) && go test -tags speed -c -o $(BENCH_OUT)/lift.test ./jobs
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && export LIFT_DIR="$$dir" LIFT_PAIRS=$(PAIRS) LIFT_TOUCHED=$(TOUCHED) LIFT_WORKERS=2 && \
	$(BENCH_OUT)/lift.test -test.run '^TestLiftSpeedData$$' >/dev/null && $(BENCH_OUT)/lift.test -test.run '^TestLiftSpeed$$'

BIG_LINES ?= 50000000
EXPOSURES ?= 200000000

.PHONY: bench-big
bench-big: $(BENCH_OUT)/bin/bench ## time and peak memory of the night of one huge day: BIG_LINES, EXPOSURES
	$(call BENCH_RUN,big) --lines $(BIG_LINES) --exposures $(EXPOSURES)

.PHONY: bench-lists
bench-lists: $(BENCH_OUT)/bin/bench ## scores and lists of a million products, rollups given, in 2 GiB: RUNS
	$(call BENCH_RUN,lists) --runs $(RUNS)

.PHONY: $(BENCH_OUT)/bin/bench
$(BENCH_OUT)/bin/bench:
	@mkdir -p $(BENCH_OUT)/bin
	@go build -trimpath -ldflags '$(LDFLAGS)' -o $(BENCH_OUT)/bin/windvane ./cmd/windvane
	@cd bench && go build -o $(BENCH_OUT)/bin/bench .

# The newest of each peer: they are to have their best chance. The document says which versions they were.
$(BENCH_VENV)/ready: bench/peers/requirements.txt
	python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade -r $<
	@touch $@

.PHONY: check
check: ## exactly what CI runs
	bash .ci/run

.PHONY: clean
clean: ## remove what was built and the demo
	rm -rf bin demo
