#!/usr/bin/env python3
"""Turns a compiled BPF object into a C source with a function that hands it out.

usage: embed.py NAME OBJECT SOURCE [HEADER]

HEADER declares it; default: ebpf/program.h.
"""
import sys


def main():
    name, source, target = sys.argv[1:4]
    header = sys.argv[4] if len(sys.argv) > 4 else "ebpf/program.h"
    with open(source, "rb") as f:
        octets = f.read()
    with open(target, "w", encoding="ascii") as f:
        f.write(f'#include "{header}"\n\n')
        f.write("static const _Alignas(16) unsigned char object[] = {\n")
        for i in range(0, len(octets), 16):
            f.write("\t" + " ".join(f"{b}," for b in octets[i:i + 16]) + "\n")
        f.write("};\n\n")
        f.write(f"const void *program_{name}(size_t *octets) {{\n\t*octets = sizeof(object);\n\treturn object;\n}}\n")


if __name__ == "__main__":
    main()
