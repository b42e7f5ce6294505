// The real kubeadm and the kubeadm profile of its version, asked for the same: every file, field by field.
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { generateClusterPki, readClusterPki, writeClusterPki } from '../../dist/index.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, layOutByFlags, runPhases } from '../kubeadm.mjs';
import { mustRunOurs } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import {
  algorithmsOf,
  argumentsOf,
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
const REQUESTS_BY_FLAGS = 3;
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

/** By the library, with keys that are made once. */
async function generate(options, directories) {
  const now = new Date();
  const pki = await generateClusterPki({
    ...options,
    hostname: options.hostname ?? options.nodeName ?? hostname(),
    existing: await readClusterPki(directories),
    generateKeyPair: pooledKeyPair,
    now,
  });
  await writeClusterPki(pki, directories);
  return now;
}

/** By the command line, which says all that the library is told. */
function init(options, directories) {
  const now = new Date();
  mustRunOurs(['init', ...argumentsOf({ ...options, ...directories })]);
  return now;
}

/** A tree as if nothing had been asked about its directories. */
function readUsualTree(directory, { certificatesDir = 'pki', kubeconfigDir }) {
  const usual = [
    [`${certificatesDir}/`, 'pki/'],
    ...(kubeconfigDir === undefined ? [] : [[`${kubeconfigDir}/`, '']]),
  ];
  const entries = [...readTree(directory)].map(([path, file]) => {
    const [from, to] = usual.find(([beginning]) => path.startsWith(beginning)) ?? ['', ''];
    return [`${to}${path.slice(from.length)}`, file];
  });
  return new Map(entries);
}

/** What both make of one request, on top of the files that both find. */
async function compare({
  folder,
  kubeadm,
  version,
  request,
  files = [],
  layOutAs = layOut,
  make = generate,
}) {
  const theirs = layOutAs(join(folder, 'kubeadm'), { request, version });
  const ours = join(folder, 'ours');
  mkdirSync(ours);
  for (const directory of [theirs.directory, ours]) lay(files, directory);

  const issuedAt = runPhases(kubeadm, theirs);
  const now = await make(optionsOf(request, version), {
    certDir: join(ours, request.certificatesDir ?? 'pki'),
    kubeconfigDir: join(ours, request.kubeconfigDir ?? ''),
  });
  return compareTrees(
    { tree: readUsualTree(theirs.directory, request), issuedAt },
    {
      tree: readUsualTree(ours, request),
      issuedAt: { certificates: now.getTime(), kubeconfigs: now.getTime() },
    },
    request,
  );
}

/** Neighbouring seeds have no request in common. */
const seedsOf = (seed, count) => Array.from({ length: count }, (_, index) => 1000 * seed + index);

function randomRequests(version, seed) {
  const algorithms = algorithmsOf(version);
  return seedsOf(seed, REQUESTS_OF_EACH).map((own, index) => {
    // Each algorithm once, none in particular, and then the quickest.
    const keyAlgorithm = [...algorithms, undefined].concat(Array(REQUESTS_OF_EACH).fill('ECDSA-P256'))[index];
    return { ...randomRequest(version, own), keyAlgorithm };
  });
}

const randomRequestsByFlags = (version, seed) =>
  seedsOf(seed, REQUESTS_BY_FLAGS).map((own) => randomRequestByFlags(version, own));

/** @param makeOf How this project makes the request of an index; the library, unless said. */
function requestsCase(id, { version, requestsOf, layOutAs, makeOf = () => generate }) {
  return {
    id,
    needs: [`kubeadm-${version}`],
    run: async ({ makeFolder, program, seed }) => {
      const requests = requestsOf(version, seed);
      const differences = new Set();
      const failures = [];
      for (const [index, request] of requests.entries()) {
        const asked = { version, request, layOutAs, make: makeOf(index) };
        const kubeadm = program(`kubeadm-${version}`);
        const compared = await compare({ folder: makeFolder(), kubeadm, ...asked }).catch(
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
  requestsCase(`differential: random requests, kubeadm ${version}`, {
    version,
    requestsOf: randomRequests,
    makeOf: (index) => (index % 4 === 3 ? init : generate),
  }),
);
const flagCases = KUBEADM_VERSIONS.map((version) =>
  requestsCase(`differential: random requests by flags, kubeadm ${version}`, {
    version,
    requestsOf: randomRequestsByFlags,
    layOutAs: layOutByFlags,
    makeOf: () => init,
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
  'caFile',
  'httpEndpoints',
  'encryptionAlgorithm',
  'PublicKeysECDSA',
  'certificateValidityPeriod',
  'caCertificateValidityPeriod',
];

/** The value of a field of this name, as text, wherever it stands in JSON; `absent` where it does not. */
function valueIn(text, field) {
  const found = new Set();
  JSON.parse(text, (name, value) => {
    if (name === field) found.add(JSON.stringify(value));
    return value;
  });
  return [...found].join() || 'absent';
}

const fieldCase = {
  id: 'differential: the random requests have every field of the configuration',
  needs: [],
  run: async ({ seed }) => {
    const documents = KUBEADM_VERSIONS.flatMap((version) =>
      randomRequests(version, seed).flatMap((request) => {
        const certificatesDir = join('/etc/kubernetes', request.certificatesDir ?? 'pki');
        return [kubeadmConfigOf(request, { version, certificatesDir }).split('---\n')];
      }),
    );
    // Whatever has one value only, or is never there, is not asked about.
    const same = FIELDS.filter(
      (field) => new Set(documents.map((texts) => texts.map((text) => valueIn(text, field)).join())).size < 2,
    );
    return { checks: FIELDS.length, failures: same.map((field) => `${field} is the same in all of them`) };
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

const OTHER_ADDRESS = '2001:db8::10';
/** The certificates that have a host's addresses, with all of these in their order. */
const SERVED = {
  'pki/apiserver.crt': ['10.96.0.1', '192.0.2.10', OTHER_ADDRESS],
  'pki/etcd/server.crt': ['192.0.2.10', OTHER_ADDRESS, '127.0.0.1', '::1'],
  'pki/etcd/peer.crt': ['192.0.2.10', OTHER_ADDRESS, '127.0.0.1', '::1'],
};

/** Whether a text of {@link compareTrees} says that we have the other address in its place, and differ in nothing else. */
function isOtherAddress(text) {
  const [, path, their, our] = /^(\S+) subjectAltName: kubeadm (.*), here (.*)$/.exec(text) ?? [];
  if (!(path in SERVED)) return false;
  const [theirs, ours] = [their, our].map((json) => JSON.parse(json));
  const addresses = ours.filter(({ kind }) => kind === 'ip').map(({ value }) => value);
  const others = ours.filter(({ value }) => value !== OTHER_ADDRESS);
  return isDeepStrictEqual(addresses, SERVED[path]) && isDeepStrictEqual(others, theirs);
}

const hostAddressCase = {
  id: `differential: a host with two addresses, kubeadm ${NEWEST}`,
  needs: [`kubeadm-${NEWEST}`],
  run: async ({ makeFolder, program }) => {
    const request = { ...REQUEST, hostIp: [REQUEST.advertiseAddress, OTHER_ADDRESS] };
    const kubeadm = program(`kubeadm-${NEWEST}`);
    const compared = await compare({ folder: makeFolder(), kubeadm, version: NEWEST, request });
    const failures = compared.unlisted.filter((text) => !isOtherAddress(text));
    const served = Object.keys(SERVED);
    const seen = compared.unlisted.filter(isOtherAddress).length;
    if (seen < served.length)
      failures.push(`only ${seen} of ${served.join(', ')} have the second address, and in its place`);
    return { checks: 1 + served.length, differences: [...compared.listed, 'host-addresses'], failures };
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
