import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ClusterPki, generateClusterPki, type PresentFile } from '../../src/index.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';

const options = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki(options);
});

const fileOf = (path: string): PresentFile => {
  const contents = pki.files.find((file) => file.path === path)?.contents;
  if (contents === undefined) throw new Error(`${path} was not generated`);
  return { path, contents };
};

describe('existing material', () => {
  test('under a path that no row has is an issue, not a second CA', async () => {
    const existing = [{ ...fileOf('pki/ca.crt'), path: 'ca.crt' }];
    await expect(generateClusterPki({ ...options, existing })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'existing', value: 'ca.crt' }] },
    });
  });

  test('of CAs and the service account pair alone has everything else made to fit', async () => {
    const kept = [
      'pki/ca.crt',
      'pki/ca.key',
      'pki/etcd/ca.crt',
      'pki/etcd/ca.key',
      'pki/front-proxy-ca.crt',
      'pki/front-proxy-ca.key',
      'pki/sa.key',
      'pki/sa.pub',
    ];
    const second = await generateClusterPki({
      ...options,
      hostIp: '192.0.2.11',
      hostname: 'cp2',
      existing: kept.map(fileOf),
    });
    expect(second.files).toHaveLength(26 - kept.length);
    expect(second.certificates.filter(({ isNew }) => !isNew).map(({ id }) => id)).toEqual([
      'ca',
      'front-proxy-ca',
      'etcd-ca',
    ]);
  });

  test('of a CA in the overlap of a rotation is issued from with its first certificate, and trusted whole', async () => {
    const other = await generateClusterPki(options);
    const foreign = other.files.find((file) => file.path === 'pki/ca.crt')?.contents ?? '';
    const both = fileOf('pki/ca.crt').contents + foreign;
    const overlap = [{ path: 'pki/ca.crt', contents: both }, fileOf('pki/ca.key')];
    const grown = await generateClusterPki({ ...options, existing: overlap });
    const apiserver = grown.certificates.find(({ id }) => id === 'apiserver')?.certificate;
    const own = pki.certificates.find(({ id }) => id === 'ca')?.certificate;
    expect(apiserver?.authorityKeyIdentifier).toBe(own?.subjectKeyIdentifier);
    const admin = grown.files.find(({ path }) => path === 'admin.conf')?.contents;
    expect(admin).toContain(Buffer.from(both).toString('base64'));
  });

  test('of a CA whose key is that of its second certificate is refused: every component takes the first', async () => {
    const other = await generateClusterPki(options);
    const foreign = other.files.find((file) => file.path === 'pki/ca.crt')?.contents ?? '';
    const existing = [
      { path: 'pki/ca.crt', contents: foreign + fileOf('pki/ca.crt').contents },
      fileOf('pki/ca.key'),
    ];
    await expect(generateClusterPki({ ...options, existing })).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      detail: { findings: [{ code: 'pair-mismatch', path: 'pki/ca.crt' }, { code: 'authority-surplus' }] },
    });
  });
});

describe('a signer', () => {
  const existing = (): PresentFile[] => [fileOf('pki/ca.crt')];

  test('signs for a CA whose key is not there, and never shows it', async () => {
    const { privateKeyPem: _, ...signer } = parsePrivateKey(fileOf('pki/ca.key').contents ?? '');
    const { files } = await generateClusterPki({ ...options, existing: existing(), signers: { ca: signer } });
    expect(files.map(({ path }) => path)).toContain('pki/apiserver.crt');
    expect(files.map(({ path }) => path)).not.toContain('pki/ca.key');
  });

  test.each([
    ['mistyped', 'is no CA of the table'],
    ['apiserver', 'is no CA of the table'],
    ['etcd-ca', 'needs the certificate of the CA, pki/etcd/ca.crt, in existing'],
  ])('for %s is an issue', async (id, rule) => {
    const signer = await generateKeyPair('ECDSA-P256');
    await expect(
      generateClusterPki({ ...options, existing: existing(), signers: { [id]: signer } }),
    ).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'signers', value: id, rule }] },
    });
  });

  test('with another key than the CA is refused', async () => {
    const signer = await generateKeyPair('ECDSA-P256');
    await expect(
      generateClusterPki({ ...options, existing: existing(), signers: { ca: signer } }),
    ).rejects.toMatchObject({ code: 'ERR_KEY' });
  });

  test('that signs with another key than it says is refused', async () => {
    const right = parsePrivateKey(fileOf('pki/ca.key').contents ?? '');
    const wrong = await generateKeyPair('ECDSA-P256');
    const liar = { algorithm: right.algorithm, spkiDer: right.spkiDer, sign: wrong.sign };
    await expect(
      generateClusterPki({ ...options, existing: existing(), signers: { ca: liar } }),
    ).rejects.toMatchObject({ code: 'ERR_KEY' });
  });
});

describe('validity', () => {
  test('ends with the CA, and says so', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const young = await generateClusterPki({ ...options, now, caValidity: '30d', certValidity: '30d' });
    const existing = young.files
      .filter(({ path }) => /(ca\.(crt|key)|sa\.(key|pub))$/.test(path))
      .map(({ path, contents }) => ({ path, contents }));
    const later = new Date(now.getTime() + 10 * 86_400_000);
    const grown = await generateClusterPki({ ...options, now: later, existing });
    const ca = grown.certificates.find(({ id }) => id === 'ca')?.certificate;
    const apiserver = grown.certificates.find(({ id }) => id === 'apiserver')?.certificate;
    expect(apiserver?.notAfter).toEqual(ca?.notAfter);
    const row = grown.plan.rows.find(({ id }) => id === 'apiserver');
    expect(row?.findings).toMatchObject([{ code: 'validity-capped', severity: 'notice' }]);
  });

  test('never begins before the CA does', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const made = await generateClusterPki({ ...options, now, notBeforeSkew: '0s' });
    const existing = made.files
      .filter(({ path }) => /ca\.(crt|key)$/.test(path))
      .map(({ path, contents }) => ({ path, contents }));
    const grown = await generateClusterPki({
      ...options,
      now: new Date(now.getTime() + 60_000),
      existing,
      notBeforeSkew: '1h',
    });
    expect(grown.certificates.find(({ id }) => id === 'apiserver')?.certificate.notBefore).toEqual(now);
  });

  test('is that of whole seconds, backdated by five minutes', async () => {
    const now = new Date('2030-01-01T00:00:00.999Z');
    const made = await generateClusterPki({ ...options, now });
    for (const { certificate } of made.certificates) {
      expect(certificate.notBefore).toEqual(new Date('2029-12-31T23:55:00Z'));
    }
    expect(made.certificates.find(({ id }) => id === 'apiserver')?.certificate.notAfter).toEqual(
      new Date('2031-01-01T00:00:00Z'),
    );
  });
});
