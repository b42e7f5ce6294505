import { PkiError } from '../errors.ts';
import { type Kubeconfig, parseKubeconfig } from '../kubeconfig/parse.ts';
import type { CertificateReader } from '../x509/certificate-reader.ts';
import { isPrivateKeyBlock, keyAbsent, parsePrivateKeyBlock, parsePublicKeyBlock } from '../x509/keys.ts';
import type { Certificate, CertificateRequest } from '../x509/model.ts';
import { damageError, type PemBlock, readableBlocks, readPem } from '../x509/pem.ts';
import { describeDer, describeOddText, describePem } from '../x509/pem-form.ts';
import type { KeyPair } from '../x509/signer.ts';

/** One thing in the files of a row that could not be read. */
export interface Unreadable {
  readonly path: string;
  readonly what: 'file' | 'certificate' | 'key' | 'publicKey' | 'kubeconfig' | 'request';
  /** Which part of a kubeconfig. */
  readonly field?: string;
  readonly message: string;
}

/** Gathers what cannot be read, so that one thing hides none of the others. */
export class Collector {
  readonly unreadable: Unreadable[] = [];

  note({ path, field }: Omit<Source, 'text'>, what: Unreadable['what'], message: string): void {
    this.unreadable.push({ path, what, ...(field === undefined ? {} : { field }), message });
  }

  /** `place` comes before the message: where in the file it is. */
  attempt<T>(source: Source, what: Unreadable['what'], parse: () => T, place = ''): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      this.note(source, what, `${place}${error.message}`);
      return undefined;
    }
  }
}

/** A text in a file of a row: the file's own, or one that a kubeconfig embeds or names. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** Of a kubeconfig, the field that holds or names it. */
  readonly field?: string;
}

/** The certificates of one text. */
export interface FoundCertificates {
  /** Empty where the first cannot be read: whatever is taken for the first is held against the row. */
  readonly certificates: readonly Certificate[];
  readonly others: readonly Certificate[];
}

function parseCertificateBlock({ label, der }: PemBlock, reader: CertificateReader): Certificate {
  try {
    return reader.parse(der);
  } catch (error) {
    const found = describeDer(der);
    if (!(error instanceof PkiError) || found === undefined || found === 'a certificate') throw error;
    throw new PkiError('ERR_PEM', `block ${label} holds ${found}`, {
      detail: { expected: 'a certificate', found },
      cause: error,
    });
  }
}

/** Every certificate of a text. */
export function findCertificates(
  source: Source,
  reader: CertificateReader,
  collector: Collector,
): FoundCertificates {
  const { text } = source;
  const pem = readPem(text);
  // As client-go reads them: a block with headers is none (kubeadm.md 1.5).
  const parts = pem.parts.filter(
    (part) => 'found' in part || (part.label === 'CERTIFICATE' && part.headers.size === 0),
  );
  if (parts.length === 0) {
    const hasHeaders = pem.parts.some(({ label }) => label === 'CERTIFICATE');
    const found = hasHeaders ? 'one with headers, which Kubernetes passes over' : describePem(text, pem);
    const message = `there is no certificate in it: expected a CERTIFICATE, found ${found}`;
    collector.note(source, 'certificate', message);
  }
  const parsed = parts.flatMap((part, index) => {
    const place = parts.length > 1 ? `block ${index + 1} of ${parts.length}: ` : '';
    const certificate = collector.attempt(
      source,
      'certificate',
      () => {
        if ('found' in part) throw damageError(part);
        return parseCertificateBlock(part, reader);
      },
      place,
    );
    return part.label === 'CERTIFICATE' ? [certificate] : [];
  });
  const certificates = parsed.filter((certificate) => certificate !== undefined);
  return parsed[0] === undefined ? { certificates: [], others: certificates } : { certificates, others: [] };
}

/** The blocks that can be read; what is wrong with the others is noted. */
function blocksOf(source: Source, what: Unreadable['what'], collector: Collector): readonly PemBlock[] {
  const pem = readPem(source.text);
  for (const part of pem.parts) {
    if ('found' in part) collector.note(source, what, damageError(part).message);
  }
  return readableBlocks(pem);
}

/** The private key of one text. */
export interface FoundKey {
  readonly key?: KeyPair;
  /** DER of the public key, where the key can be read and is of a kind that is not used here. */
  readonly foreignKey?: Uint8Array;
}

/** The first private key of a text, which is the one that components take. */
export function findKey(source: Source, collector: Collector): FoundKey {
  const before = collector.unreadable.length;
  const block = blocksOf(source, 'key', collector).find(isPrivateKeyBlock);
  const key = collector.attempt(source, 'key', () => {
    if (block !== undefined) return parsePrivateKeyBlock(block);
    if (collector.unreadable.length > before) return undefined;
    throw keyAbsent('a private key', source.text);
  });
  if (key !== undefined) return { key };
  // What cannot be read at all was noted already.
  const foreignKey = block && new Collector().attempt(source, 'key', () => parsePublicKeyBlock(block));
  return foreignKey === undefined ? {} : { foreignKey };
}

/** DER of every public key of a text. */
export function findPublicKeys(source: Source, collector: Collector): readonly Uint8Array[] {
  const before = collector.unreadable.length;
  const keys = blocksOf(source, 'publicKey', collector).flatMap(
    (block) => collector.attempt(source, 'publicKey', () => parsePublicKeyBlock(block)) ?? [],
  );
  if (keys.length === 0 && collector.unreadable.length === before) {
    const { message } = keyAbsent('a public key', source.text);
    collector.note(source, 'publicKey', message);
  }
  return keys;
}

/** Labels of a request: RFC 7468 7, and the one that Windows writes. */
export const REQUEST_LABELS: readonly string[] = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'];

/** The first request of a text. */
export function findRequest(
  source: Source,
  reader: CertificateReader,
  collector: Collector,
): CertificateRequest | undefined {
  const pem = readPem(source.text);
  const part = pem.parts.find(({ label }) => REQUEST_LABELS.includes(label));
  return collector.attempt(source, 'request', () => {
    if (part === undefined) {
      const found = describePem(source.text, pem);
      throw new PkiError(
        'ERR_PEM',
        `there is no request in it: expected a CERTIFICATE REQUEST, found ${found}`,
        {
          detail: { expected: 'a CERTIFICATE REQUEST', found },
        },
      );
    }
    if ('found' in part) throw damageError(part);
    return reader.parseRequest(part.der);
  });
}

/** What the current context of a text says. */
export async function findKubeconfig(source: Source, collector: Collector): Promise<Kubeconfig | undefined> {
  try {
    return await parseKubeconfig(source.text);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    const odd = describeOddText(source.text);
    const message = odd === undefined ? error.message : `there is no kubeconfig in it: found ${odd}`;
    collector.note(source, 'kubeconfig', message);
    return undefined;
  }
}
