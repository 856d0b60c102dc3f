#!/usr/bin/env bash
# usage: check_package.sh BUILD_FOLDER   makes the DEB and the portable archive, unpacks both into empty folders, and starts
# the programs from there: the sample model must be found without a path, and a folder argument must reach the running window.
set -euo pipefail
trap 'echo "failed at line $LINENO: $BASH_COMMAND" >&2' ERR
build=$1
work=$(mktemp -d); trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
export HOME=$work/home XDG_RUNTIME_DIR=$work/run QT_QPA_PLATFORM=offscreen
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"; chmod 700 "$XDG_RUNTIME_DIR"

cd "$work"
for generator in DEB TGZ; do
  cpack --config "$build/CPackConfig.cmake" -G $generator -B "$work/packages" >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log"; exit 1; }
done
deb=$(ls packages/*.deb); archive=$(ls packages/*.tar.gz)
dpkg-deb --info "$deb" | grep 'Depends:.*libqt6widgets6' >/dev/null
dpkg-deb -x "$deb" "$work/deb"
mkdir portable; tar -C portable --strip-components=1 -xzf "$archive"

check() { # check BIN_FOLDER NAME: the command line answers, and the window starts and takes a second start's argument
  local bin=$1 profile=$work/profile-$2
  "$bin/nibble-cli" complete sample --prompt "Once upon a time" --max-tokens 8 --greedy --json | grep '"stop"' >/dev/null
  "$bin/nibble" --version | grep -i nibble >/dev/null
  "$bin/nibble" --profile "$profile" >"$work/$2.log" 2>&1 &
  local window=$!
  for _ in $(seq 100); do [ -n "$(find "$profile" -name "*.lock" 2>/dev/null)" ] && sleep 1 && break; sleep 0.1; done
  printf 'GGUF\3\0\0\0' > "$work/tiny.gguf"
  timeout 20 "$bin/nibble" --profile "$profile" "$work/tiny.gguf" || { echo "the second start did not hand its file over"; cat "$work/$2.log"; exit 1; }
  kill -0 $window || { echo "the window of $2 ended by itself"; cat "$work/$2.log"; exit 1; }
  kill $window; wait $window 2>/dev/null || true
}
check "$work/deb/usr/bin" deb
check "$work/portable/bin" portable
[ -s "$work/deb/usr/share/nibble/sample-model/LICENSE.md" ]
[ "$(ls "$work/portable/share/doc/nibble/licenses" | wc -l)" -gt 10 ]
echo "packages work: $(du -h "$deb" | cut -f1) DEB, $(du -h "$archive" | cut -f1) archive"
