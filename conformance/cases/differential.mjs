// The real kubeadm and the kubeadm profile of its version, asked for the same: every file, field by field.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateClusterPki, readClusterPki, writeClusterPki } from '../../dist/index.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { algorithmsOf, optionsOf, randomRequest } from '../requests.mjs';
import { compareTrees } from '../shapes.mjs';
import { readTree } from '../trees.mjs';

const REQUESTS_OF_EACH = 20;
const [NEWEST] = KUBEADM_VERSIONS;
const HOUR_MS = 3_600_000;

function lay(files, directory) {
  for (const { path, contents, mode } of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), contents, { mode });
  }
}

/** What both make of one request, on top of the files that both find. */
async function compare({ folder, kubeadm, version, request, files = [] }) {
  const theirs = layOut(join(folder, 'kubeadm'), { request, version });
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
  );
}

const randomCases = KUBEADM_VERSIONS.map((version) => ({
  id: `differential: random requests, kubeadm ${version}`,
  needs: [`kubeadm-${version}`],
  run: async ({ makeFolder, program, seed }) => {
    const algorithms = algorithmsOf(version);
    const differences = new Set();
    const failures = [];
    for (let index = 0; index < REQUESTS_OF_EACH; index += 1) {
      // Each algorithm once, and then the quickest.
      const keyAlgorithm = algorithms[index] ?? 'ECDSA-P256';
      const request = { ...randomRequest(version, seed + index), keyAlgorithm };
      const kubeadm = program(`kubeadm-${version}`);
      const compared = await compare({ folder: makeFolder(), kubeadm, version, request }).catch((error) => ({
        listed: [],
        unlisted: [
          error.detail === undefined ? error.message : `${error.message} ${JSON.stringify(error.detail)}`,
        ],
      }));
      for (const id of compared.listed) differences.add(id);
      failures.push(...compared.unlisted.map((text) => `${JSON.stringify(request)}: ${text}`));
    }
    return { checks: REQUESTS_OF_EACH, differences, failures };
  },
}));

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
    const request = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: 'ECDSA-P256' };
    const { listed, unlisted } = await compare({
      folder: makeFolder(),
      kubeadm: program(`kubeadm-${version}`),
      version,
      request,
      files: await agedBundle(version, request),
    });
    return { checks: 1, differences: listed, failures: unlisted };
  },
}));

const SERVED = ['pki/apiserver.crt', 'pki/etcd/server.crt', 'pki/etcd/peer.crt'];

const hostAddressCase = {
  id: `differential: a host with two addresses, kubeadm ${NEWEST}`,
  needs: [`kubeadm-${NEWEST}`],
  run: async ({ makeFolder, program }) => {
    const request = {
      hostname: 'cp1',
      advertiseAddress: '192.0.2.10',
      hostIp: ['192.0.2.10', '2001:db8::10'],
      keyAlgorithm: 'ECDSA-P256',
    };
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

export const cases = [...randomCases, ...bundleCases, hostAddressCase];
