// `verify` of both shapes against `node -e 0` and a script of openssl calls that sees what such a script can; and of the
// directories of many nodes through the library.
import { deepStrictEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, run } from '../conformance/processes.mjs';
import { KUBEADM_VERSIONS } from '../conformance/programs.mjs';
import { cellOf, measure, timed } from './turns.mjs';

const node = process.execPath;
const ALGORITHMS = ['RSA-2048', 'ECDSA-P256'];
const HOST = { hostname: 'cp1', address: '192.0.2.10' };
const NODES = 5000;
const BASE = 'node -e 0';

/** By name, the words that audit a directory. */
const AUDITORS = {
  'verify, standalone': (directory) => ['./build/k8s-pki', 'verify', directory],
  'verify, Node': (directory) => [node, 'dist/cli.js', 'verify', directory],
  'a script of openssl calls': (directory) => [
    'sh',
    'bench/openssl-verify.sh',
    directory,
    HOST.hostname,
    HOST.address,
  ],
};

function makePki(directory, algorithm) {
  const host = ['--hostname', HOST.hostname, '--host-ip', HOST.address];
  const rules = [
    '--profile',
    'kubeadm',
    '--kubernetes-version',
    KUBEADM_VERSIONS[0],
    '--key-algorithm',
    algorithm,
  ];
  mustRun('./build/k8s-pki', ['init', ...rules, ...host, '--cert-dir', join(directory, 'pki')]);
}

/** What an administrator gets wrong, done to a copy; `other` is another cluster. */
const FAULTS = {
  'a certificate of another CA': (copy, other) =>
    ['crt', 'key'].forEach((ending) =>
      copyFileSync(join(other, `pki/apiserver.${ending}`), join(copy, `pki/apiserver.${ending}`)),
    ),
  'a key of another certificate': (copy) =>
    copyFileSync(join(copy, 'pki/etcd/peer.key'), join(copy, 'pki/etcd/server.key')),
  'a client in the place of a server': (copy) =>
    ['crt', 'key'].forEach((ending) =>
      copyFileSync(
        join(copy, `pki/apiserver-kubelet-client.${ending}`),
        join(copy, `pki/apiserver.${ending}`),
      ),
    ),
  'the public key of another pair': (copy, other) =>
    copyFileSync(join(other, 'pki/sa.pub'), join(copy, 'pki/sa.pub')),
  'a kubeconfig of another cluster': (copy, other) =>
    copyFileSync(join(other, 'admin.conf'), join(copy, 'admin.conf')),
  'a key that all may read': (copy) => chmodSync(join(copy, 'pki/ca.key'), 0o644),
};

const statusOf = ([command, ...args]) => run(command, args).status;

/** Whoever finds no fault, or one where there is none, is quick for nothing. */
function assertSeeing(folder, directory, algorithm) {
  const [copy, other] = [join(folder, 'copy'), join(folder, 'other')];
  makePki(other, algorithm);
  const verdicts = (audited) =>
    Object.fromEntries(Object.entries(AUDITORS).map(([name, words]) => [name, statusOf(words(audited))]));
  const all = (status) => Object.fromEntries(Object.keys(AUDITORS).map((name) => [name, status]));
  deepStrictEqual(verdicts(directory), all(0), 'finds fault with what init made');
  for (const [says, plant] of Object.entries(FAULTS)) {
    cpSync(directory, copy, { recursive: true });
    plant(copy, other);
    deepStrictEqual(verdicts(copy), all(1), `does not find ${says}`);
    rmSync(copy, { recursive: true });
  }
}

function measureControlPlane(folder, algorithm, isQuick) {
  const directory = join(folder, 'kubernetes');
  makePki(directory, algorithm);
  assertSeeing(folder, directory, algorithm);
  const timedWords = ([command, ...args]) => timed(() => () => mustRun(command, args));
  const starts = Object.entries(AUDITORS).map(([name, words]) => [name, timedWords(words(directory))]);
  const contenders = { [BASE]: timedWords([node, '-e', '0']), ...Object.fromEntries(starts) };
  return measure(contenders, isQuick ? 5 : 31);
}

function measureNodes(folder, algorithm, isQuick) {
  // Longer than `mustRun` waits.
  const nodes = (...words) => execFileSync(node, ['bench/nodes.mjs', ...words], { encoding: 'utf8' });
  const directory = join(folder, 'nodes');
  nodes('make', directory, algorithm, String(NODES));
  const audit = (count) => JSON.parse(nodes('audit', directory, algorithm, String(count)));
  const own = join(directory, 'node-0/kubelet.conf');
  deepStrictEqual(audit(1).found, 0, 'finds fault with what was generated');
  cpSync(own, `${own}.kept`);
  copyFileSync(join(folder, 'other/kubelet.conf'), own);
  deepStrictEqual(audit(1).found > 0, true, 'does not find a kubeconfig of another cluster');
  cpSync(`${own}.kept`, own);
  rmSync(`${own}.kept`);
  const { median } = measure({ audit: () => audit(NODES).milliseconds }, isQuick ? 1 : 3).audit;
  return (NODES * 2 * 1000) / median;
}

function measureAlgorithm(algorithm, isQuick) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-pki-bench-'));
  try {
    const times = measureControlPlane(folder, algorithm, isQuick);
    return { times, filesPerSecond: measureNodes(folder, algorithm, isQuick) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The table of `verify`. */
export function measureVerify(algorithms, isQuick) {
  const [before] = loadavg();
  const chosen = algorithms.length > 0 ? algorithms : ALGORITHMS;
  const results = chosen.map((algorithm) => measureAlgorithm(algorithm, isQuick));
  const [after] = loadavg();
  const rows = [BASE, ...Object.keys(AUDITORS)].map((name) => [
    name,
    ...results.map(({ times }) => cellOf(times[name], times[BASE])),
  ]);
  const rates = results.map(({ filesPerSecond }) => `${Math.round(filesPerSecond)} files a second`);
  return {
    header: ['', ...chosen],
    rows: [...rows, [`${NODES} nodes, library on Node`, ...rates]],
    notes: [
      `${availableParallelism()} cores, Node ${process.version}, load ${before.toFixed(1)} before and ${after.toFixed(1)} after.`,
      `Medians, the middle half of the turns, and times ${BASE}.`,
    ],
  };
}
