import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planBundle } from '../../src/bundle.ts';
import { encodeBundle } from '../../src/library/bundle.ts';
import { generateClusterPki } from '../../src/library/generate.ts';
import { createUserKubeconfig } from '../../src/library/user.ts';
import { parseKubeconfig } from '../../src/kubeconfig/parse.ts';
import type { KeyAlgorithmId } from '../../src/x509/algorithms.ts';
import { parsePemBlocks } from '../../src/x509/pem.ts';
import { encodePkcs12 } from '../../src/x509/pkcs12.ts';
import { withDirectory } from '../cli/tree.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { opensslOracle } from './openssl.ts';

const PASSWORD = 'correct horse';

interface Made {
  readonly bundle: Uint8Array;
  /** What went into it, as PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly authorities: string;
}

/** A bundle of a user below a root CA. */
async function make(
  keyAlgorithm: KeyAlgorithmId,
  options: { readonly isLegacy?: boolean; readonly password?: string } = {},
): Promise<Made> {
  const { files } = await generateClusterPki({
    hostIp: '192.0.2.10',
    hostname: 'cp1',
    keyAlgorithm,
    rootCa: true,
  });
  const { kubeconfig } = await createUserKubeconfig({ files, clientName: 'Zoë' });
  const { bundle, chain, notices } = await encodeBundle({ from: kubeconfig, password: PASSWORD, ...options });
  expect({ chain: chain.length, notices }).toEqual({ chain: 2, notices: [] });
  const { clientCertificate, clientKey, certificateAuthority } = await parseKubeconfig(kubeconfig);
  const pemOf = (part: unknown): string => String(Object(part).pem);
  return {
    bundle,
    certificate: pemOf(clientCertificate),
    key: pemOf(clientKey),
    authorities: pemOf(certificateAuthority),
  };
}

const privateKeyDer = (pem: string): Buffer => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
const certificateDers = (pem: string): readonly Uint8Array[] =>
  parsePemBlocks(pem).flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [der] : []));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runIn(cwd: string, command: string, ...args: readonly string[]): Ran {
  const env = { PATH: process.env['PATH'], HOME: cwd, LC_ALL: 'C.UTF-8' };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

opensslOracle('PKCS#12', () => {
  test.each([
    ['RSA-2048', {}],
    ['ECDSA-P256', { password: 'pässwörd 🦊' }],
    ['ECDSA-P384', {}],
    ['ECDSA-P521', {}],
    ['Ed25519', {}],
    ['RSA-2048', { isLegacy: true }],
    ['ECDSA-P256', { isLegacy: true, password: 'pässwörd 🦊' }],
  ] as const)(
    'is read back whole, with %s and %j',
    async (keyAlgorithm, options) => {
      const { bundle, certificate, key, authorities } = await make(keyAlgorithm, options);
      await withDirectory((cwd) => {
        writeFileSync(join(cwd, 'a.p12'), bundle);
        writeFileSync(join(cwd, 'pw'), 'password' in options ? options.password : PASSWORD);
        const openssl = (...args: readonly string[]): Ran =>
          runIn(cwd, 'openssl', 'pkcs12', '-in', 'a.p12', '-passin', 'file:pw', ...args);
        const { stdout, status, stderr } = openssl('-nodes');
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(certificateDers(stdout)).toEqual(certificateDers(certificate + authorities));
        expect(privateKeyDer(stdout)).toEqual(privateKeyDer(key));
        expect(stdout.match(/friendlyName/g)).toHaveLength(2);
        expect(new Set(stdout.match(/localKeyID: .*/g)).size).toBe(1);

        const info = openssl('-info', '-noout').stderr;
        const [rounds, mac, cipher] =
          'isLegacy' in options
            ? [100_000, 'sha1', 'pbeWithSHA1And3-KeyTripleDES-CBC']
            : [600_000, 'sha256', 'PBES2, PBKDF2, AES-256-CBC'];
        expect(info).toContain(`MAC: ${mac}, Iteration ${rounds}`);
        expect(info).toContain(`PKCS7 Encrypted data: ${cipher}, Iteration ${rounds}`);
        expect(info).toContain(`Shrouded Keybag: ${cipher}, Iteration ${rounds}`);
        if (!('isLegacy' in options)) expect(info.match(/PRF hmacWithSHA256/g)).toHaveLength(2);

        writeFileSync(join(cwd, 'pw'), 'another');
        expect(openssl('-nodes')).toMatchObject({
          stdout: '',
          stderr: expect.stringContaining('invalid password'),
        });
      });
    },
    60_000,
  );
});

oracle(
  'pk12util',
  isOnPath('pk12util') && isOnPath('certutil'),
  "NSS's pk12util and certutil are not on the PATH",
)('what browsers on NSS import', () => {
  // NSS 3.87 knows no Ed25519.
  test.each([
    ['RSA-2048', {}],
    ['ECDSA-P256', {}],
    ['RSA-2048', { isLegacy: true }],
  ] as const)(
    'is a bundle with %s and %j',
    async (keyAlgorithm, options) => {
      const { bundle, certificate } = await make(keyAlgorithm, options);
      await withDirectory((cwd) => {
        mkdirSync(join(cwd, 'nss'));
        writeFileSync(join(cwd, 'a.p12'), bundle);
        expect(runIn(cwd, 'certutil', '-N', '-d', 'sql:nss', '--empty-password')).toMatchObject({
          status: 0,
        });
        const imported = runIn(cwd, 'pk12util', '-i', 'a.p12', '-d', 'sql:nss', '-W', PASSWORD);
        expect(imported).toMatchObject({ status: 0, stdout: expect.stringContaining('IMPORT SUCCESSFUL') });
        const { stdout } = runIn(cwd, 'certutil', '-L', '-d', 'sql:nss');
        // With its private key (u), and its CAs beside it.
        expect(stdout).toMatch(/^Zoë +u,u,u/m);
        expect(stdout).toMatch(/^kubernetes-ca +,,/m);
        expect(stdout).toMatch(/^kubernetes-root-ca +,,/m);
        const own = runIn(cwd, 'certutil', '-L', '-d', 'sql:nss', '-n', 'Zoë', '-a').stdout.replaceAll(
          '\r',
          '',
        );
        expect(certificateDers(own)).toEqual(certificateDers(certificate));
      });
    },
    60_000,
  );
});

oracle(
  'keytool',
  isOnPath('keytool'),
  'keytool is not on the PATH',
)('what Java imports', () => {
  test.each([
    ['RSA-2048', {}],
    ['Ed25519', {}],
    ['ECDSA-P256', { isLegacy: true }],
  ] as const)(
    'is a bundle with %s and %j',
    async (keyAlgorithm, options) => {
      const { bundle, certificate } = await make(keyAlgorithm, options);
      await withDirectory((cwd) => {
        writeFileSync(join(cwd, 'a.p12'), bundle);
        const { status, stdout } = runIn(
          cwd,
          'keytool',
          '-list',
          '-v',
          '-keystore',
          'a.p12',
          '-storepass',
          PASSWORD,
        );
        expect({ status, stdout }).toMatchObject({ status: 0 });
        expect(stdout).toContain('Entry type: PrivateKeyEntry');
        expect(stdout).toContain('Certificate chain length: 3');
        const [der = new Uint8Array()] = certificateDers(certificate);
        const print = createHash('sha256').update(der).digest('hex').toUpperCase().match(/../g)?.join(':');
        expect(stdout).toContain(`SHA256: ${print}`);
      });
    },
    60_000,
  );
});

describe('encodeBundle', () => {
  const pki = generateClusterPki({ hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
  const textOf = async (path: string): Promise<string> =>
    (await pki).files.find((file) => file.path === path)?.contents ?? '';

  test('takes a client, with its own key, and no other', async () => {
    const encode = async (certificate: string, key: string): Promise<unknown> =>
      encodeBundle({
        from: { certificate: await textOf(certificate), key: await textOf(key), authorities: '' },
        password: 'x',
      });
    const [own, other, server] = ['pki/front-proxy-client', 'pki/apiserver-kubelet-client', 'pki/apiserver'];
    await expect(encode(`${server}.crt`, `${server}.key`)).rejects.toMatchObject({ code: 'ERR_CERTIFICATE' });
    await expect(encode('pki/ca.crt', 'pki/ca.key')).rejects.toMatchObject({ code: 'ERR_CERTIFICATE' });
    await expect(encode(`${own}.crt`, `${other}.key`)).rejects.toMatchObject({ code: 'ERR_KEY' });
    await expect(encode(`${own}.key`, `${own}.key`)).rejects.toMatchObject({ code: 'ERR_PEM' });
    await expect(encode(`${own}.crt`, `${own}.crt`)).rejects.toMatchObject({ code: 'ERR_PEM' });
  });

  test('has of the CAs those that signed it, and says where there are none', async () => {
    const name = 'pki/front-proxy-client';
    const own = {
      certificate: { pem: await textOf(`${name}.crt`) },
      key: { pem: await textOf(`${name}.key`) },
    };
    const authorities = [
      { pem: await textOf('pki/ca.crt') },
      { pem: await textOf('pki/front-proxy-ca.crt') },
    ];
    const now = new Date();
    const { chain, notices, friendlyName } = await planBundle(
      { ...own, authorities },
      { now, friendlyName: undefined },
    );
    expect(chain.map(({ der }) => Buffer.from(der))).toEqual(
      certificateDers(await textOf('pki/front-proxy-ca.crt')).map((der) => Buffer.from(der)),
    );
    expect({ notices, friendlyName }).toEqual({ notices: [], friendlyName: 'front-proxy-client' });
    const late = { now: new Date('2099-01-01'), friendlyName: 'x' };
    expect((await planBundle({ ...own, authorities: [] }, late)).notices).toEqual([
      'the certificate has expired: no API server takes it',
      'the CA that signed it, "CN=kubernetes-front-proxy-ca", is not here, and so not in the bundle',
    ]);
  });

  test('wants a password, and a kubeconfig with a certificate', async () => {
    const from = await textOf('admin.conf');
    for (const password of ['', undefined, 7])
      await expect(encodeBundle(Object({ from, password }))).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    const { kubeconfig } = await createUserKubeconfig({
      files: (await pki).files,
      clientName: 'a',
      token: 't',
    });
    await expect(encodeBundle({ from: kubeconfig, password: 'x' })).rejects.toMatchObject({
      code: 'ERR_KUBECONFIG',
      detail: { field: 'client-certificate-data' },
    });
  });

  test('is another one each time, and says nothing of what it locks', async () => {
    const [der = new Uint8Array()] = certificateDers(await textOf('pki/front-proxy-client.crt'));
    const key = privateKeyDer(await textOf('pki/front-proxy-client.key'));
    const contents = {
      privateKeyDer: key,
      certificateDers: [der],
      friendlyName: 'a',
      password: 'b',
      isLegacy: false,
    } as const;
    const [one, two] = [
      await encodePkcs12({ ...contents, randomBytes }),
      await encodePkcs12({ ...contents, randomBytes }),
    ];
    expect(one).not.toEqual(two);
    for (const text of [key.subarray(-32), Buffer.from(der).subarray(-32), Buffer.from('front-proxy-client')])
      expect(Buffer.from(one).includes(text)).toBe(false);
  }, 30_000);
});
