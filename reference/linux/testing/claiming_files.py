"""A file system in user space whose file says that fs-verity is enabled for it.

claiming_files.py PATH mounts it over the file PATH, prints a line, and serves it
until it is unmounted.
"""

import ctypes
import errno
import os
import struct
import sys

FORGET, GETATTR, OPEN, STATFS, INIT, IOCTL = 2, 3, 14, 17, 26, 39
HEADER = struct.Struct("<IIQQIIII")
LENGTH = 8192


def answer(opcode, body):
    """Returns what a request is answered with."""
    if opcode == INIT:
        return struct.pack("<IIIIHHII36x", 7, 31, 0, 0, 1, 1, 4096, 1)
    if opcode == GETATTR:
        mode = 0o100444
        return struct.pack(
            "<QII6Q10I", 0, 0, 0, 1, LENGTH, 16, 0, 0, 0,
            0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
    if opcode == OPEN:
        return bytes(16)
    if opcode == STATFS:
        return bytes(80)
    if opcode == IOCTL:
        size = struct.unpack_from("<I", body, 28)[0]
        digest = struct.pack("<HH", 1, 32) + b"\x42" * 32
        return bytes(16) + digest[:size].ljust(size, b"\0")
    return b""


def serve(device):
    """Answers requests until the file is unmounted."""
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return
            raise
        _, opcode, unique = HEADER.unpack_from(request)[:3]
        if opcode == FORGET:
            continue
        reply = answer(opcode, request[HEADER.size:])
        os.write(device, struct.pack("<IiQ", 16 + len(reply), 0, unique) + reply)


def main(path):
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=100000,user_id=0,group_id=0,allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    words = [it.encode() for it in ("claiming", path, "fuse")]
    if libc.mount(*words, 0, options.encode()) != 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
    print("mounted", flush=True)
    serve(device)


main(sys.argv[1])
