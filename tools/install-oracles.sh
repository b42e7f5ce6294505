#!/bin/sh
# Installs what the tests hold the project against: openssl, etcd with etcdctl, kubectl, strace, setfacl, faketime; cfssl and easy-rsa, whose work
# is audited; and what reads the reports and bundles: chromium, xmllint, Graphviz, promtool, NSS and Java; systemd-analyze, which reads units; with the word conformance, also what that suite needs beside Go. Debian and its kin.
set -eu
need=""
command -v openssl >/dev/null || need="$need openssl"
command -v etcd >/dev/null || need="$need etcd-server"
command -v etcdctl >/dev/null || need="$need etcd-client"
command -v strace >/dev/null || need="$need strace"
command -v setfacl >/dev/null || need="$need acl"
command -v faketime >/dev/null || need="$need faketime"
command -v kubectl >/dev/null || need="$need kubernetes-client"
command -v cfssl >/dev/null || need="$need golang-cfssl"
[ -e /usr/share/easy-rsa/easyrsa ] || need="$need easy-rsa"
command -v chromium >/dev/null || need="$need chromium"
command -v xmllint >/dev/null || need="$need libxml2-utils"
command -v dot >/dev/null || need="$need graphviz"
command -v systemd-analyze >/dev/null || need="$need systemd"
command -v promtool >/dev/null || need="$need prometheus"
command -v pk12util >/dev/null || need="$need libnss3-tools"
command -v keytool >/dev/null || need="$need default-jre-headless"
if [ "${1:-}" = conformance ]; then
  command -v ip >/dev/null || need="$need iproute2"
  command -v unshare >/dev/null || need="$need util-linux"
  command -v containerd >/dev/null || need="$need containerd"
fi
[ -z "$need" ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "install these by hand:$need" >&2
  exit 1
fi
apt-get update -qq
# The service that Debian would start is not wanted: the tests start members of their own.
printf '#!/bin/sh\nexit 101\n' >/tmp/policy-rc.d.$$ && chmod +x /tmp/policy-rc.d.$$
if [ ! -e /usr/sbin/policy-rc.d ]; then
  mv /tmp/policy-rc.d.$$ /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
