import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair as generateNodeKeyPair,
  type KeyObject,
  type KeyPairKeyObjectResult,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import { PkiError } from '../errors.ts';
import { KEY_ALGORITHM_IDS, KEY_ALGORITHMS, type KeyAlgorithm, type KeyAlgorithmId } from './algorithms.ts';
import {
  DerError,
  DerFields,
  decodeInteger,
  decodeOctets,
  decodeOid,
  encodeSequence,
  parseDer,
  TAG,
} from './der.ts';
import { parseOutline } from './outline.ts';
import { encodePem, type PemBlock, parsePemBlocks, readPem } from './pem.ts';
import { describeDer, describePem } from './pem-form.ts';
import { publicKeyOf } from './signature.ts';
import type { KeyPair } from './signer.ts';

const PRIVATE_KEY_FORMATS: ReadonlyMap<string, 'pkcs1' | 'sec1' | 'pkcs8'> = new Map([
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['EC PRIVATE KEY', 'sec1'],
  ['PRIVATE KEY', 'pkcs8'],
]);

const generateAsynchronously = promisify(generateNodeKeyPair);

/**
 * Generates a key pair with the platform's generator and random source, in libuv's thread pool: several at once use
 * several cores. The private key is written in the algorithm's own format, which the components of a cluster read.
 */
export async function generateKeyPair(algorithm: KeyAlgorithmId): Promise<KeyPair> {
  const row = KEY_ALGORITHMS[algorithm];
  const { privateKey, publicKey } = await generateInPool(row);
  return keyPairOf(privateKey, {
    algorithm,
    spkiDer: encodeSpki(publicKey),
    privateKeyPem: privateKey.export({ type: row.privateKeyFormat, format: 'pem' }).toString(),
  });
}

function generateInPool({ family, bits, namedCurve }: KeyAlgorithm): Promise<KeyPairKeyObjectResult> {
  if (namedCurve !== undefined) return generateAsynchronously('ec', { namedCurve });
  return family === 'rsa'
    ? generateAsynchronously('rsa', { modulusLength: bits })
    : generateAsynchronously('ed25519');
}

function keyPairOf(privateKey: KeyObject, parts: Omit<KeyPair, 'sign'>): KeyPair {
  const { hash = null } = KEY_ALGORITHMS[parts.algorithm];
  return { ...parts, sign: async (data) => sign(hash, data, privateKey) };
}

/**
 * Parses the first private key of a PEM text: PKCS#1, SEC 1 or PKCS#8. Other blocks are skipped (`EC PARAMETERS`).
 * `privateKeyPem` of the pair is that block in the format that it has.
 *
 * @throws {PkiError} `ERR_PEM` where there is no private key; `ERR_KEY` where it is encrypted, cannot be read, or is of
 * a kind that is not among {@link KEY_ALGORITHM_IDS}. No error holds anything of the key.
 */
export function parsePrivateKey(pem: string): KeyPair {
  const block = parsePemBlocks(pem).find(isPrivateKeyBlock);
  if (block === undefined) throw keyAbsent('a private key', pem);
  return parsePrivateKeyBlock(block);
}

/** Whether a block says that it holds a private key, in whatever format. */
export function isPrivateKeyBlock({ label }: Pick<PemBlock, 'label'>): boolean {
  return label.endsWith('PRIVATE KEY');
}

/**
 * Parses the private key of one block.
 *
 * @throws {PkiError} `ERR_KEY`, as {@link parsePrivateKey}.
 */
export function parsePrivateKeyBlock(block: PemBlock): KeyPair {
  const privateKey = privateKeyOf(block);
  const spkiDer = encodeSpki(createPublicKey(privateKey));
  const algorithm = algorithmOfSpki(spkiDer);
  if (algorithm === undefined) {
    throw keyError('the private key is of a kind that is not used here', {
      expected: KEY_ALGORITHM_IDS.join(', '),
      found: describeKey(spkiDer),
    });
  }
  return keyPairOf(privateKey, { algorithm, spkiDer, privateKeyPem: encodePem(block.label, block.der) });
}

/** DER of a private key as PKCS#8, in which there is a place for keys of every kind. */
export function encodePrivateKeyInfo({ privateKeyPem }: Pick<KeyPair, 'privateKeyPem'>): Uint8Array {
  return createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
}

function privateKeyOf({ label, headers, der }: PemBlock): KeyObject {
  const format = PRIVATE_KEY_FORMATS.get(label);
  if (label === 'ENCRYPTED PRIVATE KEY' || headers.get('Proc-Type')?.includes('ENCRYPTED')) {
    throw new PkiError('ERR_KEY', 'the private key is encrypted', {
      detail: { expected: 'a private key without a passphrase', found: 'an encrypted private key' },
      // As kubeadm and the components, which read no encrypted keys (kubeadm.md 1.5).
      hint: 'decrypt it first: openssl pkey -in ENCRYPTED -out DECRYPTED',
    });
  }
  if (format === undefined) {
    throw keyError('the private key has an unknown format', {
      expected: [...PRIVATE_KEY_FORMATS.keys()].join(', '),
      found: label,
    });
  }
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: format });
  } catch (cause) {
    throw keyError(
      'the private key cannot be read',
      { expected: `a key in ${label}`, found: describeDer(der) ?? 'something else' },
      cause,
    );
  }
}

/**
 * Parses every public key of a PEM text, of whatever kind: PUBLIC KEY, RSA PUBLIC KEY, and the public part of certificates
 * and private keys (kubeadm.md 1.5). Other blocks are skipped.
 *
 * @returns DER of each SubjectPublicKeyInfo, at least one.
 * @throws {PkiError} `ERR_PEM` where there is none, `ERR_KEY` or `ERR_CERTIFICATE` where one cannot be read.
 */
export function parsePublicKeys(pem: string): readonly Uint8Array[] {
  const keys = parsePemBlocks(pem).flatMap((block) => parsePublicKeyBlock(block) ?? []);
  if (keys.length === 0) throw keyAbsent('a public key', pem);
  return keys;
}

/**
 * Parses the public key of one block, as DER of its SubjectPublicKeyInfo; undefined where the block is of another kind.
 *
 * @throws {PkiError} `ERR_KEY` or `ERR_CERTIFICATE`.
 */
export function parsePublicKeyBlock(block: PemBlock): Uint8Array | undefined {
  const { label, der } = block;
  if (label === 'CERTIFICATE') return parseOutline(der).spkiDer;
  if (label.endsWith('PRIVATE KEY')) return encodeSpki(createPublicKey(privateKeyOf(block)));
  if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') return undefined;
  try {
    const type = label === 'PUBLIC KEY' ? 'spki' : 'pkcs1';
    return encodeSpki(createPublicKey({ key: Buffer.from(der), format: 'der', type }));
  } catch (cause) {
    throw keyError(
      'the public key cannot be read',
      { expected: `a key in ${label}`, found: describeDer(der) ?? 'something else' },
      cause,
    );
  }
}

/** PEM of a SubjectPublicKeyInfo, as `sa.pub` holds it. */
export function encodePublicKeyPem(spkiDer: Uint8Array): string {
  return encodePem('PUBLIC KEY', spkiDer);
}

/** The length of an RSA modulus, from DER of RSAPublicKey (RFC 8017 A.1.1). */
function modulusBits(key: Uint8Array): number {
  const integer = decodeInteger(new DerFields(parseDer(key)).required(TAG.integer));
  const magnitude = integer[0] === 0 ? integer.subarray(1) : integer;
  return magnitude.length * 8 - (Math.clz32(magnitude[0] ?? 0) - 24);
}

/** Whether the bits of a public key are as long as the algorithm's, and an EC point uncompressed: Go reads no other. */
function fitsAlgorithm(key: Uint8Array, { family, bits }: KeyAlgorithm): boolean {
  if (family === 'rsa') return modulusBits(key) === bits;
  const bytes = Math.ceil(bits / 8);
  return family === 'ed25519' ? key.length === bytes : key[0] === 0x04 && key.length === 1 + 2 * bytes;
}

/**
 * Which algorithm's public key this is; `undefined` for any that is not issued here. Looks at the encoding alone: OpenSSL
 * takes as long to parse a key as to verify with it.
 */
export function algorithmOfSpki(spkiDer: Uint8Array): KeyAlgorithmId | undefined {
  try {
    const fields = new DerFields(parseDer(spkiDer));
    const algorithmHex = Buffer.from(fields.required(TAG.sequence).der).toString('hex');
    const key = decodeOctets(fields.required(TAG.bitString));
    return KEY_ALGORITHM_IDS.find((id) => {
      const row = KEY_ALGORITHMS[id];
      return row.keyAlgorithmHex === algorithmHex && fitsAlgorithm(key, row);
    });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** The curves that are not issued here and that certificates have all the same (RFC 5480 2.1.1.1, SEC 2). */
const OTHER_CURVES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.1', 'prime192v1'],
  ['1.3.132.0.33', 'secp224r1'],
  ['1.3.132.0.10', 'secp256k1'],
]);

/** The algorithm of a public key for people: its id where it has one here, else as `RSA-1024`, `EC secp256k1`, `x25519`. */
export function describeKey(spkiDer: Uint8Array): string {
  const id = algorithmOfSpki(spkiDer);
  if (id !== undefined) return id;
  const key = publicKeyOf(spkiDer);
  if (key?.asymmetricKeyType === 'ec') return `EC ${describeCurve(spkiDer)}`;
  if (key?.asymmetricKeyType === 'rsa') return `RSA-${key.asymmetricKeyDetails?.modulusLength}`;
  return key?.asymmetricKeyType ?? 'an unknown kind';
}

/** The curve of an EC key, from its bytes: asked for the details of the point at infinity, Node 20 aborts the process. */
function describeCurve(spkiDer: Uint8Array): string {
  const algorithm = new DerFields(new DerFields(parseDer(spkiDer)).required(TAG.sequence));
  const algorithmOid = algorithm.required(TAG.oid);
  const oid = algorithm.optional(TAG.oid);
  if (oid === undefined) return 'of an unnamed curve';
  const algorithmHex = Buffer.from(encodeSequence(algorithmOid.der, oid.der)).toString('hex');
  const issued = Object.values(KEY_ALGORITHMS).find(
    ({ keyAlgorithmHex }) => keyAlgorithmHex === algorithmHex,
  );
  if (issued !== undefined) return `${issued.namedCurve} in an encoding that Go does not read`;
  const dotted = decodeOid(oid);
  return OTHER_CURVES.get(dotted) ?? `on the curve ${dotted}`;
}

function encodeSpki(publicKey: KeyObject): Uint8Array {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** What to say of a text that holds no key. */
export function keyAbsent(expected: string, pem: string): PkiError<'ERR_PEM'> {
  const found = describePem(pem, readPem(pem));
  return new PkiError('ERR_PEM', `there is no key in it: expected ${expected}, found ${found}`, {
    detail: { expected, found },
  });
}

function keyError(
  what: string,
  detail: { readonly expected: string; readonly found: string },
  cause?: unknown,
): PkiError<'ERR_KEY'> {
  return new PkiError('ERR_KEY', `${what}: expected ${detail.expected}, found ${detail.found}`, {
    detail,
    cause,
  });
}
