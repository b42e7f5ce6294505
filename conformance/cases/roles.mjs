// What verify misses and minds on each kind of host. Said here again on purpose: the table is what is on trial.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateClusterPki, verifyClusterPki } from '../../dist/index.js';
import { pooledKeyPair } from '../keys.mjs';
import { createLedger } from '../ledger.mjs';

const pair = (name) => [`pki/${name}.crt`, `pki/${name}.key`];

/** By role: rows of which a host has every file, those of which it may have some, and files that come with neither. */
const HELD = {
  etcd: {
    has: [pair('etcd/ca'), pair('etcd/server'), pair('etcd/peer'), pair('etcd/healthcheck-client')],
    // Of the cluster what a kubelet needs, and what is handed to control planes.
    mayHave: [
      ['pki/root-ca.crt', 'pki/ca.crt', 'pki/ca-chain.crt', 'kubelet.conf'],
      pair('apiserver-etcd-client'),
    ],
  },
  worker: { has: [['pki/ca.crt'], ['kubelet.conf']], mayHave: [] },
};

/** Under a root a worker has to know it, since what verifies servers ends there. */
const UNDER_ROOT = { has: [['pki/root-ca.crt']], mayHave: [['pki/ca-chain.crt']] };

const REQUESTS = [
  { profile: 'requirements' },
  { profile: 'hardened', rootCa: true },
  { profile: 'kubeadm', kubernetesVersion: '1.37' },
];
const HOST = {
  hostIp: '192.0.2.10',
  hostname: 'cp1',
  keyAlgorithm: 'ECDSA-P256',
  generateKeyPair: pooledKeyPair,
};
const SIGNING_KEYS = ['ca', 'etcd/ca', 'front-proxy-ca', 'root-ca', 'sa'].map((name) => `pki/${name}.key`);

function misplaced(path) {
  if (SIGNING_KEYS.includes(path)) return `error signing-key-misplaced ${path}`;
  return /\.(?:key|conf)$/.test(path)
    ? `error credential-misplaced ${path}`
    : `notice file-misplaced ${path}`;
}

const BOOTSTRAPPED = readFileSync(
  join(import.meta.dirname, '..', '..', 'fixtures', 'kubelet', 'kubelet.conf'),
  'utf8',
);

/** The kubeconfig that a kubelet which joined by a token would have in place of this one. */
function bootstrapped(contents) {
  const authority = /certificate-authority-data: (.*)/.exec(contents)[1];
  return BOOTSTRAPPED.replace('AUTHORITY', authority);
}

async function checkRole(role, request, ledger) {
  const { files } = await generateClusterPki({ ...HOST, ...request });
  const there = (paths) => paths.filter((path) => files.some((file) => file.path === path));
  const more = role === 'worker' && request.rootCa ? UNDER_ROOT : { has: [], mayHave: [] };
  const has = [...HELD[role].has, ...more.has];
  const mayHave = [...HELD[role].mayHave, ...more.mayHave];
  const held = has.flat();
  const found = async (paths, change = (file) => file) => {
    const { findings, role: shown } = await verifyClusterPki({
      ...request,
      files: files.filter(({ path }) => paths.includes(path)).map(change),
      role,
    });
    ledger.expect(`the role of ${paths.join(' ')}`, shown, role);
    return findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
  };
  const expectFound = async (what, paths, wanted) =>
    ledger.expect(`${role}: ${what}`, await found(paths), wanted);

  await expectFound(`what it has: ${held.join(' ')}`, held, []);
  for (const row of mayHave) await expectFound(`and ${row.join(' ')}`, [...held, ...there(row)], []);
  for (const row of has) {
    // Of a directory that came without any kubeconfig none is missed.
    const other = row[0].endsWith('.conf') ? ['admin.conf'] : [];
    const codes = await found([...held.filter((path) => !row.includes(path)), ...other]);
    ledger.expect(`${role}: without ${row.join(' ')}`, codes.includes(`error row-absent ${row[0]}`), true);
  }
  for (const { path } of files.filter((file) => ![...held, ...mayHave.flat()].includes(file.path))) {
    const codes = await found([...held, path]);
    ledger.expect(
      `${role}: ${path} beside it`,
      codes.filter((text) => /misplaced|row-absent/.test(text)),
      [misplaced(path)],
    );
  }
  if (!held.includes('kubelet.conf')) return;
  const change = (file) =>
    file.path === 'kubelet.conf' ? { ...file, contents: bootstrapped(file.contents) } : file;
  const notices = await found(held, change);
  ledger.expect(
    `${role}: a kubelet.conf that the kubelet wrote`,
    [...new Set(notices)],
    ['notice credential-in-file kubelet.conf'],
  );
}

/** The kubeconfig that kubeadm writes on the first host alone, to be put away (kubeadm.md 2.1). */
const PUT_AWAY = 'super-admin.conf';

/** Of a control plane every kubeconfig is missed but that one. */
async function checkControlPlane(_, request, ledger) {
  const { files } = await generateClusterPki({ ...HOST, ...request });
  for (const { path } of files.filter((file) => file.path.endsWith('.conf'))) {
    const there = files.filter((file) => file.path !== path);
    const { findings } = await verifyClusterPki({ ...request, files: there, role: 'control-plane' });
    ledger.expect(
      `a control plane without ${path}`,
      findings.map(({ severity, code, path: of }) => `${severity} ${code} ${of}`),
      path === PUT_AWAY ? [] : [`error row-absent ${path}`],
    );
  }
}

const caseOf = (role, request, check) => ({
  id: `roles: ${role}, ${request.profile}`,
  needs: [],
  run: async () => {
    const ledger = createLedger();
    await check(role, request, ledger);
    return ledger.outcome();
  },
});

export const cases = REQUESTS.flatMap((request) => [
  caseOf('control plane', request, checkControlPlane),
  ...Object.keys(HELD).map((role) => caseOf(role, request, checkRole)),
]);
