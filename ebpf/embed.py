#!/usr/bin/env python3
"""Turns a compiled BPF object into a C source with a function that hands it out.

usage: embed.py NAME OBJECT SOURCE
"""
import sys


def main():
    name, source, target = sys.argv[1:]
    with open(source, "rb") as f:
        octets = f.read()
    with open(target, "w", encoding="ascii") as f:
        f.write('#include "ebpf/program.h"\n\n')
        f.write("static const _Alignas(16) unsigned char object[] = {\n")
        for i in range(0, len(octets), 16):
            f.write("\t" + " ".join(f"{b}," for b in octets[i:i + 16]) + "\n")
        f.write("};\n\n")
        f.write(f"const void *program_{name}(size_t *octets) {{\n\t*octets = sizeof(object);\n\treturn object;\n}}\n")


if __name__ == "__main__":
    main()
