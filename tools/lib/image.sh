# SPDX-License-Identifier: Apache-2.0
# One storage image in one folder: build the programs, start, stop, state. Sourced by ./run; needs say.sh and $project.
#
# DIR/image            ranks and journal, owned by twintrackd      DIR/run   ready files, lock, sockets (see socket_folder)
# DIR/console          users and certificates of the console       DIR/log   what the programs say
# DIR/endpoints.json   where everything is, while it runs          DIR/dscli.profile

endpoints() { $python -B "$project/tools/endpoints.py" "$@"; }

# The folder of the programs. TWINTRACK_BIN names ready-made ones: then nothing is installed or built.
bin=${TWINTRACK_BIN:-$project/build/release/bin}

install_packages() {
  [[ -n ${TWINTRACK_BIN:-} ]] || "$project/tools/install-packages" run
}

build_release() {
  [[ -n ${TWINTRACK_BIN:-} ]] && return
  mkdir -p "$project/build"
  local log=$project/build/release.log
  (
    cd "$project"
    if [[ ! -f build/release/build.ninja ]]; then
      quietly "$log" cmake --preset release -DBUILD_TESTING=OFF || exit 1
    fi
    quietly "$log" cmake --build build/release --target twintrackd twintrack-console twintrack-inspect dscli
  ) || return 1
  say "programs are in ${bin#"$project"/}: $(cd "$bin" && echo *)"
}

# A Unix socket's path has at most 107 bytes: for an image deep in the tree the sockets live in the user's runtime folder.
socket_folder() {
  local dir=$1
  if [[ ${#dir} -le 80 ]]; then
    echo "$dir/run"
  else
    local name
    name=twintrack-$(printf '%s' "$dir" | sha256sum | cut -c1-12)
    echo "${XDG_RUNTIME_DIR:-/tmp/$name-$EUID}/$name"
  fi
}

# wait_ready PID READY_FILE LOG NAME: until the program has written its ready file, or has ended.
wait_ready() {
  local pid=$1 ready=$2 log=$3 name=$4 i
  for ((i = 0; i < 1200; i++)); do
    [[ -s $ready ]] && return 0
    if ! kill -0 "$pid" 2>/dev/null; then
      tail -n 20 "$log" >&2
      echo "error: $name ended while starting; its log: $log" >&2
      return 1
    fi
    sleep 0.05
  done
  echo "error: $name does not serve after 60 s; its log: $log" >&2
  return 1
}

# launch NAME DIR ARGUMENT...: starts a program in the background, away from the terminal, and waits until it serves.
launch() {
  local name=$1 dir=$2 ready=$2/run/$1.json log=$2/log/$1.log
  shift 2
  rm -f "$ready"
  setsid nohup "$bin/$name" "$@" --ready-file "$ready" </dev/null >>"$log" 2>&1 9>&- &
  local pid=$!
  disown $pid
  wait_ready $pid "$ready" "$log" "$name"
}

# image_up DIR OPTION...: starts what does not run yet; returns when the image serves and endpoints.json is written.
image_up() {
  local dir
  mkdir -p "$1" || return 1
  dir=$(cd "$1" && pwd)
  shift
  local sockets
  sockets=$(socket_folder "$dir")
  mkdir -p "$dir"/{image,console,run,log} "$sockets" || return 1
  chmod 700 "$dir/console" "$dir/run" "$sockets"
  exec 9>"$dir/run/lock"
  flock 9
  if endpoints alive "$dir" twintrackd >/dev/null; then
    say "twintrackd runs already; options are not applied to it"
  else
    rm -f "$dir/endpoints.json" "$sockets"/*.sock
    launch twintrackd "$dir" --dir "$dir/image" --nbd-unix "$sockets/nbd.sock" \
      --control "$sockets/control.sock" "$@" || return 1
  fi
  start_console "$dir" || return 1
  endpoints write "$dir" --daemon "$dir/run/twintrackd.json" --console "$dir/run/twintrack-console.json" \
    --bin "$bin" || return 1
  wait_connected "$dir" || return 1
  exec 9>&-
}

# Until the console has found the image.
wait_connected() {
  local dir=$1 i
  for ((i = 0; i < 100; i++)); do
    "$bin/dscli" -cfg "$dir/dscli.profile" lssi >"$dir/log/lssi.log" 2>&1 && return 0
    sleep 0.1
  done
  cat "$dir/log/lssi.log" >&2
  return 1
}

start_console() {
  local dir=$1 id control
  endpoints alive "$dir" twintrack-console >/dev/null && return
  id=$($python -c 'import json,sys; print(json.load(open(sys.argv[1]))["storage_image"])' "$dir/run/twintrackd.json")
  control=$($python -c 'import json,sys; print(json.load(open(sys.argv[1]))["control"])' "$dir/run/twintrackd.json")
  launch twintrack-console "$dir" --dir "$dir/console" --image "$id=$control" --listen 127.0.0.1:0
}

# stop_program DIR NAME: asks with SIGTERM and waits until it has ended.
stop_program() {
  local dir=$1 name=$2 pid i
  pid=$(endpoints alive "$dir" "$name") || return 0
  kill -TERM "$pid"
  for ((i = 0; i < 2400; i++)); do
    endpoints alive "$dir" "$name" >/dev/null || return 0
    sleep 0.05
  done
  echo "error: $name (pid $pid) has not stopped within 120 s; its log: $dir/log/$name.log" >&2
  return 1
}

image_stop() {
  local dir=$1
  [[ -d $dir/run ]] || die "$dir is not the folder of an image"
  stop_program "$dir" twintrack-console && stop_program "$dir" twintrackd || return 1
  rm -f "$dir/endpoints.json"
}

image_status() {
  local dir=$1 name pid
  [[ -d $dir/run ]] || die "$dir is not the folder of an image"
  for name in twintrackd twintrack-console; do
    if pid=$(endpoints alive "$dir" $name); then
      say "$name runs, pid $pid"
    else
      say "$name does not run"
    fi
  done
  [[ -f $dir/endpoints.json ]] || return 3
  say "NBD      nbd+unix:///VOLUME?socket=$(endpoints get "$dir" nbd.unix)"
  say "         nbd://$(endpoints get "$dir" nbd.tcp)/VOLUME"
  say "console  $(endpoints get "$dir" console.url)"
  say "dscli    $(endpoints get "$dir" dscli.program) -cfg $(endpoints get "$dir" dscli.profile)"
}
