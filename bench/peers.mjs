// `init` of both shapes against the real kubeadm and a script of openssl calls, all asked for the same files.
import { deepStrictEqual } from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { executableOf } from '../conformance/build.mjs';
import { KUBERNETES_DIR, layOut, runPhases } from '../conformance/kubeadm.mjs';
import { mustRun } from '../conformance/processes.mjs';
import { KUBEADM_VERSIONS, PROGRAMS } from '../conformance/programs.mjs';
import { readTree } from '../conformance/trees.mjs';
import { inFolder, measure, timed } from './turns.mjs';

/** How often each has its turn: an RSA turn takes some seconds in all. */
const ROUNDS = { 'RSA-2048': 21, 'ECDSA-P256': 61 };
const [VERSION] = KUBEADM_VERSIONS;
const HOST = { hostname: 'cp1', advertiseAddress: '192.0.2.10' };
const STANDALONE = 'k8s-pki, standalone';
const NODE = 'k8s-pki, Node';
const KUBEADM = `kubeadm ${VERSION}`;
const OPENSSL = 'a script of openssl calls';
/** Of kubeadm's time, what the standalone executable may take on two cores. */
const AIM = 0.75;

const kubeadm = executableOf(PROGRAMS.find(({ name }) => name === `kubeadm-${VERSION}`));
const openssl = opensslVersion();

function opensslVersion() {
  try {
    return /^OpenSSL ([3-9]\.\d+)/.exec(mustRun('openssl', ['version']).stdout)?.[1];
  } catch {
    return undefined;
  }
}

const init =
  (algorithm, command, ...args) =>
  (folder) => {
    const rules = ['--profile', 'kubeadm', '--kubernetes-version', VERSION, '--key-algorithm', algorithm];
    const host = ['--hostname', HOST.hostname, '--host-ip', HOST.advertiseAddress];
    const certDir = join(folder, KUBERNETES_DIR, 'pki');
    return () => mustRun(command, [...args, 'init', ...rules, ...host, '--cert-dir', certDir]);
  };

/** By name, what lays out a folder and returns what is timed in it. Who is not found is left out. */
function contendersOf(algorithm) {
  const found = {
    [STANDALONE]: init(algorithm, './build/k8s-pki'),
    [NODE]: init(algorithm, process.execPath, 'dist/cli.js'),
  };
  if (existsSync(kubeadm)) {
    found[KUBEADM] = (folder) => {
      const place = layOut(folder, { request: { ...HOST, keyAlgorithm: algorithm }, version: VERSION });
      return () => runPhases(kubeadm, place);
    };
  }
  if (openssl !== undefined) {
    found[OPENSSL] = (folder) => {
      const request = [join(folder, KUBERNETES_DIR), algorithm, HOST.hostname, HOST.advertiseAddress];
      return () => mustRun('sh', ['bench/openssl-pki.sh', ...request]);
    };
  }
  return found;
}

/** The certificate that a file holds, by itself or in a kubeconfig. */
function certificateIn(contents) {
  const data = /client-certificate-data: (.*)/.exec(contents)?.[1];
  const pem = data === undefined ? contents : Buffer.from(data, 'base64').toString();
  return pem.startsWith('-----BEGIN CERTIFICATE-----') ? pem : undefined;
}

/** A file but for keys, serial numbers and dates. */
function outlineOf({ mode, contents = '' }) {
  const text = contents.replaceAll(/(?<=-data: |-----\n)[\w+/=\n]+/g, '');
  const pem = certificateIn(contents);
  if (pem === undefined) return { mode, text };
  const extensions = 'basicConstraints,keyUsage,extendedKeyUsage,subjectAltName';
  const shown = ['x509', '-noout', '-subject', '-issuer', '-ext', extensions];
  const { stdout } = mustRun('openssl', shown, { input: pem });
  // The order of the extensions is free.
  const certificate = stdout.match(/^\S.*(?:\n +.*)*/gm).toSorted();
  return { mode, text, certificate };
}

function verifyCertificates(tree, folder) {
  const paths = [...tree].flatMap(([, { contents = '' }], index) => {
    const pem = certificateIn(contents);
    if (pem === undefined) return [];
    const path = join(folder, `${index}.pem`);
    writeFileSync(path, pem);
    return [path];
  });
  const trusted = join(folder, 'trusted.pem');
  const authorities = [...tree].filter(([path]) => path.endsWith('ca.crt'));
  writeFileSync(trusted, authorities.map(([, { contents }]) => contents).join(''));
  mustRun('openssl', ['verify', '-x509_strict', '-CAfile', trusted, ...paths]);
}

/** The tree that a contender makes, with every certificate of it verified: the outline of each file by its path. */
function treeOf(start) {
  return inFolder((folder) => {
    start(folder)();
    const tree = readTree(join(folder, KUBERNETES_DIR));
    verifyCertificates(tree, folder);
    return Object.fromEntries([...tree].map(([path, file]) => [path, outlineOf(file)]));
  });
}

/** All make the same files; what kubeadm puts into them is the business of the conformance suite. */
function assertAlike(contenders) {
  if (openssl === undefined) return;
  const { [STANDALONE]: ours, ...others } = Object.fromEntries(
    Object.entries(contenders).map(([name, start]) => [name, treeOf(start)]),
  );
  const namesOf = (tree) => Object.keys(tree).toSorted();
  for (const [name, tree] of Object.entries(others)) {
    const [actual, expected] = name === KUBEADM ? [namesOf(tree), namesOf(ours)] : [tree, ours];
    deepStrictEqual(actual, expected, `${name} does not make the files of ${STANDALONE}`);
  }
}

function measureAlgorithm(algorithm, isQuick) {
  const contenders = contendersOf(algorithm);
  assertAlike(contenders);
  const rounds = isQuick ? 3 : ROUNDS[algorithm];
  const starts = Object.entries(contenders).map(([name, start]) => [name, timed(start)]);
  return measure(Object.fromEntries(starts), rounds);
}

const ratio = (value, base) => (base === undefined ? '' : `, ${(value.median / base.median).toFixed(2)} ×`);

function cellOf(time, base) {
  const [median, low, high] = [time.median, time.low, time.high].map(Math.round);
  return `${median} ms (${low}–${high})${ratio(time, base)}`;
}

function notesOf(results) {
  const versions = openssl === undefined ? '' : `, OpenSSL ${openssl}`;
  const host = `${availableParallelism()} cores, Node ${process.version}${versions}`;
  const notes = [`${host}. Medians, the middle half of the turns, and times kubeadm.`];
  for (const { algorithm, times } of results) {
    if (times[KUBEADM] === undefined) continue;
    const reached = times[STANDALONE].median / times[KUBEADM].median;
    notes.push(`${algorithm}: ${reached <= AIM ? 'met' : 'missed'}: ≤ ${AIM} × kubeadm, standalone`);
  }
  if (!existsSync(kubeadm)) {
    notes.push(`${KUBEADM} is not there: npm run conformance:programs -- kubeadm-${VERSION} builds it`);
  }
  if (openssl === undefined) notes.push('openssl 3 is not on the PATH: install it');
  return notes;
}

/** The table of the README, with only those peers that are found on this host. */
export function measurePeers(algorithms, isQuick) {
  const unknown = algorithms.filter((algorithm) => !(algorithm in ROUNDS));
  if (unknown.length > 0)
    throw new Error(`expected ${Object.keys(ROUNDS).join(', ')}, got ${unknown.join(', ')}`);
  const chosen = algorithms.length > 0 ? algorithms : Object.keys(ROUNDS);
  const results = chosen.map((algorithm) => ({ algorithm, times: measureAlgorithm(algorithm, isQuick) }));
  return {
    header: ['', ...chosen],
    rows: Object.keys(results[0].times).map((name) => [
      name,
      ...results.map(({ times }) => cellOf(times[name], times[KUBEADM])),
    ]),
    notes: notesOf(results),
  };
}
