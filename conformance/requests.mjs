// One request, said in each tongue: our options, the configuration file that kubeadm reads, and its flags.
import { hostname } from 'node:os';
import { OPTIONS } from '../dist/cluster/options.js';
import { ALGORITHMS } from '../dist/table/algorithms.js';
import { hasChange, parseKubernetesVersion } from '../dist/table/versions.js';
import { randomOf } from './random.mjs';

/** What of a request only kubeadm's tongues have a word for, or say in another way. */
const NOT_OPTIONS = ['advertiseAddress', 'byGate', 'featureGates', 'certificatesDir', 'etcdAs', 'hostAs'];

/** The options of `init` in the kubeadm profile that ask for what kubeadm of this version would be asked for. */
export function optionsOf(request, version) {
  const { hostname: name, ...others } = request;
  const options = Object.entries(others).filter(([field]) => !NOT_OPTIONS.includes(field));
  return {
    profile: 'kubeadm',
    kubernetesVersion: version,
    // kubeadm knows one name of a host, which is that of its node, too.
    [request.hostAs ?? 'hostname']: name,
    apiserverAdvertiseAddress: request.advertiseAddress,
    ...Object.fromEntries(options),
  };
}

/** The command line of `init` that asks for what the options ask for. */
export function argumentsOf(options) {
  return OPTIONS.flatMap(({ name, key }) => {
    const value = options[key];
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });
}

const ETCD_FILES = {
  caFile: '/etc/etcd/ca.crt',
  certFile: '/etc/etcd/client.crt',
  keyFile: '/etc/etcd/client.key',
};
const PLAIN_ETCD = { endpoints: ['http://192.0.2.21:2379'] };

/** What the configuration says of an etcd that is elsewhere. */
export const EXTERNAL_ETCD = { endpoints: ['https://192.0.2.21:2379'], ...ETCD_FILES };

/** Where health probes go to another port, which can be said since 1.35 (kubeadm.md 7.2). */
const PROBED_ETCD = { ...EXTERNAL_ETCD, httpEndpoints: ['https://192.0.2.21:2381'] };

/** v1beta4, and with it all choices about keys and validity, came with 1.31 (kubeadm.md 7.2). */
export const hasChoices = (version) => hasChange(parseKubernetesVersion(version), '1.31');
/** The gate PublicKeysECDSA, the one choice before, went with 1.37. */
const hasGate = (version) => !hasChange(parseKubernetesVersion(version), '1.37');

/** `byGate`: true, or what is asked for beside the gate, which goes before that. */
function choicesOf({ keyAlgorithm, byGate, certValidity, caValidity, featureGates }, version) {
  const isByGate = keyAlgorithm === 'ECDSA-P256' && (byGate !== undefined || !hasChoices(version));
  const gates = { featureGates: { ...featureGates, ...(isByGate ? { PublicKeysECDSA: true } : {}) } };
  if (!hasChoices(version)) return gates;
  const beside = byGate === true ? undefined : byGate;
  return {
    ...gates,
    encryptionAlgorithm: isByGate ? beside : keyAlgorithm,
    certificateValidityPeriod: certValidity,
    caCertificateValidityPeriod: caValidity,
  };
}

/** The text of the file that `kubeadm --config` takes. What the request leaves open is left out. */
export function kubeadmConfigOf(request, { version, certificatesDir }) {
  const apiVersion = `kubeadm.k8s.io/${hasChoices(version) ? 'v1beta4' : 'v1beta3'}`;
  const init = {
    apiVersion,
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress: request.advertiseAddress, bindPort: request.apiserverBindPort },
    nodeRegistration: { name: request.hostname },
  };
  const cluster = {
    apiVersion,
    kind: 'ClusterConfiguration',
    kubernetesVersion: `v${version}`,
    certificatesDir,
    clusterName: request.clusterName,
    controlPlaneEndpoint: request.controlPlaneEndpoint,
    apiServer: { certSANs: request.apiserverCertExtraSans },
    etcd: request.externalEtcd
      ? { external: request.etcdAs ?? EXTERNAL_ETCD }
      : {
          local: {
            dataDir: '/var/lib/etcd',
            serverCertSANs: request.etcdServerCertExtraSans,
            peerCertSANs: request.etcdPeerCertExtraSans,
          },
        },
    networking: { dnsDomain: request.serviceDnsDomain, serviceSubnet: request.serviceCidr },
    ...choicesOf(request, version),
  };
  // JSON is YAML, and needs no quoting of our own.
  return [init, cluster].map((document) => `${JSON.stringify(document, undefined, 2)}\n`).join('---\n');
}

/** What each of kubeadm's two phases can be asked for by flags (kubeadm.md 3.6 and 2.5). */
const FLAGS = {
  certs: {
    'apiserver-advertise-address': 'advertiseAddress',
    'apiserver-cert-extra-sans': 'apiserverCertExtraSans',
    'control-plane-endpoint': 'controlPlaneEndpoint',
    'service-cidr': 'serviceCidr',
    'service-dns-domain': 'serviceDnsDomain',
  },
  kubeconfig: {
    'apiserver-advertise-address': 'advertiseAddress',
    'apiserver-bind-port': 'apiserverBindPort',
    'control-plane-endpoint': 'controlPlaneEndpoint',
    'node-name': 'hostname',
  },
};

/** The same as flags of each phase, in place of a file. What the request leaves open is left out. */
export function kubeadmFlagsOf(request, { version, certificatesDir, kubeconfigDir }) {
  const common = ['--kubernetes-version', `v${version}`, '--cert-dir', certificatesDir];
  const flagsOf = (fields) =>
    Object.entries(fields)
      .filter(([, field]) => request[field] !== undefined)
      .flatMap(([flag, field]) => [`--${flag}`, String(request[field])]);
  return {
    certs: [...common, ...flagsOf(FLAGS.certs)],
    kubeconfig: [...common, ...flagsOf(FLAGS.kubeconfig), '--kubeconfig-dir', kubeconfigDir],
  };
}

/** The key algorithms that kubeadm of this version can make. */
export function algorithmsOf(version) {
  const release = parseKubernetesVersion(version);
  return Object.keys(ALGORITHMS).filter((id) => {
    const { kubeadmSince } = ALGORITHMS[id];
    return kubeadmSince !== undefined && hasChange(release, kubeadmSince);
  });
}

const SANS = [
  'api.example.com',
  'cp1',
  'kubernetes',
  'localhost',
  '*.api.example.com',
  '*.abc',
  'xn--bcher-kva.example',
  '198.51.100.7',
  '127.0.0.1',
  '192.0.2.10',
  '::1',
  '2001:db8::7',
  '2001:0DB8:0:0::7',
  '::ffff:198.51.100.9',
];

/** What YAML may have to quote, escape or fold. */
export const ODD_CLUSTER_NAMES = [
  ...'0123 08 0x1f 0x_ 0o8 0b11 1_000 1e3 1.e1 1.2.3 +1 .5 . .inf .NaN 12:30:45 true tRue Yes OFF y null NULL'.split(
    ' ',
  ),
  ...'2026-01-01 2026-01-01T02:03:04Z ~ = << - -a ? ?a : :a a: --- ...a | > , a,b ü 北京 🎈𠮷'.split(' '),
  ...`a:b #b a#b [a {a &a *a !a !!a %a @a \`a it's 'a' "a" a\\b`.split(' '),
  'a: b',
  'a #b',
  'a  b',
  '- a',
  'words '.repeat(30).trim(),
  "it's: words  and ".repeat(10).trim(),
  '北京 🎈 '.repeat(40).trim(),
  'w'.repeat(200),
];

/** What each field is drawn from; `undefined` leaves it out. */
const FIELDS = {
  hostname: [undefined, 'cp1', 'CP1', 'node-7.eu.example.com', '7th', `${'n'.repeat(53)}.example`],
  advertiseAddress: ['192.0.2.10', '10.0.0.5', '2001:db8::10', '2001:DB8:0:0::0010', '::ffff:192.0.2.10'],
  apiserverBindPort: [undefined, 6443, 443, 65535],
  controlPlaneEndpoint: [
    undefined,
    'lb.example.com',
    'lb.example.com:8443',
    'lb:443',
    '198.51.100.1',
    '198.51.100.1:6443',
    '2001:db8::1',
    '[2001:db8::1]:8443',
    '[2001:DB8::0001]:8443',
  ],
  serviceCidr: [
    undefined,
    '10.96.0.0/16',
    '10.96.3.77/24',
    '172.20.0.0/28',
    'fd00:10:96::/112',
    '10.96.0.0/16,fd00:10:96::/112',
    'fd00:10:96::/112,10.96.0.0/16',
  ],
  serviceDnsDomain: [undefined, 'corp.example', 'k8s', 'a.b.c.d.example'],
  clusterName: [undefined, 'east', 'East_1.example', ...ODD_CLUSTER_NAMES],
  hostAs: [undefined, 'nodeName'],
  // Below the folder of the kubeconfigs.
  certificatesDir: [undefined, 'certs', 'some/where'],
};
/** What flags can ask for and a configuration cannot. */
const KUBECONFIG_DIRS = [undefined, 'kubeconfigs'];
/** What is drawn besides where {@link hasChoices}. */
const PERIODS = {
  certValidity: [undefined, undefined, '24h', '43800h30m', '90m'],
  caValidity: [undefined, undefined, '87600h', '12h', '262800h'],
};

const externalEtcdsOf = (release) => [
  EXTERNAL_ETCD,
  PLAIN_ETCD,
  ...(hasChange(release, '1.35') ? [PROBED_ETCD] : []),
];

/** A request that the seed decides, but for the key algorithm, within what kubeadm of this version can be asked for. */
export function randomRequest(version, seed) {
  const release = parseKubernetesVersion(version);
  // Each release is asked for something else.
  const random = randomOf(100 * seed + release.minor);
  const one = (values) => values[Math.floor(random() * values.length)];
  const some = (values, most) =>
    random() < 0.4 ? undefined : Array.from({ length: 1 + Math.floor(random() * most) }, () => one(values));
  const fields = {
    ...FIELDS,
    ...(hasChoices(version) ? PERIODS : {}),
    ...(hasChoices(version) && hasGate(version)
      ? { byGate: [undefined, true, 'RSA-2048', 'ECDSA-P256'] }
      : {}),
  };
  const drawn = Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, one(values)]));
  const etcd =
    random() < 0.3
      ? { externalEtcd: true, etcdAs: one(externalEtcdsOf(release)) }
      : { etcdServerCertExtraSans: some(SANS, 4), etcdPeerCertExtraSans: some(SANS, 4) };
  return {
    ...drawn,
    ...etcd,
    // Upper case is for the API server alone: kubeadm refuses it for etcd (etcd-san-case).
    apiserverCertExtraSans: some([...SANS, 'API.Example.COM', '*.Example.ORG'], 6),
  };
}

/** The same, within what flags can ask for. Only the second phase takes a node name: the first has the machine's. */
export function randomRequestByFlags(version, seed) {
  const asked = ['certificatesDir', 'hostAs', ...Object.values(FLAGS).flatMap(Object.values)];
  const drawn = Object.entries(randomRequest(version, seed)).filter(([field]) => asked.includes(field));
  const kubeconfigDir = KUBECONFIG_DIRS[seed % KUBECONFIG_DIRS.length];
  return { ...Object.fromEntries(drawn), kubeconfigDir, hostname: hostname() };
}
