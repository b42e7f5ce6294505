// A control plane of the real programs on addresses of the suite's namespace, started with what `show arguments` says.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { createDaemons } from './daemons.mjs';
import { ask } from './https.mjs';
import { ADDRESSES, onHost } from './namespace.mjs';
import { mustRun, mustRunOurs, run } from './processes.mjs';
import { ETCD_VERSION, KUBERNETES_VERSION } from './programs.mjs';

export const CONTROL_PLANE_PROGRAMS = Object.freeze([
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'].map(
    (command) => `${command}-${KUBERNETES_VERSION}`,
  ),
  `etcd-${ETCD_VERSION}`,
]);

/** What is not PKI. */
const API_SERVER_ARGUMENTS = [
  '--service-cluster-ip-range=10.96.0.0/12',
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  // There is no kube-proxy: extension servers are reached at the addresses of their endpoints.
  '--enable-aggregator-routing=true',
  '--kubelet-preferred-address-types=InternalIP',
];

/** As kubeadm has it; not PKI either. */
export const CONTROLLER_MANAGER_ARGUMENTS = Object.freeze(['--use-service-account-credentials=true']);

function etcdArguments({ name, address, dataDir, members, state }) {
  return [
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=https://${address}:2379,https://127.0.0.1:2379`,
    `--advertise-client-urls=https://${address}:2379`,
    `--listen-peer-urls=https://${address}:2380`,
    `--initial-advertise-peer-urls=https://${address}:2380`,
    `--initial-cluster=${members.map((one) => `${one.name}=https://${one.address}:2380`).join(',')}`,
    `--initial-cluster-state=${state}`,
    // What is written here is gone in a minute.
    '--unsafe-no-fsync',
  ];
}

/** What of a kubeconfig a TLS client needs. */
export function credentialsOf(kubeconfig) {
  const { users, clusters } = parse(readFileSync(kubeconfig, 'utf8'));
  const pem = (data) => Buffer.from(data, 'base64').toString();
  const [{ user }] = users;
  const [{ cluster }] = clusters;
  return {
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
    ca: pem(cluster['certificate-authority-data']),
    server: cluster.server,
  };
}

/**
 * Makes the PKI of a control-plane host with `init`. Nothing is started.
 *
 * @param options `profile`, `algorithm`, `rootCa`: what `init` is asked for beside the host. `index`: which address
 *   of the namespace it has. `shared`: files of the first host's certificate directory that this one starts with, by path. `removed`:
 *   files that are taken away afterwards.
 */
export function createHost(
  { makeFolder, program },
  { profile, algorithm, rootCa = false, index = 0, name = `cp${index + 1}`, shared = {}, removed = [] },
) {
  const folder = makeFolder();
  const certDir = join(folder, 'pki');
  const at = (path) => join(certDir, path);
  const conf = (file) => join(folder, file);
  const daemons = createDaemons(folder);
  const address = ADDRESSES[index];
  for (const [path, contents] of Object.entries(shared)) {
    mkdirSync(dirname(at(path)), { recursive: true, mode: 0o755 });
    writeFileSync(at(path), contents, { mode: path.endsWith('.key') ? 0o600 : 0o644 });
  }
  const choice = ['--profile', profile, ...(rootCa ? ['--root-ca'] : [])];
  const host = ['--host-ip', address, '--hostname', name];
  const request = ['--cert-dir', certDir, ...choice, ...host];
  mustRunOurs(['init', ...request, '--key-algorithm', algorithm]);
  for (const path of removed) rmSync(at(path));
  // What is started here has no error.
  mustRunOurs(['verify', certDir, ...choice]);

  const shown = mustRunOurs(['show', 'arguments', '--cert-dir', certDir, ...choice, '-o', 'json']).stdout;
  const { components } = JSON.parse(shown);
  const argumentsOf = (component) => components[component].map(({ flag, value }) => `${flag}=${value}`);
  const start = (daemon, executable, args) =>
    daemons.start(daemon, ...onHost(address, program(executable), args));
  const kubectlCall = (user, args) => [
    program(`kubectl-${KUBERNETES_VERSION}`),
    ['--kubeconfig', conf(user), ...args],
  ];
  const kubectl = (user, args, options) => mustRun(...kubectlCall(user, args), options).stdout.trim();
  const { ca: trust, server } = credentialsOf(conf('admin.conf'));

  return {
    name,
    address,
    folder,
    certDir,
    daemons,
    /** What `init` was asked for, but for the algorithm. */
    request,
    /** What verifies the API server, and its URL. */
    trust,
    server,
    /** Where a file of the certificate directory lies, and a kubeconfig. */
    at,
    conf,
    argumentsOf,
    /** Runs kubectl as the user of a kubeconfig. Throws where it fails; `tryKubectl` does not. */
    kubectl,
    tryKubectl: (user, args, options) => run(...kubectlCall(user, args), options),
    /** Applies `show rbac`. Returns whether this profile needs anything of it. */
    grant() {
      const manifests = mustRunOurs(['show', 'rbac', '--profile', profile]).stdout;
      const isNeeded = manifests.includes('kind:');
      if (isNeeded) kubectl('super-admin.conf', ['apply', '-f', '-'], { input: manifests });
      return isNeeded;
    },
    /** Starts a component with what `show arguments` says for it, and with `args` after that. */
    start: (component, args = [], daemon = component) =>
      start(daemon, `${component}-${KUBERNETES_VERSION}`, [...argumentsOf(component), ...args]),
    /** Starts etcd as one of the members, each `{ name, address }`. */
    startEtcd: (members, state = 'new') =>
      start('etcd', `etcd-${ETCD_VERSION}`, [
        ...argumentsOf('etcd'),
        ...etcdArguments({ name, address, dataDir: join(folder, 'etcd'), members, state }),
      ]),
    stop: daemons.stopAll,
  };
}

// What a further control-plane host gets of the first (kubeadm.md 4).
const SHARED = [
  ...['ca', 'front-proxy-ca', 'etcd/ca'].flatMap((ca) => [`${ca}.crt`, `${ca}.key`]),
  'sa.key',
  'sa.pub',
];

/** As `createHost` takes it as `shared`. */
export const sharedBy = ({ at }) =>
  Object.fromEntries(SHARED.map((path) => [path, readFileSync(at(path), 'utf8')]));

/** As many hosts of one cluster as there are addresses. Nothing is started. */
export function createHosts(context, options) {
  const first = createHost(context, options);
  const shared = sharedBy(first);
  const others = ADDRESSES.slice(1).map((_, index) =>
    createHost(context, { ...options, index: index + 1, shared }),
  );
  return [first, ...others];
}

/**
 * Starts an API server and waits until it is ready. Returns its URL.
 *
 * @param options `etcd`: the addresses of its members. `port`, `args` (which overrule what `show arguments` says) and
 *   `daemon` (its name) are for a second one on the same host.
 */
export async function startApiServer(
  { start, daemons, trust, address },
  { etcd, port = 6443, args = [], daemon = 'kube-apiserver' },
) {
  const own = [
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    `--etcd-servers=${etcd.map((member) => `https://${member}:2379`).join(',')}`,
  ];
  start('kube-apiserver', [...API_SERVER_ARGUMENTS, ...own, ...args], daemon);
  const server = `https://${address}:${port}`;
  const isReady = async () => (await ask({ url: `${server}/readyz`, ca: trust })).status === 200;
  await daemons.waitFor(`${daemon} to be ready`, isReady);
  return server;
}

/**
 * Runs a function on a control plane of one host, and ends that whatever comes of it.
 *
 * @param options As `createHost` takes them.
 */
export async function withControlPlane(context, options, use) {
  const host = createHost(context, options);
  try {
    host.startEtcd([host]);
    await startApiServer(host, { etcd: ['127.0.0.1'] });
    host.start('kube-controller-manager', CONTROLLER_MANAGER_ARGUMENTS);
    host.start('kube-scheduler');
    return await use(host);
  } finally {
    await host.stop();
  }
}
