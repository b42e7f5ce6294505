// A host by itself for the length of one command: a name, an address, a default route and an empty /etc/kubernetes, as
// kubeadm finds them, so that no flag has to say where anything lies.
import { run } from './processes.mjs';

export const HOST_NAME = 'cp1';

/** How the host has its one address. */
const ADDRESSES = {
  ipv4: ['ip address add 192.0.2.10/24 dev eth0', 'ip route add default dev eth0'],
  ipv6: [
    'ip -6 address add 2001:db8::10/64 dev eth0 nodad',
    'ip -6 route add default via 2001:db8::1 dev eth0 onlink',
  ],
  none: [],
};

// What this machine has below /etc stays there, but for what it may have of Kubernetes.
const setUp = (address) =>
  [
    'set -e',
    `hostname ${HOST_NAME}`,
    'ip link set lo up',
    'ip link add eth0 type veth peer name peer0',
    'ip link set peer0 up',
    'ip link set eth0 up',
    ...ADDRESSES[address],
    'mount -t tmpfs tmpfs /run',
    'mkdir /run/etc',
    'mount --rbind /etc /run/etc',
    'mount -t tmpfs tmpfs /etc',
    'ln -s /run/etc/* /etc/',
    'rm -f /etc/kubernetes /etc/resolv.conf',
    // kubeadm asks for the newest release: nobody answers there, and here that is known at once and not after ten seconds.
    'echo nameserver 127.0.0.1 > /etc/resolv.conf',
    'mkdir /etc/kubernetes',
    'mount --bind "$1" /etc/kubernetes',
    'shift',
    'cd /',
    'exec "$@"',
  ].join('\n');

/** Runs a program to its end on a host whose /etc/kubernetes is `folder`. */
export function runOnHost(folder, command, { address = 'ipv4', input } = {}) {
  const namespaces = ['--net', '--mount', '--uts'];
  const words = [...namespaces, 'sh', '-c', setUp(address), 'sh', folder, ...command];
  return run('unshare', words, { input });
}
