#!/bin/bash
# expect_output.sh EXPECTED PROGRAM ARGUMENTS...: passes when the program exits
# with 0 and its standard output is that text.
set -euo pipefail

output=$("${@:2}")
[[ $output == "$1" ]] && exit
printf 'expected:\n%s\n\ngot:\n%s\n' "$1" "$output"
exit 1
