# make demo   the main job on the embedded network: a table and plots in demo-output/
# make test   the whole test-suite
# make reference  formats/REFERENCE.md from the catalogue
# make test-emulated  kernels for other processors, under an emulator
# make test-kill  a training run, killed 20 times and resumed: the bytes of one that was left alone
# make test-study  a study, killed 50 times and shared by two processes: the bytes of one that was left alone
# make test-slurm  a study as a job array of a real Slurm, started for the test (needs root)
# make test-report  reports in a browser: nothing overlaps, three widths, light and dark (installs Chromium)
# make models  the embedded network, trained from the embedded digits; make test-models compares it with the committed file
# make example  the plug-in package of Examples/, built and run
# make test-readme  every command that README.md shows, as it stands there (three minutes)
# make install  PREFIX=/usr/local DESTDIR=: the program, its man page, completion for bash, zsh and fish
# make fuzz   ten minutes of made-up inputs for every loader; make fuzz-corpus takes a minute in all
# make lint   style of the sources and direction of imports

SWIFT_BUILD = swift build --configuration release

.PHONY: audit-peers bench-peers certificates demo example fuzz fuzz-corpus install models test test-emulated test-install test-kill test-models test-readme test-report test-slurm test-study lint verify reference setup

demo: setup
	$(SWIFT_BUILD) --product binade
	.build/release/binade compare --output demo-output

test: setup
	$(SWIFT_BUILD) --build-tests
	swift test --configuration release --skip-build

# A package that adds a family of formats: built by path, its notebook's console blocks replayed.
example: setup
	@sh Scripts/test-example.sh

PREFIX ?= /usr/local

install: setup
	$(SWIFT_BUILD) --product binade
	@sh Scripts/install.sh "$(DESTDIR)" "$(PREFIX)"

# Installs into a scratch folder and runs what is there.
test-install: setup
	$(SWIFT_BUILD) --product binade
	@bash Scripts/test-install.sh

# ResNet-20 and CIFAR-10 come from BINADE_DATA and BINADE_CIFAR10; what is not here is named and left out.
test-readme: setup
	$(SWIFT_BUILD) --product binade
	$(or $(PYTHON),python3) Scripts/replay-readme.py "$$($(SWIFT_BUILD) --show-bin-path)/binade"

# The NEON kernels under QEMU, and every file of kernels compiled for both architectures.
test-emulated:
	@sh Scripts/test-emulated.sh

test-kill: setup
	$(SWIFT_BUILD) --product binade
	sh Scripts/test-kill.sh .build/release/binade

test-study: setup
	$(SWIFT_BUILD) --product binade
	sh Scripts/test-study.sh .build/release/binade

test-slurm: setup
	$(SWIFT_BUILD) --product binade
	sh Scripts/test-slurm.sh .build/release/binade

test-report: setup
	$(SWIFT_BUILD) --product binade
	sh Scripts/test-report.sh .build/release/binade

models: setup
	$(SWIFT_BUILD) --product binade
	sh Scripts/train-models.sh .build/release/binade

test-models: setup
	$(SWIFT_BUILD) --product binade
	sh Scripts/train-models.sh .build/release/binade --check

# Inputs that libFuzzer makes, for every loader: ten minutes each (make fuzz TARGETS="safetensors npy" for some), and five
# seconds each after the kept inputs. Needs Linux: Apple's toolchain has no libFuzzer.
fuzz: setup
	sh Scripts/fuzz.sh 600 $(TARGETS)

fuzz-corpus: setup
	sh Scripts/fuzz.sh 5 $(TARGETS)

# All rounding rules and overflow settings of every format: about a minute on two cores.
verify: setup
	$(SWIFT_BUILD) --product binade
	.build/release/binade verify --all

# The page of all formats, formats/REFERENCE.md, from the catalogue.
reference: setup
	$(SWIFT_BUILD) --product binade
	.build/release/binade formats table --output formats/REFERENCE.md

lint:
	swift format lint --strict --recursive --parallel Sources Tests formats models Benchmarks Examples Fuzzing Package.swift
	python3 Scripts/check-imports.py

setup:
	@sh Scripts/setup.sh

# Proves every format on every row of kernels: to nearest even, then IEEE P3109 up to 8 bits, then under every rule (hours).
# Goes on where it was stopped: certificates that prove a rule on this machine's rows are kept.
CERTIFY = .build/release/binade verify --exhaustive --resume
certificates:
	$(SWIFT_BUILD) --product binade
	$(CERTIFY) --all --rounding nearestEven --certificates certificates
	$(CERTIFY) --p3109 8 --rounding nearestEven --certificates certificates/p3109
	$(CERTIFY) --all --rounding all --certificates certificates

# Audits the converters that pip can install.
audit-peers:
	swift build -c release
	test -d .venv-peers || python3 -m venv .venv-peers
	.venv-peers/bin/pip install --quiet -r Benchmarks/Peers/requirements.txt
	.venv-peers/bin/python Benchmarks/Peers/audit_peers.py > Benchmarks/Peers/AUDITS.md.new
	mv Benchmarks/Peers/AUDITS.md.new Benchmarks/Peers/AUDITS.md

# Binade beside OpenBLAS, PyTorch, FBGEMM, ml_dtypes and gfloat, both sides in turn: Benchmarks/Peers/RATIOS.md, in
# about ten minutes. `make bench-peers PYTHON=python3` takes the packages of that Python and installs none;
# PEERS="--isa avx2 --threads 1" measures one table. ResNet-20 needs BINADE_DATA and BINADE_CIFAR10.
bench-peers: setup $(if $(PYTHON),,.venv-peers/bench-packages)
	$(SWIFT_BUILD) --product binade
	sh Scripts/setup-peers.sh .build/openblas_gemm
	$(or $(PYTHON),.venv-peers/bin/python) Benchmarks/Peers/bench_peers.py \
	  --output Benchmarks/Peers/RATIOS.md $(PEERS)

# qtorch builds itself when it is imported; where that fails its row is reported as not measured.
.venv-peers/bench-packages: Benchmarks/Peers/requirements-bench.txt
	test -d .venv-peers || python3 -m venv .venv-peers
	.venv-peers/bin/pip install --quiet -r $<
	-.venv-peers/bin/pip install --quiet qtorch ninja setuptools
	touch $@
