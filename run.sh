#!/usr/bin/env bash
# Installs what is missing, builds Nibble, and starts it with the bundled sample model.
# usage: run.sh [--with-cuda | --without-cuda] [--build-only] [--cli] [--install | --uninstall] [--] [ARGUMENTS OF THE PROGRAM...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/installer/setup.sh"

cuda=auto start=window
while [ $# -gt 0 ]; do
  case $1 in
    --with-cuda) cuda=yes ;;
    --without-cuda) cuda=no ;;
    --build-only) start=none ;;
    --cli) start=cli ;;
    --install) start=install ;;
    --uninstall) exec bash "$root/installer/launcher.sh" uninstall ;;
    -h|--help)
      sed -n '2,3s/^# //p' "$0"
      echo "  --with-cuda     fetch NVIDIA's toolkit even where no card is seen; --without-cuda builds for the CPU alone"
      echo "  --build-only    build, do not start;  --cli: start the chat on the terminal instead of the window"
      echo "  --install       put a launcher into your own applications menu (no root); --uninstall takes it away"
      exit 0 ;;
    --) shift; break ;;
    *) break ;;
  esac
  shift
done

install_packages "${build_packages[@]}"
build=$root/build/release
mapfile -t cuda_flags < <(cuda_arguments "$cuda")
[ ${#cuda_flags[@]} -gt 0 ] || exit 1
configure_and_build "$build" release "${cuda_flags[@]}"

case $start in
  none) echo "Built: $build/bin/nibble and $build/bin/nibble-cli" ;;
  install) exec bash "$root/installer/launcher.sh" install "$build" ;;
  cli) exec "$build/bin/nibble-cli" chat "$@" ;;
  window)
    if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "${QT_QPA_PLATFORM:-}" = "" ]; then
      say "There is no display here: starting the chat on the terminal instead of the window."
      exec "$build/bin/nibble-cli" chat "$@"
    fi
    exec "$build/bin/nibble" "$@" ;;
esac
