// What a component that runs does about a file that is replaced: what the reload plan says of it, and what is known of the files of
// CAs and of the service account pair.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RELOADS } from '../../dist/table/reloads.js';
import { auditArguments, shownBy } from '../audit.mjs';
import {
  CONTROL_PLANE_PROGRAMS,
  CONTROLLER_MANAGER_ARGUMENTS,
  createHost,
  credentialsOf,
  startApiServer,
} from '../control-plane.mjs';
import { makeExtensionPair, registerExtension } from '../extension.mjs';
import { ask, fingerprintOf } from '../https.mjs';
import { createLedger } from '../ledger.mjs';
import { whoAmI } from '../matrix.mjs';
import { GUEST_ADDRESS, NAMESPACE } from '../namespace.mjs';
import { startNode } from '../node.mjs';
import { mustRun, mustRunOurs } from '../processes.mjs';
import { ETCD_VERSION, KUBERNETES_VERSION } from '../programs.mjs';
import { startRecorder } from '../recorder.mjs';

/** Longer than any component waits before it looks at a file again: where one looks by the clock, it does so every minute. */
const WAIT_SECONDS = 75;
const GROUP = 'reloads.example.com';
/** Where the recorder listens; the real kubelet has the usual port. */
const PORTS = { etcd: 2379, etcdctl: 2380, extension: 4443, kubelet: 10350 };
const NODE = 'recorder';
const METRICS = { 'kube-controller-manager': 10257, 'kube-scheduler': 10259 };
const versionOf = (component) => (component.startsWith('etcd') ? ETCD_VERSION : KUBERNETES_VERSION);

/** The PKI of a host at the guest's address; of the same cluster as far as `shared` has its CAs. Returns what reads a file. */
function makeGuest({ makeFolder }, shared) {
  const certDir = join(makeFolder(), 'pki');
  for (const [path, contents] of Object.entries(shared)) {
    mkdirSync(dirname(join(certDir, path)), { recursive: true });
    writeFileSync(join(certDir, path), contents, { mode: 0o600 });
  }
  const request = ['--host-ip', GUEST_ADDRESS, '--hostname', 'guest', '--key-algorithm', 'ECDSA-P256'];
  mustRunOurs(['init', '--cert-dir', certDir, ...request]);
  const read = (path) => readFileSync(join(certDir, path), 'utf8');
  return {
    read,
    pair: (name) => ({ cert: read(`${name}.crt`), key: read(`${name}.key`) }),
    conf: (file) => join(dirname(certDir), file),
  };
}

/** Who is connected to: an etcd that hands on to the real one, a kubelet, and an extension server. */
function startRecorders({ host, guest }) {
  const ca = guest.read('etcd/ca.crt');
  const upstream = { host: host.address, port: 2379, ca, ...guest.pair('etcd/healthcheck-client') };
  const etcd = { ...guest.pair('etcd/server'), ca, upstream };
  const extension = makeExtensionPair(host.folder);
  const recording = startRecorder({
    host: GUEST_ADDRESS,
    servers: [
      { name: 'etcd', ...etcd },
      { name: 'etcdctl', ...etcd },
      { name: 'kubelet', ...extension, answer: 'v1' },
      { name: 'extension', ...extension, answer: `${GROUP}/v1` },
    ].map((server) => ({ ...server, port: PORTS[server.name] })),
  });
  return { recording, caBundle: extension.cert };
}

const startersOf = (host, args) => ({
  etcd: () => host.startEtcd([host]),
  'kube-apiserver': () => startApiServer(host, { etcd: [GUEST_ADDRESS], args }),
  'kube-controller-manager': () => host.start('kube-controller-manager', CONTROLLER_MANAGER_ARGUMENTS),
  'kube-scheduler': () => host.start('kube-scheduler'),
  kubelet: () => startNode(host),
});

const nodeNamed = (name) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: {
    addresses: [{ type: 'InternalIP', address: GUEST_ADDRESS }],
    daemonEndpoints: { kubeletEndpoint: { Port: PORTS.kubelet } },
  },
});

async function setUp(context, host, recording, caBundle) {
  const recorder = await recording;
  const users = [...Object.keys(METRICS).map((name) => `system:${name}`), `system:node:${host.name}`];
  const { log, args } = auditArguments(host.folder, users);
  const starters = startersOf(host, args);
  for (const start of Object.values(starters)) await start();
  host.grant();
  host.kubectl('admin.conf', ['create', '-f', '-'], { input: JSON.stringify(nodeNamed(NODE)) });
  registerExtension(host, { group: GROUP, port: PORTS.extension, caBundle });
  const account = ['get', 'sa', 'default', '--ignore-not-found', '-o', 'name'];
  await host.daemons.waitFor('a service account', () => host.kubectl('admin.conf', account) !== '');
  const token = host.kubectl('admin.conf', ['create', 'token', 'default']);
  return { host, recorder, log, starters, token, program: context.program };
}

/** By component and argument, what gives the fingerprints that are shown since a moment, and makes its component show one. */
function observersOf({ host, recorder, log, token, program }) {
  const { address, server, trust, at } = host;
  const { cert, key } = credentialsOf(host.conf('admin.conf'));
  const admin = { ca: trust, cert, key };
  const member = { cert: readFileSync(at('etcd/peer.crt')), key: readFileSync(at('etcd/peer.key')) };
  const served = (port) => async () => [(await ask({ url: `https://${address}:${port}/`, ...member })).shown];
  const asked = (name, path) => async (since) => {
    await ask({ url: `${server}${path}`, ...admin });
    return recorder.shown(name, since);
  };
  const metrics = (component, resource) => async (since) => {
    const headers = { Authorization: `Bearer ${token}` };
    await ask({ url: `https://${address}:${METRICS[component]}/metrics`, headers });
    return shownBy(log, `system:${component}`, since, resource);
  };
  const clients = Object.keys(METRICS).flatMap((component) => [
    [`${component} --kubeconfig`, (since) => shownBy(log, `system:${component}`, since, 'leases')],
    [`${component} --authentication-kubeconfig`, metrics(component, 'tokenreviews')],
    [`${component} --authorization-kubeconfig`, metrics(component, 'subjectaccessreviews')],
  ]);
  return {
    'etcd --cert-file': served(2379),
    'etcd --peer-cert-file': served(2380),
    'kube-apiserver --tls-cert-file': served(6443),
    'kube-apiserver --etcd-certfile': (since) => recorder.shown('etcd', since),
    'kube-apiserver --kubelet-client-certificate': asked('kubelet', `/api/v1/nodes/${NODE}/proxy/healthz`),
    'kube-apiserver --proxy-client-cert-file': asked('extension', `/apis/${GROUP}/v1/anything`),
    ...Object.fromEntries(clients),
    'kubelet --kubeconfig': (since) => shownBy(log, `system:node:${host.name}`, since),
    'etcdctl --cert': (since) => {
      const endpoint = `--endpoints=https://${GUEST_ADDRESS}:${PORTS.etcdctl}`;
      const call = [...host.argumentsOf('etcdctl'), endpoint, 'endpoint', 'health'];
      mustRun(program(`etcdctl-${ETCD_VERSION}`), call);
      return recorder.shown('etcdctl', since);
    },
  };
}

const isOfKey = (flag) => /(?:^--|-)(?:private-)?key(?:-file)?$|-keyfile$/.test(flag);

/** By component and argument, the fingerprint of what lies in the file that it is told of. */
function wantedOf(host, names) {
  const fileOf = (component, flag) =>
    host
      .argumentsOf(component)
      .find((argument) => argument.startsWith(`${flag}=`))
      .slice(flag.length + 1);
  const entries = names.map((name) => {
    const file = fileOf(...name.split(' '));
    const pem = file.endsWith('.conf') ? credentialsOf(file).cert : readFileSync(file);
    return [name, fingerprintOf(pem)];
  });
  return Object.fromEntries(entries);
}

/** Asks for each of `names` until what it wants is seen or the time is over. Returns the seconds of those that were seen. */
async function watch(names, isSeen, seconds) {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const seen = new Map();
  while (seen.size < names.length && elapsed() < seconds) {
    for (const name of names.filter((one) => !seen.has(one)))
      if (await isSeen(name)) seen.set(name, elapsed());
    await delay(500);
  }
  return seen;
}

/** Which controller manager does its work. */
const leaderOf = ({ kubectl }) => {
  const get = ['get', 'lease', 'kube-controller-manager', '-n', 'kube-system', '--ignore-not-found'];
  return kubectl('admin.conf', [...get, '-o', 'jsonpath={.spec.holderIdentity}']);
};

/** Restarts components, and waits until what they did not take up by themselves is seen. */
async function restart(running, names, isSeen) {
  const { host, starters } = running;
  for (const component of new Set(names.map((name) => name.split(' ')[0]))) {
    // With the kubelet goes its containerd.
    for (const daemon of component === 'kubelet' ? ['kubelet', 'containerd'] : [component])
      await host.daemons.stop(daemon);
    await starters[component]();
  }
  for (const name of names) await host.daemons.waitFor(`${name} after a restart`, () => isSeen(name), 120);
}

/** What is shown when a connection is made, to a server of the recorder, and this is left open. */
const KEPT_OPEN = {
  'kube-apiserver --etcd-certfile': 'etcd',
  'kube-apiserver --kubelet-client-certificate': 'kubelet',
};

/** The rows of the table: what lies in the files is shown by whoever reads them, before, and then by itself or after a restart. */
async function checkCredentials(running, ledger) {
  const { host, recorder } = running;
  const observers = observersOf(running);
  const names = Object.keys(observers);
  const known = RELOADS.flatMap(({ component, flags }) =>
    flags.filter((flag) => !isOfKey(flag)).map((flag) => `${component} ${flag}`),
  );
  ledger.expect('what is measured', names.toSorted(), known.toSorted());

  const shows = (wanted, since) => async (name) => (await observers[name](since)).includes(wanted[name]);
  const before = await watch(names, shows(wantedOf(host, names), 0), WAIT_SECONDS);
  const silent = names.filter((name) => !before.has(name));
  ledger.expect('who does not show what it started with', silent, []);

  const servers = Object.values(KEPT_OPEN);
  const endedOf = () => servers.map((name) => recorder.closed(name));
  const ended = endedOf();
  const since = Date.now();
  mustRunOurs(['certs', 'renew', 'all', 'kubelet.conf', '--cert-dir', host.certDir]);
  const isSeen = shows(wantedOf(host, names), since);
  const seen = await watch(names, isSeen, WAIT_SECONDS);
  ledger.expect(`connections to ${servers.join(' and ')} that ended`, endedOf(), ended);
  const onOpen = Object.keys(KEPT_OPEN).filter((name) => seen.has(name));
  ledger.expect('what is shown over connections that were open', onOpen, []);
  for (const name of servers) recorder.drop(name);
  for (const [name, seconds] of await watch(Object.keys(KEPT_OPEN), isSeen, WAIT_SECONDS))
    seen.set(name, seconds);

  const unseen = names.filter((name) => !seen.has(name));
  const leader = leaderOf(host);
  await restart(running, unseen, isSeen);
  await host.daemons.waitFor('another to lead', () => !['', leader].includes(leaderOf(host)));
  for (const { component, flags, effect, measuredWith } of RELOADS) {
    const wanted = { effect, measuredWith };
    for (const name of flags.filter((flag) => !isOfKey(flag)).map((flag) => `${component} ${flag}`)) {
      const byItself = component === 'etcdctl' ? 'eachRun' : 'itself';
      const found = { effect: seen.has(name) ? byItself : 'restart', measuredWith: versionOf(component) };
      ledger.expect(name, found, wanted);
    }
  }
  return [...seen].map(([name, seconds]) => `${name} ${seconds.toFixed(1)} s`);
}

/** As a program that replaces a file does it. */
function replace(path, contents) {
  writeFileSync(`${path}.new`, contents, { mode: path.endsWith('.key') ? 0o600 : 0o644 });
  renameSync(`${path}.new`, path);
}

/** What the controller manager says of a file to sign with that holds two certificates. */
const TWO = 'expected 1 certificate, found 2';
const keyIdOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;

/** Has a kubelet's certificate asked for, and approved. */
function requestCertificate({ folder, kubectl }, name) {
  const [request, key] = ['csr', 'key'].map((ending) => join(folder, `${name}.${ending}`));
  const newKey = `-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout ${key}`;
  mustRun(
    'openssl',
    `req -new ${newKey} -subj /O=system:nodes/CN=system:node:${name} -out ${request}`.split(' '),
  );
  const csr = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: readFileSync(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    },
  };
  kubectl('admin.conf', ['create', '-f', '-'], { input: JSON.stringify(csr) });
  kubectl('admin.conf', ['certificate', 'approve', name]);
}

/** A controller manager that leads has yet to start the controller that signs, and with two CAs in its file ends there. */
async function untilSigned(host) {
  const name = 'cp8';
  requestCertificate(host, name);
  const get = ['get', 'csr', name, '-o', 'jsonpath={.status.certificate}'];
  await host.daemons.waitFor('a certificate that is signed', () => host.kubectl('admin.conf', get) !== '');
}

/**
 * By component and argument: what a component does about a file of a CA to which another CA was added, or of a service account
 * pair that was replaced, the old public key kept, and what shows that it has taken that up. `other`: the PKI of the other CA.
 */
function authoritiesOf({ host, token, recorder }, { guest, other }) {
  const { address, server, trust, kubectl, conf, daemons } = host;
  const credentials = (file) => {
    const { cert, key } = credentialsOf(file);
    return { cert, key };
  };
  const otherAdmin = credentials(other.conf('admin.conf'));
  const admin = { ca: trust, ...credentials(conf('admin.conf')) };
  const proxy = { ...other.pair('front-proxy-client'), headers: { 'X-Remote-User': 'alice' } };
  const metrics = `https://${address}:${METRICS['kube-controller-manager']}/metrics`;
  const get = (kind, name, path) => kubectl('admin.conf', ['get', kind, name, '-o', `jsonpath={${path}}`]);
  // Of a certificate that has no names, etcd does not ask where it comes from.
  const member = other.pair('etcd/healthcheck-client');
  const lets = async (port) =>
    (await ask({ url: `https://${address}:${port}/`, ...member })).status !== undefined;
  const itself = (sees) => ({ effect: 'itself', sees });
  const afterRestart = (sees, begin = () => undefined) => ({ effect: 'restart', sees, begin });
  return {
    'etcd --trusted-ca-file': afterRestart(() => lets(2379)),
    'etcd --peer-trusted-ca-file': afterRestart(() => lets(2380)),
    'kube-apiserver --etcd-cafile': afterRestart(
      async () => (await ask({ url: `${server}/api/v1/namespaces/default`, ...admin })).status === 200,
      () => {
        recorder.change('etcd', { ...other.pair('etcd/server'), ca: guest.read('etcd/ca.crt') });
        recorder.drop('etcd');
      },
    ),
    'kube-apiserver --client-ca-file': itself(
      async () => typeof (await whoAmI(host, otherAdmin)) === 'object',
    ),
    'kube-apiserver --requestheader-client-ca-file': itself(
      async () => (await whoAmI(host, proxy))?.user === 'alice',
    ),
    'kube-apiserver --service-account-key-file': afterRestart(
      async () =>
        JSON.parse((await ask({ url: `${server}/openid/v1/jwks`, ...admin })).body).keys.length === 2,
    ),
    'kube-apiserver --service-account-signing-key-file': afterRestart(
      () => keyIdOf(kubectl('admin.conf', ['create', 'token', 'default'])) !== keyIdOf(token),
    ),
    'kube-controller-manager --client-ca-file': itself(
      async () => (await ask({ url: metrics, ...otherAdmin })).status === 200,
    ),
    'kube-controller-manager --root-ca-file': afterRestart(
      () => get('configmap', 'kube-root-ca.crt', '.data.ca\\.crt').split('BEGIN').length > 2,
    ),
    // It takes the file up, and can then sign nothing.
    'kube-controller-manager --cluster-signing-cert-file': {
      ...itself(() => daemons.logOf('kube-controller-manager').includes(TWO)),
      begin: () => requestCertificate(host, 'cp9'),
    },
  };
}

/** Adds another CA to each file of a CA, and another pair to that of the service accounts. */
function addAuthorities({ at }, other) {
  for (const path of ['ca.crt', 'front-proxy-ca.crt', 'etcd/ca.crt', 'sa.pub'])
    replace(at(path), `${readFileSync(at(path), 'utf8')}${other.read(path)}`);
  replace(at('sa.key'), other.read('sa.key'));
}

/** What becomes of a controller manager that is started while the file that it signs with holds two certificates. */
async function startWithTwo({ host, starters }) {
  const component = 'kube-controller-manager';
  await host.daemons.stop(component);
  const before = host.daemons.logOf(component).length;
  starters[component]();
  try {
    await host.daemons.waitFor('it to end', () => false, 60);
    return 'runs';
  } catch (error) {
    const log = host.daemons.logOf(component).slice(before);
    return `ends: ${log.includes(TWO) ? TWO : error.message}`;
  } finally {
    await host.daemons.stop(component);
  }
}

async function checkAuthorities(running, { guest, other }, ledger) {
  const { host } = running;
  const single = join(host.folder, 'single-ca.crt');
  writeFileSync(single, readFileSync(host.at('ca.crt')));
  const authorities = authoritiesOf(running, { guest, other });
  const names = Object.keys(authorities);
  const isSeen = async (name) => {
    try {
      return await authorities[name].sees();
    } catch {
      // Not while a component starts that is asked.
      return false;
    }
  };
  // Without etcd the API server tells nothing of the others.
  const last = 'kube-apiserver --etcd-cafile';
  const others = names.filter((name) => name !== last);
  await untilSigned(host);
  addAuthorities(host, other);
  for (const name of others) authorities[name].begin?.();
  const seen = await watch(others, isSeen, WAIT_SECONDS);
  const started = await startWithTwo(running);
  ledger.expect('a start with two CAs in the signing file', started, `ends: ${TWO}`);
  // It ends where it loses its lease.
  await host.daemons.stop('kube-scheduler');
  authorities[last].begin();
  for (const [name, seconds] of await watch([last], isSeen, 30)) seen.set(name, seconds);

  const signing = `--cluster-signing-cert-file=${single}`;
  const starters = {
    ...running.starters,
    'kube-controller-manager': () =>
      host.start('kube-controller-manager', [...CONTROLLER_MANAGER_ARGUMENTS, signing]),
  };
  await restart(
    { ...running, starters },
    names.filter((name) => !seen.has(name)),
    isSeen,
  );
  for (const [name, { effect }] of Object.entries(authorities))
    ledger.expect(name, seen.has(name) ? 'itself' : 'restart', effect);
  return [...seen].map(([name, seconds]) => `${name} ${seconds.toFixed(1)} s`);
}

export const cases = [
  {
    id: `reloads: Kubernetes ${KUBERNETES_VERSION}, etcd ${ETCD_VERSION}`,
    needs: [...CONTROL_PLANE_PROGRAMS, `kubelet-${KUBERNETES_VERSION}`, `etcdctl-${ETCD_VERSION}`],
    requires: [NAMESPACE, 'containerd', 'openssl'],
    waits: true,
    run: async (context) => {
      const ledger = createLedger();
      const host = createHost(context, { profile: 'requirements', algorithm: 'ECDSA-P256' });
      const ofEtcd = ['etcd/ca.crt', 'etcd/ca.key'].map((path) => [path, readFileSync(host.at(path))]);
      const guest = makeGuest(context, Object.fromEntries(ofEtcd));
      const other = makeGuest(context, {});
      const { recording, caBundle } = startRecorders({ host, guest });
      try {
        const running = await setUp(context, host, recording, caBundle);
        const taken = [
          ...(await checkCredentials(running, ledger)),
          ...(await checkAuthorities(running, { guest, other }, ledger)),
        ];
        return { ...ledger.outcome(), note: `taken up by itself: ${taken.join(', ')}` };
      } finally {
        const recorder = await recording;
        await Promise.all([recorder.end(), host.stop()]);
      }
    },
  },
];
