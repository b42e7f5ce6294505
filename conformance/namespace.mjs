// A network, a process table and mounts of the suite's own: the addresses and ports of real hosts, beside whatever
// this machine runs, and nothing that outlives the suite.
import { spawnSync } from 'node:child_process';

/**
 * The addresses of its hosts. The first is the namespace itself; the others have one each, on a bridge, because etcd
 * compares the address that a peer connects from with the peer's certificate.
 */
export const ADDRESSES = Object.freeze(['192.0.2.10', '192.0.2.11', '192.0.2.12']);
/** One more address of the first host, for what is no part of Kubernetes. */
export const GUEST_ADDRESS = '192.0.2.20';

const [FIRST, ...OTHERS] = ADDRESSES;
const hostName = (address) => `host-${address}`;

const SET_UP = [
  // Where a kubelet, containerd and `ip netns` write whatever they are told.
  'mkdir -p /var/lib/kubelet',
  ...['/var/lib/kubelet', '/run'].map((folder) => `mount -t tmpfs tmpfs ${folder}`),
  'ip link set lo up',
  'ip link add bridge type bridge',
  ...[FIRST, GUEST_ADDRESS].map((address) => `ip address add ${address}/24 dev bridge`),
  'ip link set bridge up',
  ...OTHERS.map(hostName).flatMap((name, index) => [
    `ip netns add ${name}`,
    `ip link add link${index} type veth peer name eth0 netns ${name}`,
    `ip link set link${index} master bridge up`,
    `ip -n ${name} address add ${OTHERS[index]}/24 dev eth0`,
    `ip -n ${name} link set eth0 up`,
    `ip -n ${name} link set lo up`,
  ]),
  'exec "$@"',
].join(' && ');

/** What runs a command on the host that has an address: `[command, arguments]`. */
export function onHost(address, command, args) {
  return address === FIRST ? [command, args] : ['ip', ['netns', 'exec', hostName(address), command, ...args]];
}

const isCommand = (command) => spawnSync(command, ['--version']).error === undefined;

const isRoot = process.getuid?.() === 0;
/** What a case may require of the machine, beside programs that are built: whether this machine has it. */
export const REQUIREMENTS = Object.freeze({
  root: isRoot,
  'root, ip (iproute2) and unshare': isRoot && isCommand('ip') && isCommand('unshare'),
  containerd: isCommand('containerd'),
  go: isCommand('go'),
});
/** The one that this file is about. */
export const NAMESPACE = 'root, ip (iproute2) and unshare';

/** What runs a command in a namespace of its own: `[command, arguments]`. Killed, it takes all that was started with it. */
export function inNamespace(command, args) {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
  return ['unshare', [...namespaces, 'sh', '-c', SET_UP, 'sh', command, ...args]];
}
