import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPkiError, PkiError } from '../../src/errors.ts';
import { KEY_ALGORITHM_IDS, KEY_ALGORITHMS } from '../../src/x509/algorithms.ts';
import { encodeBitString, encodeSequence, parseDer, parseDerElements, TAG } from '../../src/x509/der.ts';
import {
  algorithmOfSpki,
  describeKey,
  encodePublicKeyPem,
  generateKeyPair,
  parsePrivateKey,
  parsePublicKeys,
} from '../../src/x509/keys.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { openssl, opensslOracle } from './openssl.ts';

const rsa = (bits: number): string => readFileSync(`fixtures/keys/rsa-${bits}.key`, 'utf8');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const pkcs8 = ({ privateKey }: { readonly privateKey: KeyObject }): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function errorOf(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    return error;
  }
}

describe.each(KEY_ALGORITHM_IDS)('a key pair of %s', (id) => {
  const { family, bits, hash = null, privateKeyFormat } = KEY_ALGORITHMS[id];
  // Generating RSA keys is tested once, with the quickest.
  const pair =
    family === 'rsa' && bits > 2048 ? Promise.resolve(parsePrivateKey(rsa(bits))) : generateKeyPair(id);
  const labels = { pkcs1: 'RSA PRIVATE KEY', sec1: 'EC PRIVATE KEY', pkcs8: 'PRIVATE KEY' };

  test('is written in the format of its row, as one block', async () => {
    const { privateKeyPem } = await pair;
    const lines = privateKeyPem.split('\n');
    expect(lines[0]).toBe(`-----BEGIN ${labels[privateKeyFormat]}-----`);
    expect(privateKeyPem.match(/-----BEGIN/g)).toHaveLength(1);
    expect(lines.at(-1)).toBe('');
  });

  test('is read back as the same pair', async () => {
    const { privateKeyPem, spkiDer, algorithm } = await pair;
    const back = parsePrivateKey(privateKeyPem);
    expect([back.algorithm, back.privateKeyPem, hex(back.spkiDer)]).toEqual([
      id,
      privateKeyPem,
      hex(spkiDer),
    ]);
    expect(algorithm).toBe(id);
  });

  test('signs what its public key verifies', async () => {
    const key = await pair;
    const data = Buffer.from('data');
    const publicKey = createPublicKey({ key: Buffer.from(key.spkiDer), format: 'der', type: 'spki' });
    expect(verify(hash, data, publicKey, await key.sign(data))).toBe(true);
  });

  test('is recognised by its public key', async () => {
    const { spkiDer } = await pair;
    expect([algorithmOfSpki(spkiDer), describeKey(spkiDer)]).toEqual([id, id]);
  });

  test('is read from PKCS#8 as well, and stays in it', async () => {
    const { privateKeyPem, spkiDer } = await pair;
    const pem = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'pem' }).toString();
    const back = parsePrivateKey(pem);
    expect([back.privateKeyPem, hex(back.spkiDer)]).toEqual([pem, hex(spkiDer)]);
  });

  opensslOracle('the private key', () => {
    test('is read by openssl, which finds the same public key', async () => {
      const { privateKeyPem, spkiDer } = await pair;
      const { status, stdout } = openssl(['pkey', '-in', 'key', '-pubout', '-noout', '-check'], {
        key: privateKeyPem,
      });
      expect([status, stdout]).toEqual([0, 'Key is valid\n']);
      const { stdout: publicKeyPem } = openssl(['pkey', '-in', 'key', '-pubout'], { key: privateKeyPem });
      expect(publicKeyPem).toBe(encodePublicKeyPem(spkiDer));
    });
  });
});

describe('parsePrivateKey', () => {
  const ec = pkcs8(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }));

  opensslOracle('keys that openssl made', () => {
    test.each(KEY_ALGORITHM_IDS.filter((id) => KEY_ALGORITHMS[id].family === 'ec'))(
      'skips the EC PARAMETERS block before a key of %s',
      (id) => {
        const { stdout } = openssl(['ecparam', '-name', KEY_ALGORITHMS[id].namedCurve ?? '', '-genkey']);
        expect(stdout).toMatch(/^-----BEGIN EC PARAMETERS-----/);
        expect(parsePrivateKey(stdout).algorithm).toBe(id);
      },
    );

    test.each([
      ['PKCS#8', ['-v2', 'aes-256-cbc']],
      ['traditional', ['-traditional', '-aes256']],
    ])('refuses an encrypted key (%s) and says how to decrypt it', (_, options) => {
      const command = _ === 'PKCS#8' ? ['pkcs8', '-topk8'] : ['rsa'];
      const { stdout, stderr } = openssl([...command, '-in', 'key', '-passout', 'pass:x', ...options], {
        key: rsa(2048),
      });
      expect(stderr).not.toMatch(/error/i);
      const error = errorOf(() => parsePrivateKey(stdout));
      expect(isPkiError(error, 'ERR_KEY') && error.detail.found).toBe('an encrypted private key');
      expect(error).toHaveProperty('hint', expect.stringContaining('openssl pkey'));
    });

    test('refuses a compressed point and explicit parameters, which Go does not read', () => {
      for (const options of [
        ['-conv_form', 'compressed'],
        ['-param_enc', 'explicit'],
      ]) {
        const { stdout } = openssl(['ec', '-in', 'key', ...options], { key: ec });
        expect(
          isPkiError(
            errorOf(() => parsePrivateKey(stdout)),
            'ERR_KEY',
          ),
        ).toBe(true);
      }
    });
  });

  test.each([
    ['RSA-1024', rsa(1024), 'RSA-1024'],
    ['another curve', pkcs8(generateKeyPairSync('ec', { namedCurve: 'secp224r1' })), 'EC secp224r1'],
    ['a key that cannot sign', pkcs8(generateKeyPairSync('x25519')), 'x25519'],
    ['Ed448', pkcs8(generateKeyPairSync('ed448')), 'ed448'],
    ['RSA-PSS', pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 1024 })), 'rsa-pss'],
  ])('refuses %s, saying what is found and expected', (_, pem, found) => {
    const error = errorOf(() => parsePrivateKey(pem));
    expect(isPkiError(error, 'ERR_KEY') && error.detail).toEqual({
      expected: KEY_ALGORITHM_IDS.join(', '),
      found,
    });
  });

  test.each([
    ['nothing', '', 'nothing'],
    ['a public key', encodePublicKeyPem(parsePrivateKey(ec).spkiDer), 'PUBLIC KEY'],
    ['two other blocks', encodePem('A', Buffer.alloc(1)) + encodePem('B', Buffer.alloc(1)), 'A, B'],
  ])('says that there is no private key in %s', (_, pem, found) => {
    const error = errorOf(() => parsePrivateKey(pem));
    expect(isPkiError(error, 'ERR_PEM') && error.detail).toEqual({ expected: 'a private key', found });
  });

  // The second is how cfssl labels what Go and openssl call a PRIVATE KEY.
  test.each(['OPENSSH PRIVATE KEY', 'Ed25519 PRIVATE KEY'])('refuses %s, a format not read here', (found) => {
    const error = errorOf(() => parsePrivateKey(encodePem(found, Buffer.alloc(20))));
    expect(isPkiError(error, 'ERR_KEY') && error.detail).toEqual({
      expected: 'RSA PRIVATE KEY, EC PRIVATE KEY, PRIVATE KEY',
      found,
    });
  });

  test('throws nothing but typed errors without key material, whatever is damaged', () => {
    const intact = [rsa(2048), ec].map((pem) => ({
      label: /BEGIN (.*)-----/.exec(pem)?.[1] ?? '',
      der: Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64'),
    }));
    fc.assert(
      fc.property(
        fc.constantFrom(...intact),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ label, der }, at, flip) => {
          const damaged = Buffer.from(der);
          const index = at % 30;
          damaged[index] = (damaged[index] ?? 0) ^ flip;
          const error = errorOf(() => parsePrivateKey(encodePem(label, damaged)));
          if (!(error instanceof Error)) return;
          expect(error).toBeInstanceOf(PkiError);
          const shown = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)} ${JSON.stringify(error.cause)}`;
          const secrets = [der.toString('base64'), der.toString('hex')].flatMap(
            (text) => text.match(/.{12}/g) ?? [],
          );
          expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
        },
      ),
      { seed: 5280, numRuns: 200 },
    );
  });
});

describe('parsePublicKeys', () => {
  const pair = parsePrivateKey(rsa(2048));
  const certificate = readFileSync('fixtures/kubeadm/v1.37.2-default/pki/ca.crt', 'utf8');
  const certified = createPublicKey(certificate).export({ type: 'spki', format: 'der' });
  const pkcs1 = createPublicKey(rsa(2048)).export({ type: 'pkcs1', format: 'pem' }).toString();

  test.each([
    ['PUBLIC KEY', encodePublicKeyPem(pair.spkiDer), pair.spkiDer],
    ['RSA PUBLIC KEY', pkcs1, pair.spkiDer],
    ['the public part of a private key', rsa(2048), pair.spkiDer],
    ['the public part of a certificate', certificate, certified],
  ])('reads %s', (_, pem, spkiDer) => {
    expect(parsePublicKeys(pem).map(hex)).toEqual([hex(spkiDer)]);
  });

  test('reads several in order, of whatever kind, and skips what is no key', () => {
    const curve = createPublicKey(pkcs8(generateKeyPairSync('x25519'))).export({
      type: 'spki',
      format: 'der',
    });
    const pem = pkcs1 + encodePem('X509 CRL', Buffer.alloc(3)) + encodePublicKeyPem(curve) + certificate;
    expect(parsePublicKeys(pem).map(hex)).toEqual([pair.spkiDer, curve, certified].map(hex));
  });

  test('reads the sa.pub that kubeadm wrote as the public key of its sa.key', () => {
    const [publicKey, privateKey] = ['sa.pub', 'sa.key'].map((name) =>
      readFileSync(`fixtures/kubeadm/v1.34.4-p384/pki/${name}`, 'utf8'),
    );
    const { spkiDer, algorithm } = parsePrivateKey(privateKey ?? '');
    expect(parsePublicKeys(publicKey ?? '').map(hex)).toEqual([hex(spkiDer)]);
    expect(encodePublicKeyPem(spkiDer)).toBe(publicKey);
    expect(algorithm).toBe('ECDSA-P384');
  });

  test.each([
    ['nothing', '', 'ERR_PEM'],
    ['a damaged key', encodePem('PUBLIC KEY', Buffer.alloc(20)), 'ERR_KEY'],
    ['a damaged certificate', encodePem('CERTIFICATE', Buffer.alloc(20)), 'ERR_CERTIFICATE'],
  ] as const)('refuses %s', (_, pem, code) => {
    expect(
      isPkiError(
        errorOf(() => parsePublicKeys(pem)),
        code,
      ),
    ).toBe(true);
  });
});

describe('describeKey', () => {
  test('has a word for keys of every kind', () => {
    const spki = (pem: string): Uint8Array => createPublicKey(pem).export({ type: 'spki', format: 'der' });
    expect(describeKey(spki(rsa(1024)))).toBe('RSA-1024');
    expect(describeKey(spki(pkcs8(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))))).toBe(
      'EC secp256k1',
    );
    expect(describeKey(createHash('sha256').digest())).toBe('an unknown kind');
  });

  test('says of a curve what its bytes say: Node aborts where it is asked about the point at infinity', () => {
    const spki = (pair: ReturnType<typeof generateKeyPairSync>): Buffer =>
      pair.publicKey.export({ type: 'spki', format: 'der' });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
    const [head] = parseDerElements(
      parseDer(publicKey.export({ type: 'spki', format: 'der' })),
      TAG.sequence,
    );
    const infinity = encodeSequence(head?.der ?? new Uint8Array(), encodeBitString(Uint8Array.of(0)));
    expect(describeKey(infinity)).toBe('EC secp521r1 in an encoding that Go does not read');
    const explicit = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' });
    expect(describeKey(spki(explicit))).toBe('EC of an unnamed curve');
    expect(describeKey(spki(generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' })))).toBe(
      'EC on the curve 1.3.36.3.3.2.8.1.1.7',
    );
  });
});

describe('algorithmOfSpki', () => {
  test.each([
    ['Ed25519 of another length', `3029300506032b6570032000${'11'.repeat(31)}`],
    ['bits that are no whole octets', `302a300506032b6570032101${'22'.repeat(32)}`],
  ])('takes no %s', (_, spkiHex) => {
    expect(algorithmOfSpki(Buffer.from(spkiHex, 'hex'))).toBeUndefined();
  });
});
