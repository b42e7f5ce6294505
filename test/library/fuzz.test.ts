import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  generateClusterPki,
  PkiError,
  parseArchive,
  parseComponents,
  parseSecrets,
  parseWaivers,
  type PkiFile,
  verifyClusterPki,
} from '../../src/index.ts';
import { parsePolicyText } from '../../src/cluster/policy.ts';
import { parseWeakKeyList } from '../../src/cluster/weak-key-list.ts';
import { parseFormerAudit } from '../../src/select/baseline.ts';
import { encodeDer, encodeInteger, encodeSequence, TAG } from '../../src/x509/der.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { forgeCertificate, forgeExtension } from '../x509/forge.ts';
import { anyChanges, anyDepth, spoil } from './spoil.ts';

const IS_SLOW = process.env['SLOW'] === '1';
/** Of a run that is not slow the cases are always the same; SEED gives others to either. */
const seed = Number(process.env['SEED'] ?? 23);
/** How many audits of files that nobody has spoilt one may take, in the same run: what had no bound took five hundred. */
const MOST_AUDITS = 200;

const NOW = new Date('2026-11-23T12:00:00Z');
/** One profile is tried, and one kind of host: what more there would be is the same again. */
const ASKED = {
  hostIp: '192.0.2.10',
  hostname: 'cp1',
  profile: 'requirements',
  role: 'control-plane',
} as const;

let files: readonly PkiFile[];
let mostSeconds: number;
beforeAll(async () => {
  const { role: _, ...asked } = ASKED;
  const { files: made } = await generateClusterPki({ ...asked, keyAlgorithm: 'ECDSA-P256', now: NOW });
  const { files: rsa } = await generateClusterPki({ ...asked, now: NOW });
  // What is of RSA is read and judged in other ways.
  files = made.map(
    (file) => rsa.find(({ path }) => path === file.path && /sa\.|front-proxy/.test(path)) ?? file,
  );
  const seconds: number[] = [];
  for (let time = 0; time < 5; time += 1)
    seconds.push(await secondsOf(() => verifyClusterPki({ files, at: NOW, ...ASKED })));
  mostSeconds = (seconds.toSorted((a, b) => a - b)[2] ?? 0) * MOST_AUDITS;
});

/** The processor's time that it takes; the host may have something else to do. */
async function secondsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Audits with another text in the place of a file, or beside all: finds whatever it finds, soon, and says it in bounds. */
async function audit(
  path: string,
  contents: string,
  options: { readonly isAuto?: boolean } = {},
): Promise<void> {
  const { isAuto = false } = options;
  const others = files.filter((file) => file.path !== path);
  const audited = [...others, { path, contents, mode: 0o600 }];
  let size = 0;
  const seconds = await secondsOf(async () => {
    const asked = isAuto ? {} : ASKED;
    const { findings } = await verifyClusterPki({ files: audited, at: NOW, ...asked });
    size = JSON.stringify(findings).length;
  });
  expect(seconds).toBeLessThan(mostSeconds);
  expect(size).toBeLessThan(1_000_000);
}

describe('an audit of files that somebody has spoilt', () => {
  test('finds what it finds and never throws, soon and in few words', async () => {
    const others = files.map(({ contents }) => contents);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        anyChanges,
        anyDepth,
        fc.nat(9),
        async (index, changes, depth, where) => {
          const { path, contents } = files[index % files.length] ?? { path: '', contents: '' };
          // Some in a place that is no row's.
          await audit(where === 0 ? 'pki/other.pem' : path, spoil(contents, changes, { depth, others }));
        },
      ),
      { numRuns: IS_SLOW ? 10_000 : 300, seed },
    );
  }, 3_600_000);

  test('is none the worse for any bytes in their place', async () => {
    const anyBytes = fc.tuple(fc.constantFrom(0, 1, 40, 3000), fc.nat()).map(([size, start]) => {
      const numbers = Array.from(
        { length: size },
        (_, index) => Math.imul(index + start, 2_654_435_761) >>> 13,
      );
      return Buffer.from(numbers).toString();
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), anyBytes, async (index, text) => {
        await audit(files[index % files.length]?.path ?? '', text);
      }),
      { numRuns: IS_SLOW ? 1000 : 30, seed },
    );
  }, 3_600_000);
});

const MEBIBYTE = 1024 * 1024;

/** As many pieces as there is room for in a file. */
function fill(room: number, piece: (index: number) => string): string {
  const pieces: string[] = [];
  for (let size = 0; size < room; size += pieces.at(-1)?.length ?? room) pieces.push(piece(pieces.length));
  return pieces.slice(0, -1).join('');
}

const number = (index: number): Uint8Array => Uint8Array.of(1, index >> 16, index >> 8, index);
const smallBlock = (index: number): string => encodePem('CERTIFICATE', number(index));
const RSA = Buffer.from('300d06092a864886f70d0101010500', 'hex');

function rsaKey(index: number): string {
  const modulus = encodeInteger(Buffer.concat([Uint8Array.of(0), Buffer.alloc(1020, 0xb5), number(index)]));
  const key = encodeSequence(modulus, encodeInteger(Uint8Array.of(1, 0, 1)));
  return encodePem(
    'PUBLIC KEY',
    encodeSequence(RSA, encodeDer(TAG.bitString, Buffer.concat([Uint8Array.of(0), key]))),
  );
}

function manyNames(): string {
  const names = Array.from({ length: 30_000 }, (_, index) =>
    encodeDer(0x82, Buffer.from(`host-${index}.example.com`)),
  );
  const extensions = [forgeExtension('2.5.29.17', encodeSequence(...names))];
  return encodePem('CERTIFICATE', forgeCertificate({ extensions }));
}

/** Certificates that differ in their serial numbers. */
const certificate = (index: number): string =>
  encodePem('CERTIFICATE', forgeCertificate({ version: 3, serial: number(index) }));

const embedded = (field: string, pem: string): string =>
  (files.find(({ path }) => path === 'admin.conf')?.contents ?? '').replace(
    new RegExp(`${field}: .*`),
    `${field}: ${Buffer.from(pem).toString('base64')}`,
  );

describe('a file of a mebibyte', () => {
  test.each<readonly [what: string, path: string, contents: () => string]>([
    ['blocks of nearly nothing', 'pki/apiserver.crt', () => fill(MEBIBYTE, smallBlock)],
    ['certificates', 'pki/ca.crt', () => fill(MEBIBYTE, certificate)],
    ['certificates', 'pki/other.pem', () => fill(MEBIBYTE, certificate)],
    ['names', 'pki/apiserver.crt', manyNames],
    ['public keys', 'pki/sa.pub', () => fill(MEBIBYTE, rsaKey)],
    ['empty lines', 'pki/apiserver.crt', () => '\n'.repeat(MEBIBYTE)],
    [
      'blocks in a kubeconfig',
      'admin.conf',
      () => embedded('certificate-authority-data', fill(750_000, smallBlock)),
    ],
    [
      'certificates in a kubeconfig',
      'admin.conf',
      () => embedded('client-certificate-data', fill(750_000, certificate)),
    ],
    ['a name of a server', 'admin.conf', () => embedded('server', 'a'.repeat(600_000))],
    [
      'DER in DER',
      'pki/ca.key',
      () => encodePem('PRIVATE KEY', Buffer.alloc(700_000, '30840000ffff', 'hex')),
    ],
  ])(
    'of %s in %s takes its time, and no more',
    async (_, path, contents) => {
      await audit(path, contents(), { isAuto: true });
    },
    60_000,
  );
});

const ARGUMENTS = '/usr/bin/kube-apiserver\0--tls-cert-file=/etc/kubernetes/pki/apiserver.crt\0--v=2\0';
const UNIT =
  '[Service]\nEnvironment="ETCD_CERT_FILE=/etc/etcd/server.crt" A=b\nExecStart=/usr/bin/etcd \\\n  --name $A\n';
const SECRETS = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  type: kubernetes.io/tls
  metadata: {name: ca, namespace: kube-system}
  data: {tls.crt: LS0tLS1CRUdJTg==, tls.key: ""}
`;
const component = (form: 'manifest' | 'unit' | 'arguments') => (contents: string) =>
  parseComponents([{ path: `/etc/x.${form}`, form, contents }]);

describe('a text that somebody has spoilt', () => {
  test.each<readonly [what: string, text: string, parse: (text: string) => unknown]>([
    [
      'manifest',
      readFileSync('fixtures/manifests/v1.37.2-default/kube-apiserver.yaml', 'utf8'),
      component('manifest'),
    ],
    ['unit', UNIT, component('unit')],
    ['command line', ARGUMENTS, component('arguments')],
    [
      'policy',
      'keyAlgorithms: [RSA-3072, ECDSA-P256]\nsignatureHashes: [sha256]\nmaximumValidity: {ca: 10y, certificate: 398d}\n',
      (text) => parsePolicyText(text, 'policy.yaml'),
    ],
    [
      'list of waivers',
      '- code: expired\n  subject: pki/ca.crt\n  reason: "known"\n  until: 2027-01-01\n',
      parseWaivers,
    ],
    [
      'list of weak keys',
      `# Debian\n${'0123456789abcdef0123\n'.repeat(3)}`,
      (text) => parseWeakKeyList(text, 'list'),
    ],
    [
      'former audit',
      '{"schema": "k8s-pki/verify/v1", "directories": ["/a"], "findings": [{"fingerprint": "a b"}]}',
      parseFormerAudit,
    ],
    ['list of Secrets', SECRETS, (text) => parseSecrets(text, {})],
    ['archive', 'pki/ca.crt\0'.padEnd(512, '0000644\0'), (text) => parseArchive(Buffer.from(text))],
  ])(
    'of a %s is read, or refused by an error that says why',
    async (_, text, parse) => {
      const others = [ARGUMENTS, UNIT, SECRETS, ...files.map(({ contents }) => contents)];
      await fc.assert(
        fc.asyncProperty(anyChanges, async (changes) => {
          const spoilt = spoil(text, changes, { depth: 'text', others });
          let failure: unknown;
          const seconds = await secondsOf(async () => {
            try {
              await parse(spoilt);
            } catch (error) {
              failure = error;
            }
          });
          expect(failure === undefined || failure instanceof PkiError).toBe(true);
          expect(seconds).toBeLessThan(mostSeconds);
        }),
        { numRuns: IS_SLOW ? 5000 : 100, seed },
      );
    },
    3_600_000,
  );
});
