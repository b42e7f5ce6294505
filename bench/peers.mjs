// `init` of both shapes against the real kubeadm and a script of openssl calls, all asked for the same files.
import { deepStrictEqual } from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { KUBERNETES_DIR, layOut, runPhases } from '../conformance/kubeadm.mjs';
import { mustRun } from '../conformance/processes.mjs';
import { readTree } from '../conformance/trees.mjs';
import {
  chosenOf,
  hasKubeadm,
  HOST,
  kubeadm,
  KUBEADM,
  KUBEADM_MISSING,
  NODE,
  openssl,
  SHAPES,
  STANDALONE,
  VERSION,
} from './contenders.mjs';
import { outlineOf, verifyCertificates } from './outlines.mjs';
import { cellOf, inFolder, measure, timed } from './turns.mjs';

/** How often each has its turn: an RSA turn takes some seconds in all. */
const ROUNDS = { 'RSA-2048': 21, 'ECDSA-P256': 61 };
const OPENSSL = 'a script of openssl calls';
/** Of kubeadm's time, what the standalone executable may take on two cores. */
const AIM = 0.75;

const init =
  (algorithm, [command, ...args]) =>
  (folder) => {
    const rules = ['--profile', 'kubeadm', '--kubernetes-version', VERSION, '--key-algorithm', algorithm];
    const host = ['--hostname', HOST.hostname, '--host-ip', HOST.advertiseAddress];
    const certDir = join(folder, KUBERNETES_DIR, 'pki');
    return () => mustRun(command, [...args, 'init', ...rules, ...host, '--cert-dir', certDir]);
  };

/** By name, what lays out a folder and returns what is timed in it. Who is not found is left out. */
function contendersOf(algorithm) {
  const found = {
    [STANDALONE]: init(algorithm, SHAPES[STANDALONE]),
    [NODE]: init(algorithm, SHAPES[NODE]),
  };
  if (hasKubeadm) {
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

function notesOf(results) {
  const versions = openssl === undefined ? '' : `, OpenSSL ${openssl}`;
  const host = `${availableParallelism()} cores, Node ${process.version}${versions}`;
  const notes = [`${host}. Medians, the middle half of the turns, and times kubeadm.`];
  for (const { algorithm, times } of results) {
    if (times[KUBEADM] === undefined) continue;
    const reached = times[STANDALONE].median / times[KUBEADM].median;
    notes.push(`${algorithm}: ${reached <= AIM ? 'met' : 'missed'}: ≤ ${AIM} × kubeadm, standalone`);
  }
  if (!hasKubeadm) notes.push(KUBEADM_MISSING);
  if (openssl === undefined) notes.push('openssl 3 is not on the PATH: install it');
  return notes;
}

/** The table of the README, with only those peers that are found on this host. */
export function measurePeers(algorithms, isQuick) {
  const chosen = chosenOf(algorithms, Object.keys(ROUNDS));
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
