import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import {
  type Finding,
  parseSecrets,
  PkiError,
  ROWS,
  type Source,
  verifyClusterPki,
  writeClusterPki,
} from '../../src/index.ts';
import { knownPaths } from '../../src/resolve/paths.ts';
import { SECRET_LAYOUTS } from '../../src/table/secrets.ts';
import { filesOf, NOW } from '../report/audited.ts';
import { isOnPath, oracle } from '../support/oracles.ts';

let home: string;
beforeAll(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-pki-secrets-')));
  await writeClusterPki({ files: await filesOf() }, join(home, 'pki'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const describeKubectl = oracle('kubectl', isOnPath('kubectl'), 'kubectl is not on the PATH');

type Form = 'yaml' | 'json';

interface Wanted {
  readonly namespace?: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** As `kubectl create secret` takes it. */
  readonly words: readonly string[];
}

/** A Secret as kubectl makes it, with labels. */
function secret({ namespace = 'default', name, labels = {}, words }: Wanted, form: Form = 'yaml'): string {
  const [kind = '', ...others] = words;
  const text = execFileSync(
    'kubectl',
    ['create', 'secret', kind, name, ...others, '-n', namespace, '--dry-run=client', '-o', 'yaml'],
    { cwd: home, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: home } },
  );
  const document = parseDocument(text);
  for (const [key, value] of Object.entries(labels)) document.setIn(['metadata', 'labels', key], value);
  return form === 'yaml' ? document.toString() : JSON.stringify(document.toJS());
}

const tls = (path: string): readonly string[] => ['tls', `--cert=${path}.crt`, `--key=${path}.key`];
const generic = (files: Readonly<Record<string, string>>): readonly string[] => [
  'generic',
  ...Object.entries(files).map(([key, path]) => `--from-file=${key}=${path}`),
];

/** The Secrets of a cluster as Cluster API has them. */
function clusterApi(cluster: string, namespace = 'capi', form: Form = 'yaml'): readonly string[] {
  const labels = { 'cluster.x-k8s.io/cluster-name': cluster };
  const of = (suffix: string, words: readonly string[]): string =>
    secret({ namespace, name: `${cluster}-${suffix}`, labels, words }, form);
  return [
    of('ca', tls('pki/ca')),
    of('etcd', tls('pki/etcd/ca')),
    of('proxy', tls('pki/front-proxy-ca')),
    of('sa', generic({ 'tls.crt': 'pki/sa.pub', 'tls.key': 'pki/sa.key' })),
    of('kubeconfig', generic({ value: 'admin.conf' })),
  ];
}

const documents = (parts: readonly string[]): string => parts.join('---\n');
const list = (parts: readonly string[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: parts.map((part): unknown => JSON.parse(part)) });

async function findingsOf({ files, expected, findings }: Source): Promise<readonly Finding[]> {
  return [...findings, ...(await verifyClusterPki({ files, expected, at: NOW })).findings];
}

async function failureOf(text: string, of?: string): Promise<PkiError> {
  const failure = await parseSecrets(text, { of }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof PkiError)) throw new Error('expected a PkiError', { cause: failure });
  return failure;
}

describeKubectl('Secrets', () => {
  test.each<[string, () => string]>([
    ['documents of YAML', () => documents(clusterApi('prod'))],
    ['a list in JSON', () => list(clusterApi('prod', 'capi', 'json'))],
    [
      'lists in documents',
      () => documents([`${list(clusterApi('prod', 'capi', 'json'))}\n`, 'kind: ConfigMap\n']),
    ],
  ])('of Cluster API are a PKI, as %s', async (_, text) => {
    const source = await parseSecrets(text());
    expect(source.files.map(({ path }) => path)).toEqual([
      'pki/ca.crt',
      'pki/ca.key',
      'pki/etcd/ca.crt',
      'pki/etcd/ca.key',
      'pki/front-proxy-ca.crt',
      'pki/front-proxy-ca.key',
      'pki/sa.pub',
      'pki/sa.key',
      'admin.conf',
    ]);
    expect(source.files[0]).toEqual({
      path: 'pki/ca.crt',
      contents: readFileSync(join(home, 'pki/ca.crt'), 'utf8'),
    });
    expect(source).toMatchObject({ directories: ['secrets of capi/prod'], notices: [] });
    expect(source.pathOf('pki/sa.pub')).toBe('secret capi/prod-sa:tls.crt');
    expect(source.pathOf('pki/apiserver.crt')).toBe('secrets of capi/prod:pki/apiserver.crt');
    expect(await findingsOf(source)).toEqual([]);
  });

  test('that Cluster API should have and has not are missed, and what it never has is not', async () => {
    const [, ...others] = clusterApi('prod');
    const findings = await findingsOf(await parseSecrets(documents(others)));
    expect(findings.filter(({ code }) => code === 'row-absent').map(({ path }) => path)).toEqual([
      'pki/ca.crt',
    ]);
  });

  test('of Kamaji are a PKI', async () => {
    const of = (component: string, files: Readonly<Record<string, string>>): string =>
      secret({
        namespace: 'tenants',
        name: `t1-${component}`,
        labels: { 'kamaji.clastix.io/name': 't1', 'kamaji.clastix.io/component': component },
        words: generic(files),
      });
    const pair = (name: string): Readonly<Record<string, string>> => ({
      [`${name}.crt`]: `pki/${name}.crt`,
      [`${name}.key`]: `pki/${name}.key`,
    });
    const source = await parseSecrets(
      documents([
        of('ca', pair('ca')),
        of('api-server-certificate', pair('apiserver')),
        of('api-server-kubelet-client-certificate', pair('apiserver-kubelet-client')),
        of('front-proxy-ca-certificate', pair('front-proxy-ca')),
        of('front-proxy-client-certificate', pair('front-proxy-client')),
        of('sa-certificate', { 'sa.pub': 'pki/sa.pub', 'sa.key': 'pki/sa.key' }),
        of('datastore-certificate', {
          'ca.crt': 'pki/etcd/ca.crt',
          'server.crt': 'pki/apiserver-etcd-client.crt',
          'server.key': 'pki/apiserver-etcd-client.key',
        }),
        of('admin-kubeconfig', { 'admin.conf': 'admin.conf', 'admin.svc': 'admin.conf' }),
        of('controller-manager-kubeconfig', { 'controller-manager.conf': 'controller-manager.conf' }),
        of('scheduler-kubeconfig', { 'scheduler.conf': 'scheduler.conf' }),
      ]),
    );
    expect(source.directories).toEqual(['secrets of tenants/t1']);
    expect(source.pathOf('pki/etcd/ca.crt')).toBe('secret tenants/t1-datastore-certificate:ca.crt');
    const findings = await findingsOf(source);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('whose keys are names of files are a PKI, and ca.crt alone is none', async () => {
    const alone = secret({
      namespace: 'web',
      name: 'hook',
      words: generic({ 'ca.crt': 'pki/ca.crt', 'ca.key': 'pki/ca.key' }),
    });
    expect((await failureOf(alone)).message).toBe('Secrets: no Secret in it holds a PKI');
    const words = generic({
      'ca.crt': 'pki/ca.crt',
      'etcd-ca.crt': 'pki/etcd/ca.crt',
      'admin.conf': 'admin.conf',
    });
    const source = await parseSecrets(documents([alone, secret({ name: 'backup', words })]));
    expect(source).toMatchObject({
      directories: ['secrets of default/backup'],
      notices: ['Secrets: 1 Secret holds nothing of a PKI'],
    });
    expect(source.files.map(({ path }) => path)).toEqual(['admin.conf', 'pki/ca.crt', 'pki/etcd/ca.crt']);
  });

  test('of the type kubernetes.io/tls that are called as rows are a PKI', async () => {
    const of = (name: string, path: string): string => secret({ namespace: 'pki', name, words: tls(path) });
    const source = await parseSecrets(
      documents([of('ca', 'pki/ca'), of('apiserver', 'pki/apiserver'), of('www', 'pki/etcd/server')]),
    );
    expect(source).toMatchObject({ directories: ['secrets of pki/*'], files: { length: 4 } });
    expect(source.pathOf('pki/apiserver.key')).toBe('secret pki/apiserver:tls.key');
  });

  test('of several clusters are an error that lists them, and one of them can be named', async () => {
    const text = documents([...clusterApi('prod'), ...clusterApi('test')]);
    expect(await failureOf(text)).toMatchObject({
      code: 'ERR_SOURCE',
      detail: { choices: ['capi/prod', 'capi/test'] },
      hint: 'name the one that is meant: --secrets-of capi/prod',
    });
    expect(await parseSecrets(text, { of: 'capi/test' })).toMatchObject({
      directories: ['secrets of capi/test'],
      files: { length: 9 },
      notices: [],
    });
    expect((await failureOf(text, 'capi/none')).hint).toBe('--secrets-of takes one of capi/prod, capi/test');
  });

  test('that kubeadm encrypted are said to be, beside others and alone', async () => {
    // A nonce, what is encrypted and a tag have no text in them; a file that is not there has nothing (kubeadm.md 5).
    const data = { 'ca.crt': Buffer.from('00ff'.repeat(40), 'hex').toString('base64'), 'ca.key': '' };
    const locked = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'kube-system', name: 'kubeadm-certs' },
      data,
    });
    expect((await parseSecrets(documents([`${locked}\n`, ...clusterApi('prod')]))).findings).toMatchObject([
      {
        code: 'secret-encrypted',
        severity: 'notice',
        path: 'secret kube-system/kubeadm-certs',
        found: 'ca.crt, ca.key',
      },
    ]);
    expect((await failureOf(locked)).message).toContain('is encrypted with the certificate key');
  });

  test('with a value that is not base64, or in stringData', async () => {
    const [ca = '', ...others] = clusterApi('prod');
    const broken = ca.replace(/tls\.key: \S+/, 'tls.key: "%%%"\nstringData: {tls.crt: plain}');
    const { files } = await parseSecrets(documents([broken, ...others]));
    expect(files.slice(0, 2).toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
      { path: 'pki/ca.crt', contents: 'plain' },
      { path: 'pki/ca.key', obstacle: 'is not base64' },
    ]);
  });
});

describe('what holds no Secrets', () => {
  const KEY = 'MIIEvQIBADANBg';

  test.each<[string, string, string]>([
    ['broken YAML', `kind: Secret\ndata:\n  tls.key: ${KEY}\n bad: [${KEY}`, 'is not YAML, see line 4'],
    ['broken JSON', `{"kind": "Secret", "data": {"tls.key": "${KEY}`, 'is not YAML, see line 1'],
    [
      'a kubeconfig',
      `apiVersion: v1\nkind: Config\nusers: [${KEY}]\n`,
      'expected Secrets, found an object of kind Config',
    ],
    ['a text', `${KEY}\n`, 'expected Secrets, found none'],
    ['a kind that is a value', `kind: ${KEY}1\n`, 'expected Secrets, found none'],
    ['an alias to nothing', `kind: *${KEY}\n`, 'has aliases that cannot be followed'],
    [
      'aliases without end',
      `a: &a [${KEY}]\n${'bcdef'.replaceAll(/./g, (name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
      'has aliases that cannot be followed',
    ],
    ['lists in lists without end', `{"a": ${'['.repeat(100_000)}`, 'is not YAML'],
    ['more parts than any list has', 'a: b\n'.repeat(200_000), 'is larger than anything of its kind'],
    ['a Secret without anything', 'kind: Secret\n', 'no Secret in it holds a PKI'],
    [
      'a Secret of other kinds of things',
      'kind: Secret\nmetadata: [1]\ndata: {a: 1, __proto__: YQ==, ca.crt: [x]}\n',
      'no Secret in it holds a PKI',
    ],
  ])('is an error that quotes nothing: %s', async (_, text, says) => {
    const error = await failureOf(text);
    expect(error.message).toContain(says);
    expect(`${error.message}${error.hint}${JSON.stringify(error.detail)}`).not.toContain(KEY);
  });
});

describe('the table of Secrets', () => {
  test('has paths of the table, and expects of every row one at most', () => {
    for (const { secrets, expected } of SECRET_LAYOUTS) {
      const paths = [...Object.values(secrets).flatMap((keys) => Object.values(keys)), ...expected];
      expect(paths.filter((path) => !knownPaths().includes(path))).toEqual([]);
      expect(expected.length).toBeLessThan(ROWS.length);
      expect(new Set(expected).size).toBe(expected.length);
    }
  });
});
