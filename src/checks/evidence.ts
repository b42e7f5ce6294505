import { PkiError } from '../errors.ts';
import { type Kubeconfig, parseKubeconfig } from '../kubeconfig/parse.ts';
import type { DesiredRow } from '../resolve/desired.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import {
  type CertificateReader,
  isOfIssuedKind,
  loadForeignReader,
  strictReader,
} from '../x509/certificate-reader.ts';
import { parsePrivateKey, parsePublicKeys } from '../x509/keys.ts';
import type { Certificate } from '../x509/model.ts';
import { parsePemBlocks } from '../x509/pem.ts';
import type { KeyPair, Signer } from '../x509/signer.ts';

/** What lies under one logical path. */
export interface PresentFile {
  readonly path: string;
  /** The file's text; absent where it could not be read as a file. */
  readonly contents?: string;
  /** What is there instead, or why it cannot be read: `is a directory`, `cannot be read (EACCES)`. */
  readonly obstacle?: string;
  /** Permission bits; absent where there is no file system behind it. */
  readonly mode?: number;
}

/** One thing in the files of a row that could not be read. */
export interface Unreadable {
  readonly path: string;
  readonly what: 'file' | 'certificate' | 'key' | 'publicKey' | 'kubeconfig';
  readonly message: string;
}

/** Everything that is there of one row, each file parsed once. A kubeconfig's certificate and key stand here as any other's. */
export interface RowEvidence {
  readonly desired: DesiredRow;
  /** The files of the row that are there. */
  readonly files: readonly PresentFile[];
  readonly unreadable: readonly Unreadable[];
  /** All certificates of the file in order: the row's own first, then what follows it. Of a bundle: all. */
  readonly certificates: readonly Certificate[];
  /** The certificates of the second copy, where the row has one. */
  readonly copy?: readonly Certificate[];
  readonly key?: KeyPair;
  /** DER of each SubjectPublicKeyInfo in the row's public key file. */
  readonly publicKeys: readonly Uint8Array[];
  readonly kubeconfig?: Kubeconfig;
  /** The certificates of certificate-authority-data. */
  readonly trust: readonly Certificate[];
  /** Of a CA: the certificate that it signs with, whose key is there or whose signer was given; else its first. */
  readonly authority?: Certificate;
  /** Files that are where the row must not have any: `absent` in its wishes. */
  readonly strays: readonly PresentFile[];
  /** The ids of the CAs present whose key made the signature of the row's own certificate. */
  readonly signedBy: readonly string[];
}

/** The rows of a cluster with what is there of each, by id and in the order of the table. */
export type Evidence = ReadonlyMap<string, RowEvidence>;

/** DER compared as bytes. */
export function isSameDer(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

class Collector {
  readonly unreadable: Unreadable[] = [];

  attempt<T>(path: string, what: Unreadable['what'], parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      this.unreadable.push({ path, what, message: error.message });
      return undefined;
    }
  }
}

function parseCertificates(pem: string, reader: CertificateReader): readonly Certificate[] {
  // As client-go reads them: a block with headers is none (kubeadm.md 1.5).
  const blocks = parsePemBlocks(pem).filter(
    (block) => block.label === 'CERTIFICATE' && block.headers.size === 0,
  );
  if (blocks.length === 0) {
    throw new PkiError('ERR_PEM', 'there is no certificate in it', {
      detail: { expected: 'CERTIFICATE', found: pem.trim() === '' ? 'nothing' : 'no such block' },
    });
  }
  return blocks.map((block) => reader.parse(block.der));
}

/** What is read of a row by itself, before the rows are looked at together. */
type ParsedRow = Omit<RowEvidence, 'signedBy' | 'authority' | 'strays'>;

async function parseRow(
  desired: DesiredRow,
  present: ReadonlyMap<string, PresentFile>,
  reader: CertificateReader,
): Promise<ParsedRow> {
  const collector = new Collector();
  const files = desired.files.flatMap((file) => present.get(file.path) ?? []);
  for (const file of files) {
    if (file.contents === undefined) {
      collector.unreadable.push({
        path: file.path,
        what: 'file',
        message: file.obstacle ?? 'cannot be read',
      });
    }
  }
  const textOf = (holds: Parameters<typeof fileThatHolds>[1]): { path: string; text: string } | undefined => {
    const path = fileThatHolds(desired, holds)?.path;
    const text = path === undefined ? undefined : present.get(path)?.contents;
    return path === undefined || text === undefined ? undefined : { path, text };
  };
  const certificatesIn = (source: { path: string; text: string } | undefined): readonly Certificate[] =>
    (source && collector.attempt(source.path, 'certificate', () => parseCertificates(source.text, reader))) ??
    [];
  const keyIn = (source: { path: string; text: string } | undefined): KeyPair | undefined =>
    source && collector.attempt(source.path, 'key', () => parsePrivateKey(source.text));

  if (desired.kind === 'kubeconfig') {
    const source = textOf('kubeconfig');
    let kubeconfig: Kubeconfig | undefined;
    if (source !== undefined) {
      try {
        kubeconfig = await parseKubeconfig(source.text);
      } catch (error) {
        if (!(error instanceof PkiError)) throw error;
        collector.unreadable.push({ path: source.path, what: 'kubeconfig', message: error.message });
      }
    }
    const embedded = (part: Kubeconfig['clientKey']): { path: string; text: string } | undefined =>
      source !== undefined && part !== undefined && 'pem' in part
        ? { path: source.path, text: part.pem }
        : undefined;
    const key = keyIn(embedded(kubeconfig?.clientKey));
    return {
      desired,
      files,
      certificates: certificatesIn(embedded(kubeconfig?.clientCertificate)),
      ...(key === undefined ? {} : { key }),
      publicKeys: [],
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      trust: certificatesIn(embedded(kubeconfig?.certificateAuthority)),
      unreadable: collector.unreadable,
    };
  }

  const copy = textOf('copy');
  const main = textOf('certificate') ?? textOf('bundle') ?? copy;
  const key = keyIn(textOf('key'));
  const publicKey = textOf('publicKey');
  return {
    desired,
    files,
    certificates: certificatesIn(main),
    ...(copy === undefined || copy === main ? {} : { copy: certificatesIn(copy) }),
    ...(key === undefined ? {} : { key }),
    publicKeys:
      (publicKey && collector.attempt(publicKey.path, 'publicKey', () => parsePublicKeys(publicKey.text))) ??
      [],
    trust: [],
    unreadable: collector.unreadable,
  };
}

async function signersOf(
  row: ParsedRow,
  authorities: readonly ParsedRow[],
  reader: CertificateReader,
): Promise<readonly string[]> {
  const [own] = row.certificates;
  if (own === undefined || row.desired.kind === 'bundle' || row.desired.kind === 'keyPair') return [];
  const expected = row.desired.certificate.signer ?? row.desired.id;
  // Its own CA first: when that one did sign, nobody needs to know about the others.
  const inOrder = authorities.toSorted(
    (a, b) => Number(b.desired.id === expected) - Number(a.desired.id === expected),
  );
  for (const authority of inOrder) {
    for (const certificate of authority.certificates) {
      if (await reader.isSignedBy(own, certificate.spkiDer)) return [authority.desired.id];
    }
  }
  return [];
}

function authorityOf({ certificates, key }: ParsedRow, signer: Signer | undefined): Certificate | undefined {
  const spkiDer = (signer ?? key)?.spkiDer;
  const signing = certificates.find(
    (certificate) => spkiDer !== undefined && isSameDer(certificate.spkiDer, spkiDer),
  );
  return signing ?? certificates[0];
}

/** The rows of a cluster and what is there. */
export interface PresentPki {
  readonly rows: readonly DesiredRow[];
  readonly files: readonly PresentFile[];
  /** Who signs for a CA whose key is not among the files, by the id of its row. */
  readonly signers: ReadonlyMap<string, Signer>;
}

/**
 * Reads everything that is there of the rows, each file once. What cannot be read is in `unreadable`, nothing throws.
 * Does not judge: the checks do.
 */
export async function parseEvidence(
  { rows, files, signers }: PresentPki,
  reader: CertificateReader,
): Promise<Evidence> {
  const present = new Map(files.map((file) => [file.path, file]));
  const parsed = await Promise.all(rows.map((row) => parseRow(row, present, reader)));
  const authorities = parsed.filter((row) => row.desired.kind === 'ca');
  const evidence = await Promise.all(
    parsed.map(async (row): Promise<RowEvidence> => {
      const authority = row.desired.kind === 'ca' ? authorityOf(row, signers.get(row.desired.id)) : undefined;
      return {
        ...row,
        ...(authority === undefined ? {} : { authority }),
        strays: (row.desired.absent ?? []).flatMap((path) => present.get(path) ?? []),
        signedBy: await signersOf(row, authorities, reader),
      };
    }),
  );
  return new Map(evidence.map((row) => [row.desired.id, row]));
}

/**
 * As {@link parseEvidence}, by the strict reader, or by the foreign one where a certificate is not such as is issued here:
 * loading that one takes longer than everything else. The evidence is the same as the foreign reader's in either case.
 */
export async function parseAnyEvidence(
  present: PresentPki,
): Promise<{ readonly evidence: Evidence; readonly reader: CertificateReader }> {
  const evidence = await parseEvidence(present, strictReader);
  const isIssuedHere = [...evidence.values()].every(
    ({ certificates, unreadable }) =>
      certificates.every(isOfIssuedKind) && unreadable.every(({ what }) => what !== 'certificate'),
  );
  if (isIssuedHere) return { evidence, reader: strictReader };
  const reader = await loadForeignReader();
  return { evidence: await parseEvidence(present, reader), reader };
}
