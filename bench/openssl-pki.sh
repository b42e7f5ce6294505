#!/bin/sh
# The files of `init --profile kubeadm`, as a script makes them that calls openssl 3 for every key, request and certificate.
# Usage: sh openssl-pki.sh KUBERNETES_DIR ALGORITHM HOSTNAME ADDRESS, in an empty folder (RSA-2048 or ECDSA-P256)
set -eu
dir=$1 algorithm=$2 host=$3 address=$4
pki=$dir/pki
mkdir -p "$pki/etcd"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

usage=digitalSignature
[ "$algorithm" = ECDSA-P256 ] || usage=$usage,keyEncipherment
service=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
etcd=DNS:$host,DNS:localhost,IP:$address,IP:127.0.0.1,IP:::1

cat > "$work/openssl.cnf" <<END
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, $usage
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[apiserver]
basicConstraints = critical, CA:FALSE
keyUsage = critical, $usage
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:$host,$service,IP:10.96.0.1,IP:$address
[etcd]
basicConstraints = critical, CA:FALSE
keyUsage = critical, $usage
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $etcd
END

# key FILE
key() {
  case $algorithm in
    RSA-2048) openssl genrsa -traditional -out "$1" 2048 ;;
    ECDSA-P256) openssl ecparam -name prime256v1 -genkey -noout -out "$1" ;;
    *) echo "$algorithm: expected RSA-2048 or ECDSA-P256" >&2 && exit 2 ;;
  esac
}

# authority PATH SUBJECT
authority() {
  key "$pki/$1.key"
  openssl req -x509 -new -sha256 -days 3650 -config "$work/openssl.cnf" -extensions ca \
    -key "$pki/$1.key" -subj "$2" -out "$pki/$1.crt"
}

# leaf PATH_OF_THE_PAIR AUTHORITY EXTENSIONS SUBJECT
leaf() {
  key "$1.key"
  openssl req -new -config "$work/openssl.cnf" -key "$1.key" -subj "$4" -out "$work/leaf.csr"
  openssl x509 -req -sha256 -days 365 -extfile "$work/openssl.cnf" -extensions "$3" \
    -CA "$pki/$2.crt" -CAkey "$pki/$2.key" -in "$work/leaf.csr" -out "$1.crt"
}

# kubeconfig NAME USER SUBJECT
kubeconfig() {
  leaf "$work/$1" ca client "$3"
  (
    umask 077
    cat > "$dir/$1.conf" <<END
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: $(base64 -w 0 "$pki/ca.crt")
    server: https://$address:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: $2
  name: $2@kubernetes
current-context: $2@kubernetes
kind: Config
users:
- name: $2
  user:
    client-certificate-data: $(base64 -w 0 "$work/$1.crt")
    client-key-data: $(base64 -w 0 "$work/$1.key")
END
  )
}

authority ca /CN=kubernetes
leaf "$pki/apiserver" ca apiserver /CN=kube-apiserver
leaf "$pki/apiserver-kubelet-client" ca client /CN=kube-apiserver-kubelet-client
authority front-proxy-ca /CN=front-proxy-ca
leaf "$pki/front-proxy-client" front-proxy-ca client /CN=front-proxy-client
authority etcd/ca /CN=etcd-ca
leaf "$pki/etcd/server" etcd/ca etcd "/CN=$host"
leaf "$pki/etcd/peer" etcd/ca etcd "/CN=$host"
leaf "$pki/etcd/healthcheck-client" etcd/ca client /CN=kube-etcd-healthcheck-client
leaf "$pki/apiserver-etcd-client" etcd/ca client /CN=kube-apiserver-etcd-client
key "$pki/sa.key"
openssl pkey -in "$pki/sa.key" -pubout -out "$pki/sa.pub"
kubeconfig admin kubernetes-admin /O=kubeadm:cluster-admins/CN=kubernetes-admin
kubeconfig super-admin kubernetes-super-admin /O=system:masters/CN=kubernetes-super-admin
kubeconfig kubelet "system:node:$host" "/O=system:nodes/CN=system:node:$host"
kubeconfig controller-manager system:kube-controller-manager /CN=system:kube-controller-manager
kubeconfig scheduler system:kube-scheduler /CN=system:kube-scheduler
