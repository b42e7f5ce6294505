import { type ReadCertificate, readCertificate } from './checks/strays.ts';
import { nameText } from './checks/text.ts';
import { inFile, PkiError } from './errors.ts';
import { isSameDer } from './checks/evidence.ts';
import { encodePrivateKeyInfo, parsePrivateKey } from './x509/keys.ts';
import { attributeValues, type Certificate, COMMON_NAME_OID } from './x509/model.ts';
import { describePem } from './x509/pem-form.ts';
import { parsePemBlocks, readPem } from './x509/pem.ts';
import { encodePkcs12, type Pkcs12 } from './x509/pkcs12.ts';
import type { KeyPair } from './x509/signer.ts';

/** What a bundle is made from, as PEM. */
export interface BundleTexts {
  /** The client's certificate first. */
  readonly certificate: string;
  readonly key: string;
  /** The certificates among which those are looked for that signed it. */
  readonly authorities: string;
}

/** A PEM text, and the file that it is from, where there is one: what is wrong with it is said of that. */
export interface BundlePart {
  readonly pem: string;
  readonly path?: string;
}

/** The same, each part by itself. */
export interface BundleParts {
  readonly certificate: BundlePart;
  readonly key: BundlePart;
  readonly authorities: readonly BundlePart[];
}

/** The parts of a bundle, seen to belong together. */
export interface PlannedBundle {
  readonly certificate: Certificate;
  readonly key: KeyPair;
  /** Who signed it, and who signed that, up to the last that is there. */
  readonly chain: readonly Certificate[];
  readonly friendlyName: string;
  /** What is odd about it, a sentence each. */
  readonly notices: readonly string[];
}

function certificatesOf({ pem, path }: BundlePart): Promise<readonly ReadCertificate[]> {
  return inFile(path, () => {
    const blocks = parsePemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE');
    return Promise.all(
      blocks.map(async ({ der }) => {
        const read = await readCertificate(der);
        if (read !== undefined) return read;
        throw new PkiError('ERR_CERTIFICATE', 'a certificate in it cannot be read', {
          detail: { field: 'certificate' },
        });
      }),
    );
  });
}

function assertClient({ extKeyUsage: usages, basicConstraints, subject }: Certificate): void {
  const isForClients =
    usages === undefined || usages.some((usage) => usage === 'clientAuth' || usage === 'anyExtendedKeyUsage');
  if (basicConstraints?.isCa !== true && isForClients) return;
  throw new PkiError('ERR_CERTIFICATE', `"${nameText(subject)}" is the certificate of no client`, {
    detail: { field: 'extKeyUsage' },
    hint: 'bundles are for what is imported to show it to a server',
  });
}

/** The certificate of the client with what stands behind it. */
async function ownOf(
  part: BundlePart,
): Promise<{ readonly own: ReadCertificate; readonly behind: readonly ReadCertificate[] }> {
  const [own, ...behind] = await certificatesOf(part);
  return inFile(part.path, () => {
    if (own === undefined) {
      const found = describePem(part.pem, readPem(part.pem));
      throw new PkiError('ERR_PEM', `there is no certificate in it: found ${found}`, {
        detail: { expected: 'a CERTIFICATE', found },
      });
    }
    assertClient(own.certificate);
    return { own, behind };
  });
}

function keyOf({ pem, path }: BundlePart, { spkiDer, subject }: Certificate): Promise<KeyPair> {
  return inFile(path, () => {
    const key = parsePrivateKey(pem);
    if (isSameDer(key.spkiDer, spkiDer)) return key;
    throw new PkiError('ERR_KEY', 'the key belongs to another certificate', {
      detail: { expected: `the key of "${nameText(subject)}"`, found: 'another key' },
    });
  });
}

/** Who signed a certificate, and who signed that. A circle ends where it closes. */
async function chainOf(
  own: ReadCertificate,
  pool: readonly ReadCertificate[],
): Promise<readonly Certificate[]> {
  const chain: Certificate[] = [];
  let below: ReadCertificate | undefined = own;
  while (below !== undefined) {
    const { certificate, reader }: ReadCertificate = below;
    below = undefined;
    for (const candidate of pool) {
      const { der, subject, spkiDer } = candidate.certificate;
      const isKnown = [own.certificate, ...chain].some((one) => isSameDer(one.der, der));
      if (isKnown || !isSameDer(subject.der, certificate.issuer.der)) continue;
      if (!(await reader.isSignedBy(certificate, spkiDer))) continue;
      chain.push(candidate.certificate);
      below = candidate;
      break;
    }
  }
  return chain;
}

function noticesOf(certificate: Certificate, chain: readonly Certificate[], now: Date): readonly string[] {
  const isOver = certificate.notAfter.getTime() < now.getTime();
  return [
    ...(isOver ? ['the certificate has expired: no API server takes it'] : []),
    ...(chain.length > 0
      ? []
      : [`the CA that signed it, "${nameText(certificate.issuer)}", is not here, and so not in the bundle`]),
  ];
}

/**
 * Reads the parts of a bundle and sees that they belong together.
 *
 * @param friendlyName Absent: the common name of the certificate.
 * @throws {PkiError} `ERR_PEM`, `ERR_CERTIFICATE`, also for one that is for no client; `ERR_KEY`, also for the key of
 * another certificate.
 */
export async function planBundle(
  parts: BundleParts,
  { now, friendlyName }: { readonly now: Date; readonly friendlyName: string | undefined },
): Promise<PlannedBundle> {
  const { own, behind } = await ownOf(parts.certificate);
  const { certificate } = own;
  const key = await keyOf(parts.key, certificate);
  const authorities = await Promise.all(parts.authorities.map(certificatesOf));
  const chain = await chainOf(own, [...behind, ...authorities.flat()]);
  const [commonName] = attributeValues(certificate.subject, COMMON_NAME_OID);
  return {
    certificate,
    key,
    chain,
    friendlyName: friendlyName ?? commonName ?? 'client',
    notices: noticesOf(certificate, chain, now),
  };
}

/** Encodes a bundle: PKCS#12, locked with a password. */
export function encodePlannedBundle(
  { certificate, key, chain, friendlyName }: PlannedBundle,
  locks: Pick<Pkcs12, 'password' | 'isLegacy' | 'randomBytes'>,
): Promise<Uint8Array> {
  return encodePkcs12({
    ...locks,
    privateKeyDer: encodePrivateKeyInfo(key),
    certificateDers: [certificate.der, ...chain.map(({ der }) => der)],
    friendlyName,
  });
}
