/** The kernel argument that says how many MiB the guest fills. */
export const USED_MIB_ARGUMENT = "used_mib";

/** The file of random bytes that fills the guest's memory, with copies of it. */
export const RANDOM_FILE = "/mnt/rnd";

/** How much of it at most; more would take minutes under TCG. */
const RANDOM_MIB = 32;

/** What starts the lines that the guest sends; see LINUX_INIT. */
export const LINES = {
  ready: "READY",
  tick: "tick ",
  begin: "begin ",
  end: "end ",
} as const;

/**
 * The first program of the guest, for busybox.
 *
 * It fills memory, prints the md5 sum of that and READY. From then on it
 * ticks each second that no command comes. A command is a line of an id and
 * what the shell is to run; the answer stands between `begin ID` and
 * `end ID STATUS`. The wait for a line ends as soon as one is there, and
 * one process does both, so no tick can stand in the middle of an answer.
 * Neither do the kernel's messages, once `dmesg -n 1` holds them back.
 */
export const LINUX_INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o size=95% tmp /mnt
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty clocal -echo -isig -onlcr
dmesg -n 1
random=$((${USED_MIB_ARGUMENT} < ${RANDOM_MIB} ? ${USED_MIB_ARGUMENT} : ${RANDOM_MIB}))
dd if=/dev/urandom of=${RANDOM_FILE} bs=1M count=$random 2>/dev/null
left=$((${USED_MIB_ARGUMENT} - random))
while [ $left -gt 0 ]; do
  dd if=${RANDOM_FILE} of=${RANDOM_FILE}-$left bs=1M count=$left 2>/dev/null
  left=$((left - ${RANDOM_MIB}))
done
md5sum ${RANDOM_FILE}
echo ${LINES.ready}
ticks=0
while :; do
  if read -r -t 1 id command; then
    [ -n "$id" ] || continue
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
