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

// Where a kubelet, containerd and `ip netns` write whatever they are told. What this machine lacks is made beside what it
// has, and not on it.
const HOST_FOLDERS = `mount -t tmpfs tmpfs /run
if [ ! -d /var/lib/kubelet ]; then
  mkdir /run/var-lib
  mount --rbind /var/lib /run/var-lib
  mount -t tmpfs tmpfs /var/lib
  ln -s /run/var-lib/* /var/lib/
  mkdir /var/lib/kubelet
fi
mount -t tmpfs tmpfs /var/lib/kubelet`;

// What a kubelet sets of the kernel is the machine's, whatever the namespace (pkg/kubelet/cm, setupKernelTunables): it gets
// copies to write to, and the rest cannot be written.
const TUNABLES =
  'vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes';
const KERNEL_SETTINGS = `mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
for name in ${TUNABLES}; do
  mkdir -p /run/sys/\${name%/*}
  cat /proc/sys/$name > /run/sys/$name
  mount --bind /run/sys/$name /proc/sys/$name
done`;

const SET_UP = [
  'set -e',
  HOST_FOLDERS,
  KERNEL_SETTINGS,
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
].join('\n');

/** What runs a command on the host that has an address: `[command, arguments]`. */
export function onHost(address, command, args) {
  return address === FIRST ? [command, args] : ['ip', ['netns', 'exec', hostName(address), command, ...args]];
}

/** Undefined where there is no such command. */
function run(command, args) {
  const { error, status } = spawnSync(command, args, { timeout: 60_000 });
  return error === undefined ? { status } : undefined;
}

const isCommand = (command) => run(command, ['--version']) !== undefined;
const isRoot = () => process.getuid?.() === 0;

/** What runs a command in a namespace of its own: `[command, arguments]`. Killed, it takes all that was started with it. */
export function inNamespace(command, args) {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
  return ['unshare', [...namespaces, 'sh', '-c', SET_UP, 'sh', command, ...args]];
}

/** The one that this file is about. */
export const NAMESPACE = 'a root that may make namespaces, ip (iproute2) and unshare (util-linux)';

/** What a case may require of the machine, beside programs that are built: how to find out whether this machine has it. */
const REQUIREMENTS = Object.freeze({
  root: isRoot,
  // Not by what is installed: in a container root may lack the right.
  [NAMESPACE]: () => isRoot() && run(...inNamespace('true', []))?.status === 0,
  containerd: () => isCommand('containerd'),
  openssl: () => isCommand('openssl'),
});

const met = new Map();

/** Whether this machine has what a case requires; looked for once. Throws for what no machine could have. */
export function isMet(requirement) {
  if (!(requirement in REQUIREMENTS)) throw new Error(`nothing says when there is ${requirement}`);
  if (!met.has(requirement)) met.set(requirement, REQUIREMENTS[requirement]());
  return met.get(requirement);
}
