#!/usr/bin/env python3
"""Binade beside other libraries: both sides in turn in one run, as ratios.

Each side is a process that waits and takes a sample when it is asked to, so that whatever else the machine does meets
both. A ratio is the other's seconds over Binade's, of the two samples of one round: above 1, Binade is faster.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import sys

from peer_rows import HERE, OWN_FLOAT32, ROOT, all_rows, baseline_rows
from workers import Worker, WorkerFailed, interleave

# What limits each library to an instruction set. OpenBLAS does not know new processors and then takes its AVX2
# kernels; naming the core gives it its AVX-512 ones.
INSTRUCTION_SETS = {
    "avx2": {
        "BINADE_MAX_ISA": "avx2", "OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2", "FBGEMM_ENABLE_INSTRUCTIONS": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
    "avx512": {"BINADE_MAX_ISA": "avx512", "OPENBLAS_CORETYPE": "SkylakeX"},
    "native": {},
}
RATE_UNITS = {
    "multiplyAccumulates": ("GMAC/s", 1e9), "elements": ("G elements/s", 1e9), "images": ("images/s", 1),
}


def cpu_facts():
    """Model name and flags of the processor."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine(), []
    entries = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    entries = {key.strip(): value.strip() for key, value in entries.items()}
    return entries.get("model name", platform.machine()), entries.get("flags", "").split()


def parse_options():
    _, flags = cpu_facts()
    instruction_sets = [name for name, flag in (("avx2", "avx2"), ("avx512", "avx512bw")) if flag in flags]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--isa", default=",".join(instruction_sets) or "native",
        help="instruction sets, one table each: avx2, avx512, native; default: %(default)s",
    )
    parser.add_argument("--threads", default="1,2", help="threads, one table each; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each side; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=0.05, help="least time of a sample; default: %(default)s")
    parser.add_argument("--images", type=int, default=1000, help="images of the network; default: %(default)s")
    parser.add_argument("--only", default="", help="measure rows whose name contains this")
    parser.add_argument("--output", help="the Markdown file to write; default: print only")
    parser.add_argument(
        "--baseline", help="another binade program: measured in place of the peers, to see what a change made of speed",
    )
    parser.add_argument(
        "--thresholds", default=str(HERE / "thresholds.json"),
        help="least median ratios; the exit status is 1 where one is missed; default: %(default)s",
    )
    parser.add_argument("--binade", default=str(ROOT / ".build" / "release" / "binade"), help="the binade program")
    parser.add_argument("--openblas", default=str(ROOT / ".build" / "openblas_gemm"), help="the built openblas_gemm.c")
    options = parser.parse_args()
    options.isa = options.isa.split(",")
    unknown = [name for name in options.isa if name not in INSTRUCTION_SETS]
    if unknown:
        parser.error(f"no instruction set '{unknown[0]}'; there are {', '.join(INSTRUCTION_SETS)}")
    try:
        options.threads = [int(count) for count in options.threads.split(",")]
    except ValueError:
        parser.error(f"--threads must be numbers separated by commas, found '{options.threads}'")
    try:
        options.thresholds = json.loads(pathlib.Path(options.thresholds).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        parser.error(f"--thresholds must be a JSON file of least ratios; '{options.thresholds}': {problem}")
    if options.rounds < 1 or min(options.threads) < 1:
        parser.error("--rounds and --threads must be at least 1")
    return options


def environment(isa, threads):
    count = str(threads)
    limits = {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "MKL_NUM_THREADS": count}
    return {**INSTRUCTION_SETS[isa], **limits}


def commands(row, options, threads):
    """Binade's command, then the peer's."""
    seconds = str(options.seconds)
    common = ["--threads", str(threads), "--seconds", seconds]
    yield [options.binade, "bench", *row.binade, "--worker", *common]
    for command in row.commands:
        # The C program takes both by position.
        yield command + ([str(threads), seconds] if command[0] == options.openblas else common)


def check_same_work(descriptions):
    """Both sides must do the same amount of work."""
    own = descriptions[0]
    for other in descriptions[1:]:
        if (other["workCount"], other["unit"]) != (own["workCount"], own["unit"]):
            raise WorkerFailed(f"other work: {other['workCount']} {other['unit']}, Binade {own['workCount']}")


def rate(description, seconds):
    unit, divisor = RATE_UNITS[description["unit"]]
    value = description["workCount"] / seconds / divisor
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def notes_of(row, options, descriptions, fastest):
    """What the reader must know: what differs, which variant of the peer counts, what both sides counted."""
    notes = [row.note] if row.note else []
    own_facts, other_facts = descriptions[0]["facts"], descriptions[fastest].get("facts", {})
    if len(row.commands) > 1 or row.commands[0][0] == options.openblas or other_facts:
        notes.append(descriptions[fastest]["kernel"])
    notes += [f"{key} {value} and {other_facts.get(key, '-')}" for key, value in own_facts.items()]
    return "; ".join(notes)


def measure(row, options, isa, threads):
    """One line of the table."""
    workers = []
    try:
        for command in commands(row, options, threads):
            workers.append(Worker(command, environment(isa, threads)))
        descriptions = [worker.description for worker in workers]
        check_same_work(descriptions)
        samples = interleave(workers, options.rounds)
    finally:
        for worker in workers:
            worker.stop()
    medians = [statistics.median(column) for column in zip(*samples)]
    fastest = min(range(1, len(medians)), key=lambda index: medians[index])
    ratios = sorted(line[fastest] / line[0] for line in samples)
    median = f"{statistics.median(ratios):.2f}"
    cells = [
        row.what, descriptions[0]["kernel"], rate(descriptions[0], medians[0]), row.peer,
        rate(descriptions[fastest], medians[fastest]),
        f"{ratios[0]:.2f}", f"**{median}**" if row.is_target else median, f"{ratios[-1]:.2f}",
        notes_of(row, options, descriptions, fastest),
    ]
    libraries = set() if row.peer == OWN_FLOAT32 else {description["name"] for description in descriptions[1:]}
    return "| " + " | ".join(cells) + " |", libraries, statistics.median(ratios)


def threshold(row, options, isa):
    """The least median ratio that a row may have, or None where none is kept."""
    if options.baseline:
        return options.thresholds.get("baseline")
    return options.thresholds.get(isa, {}).get(f"{row.what} | {row.peer}")


def table(options, isa, threads, versions, emit):
    emit(f"\n## {isa}, {threads} thread{'s' if threads > 1 else ''}\n")
    emit("| what | Binade's kernel | Binade | peer | peer's rate | least | median | greatest | notes |")
    emit("|---|---|---|---|---|---|---|---|---|")
    failures, missed = [], []
    load_before = os.getloadavg()[0]
    programs = (options.binade, options.openblas, options.images)
    rows = baseline_rows(*programs, options.baseline) if options.baseline else all_rows(*programs)
    for row in rows:
        if options.only not in row.what or (threads > 1 and not row.is_parallel):
            continue
        try:
            line, names, median = measure(row, options, isa, threads)
            emit(line)
            versions |= names
            least = threshold(row, options, isa)
            if least is not None and median < least:
                missed.append(f"- {row.what} against {row.peer}: {median:.2f}, at least {least} expected")
        except WorkerFailed as failure:
            failures.append(f"- {row.what} against {row.peer}: {failure}")
    # With more threads than free processors a library that waits for all its threads waits long: what others ran
    # belongs to the result.
    emit(f"\nLoad of the machine: {load_before:.1f} before, {os.getloadavg()[0]:.1f} at the end.")
    if missed:
        emit("\nBelow the ratio that thresholds.json expects:\n\n" + "\n".join(missed))
    if failures:
        emit("\nNot measured:\n\n" + "\n".join(failures))
    return len(missed)


def main():
    options = parse_options()
    model, _ = cpu_facts()
    lines, versions, missed = [], set(), 0

    def emit(text):
        lines.append(text)
        print(text, flush=True)

    for isa in options.isa:
        for threads in options.threads:
            missed += table(options, isa, threads, versions, emit)
    python_version = f"Python {platform.python_version()}"
    heading = "\n".join([
        "# Binade beside other libraries\n",
        "Written by `make bench-peers`. Ratios are the other's time over Binade's, both sides measured in turn:",
        f"above 1, Binade is faster. Least, median and greatest of {options.rounds} rounds; rates at the median.",
        "Rows with a bold median are meant to be compared; the others are for information. Operands of Binade's",
        "float32 products and of products with an accumulator are packed in the run; weights of other products and of",
        "convolutions before. PyTorch runs eagerly.\n",
        f"- machine: {model}, {os.cpu_count()} logical processors, {platform.system()} {platform.machine()}",
        f"- peers: {'; '.join(sorted(versions | {python_version}))}",
        "- products with rounded and exact accumulators are beside Binade's own float32: no package that installs here has",
        "  them for CPUs; for mptorch's loop 76 million multiply-accumulates per second are quoted, another machine's number.",
    ])
    if options.output:
        path = pathlib.Path(options.output)
        new = path.with_name(path.name + ".new")
        new.write_text(heading + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
        new.replace(path)
    else:
        print("\n" + heading)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
