"""What the figures were measured on."""

import datetime
import os
import platform


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def describe():
    return {
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "date": datetime.date.today().isoformat(),
    }


def text_of(machine):
    return (f"{machine['processors']} x {machine['processor']}, "
            f"{machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}, "
            f"{machine['libc']}, {machine['date']}")
