# SPDX-License-Identifier: Apache-2.0
# The demonstration: the main job on real data, proved by programs that are not ours. Sourced by ./run; needs say.sh,
# image.sh, and $dir, $daemon_options.
#
# T0 is the instant of the FlashCopy. The content of the source at T0 is known in two forms, both made before: the
# file system image demo/t0.img and the SHA-256 of each file, demo/t0.sha256.

demo_size_gib=2
# MiB per second: about 400 MiB of data would be copied before anybody could look.
demo_copy_limit=8
source_volume=0100 target_volume=0200

demonstration() {
  local begin=$EPOCHREALTIME
  step "Install what is missing (tools/packages is the list)" install_packages
  step "Build the release" build_release
  step "Start a storage image in $dir" demo_start
  step "Create two volumes with the DS CLI" demo_volumes
  step "Make an ext4 file system of real files" demo_file_system
  step "Prepare two days of changes to it, to be written later" demo_prepare_days
  step "Put it on volume $source_volume over NBD" demo_load
  step "FlashCopy $source_volume to $target_volume: from here on, T0" demo_flash
  step "Go on changing the source while the copy runs in the background" demo_change 1
  step "Proof 1: the target is T0, says e2fsck and the checksum of each file" demo_prove
  step "Change more, and kill -9 the image in the middle of it" demo_kill
  step "Restart it" demo_restart
  step "Proof 2: the target is still T0; the source has every change" demo_prove_after_kill
  step "Wait for the end of the background copy" demo_wait_copied
  step "Proof 3: the finished copy is T0, byte by byte" demo_prove_bytes
  demo_page "$begin"
}

demo_uri() { echo "nbd+unix:///$1?socket=$(endpoints get "$dir" nbd.unix)"; }
demo_dscli() { "$bin/dscli" -cfg "$dir/dscli.profile" "$@"; }
dscli_shown() {
  printf '    $ dscli %s\n' "$*"
  demo_dscli "$@" 2>&1 | sed 's/^/      /'
  return "${PIPESTATUS[0]}"
}

demo_start() {
  if [[ -d $dir/image && -n $(ls -A "$dir/image") ]]; then
    say "the folder has an image already: it is used, its other volumes are left alone"
  fi
  image_up "$dir" "${daemon_options[@]}" || return 1
  dir=$(cd "$dir" && pwd)
  demo=$dir/demo
  mkdir -p "$demo"
  dscli_shown lssi
}

# The volumes of an earlier demonstration are made anew; anybody else's are not touched.
demo_volumes() {
  local volume
  for volume in $source_volume $target_volume; do
    if demo_dscli showfbvol $volume >/dev/null 2>&1; then
      demo_dscli lsfbvol -fmt delim -hdr off -bnr off $volume | grep -q "^demo_$volume," ||
        { say "volume $volume is not of a demonstration: start one elsewhere with ./run --dir DIR" && return 1; }
      demo_dscli rmflash -quiet $source_volume:$target_volume >/dev/null 2>&1 || true
      dscli_shown rmfbvol -quiet $volume || return 1
    fi
  done
  dscli_shown mkfbvol -extpool P1 -cap $demo_size_gib -name "demo_#h" $source_volume || return 1
  dscli_shown mkfbvol -extpool P0 -cap $demo_size_gib -name "demo_#h" $target_volume || return 1
  dscli_shown lsfbvol $source_volume $target_volume
}

demo_file_system() {
  rm -rf "${demo:?}"/*
  mkdir "$demo/tree"
  cp -a --no-preserve=ownership /usr/include "$demo/tree/include"
  cp -a --no-preserve=ownership "$project/src" "$project/docs" "$demo/tree/"
  find "$demo/tree" ! -type f ! -type d -delete
  (cd "$demo/tree" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$demo/t0.sha256"
  mke2fs -q -t ext4 -b 4096 -L demo -d "$demo/tree" "$demo/t0.img" ${demo_size_gib}G || return 1
  say "$(wc -l <"$demo/t0.sha256") files, $(du -sh "$demo/tree" | cut -f1), in an ext4 file system of $demo_size_gib GiB"
  rm -rf "$demo/tree"
}

demo_load() {
  shown nbdinfo --size "$(demo_uri $source_volume)" || return 1
  shown nbdcopy --flush --destination-is-zero "$demo/t0.img" "$(demo_uri $source_volume)"
}

demo_flash() {
  dscli_shown mkflash $source_volume:$target_volume || return 1
  say "so that there is time to look, the image runs with"
  demo_progress
}

# The tracks whose T0 content is still only on the source; nothing when the relationship has ended.
demo_left() {
  demo_dscli lsflash -l -fmt delim -hdr off -bnr off $source_volume | sed -n "s/^\($source_volume:$target_volume\)\(,.*\)/\1\2/p" | cut -d, -f12
}

demo_progress() {
  local left total=$((demo_size_gib * 16384))
  left=$(demo_left)
  if [[ -n $left ]]; then
    say "background copy: $((total - left)) of $total tracks done, $left out of sync (lsflash -l)"
  else
    say "background copy: ended, the relationship is gone (lsflash: No Flash Copy found)"
  fi
}

# demo_day N: makes demo/dayN.img, the source's file system after one more day of work.
demo_day() {
  local day=$1 before=$demo/t0.img file
  [[ $day -gt 1 ]] && before=$demo/day$((day - 1)).img
  cp --sparse=always "$before" "$demo/day$day.img"
  head -c $((64 << 20)) /dev/urandom >"$demo/new"
  {
    echo "mkdir /day$day"
    echo "write $demo/new /day$day/new"
    # Every fortieth file of T0 is overwritten by other content, another for each day.
    while read -r file; do
      echo "rm $file"
      echo "write $project/README.md $file"
    done < <(awk -v day="$day" 'NR % 40 == day {print substr($2, 2)}' "$demo/t0.sha256")
  } >"$demo/day$day.commands"
  debugfs -w -f "$demo/day$day.commands" "$demo/day$day.img" >"$demo/debugfs.log" 2>&1 || return 1
  e2fsck -fn "$demo/day$day.img" >"$demo/e2fsck.log" 2>&1 || return 1
}

demo_prepare_days() {
  demo_day 1 && demo_day 2 || return 1
  say "each day: $(wc -l <"$demo/day1.commands") commands of debugfs: files overwritten, and 64 MiB of new data"
}

# demo_apply N: writes what day N changed to the source over NBD.
demo_apply() {
  local day=$1 before=$demo/t0.img
  [[ $day -gt 1 ]] && before=$demo/day$((day - 1)).img
  $python -B "$project/tools/volume_io.py" apply "$(demo_uri $source_volume)" "$before" "$demo/day$day.img"
}

demo_change() {
  say "$(demo_apply "$1" | tail -n 1)"
  demo_progress
}

# demo_check VOLUME SUMS: e2fsck reads the volume's file system without a complaint, and its files have these checksums.
demo_check() {
  local volume=$1 sums=$2 status=0
  demo_show_as_file "$volume" || return 1
  demo_check_file "$shown_file" "$sums" || status=1
  demo_hide_file
  return $status
}

demo_check_file() {
  local file=$1 sums=$2 out=$demo/out
  shown e2fsck -fn "$file" || return 1
  rm -rf "$out" && mkdir "$out"
  debugfs -R "rdump / $out" "$file" >"$demo/debugfs.log" 2>&1 || return 1
  (cd "$out" && sha256sum --quiet -c "$sums" | head -5; exit "${PIPESTATUS[0]}") || return 1
  local found expected
  found=$(find "$out" -type f | wc -l) expected=$(wc -l <"$sums")
  rm -rf "$out"
  [[ $found -eq $expected ]] || { say "$found files instead of $expected" && return 1; }
  say "all $expected files have their SHA-256"
}

# The volume as a file for e2fsck and debugfs: through nbdfuse where FUSE may be used, else a copy made with nbdcopy.
demo_show_as_file() {
  local volume=$1 i
  shown_file=$demo/mnt/$volume fuse_pid=
  mkdir -p "$demo/mnt"
  if [[ -w /dev/fuse ]]; then
    touch "$shown_file"
    nbdfuse -r "$shown_file" "$(demo_uri "$volume")" </dev/null >"$demo/nbdfuse.log" 2>&1 &
    fuse_pid=$!
    for ((i = 0; i < 100; i++)); do
      mountpoint -q "$shown_file" && say "volume $volume shown as a file by nbdfuse" && return 0
      kill -0 "$fuse_pid" 2>/dev/null || break
      sleep 0.05
    done
    demo_hide_file
  fi
  shown_file=$demo/volume-$volume.img
  rm -f "$shown_file"
  shown nbdcopy "$(demo_uri "$volume")" "$shown_file"
}

demo_hide_file() {
  if [[ -n $fuse_pid ]]; then
    fusermount3 -q -u "$shown_file" || true
    wait "$fuse_pid" || true
    fuse_pid=
  fi
  rm -f "$demo"/volume-*.img
}

demo_prove() {
  local before after
  before=$(demo_left)
  demo_check $target_volume "$demo/t0.sha256" || return 1
  after=$(demo_left)
  demo_progress
  if [[ -n $before && -n $after ]]; then
    say "proved while the copy was running: $before tracks left before, $after after"
  elif [[ -n $before ]]; then
    say "the copy was running when the proof began and ended during it"
  else
    say "the copy had ended already"
  fi
}

demo_kill() {
  local pid
  pid=$(endpoints get "$dir" pids.twintrackd)
  demo_apply 2 >"$demo/apply.log" 2>&1 &
  local writer=$! i
  for ((i = 0; i < 200; i++)); do
    [[ -s $demo/apply.log ]] && break
    sleep 0.02
  done
  sleep 0.1
  kill -9 "$pid"
  if wait $writer; then
    say "the writer was done before the kill"
  else
    say "the writer lost its server: $(tail -n 1 "$demo/apply.log")"
  fi
  say "kill -9 of twintrackd, pid $pid"
}

demo_restart() {
  image_up "$dir" "${daemon_options[@]}" || return 1
  demo_progress
}

demo_prove_after_kill() {
  demo_check $target_volume "$demo/t0.sha256" || return 1
  say "the interrupted writer does its day again: $(demo_apply 2 | tail -n 1)"
  shown $python -B "$project/tools/volume_io.py" compare "$(demo_uri $source_volume)" "$demo/day2.img" || return 1
  demo_progress
}

demo_wait_copied() {
  local i left last=
  if [[ -n $(demo_left) ]]; then
    # It may end by itself just now.
    dscli_shown setflashrate -copyrate 0 $source_volume:$target_volume || [[ -z $(demo_left) ]] || return 1
  fi
  for ((i = 0; i < 1200; i++)); do
    left=$(demo_left)
    [[ -z $left ]] && break
    if ((i % 8 == 0)); then
      [[ $left == "$last" ]] && ((i >= 240)) && { say "no progress for two minutes" && return 1; }
      last=$left
      demo_progress
    fi
    sleep 0.25
  done
  demo_progress
  [[ -z $(demo_left) ]]
}

demo_prove_bytes() {
  shown $python -B "$project/tools/volume_io.py" compare "$(demo_uri $target_volume)" "$demo/t0.img" || return 1
  rm -f "$demo"/*.img "$demo"/new
}

demo_page() {
  local socket tcp
  socket=$(endpoints get "$dir" nbd.unix) tcp=$(endpoints get "$dir" nbd.tcp)
  cat <<TEXT

All of it took $(seconds_since "$1"). The image $(endpoints get "$dir" storage_image) is running. What you can do now:

  as a host, over NBD
    nbdinfo --list "nbd+unix:///?socket=$socket"
    nbdinfo nbd://$tcp/$target_volume
    nbdcopy nbd://$tcp/$target_volume copy.img

  as its administrator, with the DS CLI
    alias dscli='$(endpoints get "$dir" dscli.program) -cfg $(endpoints get "$dir" dscli.profile)'
    dscli lsfbvol
    dscli mkfbvol -extpool P0 -cap 10 -name test_#h 0201
    dscli mkflash -nocp $target_volume:0201
    dscli lsflash -l 0000-FFFF
    dscli help mkflash
    dscli                       the interactive shell

  in scripts
    $dir/endpoints.json says where everything is

  ./run status      ./run stop      ./run --help      documents: docs/architecture.md
TEXT
}
