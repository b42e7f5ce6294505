#!/bin/sh
# What `verify` looks at in the files of `init --profile kubeadm`, as far as a script sees it that calls openssl 3: chains with
# their purposes and expiry, pairs, subjects, names, the certificates in kubeconfigs and the CA that they trust, modes.
# Usage: sh openssl-verify.sh KUBERNETES_DIR HOSTNAME ADDRESS; prints a line for each fault and exits with 1 where there is one
set -eu
dir=$1 host=$2 address=$3
pki=$dir/pki
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
month=2592000
status=0

fault() {
  echo "$*"
  status=1
}

# mode FILE MODE
mode() {
  [ "$(stat -c %a "$1")" = "$2" ] || fault "$1: mode"
}

# certificate FILE CA_FILE PURPOSES SUBJECT KEY_FILE [NAME …]
certificate() {
  file=$1 ca=$2 purposes=$3 subject=$4 key=$5
  shift 5
  for purpose in $purposes; do
    openssl verify -x509_strict -purpose "$purpose" -partial_chain -CAfile "$ca" "$file" > /dev/null 2>&1 ||
      fault "$file: no path to $ca for $purpose"
  done
  openssl x509 -in "$file" -noout -checkend $month -subject -nameopt RFC2253 -ext subjectAltName -pubkey \
    > "$work/shown" 2> "$work/errors" || fault "$file: ends soon, or cannot be read"
  grep -qxF "subject=$subject" "$work/shown" || fault "$file: subject"
  sed -n '/^-----BEGIN/,/^-----END/p' "$work/shown" > "$work/public"
  openssl pkey -in "$key" -pubout 2> "$work/errors" | cmp -s - "$work/public" || fault "$key: not the key of $file"
  grep -F 'DNS:' "$work/shown" | tr -d ' ' | tr ',' '\n' > "$work/names" || true
  for name; do
    grep -qxF "$name" "$work/names" || fault "$file: lacks $name"
  done
}

# pair PATH_OF_THE_PAIR CA PURPOSES SUBJECT [NAME …]
pair() {
  path=$pki/$1 signer=$pki/$2.crt
  mode "$path.crt" 644
  mode "$path.key" 600
  for_what=$3 called=$4
  shift 4
  certificate "$path.crt" "$signer" "$for_what" "$called" "$path.key" "$@"
}

# embedded FIELD FILE
embedded() {
  sed -n "s/^ *$1: //p" "$2" | base64 -d
}

# kubeconfig NAME SUBJECT
kubeconfig() {
  mode "$dir/$1.conf" 600
  embedded certificate-authority-data "$dir/$1.conf" | cmp -s - "$pki/ca.crt" || fault "$dir/$1.conf: trusts another CA"
  grep -qxF "    server: https://$address:6443" "$dir/$1.conf" || fault "$dir/$1.conf: server"
  embedded client-certificate-data "$dir/$1.conf" > "$work/$1.crt"
  (umask 077 && embedded client-key-data "$dir/$1.conf" > "$work/$1.key")
  certificate "$work/$1.crt" "$pki/ca.crt" sslclient "$2" "$work/$1.key"
}

pair ca ca any CN=kubernetes
pair front-proxy-ca front-proxy-ca any CN=front-proxy-ca
pair etcd/ca etcd/ca any CN=etcd-ca
pair apiserver ca sslserver CN=kube-apiserver "DNS:$host" DNS:kubernetes DNS:kubernetes.default DNS:kubernetes.default.svc \
  DNS:kubernetes.default.svc.cluster.local IPAddress:10.96.0.1 "IPAddress:$address"
pair apiserver-kubelet-client ca sslclient CN=kube-apiserver-kubelet-client
pair front-proxy-client front-proxy-ca sslclient CN=front-proxy-client
for member in server peer; do
  pair etcd/$member etcd/ca 'sslserver sslclient' "CN=$host" "DNS:$host" DNS:localhost "IPAddress:$address" IPAddress:127.0.0.1 \
    IPAddress:0:0:0:0:0:0:0:1
done
pair etcd/healthcheck-client etcd/ca sslclient CN=kube-etcd-healthcheck-client
pair apiserver-etcd-client etcd/ca sslclient CN=kube-apiserver-etcd-client
mode "$pki/sa.key" 600
openssl pkey -in "$pki/sa.key" -pubout 2> "$work/errors" | cmp -s - "$pki/sa.pub" || fault "$pki/sa.pub: not that of sa.key"
kubeconfig admin CN=kubernetes-admin,O=kubeadm:cluster-admins
kubeconfig super-admin CN=kubernetes-super-admin,O=system:masters
kubeconfig kubelet "CN=system:node:$host,O=system:nodes"
kubeconfig controller-manager CN=system:kube-controller-manager
kubeconfig scheduler CN=system:kube-scheduler
exit "$status"
