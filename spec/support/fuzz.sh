#!/bin/sh
# Runs every fuzzer of a directory: fuzz.sh DIRECTORY SECONDS
# Seeds are in spec/c/fuzz/corpus/<fuzzer>/, what it finds on the way goes beside the program.
set -eu
directory=$1
seconds=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
directory=$(cd "$directory" 2>/dev/null && pwd) || { echo 'no fuzzers in spec/c/fuzz'; exit 0; }

for program in "$directory"/*_fuzz; do
  name=$(basename "$program")
  seeds=$root/spec/c/fuzz/corpus/$name
  work=$directory/corpus/$name
  mkdir -p "$work"
  [ -d "$seeds" ] || seeds=
  echo "  FUZZ $name ($seconds s)"
  (cd "$directory" && "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 -verbosity=0 "$work" ${seeds:+"$seeds"})
done
