import { beforeAll, describe, expect, test } from '@jest/globals';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  type ExportCertificateSecretOptions,
  exportCertificateSecret,
  generateClusterPki,
  importCertificateSecret,
  isPkiError,
  type Manifest,
  PkiError,
  type PkiFile,
  type SecretExport,
} from '../../src/index.ts';
import { filesOf, NOW } from '../report/audited.ts';

const KEY = '00112233445566778899aabbccddeeff'.repeat(2);
const SHARED = [
  'pki/ca.crt',
  'pki/ca.key',
  'pki/front-proxy-ca.crt',
  'pki/front-proxy-ca.key',
  'pki/sa.pub',
  'pki/sa.key',
];
const STACKED = [...SHARED, 'pki/etcd/ca.crt', 'pki/etcd/ca.key'];
const MASKS: Readonly<Record<string, number>> = { key: 0o600, crt: 0o644, pub: 0o644 };

let files: readonly PkiFile[];
beforeAll(async () => {
  files = await filesOf();
});

function made(options: Partial<ExportCertificateSecretOptions> = {}): Promise<SecretExport> {
  return exportCertificateSecret({ files, certificateKey: KEY, now: NOW, ...options });
}

function theSecret({ manifests }: SecretExport): Manifest {
  const found = manifests.find(({ metadata }) => metadata.name === 'kubeadm-certs');
  if (found === undefined) throw new Error('there is no kubeadm-certs');
  return found;
}

const valuesOf = ({ data }: Manifest): Readonly<Record<string, string>> => Object(data);
const textOf = (path: string): string => files.find((file) => file.path === path)?.contents ?? '';

/** In the few lines that it takes, apart from ours. */
function decrypted(value: string, key = KEY): string {
  const bytes = Buffer.from(value, 'base64');
  const cipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), bytes.subarray(0, 12));
  cipher.setAuthTag(bytes.subarray(bytes.length - 16));
  return cipher.update(bytes.subarray(12, bytes.length - 16), undefined, 'utf8') + cipher.final('utf8');
}

/** Likewise. */
function encrypted(plain: Uint8Array): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(KEY, 'hex'), nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** What an import of a Secret is refused with. */
async function errorOf(run: () => Promise<unknown>): Promise<PkiError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof PkiError) return error;
    throw error;
  }
  throw new Error('expected a PkiError');
}

function withValue(secret: Manifest, change: Readonly<Record<string, string | undefined>>): string {
  const values: Readonly<Record<string, string | undefined>> = { ...valuesOf(secret), ...change };
  const data = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return JSON.stringify({ ...secret, data });
}

describe('exportCertificateSecret', () => {
  test('makes what kubeadm does, each value the file itself when decrypted', async () => {
    const exported = await made();
    const [token, secret, role, binding] = exported.manifests;
    expect(exported.manifests).toHaveLength(4);
    expect(token).toMatchObject({ kind: 'Secret', type: 'bootstrap.kubernetes.io/token' });
    expect(secret).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'kubeadm-certs', namespace: 'kube-system' },
      data: expect.anything(),
    });
    expect(role?.['rules']).toEqual([
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['kubeadm-certs'], verbs: ['get'] },
    ]);
    expect(binding?.['subjects']).toEqual([
      {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Group',
        name: 'system:bootstrappers:kubeadm:default-node-token',
      },
    ]);
    const values = Object.entries(valuesOf(theSecret(exported)));
    expect(values.map(([key]) => `pki/${key.replace('etcd-', 'etcd/')}`)).toEqual(STACKED);
    for (const [key, value] of values)
      expect(decrypted(value)).toBe(textOf(`pki/${key.replace('etcd-', 'etcd/')}`));
    const nonces = values.map(([, value]) => Buffer.from(value, 'base64').toString('hex', 0, 12));
    expect(new Set(nonces).size).toBe(STACKED.length);
  });

  test('makes a token that lets nobody in and ends when it should', async () => {
    const tokenOf = async (options: Partial<ExportCertificateSecretOptions>): Promise<unknown> => {
      const [token] = (await made(options)).manifests;
      const data = Object.entries(Object(token?.['data'])).map(
        ([key, text]) => [key, Buffer.from(String(text), 'base64').toString()] as const,
      );
      return { name: token?.metadata.name, ...Object.fromEntries(data) };
    };
    const id = expect.stringMatching(/^[a-z0-9]{6}$/);
    expect(await tokenOf({})).toEqual({
      name: expect.stringMatching(/^bootstrap-token-[a-z0-9]{6}$/),
      description: 'Proxy for managing TTL for the kubeadm-certs secret',
      expiration: '2026-11-23T14:00:00Z',
      'token-id': id,
      'token-secret': expect.stringMatching(/^[a-z0-9]{16}$/),
    });
    expect(await tokenOf({ tokenTtlSeconds: 60 })).toMatchObject({ expiration: '2026-11-23T12:01:00Z' });
    // Bytes that would make some characters likelier than others are passed over.
    let byte = 255;
    const falling = (length: number): Uint8Array =>
      Uint8Array.from({ length }, () => (byte = (byte + 255) % 256));
    expect(await tokenOf({ randomBytes: falling })).toMatchObject({
      'token-id': expect.stringMatching(/^[a-z0-9]{6}$/),
    });
  });

  test('is the same with the same random bytes', async () => {
    const fixed = (length: number): Uint8Array => Buffer.alloc(length, 7);
    expect(await made({ randomBytes: fixed })).toEqual(await made({ randomBytes: fixed }));
    expect(await made()).not.toEqual(await made());
  });

  test('ties the Secret to a token that is there already', async () => {
    const owner = { name: 'bootstrap-token-abcdef', uid: '01234567-89ab-cdef-0123-456789abcdef' };
    const exported = await made({ owner });
    expect(exported.manifests.map(({ kind }) => kind)).toEqual(['Secret', 'Role', 'RoleBinding']);
    expect(theSecret(exported).metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Secret', ...owner, controller: true, blockOwnerDeletion: true },
    ]);
  });

  test('leaves the value of a CA key empty that is elsewhere', async () => {
    const without = files.filter(({ path }) => path !== 'pki/ca.key');
    const exported = await made({ files: without });
    expect(exported.absent).toEqual(['pki/ca.key']);
    expect(valuesOf(theSecret(exported))).toMatchObject({
      'ca.key': '',
      'ca.crt': expect.stringMatching(/./),
    });
  });

  test.each(STACKED.filter((path) => !path.endsWith('ca.key')))('refuses to go without %s', async (path) => {
    const error = await errorOf(() => made({ files: files.filter((file) => file.path !== path) }));
    expect(error).toMatchObject({ code: 'ERR_REFUSED' });
    const row = /etcd|front-proxy|sa|ca/.exec(path)?.[0] ?? '';
    expect(JSON.stringify(error.detail)).toContain(row);
  });

  test('names everything that is wrong at once', async () => {
    const other = await filesOf();
    const change = new Map(
      ['pki/ca.key', 'pki/sa.pub'].map((path) => [path, other.find((file) => file.path === path)]),
    );
    const spoiled = files
      .filter(({ path }) => path !== 'pki/front-proxy-ca.crt')
      .map((file) => change.get(file.path) ?? file)
      .map((file) => (file.path === 'pki/etcd/ca.key' ? { ...file, contents: 'none' } : file));
    const error = await errorOf(() => made({ files: spoiled }));
    if (!isPkiError(error, 'ERR_REFUSED')) throw error;
    const found = error.detail.findings.map(({ path, code }) => `${path} ${code}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'pki/ca.crt pair-mismatch',
        'pki/etcd/ca.key key-unreadable',
        'pki/front-proxy-ca.key half-pair',
        'pki/sa.pub public-key-mismatch',
      ]),
    );
  });

  test('refuses what is no text rather than change it', async () => {
    const odd = files.map((file) =>
      file.path === 'pki/ca.crt' ? { ...file, contents: `\uFFFD\n${file.contents}` } : file,
    );
    const error = await errorOf(() => made({ files: odd }));
    expect(error).toMatchObject({ code: 'ERR_REFUSED' });
    expect(JSON.stringify(error.detail)).toContain('holds bytes that are no UTF-8');
  });

  test('says what a PKI with a root needs beside it', async () => {
    const rooted = await filesOf({}, { rootCa: true });
    expect((await made({ files: rooted })).left).toEqual(['pki/root-ca.crt', 'pki/ca-chain.crt']);
  });

  test('refuses options that are none, all at once, and never shows the key', async () => {
    const error = await errorOf(() =>
      made({
        certificateKey: `${KEY}00`,
        tokenTtlSeconds: 0,
        owner: { name: 'mine', uid: 'none' },
        now: new Date(Number.NaN),
      }),
    );
    if (!isPkiError(error, 'ERR_CONFIG')) throw error;
    expect(error.detail.issues.map(({ option }) => option)).toEqual([
      'certificate-key',
      'now',
      'owner',
      'token-ttl',
    ]);
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain(KEY);
  });
});

describe('importCertificateSecret', () => {
  test.each(['requirements', 'kubeadm', 'hardened'] as const)(
    'gives back what was exported, with the profile %s',
    async (profile) => {
      const own = await filesOf({}, { profile });
      const exported = await exportCertificateSecret({ files: own, certificateKey: KEY, now: NOW });
      const secret = JSON.stringify({ kind: 'List', items: exported.manifests });
      const imported = await importCertificateSecret({ secret, certificateKey: KEY, now: NOW });
      expect(imported.files.map(({ path }) => path)).toEqual(STACKED);
      for (const { path, contents, mode } of imported.files) {
        expect(contents).toBe(own.find((file) => file.path === path)?.contents);
        expect(mode).toBe(MASKS[path.slice(-3)]);
      }
      expect(imported).toMatchObject({ kept: [], absent: [], unknown: [], etcd: 'stacked' });
    },
  );

  test('leaves a text as it is, whatever stands in it beside the PEM', async () => {
    const [other] = (await filesOf()).filter(({ path }) => path === 'pki/ca.crt');
    const odd = files.map((file) => {
      const texts: Readonly<Record<string, string>> = {
        'pki/ca.crt': `# ca, puis une autre \u00e0 c\u00f4t\u00e9\n${file.contents}${other?.contents}`,
        'pki/sa.pub': file.contents.replaceAll('\n', '\r\n'),
        'pki/sa.key': `\uFEFF\n${file.contents}`,
        'pki/etcd/ca.crt': `${file.contents}\n\n`,
      };
      return { ...file, contents: texts[file.path] ?? file.contents };
    });
    const secret = JSON.stringify(theSecret(await made({ files: odd })));
    const imported = await importCertificateSecret({ secret, certificateKey: KEY, now: NOW });
    expect(imported.files).toHaveLength(STACKED.length);
    expect(imported.certificates.map(({ path }) => path)).toEqual([
      'pki/ca.crt',
      'pki/ca.crt',
      'pki/front-proxy-ca.crt',
      'pki/etcd/ca.crt',
    ]);
    for (const { path, contents } of imported.files)
      expect(contents).toBe(odd.find((file) => file.path === path)?.contents);
  });

  test('has what init needs for the other host', async () => {
    const secret = JSON.stringify(theSecret(await made()));
    const { files: existing } = await importCertificateSecret({ secret, certificateKey: KEY, now: NOW });
    const host = { hostIp: '192.0.2.11', hostname: 'cp2', keyAlgorithm: 'ECDSA-P256' } as const;
    const { files: own, plan } = await generateClusterPki({ ...host, now: NOW, existing });
    expect(own).toHaveLength(26 - STACKED.length);
    expect(plan.isRefused).toBe(false);
  });

  test('keeps what is there and the same, and refuses what is there and another', async () => {
    const secret = JSON.stringify(theSecret(await made()));
    const existing = files.filter(({ path }) => path === 'pki/ca.crt' || path === 'pki/ca.key');
    const imported = await importCertificateSecret({ secret, certificateKey: KEY, existing, now: NOW });
    expect(imported.kept).toEqual(['pki/ca.crt', 'pki/ca.key']);
    expect(imported.files.map(({ path }) => path)).toEqual(STACKED.slice(2));
    const other = await filesOf();
    const error = await errorOf(() =>
      importCertificateSecret({ secret, certificateKey: KEY, existing: other, now: NOW }),
    );
    if (!isPkiError(error, 'ERR_OBSTACLE')) throw error;
    expect(error.detail.obstacles.map(({ path }) => path).toSorted()).toEqual(STACKED.toSorted());
    // A leaf of another CA.
    const stranger = other.filter(({ path }) => path === 'pki/apiserver.crt' || path === 'pki/apiserver.key');
    const refused = await errorOf(() =>
      importCertificateSecret({ secret, certificateKey: KEY, existing: stranger, now: NOW }),
    );
    expect(refused).toMatchObject({ code: 'ERR_REFUSED' });
    expect(JSON.stringify(refused.detail)).toContain('pki/apiserver.crt');
  });

  test('says that the key does not fit, and nothing of what it is', async () => {
    const secret = theSecret(await made());
    const certificateKey = randomBytes(32).toString('hex');
    const wrong = await errorOf(() =>
      importCertificateSecret({ secret: JSON.stringify(secret), certificateKey, now: NOW }),
    );
    if (!isPkiError(wrong, 'ERR_SEALED')) throw wrong;
    expect(wrong.message).toBe('the Secret: the certificate key opens nothing of it');
    expect(wrong.detail.entries).toHaveLength(STACKED.length);
    const value = valuesOf(secret)['sa.key'] ?? '';
    const said = JSON.stringify([wrong, wrong.message, wrong.hint, wrong.stack]);
    expect(said).not.toContain(certificateKey);
    expect(said).not.toContain(value.slice(0, 20));
  });

  test.each([
    ['a bit is another', (value: string) => `${value[0] === 'A' ? 'B' : 'A'}${value.slice(1)}`],
    ['it is cut off', (value: string) => value.slice(0, 40)],
    ['it is shorter than a nonce', () => 'AAAA'],
    ['it is no base64', () => '*'],
    ['it is not encrypted', () => Buffer.from('-----BEGIN PRIVATE KEY-----\n').toString('base64')],
  ])('refuses a value of which %s, whoever knows it', async (_, spoil) => {
    const secret = theSecret(await made());
    for (const key of ['sa.key', 'unknown']) {
      const text = withValue(secret, { [key]: spoil(valuesOf(secret)['sa.key'] ?? '') });
      const error = await errorOf(() =>
        importCertificateSecret({ secret: text, certificateKey: KEY, now: NOW }),
      );
      if (!isPkiError(error, 'ERR_SEALED')) throw error;
      expect(error.detail.entries).toEqual([key]);
    }
  });

  test('passes over what it does not know, takes an empty CA key, and misses the rest', async () => {
    const secret = theSecret(await made());
    const taken = await importCertificateSecret({
      secret: withValue(secret, { 'other.crt': valuesOf(secret)['ca.crt'], 'ca.key': '' }),
      certificateKey: KEY,
      now: NOW,
    });
    expect(taken).toMatchObject({ unknown: ['other.crt'], absent: ['pki/ca.key'] });
    expect(taken.files.map(({ path }) => path)).toEqual(STACKED.filter((path) => path !== 'pki/ca.key'));
    const lacking = { 'ca.key': undefined, 'etcd-ca.crt': undefined, 'front-proxy-ca.crt': '', 'sa.pub': '' };
    const error = await errorOf(() =>
      importCertificateSecret({ secret: withValue(secret, lacking), certificateKey: KEY, now: NOW }),
    );
    if (!isPkiError(error, 'ERR_REFUSED')) throw error;
    expect(error.detail.findings.map(({ path }) => path)).toEqual([
      'secret kube-system/kubeadm-certs:ca.key',
      'secret kube-system/kubeadm-certs:etcd-ca.crt',
      'secret kube-system/kubeadm-certs:front-proxy-ca.key',
      'secret kube-system/kubeadm-certs:etcd-ca.key',
      'secret kube-system/kubeadm-certs:sa.pub',
    ]);
  });

  test.each(STACKED)('refuses %s where it is larger than any command reads', async (path) => {
    const key = path.replace(/^pki\//, '').replace('/', '-');
    const spoiled = async (length: number): Promise<string> => {
      const text = textOf(path);
      const plain = Buffer.concat([Buffer.from(text), Buffer.alloc(length - text.length, '\n')]);
      return withValue(theSecret(await made()), { [key]: encrypted(plain) });
    };
    const largest = { secret: await spoiled(2 ** 20), certificateKey: KEY, now: NOW };
    expect((await importCertificateSecret(largest)).files).toHaveLength(STACKED.length);
    const larger = { secret: await spoiled(2 ** 20 + 1), certificateKey: KEY, now: NOW };
    const error = await errorOf(() => importCertificateSecret(larger));
    if (!isPkiError(error, 'ERR_REFUSED')) throw error;
    expect(error.detail.findings).toEqual([
      expect.objectContaining({
        code: 'file-unreadable',
        path: `secret kube-system/kubeadm-certs:${key}`,
        message: 'is too large for a file of a PKI (1048577 bytes)',
        remedy: 'mend it on the host where the Secret was made, and have the Secret made anew',
      }),
    ]);
  });

  test('takes null for an empty value, and no other type for a missing one', async () => {
    const secret = theSecret(await made());
    const taken = await importCertificateSecret({
      secret: JSON.stringify({ ...secret, data: { ...valuesOf(secret), 'ca.key': null } }),
      certificateKey: KEY,
      now: NOW,
    });
    expect(taken.absent).toEqual(['pki/ca.key']);
    for (const part of ['data', 'stringData']) {
      const values = { ...valuesOf(secret), ...Object(secret[part]), 'ca.crt': 5, 'sa.pub': ['AAAA'] };
      const error = await errorOf(() =>
        importCertificateSecret({
          secret: JSON.stringify({ ...secret, [part]: values }),
          certificateKey: KEY,
          now: NOW,
        }),
      );
      if (!isPkiError(error, 'ERR_SEALED')) throw error;
      expect(error.message).toBe('the Secret: expected base64, found something else at ca.crt, sa.pub');
      expect(error.detail.entries).toEqual(['ca.crt', 'sa.pub']);
    }
  });

  test.each([
    ['nothing of the kind', '{"kind":"ConfigMap"}', 'expected Secrets, found an object of kind ConfigMap'],
    [
      'another Secret',
      '{"kind":"Secret","metadata":{"name":"kubeadm-certs","namespace":"default"}}',
      'expected one Secret kube-system/kubeadm-certs, found none of that name',
    ],
    [
      'two of them',
      'kind: Secret\nmetadata: &m {name: kubeadm-certs, namespace: kube-system}\n---\nkind: Secret\nmetadata: {name: kubeadm-certs, namespace: kube-system}\n',
      'found 2',
    ],
  ])('wants the Secret, not %s', async (_, secret, says) => {
    const error = await errorOf(() => importCertificateSecret({ secret, certificateKey: KEY, now: NOW }));
    expect(error).toMatchObject({ code: 'ERR_SOURCE', message: expect.stringContaining(says) });
  });
});

describe('with an external etcd', () => {
  const ETCD: Readonly<Record<string, string>> = {
    'external-etcd-ca.crt': 'pki/etcd/ca.crt',
    'external-etcd.crt': 'pki/apiserver-etcd-client.crt',
    'external-etcd.key': 'pki/apiserver-etcd-client.key',
  };

  /** A host that has of etcd what somebody else made. */
  async function hostFiles(): Promise<readonly PkiFile[]> {
    const theirs = await filesOf({}, { profile: 'hardened' });
    const own = await filesOf({}, { externalEtcd: true });
    return [...own, ...theirs.filter(({ path }) => Object.values(ETCD).includes(path))];
  }

  test('has the three values of that, and gives them back', async () => {
    const host = await hostFiles();
    const exported = await made({ files: host, externalEtcd: true });
    const secret = theSecret(exported);
    expect(Object.keys(valuesOf(secret))).toEqual([
      ...SHARED.map((path) => path.slice(4)),
      ...Object.keys(ETCD),
    ]);
    const imported = await importCertificateSecret({
      secret: JSON.stringify(secret),
      certificateKey: KEY,
      now: NOW,
    });
    expect(imported.etcd).toBe('external');
    for (const { path, contents, mode } of imported.files) {
      expect(contents).toBe(host.find((file) => file.path === path)?.contents);
      expect(mode).toBe(MASKS[path.slice(-3)]);
    }
    expect(imported.files).toHaveLength(9);
  });

  test('has empty values where that has no TLS, and none that do not fit each other', async () => {
    const own = await filesOf({}, { externalEtcd: true });
    const exported = await made({ files: own, externalEtcd: true });
    expect(exported.absent).toEqual(Object.values(ETCD));
    const host = await hostFiles();
    const half = host.filter(({ path }) => path !== 'pki/apiserver-etcd-client.key');
    const error = await errorOf(() => made({ files: half, externalEtcd: true }));
    if (!isPkiError(error, 'ERR_REFUSED')) throw error;
    expect(error.detail.findings.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'pki/apiserver-etcd-client.crt half-pair',
    ]);
  });
});
