import { PkiError } from '../errors.ts';
import { isOfIssuedKind, loadForeignReader, strictReader } from '../x509/certificate-reader.ts';
import type { Certificate } from '../x509/model.ts';
import { damageError, readPem } from '../x509/pem.ts';

/** A file that may hold certificates. */
export interface ReturnedFile {
  /** What it is called in what is said of it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A file that could hold what is wanted and was not read, and why. */
export interface UnreadFile {
  readonly name: string;
  readonly why: string;
}

/** A certificate that came back, or what stands in its place. */
export interface Returned {
  readonly source: string;
  /** Which of several in its file, from 1 on. */
  readonly position?: number;
  readonly content: { readonly certificate: Certificate } | { readonly why: string };
}

/** DER of anything begins with the identifier of a SEQUENCE, which is `0` to who reads a text. */
const SEQUENCE = 0x30;
const PKCS7_LABELS: readonly string[] = ['PKCS7', 'CMS'];

/**
 * Whether a file is DER, whole or cut off: its length is in the long form (X.690 8.1.3.5), as that of everything with a key in
 * it, whose first byte begins no character of a text; or it is that of the file.
 */
export function isDer(bytes: Uint8Array): boolean {
  const [identifier, length = 0] = bytes;
  return identifier === SEQUENCE && (length >= 0x80 ? length <= 0x84 : length + 2 === bytes.length);
}

async function parse(der: Uint8Array): Promise<Certificate> {
  try {
    const certificate = strictReader.parse(der);
    if (isOfIssuedKind(certificate)) return certificate;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
  }
  return (await loadForeignReader()).parse(der);
}

async function contentOf(der: Uint8Array): Promise<Returned['content']> {
  try {
    return { certificate: await parse(der) };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { why: error.message };
  }
}

/** Every certificate of a file, in PEM or, alone, in DER. Of a file that is something else, nothing. */
export async function certificatesIn({ name, bytes }: ReturnedFile): Promise<readonly Returned[]> {
  if (isDer(bytes)) return [{ source: name, content: await contentOf(bytes) }];
  const parts = readPem(Buffer.from(bytes).toString('utf8')).parts.filter(
    ({ label }) => label === 'CERTIFICATE' || PKCS7_LABELS.includes(label),
  );
  return Promise.all(
    parts.map(async (part, index): Promise<Returned> => {
      const place = { source: name, ...(parts.length > 1 ? { position: index + 1 } : {}) };
      if ('found' in part) return { ...place, content: { why: damageError(part).message } };
      if (part.label !== 'CERTIFICATE') {
        const why = 'holds PKCS #7: openssl pkcs7 -print_certs -in FILE -out FILE.pem takes it apart';
        return { ...place, content: { why } };
      }
      return { ...place, content: await contentOf(part.der) };
    }),
  );
}
