#!/usr/bin/env python3
"""Audits the converters that pip can install and writes what was found as Markdown.

audit_peers.py [--exhaustive] > AUDITS.md, with BINADE naming the binade program (default: the release build).
"""
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BINADE = os.environ.get("BINADE", str(HERE.parent.parent / ".build" / "release" / "binade"))

# Package, what is called, adapter and its arguments, options of `binade audit`.
AUDITS = [
    ("torch", "to(float8_e4m3fn)", "torch_cast.py float8_e4m3fn", "--format float8_e4m3fn --dialect torch"),
    ("torch", "to(float8_e5m2)", "torch_cast.py float8_e5m2", "--format float8_e5m2 --dialect torch"),
    ("torch", "to(float8_e4m3fnuz)", "torch_cast.py float8_e4m3fnuz", "--format float8_e4m3fnuz --dialect torch"),
    ("torch", "to(float8_e8m0fnu)", "torch_cast.py float8_e8m0fnu", "--format float8_e8m0fnu --overflow ieee"),
    ("torch", "to(bfloat16)", "torch_cast.py bfloat16", "--format bfloat16 --dialect torch"),
    ("torch", "float64 to(bfloat16)", "torch_cast.py bfloat16 float64",
     "--format bfloat16 --dialect torch --input-type float64"),
    ("torch", "float64 to(float16)", "torch_cast.py float16 float64",
     "--format float16 --dialect torch --input-type float64"),
    ("ml_dtypes", "astype(float8_e4m3fn)", "ml_dtypes_cast.py float8_e4m3fn", "--format float8_e4m3fn --dialect mlDtypes"),
    ("ml_dtypes", "astype(float8_e3m4)", "ml_dtypes_cast.py float8_e3m4", "--format float8_e3m4 --dialect mlDtypes"),
    ("ml_dtypes", "astype(float6_e3m2fn)", "ml_dtypes_cast.py float6_e3m2fn", "--format float6_e3m2fn --dialect mlDtypes"),
    ("ml_dtypes", "astype(float4_e2m1fn)", "ml_dtypes_cast.py float4_e2m1fn", "--format float4_e2m1fn --dialect mlDtypes"),
    ("ml_dtypes", "astype(float8_e8m0fnu)", "ml_dtypes_cast.py float8_e8m0fnu", "--format float8_e8m0fnu --dialect mlDtypes"),
    ("ml_dtypes", "float64 astype(float8_e4m3fn)", "ml_dtypes_cast.py float8_e4m3fn float64",
     "--format float8_e4m3fn --dialect mlDtypes --input-type float64"),
    ("ml_dtypes", "float64 astype(bfloat16)", "ml_dtypes_cast.py bfloat16 float64",
     "--format bfloat16 --dialect mlDtypes --input-type float64"),
    ("gfloat", "round_ndarray, ocp_e4m3", "gfloat_round.py ocp_e4m3 saturate",
     "--format float8_e4m3fn --dialect ocpSat --returns values"),
    ("gfloat", "round_ndarray, P3109 8p4se", "gfloat_round.py binary8p4se saturate",
     "--format binary8p4se --dialect p3109SatFinite --returns values"),
    ("gfloat", "round_ndarray, P3109 8p3uf", "gfloat_round.py binary8p3uf saturate",
     "--format binary8p3uf --dialect p3109SatFinite --returns values"),
    ("apytypes", "from_array, 4 and 3 bits", "apytypes_cast.py 4 3", "--format float8_e4m3 --returns values"),
    ("apytypes", "cast, 4 and 3 bits", "apytypes_cast.py 4 3 cast", "--format float8_e4m3 --returns values"),
    ("pychop", "Chop(5, 10)", "pychop_round.py 5 10", "--format float16 --returns values"),
    ("pychop", "Chop(5, 2)", "pychop_round.py 5 2", "--format float8_e5m2 --returns values"),
]


def audit(adapter, options, exhaustive):
    command = [BINADE, "audit", "--json", "--command", f"{sys.executable} {adapter}"] + options.split()
    if exhaustive and "float64" not in options:
        command.append("--exhaustive")
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def finding(report):
    if report["mismatchCount"] == 0:
        return "clean"
    first = report["counterexamples"][0]
    names = [f["name"] for f in report["diagnosis"]["findings"]] or ["none of the known faults"]
    return f"{'; '.join(names)}. First: {first['input']} gives {first['found']}, not {first['expected']}"


def main():
    exhaustive = sys.argv[1:] == ["--exhaustive"]
    print("# What the audits found\n")
    print("Written by `make audit-peers`; each row is one run of `binade audit` with the adapter named.\n")
    print("| package | converter | inputs | wrong | diagnosis |\n|---|---|---|---|---|")
    for package, what, adapter, options in AUDITS:
        report = audit(adapter, options, exhaustive)
        version = importlib.metadata.version(package).split("+")[0]
        print(
            f"| {package} {version} | {what} | {report['checkedCount']} {report['inputType']} "
            f"| {report['mismatchCount']} | {finding(report)} |",
            flush=True,
        )


main()
