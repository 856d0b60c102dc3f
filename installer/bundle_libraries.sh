#!/usr/bin/env bash
# usage: bundle_libraries.sh FOLDER   adds the shared libraries, Qt plugins and licence texts to an installed tree
set -euo pipefail
top=$1
mkdir -p "$top/lib/nibble/bundled" "$top/lib/nibble/plugins" "$top/share/doc/nibble/licenses"

collect() { # every library a program needs, but the system's own C library, display and driver stack
  { ldd "$1" || true; } | awk '$3 ~ /^\// {print $3}' | while read -r library; do
    case ${library##*/} in
      ld-linux*|libc.so.*|libm.so.*|libdl.so.*|libpthread.so.*|librt.so.*|libresolv.so.*) ;;
      libGL*|libEGL*|libOpenGL*|libX11.so.*|libX11-xcb*|libxcb.so.*|libdrm*|libgbm*|libcuda*|libcublas*|libnvidia*) ;;
      *)
        [ -e "$top/lib/nibble/bundled/${library##*/}" ] && continue
        cp -L "$library" "$top/lib/nibble/bundled/"
        package=$(dpkg -S "$(readlink -f "$library")" 2>/dev/null | head -1 | cut -d: -f1 || true)
        [ -n "$package" ] && [ -e "/usr/share/doc/$package/copyright" ] && cp -L "/usr/share/doc/$package/copyright" "$top/share/doc/nibble/licenses/$package" ;;
    esac
  done
}

plugins=$(qmake6 -query QT_INSTALL_PLUGINS 2>/dev/null || echo "/usr/lib/$(uname -m)-linux-gnu/qt6/plugins")
for program in "$top"/bin/nibble "$top"/bin/nibble-cli; do collect "$program"; done
for plugin in platforms/libqxcb.so platforms/libqoffscreen.so platforms/libqminimal.so platforms/libqwayland-generic.so sqldrivers/libqsqlite.so \
  iconengines/libqsvgicon.so imageformats/libqsvg.so platforminputcontexts/libibusplatforminputcontextplugin.so platforminputcontexts/libfcitx5platforminputcontextplugin.so \
  xcbglintegrations/libqxcb-glx-integration.so; do
  [ -e "$plugins/$plugin" ] || continue
  mkdir -p "$top/lib/nibble/plugins/${plugin%/*}"
  cp -L "$plugins/$plugin" "$top/lib/nibble/plugins/$plugin"
  collect "$plugins/$plugin"
done
printf '[Paths]\nPrefix=..\nPlugins=lib/nibble/plugins\n' > "$top/bin/qt.conf"
mkdir -p "$top/libexec"
for program in nibble nibble-cli; do # a wrapper names the libraries, so that no path is written into a program
  mv "$top/bin/$program" "$top/bin/$program.bin"
  cat > "$top/bin/$program" <<'RUN'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$here/../lib/nibble/bundled${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$here/$(basename "$(readlink -f "$0")").bin" "$@"
RUN
  chmod 755 "$top/bin/$program"
done
rmdir "$top/libexec"
