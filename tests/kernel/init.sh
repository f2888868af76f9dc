#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first process of a guest (guest.py): file systems, the loop-back network, then the script that it was started for. What that
# says is in OUT/log; its exit status is the last line there. Then the power goes off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TERM=dumb
mount -t proc none /proc
mount -t sysfs none /sys
mountpoint -q /dev || mount -t devtmpfs none /dev
for place in /run /tmp; do mount -t tmpfs none "$place"; done
mkdir -p /dev/shm /run/out
mount -t tmpfs none /dev/shm
mount -t hostfs -o "$GUEST_OUT" none /run/out
ip link set lo up
# shellcheck disable=SC2086  # words with commas between them, as a kernel command line splits at blanks
{
  for module in ${GUEST_MODULES//,/ }; do modprobe -d "$GUEST_ROOT" "$module" || echo "no module $module"; done
  /usr/bin/python3 -B ${GUEST_COMMAND//,/ }
  echo "exit status $?"
} >/run/out/log 2>&1
sync
# reboot(2) to power off: a small system has no program for it.
exec /usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'
