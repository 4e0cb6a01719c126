"""Runs a program with some system calls failing with EIO, as on a bad disk.

    python3 fail_calls.py CALL[:FROM:TO]... -- PROGRAM ARGS...

CALL is read, write or flush; a read or write fails if it starts at FROM or
later, and before TO. A seccomp filter applies this to every thread of the
program, regardless of its language. Exit code 77: seccomp is not available here.
"""

import ctypes
import os
import platform
import struct
import sys

EIO = 5
# By machine: its audit architecture, and the numbers of the calls.
MACHINES = {
    "x86_64": (0xC000003E, {"read": [17], "write": [18], "flush": [74, 75]}),
    "aarch64": (0xC00000B7, {"read": [67], "write": [68], "flush": [82, 83]}),
}
# Offsets in struct seccomp_data, little-endian.
NUMBER, MACHINE, POSITION_LOW, POSITION_HIGH = 0, 4, 40, 44
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
FAIL, ALLOW = 0x00050000 | EIO, 0x7FFF0000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def step(code, value, if_true=0, if_false=0):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def steps_of(faults, machine, numbers):
    steps = [
        step(LOAD, MACHINE),
        step(EQUAL, machine, 1, 0),
        step(RETURN, ALLOW),
    ]
    for fault in faults:
        call, *window = fault.split(":")
        for number in numbers[call]:
            body = [step(RETURN, FAIL)]
            if window:
                start, end = (int(it, 0) for it in window)
                body = [
                    step(LOAD, POSITION_HIGH),
                    step(EQUAL, 0, 0, 4),
                    step(LOAD, POSITION_LOW),
                    step(AT_LEAST, start, 0, 2),
                    step(AT_LEAST, end, 1, 0),
                    step(RETURN, FAIL),
                ]
            steps += [step(LOAD, NUMBER), step(EQUAL, number, 0, len(body))]
            steps += body
    return steps + [step(RETURN, ALLOW)]


def main(args):
    split = args.index("--")
    known = MACHINES.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return 77
    steps = steps_of(args[:split], *known)
    code = ctypes.create_string_buffer(b"".join(steps))
    program = Program(len(steps), ctypes.addressof(code))
    prctl = ctypes.CDLL(None).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return 77
    if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        return 77
    os.execvp(args[split + 1], args[split + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
