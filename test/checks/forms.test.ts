import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ClusterPki, verifyClusterPki } from '../../src/index.ts';
import { contentsOf } from '../support/cluster.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { forgeCertificate } from '../x509/forge.ts';
import { openssl, opensslOracle } from '../x509/openssl.ts';
import { NOW, smallPki } from './small-pki.ts';

let pki: ClusterPki;
beforeAll(async () => {
  pki = await smallPki();
});

/** What is found in one file that holds these bytes, decoded as the store does: `severity code: message`. */
async function foundIn(path: string, bytes: string | Uint8Array): Promise<readonly string[]> {
  const contents = Buffer.from(bytes).toString('utf8');
  const files = pki.files.map((file) => (file.path === path ? { ...file, contents } : file));
  const { findings } = await verifyClusterPki({ files, at: NOW, profile: 'requirements' });
  return findings
    .filter((finding) => finding.path === path)
    .map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

const CERTIFICATE = 'pki/apiserver.crt';
const KEY = 'pki/apiserver.key';
const pem = (path: string): string => contentsOf(pki, path);
const der = (path: string): Buffer => Buffer.from(pem(path).replaceAll(/-----.*-----|\n/g, ''), 'base64');
const cut = (path: string): string => pem(path).slice(0, 150);

describe('a certificate file', () => {
  test.each<readonly [what: string, make: () => string | Uint8Array, found: readonly string[]]>([
    [
      'is empty',
      () => '',
      ['error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found nothing'],
    ],
    [
      'holds its key alone',
      () => pem(KEY),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found EC PRIVATE KEY',
        'error private-key-exposed: holds a private key',
      ],
    ],
    [
      'holds a key under the label of a certificate',
      () => pem(KEY).replaceAll('EC PRIVATE KEY', 'CERTIFICATE'),
      [
        'error certificate-unreadable: block CERTIFICATE holds an EC private key (SEC 1)',
        'error private-key-exposed: holds a private key',
      ],
    ],
    [
      'is DER',
      () => der(CERTIFICATE),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found a certificate in DER',
      ],
    ],
    [
      'is a key in DER',
      () => der(KEY),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found a private key in DER',
        'error private-key-exposed: holds a private key',
      ],
    ],
    [
      'is UTF-16, with the lower byte first',
      () => Buffer.from(`\uFEFF${pem(CERTIFICATE)}`, 'utf16le'),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found text in UTF-16',
      ],
    ],
    [
      'is UTF-16, with the higher byte first',
      () => Buffer.from(pem(CERTIFICATE), 'utf16le').swap16(),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found text in UTF-16',
      ],
    ],
    [
      'begins with a byte order mark',
      () => `\uFEFF${pem(CERTIFICATE)}`,
      [
        'error certificate-unreadable: block CERTIFICATE is damaged: expected its first line at the start of a line, found a byte order mark before it',
      ],
    ],
    [
      'is indented',
      () => pem(CERTIFICATE).replaceAll(/^/gm, '  '),
      [
        'error certificate-unreadable: block CERTIFICATE is damaged: expected its first line at the start of a line, found blanks before it',
      ],
    ],
    [
      'has lines that end in CR alone',
      () => pem(CERTIFICATE).replaceAll('\n', '\r'),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found lines that end in CR alone',
      ],
    ],
    [
      'is cut off',
      () => cut(CERTIFICATE),
      [
        'error certificate-unreadable: block CERTIFICATE is cut off: expected -----END CERTIFICATE-----, found the end of the text',
      ],
    ],
    [
      'has headers in its block',
      () => pem(CERTIFICATE).replace('\n', '\nFriendly-Name: apiserver\n\n'),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found one with headers, which Kubernetes passes over',
      ],
    ],
    [
      'is random',
      () => Uint8Array.from({ length: 300 }, (_, index) => (index * 89 + 200) % 256),
      [
        'error certificate-unreadable: there is no certificate in it: expected a CERTIFICATE, found binary data',
      ],
    ],
    [
      'has binary data behind its block',
      () => Buffer.concat([Buffer.from(pem(CERTIFICATE)), Uint8Array.of(0, 1, 2, 255)]),
      ['warning pem-garbage: holds binary data beside its blocks'],
    ],
    ['has text around its block', () => `subject=CN = kube-apiserver\n${pem(CERTIFICATE)}äöü\n`, []],
    ['has lines that end in CRLF', () => pem(CERTIFICATE).replaceAll('\n', '\r\n'), []],
  ])('that %s is said to', async (_, make, found) => {
    expect(await foundIn(CERTIFICATE, make())).toEqual(found);
  });

  test('is looked at although a block behind the first cannot be read', async () => {
    const expired = await smallPki({ now: new Date('2024-01-01T00:00:00Z') });
    const own = contentsOf(expired, CERTIFICATE);
    const found = await foundIn(CERTIFICATE, `${own}${cut(CERTIFICATE)}\n${pem('pki/etcd/server.crt')}`);
    expect(found).toContain('error expired: has expired');
    expect(found).toContain(
      'error certificate-unreadable: block 2 of 3: block CERTIFICATE is damaged: expected -----END CERTIFICATE-----, found another line of dashes',
    );
  });

  test('is not held against its row by what stands behind a first block that cannot be read', async () => {
    const found = await foundIn(CERTIFICATE, `${cut(CERTIFICATE)}\n${pem('pki/etcd/server.crt')}`);
    expect(found).toEqual([
      'error certificate-unreadable: block 1 of 2: block CERTIFICATE is damaged: expected -----END CERTIFICATE-----, found another line of dashes',
    ]);
  });
});

test('of many blocks that cannot be read, the first are named and the others counted', async () => {
  const found = await foundIn(CERTIFICATE, '-----BEGIN CERTIFICATE-----\n'.repeat(200));
  expect(found).toHaveLength(11);
  expect(found.at(-1)).toBe('error certificate-unreadable: cannot be read in 190 further places');
});

test('of more blocks than any bundle has, the first are read, and it is said that there are more', async () => {
  const found = await foundIn('pki/ca.crt', pem('pki/ca.crt').repeat(300));
  expect(found).toContain(
    'error certificate-unreadable: block 257 of 257: block CERTIFICATE is damaged: expected no more than 256 blocks in a file, found more',
  );
});

test('what stands behind a certificate that cannot be read is looked at by itself', async () => {
  const forged = encodePem('CERTIFICATE', forgeCertificate({ version: 3, serial: Uint8Array.of(0) }));
  const found = await foundIn(CERTIFICATE, encodePem('CERTIFICATE', Uint8Array.of(0x30, 0)) + forged);
  expect(found).toContainEqual(expect.stringContaining('serial-zero'));
  expect(found).not.toContainEqual(expect.stringContaining('common-name'));
});

describe('a key file', () => {
  test.each<readonly [what: string, make: () => string | Uint8Array, found: readonly string[]]>([
    [
      'is empty',
      () => '',
      ['error key-unreadable: there is no key in it: expected a private key, found nothing'],
    ],
    [
      'is DER',
      () => der(KEY),
      ['error key-unreadable: there is no key in it: expected a private key, found a private key in DER'],
    ],
    [
      'holds a certificate alone',
      () => pem(CERTIFICATE),
      [
        'error key-unreadable: there is no key in it: expected a private key, found CERTIFICATE',
        'notice key-file-mixed: holds certificates beside its key',
      ],
    ],
    [
      'holds a certificate under the label of a key',
      () => pem(CERTIFICATE).replaceAll('CERTIFICATE', 'PRIVATE KEY'),
      [
        'error key-unreadable: the private key cannot be read: expected a key in PRIVATE KEY, found a certificate',
      ],
    ],
    [
      'holds a certificate, too',
      () => pem(KEY) + pem(CERTIFICATE),
      ['notice key-file-mixed: holds certificates beside its key'],
    ],
    [
      'holds several keys',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return pem(KEY) + String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
      },
      ['warning several-keys: holds several private keys'],
    ],
    [
      'is cut off behind its key',
      () => pem(KEY) + cut('pki/sa.key'),
      [
        'error key-unreadable: block EC PRIVATE KEY is cut off: expected -----END EC PRIVATE KEY-----, found the end of the text',
        'warning several-keys: holds several private keys',
      ],
    ],
  ])('that %s is said to', async (_, make, found) => {
    expect(await foundIn(KEY, make())).toEqual(found);
  });

  test('whose second block is damaged does not hide that its first belongs to another certificate', async () => {
    const files = pki.files.map((file) =>
      file.path === KEY ? { ...file, contents: pem('pki/sa.key') + cut(KEY) } : file,
    );
    const { findings } = await verifyClusterPki({ files, at: NOW, profile: 'requirements' });
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['key-unreadable', 'pair-mismatch']),
    );
  });

  opensslOracle('that openssl wrote', () => {
    test.each([
      ['ec -aes256 -passout pass:x', 'error key-unreadable: the private key is encrypted'],
      ['pkcs8 -topk8 -passout pass:x', 'error key-unreadable: the private key is encrypted'],
      [
        'pkcs8 -topk8 -nocrypt -outform DER',
        'error key-unreadable: there is no key in it: expected a private key, found a private key in DER',
      ],
      [
        'pkcs12 -export -nocerts -inkey in -passout pass:x',
        'error key-unreadable: there is no key in it: expected a private key, found a PKCS#12 store',
      ],
    ])('by %s is said to be what it is', async (command, found) => {
      const { read } = openssl([...command.split(' '), '-in', 'in', '-out', 'out'], { in: pem(KEY) });
      expect(await foundIn(KEY, read('out'))).toEqual([found]);
    });
  });
});

test.each<readonly [what: string, make: () => string | Uint8Array, found: string]>([
  ['is empty', () => '\n', 'there is no kubeconfig in it: found nothing'],
  [
    'is UTF-16',
    () => Buffer.from(pem('admin.conf'), 'utf16le'),
    'there is no kubeconfig in it: found text in UTF-16',
  ],
  ['is cut off', () => pem('admin.conf').slice(0, 300), 'kubeconfig has no current-context'],
])('a kubeconfig that %s is said to', async (_, make, found) => {
  expect(await foundIn('admin.conf', make())).toEqual([`error kubeconfig-unreadable: ${found}`]);
});

test('of several public keys, one that cannot be read hides no other', async () => {
  const damaged = pem('pki/sa.pub').replace(/\n./, '\n?');
  expect(await foundIn('pki/sa.pub', damaged + pem('pki/sa.pub'))).toEqual([
    'error public-key-unreadable: block PUBLIC KEY is damaged: expected base64, found something else',
  ]);
});
