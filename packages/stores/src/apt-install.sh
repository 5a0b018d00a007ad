#!/bin/sh
# Installs Debian packages without prompts and without starting their services.
# Usage: apt-install.sh package...; as root. ROOT (for tests) is a prefix of the paths that are written.
#
# policy-rc.d decides whether a package may start its service, and a file in createcluster.d whether Postgres creates a
# cluster. Both are in place during the installation only; an existing policy is restored in any case. This is a shell
# script, because it continues when the process that called it is killed.
set -u
root=${ROOT:-}
policy=$root/usr/sbin/policy-rc.d
kept=$policy.before-quintet
clusters=$root/etc/postgresql-common/createcluster.d
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

mkdir -p "$root/run/lock" "$root/usr/sbin" "$clusters"
exec 9>"$root/run/lock/quintet-install"
flock 9

restore() {
  rm -f "$clusters/quintet.conf" "$policy"
  rmdir "$clusters" "$root/etc/postgresql-common" 2>/dev/null
  if [ -e "$kept" ] || [ -L "$kept" ]; then mv -f "$kept" "$policy"; fi
}
# A run that was interrupted by a power failure may have left its policy.
if grep -qs "quintet: temporary" "$policy"; then restore; fi
if [ -e "$policy" ] || [ -L "$policy" ]; then mv -f "$policy" "$kept"; fi
trap restore EXIT
trap 'exit 130' HUP INT TERM
printf '#!/bin/sh\n# quintet: temporary\nexit 101\n' >"$policy"
chmod 755 "$policy"
echo 'create_main_cluster = false' >"$clusters/quintet.conf"

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
lock='-oDPkg::Lock::Timeout=300'
known() { for package; do apt-cache show "$package" >/dev/null 2>&1 || return; done; }
install() { apt-get $lock -qy --no-install-recommends -oDpkg::Options::=--force-confold install "$@" 9>&-; }

known "$@" || apt-get $lock -qy update 9>&- || exit
# The package list may be outdated.
install "$@" || { apt-get $lock -qy update 9>&- && install "$@"; } || exit

# The services must not start at boot either.
[ -z "$root" ] || exit 0
for service in mariadb redis-server postgresql nginx haproxy; do
  case " $* " in
  *" $service "* | *" $service-server "* | *" $service-light "*) update-rc.d "$service" disable >/dev/null 2>&1 || true ;;
  esac
done
