import {
  checkPrimeSync,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  type Finding,
  generateClusterPki,
  generateClusterRequests,
  importCertificates,
  type PkiFile,
  signRequests,
  type VerifyClusterPkiOptions,
  verifyClusterPki,
} from '../../src/index.ts';
import { KEY_ALGORITHMS } from '../../src/x509/algorithms.ts';
import { encodeBitString, encodeInteger, encodeSequence } from '../../src/x509/der.ts';
import {
  ecFaultOf,
  findSharedFactors,
  isRocaModulus,
  rsaNumbersOf,
  smallFactorOf,
} from '../../src/x509/weak-keys.ts';
import { parsePrivateKey } from '../../src/x509/keys.ts';
import { encodePem, parsePemBlocks } from '../../src/x509/pem.ts';
import { issueRequest } from '../../src/x509/request.ts';
import type { Signer } from '../../src/x509/signer.ts';
import { openssl, opensslOracle } from '../x509/openssl.ts';

const randomBelow = (bits: number): bigint => BigInt(`0x${randomBytes(bits / 8).toString('hex')}`);

function prime(bits: number): bigint {
  for (;;) {
    const candidate = randomBelow(bits) | (3n << BigInt(bits - 2)) | 1n;
    if (checkPrimeSync(candidate)) return candidate;
  }
}

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, factor] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

/** A prime as the faulty chip made them for keys of 2048 bits: a multiple of the first 126 primes and a power of 65537. */
function rocaPrime(): bigint {
  const primorial = Array.from({ length: 701 }, (_, number) => BigInt(number))
    .filter((number) => number > 1n && checkPrimeSync(number))
    .reduce((product, number) => product * number, 1n);
  for (;;) {
    const candidate = randomBelow(48) * primorial + powerModulo(65_537n, randomBelow(64), primorial);
    if (checkPrimeSync(candidate)) return candidate;
  }
}

const base64url = (number: bigint): string => {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
};

function inverse(number: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

function keyOf(p: bigint, q: bigint): KeyObject {
  const d = inverse(65_537n, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e: 65_537n, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, number]) => [name, base64url(number)]));
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
}

/** The SubjectPublicKeyInfo of an RSA key, whatever its numbers are. */
function spkiOf(modulus: bigint, exponent: bigint): Uint8Array {
  const integer = (number: bigint): Uint8Array => encodeInteger(Buffer.from(base64url(number), 'base64url'));
  // rsaEncryption with NULL parameters (RFC 3279 2.3.1).
  const algorithm = Buffer.from('300d06092a864886f70d0101010500', 'hex');
  return encodeSequence(algorithm, encodeBitString(encodeSequence(integer(modulus), integer(exponent))));
}

/** The next prime after a number. */
function primeAfter(number: bigint): bigint {
  for (let candidate = number + (number % 2n) + 1n; ; candidate += 2n) {
    if (checkPrimeSync(candidate)) return candidate;
  }
}

/** The SubjectPublicKeyInfo of a point on a curve, uncompressed. */
function ecSpki(curve: string, point: Uint8Array): Uint8Array {
  const algorithm = Object.values(KEY_ALGORITHMS).find(({ namedCurve }) => namedCurve === curve);
  return encodeSequence(Buffer.from(algorithm?.keyAlgorithmHex ?? '', 'hex'), encodeBitString(point));
}

/** How many points the curves have (SEC 2). */
const ORDERS: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1:
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  secp521r1:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
};

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('a key', () => {
  test('of a sound generator is of no weak kind', () => {
    for (let count = 0; count < 5; count++) {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const numbers = rsaNumbersOf(publicKey.export({ type: 'spki', format: 'der' }));
      expect(numbers?.exponent).toBe(65_537n);
      expect(isRocaModulus(numbers?.modulus ?? 0n)).toBe(false);
    }
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(rsaNumbersOf(publicKey.export({ type: 'spki', format: 'der' }))).toBeUndefined();
  });

  test('of the faulty chip is known by its modulus', () => {
    expect(isRocaModulus(rocaPrime() * rocaPrime())).toBe(true);
  });

  test('shares a prime or not', () => {
    const [a, b, c, d] = [prime(512), prime(512), prime(512), prime(512)];
    expect(findSharedFactors([a * b, c * d, a * b])).toEqual(new Map());
    expect(findSharedFactors([a * b, c * d, a * c])).toEqual(
      new Map([
        [a * b, a],
        [c * d, c],
        [a * c, a * c],
      ]),
    );
    expect(findSharedFactors([a * b, c * d, a * prime(512)]).has(c * d)).toBe(false);
    expect(findSharedFactors([])).toEqual(new Map());
  });
});

const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'RSA-2048' } as const;

/** What an audit says of a service account pair, beside what it says of everything else. */
async function foundOf(privatePem: string, publicPem: string): Promise<readonly string[]> {
  const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
  const changed: Readonly<Record<string, string>> = { 'pki/sa.key': privatePem, 'pki/sa.pub': publicPem };
  const others = files.map((file): PkiFile => ({ ...file, contents: changed[file.path] ?? file.contents }));
  const { findings } = await verifyClusterPki({ files: others });
  return findings.filter(({ row }) => row === 'sa').map(({ code }) => code);
}

/** What an audit says of a public key that stands beside the service account's own. */
async function foundOfPublic(
  publicPem: string,
  more: Partial<VerifyClusterPkiOptions> = {},
): Promise<readonly Finding[]> {
  const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
  const others = files.map((file) =>
    file.path === 'pki/sa.pub' ? { ...file, contents: file.contents + publicPem } : file,
  );
  const { findings } = await verifyClusterPki({ files: others, ...more });
  // That there is a second key at all is another matter.
  return findings.filter(({ code }) => code !== 'public-key-surplus');
}

const publicPemOf = (spkiDer: Uint8Array): string => encodePem('PUBLIC KEY', spkiDer);

opensslOracle('a weak key', () => {
  const sound = (): bigint => prime(1024) * prime(1024);
  test.each<[string, () => readonly [modulus: bigint, exponent: bigint], readonly string[]]>([
    ['that is sound but for being another', () => [sound(), 65_537n], []],
    ['with the exponent 1', () => [sound(), 1n], ['error rsa-exponent-broken']],
    ['with an even exponent', () => [sound(), 65_536n], ['error rsa-exponent-broken']],
    ['with the exponent 3', () => [sound(), 3n], ['warning rsa-exponent']],
    [
      'with two primes side by side',
      () => {
        const first = prime(1024);
        return [first * primeAfter(first + (1n << 500n)), 65_537n];
      },
      ['error rsa-close-primes'],
    ],
    ['that is a square', () => [prime(1024) ** 2n, 65_537n], ['error rsa-close-primes']],
    ['that is even', () => [sound() - 1n, 65_537n], ['error rsa-small-factor']],
    ['that a small prime divides', () => [prime(2048 - 8) * 751n, 65_537n], ['error rsa-small-factor']],
  ])('%s is read by openssl, and found', async (_, make, codes) => {
    const [modulus, exponent] = make();
    const pem = publicPemOf(spkiOf(modulus, exponent));
    const { stdout: text } = openssl(['rsa', '-pubin', '-in', 'key', '-noout', '-text', '-modulus'], {
      key: pem,
    });
    expect(text).toContain(`Modulus=${modulus.toString(16).toUpperCase()}`);
    expect(text).toContain(`Exponent: ${exponent} `);
    const found = (await foundOfPublic(pem)).map(({ severity, code }) => `${severity} ${code}`);
    expect(found).toEqual(codes);
  });

  test('is found in a list under what openssl makes of it', async () => {
    const pem = publicPemOf(spkiOf(sound(), 65_537n));
    const { stdout: printed } = openssl(['rsa', '-pubin', '-in', 'key', '-noout', '-modulus'], { key: pem });
    const short = createHash('sha1').update(printed).digest('hex').slice(20);
    const [block] = parsePemBlocks(openssl(['pkey', '-pubin', '-in', 'key'], { key: pem }).stdout);
    const long = createHash('sha256')
      .update(block?.der ?? '')
      .digest('hex');
    for (const line of [short, long]) {
      const found = await foundOfPublic(pem, { weakKeyLists: [`# weak\n${'0'.repeat(20)}\n`, line] });
      expect(found).toMatchObject([
        {
          severity: 'error',
          code: 'key-listed-weak',
          path: 'pki/sa.pub',
          found: `${line} in a list of weak keys`,
        },
      ]);
    }
    expect(await foundOfPublic(pem, { weakKeyLists: ['0'.repeat(20)] })).toEqual([]);
  });
});

describe('an EC key', () => {
  test.each(['prime256v1', 'secp384r1', 'secp521r1'])(
    'on %s whose private key is 1 is found',
    async (curve) => {
      for (const scalar of [1n, -1n]) {
        const ecdh = createECDH(curve);
        const order = ORDERS[curve] ?? 0n;
        const hex = ((scalar + order) % order).toString(16);
        ecdh.setPrivateKey(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
        expect(ecFaultOf(ecSpki(curve, ecdh.getPublicKey()))).toBe('base-point');
      }
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
      const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
      expect(ecFaultOf(spkiDer)).toBeUndefined();
      const off = Uint8Array.from(spkiDer);
      off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
      expect(ecFaultOf(off)).toBe('not-on-curve');
    },
  );

  test('that is no point is found on a certificate', async () => {
    const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
    const path = 'pki/front-proxy-client.crt';
    const [block] = parsePemBlocks(files.find((file) => file.path === path)?.contents ?? '');
    const der = Buffer.from(block?.der ?? []);
    const at = der.indexOf(Buffer.from('03420004', 'hex'));
    der[at + 67] = (der[at + 67] ?? 0) ^ 1;
    const others = files.map((file) =>
      file.path === path ? { ...file, contents: encodePem('CERTIFICATE', der) } : file,
    );
    const { findings } = await verifyClusterPki({ files: others });
    expect(findings.filter((finding) => finding.path === path).map(({ code }) => code)).toContain(
      'ec-key-broken',
    );
  });
});

test('a modulus too long for any handshake is refused, and costs no attempt', async () => {
  const start = performance.now();
  const modulus = (1n << 500_000n) + 1n;
  expect(smallFactorOf(modulus)).toBeDefined();
  const found = await foundOfPublic(publicPemOf(spkiOf(modulus, 65_537n)));
  expect(found.filter(({ code }) => code.startsWith('rsa-'))).toEqual([]);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('that more RSA keys are there than are compared is said', async () => {
  const keys = (count: number): string =>
    Array.from({ length: count }, () =>
      publicPemOf(spkiOf(randomBelow(8192) | (1n << 8191n) | 1n, 65_537n)),
    ).join('');
  const limitsOf = async (pem: string): Promise<readonly Finding[]> =>
    (await foundOfPublic(pem)).filter(({ code }) => code === 'audit-incomplete');
  expect(await limitsOf(keys(120))).toEqual([]);
  expect(await limitsOf(keys(140))).toMatchObject([
    { severity: 'warning', path: 'pki/sa.pub', found: '128 were compared' },
  ]);
}, 30_000);

describe('an audit', () => {
  test.each([
    ['of the ROCA kind', () => keyOf(rocaPrime(), rocaPrime()), ['rsa-roca']],
    ['with 1024 bits', () => keyOf(prime(512), prime(512)), ['rsa-too-short']],
  ])('finds a key %s', async (_, make, codes) => {
    const key = make();
    const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
    expect(await foundOf(pemOf(key), publicPem)).toEqual(expect.arrayContaining(codes));
  });

  test('finds a small exponent', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await foundOf(pemOf(privateKey), publicPem)).toContain('rsa-exponent');
  });

  test('is not also called one that cannot be read where its length is all that is wrong', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await foundOf(pemOf(privateKey), publicPem)).toEqual(['rsa-too-short']);
  });

  test('finds two keys that share a prime', async () => {
    const shared = prime(1024);
    let count = 0;
    const { files } = await generateClusterPki({
      ...HOST,
      generateKeyPair: async () =>
        parsePrivateKey(pemOf(keyOf(count++ < 2 ? shared : prime(1024), prime(1024)))),
    });
    const { findings } = await verifyClusterPki({ files });
    expect(findings.map(({ code }) => code)).toEqual(['rsa-shared-factor', 'rsa-shared-factor']);
    // Each says with which.
    const [one, other] = findings;
    expect([one?.found, other?.found]).toEqual([`a prime of ${other?.path}`, `a prime of ${one?.path}`]);
  }, 120_000);

  test('finds one key under two certificates', async () => {
    const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
    const contentsOf = (path: string): string => files.find((file) => file.path === path)?.contents ?? '';
    const swapped = files.map((file): PkiFile => {
      const isClient = file.path.includes('etcd/healthcheck-client.');
      return isClient
        ? { ...file, contents: contentsOf(file.path.replace('healthcheck-client', 'peer')) }
        : file;
    });
    const { findings } = await verifyClusterPki({ files: swapped });
    expect(findings.map(({ code, path }) => `${code} ${path}`)).toContain(
      'shared-key pki/etcd/healthcheck-client.crt',
    );
  });
});

describe('who signs requests', () => {
  /** With the exponent 1 a signature is what is signed: anybody makes one (RFC 8017 9.2). */
  const anybody: Signer = {
    algorithm: 'RSA-2048',
    spkiDer: spkiOf(prime(1024) * prime(1024), 1n),
    sign: async (data) => {
      const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
      const hashed = Buffer.concat([info, createHash('sha256').update(data).digest()]);
      return Buffer.concat([
        Buffer.of(0, 1),
        Buffer.alloc(256 - 3 - hashed.length, 255),
        Buffer.of(0),
        hashed,
      ]);
    },
  };
  const signerOf = (p: bigint, q: bigint): Signer => parsePrivateKey(pemOf(keyOf(p, q)));

  /** What becomes of requests for two certificates, each for a key of its own. */
  async function signed(keys: readonly Signer[]): Promise<readonly (readonly string[])[]> {
    const { files: existing } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
    const requests = await Promise.all(
      keys.map(async (key, index) => {
        const subject = {
          commonName: ['front-proxy-client', 'system:kube-scheduler'][index] ?? '',
          organization: [],
        };
        const der = await issueRequest({ subject, keyUsage: [], extKeyUsage: [], sans: [] }, key);
        return { name: `${index}.csr`, contents: der };
      }),
    );
    const signings = await signRequests({ ...HOST, existing, requests });
    return signings.map(({ outcome, findings }) => [
      outcome,
      ...findings.map(({ code, path, found = '' }) => `${code} ${path} ${found}`.trim()),
    ]);
  }

  test.each<[string, () => readonly Signer[], readonly (readonly string[])[]]>([
    ['refuses one of anybody', () => [anybody], [['refused', 'rsa-exponent-broken 0.csr 1']]],
    [
      'refuses one with two primes side by side',
      () => {
        const first = prime(1024);
        return [signerOf(first, primeAfter(first + (1n << 500n)))];
      },
      [['refused', 'rsa-close-primes 0.csr']],
    ],
    [
      'refuses two that share a prime',
      () => {
        const shared = prime(1024);
        return [signerOf(shared, prime(1024)), signerOf(shared, prime(1024))];
      },
      [
        ['refused', 'rsa-shared-factor 0.csr a prime of 1.csr'],
        ['refused', 'rsa-shared-factor 1.csr a prime of 0.csr'],
      ],
    ],
    [
      'warns of one key for two things',
      () => {
        const key = signerOf(prime(1024), prime(1024));
        return [key, key];
      },
      [['signed'], ['signed', 'shared-key 1.csr the RSA-2048 key of front-proxy-client']],
    ],
  ])(
    '%s',
    async (_, make, fates) => {
      expect(await signed(make())).toEqual(fates);
    },
    60_000,
  );
});

test('who asks is told of a weak key that is there before it is asked for', async () => {
  const asked = await generateClusterRequests({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
  const first = prime(1024);
  const weak = pemOf(keyOf(first, primeAfter(first + (1n << 500n))));
  const existing = asked.files.flatMap((file) => {
    if (file.path === 'pki/apiserver.csr') return [];
    return [file.path === 'pki/apiserver.key' ? { ...file, contents: weak } : file];
  });
  const { keyAlgorithm: _, ...host } = HOST;
  await expect(generateClusterRequests({ ...host, existing })).rejects.toMatchObject({
    code: 'ERR_REFUSED',
    detail: { findings: [{ code: 'rsa-close-primes', path: 'pki/apiserver.key' }] },
  });
}, 60_000);

opensslOracle('a certificate for a weak key', () => {
  test('is not taken, wherever its key lies', async () => {
    const first = prime(1024);
    const weak = pemOf(keyOf(first, primeAfter(first + (1n << 500n))));
    const { files } = await generateClusterPki({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
    const contentsOf = (path: string): string => files.find((file) => file.path === path)?.contents ?? '';
    const asked = await generateClusterRequests({ ...HOST, keyAlgorithm: 'ECDSA-P256' });
    const scheduler = asked.files.find(({ path }) => path === 'scheduler.conf')?.contents ?? '';
    const existing = [
      { path: 'pki/front-proxy-client.key', contents: weak },
      {
        path: 'scheduler.conf',
        contents: scheduler.replace(/(client-key-data: )\S+/, `$1${Buffer.from(weak).toString('base64')}`),
      },
    ];
    const sign = (subject: string, ca: string): string => {
      const usages = 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n';
      const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', '30', '-extfile', 'ext', '-out', 'leaf.crt'];
      const given = {
        key: createPublicKey(weak).export({ type: 'spki', format: 'pem' }).toString(),
        ext: usages,
        'ca.crt': contentsOf(`pki/${ca}.crt`),
        'ca.key': contentsOf(`pki/${ca}.key`),
      };
      return openssl(['x509', '-new', '-force_pubkey', 'key', '-subj', subject, ...by], given).read(
        'leaf.crt',
      );
    };
    const { certificates } = await importCertificates({
      hostIp: HOST.hostIp,
      hostname: HOST.hostname,
      existing,
      authorities: { ca: contentsOf('pki/ca.crt'), 'front-proxy-ca': contentsOf('pki/front-proxy-ca.crt') },
      certificates: [
        { name: 'front-proxy-client', contents: sign('/CN=front-proxy-client', 'front-proxy-ca') },
        { name: 'scheduler.conf', contents: sign('/CN=system:kube-scheduler', 'ca') },
      ],
    });
    for (const row of ['front-proxy-client', 'scheduler.conf'])
      expect(certificates.filter((fate) => fate.row === row && fate.source === row)).toMatchObject([
        {
          outcome: 'refused',
          findings: expect.arrayContaining([expect.objectContaining({ code: 'rsa-close-primes' })]),
        },
      ]);
  }, 60_000);
});
