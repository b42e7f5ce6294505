// `certs renew all` and `certs check-expiration` of both shapes against the real kubeadm's, on the files of `kubeadm init`.
import { deepStrictEqual } from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { KUBERNETES_DIR, layOut } from '../conformance/kubeadm.mjs';
import { isMet } from '../conformance/namespace.mjs';
import { mustRun } from '../conformance/processes.mjs';
import { readTree } from '../conformance/trees.mjs';
import {
  chosenOf,
  hasKubeadm,
  HOST,
  kubeadm,
  KUBEADM,
  KUBEADM_MISSING,
  openssl,
  SHAPES,
  STANDALONE,
  VERSION,
} from './contenders.mjs';
import { verifyCertificates } from './outlines.mjs';
import { cellOf, inFolder, measure, timed } from './turns.mjs';

/** How often each has its turn. */
const ROUNDS = {
  'renew all': { 'RSA-2048': 21, 'ECDSA-P256': 61 },
  'check-expiration': { 'RSA-2048': 61, 'ECDSA-P256': 61 },
};
const VERBS = { 'renew all': ['renew', 'all'], 'check-expiration': ['check-expiration'] };
/** kubeadm looks for the kubeconfigs in /etc/kubernetes alone, and only root can give it another root. */
const isCompared = hasKubeadm && isMet('root');

/** A PKI as kubeadm leaves it, for all turns. */
function makePki(folder, algorithm) {
  const rules = ['--profile', 'kubeadm', '--kubernetes-version', VERSION, '--key-algorithm', algorithm];
  const host = ['--hostname', HOST.hostname, '--host-ip', HOST.advertiseAddress];
  const [command, ...args] = SHAPES[STANDALONE];
  mustRun(command, [...args, 'init', ...rules, ...host, '--cert-dir', join(folder, 'pki')]);
}

/** By name, what lays out a folder and returns what is timed in it. */
function contendersOf({ verb, algorithm, made }) {
  const words = ['certs', ...VERBS[verb]];
  const layOutCopy = (folder) => {
    const request = { ...HOST, keyAlgorithm: algorithm };
    const place = layOut(folder, { request, version: VERSION, isRoot: true });
    cpSync(made, place.directory, { recursive: true });
    return place;
  };
  const found = Object.entries(SHAPES).map(([name, [command, ...args]]) => [
    name,
    (folder) => {
      const { directory } = layOutCopy(folder);
      return () => mustRun(command, [...args, ...words, '--cert-dir', join(directory, 'pki')]);
    },
  ]);
  const theirs = (folder) => {
    // With a configuration it does not look for a cluster that would have one.
    const { config } = layOutCopy(folder);
    return () => mustRun(kubeadm, [...words, ...config]);
  };
  return Object.fromEntries(isCompared ? [...found, [KUBEADM, theirs]] : found);
}

/** What a contender prints, and which files it leaves with other contents. */
function outcomeOf(start, made) {
  return inFolder((folder) => {
    const { stdout } = start(folder)();
    const before = readTree(made);
    const after = readTree(join(folder, KUBERNETES_DIR));
    if (openssl !== undefined) verifyCertificates(after, folder);
    const changed = [...before.keys()].filter(
      (path) => before.get(path).contents !== after.get(path).contents,
    );
    return { stdout, changed };
  });
}

/** All renew the same files, and say the same of them. */
function assertAlike(verb, contenders, made) {
  const { [STANDALONE]: ours, ...others } = Object.fromEntries(
    Object.entries(contenders).map(([name, start]) => [name, outcomeOf(start, made)]),
  );
  // Eleven certificates, and the keys of seven.
  deepStrictEqual(ours.changed.length, verb === 'renew all' ? 18 : 0, 'renews something else');
  for (const [name, { stdout, changed }] of Object.entries(others)) {
    deepStrictEqual(changed, ours.changed, `${name} does not renew what ${STANDALONE} renews`);
    if (verb === 'check-expiration') deepStrictEqual(stdout, ours.stdout, `${name} says something else`);
  }
}

function measureVerb(verb, algorithm, { made, isQuick }) {
  const contenders = contendersOf({ verb, algorithm, made });
  assertAlike(verb, contenders, made);
  const starts = Object.entries(contenders).map(([name, start]) => [name, timed(start)]);
  return measure(Object.fromEntries(starts), isQuick ? 3 : ROUNDS[verb][algorithm]);
}

function measureAlgorithm(algorithm, isQuick) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-pki-bench-'));
  try {
    const made = join(folder, 'kubernetes');
    makePki(made, algorithm);
    return Object.keys(VERBS).map((verb) => ({
      title: `${verb}, ${algorithm}`,
      times: measureVerb(verb, algorithm, { made, isQuick }),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The table of `certs`. */
export function measureRenew(algorithms, isQuick) {
  const [before] = loadavg();
  const chosen = chosenOf(algorithms, Object.keys(ROUNDS['renew all']));
  const results = chosen.flatMap((algorithm) => measureAlgorithm(algorithm, isQuick));
  const [after] = loadavg();
  const [{ times: first }] = results;
  const load = `load ${before.toFixed(1)} before and ${after.toFixed(1)} after`;
  return {
    header: ['', ...results.map(({ title }) => title)],
    rows: Object.keys(first).map((name) => [
      name,
      ...results.map(({ times }) => cellOf(times[name], times[KUBEADM])),
    ]),
    notes: [
      `${availableParallelism()} cores, Node ${process.version}, ${load}.`,
      'Medians, the middle half of the turns, and times kubeadm. Only k8s-pki keeps what it replaces, and waits for the disk.',
      ...(hasKubeadm ? [] : [KUBEADM_MISSING]),
      ...(hasKubeadm && !isCompared ? [`${KUBEADM} is not asked: its --rootfs needs root`] : []),
    ],
  };
}
