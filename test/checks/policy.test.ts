import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parsePolicyText } from '../../src/cluster/policy.ts';
import { type PolicyOptions, type PresentFile, verifyClusterPki } from '../../src/index.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { filesOf, NOW } from '../report/audited.ts';
import { forgeCertificate } from '../x509/forge.ts';

let clean: readonly PresentFile[];
beforeAll(async () => {
  clean = await filesOf();
});

/** `code path` of everything that a policy finds fault with. */
async function breaches(
  policy: PolicyOptions,
  files: readonly PresentFile[] = clean,
): Promise<readonly string[]> {
  const { findings } = await verifyClusterPki({ files, at: NOW, policy });
  const own = findings.filter(({ code }) => code.startsWith('policy-'));
  expect(own.every(({ severity }) => severity === 'error')).toBe(true);
  return own.map(({ code, path }) => `${code} ${path}`);
}

/** The files with something behind what one of them holds. */
const withMore = (path: string, more: string): readonly PresentFile[] =>
  clean.map((file) => (file.path === path ? { ...file, contents: `${file.contents}${more}` } : file));

const WITH_CERTIFICATE = /\.crt$|\.conf$/;
const withCertificate = (): readonly string[] =>
  clean.map(({ path }) => path).filter((path) => WITH_CERTIFICATE.test(path));

describe('a policy', () => {
  test('that lets everything pass finds nothing', async () => {
    expect(
      await breaches({
        keyAlgorithms: ['ECDSA-P256'],
        signatureHashes: ['sha256'],
        maximumValidity: { ca: '3651d', certificate: '366d' },
      }),
    ).toEqual([]);
  });

  test('holds every key to its algorithms, those of kubeconfigs and service accounts included', async () => {
    const found = await breaches({ keyAlgorithms: ['RSA-3072', 'Ed25519'] });
    expect(found.toSorted()).toEqual(
      [...withCertificate(), 'pki/sa.key'].map((path) => `policy-key-algorithm ${path}`).toSorted(),
    );
  });

  test('lets no key pass that it does not name, and none that nobody can tell', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const odd = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const unknown = encodePem(
      'CERTIFICATE',
      // A SubjectPublicKeyInfo of no algorithm that there is.
      forgeCertificate({ spkiDer: Buffer.from('300c300706052a03040506030100', 'hex').subarray(0, 14) }),
    );
    const policy = { keyAlgorithms: ['ECDSA-P256'] };
    expect(await breaches(policy, withMore('pki/sa.pub', odd))).toEqual(['policy-key-algorithm pki/sa.pub']);
    expect(await breaches(policy, withMore('pki/ca.crt', unknown))).toEqual([
      'policy-key-algorithm pki/ca.crt',
    ]);
  });

  test('holds every signature to its hashes', async () => {
    const found = await breaches({ signatureHashes: ['sha384', 'sha512'] });
    expect(found.toSorted()).toEqual(
      withCertificate()
        .map((path) => `policy-signature-hash ${path}`)
        .toSorted(),
    );
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const algorithm = Buffer.from('300d06092a864886f70d0101050500', 'hex');
    const old = forgeCertificate({ signature: { algorithm, hash: 'sha1', key } });
    const files = withMore('pki/ca.crt', encodePem('CERTIFICATE', old));
    expect(await breaches({ signatureHashes: ['sha256'] }, files)).toEqual([
      'policy-signature-hash pki/ca.crt',
    ]);
  });

  test('counts Ed25519 as the hash that it is made over', async () => {
    const files = await filesOf({}, { keyAlgorithm: 'Ed25519', saKeyAlgorithm: 'ECDSA-P256' });
    expect(await breaches({ signatureHashes: ['sha512'] }, files)).toEqual([]);
    expect(await breaches({ signatureHashes: ['sha256'] }, files)).not.toEqual([]);
  });

  test('holds CAs and leaves each to their validity, backdating included', async () => {
    const leaves = await breaches({ maximumValidity: { certificate: '365d' } });
    expect(leaves).toHaveLength(withCertificate().length - 3);
    const cas = await breaches({ maximumValidity: { ca: '9y', certificate: '2y' } });
    expect(cas).toEqual([
      'policy-validity pki/ca.crt',
      'policy-validity pki/front-proxy-ca.crt',
      'policy-validity pki/etcd/ca.crt',
    ]);
  });
});

test('the example in the documentation is a policy', async () => {
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(readFileSync('docs/policy.md', 'utf8')) ?? [];
  const policy = await parsePolicyText(text, 'docs/policy.md');
  expect(policy.keyAlgorithms?.length).toBeGreaterThan(0);
  expect(policy.signatureHashes?.length).toBeGreaterThan(0);
  expect(Object.keys(policy.maximumValiditySeconds)).toEqual(['ca', 'certificate']);
});
