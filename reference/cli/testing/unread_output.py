"""unread_output.py KIND DESCRIPTORS COMMAND...: runs a command, in place of this
process, whose standard output (1), standard error (2), or both (12) are unread.

KIND: pipe, socket: a full one; terminal: one that is stopped as by Ctrl-S; left: a
pipe whose reader has closed it; closed: no descriptor; late:FILE: a full pipe that
is read, into FILE.part and at the end FILE.read, once FILE exists.
"""
import fcntl, os, pty, signal, socket, sys, time

F_SETPIPE_SZ = 1031
kind, descriptors, command = sys.argv[1], sys.argv[2], sys.argv[3:]
kind, _, path = kind.partition(":")
# As a shell starts its commands.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.SIG_DFL)

if kind == "terminal":
    reader, writer = pty.openpty()
    os.write(reader, b"\x13")
elif kind == "socket":
    reader, writer = (os.dup(it.fileno()) for it in socket.socketpair())
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
else:
    reader, writer = os.pipe()
    if kind in ("pipe", "late"):
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        os.write(writer, b"x" * 4095 + b"\n")

if kind == "late" and os.fork() == 0:
    os.close(writer)
    while not os.path.exists(path):
        time.sleep(0.02)
    with open(path + ".part", "wb", buffering=0) as copy:
        while data := os.read(reader, 65536):
            copy.write(data)
    os.rename(path + ".part", path + ".read")
    os._exit(0)

# The command itself keeps the reader, which thus does not leave.
if kind in ("pipe", "socket", "terminal"):
    os.set_inheritable(reader, True)
for descriptor in map(int, descriptors):
    if kind == "closed":
        os.close(descriptor)
    else:
        os.dup2(writer, descriptor)
os.execvp(command[0], command)
