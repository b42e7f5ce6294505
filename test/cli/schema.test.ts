import { describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { run, SHAPES } from './shapes.ts';
import { withDirectory } from './tree.ts';

const SCHEMAS = resolve(__dirname, '../../docs/schema');
const INIT = 'init -o json --key-algorithm ECDSA-P256 --host-ip 192.0.2.10 --hostname cp1 --cert-dir out/pki';
const TOKEN = 'abcdef.0123456789abcdef';
const RENEW = 'certs renew -o json --cert-dir out/pki';
const RECOVER = 'recover -o json --cert-dir out/pki --node worker1 --output-dir nodes';
const KEY = ['--certificate-key-file', 'key'];
const IMPORT = 'import secret secret.yaml --certificate-key-file key --cert-dir two/pki -o json';
const CSR =
  'certs generate-csr -o json --key-algorithm ECDSA-P256 --host-ip 192.0.2.10 --hostname cp1 --cert-dir csr/pki';
const SIGN = 'certs sign csr -o json --host-ip 192.0.2.10 --hostname cp1 --cert-dir out/pki --output-dir';
const FILES = {
  key: '5a'.repeat(32),
  'waivers.yaml': '- { code: organization, subject: admin.conf, reason: known, until: 9999-12-31 }',
  'wrong.yaml': '- code: organization',
};

/** Command lines that follow each other in one directory, the schema that holds for what they print, and what that has in it. */
const OUTPUTS = [
  ['init', `${INIT} --dry-run`, { outcome: 'planned' }],
  ['init', INIT, { outcome: 'created' }],
  ['init', `${INIT} --profile hardened`, { outcome: 'refused' }],
  ['init', `${INIT} --host-ip 999.1.1.1`, { code: 'ERR_CONFIG' }],
  ['init', `${INIT} --frob`, { code: 'ERR_USAGE' }],
  ['verify', 'verify out -o json', { findings: [] }],
  ['verify', 'verify out --profile hardened --external-etcd -o json', { isProfileGiven: true }],
  ['verify', 'verify out --role worker --focus misplaced -o json', { role: 'worker', isRoleGiven: true }],
  ['verify', 'verify out --profile hardened --waivers waivers.yaml -o json', { waived: 1 }],
  [
    'verify',
    'verify out --profile hardened --external-etcd --baseline old.json -o json',
    { baseline: { gone: 0 } },
  ],
  ['verify', 'verify out --waivers wrong.yaml --focus ( -o json', { code: 'ERR_CONFIG' }],
  [
    'verify',
    'verify out --live --live-timeout 1s --live-address etcd=127.0.0.1:1 -o json',
    { isRoleGiven: false },
  ],
  ['verify', 'verify nowhere -o json', { code: 'ERR_STORE' }],
  ['tree', 'show tree out -o json', { schema: 'k8s-pki/tree/v1' }],
  ['tree', 'show tree nowhere -o json', { code: 'ERR_STORE' }],
  [
    'expiration',
    'certs check-expiration out --all -o json',
    { apiVersion: 'output.kubeadm.k8s.io/v1alpha3' },
  ],
  ['requests', `${CSR} --dry-run`, { outcome: 'planned' }],
  ['requests', CSR, { outcome: 'created' }],
  ['requests', `${CSR} --control-plane-endpoint lb`, { code: 'ERR_REFUSED' }],
  ['status', 'certs status --cert-dir csr/pki -o json', { isComplete: false }],
  ['sign', `${SIGN} signed`, { outcome: 'signed' }],
  ['sign', `${SIGN} again --control-plane-endpoint lb`, { isPartial: true }],
  ['sign', `${SIGN} again --as nobody`, { code: 'ERR_USAGE' }],
  ['import', 'certs import signed --cert-dir csr/pki -o json', { isPartial: true }],
  [
    'import',
    'certs import signed --cert-dir csr/pki --ca ca=out/pki/ca.crt -o json',
    { outcome: 'imported' },
  ],
  ['import', 'certs import nowhere --cert-dir csr/pki -o json', { code: 'ERR_CONFIG' }],
  ['expiration', 'certs check-expiration nowhere -o json', { code: 'ERR_STORE' }],
  ['ca-hash', 'show ca-hash out -o json', { schema: 'k8s-pki/ca-hash/v1' }],
  ['ca-hash', 'show ca-hash nowhere -o json', { code: 'ERR_STORE' }],
  ['join', `show join out --control-plane --token ${TOKEN} -o json`, { hasToken: true }],
  ['join', 'show join out --token hush -o json', { code: 'ERR_CONFIG' }],
  [
    'user',
    'kubeconfig user --cert-dir out/pki --client-name system:a --dry-run -o json',
    { outcome: 'planned' },
  ],
  [
    'user',
    'kubeconfig user --cert-dir out/pki --client-name a --output-file a.conf -o json',
    { outcome: 'created' },
  ],
  ['user', `kubeconfig user --cert-dir out/pki --client-name a --token ${TOKEN} --dry-run -o json`, {}],
  ['user', 'kubeconfig user --cert-dir out/pki --client-name a -o json', { code: 'ERR_USAGE' }],
  [
    'bundle',
    'export bundle admin.conf --cert-dir out/pki --output-file a --dry-run -o json',
    { outcome: 'planned' },
  ],
  [
    'bundle',
    'export bundle apiserver --cert-dir out/pki --output-file a --dry-run -o json',
    { code: 'ERR_USAGE' },
  ],
  ['rollback', 'rollback --list --cert-dir out/pki -o json', { snapshots: [] }],
  ['rollback', 'rollback --cert-dir out/pki -o json', { code: 'ERR_USAGE' }],
  ['renew', `${RENEW} all --if-expiring 1d`, { outcome: 'unchanged', isPartial: false }],
  ['renew', `${RENEW} all --dry-run`, { outcome: 'planned' }],
  ['renew', `${RENEW} apiserver --profile hardened`, { outcome: 'renewed', differences: [] }],
  ['renew', `${RENEW} apiserver --host-ip 192.0.2.11`, { code: 'ERR_REFUSED' }],
  ['renew', `${RENEW} apiserver --host-ip 192.0.2.11 --from spec`, { from: 'spec' }],
  ['renew', `${RENEW} all --config wrong.yaml`, { code: 'ERR_CONFIG' }],
  ['recover', `${RECOVER} --dry-run`, { outcome: 'planned', nodes: [{ name: 'worker1' }] }],
  ['recover', RECOVER, { outcome: 'recovered', isPartial: false }],
  ['recover', RECOVER, { code: 'ERR_OBSTACLE' }],
  ['rollback', 'rollback --cert-dir out/pki -o json --dry-run', { outcome: 'planned' }],
  ['rollback', 'rollback --cert-dir out/pki -o json', { outcome: 'restored' }],
  ['rollback', 'rollback --list --cert-dir out/pki -o json', { schema: 'k8s-pki/snapshots/v1' }],
  ['import-secret', `${IMPORT} --dry-run`, { outcome: 'planned' }],
  ['import-secret', IMPORT, { outcome: 'imported' }],
  ['import-secret', IMPORT, { outcome: 'unchanged' }],
  ['import-secret', 'import secret nowhere -o json', { code: 'ERR_CONFIG' }],
] as const;

/** A schema that allows no members but those that it names. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  // What an error has as its detail is up to its code.
  const isOpen = !('required' in schema) || 'additionalProperties' in schema;
  return isOpen ? inner : { ...inner, additionalProperties: false };
}

function compile(name: string): { readonly published: ValidateFunction; readonly strict: ValidateFunction } {
  const schema: object = JSON.parse(readFileSync(join(SCHEMAS, `${name}-v1.json`), 'utf8'));
  const compiled = (one: unknown): ValidateFunction => {
    const ajv = new Ajv2020({ allErrors: true });
    addFormats.default(ajv);
    return ajv.compile(Object(one));
  };
  return { published: compiled(schema), strict: compiled(closed(schema)) };
}

describe.each(SHAPES)('what $name prints', (shape) => {
  test('is what the schemas in docs/schema say, no more and no less', async () => {
    const validators = {
      init: compile('init'),
      verify: compile('verify'),
      tree: compile('tree'),
      expiration: compile('expiration'),
      'ca-hash': compile('ca-hash'),
      join: compile('join'),
      user: compile('user'),
      bundle: compile('bundle'),
      renew: compile('renew'),
      recover: compile('recover'),
      rollback: compile('rollback'),
      'import-secret': compile('import-secret'),
      requests: compile('requests'),
      import: compile('import'),
      status: compile('status'),
      sign: compile('sign'),
    };
    await withDirectory(async (cwd) => {
      for (const [name, contents] of Object.entries(FILES)) writeFileSync(join(cwd, name), contents);
      for (const [name, line, members] of OUTPUTS) {
        if (line === `${IMPORT} --dry-run`)
          await run(
            shape,
            ['export', 'secret', '--cert-dir', 'out/pki', ...KEY, '--output-file', 'secret.yaml'],
            {
              cwd,
            },
          );
        const { stdout } = await run(shape, line.split(' '), { cwd });
        const value: unknown = JSON.parse(stdout);
        expect(value).toMatchObject(members);
        const { published, strict } = validators[name];
        strict(value);
        expect({ line, errors: strict.errors }).toEqual({ line, errors: null });
        // What a later release may add is no fault.
        expect(published({ ...Object(value), added: 1 })).toBe(true);
        const other = { ...Object(value), schema: 'k8s-pki/verify/v2', apiVersion: 'v2' };
        expect(published(other)).toBe(false);
        if (!line.includes('--baseline') && line.includes('--external-etcd'))
          writeFileSync(join(cwd, 'old.json'), stdout);
      }
    });
  }, 60_000);
});

test('the schema of verify minds what is missing and what is of another type', async () => {
  const { published } = compile('verify');
  const finding = { code: 'a', severity: 'error', path: '/a', message: 'is wrong', fingerprint: 'a a:1' };
  const report = {
    schema: 'k8s-pki/verify/v1',
    directories: ['/a'],
    at: '2026-11-26T00:00:00Z',
    profile: 'kubeadm',
    kubernetesVersion: 'v1.36.1',
    isProfileGiven: false,
    role: 'etcd',
    isRoleGiven: false,
    inferred: {},
    counts: { error: 1, warning: 0, notice: 0 },
    waived: 0,
    leftOut: 0,
    findings: [finding],
    credentials: [],
  };
  expect(published(report)).toBe(true);
  for (const name of Object.keys(report))
    expect([name, published({ ...report, [name]: undefined })]).toEqual([name, false]);
  const wrong = [{ severity: 'fatal' }, { fingerprint: 1 }, { waiver: { reason: 'a' } }];
  for (const change of wrong)
    expect(published({ ...report, findings: [{ ...finding, ...change }] })).toBe(false);
});
