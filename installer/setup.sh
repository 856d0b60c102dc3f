# Sourced by run.sh and test.sh: installs what a bare Debian 12 or Ubuntu 24.04 lacks, finds or fetches a CUDA toolkit, builds.
# Callers set `root` (the source folder). Nothing here prints to stdout except what a caller asks for.

build_packages=(g++ cmake ninja-build ccache mold pkg-config qt6-base-dev qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools
  linguist-qt6 'qt6-svg-dev|libqt6svg6-dev' libqt6sql6-sqlite libgl-dev libqcustomplot-dev libspdlog-dev libfmt-dev libexpected-dev
  nlohmann-json3-dev libutf8proc-dev libpcre2-dev libcmark-gfm-dev libcmark-gfm-extensions-dev fonts-dejavu-core)
test_packages=(xvfb xdotool sqlite3 desktop-file-utils appstream libxml2-utils shared-mime-info file fonts-wqy-microhei python3)

say() { printf '%s\n' "$*" >&2; }

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep >/dev/null 'install ok installed'; }

# The first of NAME|OTHER_NAME that the distribution has: releases name some packages differently.
available_name() {
  local name
  for name in ${1//|/ }; do apt-cache show "$name" >/dev/null 2>&1 && { echo "$name"; return; }; done
  echo "${1%%|*}"
}

# install_packages NAME...: installs those that are missing; without rights it prints the one line to run and fails.
install_packages() {
  local missing=() name other found
  for name in "$@"; do
    found=no
    for other in ${name//|/ }; do is_installed "$other" && found=yes; done
    [ $found = yes ] || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || { say "This script installs packages with apt-get, which is not here. Needed: ${missing[*]}"; return 1; }
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      say "Packages are missing and there is no right to install them. Run this line, then start again:"
      say "  sudo apt-get install --no-install-recommends ${missing[*]%%|*}"
      return 1
    fi
  fi
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq >&2 || true
  for name in "${!missing[@]}"; do missing[name]=$(available_name "${missing[name]}"); done
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

has_nvidia_card() {
  command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep >/dev/null GPU && return 0
  grep -qs 0x10de /sys/bus/pci/devices/*/vendor 2>/dev/null && grep -qsE '^0x03' /sys/bus/pci/devices/*/class && [ -e /dev/nvidia0 ]
}

# NVIDIA's packages from PyPI as a toolkit in a private folder (about 840 MB).
fetch_cuda_toolkit() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/nibble/cuda-13.0 site
  if [ ! -e "$folder/ready" ]; then
    install_packages python3 python3-venv || return 1
    say "Fetching the CUDA toolkit from PyPI into $folder (about 840 MB)"
    rm -rf "$folder"; mkdir -p "$folder"
    python3 -m venv "$folder/venv" >&2 || return 1
    "$folder/venv/bin/pip" install -q nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-runtime==13.0.96 \
      nvidia-cublas==13.0.2.14 nvidia-cuda-cccl==13.0.85 >&2 || return 1
    site=$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    ln -sfn "$site/nvidia/cu13" "$folder/toolkit"
    local library
    for library in libcublas libcublasLt libcudart; do
      ln -sf "$(cd "$folder/toolkit/lib" && ls $library.so.* | head -1)" "$folder/toolkit/lib/$library.so"
    done
    touch "$folder/ready"
  fi
  printf '%s\n' "$folder/toolkit"
}

# The compute capability of the first card as CMake wants it ("89"), or nothing.
card_architecture() { nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -1 | tr -d '.' | grep -E '^[0-9]+$' || true; }

# cuda_arguments WITH_CUDA(yes|auto|no): CMake arguments on stdout, one a line.
cuda_arguments() {
  local nvcc architecture toolkit
  [ "$1" = no ] && { echo "-DNIBBLE_CUDA=OFF"; return 0; }
  nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)
  if [ -n "$nvcc" ] && [ "$("$nvcc" --version | sed -n 's/.*release \([0-9]*\).*/\1/p')" -lt 12 ]; then
    say "The CUDA toolkit at $nvcc is older than 12.0 and is not used."; nvcc=
  fi
  if [ -z "$nvcc" ] && { [ "$1" = yes ] || has_nvidia_card; }; then
    toolkit=$(fetch_cuda_toolkit) && nvcc=$toolkit/bin/nvcc && echo "-DCUDAToolkit_ROOT=$toolkit"
  fi
  if [ -n "$nvcc" ]; then
    echo "-DNIBBLE_CUDA=ON"; echo "-DCMAKE_CUDA_COMPILER=$nvcc"
    architecture=$(card_architecture); [ -n "$architecture" ] && echo "-DCMAKE_CUDA_ARCHITECTURES=$architecture"
    return 0
  fi
  [ "$1" = yes ] && { say "No CUDA toolkit could be had."; return 1; }
  say "No NVIDIA card and no CUDA toolkit here: building for the CPU only (--with-cuda asks for the toolkit anyway)."
  echo "-DNIBBLE_CUDA=OFF"
}

# configure_and_build BUILD_FOLDER PRESET [CMAKE_ARGUMENT...]
configure_and_build() {
  local folder=$1 preset=$2; shift 2
  cmake -S "$root" --preset "$preset" -B "$folder" "$@" >&2 || return 1
  nice cmake --build "$folder" -j "$(nproc)" >&2
}
