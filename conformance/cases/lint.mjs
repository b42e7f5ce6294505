// zlint over every certificate of every profile and algorithm: it says nothing but what is listed here with its reason.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { generateClusterPki, KEY_ALGORITHM_IDS, PROFILES } from '../../dist/index.js';
import { algorithmsOf } from '../requests.mjs';
import { encodePem, parsePemBlocks } from '../../dist/x509/pem.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRun } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { readTree } from '../trees.mjs';

const ZLINT = 'zlint-3.7.3';
const SOURCES = 'RFC3279,RFC5280,RFC5480,RFC5891,RFC8813,Community';
const [NEWEST] = KUBEADM_VERSIONS;

// R4 asks for keyEncipherment on clients too, where only an RSA key can bear it; hardened leaves it out.
const KEY_ENCIPHERMENT_ON_CLIENTS = 'error e_key_usage_and_extended_key_usage_inconsistent';

function allowed(profile, algorithm) {
  return profile !== 'hardened' && algorithm.startsWith('RSA') ? [KEY_ENCIPHERMENT_ON_CLIENTS] : [];
}

function pemsOf({ path, contents }) {
  if (!path.endsWith('.conf')) return contents;
  return Buffer.from(parse(contents).users[0].user['client-certificate-data'], 'base64').toString();
}

/** Each certificate once, in a file of its own. */
function certificateFiles(files, folder) {
  const blocks = files
    .flatMap((file) => parsePemBlocks(pemsOf(file)))
    .filter(({ label }) => label === 'CERTIFICATE');
  const pems = new Set(blocks.map(({ der }) => encodePem('CERTIFICATE', der)));
  return [...pems].map((pem, index) => {
    const path = join(folder, `${index}.pem`);
    writeFileSync(path, pem);
    return path;
  });
}

/** How often zlint says what: `error e_…` → number. */
function lint(zlint, paths) {
  const { stdout } = mustRun(zlint, ['-includeSources', SOURCES, ...paths]);
  const reports = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (reports.length !== paths.length)
    throw new Error(`zlint read ${reports.length} of ${paths.length} certificates`);
  const counts = new Map();
  for (const [name, { result }] of reports.flatMap(Object.entries)) {
    if (!['warn', 'error', 'fatal'].includes(result)) continue;
    counts.set(`${result} ${name}`, (counts.get(`${result} ${name}`) ?? 0) + 1);
  }
  return counts;
}

const textOf = (counts) => [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');

function lintCase(profile, algorithm) {
  return {
    id: `lint: ${profile}, ${algorithm}`,
    needs: [ZLINT],
    run: async ({ makeFolder, program }) => {
      const options = {
        hostIp: ['192.0.2.10', '2001:db8::10'],
        hostname: 'cp1',
        profile,
        keyAlgorithm: algorithm,
        generateKeyPair: pooledKeyPair,
      };
      const pkis = await Promise.all(
        [false, true].map((rootCa) => generateClusterPki({ ...options, rootCa })),
      );
      const paths = pkis.flatMap(({ files }) => certificateFiles(files, makeFolder()));
      const counts = lint(program(ZLINT), paths);
      const expected = allowed(profile, algorithm);
      const failures = [...counts].filter(([name]) => !expected.includes(name));
      const missing = expected.filter((name) => !counts.has(name));
      return {
        checks: paths.length,
        failures: [
          ...failures.map(([name, count]) => `${count} × ${name}`),
          ...missing.map((name) => `${name} is allowed and does not occur`),
        ],
        note: textOf(counts),
      };
    },
  };
}

/** What the real kubeadm gets, for comparison; nothing of it is expected. */
function kubeadmCase(algorithm) {
  return {
    id: `lint: the real kubeadm ${NEWEST}, ${algorithm}`,
    needs: [ZLINT, `kubeadm-${NEWEST}`],
    run: async ({ makeFolder, program }) => {
      const request = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: algorithm };
      const place = layOut(makeFolder(), { request, version: NEWEST });
      runPhases(program(`kubeadm-${NEWEST}`), place);
      const files = [...readTree(place.directory)].map(([path, { contents = '' }]) => ({ path, contents }));
      const paths = certificateFiles(files, makeFolder());
      return { checks: paths.length, failures: [], note: textOf(lint(program(ZLINT), paths)) };
    },
  };
}

const profilesAndAlgorithms = PROFILES.flatMap((profile) =>
  // The kubeadm profile takes what kubeadm takes.
  (profile === 'kubeadm' ? algorithmsOf(NEWEST) : KEY_ALGORITHM_IDS).map((algorithm) => [profile, algorithm]),
);

export const cases = [
  ...profilesAndAlgorithms.map(([profile, algorithm]) => lintCase(profile, algorithm)),
  ...['RSA-2048', 'ECDSA-P256'].map(kubeadmCase),
];
