import { createCipheriv, createHash, createHmac, hash, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type forge from 'node-forge';

type Forge = typeof forge;
type Asn1 = forge.asn1.Asn1;

/** What goes into a bundle, and under which protection. */
export interface Pkcs12 {
  /** DER of a PrivateKeyInfo (PKCS#8). */
  readonly privateKeyDer: Uint8Array;
  /** DER of the certificate of the key, and of those above it. */
  readonly certificateDers: readonly [own: Uint8Array, ...above: Uint8Array[]];
  /** What importers call the key and its certificate. */
  readonly friendlyName: string;
  readonly password: string;
  /** With what older Windows and macOS read: Triple DES, and SHA-1 to derive keys and to authenticate. */
  readonly isLegacy: boolean;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** How a bundle is encrypted and authenticated. */
interface Scheme {
  readonly iterations: number;
  /** With which what authenticates is made, and in the legacy scheme every key. */
  readonly hash: 'sha256' | 'sha1';
  readonly encrypt: (work: Work, plain: Uint8Array) => Promise<Encrypted>;
}

interface Encrypted {
  readonly algorithm: Asn1;
  readonly bytes: Uint8Array;
}

/** A bundle in the making. */
interface Work extends Pick<Pkcs12, 'password' | 'randomBytes'> {
  readonly write: Writer;
  readonly scheme: Scheme;
}

const deriveByPbkdf2 = promisify(pbkdf2);
const SALT_BYTES = 16;

// forge has its bytes in strings.
const toBinary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const fromBinary = (text: string): Buffer => Buffer.from(text, 'latin1');

function writerOf({ asn1: { create, Class, Type, oidToDer, integerToDer, toDer }, pki: { oids } }: Forge) {
  const octets = (bytes: Uint8Array): Asn1 =>
    create(Class.UNIVERSAL, Type.OCTETSTRING, false, toBinary(bytes));
  return {
    octets,
    sequence: (...values: Asn1[]): Asn1 => create(Class.UNIVERSAL, Type.SEQUENCE, true, values),
    set: (...values: Asn1[]): Asn1 => create(Class.UNIVERSAL, Type.SET, true, values),
    /** An identifier by the name that forge has for it. */
    oid: (name: string): Asn1 => {
      const dotted = oids[name];
      if (dotted === undefined)
        throw new RangeError(`"name" expected one that node-forge knows, got ${name}`);
      return create(Class.UNIVERSAL, Type.OID, false, oidToDer(dotted).getBytes());
    },
    integer: (value: number): Asn1 =>
      create(Class.UNIVERSAL, Type.INTEGER, false, integerToDer(value).getBytes()),
    nothing: (): Asn1 => create(Class.UNIVERSAL, Type.NULL, false, ''),
    bmpString: (text: string): Asn1 => create(Class.UNIVERSAL, Type.BMPSTRING, false, text),
    explicit: (value: Asn1): Asn1 => create(Class.CONTEXT_SPECIFIC, Type.NONE, true, [value]),
    implicitOctets: (bytes: Uint8Array): Asn1 =>
      create(Class.CONTEXT_SPECIFIC, Type.NONE, false, toBinary(bytes)),
    der: (value: Asn1): Buffer => fromBinary(toDer(value).getBytes()),
  };
}
type Writer = ReturnType<typeof writerOf>;

/** What SHA-1 and SHA-256 take at a time. */
const BLOCK_BYTES = 64;

/** Blocks full of the same bytes again and again; the last repetition may be cut (RFC 7292 B.2, steps 1 to 3). */
function fillBlocks(bytes: Uint8Array): Buffer {
  return Buffer.alloc(BLOCK_BYTES * Math.ceil(bytes.length / BLOCK_BYTES), bytes);
}

/** Adds to each block a number of as many bytes, and one (step 6 C). */
function addToBlocks(blocks: Buffer, number: Buffer): Buffer {
  const digits = 2 * BLOCK_BYTES;
  const addend = BigInt(`0x${number.toString('hex')}`) + 1n;
  const sums = blocks
    .toString('hex')
    .match(new RegExp(`.{${digits}}`, 'g'))
    ?.map((block) => (BigInt(`0x${block}`) + addend).toString(16).padStart(digits, '0').slice(-digits));
  return Buffer.from((sums ?? []).join(''), 'hex');
}

/**
 * Derives bytes from the password as PKCS#12 does (RFC 7292 appendix B.2), on the platform's hashes: node-forge's own are
 * JavaScript, and take twice as long on Node and eight times as long in the executable.
 */
function derive(
  { password, scheme: { iterations, hash: name } }: Work,
  { id, salt, length }: { readonly id: 1 | 2 | 3; readonly salt: Uint8Array; readonly length: number },
): Buffer {
  // B.1: UTF-16 with a zero at its end, the higher byte first.
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  let input: Buffer = Buffer.concat([fillBlocks(salt), fillBlocks(text)]);
  const derived: Buffer[] = [];
  for (let bytes = 0; bytes < length; ) {
    let block = hash(name, Buffer.concat([Buffer.alloc(BLOCK_BYTES, id), input]), 'buffer');
    for (let round = 1; round < iterations; round += 1) block = hash(name, block, 'buffer');
    derived.push(block);
    bytes += block.length;
    input = addToBlocks(input, Buffer.alloc(BLOCK_BYTES, block));
  }
  return Buffer.concat(derived).subarray(0, length);
}

/** PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC (RFC 8018 6.2). */
async function encryptByAes(
  { write, password, randomBytes, scheme: { iterations } }: Work,
  plain: Uint8Array,
): Promise<Encrypted> {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(16);
  const key = await deriveByPbkdf2(password, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const { sequence, oid, octets, integer, nothing } = write;
  const derivation = sequence(octets(salt), integer(iterations), sequence(oid('hmacWithSHA256'), nothing()));
  return {
    algorithm: sequence(
      oid('pkcs5PBES2'),
      sequence(sequence(oid('pkcs5PBKDF2'), derivation), sequence(oid('aes256-CBC'), octets(iv))),
    ),
    bytes: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

/** pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C). */
async function encryptByTripleDes(work: Work, plain: Uint8Array): Promise<Encrypted> {
  const { write, randomBytes, scheme } = work;
  const salt = randomBytes(SALT_BYTES);
  const key = derive(work, { id: 1, salt, length: 24 });
  const iv = derive(work, { id: 2, salt, length: 8 });
  const cipher = createCipheriv('des-ede3-cbc', key, iv);
  const { sequence, oid, octets, integer } = write;
  return {
    algorithm: sequence(
      oid('pbeWithSHAAnd3-KeyTripleDES-CBC'),
      sequence(octets(salt), integer(scheme.iterations)),
    ),
    bytes: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

// OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256. Whoever guesses takes the cheaper of what checks a guess, so that
// what authenticates has as many.
const MODERN: Scheme = { iterations: 600_000, hash: 'sha256', encrypt: encryptByAes };
// Seven derivations of this length, in the time of the other.
const LEGACY: Scheme = { iterations: 100_000, hash: 'sha1', encrypt: encryptByTripleDes };

/**
 * Encodes a private key with its certificates as PKCS#12 (RFC 7292), all of it encrypted, and authenticated by the password.
 * Whether they belong to each other is not looked at. Loads node-forge, which writes the structure; hashes and ciphers are the
 * platform's.
 *
 * @returns DER of the PFX.
 */
export async function encodePkcs12(contents: Pkcs12): Promise<Uint8Array> {
  const { default: library } = await import('node-forge');
  const { privateKeyDer, certificateDers, friendlyName, password, isLegacy, randomBytes } = contents;
  const scheme = isLegacy ? LEGACY : MODERN;
  const write = writerOf(library);
  const { sequence, set, oid, octets, integer, nothing, bmpString, explicit, implicitOctets, der } = write;
  const work = { write, scheme, password, randomBytes };

  const [own] = certificateDers;
  // By the same value, importers find the certificate of a key; OpenSSL's choice.
  const localKeyId = createHash('sha1').update(own).digest();
  const names = (): Asn1 =>
    set(
      sequence(oid('localKeyId'), set(octets(localKeyId))),
      sequence(oid('friendlyName'), set(bmpString(friendlyName))),
    );
  const certificateBag = (certificateDer: Uint8Array, ...attributes: Asn1[]): Asn1 =>
    sequence(
      oid('certBag'),
      explicit(sequence(oid('x509Certificate'), explicit(octets(certificateDer)))),
      ...attributes,
    );
  const certificates = sequence(
    ...certificateDers.map((one, index) => certificateBag(one, ...(index === 0 ? [names()] : []))),
  );
  const locked = await scheme.encrypt(work, der(certificates));
  const lockedKey = await scheme.encrypt(work, privateKeyDer);
  const keys = sequence(
    sequence(
      oid('pkcs8ShroudedKeyBag'),
      explicit(sequence(lockedKey.algorithm, octets(lockedKey.bytes))),
      names(),
    ),
  );
  const safe = der(
    sequence(
      sequence(
        oid('encryptedData'),
        explicit(sequence(integer(0), sequence(oid('data'), locked.algorithm, implicitOctets(locked.bytes)))),
      ),
      sequence(oid('data'), explicit(octets(der(keys)))),
    ),
  );
  const salt = randomBytes(SALT_BYTES);
  const macKey = derive(work, { id: 3, salt, length: scheme.hash === 'sha256' ? 32 : 20 });
  const mac = createHmac(scheme.hash, macKey).update(safe).digest();
  return der(
    sequence(
      integer(3),
      sequence(oid('data'), explicit(octets(safe))),
      sequence(
        sequence(sequence(oid(scheme.hash), nothing()), octets(mac)),
        octets(salt),
        integer(scheme.iterations),
      ),
    ),
  );
}
