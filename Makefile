# Vigía: build, run and test. `make` alone lists what there is.
#
# Needs Go and make. The lint and protobuf tools are built once, from the pinned
# versions in packaging/tools/go.mod, into .cache/tools; `make test` installs the
# rest where it may.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

export GOTOOLCHAIN := local
export CGO_ENABLED := 0
export GOLANGCI_LINT_CACHE := $(CURDIR)/.cache/golangci-lint
export BUF_CACHE_DIR := $(CURDIR)/.cache/buf

TAGS    := grpcnotrace
VERSION  = $(shell git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null || echo unversioned)
# The profile makes the search a tenth faster and the first build two minutes longer, so
# that it is for programs that are released or measured.
PROFILE := agent/cmd/vigia-agent/agent.pgo
BUILD    = go build -trimpath -buildvcs=false -tags $(TAGS) -ldflags "-s -w -X main.version=$(VERSION)"
BIN     := .cache/tools
BUF      = $(BIN)/buf
RELEASED := packaging/tools/released-api.txtpb

##@ Use

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## "; print "Vigía. make TARGET:" } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, measure this machine end to end, serve the portal (ONCE=1 ends after verifying)
	@ONCE='$(ONCE)' packaging/tools/run.sh

.PHONY: package
package: $(BIN)/nfpm ## deb, rpm and msi, their bills of materials and SHA256SUMS, into dist/ (VERSION=1.2.3; SIGN_P12= and SIGN_PASS_FILE= sign the msi)
	@packaging/tools/package.sh $(if $(filter file,$(origin VERSION)),,$(VERSION))
	@SIGN_P12="$(SIGN_P12)" SIGN_PASS_FILE="$(SIGN_PASS_FILE)" SIGN_TIMESTAMP="$(SIGN_TIMESTAMP)" packaging/tools/msi.sh $(if $(filter file,$(origin VERSION)),,$(VERSION))
	@cd dist && rm -f SHA256SUMS && find . -maxdepth 1 -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum >../.cache/SHA256SUMS && mv ../.cache/SHA256SUMS .

.PHONY: test
test: test-deps static shell $(BIN)/nfpm ## everything, with real servers, Wine and Chromium; installs what it needs
	@packaging/tools/test.sh

##@ Develop

.PHONY: build
build: ## both programs, into bin/
	@$(BUILD) -o bin/vigia ./collector/cmd/vigia
	@$(BUILD) -o bin/vigia-agent ./agent/cmd/vigia-agent

.PHONY: check
check: static unit ## the quick loop: format, vet, lint, contract, unit tests, arrows

.PHONY: unit
unit: ## the tests that take no more than a moment
	@echo '== unit tests'
	@go test -short -tags $(TAGS) ./...

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## format all Go code
	@$(BIN)/golangci-lint fmt

.PHONY: lint
lint: $(BIN)/golangci-lint ## lint for Linux and for Windows
	@for os in linux windows; do \
	  echo "== lint ($$os)"; \
	  GOOS=$$os $(BIN)/golangci-lint run --allow-serial-runners; \
	done

.PHONY: proto
proto: $(BIN)/buf $(BIN)/protoc-gen-go $(BIN)/protoc-gen-go-grpc ## generate the Go code of the wire contract
	@$(BUF) generate --config packaging/tools/buf.yaml --template packaging/tools/buf.gen.yaml

.PHONY: proto-release
proto-release: $(BIN)/buf ## record the wire contract as released: from then on it may only grow
	@$(BUF) build --config packaging/tools/buf.yaml --exclude-source-info -o $(RELEASED)

.PHONY: fuzz
fuzz: ## every fuzz target for a while (FUZZTIME=10s)
	@FUZZTIME='$(FUZZTIME)' packaging/tools/fuzz.sh

.PHONY: mutants
mutants: ## break each promise of durability in turn and show the test that notices (minutes)
	@go test -v -count 1 -timeout 30m -run '^TestMutants$$' ./packaging/mutanttest -args -mutants

.PHONY: bench-spine
bench-spine: build ## what an agent costs a machine, and what a collector takes (a minute or two)
	@packaging/tools/bench-spine.sh

.PHONY: bench-day
bench-day: build ## what a quiet day costs a machine: bytes, processor, memory (a quarter of an hour; fails where a bar is missed)
	@go test -tags $(TAGS) -v -count 1 -timeout 40m -run '^TestDay$$' ./packaging/daytest -args -day

.PHONY: bench-size
bench-size: build ## what a collector takes for 10 to 2000 machines (half an hour; MACHINES=120x7 DATABASE=postgresql NEWS=0)
	@go test -tags $(TAGS) -v -count 1 -timeout 120m -run '^TestSize$$' ./packaging/sizetest -args -size $(if $(MACHINES),-machines $(MACHINES)) $(if $(DATABASE),-database $(DATABASE)) $(if $(NEWS),-news $(NEWS))

.PHONY: bench-portal
bench-portal: build ## holds the pages of the portal to a tenth of a second (makes a town hall once, which takes long; MACHINES=2000 DAYS=365 EVERY=31 TIMES=40 TOWN=folder)
	@status=0; \
	go test -tags $(TAGS) -v -count 1 -timeout 30m -run 'Quick$$' ./collector/web -args -speed || status=1; \
	go test -tags $(TAGS) -v -count 1 -timeout 30m -run '^TestALongBook$$' ./collector/registers -args -speed || status=1; \
	go test -tags $(TAGS) -v -count 1 -timeout 12h -run '^TestPortal$$' ./packaging/portaltest -args -portal $(if $(MACHINES),-machines $(MACHINES)) $(if $(DAYS),-days $(DAYS)) $(if $(EVERY),-every $(EVERY)) $(if $(TIMES),-times $(TIMES)) $(if $(TOWN),-town $(abspath $(TOWN))) || status=1; \
	exit $$status

.PHONY: profile
profile: ## where the search for personal data spends its time, as advice for the compiler (a minute; commit it)
	@go run ./checks/personaldata/benchtest -profile $(PROFILE) -seed 7 -mb 300

.PHONY: bench-personaldata
bench-personaldata: ## the search for personal data against ripgrep (minutes; SEED= MB= ROUNDS= FILES= PART=)
	@SEED='$(SEED)' MB='$(MB)' ROUNDS='$(ROUNDS)' FILES='$(FILES)' PART='$(PART)' packaging/tools/bench-personaldata.sh

.PHONY: guide-pictures
guide-pictures: build ## the pictures of the guide again: the portal with Chromium, terminals with both programs (as root)
	@go test -tags $(TAGS) -count 1 -run '^TestGuidePictures$$' ./collector/web -args -guide-pictures $(CURDIR)/packaging/guide/img
	@go test -tags $(TAGS) -count 1 -run '^TestTerminalPictures$$' ./packaging/guidetest -args -update

.PHONY: clean
clean: ## remove what was built (the tools and caches in .cache stay)
	@rm -rf bin dist

.PHONY: clean-all
clean-all: clean ## remove the tools and caches too
	@rm -rf .cache

# The parts of check and test.

.PHONY: static
static: format vet lint contract

.PHONY: format
format: $(BIN)/golangci-lint
	@echo '== format'
	@$(BIN)/golangci-lint fmt --diff || { echo 'not formatted: run make fmt' >&2; exit 1; }

.PHONY: vet
vet:
	@for os in linux windows; do \
	  echo "== vet ($$os)"; \
	  GOOS=$$os go vet -tags $(TAGS) ./...; \
	done

# The wire contract: in good form, no break of what was released, and its
# generated code is what the pinned generators make of it.
.PHONY: contract
contract: $(BIN)/buf $(BIN)/protoc-gen-go $(BIN)/protoc-gen-go-grpc
	@echo '== wire contract'
	@$(BUF) lint --config packaging/tools/buf.yaml
	@$(BUF) breaking --config packaging/tools/buf.yaml --against $(RELEASED)
	@rm -rf .cache/proto
	@$(BUF) generate --config packaging/tools/buf.yaml --template packaging/tools/buf.gen.yaml -o .cache/proto
	@cd .cache/proto && find . -name '*.go' | while read -r file; do \
	  cmp -s "$$file" "$(CURDIR)/$$file" || { echo "$$file: not what its .proto generates: run make proto" >&2; exit 1; }; \
	done

.PHONY: shell
shell:
	@echo '== shell scripts'
	@shellcheck packaging/tools/*.sh packaging/linux/*.sh packaging/guidetest/*.sh .ci/run

.PHONY: test-deps
test-deps:
	@packaging/tools/test-deps.sh

# Each tool is built once for each change of its pinned version.
PINS := packaging/tools/go.mod packaging/tools/go.sum

define build-tool
@echo '== build $(@F) (once; up to a few minutes)'
@mkdir -p $(BIN)
@$(1) go build -trimpath -buildvcs=false -ldflags '-s -w' -o $(CURDIR)/$@ $(2)
@touch $@
endef

$(BIN)/golangci-lint: $(PINS)
	$(call build-tool,cd packaging/tools &&,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

$(BIN)/buf: $(PINS)
	$(call build-tool,cd packaging/tools &&,github.com/bufbuild/buf/cmd/buf)

$(BIN)/protoc-gen-go-grpc: $(PINS)
	$(call build-tool,cd packaging/tools &&,google.golang.org/grpc/cmd/protoc-gen-go-grpc)

# In a module of its own: its requirements are not those of the others.
$(BIN)/nfpm: packaging/tools/nfpm/go.mod packaging/tools/nfpm/go.sum
	$(call build-tool,cd packaging/tools/nfpm &&,github.com/goreleaser/nfpm/v2/cmd/nfpm)

# From the main module: the generator is the one of the runtime that is linked.
$(BIN)/protoc-gen-go: go.mod
	$(call build-tool,,google.golang.org/protobuf/cmd/protoc-gen-go)
