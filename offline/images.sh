# Sourced by build: makes images of the parts.
# shellcheck shell=bash disable=SC2154 # build sets here and out
certificates=/etc/ssl/certs/ca-certificates.crt
label=observability-lab.content # of an image: a sum of what went into it

# base FOLDER: a root file system of busybox and the files that all images share
base() {
  mkdir -p "$1"/{bin,etc/ssl/certs,root,run,tmp,usr,var}
  ln -s ../bin "$1/usr/bin"
  ln -s ../run "$1/var/run" # so that mounting the host's shows containerd's socket, too
  cp "$(command -v busybox)" "$1/bin/busybox"
  busybox --list | grep -vx busybox | while read -r applet; do ln -s busybox "$1/bin/$applet"; done
  cp -r "$here/images/common/." "$1/"
  [ ! -e "$certificates" ] || cp -L "$certificates" "$1$certificates"
}

# image NAME UID:GID 'FOLDER...' CHANGE...: imports a part whose folders belong to that user, unless the engine has it
image() {
  local name=$1 owner=$2 image=observability-lab/$1:offline work=$out/work start=$SECONDS content source folder change
  local -a folders changes=() sources=("$out/$1/root" "$here/images/common" "$here/images.sh" "$(command -v busybox)")
  read -ra folders <<<"$3"
  for folder in "$here/images/$name" "$certificates"; do [ ! -e "$folder" ] || sources+=("$folder"); done
  printf '%-20s ' "image $name"
  # in an order that does not depend on where the checkout lies
  content=$(for source in "${sources[@]}"; do find -L "$source" -type f -print0 | sort -z | xargs -0 cat; done | sha256sum | cut -c1-16)
  if [ "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$image" 2>/dev/null)" = "$content" ]; then
    echo unchanged
    return
  fi
  rm -rf "$work" && base "$work/root"
  cp -r "$out/$name/root/." "$work/root/"
  [ ! -d "$here/images/$name" ] || cp -r "$here/images/$name/." "$work/root/"
  for folder in "${folders[@]}"; do mkdir -p "$work/root$folder"; done
  # Owners are set in the archive: this may run as anyone, and a new volume takes its folder's owner.
  local -a pack=(tar -C "$work/root" --numeric-owner --mode="a+rX,go-w" -f "$work/layer.tar")
  "${pack[@]}" --owner=0 --group=0 --exclude=./tmp "${folders[@]/#/--exclude=.}" -c .
  "${pack[@]}" --owner=0 --group=0 --mode=1777 -r ./tmp
  [ -z "$3" ] || "${pack[@]}" --owner="${owner%:*}" --group="${owner#*:}" -r "${folders[@]/#/.}"
  for change in "LABEL $label=$content" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "${@:4}"; do
    changes+=(--change "$change")
  done
  docker import "${changes[@]}" "$work/layer.tar" "$image" >"$out/image-$name.log" 2>&1 ||
    die "$image could not be imported: see $out/image-$name.log"
  rm -rf "$work"
  echo "$((SECONDS - start)) s"
}

# import_image NAME
import_image() {
  local home=/usr/share/grafana data=/var/lib/grafana settings=/etc/grafana
  case $1 in
    node-exporter) image "$1" 0:0 '' 'USER nobody' 'EXPOSE 9100' 'ENTRYPOINT ["/bin/node_exporter"]' ;;
    pushgateway)
      image "$1" 65534:65534 /pushgateway \
        'USER nobody' 'EXPOSE 9091' 'WORKDIR /pushgateway' 'ENTRYPOINT ["/bin/pushgateway"]'
      ;;
    alertmanager)
      image "$1" 65534:65534 /alertmanager \
        'USER nobody' 'EXPOSE 9093' 'VOLUME /alertmanager' 'WORKDIR /alertmanager' 'ENTRYPOINT ["/bin/alertmanager"]'
      ;;
    blackbox-exporter) image "$1" 0:0 '' 'EXPOSE 9115' 'ENTRYPOINT ["/bin/blackbox_exporter"]' ;;
    caddy) image "$1" 0:0 '' 'CMD ["caddy","run"]' ;;
    cadvisor) image "$1" 0:0 '' 'EXPOSE 8080' 'ENTRYPOINT ["/usr/bin/cadvisor","-logtostderr"]' ;;
    prometheus)
      image "$1" 65534:65534 '/etc/prometheus /prometheus' \
        'USER nobody' 'EXPOSE 9090' 'VOLUME /prometheus' 'WORKDIR /prometheus' 'ENTRYPOINT ["/bin/prometheus"]' \
        'CMD ["--config.file=/etc/prometheus/prometheus.yml","--storage.tsdb.path=/prometheus"]'
      ;;
    grafana)
      image "$1" 472:0 "$data /var/log/grafana $settings" \
        'USER 472' 'EXPOSE 3000' "WORKDIR $home" 'ENTRYPOINT ["/run.sh"]' \
        "ENV PATH=$home/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        "ENV GF_PATHS_CONFIG=$settings/grafana.ini" "ENV GF_PATHS_PROVISIONING=$settings/provisioning" \
        "ENV GF_PATHS_DATA=$data" "ENV GF_PATHS_PLUGINS=$data/plugins" \
        "ENV GF_PATHS_HOME=$home" 'ENV GF_PATHS_LOGS=/var/log/grafana'
      ;;
  esac
}
