#!/bin/bash
# Runs a command without address space randomisation where that is allowed.
# GCC 12's sanitizers map their shadow memory at fixed addresses, and fail on
# kernels that randomise more bits than Debian's (vm.mmap_rnd_bits of 32).
if setarch --addr-no-randomize true 2> /dev/null; then
  exec setarch --addr-no-randomize "$@"
fi
exec "$@"
