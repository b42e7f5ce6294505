import { beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import {
  type ClusterPki,
  generateClusterPki,
  type PresentFile,
  type RenewClusterPkiOptions,
  type Signer,
  renewClusterPki,
} from '../../src/index.ts';
import { parsePrivateKey } from '../../src/x509/keys.ts';

const options = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;
const DAY = 86_400;

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki({ ...options, apiserverCertExtraSans: 'api.example.com' });
});

const textOf = (files: readonly PresentFile[], path: string): string =>
  files.find((file) => file.path === path)?.contents ?? '';
const read = (files: readonly PresentFile[], path: string): X509Certificate =>
  new X509Certificate(textOf(files, path));
const inDays = (days: number): Date => new Date(Date.now() + days * DAY * 1000);
const renew = (more: Partial<RenewClusterPkiOptions> = {}): ReturnType<typeof renewClusterPki> =>
  renewClusterPki({ files: pki.files, ...more });

describe('a renewal in memory', () => {
  test('is of everything that does not renew itself, with the names of before and new keys', async () => {
    const before = JSON.stringify(pki.files);
    const renewed = await renew({ now: inDays(100) });
    expect(JSON.stringify(pki.files)).toBe(before);
    const paths = renewed.files.map(({ path }) => path);
    expect(paths).toHaveLength(17);
    expect(paths).not.toContain('kubelet.conf');
    expect(paths.filter((path) => /ca\.|sa\./.test(path))).toEqual([]);
    const [old, young] = [pki.files, renewed.files].map((files) => read(files, 'pki/apiserver.crt'));
    expect(young?.subject).toBe(old?.subject);
    expect(young?.subjectAltName).toBe(old?.subjectAltName);
    expect(young?.publicKey.equals(old?.publicKey ?? Object(null))).toBe(false);
    expect(young?.verify(read(pki.files, 'pki/ca.crt').publicKey)).toBe(true);
    expect(renewed.differences).toEqual([]);
    expect(renewed.reload?.steps.map(({ component }) => component)).toContain('kube-scheduler');
  });

  test('is of what was named, or is due, alone', async () => {
    const one = await renew({ names: ['kubelet.conf'] });
    expect(one.files.map(({ path }) => path)).toEqual(['kubelet.conf']);
    const none = await renew({ withinSeconds: 30 * DAY });
    expect(none.files).toEqual([]);
    expect(none).not.toHaveProperty('reload');
    expect((await renew({ withinSeconds: 30 * DAY, now: inDays(340) })).files).toHaveLength(17);
    await expect(renew({ names: ['frob'] })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  test('keeps a key where that is asked for', async () => {
    const { files } = await renew({ names: ['apiserver'], keepsKeys: true, now: inDays(1) });
    expect(files.map(({ path }) => path)).toEqual(['pki/apiserver.crt']);
    const key = parsePrivateKey(textOf(pki.files, 'pki/apiserver.key'));
    const spki = read(files, 'pki/apiserver.crt').publicKey.export({ type: 'spki', format: 'der' });
    expect(spki.equals(key.spkiDer)).toBe(true);
  });

  test('follows options only once it is said which is meant', async () => {
    const asked = { ...options, names: ['apiserver'] };
    const refused = renew(asked);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      detail: { findings: [{ row: 'apiserver', code: 'subject-alternative-name-surplus' }] },
    });
    const [spec, certificate] = await Promise.all([
      renew({ ...asked, from: 'spec' }),
      renew({ ...asked, from: 'certificate' }),
    ]);
    expect(read(spec.files, 'pki/apiserver.crt').subjectAltName).not.toContain('api.example.com');
    expect(read(certificate.files, 'pki/apiserver.crt').subjectAltName).toContain('api.example.com');
    expect(spec.differences).toMatchObject([{ found: 'DNS:api.example.com' }]);
  });

  test('has a CA whose key is elsewhere sign, and says which certificates have none', async () => {
    const isKept = ({ path }: PresentFile): boolean => !path.endsWith('ca.key');
    const files = pki.files.filter(isKept);
    const key = parsePrivateKey(textOf(pki.files, 'pki/ca.key'));
    const ca: Signer = { spkiDer: key.spkiDer, algorithm: key.algorithm, sign: (bytes) => key.sign(bytes) };
    const { plan, files: renewed } = await renewClusterPki({ files, signers: { ca } });
    expect(renewed.map(({ path }) => path)).toContain('pki/apiserver.crt');
    const refused = plan.rows.filter(({ action }) => action === 'refuse');
    expect(refused.map(({ id }) => id)).toEqual([
      'front-proxy-client',
      'etcd-server',
      'etcd-peer',
      'etcd-healthcheck-client',
      'apiserver-etcd-client',
    ]);
    expect(refused[0]?.findings).toMatchObject([
      {
        code: 'not-renewable',
        message: 'its CA, front-proxy-ca, is external: the key is not here',
      },
    ]);
  });

  test('takes a CA for no external one whose key is there and cannot be read', async () => {
    const unread = [
      [{ obstacle: 'cannot be read (EACCES)' }, 'cannot be read (EACCES)'],
      [{ contents: 'no key' }, 'there is no key in it: expected a private key, found no PEM block'],
    ] as const;
    for (const [state, says] of unread) {
      const others = pki.files.filter(({ path }) => path !== 'pki/ca.key');
      const { plan } = await renewClusterPki({ files: [...others, { path: 'pki/ca.key', ...state }] });
      const refused = plan.rows.filter(({ action }) => action === 'refuse');
      expect(refused.map(({ id }) => id)).toContain('admin.conf');
      for (const { findings } of refused)
        expect(findings).toMatchObject([{ message: `its CA, ca, cannot sign: pki/ca.key ${says}` }]);
    }
  });

  test('reports everything that is wrong with its options together', async () => {
    const wrong = {
      now: new Date(Number.NaN),
      withinSeconds: -1,
      from: JSON.parse('"both"'),
      signers: { apiserver: Object(null) },
      files: [{ path: 'apiserver.crt', contents: '' }],
    };
    await expect(renew(wrong)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: {
        issues: [
          { option: 'now' },
          { option: 'if-expiring' },
          { option: 'from', value: 'both' },
          { option: 'files', value: 'apiserver.crt' },
          { option: 'signers', value: 'apiserver' },
        ],
      },
    });
  });
});
