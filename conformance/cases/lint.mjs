// zlint over every certificate of every profile and algorithm: it says nothing but what is listed here with its reason.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { generateClusterPki, KEY_ALGORITHM_IDS, PROFILES } from '../../dist/index.js';
import { algorithmsOf } from '../requests.mjs';
import { loadForeignReader } from '../../dist/x509/certificate-reader.js';
import { encodePem, parsePemBlocks } from '../../dist/x509/pem.js';
import { pooledKeyPair } from '../keys.mjs';
import { layOut, runPhases } from '../kubeadm.mjs';
import { mustRun } from '../processes.mjs';
import { KUBEADM_VERSIONS } from '../programs.mjs';
import { readTree } from '../trees.mjs';

const ZLINT = 'zlint-3.7.3';
const SOURCES = 'RFC3279,RFC5280,RFC5480,RFC5891,RFC8813,Community';
const [NEWEST] = KUBEADM_VERSIONS;

const reader = await loadForeignReader();

/** R4 asks for keyEncipherment on clients too, where only an RSA key can bear it; hardened leaves it out. */
const KEY_ENCIPHERMENT_ON_CLIENTS = {
  name: 'error e_key_usage_and_extended_key_usage_inconsistent',
  is: ({ extKeyUsage }) => extKeyUsage?.join() === 'clientAuth',
};

function allowed(profile, algorithm) {
  return profile !== 'hardened' && algorithm.startsWith('RSA') ? [KEY_ENCIPHERMENT_ON_CLIENTS] : [];
}

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
const QUOTED = /^## What zlint says$.*?(?=^## )/ms
  .exec(README)[0]
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

/** What the README quotes: `certificates` and `findings` of the row of this title; `place` in a cell for several. */
function quoted(title, place = 0) {
  const row = QUOTED.find(([, cell]) => cell === title);
  if (row === undefined) throw new Error(`the README has no row ${title}`);
  const [, , certificates, findings] = row;
  return { certificates: certificates.split(', ')[place], findings: findings === 'none' ? '' : findings };
}

function quotedOfProfile(profile, algorithm) {
  if (profile === 'hardened') return quoted('profile hardened, all algorithms');
  if (algorithm.startsWith('RSA')) return quoted(`profile ${profile}, RSA`);
  return quoted('both, other algorithms', ['requirements', 'kubeadm'].indexOf(profile));
}

function pemsOf({ path, contents }) {
  if (!path.endsWith('.conf')) return contents;
  return Buffer.from(parse(contents).users[0].user['client-certificate-data'], 'base64').toString();
}

/** Each certificate once, in a file of its own: where, and what it says. */
function certificateFiles(files, folder) {
  const blocks = files
    .flatMap((file) => parsePemBlocks(pemsOf(file)))
    .filter(({ label }) => label === 'CERTIFICATE');
  const pems = new Set(blocks.map(({ der }) => encodePem('CERTIFICATE', der)));
  return [...pems].map((pem, index) => {
    const path = join(folder, `${index}.pem`);
    writeFileSync(path, pem);
    return { path, certificate: reader.parse(parsePemBlocks(pem)[0].der) };
  });
}

/** What zlint says of what: `{ name, certificate }`, the name `error e_…`. */
function lint(zlint, files) {
  const { stdout } = mustRun(zlint, ['-includeSources', SOURCES, ...files.map(({ path }) => path)]);
  const reports = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (reports.length !== files.length)
    throw new Error(`zlint read ${reports.length} of ${files.length} certificates`);
  return reports.flatMap((report, index) =>
    Object.entries(report)
      .filter(([, { result }]) => ['warn', 'error', 'fatal'].includes(result))
      .map(([name, { result }]) => ({ name: `${result} ${name}`, certificate: files[index].certificate })),
  );
}

/** `3 × error e_…, 12 × warn w_…`, in the order of the names. */
function textOf(findings) {
  const counts = new Map();
  for (const { name } of findings) counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].toSorted(([a], [b]) => a.localeCompare(b));
  return sorted.map(([name, count]) => `${count} × ${name}`).join(', ');
}

/** What is not as the README quotes it. */
function compareWithQuoted({ files, findings }, { certificates, findings: text }) {
  const found = textOf(findings).replaceAll(/(?<= × )[a-z]+ /g, '');
  const inOrder = text
    .split(', ')
    .toSorted((a, b) => a.replace(/.* /, '').localeCompare(b.replace(/.* /, '')));
  return [
    ...(String(files.length) === certificates
      ? []
      : [`${files.length} certificates, ${certificates} in the README`]),
    ...(found === inOrder.join(', ') ? [] : [`found ${found}; in the README ${text}`]),
  ];
}

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
      const files = pkis.flatMap((pki) => certificateFiles(pki.files, makeFolder()));
      const findings = lint(program(ZLINT), files);
      const expected = allowed(profile, algorithm);
      const isExpected = ({ name, certificate }) =>
        expected.some((each) => each.name === name && each.is(certificate));
      const failures = textOf(findings.filter((finding) => !isExpected(finding)));
      return {
        checks: files.length + 2,
        failures: [
          ...(failures === '' ? [] : [failures]),
          ...compareWithQuoted({ files, findings }, quotedOfProfile(profile, algorithm)),
        ],
        note: textOf(findings),
      };
    },
  };
}

/** What the real kubeadm gets, for comparison: nothing of it is expected but what the README quotes. */
function kubeadmCase(algorithm) {
  return {
    id: `lint: the real kubeadm ${NEWEST}, ${algorithm}`,
    needs: [ZLINT, `kubeadm-${NEWEST}`],
    run: async ({ makeFolder, program }) => {
      const request = { hostname: 'cp1', advertiseAddress: '192.0.2.10', keyAlgorithm: algorithm };
      const place = layOut(makeFolder(), { request, version: NEWEST });
      runPhases(program(`kubeadm-${NEWEST}`), place);
      const made = [...readTree(place.directory)].map(([path, { contents = '' }]) => ({ path, contents }));
      const files = certificateFiles(made, makeFolder());
      const findings = lint(program(ZLINT), files);
      const title = `the real kubeadm ${NEWEST}, ${algorithm}`;
      return {
        checks: 2,
        failures: compareWithQuoted({ files, findings }, quoted(title)),
        note: textOf(findings),
      };
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
