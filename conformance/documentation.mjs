// What the documentation asks for, read out of its tables as they stand: as facts of files, and as arguments.
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';

const DOCUMENT = readFileSync(
  join(import.meta.dirname, '..', 'docs', 'reference', 'requirements.md'),
  'utf8',
);
const sectionOf = (id) => DOCUMENT.split(/^## /m).find((text) => text.startsWith(`${id} `));

/** The table of a section: each row by the names of its columns. */
function tableOf(id) {
  const lines = sectionOf(id)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const [names, , ...rows] = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]])));
}

/** What stands in backticks. */
const wordsOf = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
const wordOf = (text) => wordsOf(text)[0];

const [CAS, CERTIFICATES, KINDS, ARGUMENTS, KUBECONFIGS] = ['R2', 'R3', 'R4', 'R5', 'R6'].map(tableOf);
/** R3 [1]: the names of the API server inside of every cluster. */
const SERVICE_NAMES = wordsOf(/^\[1\] .*?\n\n/ms.exec(DOCUMENT)[0]);
const [, CLUSTER, SERVER, CONTEXT] = /cluster\s+`(.*)` with server `(.*)` .*;\scontext `(.*)` of/s.exec(
  sectionOf('R6'),
);

/**
 * What a cluster may be asked for, as `options`, with the first address of each of its service networks, and where another
 * than the usual is asked for, for how many `days` certificates are valid, backdating included.
 */
export const REQUESTS = [
  {
    options: {
      hostname: 'cp1',
      hostIp: ['192.0.2.10'],
      apiserverAdvertiseAddress: '192.0.2.11',
      keyAlgorithm: 'RSA-2048',
    },
    serviceAddresses: ['10.96.0.1'],
  },
  {
    options: {
      hostname: 'cp1',
      nodeName: 'node-1',
      hostIp: ['192.0.2.10', '2001:db8::10'],
      apiserverAdvertiseAddress: '2001:db8::11',
      controlPlaneEndpoint: 'lb.example.com:8443',
      serviceCidr: ['10.32.0.0/16', 'fd00:10:96::/112'],
      serviceDnsDomain: 'corp.example',
      apiserverCertExtraSans: ['api.example.com', '198.51.100.7'],
      etcdServerCertExtraSans: ['etcd.example.com'],
      etcdPeerCertExtraSans: ['peer.example.com'],
      keyAlgorithm: 'ECDSA-P256',
      saKeyAlgorithm: 'ECDSA-P384',
      apiserverBindPort: 7443,
      clusterName: 'east',
      notBeforeSkew: '24h',
      certValidity: '30d',
      caValidity: '3000d',
    },
    days: { ca: 3001, leaf: 31 },
    serviceAddresses: ['10.32.0.1', 'fd00:10:96::1'],
  },
];

/** The names of a row of R3: what its words stand for, R3 [1], and what was asked for beside. */
function namesOf({ id, 'hosts (SAN)': hosts }, { options, serviceAddresses }) {
  const { serviceDnsDomain = 'cluster.local', hostIp, controlPlaneEndpoint } = options;
  const placeholders = {
    '<hostname>': options.hostname,
    '<Host_IP>': hostIp,
    '<advertise_IP>': options.apiserverAdvertiseAddress,
  };
  const asked = {
    'R3.1': options.etcdServerCertExtraSans,
    'R3.2': options.etcdPeerCertExtraSans,
    'R3.5': options.apiserverCertExtraSans,
  };
  const names = [wordsOf(hosts).map((word) => placeholders[word] ?? word), asked[id] ?? []].flat(2);
  // The table knows IPv4 alone: a host with IPv6 has one more loopback address.
  if (names.includes('127.0.0.1') && hostIp.some(isIPv6)) names.push('::1');
  if (hosts.includes('[1]')) {
    const [firstLabel] = serviceDnsDomain.split('.');
    const services = SERVICE_NAMES.map((name) =>
      name.replace('cluster.local', serviceDnsDomain).replace(/cluster$/, firstLabel),
    );
    const endpoint = controlPlaneEndpoint === undefined ? [] : [controlPlaneEndpoint.replace(/:\d+$/, '')];
    names.push(...services, ...serviceAddresses, ...endpoint);
  }
  return names.toSorted((a, b) => a.localeCompare(b));
}

/** What R4 allows certificates of these kinds, in the words of RFC 5280. */
function usagesOf(kinds, keyAlgorithm) {
  const words = kinds
    .split(', ')
    .flatMap((kind) => KINDS.find((row) => row.kind === kind)['key usage'].split(', '))
    .map((text) => text.replaceAll(/ (.)/g, (_, letter) => letter.toUpperCase()));
  const isExtended = (word) => word.endsWith('Auth');
  return {
    keyUsage: [...new Set(words)].filter(
      // RFC 8813 3: no EC key enciphers keys.
      (word) => !isExtended(word) && (word !== 'keyEncipherment' || keyAlgorithm.startsWith('RSA')),
    ),
    extKeyUsage: words.filter(isExtended),
  };
}

// What the tables leave open. RFC 5280 4.2.1.3 and 4.2.1.9; RFC 7093 2 (1), which needs no SHA-1; kubeadm.md 1.3, 1.6.
const COMMON = {
  organization: [],
  pathLength: undefined,
  subjectAltName: [],
  subjectKeyIdentifier: 'sha256',
};
const CA = {
  ...COMMON,
  mode: '644',
  isCa: true,
  keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
  extKeyUsage: [],
};
const LEAF = { ...COMMON, isCa: false };
/** 8760h and 87600h, where nothing else is asked for. */
const DAYS = { ca: 3650, leaf: 365 };
/** A key is of the algorithm that was asked for, and belongs to what lies beside it. */
const keyFacts = (keyAlgorithm) => ({ mode: '600', keyAlgorithm, fits: true });

function documentedCas({ options: { keyAlgorithm }, days = DAYS }) {
  return CAS.flatMap(({ path, 'default CN': name }) => {
    const [certificate, key] = wordsOf(path).map((word) => `pki/${word}`);
    const commonName = wordOf(name);
    // R2.4 has no certificate.
    if (commonName === undefined) return [];
    return [
      [certificate, { ...CA, days: days.ca, commonNames: [commonName], signedBy: commonName, keyAlgorithm }],
      [key, keyFacts(keyAlgorithm)],
    ];
  });
}

function documentedCertificates(request) {
  const { options, days = DAYS } = request;
  const { keyAlgorithm } = options;
  return CERTIFICATES.flatMap((row) => {
    const commonName = wordOf(row['default CN']);
    const place = ARGUMENTS.find((candidate) => candidate['default CN'] === commonName);
    const facts = {
      ...LEAF,
      days: days.leaf,
      mode: '644',
      commonNames: [commonName],
      organization: wordsOf(row.O),
      signedBy: row['parent CA'],
      ...usagesOf(row.kind, keyAlgorithm),
      subjectAltName: namesOf(row, request),
      keyAlgorithm,
    };
    return [
      [`pki/${wordOf(place.certificate)}`, facts],
      [`pki/${wordOf(place.key)}`, keyFacts(keyAlgorithm)],
    ];
  });
}

function documentedKubeconfigs({ options, days = DAYS }) {
  const { hostname, nodeName = hostname, hostIp, controlPlaneEndpoint, keyAlgorithm } = options;
  const { clusterName: cluster = CLUSTER, apiserverBindPort = 6443 } = options;
  const own = SERVER.replace('<host ip>', hostIp[0]).replace('6443', apiserverBindPort);
  return KUBECONFIGS.map((row) => {
    const path = wordOf(row.file);
    const user = wordOf(row['credential name']);
    // Whoever is not on this host alone goes by the endpoint of all, where there is one (kubeadm.md 2.1).
    const endpoint = ['admin.conf', 'kubelet.conf'].includes(path) ? controlPlaneEndpoint : undefined;
    const facts = {
      ...LEAF,
      days: days.leaf,
      mode: '600',
      key: { keyAlgorithm, fits: true },
      commonNames: [wordOf(row['default CN']).replace('<nodeName>', nodeName)],
      organization: wordsOf(row.O),
      signedBy: 'kubernetes-ca',
      ...usagesOf('client', keyAlgorithm),
      keyAlgorithm,
      cluster,
      server: endpoint === undefined ? own : `https://${endpoint}`,
      trust: ['kubernetes-ca'],
      user,
      context: CONTEXT,
      contextOf: { cluster, user },
      currentContext: CONTEXT,
      preferences: undefined,
    };
    return [path, facts];
  });
}

/**
 * The facts of every file that the tables name.
 *
 * @param request One of {@link REQUESTS}.
 */
export function documentedFiles(request) {
  const { keyAlgorithm, saKeyAlgorithm = keyAlgorithm } = request.options;
  return new Map([
    ...documentedCas(request),
    ...documentedCertificates(request),
    ...documentedKubeconfigs(request),
    ['pki/sa.key', keyFacts(saKeyAlgorithm)],
    // Public, and read by those who do not run as root (docs/differences.md, sa-pub-mode).
    ['pki/sa.pub', { mode: '644', keyAlgorithm: saKeyAlgorithm }],
  ]);
}

/** R5, and of R6 the programs that take a kubeconfig, as `R5.1 program --flag=path`. */
export function documentedArguments() {
  return [
    ...ARGUMENTS.flatMap((row) =>
      ['key', 'certificate'].flatMap((half) =>
        wordsOf(row[`${half} argument`]).map(
          (flag) => `${row.id} ${row.command} ${flag}=pki/${wordOf(row[half])}`,
        ),
      ),
    ),
    ...KUBECONFIGS.flatMap((row) => {
      const [program] = /^kube(?:let|-[a-z-]+)/.exec(row['used by']) ?? [];
      return program === undefined ? [] : [`${row.id} ${program} --kubeconfig=${wordOf(row.file)}`];
    }),
  ];
}

/** Whose own a row is that answers these requirements: R2 is for all, R6 says what each node has, the rest is a control plane's. */
export function documentedHolder(requirements) {
  if (requirements.some((id) => id.startsWith('R2'))) return 'cluster';
  const isPerNode = ({ id, 'used by': user }) => requirements.includes(id) && user.includes('each node');
  return KUBECONFIGS.some(isPerNode) ? 'node' : 'controlPlane';
}
