import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isPkiError } from '../../src/errors.ts';
import { KEY_ALGORITHM_IDS, KEY_ALGORITHMS, type KeyAlgorithmId } from '../../src/x509/algorithms.ts';
import { loadForeignReader, strictReader } from '../../src/x509/certificate-reader.ts';
import { encodeDer, encodeOid, encodeSequence, explicitTag, parseDer, TAG } from '../../src/x509/der.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import { isProofOfPossession, issueRequest, type RequestTemplate } from '../../src/x509/request.ts';
import type { KeyPair } from '../../src/x509/signer.ts';
import { openssl, opensslOracle } from './openssl.ts';

const TEMPLATE: RequestTemplate = {
  subject: { commonName: 'kube-apiserver', organization: ['system:masters', 'a, CN=b'] },
  keyUsage: ['digitalSignature', 'keyEncipherment'],
  extKeyUsage: ['serverAuth', 'clientAuth'],
  sans: [
    { kind: 'dns', value: 'kubernetes' },
    { kind: 'dns', value: '*.example.com' },
    { kind: 'ip', value: '10.96.0.1' },
    { kind: 'ip', value: 'fd00::1' },
  ],
};
const BARE: RequestTemplate = { subject: { commonName: 'x' }, keyUsage: [], extKeyUsage: [], sans: [] };

function keyPair(id: KeyAlgorithmId): Promise<KeyPair> {
  const { family, bits } = KEY_ALGORITHMS[id];
  return family === 'rsa'
    ? Promise.resolve(parsePrivateKey(readFileSync(`fixtures/keys/rsa-${bits}.key`, 'utf8')))
    : generateKeyPair(id);
}

const pemOf = (der: Uint8Array): string => encodePem('CERTIFICATE REQUEST', der);
const derOf = (pem: string): Uint8Array => parsePemBlocks(pem)[0]?.der ?? new Uint8Array();

/** A request whose attributes are these bytes, with a signature that is good. */
async function withAttributes(key: KeyPair, ...attributes: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = parseDer(await issueRequest(BARE, key)).content;
  const info = parseDer(whole.subarray(0, parseDerLength(whole)));
  const bare = info.content.subarray(0, info.content.length - 2);
  const tbsDer = encodeSequence(bare, encodeDer(explicitTag(0), ...attributes));
  const algorithm = Buffer.from(KEY_ALGORITHMS[key.algorithm].signatureAlgorithmHex, 'hex');
  const signature = encodeDer(TAG.bitString, Uint8Array.of(0), await key.sign(tbsDer));
  return encodeSequence(tbsDer, algorithm, signature);
}

/** How long the first element is, whose length has one byte. */
const parseDerLength = (bytes: Uint8Array): number => 2 + (bytes[1] ?? 0);

const attribute = (oid: string, ...values: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encodeOid(oid), encodeDer(TAG.set, ...values));

describe.each(KEY_ALGORITHM_IDS)('a request for a key of %s', (id) => {
  test('says what it was to say, to both readers, and is signed with its key', async () => {
    const key = await keyPair(id);
    const der = await issueRequest(TEMPLATE, key);
    const request = strictReader.parseRequest(der);
    expect(request).toMatchObject({
      subject: {
        attributes: [
          { oid: '2.5.4.10', value: 'a, CN=b' },
          { oid: '2.5.4.10', value: 'system:masters' },
          { oid: '2.5.4.3', value: 'kube-apiserver' },
        ],
      },
      keyUsage: TEMPLATE.keyUsage,
      extKeyUsage: TEMPLATE.extKeyUsage,
      subjectAltName: TEMPLATE.sans,
    });
    expect(Buffer.compare(request.spkiDer, key.spkiDer)).toBe(0);
    expect(isProofOfPossession(request)).toBe(true);
    expect((await loadForeignReader()).parseRequest(der)).toEqual(request);
    const other = await keyPair(id === 'ECDSA-P256' ? 'ECDSA-P384' : 'ECDSA-P256');
    expect(isProofOfPossession({ ...request, spkiDer: other.spkiDer })).toBe(false);
  });

  opensslOracle('the request', () => {
    test('is verified and read by openssl', async () => {
      const der = await issueRequest(TEMPLATE, await keyPair(id));
      const read = openssl(['req', '-in', 'csr', '-noout', '-verify', '-text'], { csr: pemOf(der) });
      expect(read).toMatchObject({ status: 0 });
      expect(`${read.stdout}${read.stderr}`).toMatch(/self-signature verify OK|verify OK/);
      expect(read.stdout).toContain(
        'DNS:kubernetes, DNS:*.example.com, IP Address:10.96.0.1, IP Address:FD00:',
      );
      expect(read.stdout).toContain('X509v3 Key Usage: critical');
      expect(read.stdout).toContain('TLS Web Server Authentication, TLS Web Client Authentication');
    });
  });
});

test('a request for nothing but a subject has its attributes, and none in them', async () => {
  const der = await issueRequest(BARE, await keyPair('ECDSA-P256'));
  expect(strictReader.parseRequest(der)).toMatchObject({ extensions: [] });
  expect(Buffer.from(der).toString('hex')).toContain('a000');
});

test('a signer that signs with another key is found out', async () => {
  const [key, other] = await Promise.all([keyPair('ECDSA-P256'), keyPair('ECDSA-P256')]);
  const error = await issueRequest(BARE, { ...key, sign: other.sign }).catch((thrown: unknown) => thrown);
  expect(isPkiError(error, 'ERR_KEY')).toBe(true);
});

describe('a request as others make it', () => {
  const read = (der: Uint8Array): unknown => {
    try {
      return strictReader.parseRequest(der);
    } catch (error) {
      return isPkiError(error, 'ERR_CERTIFICATE') ? error.message : error;
    }
  };

  test('may have attributes that ask for no extension', async () => {
    const key = await keyPair('ECDSA-P256');
    const challenge = attribute('1.2.840.113549.1.9.7', encodeDer(TAG.utf8String, Buffer.from('secret')));
    const request = strictReader.parseRequest(await withAttributes(key, challenge));
    expect(request.extensions).toEqual([]);
    expect(isProofOfPossession(request)).toBe(true);
  });

  test.each([
    ['twice', 2, 1],
    ['of two values', 1, 2],
    ['of no value', 1, 0],
  ])('is refused where extensions are asked for %s', async (_, attributes, values) => {
    const key = await keyPair('ECDSA-P256');
    const one = attribute('1.2.840.113549.1.9.14', ...Array.from({ length: values }, () => encodeSequence()));
    const der = await withAttributes(key, ...Array.from({ length: attributes }, () => one));
    expect(read(der)).toBe(
      'attributes of the request cannot be read: extensions are asked for more than once',
    );
  });

  test('is refused cut short, with bytes behind it, and of another version', async () => {
    const der = Buffer.from(await issueRequest(BARE, await keyPair('ECDSA-P256')));
    expect(read(der.subarray(0, -1))).toMatch(/^the request cannot be read: /);
    expect(read(Buffer.concat([der, Buffer.of(0)]))).toMatch(/^the request cannot be read: /);
    const version = Buffer.from(der);
    version[version.indexOf(Buffer.from('020100', 'hex')) + 2] = 1;
    expect(read(version)).toBe('version of the request cannot be read: 0 expected, 1 found');
  });

  opensslOracle('requests of openssl', () => {
    const make = (...args: readonly string[]): Uint8Array => {
      const files = { cnf: '[req]\ndistinguished_name=dn\n[dn]\n' };
      const made = openssl(
        ['req', '-new', '-nodes', '-keyout', 'key', '-out', 'csr', '-config', 'cnf', ...args],
        files,
      );
      expect(made).toMatchObject({ status: 0 });
      return derOf(made.read('csr'));
    };

    test('are read with what they ask for', () => {
      const asked = [
        'subjectAltName=DNS:a,IP:10.0.0.1',
        'keyUsage=critical,digitalSignature',
        'basicConstraints=CA:TRUE',
      ];
      const der = make(
        '-newkey',
        'rsa:2048',
        '-subj',
        '/C=DE/O=x/CN=y',
        ...asked.flatMap((extension) => ['-addext', extension]),
      );
      const request = strictReader.parseRequest(der);
      expect(request).toMatchObject({
        subjectAltName: [
          { kind: 'dns', value: 'a' },
          { kind: 'ip', value: '10.0.0.1' },
        ],
        keyUsage: ['digitalSignature'],
        basicConstraints: { isCa: true },
      });
      expect(isProofOfPossession(request)).toBe(true);
    });

    test('signed by PSS prove who asks, and those by SHA-1 do not', () => {
      const pss = make(
        '-newkey',
        'rsa:2048',
        '-subj',
        '/CN=y',
        '-sha256',
        '-sigopt',
        'rsa_padding_mode:pss',
        '-sigopt',
        'rsa_pss_saltlen:32',
      );
      expect(isProofOfPossession(strictReader.parseRequest(pss))).toBe(true);
      const sha1 = make('-newkey', 'rsa:2048', '-subj', '/CN=y', '-sha1');
      expect(isProofOfPossession(strictReader.parseRequest(sha1))).toBe(false);
    });

    test('of strings that are not issued here are read by the other reader', async () => {
      const config = '[req]\ndistinguished_name=dn\nstring_mask=MASK:0x4\nprompt=no\n[dn]\nCN=José\n';
      const made = openssl(
        [
          'req',
          '-new',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-keyout',
          'key',
          '-out',
          'csr',
          '-config',
          'cnf',
          '-utf8',
        ],
        { cnf: config },
      );
      expect(made).toMatchObject({ status: 0 });
      const der = derOf(made.read('csr'));
      expect(read(der)).toMatch(/^subject of the request cannot be read: /);
      const { subject } = (await loadForeignReader()).parseRequest(der);
      expect(subject.attributes).toEqual([{ oid: '2.5.4.3', value: 'José' }]);
    });
  });

  const GOLDEN = readdirSync('fixtures/requests', { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.csr'),
  );
  test.each(GOLDEN)('is read alike by both readers: %s', async (path) => {
    const der = derOf(readFileSync(join('fixtures/requests', path), 'utf8'));
    const request = strictReader.parseRequest(der);
    expect(isProofOfPossession(request)).toBe(true);
    expect((await loadForeignReader()).parseRequest(der)).toEqual(request);
    // kubeadm asks for no usages (kubeadm.md 4.3).
    expect(request.extensions.map(({ oid }) => oid).filter((oid) => oid !== '2.5.29.17')).toEqual([]);
  });
});
