// What kubeadm's static pods and its kubelet are told of the PKI, and what `show arguments` says: the same on both sides.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { resolveArguments } from '../../dist/index.js';
import { parseClusterSpec } from '../../dist/cluster/parse.js';
import { absolutePath } from '../../dist/layout.js';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRun } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { EXTERNAL_ETCD, optionsOf } from '../requests.mjs';

const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };
const KUBECONFIG_DIR = '/etc/kubernetes';

/** `keyless`: the CAs whose key is elsewhere. */
export const CLUSTERS = [
  { says: 'the defaults' },
  { says: 'IPv6', request: { advertiseAddress: '2001:db8::10', serviceCidr: 'fd00:10:96::/112' } },
  { says: 'dual stack', request: { serviceCidr: '10.96.0.0/16,fd00:10:96::/112' } },
  { says: 'external etcd', request: { externalEtcd: true } },
  { says: 'another service domain', request: { serviceDnsDomain: 'corp.example' } },
  { says: 'another certificate directory', certDir: '/srv/pki' },
  { says: 'a CA without its key', keyless: ['ca'] },
].map((cluster) => ({ certDir: `${KUBECONFIG_DIR}/pki`, ...cluster }));

/** What both sides need not say alike. `difference` is matched against the sentence that would be the failure. */
const EXCEPTIONS = [
  {
    difference: /^etcdctl --(?:cacert|cert|key): kubeadm nothing,/,
    reason: 'no manifest runs etcdctl: etcd is probed over plain HTTP on its metrics address (kubeadm.md 8)',
  },
  {
    difference: /^kubelet --kubeconfig: kubeadm nothing, here "\/etc\/kubernetes\/kubelet\.conf"$/,
    reason: "the kubelet's kubeconfig is named by the unit file of its package, not by kubeadm",
  },
  {
    difference: /^kube-apiserver --etcd-(?:cafile|certfile|keyfile): kubeadm "\/etc\/etcd\/.*", here "<.*>"$/,
    reason: "the files of an external etcd are the operator's, and stand as placeholders",
  },
  {
    difference: /^kube-controller-manager --cluster-signing-(?:cert|key)-file: kubeadm "", here nothing$/,
    reason: 'without the key of the CA there is nothing to sign with, and empty is the default',
  },
];

/** The arguments of kubeadm's that take no file and are of the PKI all the same (kubeadm.md 8). */
const OF_PKI =
  /^\S+ --(?:(?:peer-)?client-cert-auth|requestheader-.*|service-account-.*|cluster-signing-.*)$/;

/** `component --flag` → value, of every static pod and of the kubelet. */
function theirArguments(folder, components) {
  const read = (path) => parse(readFileSync(join(folder, path), 'utf8'));
  const found = components.flatMap((component) => {
    const [{ command }] = read(`etc/kubernetes/manifests/${component}.yaml`).spec.containers;
    return command.slice(1).map((argument) => {
      const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(argument);
      return [`${component} ${flag}`, value];
    });
  });
  const { clientCAFile } = read('var/lib/kubelet/config.yaml').authentication.x509;
  return new Map([...found, ['kubelet --client-ca-file', clientCAFile]]);
}

function ourArguments(options, { certDir, keyless }) {
  const { spec } = parseClusterSpec(options, {});
  const directories = { certDir, kubeconfigDir: KUBECONFIG_DIR };
  const all = resolveArguments(spec, { pathOf: (path) => absolutePath(path, directories), keyless });
  return new Map(all.map(({ component, flag, value }) => [`${component} ${flag}`, value]));
}

/** The places of files of the PKI: of the certificates, of the kubeconfigs, of an external etcd. */
const isPlace = (value, certDir) =>
  value.startsWith(`${certDir}/`) ||
  /^\/etc\/kubernetes\/[a-z-]+\.conf$/.test(value) ||
  [EXTERNAL_ETCD.caFile, EXTERNAL_ETCD.certFile, EXTERNAL_ETCD.keyFile].includes(value);

const said = (value) => (value === undefined ? 'nothing' : JSON.stringify(value));

/**
 * Has kubeadm write the static pods of a cluster and the configuration of its kubelet, beside the PKI where that is asked
 * for or what is in it decides. Returns the names of the pods.
 */
export function writeManifests({ folder, kubeadm, version, cluster, hasPki = false }) {
  const { request, certDir, keyless = [] } = cluster;
  const asked = { ...REQUEST, ...request };
  const place = layOut(folder, { request: asked, version, isRoot: true, certificatesDir: certDir });
  if (hasPki || keyless.length > 0) runPhases(kubeadm, place);
  for (const id of keyless) rmSync(join(folder, certDir, `${id}.key`));
  const etcd = asked.externalEtcd ? [] : ['etcd'];
  const phases = [['control-plane', 'all'], ...etcd.map((name) => [name, 'local']), ['kubelet-start']];
  for (const phase of phases) mustRun(kubeadm, ['init', 'phase', ...phase, ...place.config]);
  return ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', ...etcd];
}

const written = new Map();
/** kubeadm writes the same each time. */
function kubeadmArguments({ makeFolder, program }, version, cluster) {
  const key = `${version}, ${cluster.says}`;
  const ask = () => {
    const folder = makeFolder();
    const kubeadm = program(`kubeadm-${version}`);
    return theirArguments(folder, writeManifests({ folder, kubeadm, version, cluster }));
  };
  if (!written.has(key)) written.set(key, ask());
  return written.get(key);
}

/** What is held against each other for one cluster, and what differs. */
function compare(theirs, version, { request, certDir, keyless }) {
  const ours = ourArguments(optionsOf({ ...REQUEST, ...request }, version), { certDir, keyless });
  const ofPki = [...theirs].filter(([name, value]) => OF_PKI.test(name) || isPlace(value, certDir));
  const names = [...new Set([...ours.keys(), ...ofPki.map(([name]) => name)])];
  const differences = names
    .filter((name) => theirs.get(name) !== ours.get(name))
    .map((name) => `${name}: kubeadm ${said(theirs.get(name))}, here ${said(ours.get(name))}`);
  return { checks: names.length, differences };
}

export const cases = KUBEADM_VERSIONS.map((version) => ({
  id: `manifests: the arguments of the components, kubeadm ${version}`,
  needs: [`kubeadm-${version}`],
  requires: ['root'],
  run: async (context) => {
    const failures = [];
    const seen = new Set();
    let checks = 0;
    for (const cluster of CLUSTERS) {
      const theirs = kubeadmArguments(context, version, cluster);
      const compared = compare(theirs, version, cluster);
      checks += compared.checks;
      for (const text of compared.differences) {
        const exception = EXCEPTIONS.find(({ difference }) => difference.test(text));
        if (exception === undefined) failures.push(`${cluster.says}: ${text}`);
        else seen.add(exception);
      }
    }
    for (const { reason } of EXCEPTIONS.filter((exception) => !seen.has(exception)))
      failures.push(`the exception is listed and was never seen: ${reason}`);
    return { checks, failures, note: [...seen].map(({ reason }) => reason).join('; ') };
  },
}));
