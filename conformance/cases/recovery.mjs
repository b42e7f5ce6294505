// A cluster that was off for longer than its certificates: nothing of it works any more, and after `recover` all of it does, the
// kubelets of its nodes too.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readClusterPki, renewClusterPki } from '../../dist/index.js';
import {
  CONTROL_PLANE_PROGRAMS,
  credentialsOf,
  startApiServer,
  withControlPlane,
} from '../control-plane.mjs';
import { createLedger } from '../ledger.mjs';
import { NAMESPACE } from '../namespace.mjs';
import { ROTATED, startNode } from '../node.mjs';
import { mustRunOurs, runOurs } from '../processes.mjs';
import { KUBERNETES_VERSION } from '../programs.mjs';

const WORKER = 'worker1';
// As kubeadm has it: the kubelet keeps a certificate of its own, which it asks for itself.
const ROTATES = { settings: { rotateCertificates: true } };
const KEPT = /(?:ca\.(?:crt|key)|sa\.(?:key|pub))$/;

function isReady({ kubectl }, name) {
  const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  return kubectl('admin.conf', ['get', 'node', name, '--ignore-not-found', '-o', ready]) === 'True';
}

/** Another node, with a kubelet on the address of the host. */
const asWorker = (host, kubeconfig, folder) => ({
  ...host,
  name: WORKER,
  folder,
  daemons: {
    ...host.daemons,
    start: (name, ...rest) => host.daemons.start(`${name} of ${WORKER}`, ...rest),
  },
  start: (component, args) =>
    host.start(component, [...args, `--kubeconfig=${kubeconfig}`], `${component} of ${WORKER}`),
});

/**
 * Has every certificate of the host expire, and those that kubelets keep for themselves; the host's own kubelet.conf then names
 * that by file, as kubeadm leaves it (kubeadm.md 2.3).
 */
async function expire(host, kubelets) {
  const names = ['all', 'kubelet.conf'];
  // There are none for less than a minute; most of this one is over.
  const now = new Date(Date.now() - 58_000);
  const present = await readClusterPki(host.at(''));
  const { files } = await renewClusterPki({ files: present, names, certValidity: '1m', now });
  for (const { path, contents } of files) writeFileSync(join(host.folder, path), contents);
  const text = readFileSync(host.conf('kubelet.conf'), 'utf8');
  const { cert, key } = credentialsOf(host.conf('kubelet.conf'));
  for (const path of kubelets) {
    const dated = join(dirname(path), 'kubelet-client-2025-01-01-00-00-00.pem');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(dated, cert + key, { mode: 0o600 });
    symlinkSync(dated, path);
  }
  const [own] = kubelets;
  const named = text
    .replace(/client-certificate-data: .*/, `client-certificate: ${own}`)
    .replace(/client-key-data: .*/, `client-key: ${own}`);
  writeFileSync(host.conf('kubelet.conf'), named);
  await delay(2500);
}

async function checkRecovery(host, context, ledger) {
  const { daemons, conf, at, folder, name, kubectl } = host;
  host.grant();
  kubectl('admin.conf', ['create', 'configmap', 'before']);
  const far = context.makeFolder();
  await expire(
    host,
    [folder, far].map((path) => join(path, ROTATED)),
  );
  const dead = host.tryKubectl('admin.conf', ['get', 'configmap', 'before']);
  ledger.expectMatch(
    'the API server and whoever asks it, afterwards',
    dead.output,
    /certificate has expired/,
  );
  await daemons.stopAll();

  const before = new Map(listed(host).map((path) => [path, readFileSync(path, 'utf8')]));
  const out = context.makeFolder();
  const recover = ['recover', '--cert-dir', at(''), '--node', WORKER, '--output-dir', join(out, 'nodes')];
  const { stdout } = mustRunOurs([...recover, '-o', 'json']);
  const { rows, nodes } = JSON.parse(stdout);
  ledger.expect(
    'what could not be made',
    rows.filter(({ action }) => action === 'refuse'),
    [],
  );
  const changed = listed(host).filter((path) => readFileSync(path, 'utf8') !== before.get(path));
  ledger.expect(
    'CAs and service account keys that changed',
    changed.filter((path) => KEPT.test(path)),
    [],
  );
  ledger.expect('what verify says', runOurs(['verify', at('')]).status, 0);

  host.startEtcd([host], 'existing');
  await startApiServer(host, { etcd: ['127.0.0.1'] });
  host.start('kube-controller-manager', ['--use-service-account-credentials=true']);
  host.start('kube-scheduler');
  const kept = ['get', 'configmap', 'before', '-o', 'name'];
  ledger.expect('what was there before', kubectl('admin.conf', kept), 'configmap/before');
  for (const lease of ['kube-controller-manager', 'kube-scheduler'])
    await daemons.waitFor(`${lease} to be elected`, () => {
      const { output } = host.tryKubectl('admin.conf', [
        'get',
        'lease',
        '-n',
        'kube-system',
        lease,
        '-o',
        'name',
      ]);
      return output === `lease.coordination.k8s.io/${lease}`;
    });

  const own = readFileSync(join(folder, ROTATED), 'utf8');
  await startNode(host, ROTATES);
  await daemons.waitFor(`${name} to be ready`, () => isReady(host, name), 120);
  const renewed = credentialsOf(conf('kubelet.conf')).cert;
  const taken = readFileSync(join(folder, ROTATED), 'utf8');
  ledger.expect('the kubelet still has what had expired', taken === own, false);
  ledger.expect('the kubelet has what was made for it', taken.includes(renewed.trim()), true);
  await Promise.all(['kubelet', 'containerd'].map(daemons.stop));

  const [node] = nodes;
  ledger.expect('the nodes', [nodes.length, node.name], [1, WORKER]);
  await startNode(asWorker(host, node.path, far), ROTATES);
  await daemons.waitFor(`${WORKER} to be ready`, () => isReady(host, WORKER), 120);
}

/** Every file of the PKI of a host. */
function listed({ at, conf }) {
  const { rows } = JSON.parse(
    mustRunOurs(['certs', 'renew', 'all', '--dry-run', '--cert-dir', at(''), '-o', 'json']).stdout,
  );
  return [...new Set(rows.flatMap(({ files }) => files.map(({ path }) => path)))].concat(
    conf('kubelet.conf'),
  );
}

export const cases = [
  { profile: 'requirements', algorithm: 'RSA-2048' },
  { profile: 'kubeadm', algorithm: 'ECDSA-P256' },
].map((options) => ({
  id: `recovery: ${options.profile}, ${options.algorithm}`,
  needs: [...CONTROL_PLANE_PROGRAMS, `kubelet-${KUBERNETES_VERSION}`],
  requires: [NAMESPACE, 'containerd'],
  run: (context) =>
    withControlPlane(context, options, async (host) => {
      const ledger = createLedger();
      await checkRecovery(host, context, ledger);
      return ledger.outcome();
    }),
}));
