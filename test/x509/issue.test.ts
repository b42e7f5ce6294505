import { createHash, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import forge from 'node-forge';
import { isPkiError } from '../../src/errors.ts';
import { KEY_ALGORITHM_IDS, KEY_ALGORITHMS, type KeyAlgorithmId } from '../../src/x509/algorithms.ts';
import { strictReader } from '../../src/x509/certificate-reader.ts';
import { type CertificateTemplate, generateSerial, issueCertificate } from '../../src/x509/issue.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import type { Certificate } from '../../src/x509/model.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import type { KeyPair, Signer } from '../../src/x509/signer.ts';
import { openssl, opensslOracle } from './openssl.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const pemOf = (der: Uint8Array): string => encodePem('CERTIFICATE', der);

function keyPair(id: KeyAlgorithmId): Promise<KeyPair> {
  const { family, bits } = KEY_ALGORITHMS[id];
  return family === 'rsa'
    ? Promise.resolve(parsePrivateKey(readFileSync(`fixtures/keys/rsa-${bits}.key`, 'utf8')))
    : generateKeyPair(id);
}

const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2046-01-01T00:00:00Z') };

function caTemplate({ spkiDer }: Signer): CertificateTemplate {
  return {
    ...validity,
    serial: generateSerial(randomBytes),
    subject: { commonName: 'kubernetes-ca' },
    spkiDer,
    isCa: true,
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
    extKeyUsage: [],
    sans: [],
    subjectKeyIdentifierMethod: 'sha256-160',
  };
}

function leafTemplate({ spkiDer }: Signer, issuer: Certificate): CertificateTemplate {
  return {
    ...validity,
    serial: generateSerial(randomBytes),
    subject: { commonName: 'kube-apiserver', organization: ['system:masters'] },
    issuerNameDer: issuer.subject.der,
    spkiDer,
    isCa: false,
    keyUsage: ['digitalSignature'],
    extKeyUsage: ['serverAuth', 'clientAuth'],
    sans: [
      { kind: 'ip', value: '10.96.0.1' },
      { kind: 'dns', value: 'kubernetes' },
      { kind: 'ip', value: 'fd00::1' },
      { kind: 'dns', value: '*.example.com' },
    ],
    subjectKeyIdentifierMethod: 'sha256-160',
    authorityKeyIdentifier: Buffer.from(issuer.subjectKeyIdentifier ?? '', 'hex'),
  };
}

async function issueChain(
  caAlgorithm: KeyAlgorithmId,
  leafAlgorithm: KeyAlgorithmId,
): Promise<{ ca: Certificate; leaf: Certificate }> {
  const [caKey, leafKey] = await Promise.all([keyPair(caAlgorithm), keyPair(leafAlgorithm)]);
  const ca = strictReader.parse(await issueCertificate(caTemplate(caKey), caKey));
  return { ca, leaf: strictReader.parse(await issueCertificate(leafTemplate(leafKey, ca), caKey)) };
}

describe('generateSerial', () => {
  test.each([0x00, 0xff])('is positive, not zero and 16 bytes long when every random byte is %d', (byte) => {
    const serial = generateSerial((size) => Buffer.alloc(size, byte));
    expect(serial).toHaveLength(16);
    expect(serial[0]).toBe(byte === 0 ? 0x40 : 0x7f);
  });

  test('holds the randomness that it was given', () => {
    expect(hex(generateSerial(() => Buffer.from('81020304050607080910111213141516', 'hex')))).toBe(
      '41020304050607080910111213141516',
    );
  });
});

opensslOracle('certificates of every algorithm by signers of every algorithm', () => {
  const combinations = KEY_ALGORITHM_IDS.flatMap((ca) =>
    KEY_ALGORITHM_IDS.map((leaf) => [ca, leaf] as const),
  );

  test.each(combinations)(
    'a CA of %s and a leaf of %s verify strictly',
    async (caAlgorithm, leafAlgorithm) => {
      const { ca, leaf } = await issueChain(caAlgorithm, leafAlgorithm);
      const verify = ['verify', '-x509_strict', '-check_ss_sig', '-CAfile', 'ca', '-attime', '1800000000'];
      const files = { ca: pemOf(ca.der), leaf: pemOf(leaf.der) };
      for (const purpose of [
        ['sslserver', '-verify_hostname', 'a.example.com'],
        ['sslclient'],
        ['sslserver', '-verify_ip', 'fd00::1'],
      ]) {
        expect(openssl([...verify, '-purpose', ...purpose, 'leaf'], files)).toMatchObject({
          status: 0,
          stdout: 'leaf: OK\n',
        });
      }
      expect(openssl([...verify, '-verify_hostname', 'other', 'leaf'], files).status).not.toBe(0);
      expect(openssl(['verify', '-x509_strict', '-CAfile', 'leaf', 'ca'], files).status).not.toBe(0);
      expect(await strictReader.isSignedBy(leaf, ca.spkiDer)).toBe(true);
    },
  );
});

describe('issueCertificate', () => {
  opensslOracle('what a certificate says', () => {
    test('is what its template says, in the order that Go writes it', async () => {
      const { leaf } = await issueChain('ECDSA-P256', 'ECDSA-P384');
      const { stdout } = openssl(['x509', '-in', 'leaf', '-noout', '-text', '-nameopt', 'RFC2253'], {
        leaf: pemOf(leaf.der),
      });
      const extensions = stdout.slice(
        stdout.indexOf('X509v3 extensions:'),
        stdout.indexOf('Signature Algorithm: ', 1000),
      );
      expect(
        extensions
          .split('\n')
          .map((line) => line.trim())
          .slice(1, -1),
      ).toEqual([
        'X509v3 Key Usage: critical',
        'Digital Signature',
        'X509v3 Extended Key Usage:',
        'TLS Web Server Authentication, TLS Web Client Authentication',
        'X509v3 Basic Constraints: critical',
        'CA:FALSE',
        'X509v3 Subject Key Identifier:',
        expect.stringMatching(/^([0-9A-F]{2}:){19}[0-9A-F]{2}$/),
        'X509v3 Authority Key Identifier:',
        expect.stringMatching(/^([0-9A-F]{2}:){19}[0-9A-F]{2}$/),
        'X509v3 Subject Alternative Name:',
        'DNS:kubernetes, DNS:*.example.com, IP Address:10.96.0.1, IP Address:FD00:0:0:0:0:0:0:1',
      ]);
      expect(stdout).toContain('Version: 3 (0x2)');
      expect(stdout).toContain('Subject: CN=kube-apiserver,O=system:masters\n');
      expect(stdout).toContain('Issuer: CN=kubernetes-ca\n');
      expect(stdout).toContain('Not Before: Jan  1 00:00:00 2026 GMT');
      expect(stdout).toContain('Not After : Jan  1 00:00:00 2046 GMT');
    });

    test('copies the issuer from a CA that encodes its name otherwise', async () => {
      const { read } = openssl(
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-utf8',
          '-keyout',
          'key',
          '-out',
          'ca',
          '-days',
          '2',
          '-subj',
          '/O=o/CN=foreign',
          '-config',
          'config',
        ],
        {
          config:
            '[req]\ndistinguished_name=dn\nstring_mask=utf8only\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:true\nsubjectKeyIdentifier=hash\n',
        },
      );
      const [block] = parsePemBlocks(read('ca'));
      const ca = strictReader.parse(block?.der ?? new Uint8Array());
      // UTF8String, where PrintableString would do.
      expect(hex(ca.subject.der)).toBe('301e310a3008060355040a0c016f3110300e06035504030c07666f726569676e');
      const key = parsePrivateKey(read('key'));
      const leaf = strictReader.parse(await issueCertificate(leafTemplate(key, ca), key));
      expect(hex(leaf.issuer.der)).toBe(hex(ca.subject.der));
      expect(leaf.authorityKeyIdentifier).toBe(ca.subjectKeyIdentifier);
    });

    test.each([
      ['sha1', (key: Uint8Array) => createHash('sha1').update(key).digest('hex')],
      ['sha256-160', (key: Uint8Array) => createHash('sha256').update(key).digest('hex').slice(0, 40)],
    ] as const)(
      'makes a subject key identifier by %s from the bits of the key',
      async (subjectKeyIdentifierMethod, digest) => {
        const key = await keyPair('RSA-2048');
        const der = await issueCertificate({ ...caTemplate(key), subjectKeyIdentifierMethod }, key);
        const bits = createPublicKey(key.privateKeyPem).export({ type: 'pkcs1', format: 'der' });
        expect(strictReader.parse(der).subjectKeyIdentifier).toBe(digest(bits));
      },
    );
  });

  test('gives the certificate that openssl gave for the same RSA key, serial and dates, byte for byte', async () => {
    const key = await keyPair('RSA-2048');
    const der = await issueCertificate(
      {
        ...caTemplate(key),
        serial: Buffer.from('0123456789abcdef', 'hex'),
        notAfter: new Date('2050-01-01T00:00:00Z'),
        extKeyUsage: ['serverAuth', 'clientAuth'],
        pathLength: 1,
        sans: [
          { kind: 'dns', value: 'kubernetes' },
          { kind: 'ip', value: '192.0.2.10' },
          { kind: 'ip', value: '2001:db8::1' },
        ],
        subjectKeyIdentifierMethod: 'sha1',
      },
      key,
    );
    expect(pemOf(der)).toBe(readFileSync('fixtures/keys/rsa-2048.crt', 'utf8'));
  });

  test('gives the signed part of a certificate that Go wrote, from what it says', async () => {
    const [own, issuer] = ['etcd/peer.crt', 'etcd/ca.crt'].map((path) =>
      strictReader.parse(
        new X509Certificate(readFileSync(`fixtures/kubeadm/v1.37.2-default/pki/${path}`)).raw,
      ),
    );
    const key = await keyPair('RSA-2048');
    const der = await issueCertificate(
      {
        serial: Buffer.from(own?.serialHex ?? '', 'hex'),
        subject: { commonName: own?.subject.attributes[0]?.value ?? '' },
        issuerNameDer: issuer?.subject.der ?? new Uint8Array(),
        notBefore: own?.notBefore ?? new Date(0),
        notAfter: own?.notAfter ?? new Date(0),
        spkiDer: own?.spkiDer ?? new Uint8Array(),
        isCa: false,
        keyUsage: own?.keyUsage ?? [],
        extKeyUsage: own?.extKeyUsage ?? [],
        sans: own?.subjectAltName ?? [],
        subjectKeyIdentifierMethod: 'sha256-160',
        authorityKeyIdentifier: Buffer.from(issuer?.subjectKeyIdentifier ?? '', 'hex'),
      },
      key,
    );
    // kubeadm's leaves have no subject key identifier; here every certificate has one.
    const written = strictReader.parse(der);
    const withoutKeyIdentifier = written.extensions.filter(({ oid }) => oid !== '2.5.29.14');
    expect(withoutKeyIdentifier.map(({ oid, critical, der: value }) => [oid, critical, hex(value)])).toEqual(
      own?.extensions.map(({ oid, critical, der: value }) => [oid, critical, hex(value)]),
    );
    const {
      extensions: _,
      der: __,
      tbsDer: ___,
      signature: ____,
      subjectKeyIdentifier: _____,
      ...same
    } = written;
    expect(own).toMatchObject(same);
  });

  test.each(['RSA-2048', 'RSA-3072', 'RSA-4096'] as const)(
    'is read by node-forge, with a key of %s',
    async (id) => {
      const { ca, leaf } = await issueChain(id, 'RSA-2048');
      const [forgeCa, forgeLeaf] = [ca, leaf].map(({ der }) => forge.pki.certificateFromPem(pemOf(der)));
      expect(forgeCa?.verify(forgeLeaf ?? forge.pki.createCertificate())).toBe(true);
      expect(forgeLeaf?.subject.attributes.map(({ shortName, value }) => [shortName, value])).toEqual([
        ['O', 'system:masters'],
        ['CN', 'kube-apiserver'],
      ]);
      expect(forgeLeaf?.getExtension('subjectAltName')).toMatchObject({
        altNames: [
          { type: 2, value: 'kubernetes' },
          { type: 2, value: '*.example.com' },
          { type: 7, ip: '10.96.0.1' },
          { type: 7, ip: 'fd00::1' },
        ],
      });
    },
  );

  test.each([
    ['2049-12-31T23:59:59Z', '170d3439313233313233353935395a'],
    ['2050-01-01T00:00:00Z', '180f32303530303130313030303030305a'],
  ])('writes notAfter %s as RFC 5280 4.1.2.5 says', async (iso, time) => {
    const key = await keyPair('ECDSA-P256');
    const der = await issueCertificate({ ...caTemplate(key), notAfter: new Date(iso) }, key);
    expect(hex(der)).toContain(time);
    expect(new Date(new X509Certificate(der).validTo)).toEqual(new Date(iso));
    expect(strictReader.parse(der).notAfter).toEqual(new Date(iso));
  });

  test.each([
    [{ isCa: true }, '30030101ff'],
    [{ isCa: true, pathLength: 0 }, '30060101ff020100'],
    [{ isCa: true, pathLength: 2 }, '30060101ff020102'],
    [{ isCa: false }, '3000'],
  ])('writes the basic constraints of %j as Go does', async (constraints, value) => {
    const key = await keyPair('ECDSA-P256');
    const certificate = strictReader.parse(
      await issueCertificate({ ...caTemplate(key), ...constraints }, key),
    );
    const extension = certificate.extensions.find(({ oid }) => oid === '2.5.29.19');
    expect([hex(extension?.der ?? new Uint8Array()), extension?.critical]).toEqual([value, true]);
    expect(certificate.basicConstraints).toEqual(constraints);
  });

  test.each([
    [['digitalSignature', 'keyEncipherment'], '030205a0'],
    [['digitalSignature', 'keyEncipherment', 'keyCertSign'], '030202a4'],
    [['keyCertSign', 'cRLSign'], '03020106'],
    [['decipherOnly'], '0303070080'],
    [['encipherOnly'], '03020001'],
  ] as const)('writes the key usage %j as a list of named bits', async (keyUsage, value) => {
    const key = await keyPair('ECDSA-P256');
    const certificate = strictReader.parse(await issueCertificate({ ...caTemplate(key), keyUsage }, key));
    const extension = certificate.extensions.find(({ oid }) => oid === '2.5.29.15');
    expect([hex(extension?.der ?? new Uint8Array()), extension?.critical]).toEqual([value, true]);
    expect(certificate.keyUsage).toEqual(keyUsage);
  });

  test('leaves out every extension that has nothing to say', async () => {
    const key = await keyPair('ECDSA-P256');
    const certificate = strictReader.parse(await issueCertificate({ ...caTemplate(key), keyUsage: [] }, key));
    expect(certificate.extensions.map(({ oid }) => oid)).toEqual(['2.5.29.19', '2.5.29.14']);
    expect(certificate.issuer).toEqual(certificate.subject);
  });

  test('writes an extended key usage that has no name by its OID', async () => {
    const key = await keyPair('ECDSA-P256');
    const extKeyUsage = ['1.3.6.1.5.5.7.3.17', 'OCSPSigning'];
    const der = await issueCertificate({ ...caTemplate(key), extKeyUsage }, key);
    expect(strictReader.parse(der).extKeyUsage).toEqual(extKeyUsage);
  });

  test('writes an IPv4-mapped address as 4 bytes, as Go does', async () => {
    const key = await keyPair('ECDSA-P256');
    const sans = [{ kind: 'ip', value: '::ffff:192.0.2.1' }] as const;
    const der = await issueCertificate({ ...caTemplate(key), sans }, key);
    expect(strictReader.parse(der).subjectAltName).toEqual([{ kind: 'ip', value: '192.0.2.1' }]);
  });

  test.each([
    { kind: 'dns', value: 'münchen.example' },
    { kind: 'dns', value: 'a b' },
    { kind: 'dns', value: '' },
    { kind: 'ip', value: '10.0.0.0/8' },
    { kind: 'other', value: 'URI:https://example.com' },
  ] as const)('refuses the name %j', async (name) => {
    const key = await keyPair('ECDSA-P256');
    await expect(issueCertificate({ ...caTemplate(key), sans: [name] }, key)).rejects.toThrow(RangeError);
  });

  test('refuses a signer that does not sign with the key, or in the way, that it states', async () => {
    const [key, other, longer] = await Promise.all([
      keyPair('ECDSA-P256'),
      keyPair('ECDSA-P256'),
      keyPair('ECDSA-P384'),
    ]);
    const liars: readonly Signer[] = [
      { ...key, sign: (data) => other.sign(data) },
      { ...key, spkiDer: other.spkiDer },
      { ...key, algorithm: 'ECDSA-P384' },
      { ...key, sign: (data) => longer.sign(data) },
      { ...key, sign: () => Promise.resolve(new Uint8Array()) },
    ];
    for (const liar of liars) {
      const error: unknown = await issueCertificate(caTemplate(key), liar).catch((reason: unknown) => reason);
      expect(isPkiError(error, 'ERR_KEY')).toBe(true);
    }
  });

  test('passes on why a signer could not sign', async () => {
    const key = await keyPair('ECDSA-P256');
    const absent = { ...key, sign: () => Promise.reject(new Error('the HSM is away')) };
    await expect(issueCertificate(caTemplate(key), absent)).rejects.toThrow('the HSM is away');
  });
});
