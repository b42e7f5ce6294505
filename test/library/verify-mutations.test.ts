import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { verifyClusterPki } from '../../src/index.ts';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import { generatePki, type PkiFile, planPki } from '../../src/pki.ts';
import type { DesiredCertificate, DesiredKubeconfig, DesiredRow } from '../../src/resolve/desired.ts';
import { resolveRows } from '../../src/resolve/rows.ts';
import { KEY_ALGORITHMS } from '../../src/x509/algorithms.ts';
import { generateKeyPair } from '../../src/x509/keys.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const ASKED = {
  hostIp: '192.0.2.10',
  hostname: 'cp1',
  keyAlgorithm: 'ECDSA-P256',
  profile: 'requirements',
} as const;
const ROWS = resolveRows(parseClusterSpec(ASKED, {}).spec);

/** A PKI of rows that need not be the table's. What is wrong with it is only what the rows have wrong. */
async function filesOf(rows: readonly DesiredRow[]): Promise<readonly PkiFile[]> {
  const planned = await planPki({ rows, existing: [], signers: new Map() }, NOW);
  return (await generatePki(planned, { now: NOW, randomBytes, generateKeyPair })).files;
}

/** What an audit says of a row where the PKI was made of one that is changed. */
async function codesOf(changed: DesiredRow): Promise<readonly string[]> {
  const files = await filesOf(ROWS.map((row) => (row.id === changed.id ? changed : row)));
  const { findings } = await verifyClusterPki({ files, at: NOW, ...ASKED });
  return findings.filter(({ row }) => row === changed.id).map(({ code }) => code);
}

type Mutation = readonly [says: string, changed: DesiredRow, code: string];

/** A CA that stands before the row and is not its own. */
function otherSigner(row: DesiredRow, signer: string | undefined): readonly string[] {
  const before = ROWS.slice(
    0,
    ROWS.findIndex(({ id }) => id === row.id),
  );
  return before.flatMap(({ kind, id }) => (kind === 'ca' && id !== signer ? [id] : [])).slice(0, 1);
}

function certificateMutations(row: DesiredRow): readonly Mutation[] {
  if (!('certificate' in row)) return [];
  const { certificate } = row;
  const { isCa, sans, keyUsage, extKeyUsage, signer } = certificate;
  const made = (says: string, change: Partial<DesiredCertificate>, code: string): Mutation => [
    says,
    { ...row, certificate: { ...certificate, ...change } },
    code,
  ];
  const common = [
    made('another common name', { commonName: 'other' }, isCa ? 'ca-common-name' : 'common-name'),
    made(
      'another algorithm',
      { algorithm: KEY_ALGORITHMS['ECDSA-P384'] },
      isCa ? 'kept-key-algorithm' : 'key-algorithm',
    ),
    made('twice the lifetime', { validitySeconds: certificate.validitySeconds * 2 }, 'lifetime-longer'),
    // A CA that may not sign, a leaf that may, and one without any purpose cannot be made here at all.
    ...keyUsage
      .filter((usage) => usage !== 'keyCertSign')
      .map((usage) =>
        made(`no ${usage}`, { keyUsage: keyUsage.filter((other) => other !== usage) }, 'key-usage'),
      ),
    made('one usage more', { keyUsage: [...keyUsage, 'dataEncipherment'] }, 'key-usage-differs'),
  ];
  if (isCa) return [...common, made('a path length', { pathLength: 0 }, 'path-length')];
  return [
    ...common,
    made('an organization more', { organization: [...certificate.organization, 'other'] }, 'organization'),
    ...certificate.organization.map((name) =>
      made(
        `no organization ${name}`,
        { organization: certificate.organization.filter((other) => other !== name) },
        'organization',
      ),
    ),
    ...otherSigner(row, signer).map((other) => made('another signer', { signer: other }, 'signer-mismatch')),
    ...(extKeyUsage.length < 2 ? [] : extKeyUsage).map((usage) =>
      made(
        `no ${usage}`,
        { extKeyUsage: extKeyUsage.filter((other) => other !== usage) },
        'extended-key-usage-missing',
      ),
    ),
    made(
      'one extended usage more',
      { extKeyUsage: [...extKeyUsage, 'codeSigning'] },
      'extended-key-usage-surplus',
    ),
    ...sans.map((name) =>
      made(
        `no name ${name.value}`,
        { sans: sans.filter((other) => other !== name) },
        'subject-alternative-name-missing',
      ),
    ),
    made(
      'a name more',
      { sans: [...sans, { kind: 'dns', value: 'other.example' }] },
      'subject-alternative-name-surplus',
    ),
  ];
}

function kubeconfigMutations(row: DesiredRow): readonly Mutation[] {
  if (row.kind !== 'kubeconfig') return [];
  const { kubeconfig } = row;
  const made = (says: string, change: Partial<DesiredKubeconfig>, code: string): Mutation => [
    says,
    { ...row, kubeconfig: { ...kubeconfig, ...change } },
    code,
  ];
  return [
    made('another server', { server: 'https://192.0.2.99:6443' }, 'server'),
    made('another CA', { trust: ['etcd-ca'] }, 'trust'),
    made('another cluster', { cluster: 'other' }, 'kubeconfig-names'),
    made('another user', { user: 'other' }, 'kubeconfig-names'),
    made('another context', { context: 'other' }, 'kubeconfig-names'),
  ];
}

function modeMutations(row: DesiredRow): readonly Mutation[] {
  return row.files.map(({ path, mode }) => [
    `${path} for everybody to write`,
    { ...row, files: row.files.map((file) => (file.path === path ? { ...file, mode: 0o666 } : file)) },
    (mode & 0o077) === 0 ? 'key-readable' : 'file-writable',
  ]);
}

describe.each(ROWS.map((row) => ({ id: row.id, row })))('of $id an audit finds', ({ row }) => {
  const mutations = [...certificateMutations(row), ...kubeconfigMutations(row), ...modeMutations(row)];
  test.each(mutations)('%s', async (_, changed, code) => {
    const codes = await codesOf(changed);
    expect(codes.filter((found) => found.startsWith(code))).not.toEqual([]);
  });
});
