// The real kubeadm and the kubeadm profile of its version, asked for the same: every file, field by field.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateClusterPki, readClusterPki, writeClusterPki } from '../../dist/index.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, layOutByFlags, runPhases } from '../kubeadm.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import {
  algorithmsOf,
  hasChoices,
  kubeadmConfigOf,
  ODD_CLUSTER_NAMES,
  optionsOf,
  randomRequest,
  randomRequestByFlags,
} from '../requests.mjs';
import { compareTrees } from '../shapes.mjs';
import { readTree } from '../trees.mjs';

const REQUESTS_OF_EACH = 20;
/** Flags cannot ask for anything quicker than RSA. */
const REQUESTS_BY_FLAGS = 4;
const [NEWEST] = KUBEADM_VERSIONS;
const [OLDEST] = KUBEADM_VERSIONS.toReversed();
const HOUR_MS = 3_600_000;
const REQUEST = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };

function lay(files, directory) {
  for (const { path, contents, mode } of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), contents, { mode });
  }
}

/** What both make of one request, on top of the files that both find. */
async function compare({ folder, kubeadm, version, request, files = [], layOutAs = layOut }) {
  const theirs = layOutAs(join(folder, 'kubeadm'), { request, version });
  const ours = join(folder, 'ours');
  for (const directory of [theirs.directory, ours]) lay(files, directory);

  const issuedAt = runPhases(kubeadm, theirs);
  const now = new Date();
  const certDir = join(ours, 'pki');
  const pki = await generateClusterPki({
    ...optionsOf(request, version),
    existing: await readClusterPki(certDir),
    generateKeyPair: pooledKeyPair,
    now,
  });
  await writeClusterPki(pki, certDir);
  return compareTrees(
    { tree: readTree(theirs.directory), issuedAt },
    { tree: readTree(ours), issuedAt: { certificates: now.getTime(), kubeconfigs: now.getTime() } },
    request,
  );
}

function randomRequests(version, seed) {
  const algorithms = algorithmsOf(version);
  return Array.from({ length: REQUESTS_OF_EACH }, (_, index) => ({
    ...randomRequest(version, seed + index),
    // Each algorithm once, and then the quickest.
    keyAlgorithm: algorithms[index] ?? 'ECDSA-P256',
  }));
}

function randomRequestsByFlags(version, seed) {
  return Array.from({ length: REQUESTS_BY_FLAGS }, (_, index) => randomRequestByFlags(version, seed + index));
}

function requestsCase(id, { version, requestsOf, layOutAs }) {
  return {
    id,
    needs: [`kubeadm-${version}`],
    run: async ({ makeFolder, program, seed }) => {
      const requests = requestsOf(version, seed);
      const differences = new Set();
      const failures = [];
      for (const request of requests) {
        const kubeadm = program(`kubeadm-${version}`);
        const compared = await compare({ folder: makeFolder(), kubeadm, version, request, layOutAs }).catch(
          ({ message, detail }) => ({
            listed: [],
            unlisted: [detail === undefined ? message : `${message} ${JSON.stringify(detail)}`],
          }),
        );
        for (const difference of compared.listed) differences.add(difference);
        failures.push(...compared.unlisted.map((text) => `${JSON.stringify(request)}: ${text}`));
      }
      return { checks: requests.length, differences, failures };
    },
  };
}

// What few of the random requests have together, and quickly.
const ENDPOINT_REQUEST = {
  ...REQUEST,
  controlPlaneEndpoint: '198.51.100.1:8443',
  apiserverCertExtraSans: ['198.51.100.7'],
};
const endpointCases = KUBEADM_VERSIONS.map((version) =>
  requestsCase(`differential: an address as endpoint, kubeadm ${version}`, {
    version,
    requestsOf: () => [ENDPOINT_REQUEST],
  }),
);

/** Nothing as it is by default, so that whatever is not listened to is seen; periods, where there are some, out of the way of any cap. */
const DEMANDING_REQUEST = {
  ...REQUEST,
  advertiseAddress: '2001:db8::10',
  apiserverBindPort: 7443,
  controlPlaneEndpoint: 'lb.example.com:8443',
  serviceCidr: '172.20.0.0/16,fd00:10:96::/112',
  serviceDnsDomain: 'corp.example',
  clusterName: 'east',
  apiserverCertExtraSans: ['api.example.com', '198.51.100.7'],
  etcdServerCertExtraSans: ['etcd.example.com', '198.51.100.8'],
  etcdPeerCertExtraSans: ['peer.example.com', '198.51.100.9'],
};
const demandingCases = KUBEADM_VERSIONS.map((version) =>
  requestsCase(`differential: nothing by default, kubeadm ${version}`, {
    version,
    requestsOf: () => [
      {
        ...DEMANDING_REQUEST,
        ...(hasChoices(version)
          ? { keyAlgorithm: algorithmsOf(version).at(-1), certValidity: '36h', caValidity: '43800h30m' }
          : {}),
      },
      {
        ...DEMANDING_REQUEST,
        etcdServerCertExtraSans: undefined,
        etcdPeerCertExtraSans: undefined,
        externalEtcd: true,
      },
    ],
  }),
);

const randomCases = KUBEADM_VERSIONS.map((version) =>
  requestsCase(`differential: random requests, kubeadm ${version}`, { version, requestsOf: randomRequests }),
);
const flagCases = [NEWEST, OLDEST].map((version) =>
  requestsCase(`differential: random requests by flags, kubeadm ${version}`, {
    version,
    requestsOf: randomRequestsByFlags,
    layOutAs: layOutByFlags,
  }),
);

// The longest host name, so that the names of contexts are folded, too.
const nameRequests = ODD_CLUSTER_NAMES.map((clusterName) => ({
  ...REQUEST,
  hostname: `${'n'.repeat(53)}.example`,
  clusterName,
}));
const nameCases = [NEWEST, OLDEST].map((version) =>
  requestsCase(`differential: odd cluster names, kubeadm ${version}`, {
    version,
    requestsOf: () => nameRequests,
  }),
);

const NUMBER_LIKE_NAMES = ['1e400', '0xfffffffffffffffff', '2026-13-45', '2026-01-01T02:03:04'];
const KUBECONFIGS = 5;

const numberLikeCase = {
  id: `differential: cluster names that look like numbers, kubeadm ${NEWEST}`,
  needs: [`kubeadm-${NEWEST}`],
  run: async ({ makeFolder, program }) => {
    const kubeadm = program(`kubeadm-${NEWEST}`);
    const differences = new Set(['number-like-names']);
    const failures = [];
    for (const clusterName of NUMBER_LIKE_NAMES) {
      const request = { ...REQUEST, clusterName };
      const compared = await compare({ folder: makeFolder(), kubeadm, version: NEWEST, request });
      for (const difference of compared.listed) differences.add(difference);
      const isExpected = (text) => {
        const [, theirs, ours] = /^\S+ text: kubeadm (.*), here (.*)$/.exec(text) ?? [];
        return theirs !== undefined && ours.replaceAll(`\\"${clusterName}\\"`, clusterName) === theirs;
      };
      failures.push(...compared.unlisted.filter((text) => !isExpected(text)));
      const seen = compared.unlisted.filter(isExpected).length;
      if (seen < KUBECONFIGS) failures.push(`${clusterName} is in quotes in only ${seen} kubeconfigs`);
    }
    return { checks: NUMBER_LIKE_NAMES.length, differences, failures };
  },
};

/** The fields of kubeadm's configuration that bear on certificates and kubeconfigs (kubeadm.md 7.2). */
const FIELDS = [
  'advertiseAddress',
  'bindPort',
  'name',
  'certificatesDir',
  'clusterName',
  'controlPlaneEndpoint',
  'dnsDomain',
  'serviceSubnet',
  'certSANs',
  'serverCertSANs',
  'peerCertSANs',
  'external',
  'encryptionAlgorithm',
  'PublicKeysECDSA',
  'certificateValidityPeriod',
  'caCertificateValidityPeriod',
];

const fieldCase = {
  id: 'differential: the random requests have every field of the configuration',
  needs: [],
  run: async ({ seed }) => {
    const texts = KUBEADM_VERSIONS.flatMap((version) =>
      randomRequests(version, seed).map((request) =>
        kubeadmConfigOf(request, { version, certificatesDir: '/etc/kubernetes/pki' }),
      ),
    );
    const missing = FIELDS.filter((field) => !texts.some((text) => text.includes(`"${field}":`)));
    return { checks: FIELDS.length, failures: missing.map((field) => `${field} is in none of them`) };
  },
};

/** A CA that is an hour old, with another in its bundle: shows what a new kubeconfig takes from it. */
async function agedBundle(version, request) {
  // Keys of their own: a pool would hand the CA's out again to what it is to sign.
  const [own, other] = await Promise.all(
    [1, 2].map((hours) =>
      generateClusterPki({ ...optionsOf(request, version), now: new Date(Date.now() - hours * HOUR_MS) }),
    ),
  );
  const file = (pki, path) => pki.files.find((candidate) => candidate.path === path);
  const certificate = file(own, 'pki/ca.crt');
  const bundle = `${certificate.contents}${file(other, 'pki/ca.crt').contents}`;
  return [{ ...certificate, contents: bundle }, file(own, 'pki/ca.key')];
}

const bundleCases = KUBEADM_VERSIONS.map((version) => ({
  id: `differential: a bundle of CAs taken up, kubeadm ${version}`,
  needs: [`kubeadm-${version}`],
  run: async ({ makeFolder, program }) => {
    const { listed, unlisted } = await compare({
      folder: makeFolder(),
      kubeadm: program(`kubeadm-${version}`),
      version,
      request: REQUEST,
      files: await agedBundle(version, REQUEST),
    });
    return { checks: 1, differences: listed, failures: unlisted };
  },
}));

const SERVED = ['pki/apiserver.crt', 'pki/etcd/server.crt', 'pki/etcd/peer.crt'];

const hostAddressCase = {
  id: `differential: a host with two addresses, kubeadm ${NEWEST}`,
  needs: [`kubeadm-${NEWEST}`],
  run: async ({ makeFolder, program }) => {
    const request = { ...REQUEST, hostIp: ['192.0.2.10', '2001:db8::10'] };
    const kubeadm = program(`kubeadm-${NEWEST}`);
    const compared = await compare({ folder: makeFolder(), kubeadm, version: NEWEST, request });
    const isExpected = (text) => SERVED.some((path) => text.startsWith(`${path} subjectAltName:`));
    const failures = compared.unlisted.filter((text) => !isExpected(text));
    const seen = compared.unlisted.filter(isExpected);
    if (seen.length < SERVED.length)
      failures.push(`only ${seen.length} of ${SERVED.join(', ')} have the second address`);
    return { checks: 1, differences: [...compared.listed, 'host-addresses'], failures };
  },
};

export const cases = [
  ...randomCases,
  ...endpointCases,
  ...demandingCases,
  ...flagCases,
  ...nameCases,
  numberLikeCase,
  fieldCase,
  ...bundleCases,
  hostAddressCase,
];
