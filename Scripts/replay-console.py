#!/usr/bin/env python3
"""Replay the console blocks of a page that start one program: what they show is what it prints.

Usage: replay-console.py PAGE NAME PROGRAM

Each block "$ NAME arguments" is run as PROGRAM with these arguments; the lines below it must be the first lines of the
output.
"""
import re
import shlex
import subprocess
import sys


def main():
    page, name, program = sys.argv[1:4]
    blocks = re.findall(r"^```console\n(.*?)^```$", open(page, encoding="utf-8").read(), re.M | re.S)
    replayed = 0
    for block in blocks:
        command, *shown = block.rstrip("\n").split("\n")
        if not command.startswith(f"$ {name} "):
            continue
        arguments = shlex.split(command[2:])[1:]
        run = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300)
        if run.returncode != 0:
            sys.exit(f"{command}: exit status {run.returncode}\n{run.stderr}")
        printed = run.stdout.split("\n")
        for number, line in enumerate(shown):
            found = printed[number] if number < len(printed) else "(nothing)"
            if line.rstrip() != found.rstrip():
                sys.exit(f"{command}: line {number + 1}\n  page    {line}\n  printed {found}")
        replayed += 1
    if replayed == 0:
        sys.exit(f"{page}: no block starts {name}")
    print(f"{page}: {replayed} blocks of {name} print what they show")


if __name__ == "__main__":
    main()
