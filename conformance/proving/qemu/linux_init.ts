/** The kernel argument for the number of MiB that the guest fills. */
export const USED_MIB_ARGUMENT = "used_mib";

/**
 * The file of random bytes that, with copies of it, fills the guest's memory.
 */
export const RANDOM_FILE = "/mnt/rnd";

/** The maximum size of that file; more would take minutes under TCG. */
const RANDOM_MIB = 32;

/** The prefixes of the lines that the guest sends; see LINUX_INIT. */
export const LINES = {
  ready: "READY",
  tick: "tick ",
  begin: "begin ",
  end: "end ",
} as const;

/** Makes the first serial port the guest's terminal, for commands. */
export const SERIAL_TERMINAL = `exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty clocal -echo -isig -onlcr
dmesg -n 1
`;

/**
 * Prints READY, and then a tick for each second without a command.
 *
 * A command is a line with an id and shell code; its output is enclosed in
 * `begin ID` and `end ID STATUS`. A line that is sent again runs once. One
 * process both waits for commands and runs them, and the wait ends as soon as a
 * line arrives, so a tick never interrupts an answer. Kernel messages do not
 * either: `dmesg -n 1` suppresses them.
 */
export const COMMAND_LOOP = `echo ${LINES.ready}
ticks=0
last=
while :; do
  if read -r -t 1 id command; then
    [ -n "$id" ] && [ "$id" != "$last" ] || continue
    last=$id
    echo "${LINES.begin}$id"
    (eval "$command") </dev/null
    status=$?
    printf '\\n${LINES.end}%s %s\\n' "$id" "$status"
  else
    ticks=$((ticks + 1))
    read -r uptime rest </proc/uptime
    echo "${LINES.tick}$ticks $uptime"
  fi
done
`;

/**
 * The first program of the guest, for busybox: fills memory and prints the md5
 * sum of it before it takes commands.
 */
export const LINUX_INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o size=95% tmp /mnt
${SERIAL_TERMINAL}random=$((${USED_MIB_ARGUMENT} < ${RANDOM_MIB} ? ${USED_MIB_ARGUMENT} : ${RANDOM_MIB}))
dd if=/dev/urandom of=${RANDOM_FILE} bs=1M count=$random 2>/dev/null
left=$((${USED_MIB_ARGUMENT} - random))
while [ $left -gt 0 ]; do
  dd if=${RANDOM_FILE} of=${RANDOM_FILE}-$left bs=1M count=$left 2>/dev/null
  left=$((left - ${RANDOM_MIB}))
done
md5sum ${RANDOM_FILE}
${COMMAND_LOOP}`;
