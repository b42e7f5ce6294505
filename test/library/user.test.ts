import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, X509Certificate } from 'node:crypto';
import { caCertHashes } from '../../src/library/ca-hash.ts';
import { generateCertificateKey } from '../../src/library/certificate-key.ts';
import { type ClusterPki, generateClusterPki } from '../../src/library/generate.ts';
import { createUserKubeconfig, type CreateUserKubeconfigOptions } from '../../src/library/user.ts';
import { parseKubeconfig } from '../../src/kubeconfig/parse.ts';
import { attributeValues, COMMON_NAME_OID, ORGANIZATION_OID } from '../../src/x509/model.ts';
import { parsePrivateKey } from '../../src/x509/keys.ts';
import { openssl, opensslOracle } from '../x509/openssl.ts';

const NOW = new Date('2026-11-26T12:00:00.700Z');

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki({
    hostIp: '192.0.2.10',
    hostname: 'cp1',
    keyAlgorithm: 'ECDSA-P256',
    now: NOW,
  });
});

const textOf = (path: string): string => pki.files.find((file) => file.path === path)?.contents ?? '';

const create = (options: Omit<CreateUserKubeconfigOptions, 'files'>) =>
  createUserKubeconfig({ files: pki.files, now: NOW, ...options });

describe('createUserKubeconfig', () => {
  test('makes each value one attribute, whatever characters it has', async () => {
    const clientName = 'eve, O=system:masters/CN=admin+{nodeName}';
    const org = ['a,b', 'O=c', 'a,b'];
    const { certificate, warnings, isAboveRbac } = await create({ clientName, org });
    const subject = certificate?.subject ?? { attributes: [], der: new Uint8Array() };
    expect(attributeValues(subject, COMMON_NAME_OID)).toEqual([clientName]);
    expect(attributeValues(subject, ORGANIZATION_OID)).toEqual(['O=c', 'a,b']);
    expect({ warnings, isAboveRbac }).toEqual({ warnings: [], isAboveRbac: false });
  });

  test('begins and ends as was asked for, and never outlives the CA', async () => {
    const short = await create({ clientName: 'alice', validityPeriod: '1h30m' });
    expect(short.certificate).toMatchObject({
      notBefore: new Date('2026-11-26T11:55:00Z'),
      notAfter: new Date('2026-11-26T13:30:00Z'),
    });
    const later = new Date('2035-01-01T00:00:00Z');
    const [ca] = await caCertHashes(textOf('pki/ca.crt'));
    const { certificate } = await create({ clientName: 'alice', validityPeriod: '9000d', now: later });
    expect(certificate?.notBefore).toEqual(new Date('2034-12-31T23:55:00Z'));
    expect(certificate?.notAfter).toEqual(ca?.certificate.notAfter);
  });

  test('holds the key of its certificate, and trusts every CA of ca.crt', async () => {
    const next = await generateClusterPki({
      hostIp: '192.0.2.10',
      hostname: 'cp1',
      keyAlgorithm: 'ECDSA-P256',
      now: NOW,
    });
    const further = next.files.find(({ path }) => path === 'pki/ca.crt')?.contents ?? '';
    const files = pki.files.map((file) =>
      file.path === 'pki/ca.crt' ? { ...file, contents: file.contents + further } : file,
    );
    const { kubeconfig, certificate } = await create({
      files,
      clientName: 'alice',
    } as CreateUserKubeconfigOptions);
    const parsed = await parseKubeconfig(kubeconfig);
    const pemOf = (part: unknown): string => String(Object(part).pem);
    expect(pemOf(parsed.certificateAuthority)).toBe(textOf('pki/ca.crt') + further);
    expect(parsePrivateKey(pemOf(parsed.clientKey)).spkiDer).toEqual(certificate?.spkiDer);
  });

  test('takes what it is not told from the files, and what it is told from nowhere else', async () => {
    const { kubeconfig } = await create({
      clientName: 'alice',
      apiserverBindPort: 7443,
      clusterName: 'east',
    });
    expect(await parseKubeconfig(kubeconfig)).toMatchObject({
      server: 'https://192.0.2.10:7443',
      cluster: 'east',
      context: 'alice@east',
      user: 'alice',
    });
    const alone = pki.files.filter(({ path }) => path.startsWith('pki/ca.'));
    await expect(createUserKubeconfig({ files: alone, now: NOW, clientName: 'a' })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'control-plane-endpoint' }] },
    });
  });

  test('signs by a signer where the key of the CA is elsewhere', async () => {
    const files = pki.files.filter(({ path }) => path !== 'pki/ca.key');
    await expect(createUserKubeconfig({ files, now: NOW, clientName: 'a' })).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      detail: { findings: [{ code: 'not-issuable', path: 'kubeconfig' }] },
    });
    const { privateKeyPem: _, ...ca } = parsePrivateKey(textOf('pki/ca.key'));
    const { certificate } = await createUserKubeconfig({ files, now: NOW, clientName: 'a', signers: { ca } });
    const issued = new X509Certificate(certificate?.der ?? '');
    expect(issued.verify(new X509Certificate(textOf('pki/ca.crt')).publicKey)).toBe(true);
    const { privateKeyPem: __, ...other } = parsePrivateKey(textOf('pki/etcd/ca.key'));
    await expect(
      createUserKubeconfig({ files, now: NOW, clientName: 'a', signers: { ca: other } }),
    ).rejects.toMatchObject({ code: 'ERR_KEY' });
  });

  test('says whom a user would be taken for', async () => {
    const masters = await create({ clientName: 'system:kube-proxy', org: ['system:masters'] });
    expect(masters.isAboveRbac).toBe(true);
    expect(masters.warnings.map(({ option, value }) => [option, value])).toEqual([
      ['client-name', 'system:kube-proxy'],
      ['org', 'system:masters'],
    ]);
    const token = await create({ clientName: 'a', org: ['system:masters'], token: 't' });
    expect(token.isAboveRbac).toBe(false);
    const plain = await create({ clientName: 'system', org: ['systems:masters', 'kubeadm:cluster-adminsx'] });
    expect(plain.warnings).toEqual([]);
    const long = await create({ clientName: 'x'.repeat(65) });
    expect(long.warnings).toMatchObject([
      { option: 'client-name', rule: expect.stringContaining('has 65 ') },
    ]);
  });

  // As JavaScript may call it.
  test.each([
    [{ clientName: undefined }, 'client-name'],
    [{ clientName: 7 }, 'client-name'],
    [{ clientName: 'a\u0000b' }, 'client-name'],
    [{ clientName: 'a\u202eb' }, 'client-name'],
    [{ clientName: 'a\ud800' }, 'client-name'],
    [{ clientName: 'x'.repeat(1025) }, 'client-name'],
    [{ clientName: 'a', org: 'dev ' }, 'org'],
    [{ clientName: 'a', org: [null] }, 'org'],
    [{ clientName: 'a', token: '' }, 'token'],
    [{ clientName: 'a', token: 'a\r\nb' }, 'token'],
    [{ clientName: 'a', validityPeriod: '0s' }, 'validity-period'],
    [{ clientName: 'a', validityPeriod: '-1h' }, 'validity-period'],
    [{ clientName: 'a', frob: 1 }, 'frob'],
    [{ clientName: 'a', now: new Date(Number.NaN) }, 'now'],
  ])('refuses %j', async (options, option) => {
    const wrong: CreateUserKubeconfigOptions = Object(options);
    await expect(create(wrong)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option }] },
    });
  });
});

test('a certificate key is 32 bytes of the random source', () => {
  expect(generateCertificateKey()).toMatch(/^[0-9a-f]{64}$/);
  expect(generateCertificateKey()).not.toBe(generateCertificateKey());
  expect(generateCertificateKey((length) => new Uint8Array(length).fill(10))).toBe('0a'.repeat(32));
});

opensslOracle('caCertHashes', () => {
  test.each(['RSA-2048', 'ECDSA-P384', 'Ed25519'] as const)(
    'is what openssl makes of a CA with %s',
    async (keyAlgorithm) => {
      const { files } = await generateClusterPki({ hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm });
      const ca = files.find(({ path }) => path === 'pki/ca.crt')?.contents ?? '';
      const { read } = openssl(['x509', '-in', 'ca.crt', '-pubkey', '-noout', '-out', 'pub.pem'], {
        'ca.crt': ca,
      });
      const [, spki = ''] = /BEGIN PUBLIC KEY-----([^-]*)/.exec(read('pub.pem')) ?? [];
      const expected = createHash('sha256').update(Buffer.from(spki, 'base64')).digest('hex');
      expect(await caCertHashes(`${ca}\n# the same\n${ca}`)).toMatchObject([
        { hash: `sha256:${expected}` },
        { hash: `sha256:${expected}` },
      ]);
    },
  );

  test('takes nothing else for a CA', async () => {
    await expect(caCertHashes('')).rejects.toMatchObject({ code: 'ERR_PEM' });
    await expect(caCertHashes(textOf('pki/sa.pub'))).rejects.toMatchObject({ code: 'ERR_PEM' });
    const cut = textOf('pki/ca.crt').slice(0, 200);
    await expect(caCertHashes(textOf('pki/ca.crt') + cut)).rejects.toMatchObject({ code: 'ERR_PEM' });
  });
});
