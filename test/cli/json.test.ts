import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NODE, run } from './shapes.ts';
import { withDirectory } from './tree.ts';

const ROOT = resolve(__dirname, '../..');
const HOST = 'init -o json --key-algorithm ECDSA-P256 --host-ip 192.0.2.10 --hostname cp1';
const INIT = `${HOST} --cert-dir out/pki`;
const IMPORT = 'import secret secret.json --cert-dir two/pki --certificate-key-file key -o json';
const CSR =
  'certs generate-csr -o json --key-algorithm ECDSA-P256 --host-ip 192.0.2.10 --hostname cp1 --cert-dir csr/pki';
const SIGN = 'certs sign csr -o json --host-ip 192.0.2.10 --hostname cp1 --cert-dir out/pki --output-dir';

/** Command lines that follow each other in one directory, and what docs/json.md says that they print. */
const OUTPUTS = [
  [`${INIT} --dry-run`, 'Init', { outcome: 'planned' }],
  [INIT, 'Init', { outcome: 'created' }],
  [`${INIT} --cert-validity 3y`, 'Init', { outcome: 'unchanged' }],
  [`${INIT} --profile hardened`, 'Init', { outcome: 'refused', wouldKeep: ['--profile requirements'] }],
  [`${INIT} --reissue --control-plane-endpoint lb:6443`, 'Init', { outcome: 'created' }],
  ['rollback --cert-dir out/pki --dry-run -o json', 'Rollback', { outcome: 'planned' }],
  ['rollback --cert-dir out/pki -o json', 'Rollback', { outcome: 'restored', left: [] }],
  ['rollback --cert-dir out/pki --list -o json', 'Snapshots', { snapshots: [{ command: 'rollback' }, {}] }],
  ['certs renew all --cert-dir out/pki --dry-run -o json', 'Renew', { outcome: 'planned' }],
  ['certs renew all --cert-dir out/pki --if-expiring 1d -o json', 'Renew', { outcome: 'unchanged' }],
  ['certs renew apiserver --cert-dir out/pki -o json', 'Renew', { outcome: 'renewed', isPartial: false }],
  [
    'certs renew apiserver --cert-dir out/pki --host-ip 192.0.2.10 --from certificate -o json',
    'Renew',
    { from: 'certificate', differences: [] },
  ],
  ['recover --cert-dir out/pki --node w1 --output-dir nodes -o json', 'Recover', { nodes: [{ name: 'w1' }] }],
  ['verify out -o json', 'Verify', { isProfileGiven: false, counts: { error: 0 } }],
  ['verify out --profile hardened --fail-on never -o json', 'Verify', { isProfileGiven: true }],
  ['verify out --live --live-timeout 1s --live-address etcd=127.0.0.1:1 -o json', 'Verify', {}],
  [
    'verify out --profile hardened --fail-on never --waivers waivers.yaml --skip ^key -o json',
    'Verify',
    { waived: 1 },
  ],
  ['verify out --waivers wrong.yaml -o json', 'ConfigFailure', { detail: { issues: [{ line: 1 }] } }],
  ['verify out --cis 1.12 --fail-on never -o json', 'Verify', { cis: '1.12' }],
  [`${INIT} --service-cidr foo,bar`, 'ConfigFailure', { code: 'ERR_CONFIG' }],
  [`${HOST} --cert-dir out/admin.conf/pki`, 'StoreFailure', { code: 'ERR_STORE' }],
  ['verify out/admin.conf -o json', 'SourceFailure', { code: 'ERR_SOURCE' }],
  ['show table -o json', 'Table', { profile: 'requirements' }],
  ['show table --profile kubeadm -o json', 'Table', { profile: 'kubeadm' }],
  ['show arguments -o json', 'Arguments', {}],
  ['show arguments --external-etcd -o json', 'Arguments', {}],
  [
    'certs check-expiration out -o json',
    'CertificateExpirationInfo',
    { apiVersion: 'output.kubeadm.k8s.io/v1alpha3' },
  ],
  [
    'certs check-expiration out --all --kubeconfig-file none -o json',
    'CertificateExpirationInfo',
    { kind: 'CertificateExpirationInfo' },
  ],
  ['show tree out -o json', 'Tree', { schema: 'k8s-pki/tree/v1' }],
  ['show ca-hash out -o json', 'CaHash', { schema: 'k8s-pki/ca-hash/v1' }],
  ['show join out -o json', 'Join', { hasToken: false, endpoint: '192.0.2.10:6443' }],
  [
    'kubeconfig user --cert-dir out/pki --client-name system:a -o json --dry-run',
    'User',
    { warnings: [{ option: 'client-name' }] },
  ],
  [
    'kubeconfig user --cert-dir out/pki --client-name a -o json --output-file a.conf',
    'User',
    { certificate: { subject: 'CN=a' } },
  ],
  ['kubeconfig user --cert-dir out/pki --client-name a --token b -o json --dry-run', 'User', {}],
  [
    'export bundle admin.conf --cert-dir out/pki --output-file a.p12 --dry-run -o json',
    'Bundle',
    { friendlyName: 'kubernetes-admin', chain: [{}] },
  ],
  ['show config --host-ip 192.0.2.10 --hostname cp1 -o json', 'Config', { schema: 'k8s-pki/config/v1' }],
  ['show config --config kubeadm.yaml -o json', 'Config', { schema: 'k8s-pki/config/v1' }],
  ['show rbac --profile hardened -o json', 'Rbac', { kind: 'List' }],
  ['export secret --cert-dir out/pki --certificate-key-file key -o json', 'CertificateSecret', {}],
  [
    'export secret --cert-dir out/pki --certificate-key-file key --owner bootstrap-token-abcdef/01234567-89ab-cdef-0123-456789abcdef -o json',
    'CertificateSecret',
    { kind: 'List' },
  ],
  [`${IMPORT} --dry-run`, 'ImportSecret', { outcome: 'planned' }],
  [IMPORT, 'ImportSecret', { outcome: 'imported', absent: [] }],
  [IMPORT, 'ImportSecret', { outcome: 'unchanged' }],
  [IMPORT.replace('key ', 'other '), 'SealedFailure', { code: 'ERR_SEALED' }],
  [`${CSR} --dry-run`, 'Requests', { outcome: 'planned' }],
  [CSR, 'Requests', { outcome: 'created' }],
  ['certs status --cert-dir csr/pki -o json', 'Status', { isComplete: false }],
  [`${SIGN} signed --dry-run`, 'Sign', { outcome: 'planned' }],
  [`${SIGN} signed`, 'Sign', { outcome: 'signed', isPartial: false }],
  [`${SIGN} again --apiserver-cert-extra-sans a.example.com`, 'Sign', { isPartial: true }],
  ['certs import signed --cert-dir csr/pki -o json', 'Import', { outcome: 'unchanged', isPartial: true }],
  [
    'certs import signed --cert-dir csr/pki --ca ca=out/pki/ca.crt -o json',
    'Import',
    { outcome: 'imported', isPartial: true },
  ],
] as const;

test('what is printed is what docs/json.md says, member for member', async () => {
  const document = readFileSync(join(ROOT, 'docs/json.md'), 'utf8');
  const types = [...document.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  expect(types).toHaveLength(19);
  await withDirectory(async (cwd) => {
    const values: string[] = [];
    writeFileSync(
      join(cwd, 'waivers.yaml'),
      '- { code: organization, subject: admin.conf, reason: known, until: 9999-12-31 }',
    );
    writeFileSync(join(cwd, 'wrong.yaml'), '- code: organization');
    writeFileSync(join(cwd, 'key'), '5a'.repeat(32), { mode: 0o600 });
    writeFileSync(join(cwd, 'other'), 'a5'.repeat(32), { mode: 0o600 });
    const configuration = readFileSync(join(ROOT, 'fixtures/config/v1beta4-external-etcd.yaml'));
    writeFileSync(join(cwd, 'kubeadm.yaml'), configuration);
    for (const [line, type, members] of OUTPUTS) {
      const { stdout } = await run(NODE, line.split(' '), { cwd });
      expect(JSON.parse(stdout)).toMatchObject(members);
      if (type === 'CertificateSecret') writeFileSync(join(cwd, 'secret.json'), stdout);
      // A literal may have no member that its type does not name, and must have those that it does.
      values.push(`export const value${values.length}: ${type} = ${stdout};`);
    }
    writeFileSync(join(cwd, 'outputs.ts'), [...types, ...values].join('\n'));
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2023',
      '--types',
      '',
    ];
    const tsc = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, 'outputs.ts'],
      {
        cwd,
        encoding: 'utf8',
      },
    );
    expect(tsc.stdout).toBe('');
    expect(tsc.status).toBe(0);
  });
}, 60_000);
