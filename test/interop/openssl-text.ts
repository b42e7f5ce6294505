import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import type { KeyAlgorithmId } from '../../src/x509/algorithms.ts';
import type { GeneralName } from '../../src/x509/model.ts';
import type { HeldCertificate } from '../support/cluster.ts';

/** What openssl prints of a certificate. */
export interface PrintedCertificate {
  /** In the order of the certificate: `O=system:nodes, CN=system:node:a`. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialHex: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: string;
  readonly signature: string;
  /** By openssl's name of the extension; `critical, ` in front of the text where it is. */
  readonly extensions: Readonly<Record<string, string>>;
}

function parsePrinted(text: string): PrintedCertificate {
  // Releases of openssl differ in the spaces around it.
  const name = (pattern: RegExp): string => field(pattern).replaceAll(' = ', '=');
  const field = (pattern: RegExp): string => pattern.exec(text)?.[1]?.trim() ?? 'absent';
  const extensions = [...text.matchAll(/^ {12}(X509v3 [^:]*): *(critical)?\n {16}(.*)$/gm)];
  return {
    subject: name(/^ +Subject: *(.*)$/m),
    issuer: name(/^ +Issuer: *(.*)$/m),
    serialHex: field(/Serial Number:\s*(.*)$/m).replaceAll(':', ''),
    notBefore: new Date(field(/Not Before *: (.*)$/m)),
    notAfter: new Date(field(/Not After *: (.*)$/m)),
    publicKey: `${field(/Public Key Algorithm: (.*)$/m)} ${field(/Public-Key: \((\d+) bit\)/)}`,
    signature: field(/Signature Algorithm: (.*)$/m),
    extensions: Object.fromEntries(
      extensions.map(([, extension = '', critical, value = '']) => [
        extension.slice('X509v3 '.length),
        critical === undefined ? value : `critical, ${value}`,
      ]),
    ),
  };
}

/** Has openssl print every certificate of a PEM file, and takes the text apart. */
export function printCertificates(file: string): readonly PrintedCertificate[] {
  const { status, stdout, stderr } = spawnSync('openssl', ['storeutl', '-certs', '-noout', '-text', file], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`openssl cannot read ${file}: ${stderr}`);
  return stdout
    .split(/^\d+: Certificate$/m)
    .slice(1)
    .map(parsePrinted);
}

// What `openssl x509 -text` calls them (RFC 5280 4.2.1.3, 4.2.1.12).
const USAGE_TEXT: Readonly<Record<string, string>> = {
  digitalSignature: 'Digital Signature',
  keyEncipherment: 'Key Encipherment',
  keyCertSign: 'Certificate Sign',
  cRLSign: 'CRL Sign',
  serverAuth: 'TLS Web Server Authentication',
  clientAuth: 'TLS Web Client Authentication',
};
const PUBLIC_KEY_TEXT: Readonly<Record<KeyAlgorithmId, string>> = {
  'RSA-2048': 'rsaEncryption 2048',
  'RSA-3072': 'rsaEncryption 3072',
  'RSA-4096': 'rsaEncryption 4096',
  'ECDSA-P256': 'id-ecPublicKey 256',
  'ECDSA-P384': 'id-ecPublicKey 384',
  'ECDSA-P521': 'id-ecPublicKey 521',
  Ed25519: 'ED25519 absent',
};
const SIGNATURE_TEXT: Readonly<Record<KeyAlgorithmId, string>> = {
  'RSA-2048': 'sha256WithRSAEncryption',
  'RSA-3072': 'sha256WithRSAEncryption',
  'RSA-4096': 'sha256WithRSAEncryption',
  'ECDSA-P256': 'ecdsa-with-SHA256',
  'ECDSA-P384': 'ecdsa-with-SHA384',
  'ECDSA-P521': 'ecdsa-with-SHA512',
  Ed25519: 'ED25519',
};

const usageText = (usages: readonly string[]): string => usages.map((usage) => USAGE_TEXT[usage]).join(', ');

/** openssl prints IPv6 addresses in capitals and without `::`. */
function sanText({ kind, value }: GeneralName): string {
  if (kind === 'dns') return `DNS:${value}`;
  if (!value.includes(':')) return `IP Address:${value}`;
  const [head = '', tail] = value.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  return `IP Address:${[...left, ...zeros, ...right].join(':').toUpperCase()}`;
}

/** The bits of the public key, which RFC 5280 4.2.1.2 and RFC 7093 take the hash of. */
function publicKeyBits(pem: string): Buffer {
  const { publicKey } = new X509Certificate(pem);
  if (publicKey.asymmetricKeyType === 'rsa') return publicKey.export({ type: 'pkcs1', format: 'der' });
  const { x = '', y } = publicKey.export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  return y === undefined ? bytes : Buffer.concat([Buffer.of(4), bytes, Buffer.from(y, 'base64url')]);
}

function keyIdentifierText({ desired, pem }: HeldCertificate): string {
  const hash = desired.subjectKeyIdentifierMethod === 'sha1' ? 'sha1' : 'sha256';
  const identifier = createHash(hash).update(publicKeyBits(pem)).digest('hex').slice(0, 40);
  return identifier.toUpperCase().replaceAll(/..(?!$)/g, '$&:');
}

function subjectText({ desired }: HeldCertificate): string {
  return [...desired.organization.map((name) => `O=${name}`), `CN=${desired.commonName}`].join(', ');
}

/** What openssl should print of a certificate's extensions. */
function extensionTexts(held: HeldCertificate, signer: HeldCertificate): Readonly<Record<string, string>> {
  const { isCa, pathLength, keyUsage, extKeyUsage, sans } = held.desired;
  const constraints = isCa
    ? `CA:TRUE${pathLength === undefined ? '' : `, pathlen:${pathLength}`}`
    : 'CA:FALSE';
  return {
    'Basic Constraints': `critical, ${constraints}`,
    'Key Usage': `critical, ${usageText(keyUsage)}`,
    'Subject Key Identifier': keyIdentifierText(held),
    ...(extKeyUsage.length === 0 ? {} : { 'Extended Key Usage': usageText(extKeyUsage) }),
    ...(sans.length === 0 ? {} : { 'Subject Alternative Name': sans.map(sanText).join(', ') }),
    // RFC 5280 4.2.1.1: not needed where a CA signs itself.
    ...(signer === held ? {} : { 'Authority Key Identifier': keyIdentifierText(signer) }),
  };
}

/** What openssl is to print of a certificate that its signer issued at `now`; the serial number only by its form. */
export function expectedPrint(
  held: HeldCertificate,
  signer: HeldCertificate,
  now: Date,
): Omit<PrintedCertificate, 'serialHex'> {
  const { algorithm, backdateSeconds, validitySeconds } = held.desired;
  const second = now.getTime() / 1000;
  return {
    subject: subjectText(held),
    issuer: subjectText(signer),
    notBefore: new Date((second - backdateSeconds) * 1000),
    notAfter: new Date((second + validitySeconds) * 1000),
    publicKey: PUBLIC_KEY_TEXT[algorithm.id],
    signature: SIGNATURE_TEXT[signer.desired.algorithm.id],
    extensions: extensionTexts(held, signer),
  };
}
