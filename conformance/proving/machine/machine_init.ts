import { COMMAND_LOOP, SERIAL_TERMINAL } from "../qemu/linux_init.ts";

/**
 * The first program of the machine, in its initramfs: loads the modules and
 * takes commands on the file system of its first disk.
 */
export const MACHINE_INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
${SERIAL_TERMINAL}for module in /modules/*; do insmod $module; done
mount /dev/vda /root
mount --move /dev /root/dev
mount --move /proc /root/proc
mount -t sysfs sys /root/sys
mount -t tmpfs tmp /root/tmp
cp /loop /root/tmp
ifconfig lo 127.0.0.1
export PATH=/usr/bin:/bin HOME=/tmp TMPDIR=/tmp NO_COLOR=1
exec chroot /root /bin/busybox sh /tmp/loop
`;

/** What the machine runs on the file system of its first disk. */
export const MACHINE_LOOP = `/bin/busybox --install -s /bin
cd /tmp
${COMMAND_LOOP}`;
