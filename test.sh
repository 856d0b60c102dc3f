#!/usr/bin/env bash
# Installs what is missing, builds everything and runs the tests.
# usage: test.sh [--sanitize] [--with-cuda | --without-cuda] [CTEST ARGUMENTS...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/installer/setup.sh"

cuda=auto preset=dev
while [ $# -gt 0 ]; do
  case $1 in
    --sanitize) preset=asan ;;
    --with-cuda) cuda=yes ;;
    --without-cuda) cuda=no ;;
    -h|--help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    *) break ;;
  esac
  shift
done

install_packages "${build_packages[@]}" "${test_packages[@]}"
build=$root/build/$preset
if [ "$preset" = asan ]; then
  configure_and_build "$build" asan
  export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
  set -- -LE slow "$@"
else
  mapfile -t cuda_flags < <(cuda_arguments "$cuda")
  [ ${#cuda_flags[@]} -gt 0 ] || exit 1
  configure_and_build "$build" dev "${cuda_flags[@]}"
fi
exec ctest --test-dir "$build" --output-on-failure -j "$(nproc)" "$@"
