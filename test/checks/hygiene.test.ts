import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkHygiene, checkSerials, HYGIENE_RULES } from '../../src/checks/hygiene.ts';
import { generateClusterPki, KEY_ALGORITHM_IDS, PROFILES, verifyClusterPki } from '../../src/index.ts';
import { type CertificateReader, loadForeignReader } from '../../src/x509/certificate-reader.ts';
import { encodeDer, encodeOid, encodeSequence, implicitTag, TAG } from '../../src/x509/der.ts';
import { parsePrivateKey } from '../../src/x509/keys.ts';
import type { Certificate } from '../../src/x509/model.ts';
import { encodeName } from '../../src/x509/name.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import { keySource } from '../support/cluster.ts';
import { type Forgery, forgeCertificate, forgeExtension } from '../x509/forge.ts';
import { openssl, opensslOracle } from '../x509/openssl.ts';

function readOrNothing(reader: CertificateReader, der: Uint8Array): Certificate | undefined {
  try {
    return reader.parse(der);
  } catch {
    return undefined;
  }
}

/** The codes of all that is found in a certificate, with their severities where asked for. */
async function codes(
  der: Uint8Array,
  { withSeverity = false }: { readonly withSeverity?: boolean } = {},
): Promise<readonly string[]> {
  const certificate = readOrNothing(await loadForeignReader(), der);
  return checkHygiene({ path: 'pki/x.crt', der, ...(certificate && { certificate }) }).map((finding) =>
    withSeverity ? `${finding.severity} ${finding.code}` : finding.code,
  );
}

const hex = (digits: string): Uint8Array => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const CRITICAL = 0xff;

const keyUsage = (bits: string, critical?: number): Uint8Array =>
  forgeExtension('2.5.29.15', hex(bits), critical);
const basicConstraints = (value: string, critical?: number): Uint8Array =>
  forgeExtension('2.5.29.19', hex(value), critical);
const subjectAltName = (names: readonly Uint8Array[], critical?: number): Uint8Array =>
  forgeExtension('2.5.29.17', encodeSequence(...names), critical);
const dns = (name: string): Uint8Array => encodeDer(implicitTag(2), Buffer.from(name, 'latin1'));
const extKeyUsage = (...oids: readonly string[]): Uint8Array =>
  forgeExtension('2.5.29.37', encodeSequence(...oids.map(encodeOid)));
const [SERVER_AUTH, CLIENT_AUTH] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];

const nameOf = (...attributes: readonly (readonly [oid: string, tag: number, text: string])[]): Uint8Array =>
  encodeSequence(
    ...attributes.map(([oid, tag, text]) =>
      encodeDer(TAG.set, encodeSequence(encodeOid(oid), encodeDer(tag, Buffer.from(text)))),
    ),
  );
const [COMMON_NAME, COUNTRY] = ['2.5.4.3', '2.5.4.6'];

const rsaPem = readFileSync('fixtures/keys/rsa-2048.key', 'utf8');
const rsaSpkiDer = parsePrivateKey(rsaPem).spkiDer;
const ed25519SpkiDer = hex(`302a300506032b6570032100${'07'.repeat(32)}`);
/** The signature itself is not looked at. */
const signedAs = (algorithm: string): NonNullable<Forgery['signature']> => ({
  algorithm: hex(algorithm),
  hash: 'sha256',
  key: createPrivateKey(rsaPem),
});

type Extensions = Readonly<Record<string, Uint8Array>>;

const KEY_IDENTIFIERS: Extensions = {
  subjectKeyIdentifier: forgeExtension('2.5.29.14', hex('0404 01020304')),
  authorityKeyIdentifier: forgeExtension('2.5.29.35', hex('3006 8004 05060708')),
};
const LEAF: Extensions = {
  keyUsage: keyUsage('03020780', CRITICAL),
  extKeyUsage: extKeyUsage(SERVER_AUTH),
  basicConstraints: basicConstraints('3000', CRITICAL),
  ...KEY_IDENTIFIERS,
  subjectAltName: subjectAltName([dns('kubernetes')]),
};
const CA: Extensions = {
  keyUsage: keyUsage('03020106', CRITICAL),
  basicConstraints: basicConstraints('30030101ff', CRITICAL),
  ...KEY_IDENTIFIERS,
};

/** What is otherwise than in a sound certificate; an extension of `without` is left out. */
interface Change extends Omit<Forgery, 'extensions'> {
  readonly of?: Extensions;
  readonly without?: readonly string[];
  readonly extensions?: Extensions;
}

const SERIAL = hex('4201020304050607');

function forge({ of = LEAF, without = [], extensions = {}, ...forgery }: Change = {}): Uint8Array {
  const all = Object.entries({ ...of, ...extensions }).filter(([name]) => !without.includes(name));
  return forgeCertificate({
    serial: SERIAL,
    issuerDer: encodeName({ commonName: 'ca' }),
    ...forgery,
    ...(all.length === 0 ? {} : { extensions: all.map(([, der]) => der) }),
  });
}

const FAULTS: readonly (readonly [title: string, codes: readonly string[], change: Change])[] = [
  [
    'an extension that stands there twice',
    ['duplicate-extension'],
    { extensions: { again: keyUsage('03020780', CRITICAL) } },
  ],
  [
    'another algorithm in what is signed',
    ['signature-algorithm-mismatch'],
    { tbsAlgorithm: hex('300a06082a8648ce3d040303') },
  ],
  [
    'a leaf of version 1',
    ['version-outdated', 'leaf-subject-key-identifier-absent', 'authority-key-identifier-absent'],
    { of: {} },
  ],
  ['extensions in version 1', ['version-outdated', 'extensions-ignored'], { version: 1 }],
  [
    'GeneralizedTime before 2050',
    ['time-encoding'],
    { notAfterDer: encodeDer(TAG.generalizedTime, Buffer.from('20360101000000Z')) },
  ],
  ...['3601010000Z', '360101000000+0100'].map(
    (text) =>
      [
        `the UTCTime ${text}`,
        ['time-encoding'],
        { notAfterDer: encodeDer(TAG.utcTime, Buffer.from(text)) },
      ] as const,
  ),
  ...['205601010000Z', '20560101000000.5Z', '20560101000000'].map(
    (text) =>
      [
        `the GeneralizedTime ${text}`,
        ['time-encoding'],
        { notAfterDer: encodeDer(TAG.generalizedTime, Buffer.from(text)) },
      ] as const,
  ),
  [
    'critical FALSE',
    ['default-encoded'],
    { extensions: { extKeyUsage: forgeExtension('2.5.29.37', hex('300a06082b06010505070301'), 0) } },
  ],
  [
    'cA FALSE',
    ['default-encoded'],
    { extensions: { basicConstraints: basicConstraints('3003010100', CRITICAL) } },
  ],
  [
    'a keyUsage without bits',
    ['key-usage-encoding'],
    { extensions: { keyUsage: keyUsage('030100', CRITICAL) } },
  ],
  [
    'a keyUsage with zeros at its end',
    ['key-usage-encoding'],
    { extensions: { keyUsage: keyUsage('03020080', CRITICAL) } },
  ],
  [
    'a keyUsage with a byte too many',
    ['key-usage-encoding'],
    { extensions: { keyUsage: keyUsage('0303078000', CRITICAL) } },
  ],
  [
    'an empty extKeyUsage',
    ['extension-empty'],
    { extensions: { extKeyUsage: forgeExtension('2.5.29.37', hex('3000')) } },
  ],
  ['an empty subjectAltName', ['extension-empty'], { extensions: { subjectAltName: subjectAltName([]) } }],
  [
    'an RSA key without parameters',
    ['rsa-key-parameters'],
    { spkiDer: encodeSequence(hex('300b06092a864886f70d010101'), hex('0303000102')) },
  ],
  [
    'an RSA signature without parameters',
    ['rsa-signature-parameters'],
    { signature: signedAs('300b06092a864886f70d01010b') },
  ],
  ['a negative serial number', ['serial-negative'], { serial: hex('f201020304050607') }],
  ['the serial number zero', ['serial-zero'], { serial: hex('00') }],
  ['a serial number of 21 octets', ['serial-too-long'], { serial: hex(`00ff${'01'.repeat(19)}`) }],
  ['a serial number that was counted', ['serial-short'], { serial: hex('00ffffffff') }],
  ...Object.entries({
    'SHA-1 with RSA': '300d06092a864886f70d0101050500',
    'MD5 with RSA': '300d06092a864886f70d0101040500',
    'SHA-1 with ECDSA': '300906072a8648ce3d0401',
    'SHA-256 with DSA': '300b0609608648016503040302',
    'RSASSA-PSS with SHA-1': '300d06092a864886f70d01010a3000',
  }).map(([name, algorithm]) => [name, ['signature-refused'], { signature: signedAs(algorithm) }] as const),
  [
    'a root that is signed with SHA-1',
    ['root-signature-refused'],
    {
      of: CA,
      issuerDer: encodeName({ commonName: 'forged' }),
      signature: signedAs('300906072a8648ce3d0401'),
    },
  ],
  [
    'a critical subjectKeyIdentifier',
    ['key-identifier-critical'],
    { extensions: { subjectKeyIdentifier: forgeExtension('2.5.29.14', hex('0404 01020304'), CRITICAL) } },
  ],
  [
    'a critical authorityKeyIdentifier',
    ['key-identifier-critical'],
    {
      extensions: {
        authorityKeyIdentifier: forgeExtension('2.5.29.35', hex('3006 8004 05060708'), CRITICAL),
      },
    },
  ],
  [
    'a CA without subjectKeyIdentifier',
    ['ca-subject-key-identifier-absent'],
    { of: CA, without: ['subjectKeyIdentifier'] },
  ],
  [
    'a leaf without subjectKeyIdentifier',
    ['leaf-subject-key-identifier-absent'],
    { without: ['subjectKeyIdentifier'] },
  ],
  ['no authorityKeyIdentifier', ['authority-key-identifier-absent'], { without: ['authorityKeyIdentifier'] }],
  [
    'the issuer in authorityKeyIdentifier',
    ['authority-key-identifier-issuer'],
    {
      extensions: {
        authorityKeyIdentifier: forgeExtension(
          '2.5.29.35',
          encodeSequence(
            hex('8004 05060708'),
            encodeDer(0xa1, encodeDer(0xa4, encodeName({ commonName: 'root' }))),
            hex('8201 05'),
          ),
        ),
      },
    },
  ],
  [
    'a CA whose basicConstraints are not critical',
    ['basic-constraints-not-critical'],
    { of: CA, extensions: { basicConstraints: basicConstraints('30030101ff') } },
  ],
  [
    'a keyUsage that is not critical',
    ['key-usage-not-critical'],
    { extensions: { keyUsage: keyUsage('03020780') } },
  ],
  [
    'nameConstraints that are not critical',
    ['name-constraints-not-critical'],
    { of: CA, extensions: { nameConstraints: forgeExtension('2.5.29.30', hex('3008 a006 3004 8202 6161')) } },
  ],
  ['a CA without keyUsage', ['ca-key-usage-absent'], { of: CA, without: ['keyUsage'] }],
  [
    'a CA that may only sign revocation lists',
    ['ca-without-key-cert-sign'],
    { of: CA, extensions: { keyUsage: keyUsage('03020102', CRITICAL) } },
  ],
  [
    'a leaf that may sign certificates',
    ['key-cert-sign-without-ca', 'key-usage-inconsistent'],
    { extensions: { keyUsage: keyUsage('03020284', CRITICAL) } },
  ],
  [
    'a leaf with a path length',
    ['path-length-without-ca'],
    { extensions: { basicConstraints: basicConstraints('3003020100', CRITICAL) } },
  ],
  [
    'a CA with a path length and no keyUsage',
    ['ca-key-usage-absent', 'path-length-without-ca'],
    {
      of: CA,
      without: ['keyUsage'],
      extensions: { basicConstraints: basicConstraints('30060101ff020100', CRITICAL) },
    },
  ],
  ...Object.entries({ ECDSA: {}, Ed25519: { spkiDer: ed25519SpkiDer } }).map(
    ([name, change]) =>
      [
        `keyEncipherment on an ${name} key`,
        ['elliptic-key-encipherment'],
        { ...change, extensions: { keyUsage: keyUsage('030205a0', CRITICAL) } },
      ] as const,
  ),
  [
    'keyAgreement on an RSA key',
    ['rsa-key-usage'],
    { spkiDer: rsaSpkiDer, extensions: { keyUsage: keyUsage('03020388', CRITICAL) } },
  ],
  [
    'cRLSign on the RSA key of a leaf',
    ['rsa-key-usage', 'key-usage-inconsistent'],
    { spkiDer: rsaSpkiDer, extensions: { keyUsage: keyUsage('03020182', CRITICAL) } },
  ],
  [
    'keyEncipherment on the RSA key of a CA',
    ['ca-key-encipherment'],
    { of: CA, spkiDer: rsaSpkiDer, extensions: { keyUsage: keyUsage('03020224', CRITICAL) } },
  ],
  [
    'keyEncipherment on a client',
    ['key-usage-inconsistent'],
    {
      spkiDer: rsaSpkiDer,
      extensions: { keyUsage: keyUsage('030205a0', CRITICAL), extKeyUsage: extKeyUsage(CLIENT_AUTH) },
    },
  ],
  ['an empty issuer', ['issuer-empty'], { issuerDer: hex('3000') }],
  ['a CA with an empty subject', ['subject-empty'], { of: CA, subjectDer: hex('3000') }],
  [
    'a client with an empty subject',
    ['subject-empty'],
    {
      subjectDer: hex('3000'),
      without: ['subjectAltName'],
      extensions: { extKeyUsage: extKeyUsage(CLIENT_AUTH) },
    },
  ],
  [
    'two common names',
    ['several-common-names'],
    { subjectDer: nameOf([COMMON_NAME, TAG.utf8String, 'a'], [COMMON_NAME, TAG.utf8String, 'b']) },
  ],
  [
    'a common name of 65 characters',
    ['name-too-long'],
    { subjectDer: encodeName({ commonName: 'ä'.repeat(65) }) },
  ],
  [
    'an organization of 65 characters',
    ['name-too-long'],
    { subjectDer: encodeName({ commonName: 'a', organization: ['o'.repeat(65)] }) },
  ],
  ['a TeletexString', ['name-string-type'], { subjectDer: nameOf([COMMON_NAME, 0x14, 'a']) }],
  ['a country in UTF8String', ['name-string-type'], { subjectDer: nameOf([COUNTRY, TAG.utf8String, 'DE']) }],
  [
    'a PrintableString with an underscore',
    ['printable-string-alphabet'],
    { subjectDer: nameOf([COMMON_NAME, TAG.printableString, 'a_b']) },
  ],
  [
    'an escape sequence in the common name',
    ['subject-control-character'],
    { subjectDer: encodeName({ commonName: 'a\u009b31m' }) },
  ],
  [
    'a critical subjectAltName beside a subject',
    ['subject-alternative-name-critical'],
    { extensions: { subjectAltName: subjectAltName([dns('kubernetes')], CRITICAL) } },
  ],
  [
    'an empty subject beside a subjectAltName that is not critical',
    ['subject-alternative-name-not-critical'],
    { subjectDer: hex('3000') },
  ],
  ['a server without subjectAltName', ['subject-alternative-name-absent'], { without: ['subjectAltName'] }],
  ...['api.example.com', '192.0.2.10', '*.example.com'].map(
    (commonName) =>
      [
        `the common name ${commonName} alone`,
        ['host-in-common-name'],
        { subjectDer: encodeName({ commonName }) },
      ] as const,
  ),
  ...['192.0.2.10', '2001:db8::10'].map(
    (address) =>
      [
        `the DNS name ${address}`,
        ['address-as-dns-name'],
        { extensions: { subjectAltName: subjectAltName([dns(address)]) } },
      ] as const,
  ),
  ...[
    '',
    ' ',
    '*',
    '*.',
    'a*.example.com',
    '*.*.example.com',
    'a.*',
    '.example.com',
    'example.com.',
    'a..b',
    '-a',
    'a b',
    'a\0',
    'a:6443',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}b`,
  ].map(
    (name) =>
      [
        `the DNS name ${JSON.stringify(name)}`,
        ['dns-name-unmatched'],
        { extensions: { subjectAltName: subjectAltName([dns(name)]) } },
      ] as const,
  ),
];

describe('the rules', () => {
  test('each has a certificate here that breaks it', () => {
    const broken = new Set(FAULTS.flatMap(([, expected]) => expected));
    expect(HYGIENE_RULES.map(({ code }) => code).filter((code) => !broken.has(code))).toEqual([]);
  });

  test.each(FAULTS)('%s is found', async (_, expected, change) => {
    expect(await codes(forge(change))).toEqual(expected);
  });
});

describe('a sound certificate has no findings', () => {
  const SOUND: Readonly<Record<string, Change>> = {
    'a server': {},
    'a CA': { of: CA },
    'a root without authorityKeyIdentifier': {
      of: CA,
      without: ['authorityKeyIdentifier'],
      issuerDer: encodeName({ commonName: 'forged' }),
    },
    'a client without subjectAltName': {
      without: ['subjectAltName'],
      extensions: { extKeyUsage: extKeyUsage(CLIENT_AUTH) },
    },
    'a server and client with an RSA key and keyEncipherment': {
      spkiDer: rsaSpkiDer,
      extensions: {
        keyUsage: keyUsage('030205a0', CRITICAL),
        extKeyUsage: extKeyUsage(SERVER_AUTH, CLIENT_AUTH),
      },
    },
    'a key usage beside an extended key usage that nobody knows': {
      extensions: {
        keyUsage: keyUsage('03020640', CRITICAL),
        extKeyUsage: extKeyUsage(SERVER_AUTH, '1.2.3.4'),
      },
    },
    'a serial number of 20 octets': { serial: hex(`7f${'01'.repeat(19)}`) },
    'the smallest serial number that may be random': { serial: hex('0100000000') },
    'UTCTime and GeneralizedTime, each in its years': {
      notBeforeDer: encodeDer(TAG.utcTime, Buffer.from('491231235959Z')),
      notAfterDer: encodeDer(TAG.generalizedTime, Buffer.from('20500101000000Z')),
    },
    'names of 64 characters': {
      subjectDer: encodeName({ commonName: '\u{1f600}'.repeat(64), organization: ['o'.repeat(64)] }),
    },
    'a PrintableString that Go lets pass': { subjectDer: nameOf([COMMON_NAME, TAG.printableString, '*&']) },
    'a common name that is in subjectAltName in another case': {
      subjectDer: encodeName({ commonName: 'API.example.com' }),
      extensions: { subjectAltName: subjectAltName([dns('api.EXAMPLE.com')]) },
    },
    'DNS names that Go matches': {
      extensions: {
        subjectAltName: subjectAltName(['a', '*.example.com', 'A_b-c.d-', 'a'.repeat(63)].map(dns)),
      },
    },
    'an RSASSA-PSS signature with SHA-256': {
      signature: signedAs(
        '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
      ),
    },
  };

  test.each(Object.entries(SOUND))('%s', async (_, change) => {
    expect(await codes(forge(change))).toEqual([]);
  });
});

test('what is no certificate is not judged', () => {
  expect(checkHygiene({ path: 'pki/x.crt', der: hex('3000') })).toEqual([]);
});

test('a certificate with something in it that is no DER is judged by the rest', () => {
  const der = forgeCertificate({ serial: Uint8Array.of(0), tbsAlgorithm: Buffer.from('30020680', 'hex') });
  expect(checkHygiene({ path: 'pki/ca.crt', der })).toMatchObject([{ code: 'version-outdated' }]);
});

test('a finding says where, what, and how to mend it', async () => {
  const der = forge({ serial: hex('00') });
  const certificate = (await loadForeignReader()).parse(der);
  expect(checkHygiene({ row: 'ca', path: 'pki/ca.crt', der, certificate })).toEqual([
    {
      code: 'serial-zero',
      severity: 'notice',
      row: 'ca',
      path: 'pki/ca.crt',
      field: 'serialNumber',
      message: 'has the serial number zero',
      expected: 'a positive number',
      found: '00',
      remedy: expect.stringContaining('nothing to do'),
    },
  ]);
});

describe('serial numbers that an issuer gave twice', () => {
  const place = async (path: string, change: Change) => {
    const der = forge(change);
    return { path, der, certificate: (await loadForeignReader()).parse(der) };
  };

  test('are found in every place', async () => {
    const all = [
      await place('pki/a.crt', {}),
      await place('pki/b.crt', { subjectDer: encodeName({ commonName: 'b' }) }),
      await place('pki/c.crt', { serial: hex('4301020304050607') }),
      await place('pki/d.crt', { issuerDer: encodeName({ commonName: 'another' }) }),
    ];
    expect(checkSerials(all).map(({ code, path, message }) => [code, path, message])).toEqual([
      ['duplicate-serial', 'pki/a.crt', 'has the serial number of another certificate, in pki/b.crt'],
      ['duplicate-serial', 'pki/b.crt', 'has the serial number of another certificate, in pki/a.crt'],
    ]);
  });

  test('are not found where it is the same certificate, nor in what cannot be read', async () => {
    const one = await place('pki/ca.crt', { of: CA });
    const { der } = await place('pki/x.crt', { of: CA, subjectDer: encodeName({ commonName: 'x' }) });
    expect(checkSerials([one, { ...one, path: 'admin.conf' }, { path: 'pki/x.crt', der }])).toEqual([]);
  });
});

/** The certificates of a file of a PKI: of a kubeconfig its client's. */
function certificatesIn(path: string, contents: string): readonly Uint8Array[] {
  const pem = path.endsWith('.conf')
    ? Buffer.from(parse(contents).users[0].user['client-certificate-data'] ?? '', 'base64').toString()
    : contents;
  return parsePemBlocks(pem).flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [der] : []));
}

/** Everything that is found in these files, each once. */
async function findingsIn(
  files: readonly (readonly [path: string, contents: string])[],
): Promise<readonly string[]> {
  const ders = files.flatMap(([path, contents]) => certificatesIn(path, contents));
  expect(ders.length).toBeGreaterThan(5);
  const all = await Promise.all(ders.map((der) => codes(der, { withSeverity: true })));
  return [...new Set(all.flat())].toSorted();
}

describe('what is issued here is sound', () => {
  const requests = PROFILES.flatMap((profile) =>
    KEY_ALGORITHM_IDS.filter((id) => profile !== 'kubeadm' || !/521|Ed/.test(id)).map(
      (id) => [profile, id] as const,
    ),
  );

  test.each(requests)('%s, %s', async (profile, keyAlgorithm) => {
    const pki = await generateClusterPki({
      hostIp: ['192.0.2.10', '2001:db8::10'],
      hostname: 'cp1',
      profile,
      keyAlgorithm,
      rootCa: true,
      generateKeyPair: keySource(),
    });
    const files = pki.files.map(({ path, contents }) => [path, contents] as const);
    // R4 asks for keyEncipherment on clients, too, where the key can bear it.
    const isByR4 = profile !== 'hardened' && keyAlgorithm.startsWith('RSA');
    expect(await findingsIn(files.filter(([path]) => /\.(?:crt|conf)$/.test(path)))).toEqual(
      isByR4 ? ['notice key-usage-inconsistent'] : [],
    );
  });
});

describe('what the real kubeadm issued has notices alone', () => {
  const golden = 'fixtures/kubeadm';

  test.each(readdirSync(golden).filter((name) => name.startsWith('v')))('%s', async (name) => {
    const paths = readdirSync(join(golden, name), { recursive: true, encoding: 'utf8' });
    const files = paths
      .filter((path) => /^(?:[^/]+\.conf|pki\/.+\.crt)$/.test(path))
      .map((path) => [path, readFileSync(join(golden, name, path), 'utf8')] as const);
    const isEc = /p256|p384/.test(name);
    expect(await findingsIn(files)).toEqual(
      [
        isEc ? 'notice elliptic-key-encipherment' : 'notice ca-key-encipherment',
        'notice key-usage-inconsistent',
        'notice leaf-subject-key-identifier-absent',
        ...(name.startsWith('v1.24') ? ['notice serial-zero'] : []),
      ].toSorted(),
    );
  });
});

opensslOracle('openssl', () => {
  // https://kubernetes.io/docs/tasks/administer-cluster/certificates/#openssl
  const CONFIG = `[req]
distinguished_name = none
[none]
[ca]
basicConstraints = CA:TRUE
subjectKeyIdentifier = hash
[server]
subjectKeyIdentifier = none
authorityKeyIdentifier = keyid, issuer:always
basicConstraints = CA:FALSE
keyUsage = keyEncipherment, dataEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:kubernetes, DNS:192.0.2.10
`;
  const issue = (args: readonly string[], files: Readonly<Record<string, string>> = {}): string => {
    const all = { 'rsa.key': rsaPem, 'openssl.cnf': CONFIG, ...files };
    const usual = ['req', '-x509', '-new', '-key', 'rsa.key', '-config', 'openssl.cnf', '-out', 'out.crt'];
    return openssl([...usual, ...args], all).read('out.crt');
  };
  const codesOf = async (pem: string): Promise<readonly string[]> =>
    codes(parsePemBlocks(pem)[0]?.der ?? new Uint8Array(), { withSeverity: true });

  test('a CA and a server nearly as the documentation of Kubernetes makes them have their faults', async () => {
    const ca = issue(['-extensions', 'ca', '-subj', '/CN=192.0.2.10']);
    expect(await codesOf(ca)).toEqual([
      'warning basic-constraints-not-critical',
      'warning ca-key-usage-absent',
    ]);
    const signer = ['-CA', 'ca.crt', '-CAkey', 'rsa.key', '-set_serial', '1'];
    const server = issue(['-extensions', 'server', '-subj', '/CN=cp1', ...signer], { 'ca.crt': ca });
    expect(await codesOf(server)).toEqual([
      'notice serial-short',
      'notice leaf-subject-key-identifier-absent',
      'warning authority-key-identifier-issuer',
      'warning key-usage-not-critical',
      'notice key-usage-inconsistent',
      'warning address-as-dns-name',
    ]);
  });
});

test('of many certificates in one file each says which it is, and the first few are told', async () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const host = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', now } as const;
  const { files } = await generateClusterPki(host);
  const forged = Array.from({ length: 13 }, (_, index) =>
    encodePem('CERTIFICATE', forgeCertificate({ version: 3, serial: Uint8Array.of(0x40, index) })),
  );
  const audited = files.map((file) =>
    file.path === 'pki/ca.crt' ? { ...file, contents: file.contents + forged.join('') } : file,
  );
  const { findings } = await verifyClusterPki({ files: audited, at: now });
  const messages = findings
    .filter(({ code, path }) => code === 'serial-short' && path === 'pki/ca.crt')
    .map(({ message }) => message);
  expect(messages).toHaveLength(11);
  expect(messages[0]).toBe('has a serial number that was counted (certificate 2 of 14, "CN=forged")');
  expect(messages.at(-1)).toBe('has 3 further certificates of which the same is so');
});
