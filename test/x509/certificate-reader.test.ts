import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPkiError, PkiError } from '../../src/errors.ts';
import {
  type CertificateReader,
  isOfIssuedKind,
  loadForeignReader,
  strictReader,
} from '../../src/x509/certificate-reader.ts';
import { encodeDer, encodeOid, encodeSequence, TAG } from '../../src/x509/der.ts';
import { issueCertificate } from '../../src/x509/issue.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import { attributeValues, type Certificate, COMMON_NAME_OID } from '../../src/x509/model.ts';
import { encodeName } from '../../src/x509/name.ts';
import { parsePemBlocks } from '../../src/x509/pem.ts';
import { subjectByNode } from '../support/node-certificate.ts';
import { forgeCertificate, type Forgery, forgeExtension, forgerSpkiDer } from './forge.ts';
import { openssl, opensslOracle } from './openssl.ts';

const hex = (bytes: Uint8Array | ArrayBuffer): string => Buffer.from(new Uint8Array(bytes)).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The certificates of the files below a folder. */
function certificatesIn(folder: string): readonly (readonly [string, Uint8Array])[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.crt'))
    .flatMap((path) =>
      parsePemBlocks(readFileSync(join(folder, path), 'utf8')).map(({ der }) => [path, der] as const),
    );
}

interface Limbo {
  readonly testcases: readonly {
    readonly id: string;
    readonly trusted_certs: readonly string[];
    readonly untrusted_intermediates: readonly string[];
    readonly peer_certificate: string;
  }[];
}

function limboCertificates(): ReadonlyMap<string, Uint8Array> {
  const limbo: Limbo = JSON.parse(readFileSync('fixtures/x509-limbo/limbo.json', 'utf8'));
  return new Map(
    limbo.testcases.flatMap(({ id, trusted_certs, untrusted_intermediates, peer_certificate }) =>
      [peer_certificate, ...untrusted_intermediates, ...trusted_certs].map(
        (pem, index) => [`${id} ${index}`, parsePemBlocks(pem)[0]?.der ?? new Uint8Array()] as const,
      ),
    ),
  );
}

/** What a reader makes of the bytes, or the field that it cannot read. */
function outcome(reader: CertificateReader, der: Uint8Array): Certificate | string {
  try {
    return reader.parse(der);
  } catch (error) {
    if (isPkiError(error, 'ERR_CERTIFICATE')) return error.detail.field;
    throw error;
  }
}

/** Holds everything that a reader said against what @peculiar/x509 says of the same bytes when asked directly. */
async function expectAsLibrary(certificate: Certificate): Promise<void> {
  // Loading the reader first brings in what the library cannot be imported without.
  await loadForeignReader();
  const x509 = await import('@peculiar/x509');
  const library = new x509.X509Certificate(new Uint8Array(certificate.der));
  expect(hex(certificate.tbsDer)).toBe(hex(library['tbs']));
  expect(hex(certificate.signature)).toBe(hex(library.signature));
  expect(certificate.serialHex.replace(/^00(?=[89a-f])/, '')).toBe(library.serialNumber);
  expect(hex(certificate.issuer.der)).toBe(hex(library.issuerName.toArrayBuffer()));
  expect(hex(certificate.subject.der)).toBe(hex(library.subjectName.toArrayBuffer()));
  expect(attributeValues(certificate.subject, COMMON_NAME_OID)).toEqual(library.subjectName.getField('CN'));
  expect(hex(certificate.spkiDer)).toBe(hex(library.publicKey.rawData));
  expect([certificate.notBefore, certificate.notAfter]).toEqual([library.notBefore, library.notAfter]);
  expect(certificate.extensions.map(({ oid, critical, der }) => [oid, critical, hex(der)])).toEqual(
    library.extensions.map(({ type, critical, value }) => [type, critical, hex(value)]),
  );
  const names = library.getExtension(x509.SubjectAlternativeNameExtension)?.names.items;
  expect(
    certificate.subjectAltName?.filter(({ kind }) => kind !== 'other').map(({ value }) => value),
  ).toEqual(names?.filter(({ type }) => type === 'dns' || type === 'ip').map(({ value }) => value));
}

describe('the two readers', () => {
  test('say the same of every certificate that kubeadm wrote, and so does the library', async () => {
    const foreignReader = await loadForeignReader();
    const certificates = certificatesIn('fixtures/kubeadm');
    expect(certificates.length).toBeGreaterThan(90);
    for (const [path, der] of certificates) {
      const certificate = strictReader.parse(der);
      expect([path, isDeepStrictEqual(foreignReader.parse(der), certificate)]).toEqual([path, true]);
      expect([path, isOfIssuedKind(certificate)]).toEqual([path, true]);
      await expectAsLibrary(certificate);
    }
  });

  test('say the same of every certificate of x509-limbo that the strict one reads', async () => {
    const foreignReader = await loadForeignReader();
    const refused = new Map<string, string>();
    for (const [id, der] of limboCertificates()) {
      const [strict, foreign] = [outcome(strictReader, der), outcome(foreignReader, der)];
      const isLeft = id === 'webpki::aki::root-with-aki-all-fields 1';
      expect([id, isDeepStrictEqual(foreign, strict)]).toEqual([id, !isLeft]);
      if (typeof strict === 'string') refused.set(id, strict);
    }
    // All but the last are to be refused by what the suite says of them, and by Go.
    expect(Object.fromEntries(refused)).toEqual({
      'rfc5280::mismatching-signature-algorithm 0': 'signature',
      'rfc5280::nc::nc-permits-invalid-ip-san 0': 'subjectAltName',
      'rfc5280::san::malformed 0': 'subjectAltName',
      'webpki::san::unicode-emoji-san 0': 'subjectAltName',
      'webpki::aki::root-with-aki-all-fields 1': 'authorityKeyIdentifier',
    });
  });

  test.each([
    'RSA-2048',
    'RSA-3072',
    'RSA-4096',
    'ECDSA-P256',
    'ECDSA-P384',
    'ECDSA-P521',
    'Ed25519',
  ] as const)('say the same of what is issued here with %s, and who signed it', async (id) => {
    const [family, bits] = id.split('-');
    const key =
      family === 'RSA'
        ? parsePrivateKey(readFileSync(`fixtures/keys/rsa-${bits}.key`, 'utf8'))
        : await generateKeyPair(id);
    const other = await generateKeyPair('ECDSA-P256');
    const der = await issueCertificate(
      {
        serial: Buffer.from('00ff', 'hex'),
        subject: { commonName: 'クラスタ', organization: ['b', 'a'] },
        notBefore: new Date('2049-12-31T23:59:59Z'),
        notAfter: new Date('2050-01-01T00:00:00Z'),
        spkiDer: key.spkiDer,
        isCa: true,
        pathLength: 1,
        keyUsage: ['keyCertSign', 'cRLSign', 'decipherOnly'],
        extKeyUsage: ['clientAuth', '1.2.3.4'],
        sans: [
          { kind: 'dns', value: '*.example.com' },
          { kind: 'ip', value: '2001:db8::1' },
        ],
        subjectKeyIdentifierMethod: 'sha1',
        authorityKeyIdentifier: Buffer.alloc(20, 1),
      },
      key,
    );
    const foreignReader = await loadForeignReader();
    const certificate = strictReader.parse(der);
    expect(foreignReader.parse(der)).toEqual(certificate);
    await expectAsLibrary(certificate);
    for (const reader of [strictReader, foreignReader]) {
      expect(await reader.isSignedBy(certificate, key.spkiDer)).toBe(true);
      expect(await reader.isSignedBy(certificate, other.spkiDer)).toBe(false);
    }
  });

  test('never say different things of damaged bytes, and throw nothing but ERR_CERTIFICATE', async () => {
    const foreignReader = await loadForeignReader();
    const intact = certificatesIn('fixtures/kubeadm/v1.33.13-ipv6-p256').map(([, der]) => der);
    const damage = fc.oneof(
      fc
        .record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) })
        .map(({ at, bit }) => (der: Uint8Array) => {
          const damaged = Buffer.from(der);
          damaged[at % der.length] = (damaged[at % der.length] ?? 0) ^ (1 << bit);
          return damaged;
        }),
      fc.nat().map((length) => (der: Uint8Array) => der.slice(0, length % der.length)),
      fc.uint8Array({ maxLength: 60 }).map((random) => () => random),
      fc
        .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 6 }))
        .map(([at, random]) => (der: Uint8Array) => {
          const damaged = Buffer.from(der);
          damaged.set(random, at % (der.length - random.length));
          return damaged;
        }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...intact), damage, (der, change) => {
        const damaged = change(der);
        const [strict, foreign] = [outcome(strictReader, damaged), outcome(foreignReader, damaged)];
        // The foreign reader reads more: what the strict one has read, it need not be asked about.
        if (typeof strict !== 'string') expect(isDeepStrictEqual(foreign, strict)).toBe(true);
      }),
      { seed: 5280, numRuns: 1000 },
    );
  });

  test('call no damaged signature or key a good one', async () => {
    const foreignReader = await loadForeignReader();
    const [ca] = parsePemBlocks(readFileSync('fixtures/kubeadm/v1.33.13-ipv6-p256/pki/ca.crt', 'utf8'));
    const certificate = strictReader.parse(ca?.der ?? new Uint8Array());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, flip, isInKey) => {
          const part = isInKey ? certificate.spkiDer : certificate.der;
          const damaged = Buffer.from(part);
          const index = damaged.length - 1 - (at % 60);
          damaged[index] = (damaged[index] ?? 0) ^ flip;
          const key = isInKey ? damaged : certificate.spkiDer;
          for (const reader of [strictReader, foreignReader]) {
            const read = isInKey ? certificate : outcome(reader, damaged);
            if (typeof read !== 'string') expect(await reader.isSignedBy(read, key)).toBe(false);
          }
        },
      ),
      { seed: 5280, numRuns: 100 },
    );
  });
});

describe('the foreign reader', () => {
  const read = async (forgery: Forgery): Promise<Certificate> =>
    (await loadForeignReader()).parse(forgeCertificate(forgery));
  const nameOf = (oid: string, value: Uint8Array): Uint8Array =>
    encodeSequence(encodeDer(TAG.set, encodeSequence(encodeOid(oid), value)));

  test.each([
    [1, undefined, undefined],
    [1, 1, undefined],
    [2, 2, [encodeDer(0x81, bytes('00ff'))]],
    [3, 3, undefined],
  ])('reads a certificate of version %d without extensions', async (version, written, uniqueIds) => {
    const certificate = await read({
      ...(written === undefined ? {} : { version: written }),
      ...(uniqueIds === undefined ? {} : { uniqueIds }),
    });
    expect([certificate.version, certificate.extensions]).toEqual([version, []]);
    expect(certificate.basicConstraints).toBeUndefined();
  });

  test.each(['00', '01', '0080', '80', '7fffffffffffffffffffffffffffffffffffffffff'])(
    'reads serial %s',
    async (serial) => {
      expect((await read({ serial: bytes(serial) })).serialHex).toBe(serial);
    },
  );

  test('reads dates that are GeneralizedTime before 2050', async () => {
    const notBeforeDer = encodeDer(TAG.generalizedTime, Buffer.from('20260101000000Z'));
    expect((await read({ notBeforeDer })).notBefore).toEqual(new Date('2026-01-01T00:00:00Z'));
  });

  test.each([
    ['UTF8String', 0x0c, 'e382af', 'ク'],
    ['UTF8String with a byte order mark', 0x0c, 'efbbbf61', '\ufeffa'],
    ['PrintableString', 0x13, '6162', 'ab'],
    ['IA5String', 0x16, '6140', 'a@'],
    ['T61String', 0x14, '66fc72', 'für'],
    ['BMPString', 0x1e, '30af0061', 'クa'],
    ['UniversalString', 0x1c, '000030af00000061', 'クa'],
    ['an empty UTF8String', 0x0c, '', ''],
    ['a string of no DirectoryString type', 0x12, '3132', '#12023132'],
  ])('reads an attribute that is %s', async (_, tag, value, text) => {
    const subjectDer = nameOf(COMMON_NAME_OID, encodeDer(tag, bytes(value)));
    const { subject } = await read({ subjectDer });
    expect([hex(subject.der), subject.attributes]).toEqual([
      hex(subjectDer),
      [{ oid: COMMON_NAME_OID, value: text }],
    ]);
  });

  test.each(['a, O=system:masters', 'a+O=b', 'a\0b', '#0c0161', ' a "', '\\0a', 'CN=a\n'])(
    'keeps %j one value',
    async (value) => {
      const { subject } = await read({ subjectDer: encodeName({ commonName: value }) });
      expect(subject.attributes).toEqual([{ oid: COMMON_NAME_OID, value }]);
    },
  );

  test('keeps the attributes of a multi-valued RDN in order, whatever their kinds', async () => {
    const attribute = (oid: string, value: string): Uint8Array =>
      encodeSequence(encodeOid(oid), encodeDer(TAG.utf8String, Buffer.from(value)));
    const rdn = [attribute('2.5.4.10', 'a'), attribute('1.2.0.4', 'bb'), attribute('2.5.4.10', 'ccc')];
    const { subject } = await read({ subjectDer: encodeSequence(encodeDer(TAG.set, ...rdn)) });
    expect(subject.attributes).toEqual([
      { oid: '2.5.4.10', value: 'a' },
      { oid: '1.2.0.4', value: 'bb' },
      { oid: '2.5.4.10', value: 'ccc' },
    ]);
  });

  test('reads names of every kind, and the ones that Kubernetes does not use for display only', async () => {
    const names = encodeSequence(
      encodeDer(0x82, Buffer.from('a\0.example')),
      encodeDer(0x81, Buffer.from('root@example.com')),
      encodeDer(0x86, Buffer.from('spiffe://example.com/a')),
      encodeDer(0x87, bytes('c0000201')),
      encodeDer(0x87, bytes('00000000000000000000ffffc0000201')),
      encodeDer(0x88, bytes('2a03')),
      encodeDer(0xa0, encodeOid('1.2.3'), encodeDer(0xa0, encodeDer(TAG.utf8String, Buffer.from('x')))),
      encodeDer(0xa4, encodeName({ commonName: 'x' })),
    );
    const { subjectAltName } = await read({ extensions: [forgeExtension('2.5.29.17', names)] });
    expect(subjectAltName).toEqual([
      { kind: 'dns', value: 'a\0.example' },
      { kind: 'other', value: 'email:root@example.com' },
      { kind: 'other', value: 'URI:spiffe://example.com/a' },
      { kind: 'ip', value: '192.0.2.1' },
      { kind: 'ip', value: '::ffff:192.0.2.1' },
      { kind: 'other', value: 'Registered ID:#88022a03' },
      { kind: 'other', value: 'othername:#a00906022a03a0030c0178' },
      { kind: 'other', value: 'DirName:#a40e300c310a30080603550403130178' },
    ]);
  });

  test('reads an authority key identifier that has the issuer and its serial number beside the key', async () => {
    const extensions = [forgeExtension('2.5.29.35', bytes('3007 8002abcd 820101'))];
    expect((await read({ extensions })).authorityKeyIdentifier).toBe('abcd');
  });

  test('reads an authority key identifier that does not identify the key', async () => {
    const certificate = await read({ extensions: [forgeExtension('2.5.29.35', bytes('3003 820101'))] });
    expect(certificate).not.toHaveProperty('authorityKeyIdentifier');
  });

  test('keeps extensions that nobody knows, in order, critical or not', async () => {
    const { extensions } = await read({
      extensions: [
        forgeExtension('1.2.3.4', bytes('0500'), 0xff),
        forgeExtension('2.25.1', bytes('no der at all'), 0x00),
        forgeExtension('2.5.29.31', bytes('')),
      ],
    });
    expect(extensions.map(({ oid, critical }) => [oid, critical])).toEqual([
      ['1.2.3.4', true],
      ['2.25.1', false],
      ['2.5.29.31', false],
    ]);
  });

  test.each([
    ['keyUsage', '2.5.29.15', '030100', { keyUsage: [] }],
    ['keyUsage', '2.5.29.15', '0303070080', { keyUsage: ['decipherOnly'] }],
    [
      'keyUsage',
      '2.5.29.15',
      '0303 00 8680',
      { keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign', 'decipherOnly'] },
    ],
    ['basicConstraints', '2.5.29.19', '3003010100', { basicConstraints: { isCa: false } }],
    ['basicConstraints', '2.5.29.19', '3003020103', { basicConstraints: { isCa: false, pathLength: 3 } }],
    [
      'extKeyUsage',
      '2.5.29.37',
      '300a 0604551d2500 06022a03',
      { extKeyUsage: ['anyExtendedKeyUsage', '1.2.3'] },
    ],
    ['authorityKeyIdentifier', '2.5.29.35', '3004 8002abcd', { authorityKeyIdentifier: 'abcd' }],
    ['subjectKeyIdentifier', '2.5.29.14', '0403 00ff01', { subjectKeyIdentifier: '00ff01' }],
  ])('reads the %s (%s) %s', async (_, oid, value, fields) => {
    const forgery = { extensions: [forgeExtension(oid, bytes(value))] };
    expect(await read(forgery)).toMatchObject(fields);
    expect(strictReader.parse(forgeCertificate(forgery))).toMatchObject(fields);
  });

  test.each([
    ['basicConstraints', '2.5.29.19', '30060101ff0201ff'],
    ['basicConstraints', '2.5.29.19', '30090101ff0204ffffffff'],
    ['basicConstraints', '2.5.29.19', '300a0101ff02050100000000'],
    ['basicConstraints', '2.5.29.19', '3003010101'],
    ['basicConstraints', '2.5.29.19', '30070101ff02020001'],
    ['basicConstraints', '2.5.29.19', '30000500'],
    ['keyUsage', '2.5.29.15', '0400'],
    ['keyUsage', '2.5.29.15', '0300'],
    ['keyUsage', '2.5.29.15', '030201ff'],
    ['extKeyUsage', '2.5.29.37', '3003020101'],
    ['extKeyUsage', '2.5.29.37', '30130c11312e332e362e312e352e352e372e332e31'],
    ['subjectAltName', '2.5.29.17', '3003 8701 01'],
    ['subjectAltName', '2.5.29.17', '3003 8201 ff'],
    ['subjectAltName', '2.5.29.17', '3002 8900'],
    ['subjectKeyIdentifier', '2.5.29.14', ''],
    ['subjectKeyIdentifier', '2.5.29.14', '020101'],
    ['authorityKeyIdentifier', '2.5.29.35', '3104 8002abcd'],
    ['authorityKeyIdentifier', '2.5.29.35', '3004 8003abcd'],
  ])('refuses the %s (%s) %s, naming the field, as the strict reader does', async (field, oid, value) => {
    const der = forgeCertificate({ extensions: [forgeExtension(oid, bytes(value))] });
    expect(outcome(await loadForeignReader(), der)).toBe(field);
    expect(outcome(strictReader, der)).toBe(field);
  });

  test.each<[string, Forgery, string]>([
    [
      'an extension that stands there twice',
      { extensions: [0, 1].map(() => forgeExtension('1.2.3', bytes(''))) },
      'extensions',
    ],
    [
      'extensions before version 3',
      { version: 2, extensions: [forgeExtension('1.2.3', bytes(''))] },
      'extensions',
    ],
    [
      'a critical flag that is neither true nor false',
      { extensions: [forgeExtension('1.2.3', bytes(''), 1)] },
      'extensions',
    ],
    ['version 4', { version: 4 }, 'version'],
    ['a serial that is not minimal', { serial: bytes('0001') }, 'serialNumber'],
    [
      'a date that there is not',
      { notAfterDer: encodeDer(TAG.utcTime, Buffer.from('260230000000Z')) },
      'validity',
    ],
    ['two signature algorithms', { tbsAlgorithm: bytes('300a06082a8648ce3d040303') }, 'signature'],
    ['a public key without its algorithm', { spkiDer: bytes('3003030100') }, 'subjectPublicKeyInfo'],
    ['a name that is not one', { issuerDer: bytes('30020500') }, 'issuer'],
    ['an attribute without a value', { subjectDer: bytes('3009 3107 3005 0603550403') }, 'subject'],
    ['a field too many', { uniqueIds: [bytes('0500')] }, 'tbsCertificate'],
  ])('refuses %s, naming the field', async (_, forgery, field) => {
    expect(outcome(await loadForeignReader(), forgeCertificate(forgery))).toBe(field);
  });

  test('says in its error what it expected and found', async () => {
    const foreignReader = await loadForeignReader();
    expect(() => foreignReader.parse(bytes('0500'))).toThrow(PkiError);
    expect(() => foreignReader.parse(bytes('0500'))).toThrow(
      'certificate cannot be read: tag 0x30 expected, tag 0x05 found',
    );
  });

  test('verifies also a signature with SHA-1, which the strict reader does not take', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const der = forgeCertificate({
      signature: { algorithm: bytes('300906072a8648ce3d0401'), hash: 'sha1', key: privateKey },
    });
    const certificate = strictReader.parse(der);
    expect(isOfIssuedKind(certificate)).toBe(false);
    const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
    expect(await (await loadForeignReader()).isSignedBy(certificate, spkiDer)).toBe(true);
    expect(await strictReader.isSignedBy(certificate, spkiDer)).toBe(false);
  });

  test.each([
    ['RSA', 'sha384', '300d06092a864886f70d01010c0500'],
    ['RSA', 'sha512', '300d06092a864886f70d01010d0500'],
    ['prime256v1', 'sha512', '300a06082a8648ce3d040304'],
    ['secp521r1', 'sha256', '300a06082a8648ce3d040302'],
  ])('verifies, as the strict reader does, a signature by %s with %s', async (kind, hash, algorithm) => {
    const key =
      kind === 'RSA'
        ? createPrivateKey(readFileSync('fixtures/keys/rsa-2048.key'))
        : generateKeyPairSync('ec', { namedCurve: kind }).privateKey;
    const certificate = strictReader.parse(
      forgeCertificate({ signature: { algorithm: bytes(algorithm), hash, key } }),
    );
    const spkiDer = createPublicKey(key).export({ type: 'spki', format: 'der' });
    for (const reader of [strictReader, await loadForeignReader()]) {
      expect(await reader.isSignedBy(certificate, spkiDer)).toBe(true);
      expect(await reader.isSignedBy(certificate, forgerSpkiDer)).toBe(false);
      expect(await reader.isSignedBy(certificate, bytes('3000'))).toBe(false);
    }
  });

  test.each([
    ['bytes that are no UTF-8', 0x0c, 'ff'],
    ['a PrintableString beyond ASCII', 0x13, 'e9'],
    ['a BMPString', 0x1e, '0061'],
  ])('is needed for a name with %s: the strict reader does not guess', (_, tag, value) => {
    const subjectDer = nameOf(COMMON_NAME_OID, encodeDer(tag, bytes(value)));
    expect(outcome(strictReader, forgeCertificate({ subjectDer }))).toBe('subject');
  });

  test.each([
    ['the issuer and its serial number beside the key', '3007 8002abcd 820101'],
    ['nothing in it', '3000'],
    ['what it cannot hold, which the foreign reader refuses', '3006 8002abcd 0500'],
  ])('is needed for an authority key identifier with %s', (_, value) => {
    const extensions = [forgeExtension('2.5.29.35', bytes(value))];
    expect(outcome(strictReader, forgeCertificate({ extensions }))).toBe('authorityKeyIdentifier');
  });

  test.each([
    ['P-224', { namedCurve: 'secp224r1' }],
    ['P-256 with the curve in full', { namedCurve: 'prime256v1', paramEncoding: 'explicit' as const }],
  ])('is needed for signatures by a key on %s: the strict reader takes them', async (_, options) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', options);
    const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
    const algorithm = bytes('300a06082a8648ce3d040302');
    const certificate = strictReader.parse(
      forgeCertificate({ spkiDer, signature: { algorithm, hash: 'sha256', key: privateKey } }),
    );
    expect(isOfIssuedKind(certificate)).toBe(false);
    expect(await strictReader.isSignedBy(certificate, spkiDer)).toBe(true);
    expect(await (await loadForeignReader()).isSignedBy(certificate, spkiDer)).toBe(false);
  });

  test('takes no signature of a key whose kind is not that of the algorithm, nor does the strict reader', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const der = forgeCertificate({
      signature: { algorithm: bytes('300d06092a864886f70d01010b0500'), hash: 'sha256', key: privateKey },
    });
    const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
    for (const reader of [strictReader, await loadForeignReader()]) {
      expect(await reader.isSignedBy(reader.parse(der), spkiDer)).toBe(false);
    }
  });

  opensslOracle('certificates as openssl makes them', () => {
    test('reads one with everything that openssl puts in by default', async () => {
      const { read: written } = openssl(
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-keyout',
          'key',
          '-out',
          'ca',
          '-days',
          '2',
          '-subj',
          '/C=JP/O=o+OU=u/CN=a,b/emailAddress=a@b',
          '-addext',
          'certificatePolicies=1.2.3',
          '-addext',
          'nameConstraints=permitted;DNS:example.com',
        ],
        {},
      );
      const [block] = parsePemBlocks(written('ca'));
      const certificate = (await loadForeignReader()).parse(block?.der ?? new Uint8Array());
      expect(certificate.subject.attributes.map(({ value }) => value)).toEqual([
        'JP',
        'o',
        'u',
        'a,b',
        'a@b',
      ]);
      expect(certificate.basicConstraints).toEqual({ isCa: true });
      expect(await (await loadForeignReader()).isSignedBy(certificate, certificate.spkiDer)).toBe(true);
    });
  });

  test.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ec', generateKeyPairSync('ec', { namedCurve: 'prime256v1' })],
  ])('takes no signature by a key of kind %s for one of Ed25519', async (_, { publicKey, privateKey }) => {
    const algorithm = bytes('300506032b6570');
    const der = forgeCertificate({ signature: { algorithm, hash: 'sha256', key: privateKey } });
    const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
    const foreignReader = await loadForeignReader();
    expect(await foreignReader.isSignedBy(foreignReader.parse(der), spkiDer)).toBe(false);
  });

  test('reads the same names and dates as Node does', async () => {
    const foreignReader = await loadForeignReader();
    for (const [, der] of certificatesIn('fixtures/kubeadm')) {
      const [certificate, node] = [foreignReader.parse(der), new X509Certificate(der)];
      expect(certificate.serialHex.replace(/^00(?=.)/, '').toUpperCase()).toBe(
        node.serialNumber.padStart(2, '0'),
      );
      expect(certificate.notAfter).toEqual(new Date(node.validTo));
      const [CN] = attributeValues(certificate.subject, COMMON_NAME_OID);
      expect(subjectByNode(node)).toMatchObject({ CN });
    }
  });
});
