#!/usr/bin/env python3
"""Hold imports against the module list: arrows only go up it, and low modules stay free of Foundation."""
import pathlib
import re
import sys

ORDER = [
    "CMPFR", "CBinadeKernels", "BinadeNumerics", "BinadeFormats", "BinadeTensor", "BinadeKernels",
    "BinadeQuantization", "BinadeNetworks", "CTurboJPEG", "CPNG", "BinadeImages", "BinadeTraining", "BinadeOutput", "BinadeFormatPages",
    "BinadeEvaluation", "BinadeStudies", "BinadeVerification", "Binade", "BinadeCommands", "binade-cli",
]
WITHOUT_FOUNDATION = {
    "BinadeNumerics", "BinadeTensor", "BinadeKernels", "BinadeQuantization", "BinadeVerification",
}
IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:public |package )?import\s+(\w+)", re.MULTILINE)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "Sources"
    faults = []
    for module in sorted(p.name for p in root.iterdir() if p.is_dir()):
        if module not in ORDER:
            faults.append(f"Sources/{module}: not in the module list of Scripts/check-imports.py")
            continue
        for file in sorted((root / module).rglob("*.swift")):
            where = file.relative_to(root.parent)
            for name in IMPORT.findall(file.read_text()):
                if name in ORDER and ORDER.index(name) >= ORDER.index(module):
                    faults.append(f"{where}: imports {name}, which is not above {module}")
                if name == "Foundation" and module in WITHOUT_FOUNDATION:
                    faults.append(f"{where}: imports Foundation; {module} does without")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"imports: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
