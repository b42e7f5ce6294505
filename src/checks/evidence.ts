import type { Embedded, Kubeconfig, KubeconfigUser } from '../kubeconfig/parse.ts';
import type { DesiredRow } from '../resolve/desired.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import { requestFileOf } from '../resolve/requests.ts';
import {
  type CertificateReader,
  isOfIssuedKind,
  loadForeignReader,
  strictReader,
} from '../x509/certificate-reader.ts';
import type { Certificate, CertificateRequest } from '../x509/model.ts';
import type { KeyPair, Signer } from '../x509/signer.ts';
import {
  Collector,
  findCertificates,
  type FoundCertificates,
  type FoundKey,
  findKey,
  findKubeconfig,
  findPublicKeys,
  findRequest,
  type Source,
  type Unreadable,
} from './contents.ts';

/** What lies under one logical path. */
export interface PresentFile {
  readonly path: string;
  /** The file's text; absent where it could not be read as a file. */
  readonly contents?: string;
  /** What is there instead, or why it cannot be read: `is a directory`, `cannot be read (EACCES)`. */
  readonly obstacle?: string;
  /** Permission bits; absent where there is no file system behind it. */
  readonly mode?: number;
  /** Absent where there is no file system behind it. */
  readonly owner?: Owner;
  /** Given where a symbolic link leads to it from inside of what is looked at to the outside. */
  readonly link?: OutwardLink;
  /** Whether a directory above it, other than those of the PKI, keeps others from it whatever its mode is. */
  readonly isShutOff?: true;
}

/** Whom a file or a directory belongs to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A symbolic link out of what is looked at. */
export interface OutwardLink {
  /** The absolute path that it leads to on the host that looks. */
  readonly target: string;
  /** Whether what is there was read. */
  readonly isFollowed: boolean;
}

/** A directory that holds files of a PKI. */
export interface PresentDirectory {
  /** `pki/`, `pki/etcd`, `root-ca/`; `.` is the directory of the kubeconfigs. */
  readonly path: string;
  readonly mode?: number;
  readonly owner?: Owner;
  /** Why it cannot be looked into: `cannot be read (EACCES)`. */
  readonly obstacle?: string;
  /** What of it was not looked at because there is too much of it, a verb phrase each. */
  readonly limits?: readonly string[];
}

/** Where a file lies that a kubeconfig names. */
export type NamedPlace =
  /** Outside of what is looked at, as far as can be told. */
  | { readonly kind: 'elsewhere' }
  /** By its logical path; where it is not there it was not found either. */
  | { readonly kind: 'inside'; readonly path: string };

/** Finds the file that the kubeconfig of this logical path names by these words. */
export type NamedPlaceOf = (kubeconfig: string, file: string) => NamedPlace;

/** A file that a kubeconfig names, and what became of it. */
export interface NamedFile {
  /** The field that names it: `client-certificate`. */
  readonly field: string;
  /** As the kubeconfig has it. */
  readonly file: string;
  /** Where it lies within what is audited, by its logical path. */
  readonly path?: string;
  /** `read`: what it holds stands where what is embedded would stand. `unseen`: it was not looked at. */
  readonly state: 'read' | 'absent' | 'unseen';
  /** Why there is no reading it although something is there. */
  readonly obstacle?: string;
}

/** What a user of a kubeconfig carries that is not the one of its current context. */
export interface OtherUser {
  readonly name: string;
  readonly certificates: readonly Certificate[];
}

/** Everything that is there of one row, each file parsed once. A kubeconfig's certificate and key stand here as any other's. */
export interface RowEvidence {
  readonly desired: DesiredRow;
  /** The files of the row that are there. */
  readonly files: readonly PresentFile[];
  readonly unreadable: readonly Unreadable[];
  /** All certificates of the file in order: the row's own first, then what follows it. Of a bundle: all. */
  readonly certificates: readonly Certificate[];
  /** Where the first cannot be read, those behind it: whose they are is not known then. */
  readonly others: readonly Certificate[];
  /** The certificates of the second copy, where the row has one. */
  readonly copy?: readonly Certificate[];
  readonly key?: KeyPair;
  /** DER of the public key of its private key, where that is of a kind that is not used here. */
  readonly foreignKey?: Uint8Array;
  /** DER of each SubjectPublicKeyInfo in the row's public key file. */
  readonly publicKeys: readonly Uint8Array[];
  readonly kubeconfig?: Kubeconfig;
  /** What the request for its certificate asks for, where one is among the files. */
  readonly request?: CertificateRequest;
  /** The certificates of certificate-authority-data, or of the file that stands for it. */
  readonly trust: readonly Certificate[];
  /** The files that the kubeconfig names. */
  readonly named: readonly NamedFile[];
  /** The other users of the kubeconfig, where files that kubeconfigs name are looked at. */
  readonly otherUsers: readonly OtherUser[];
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

/** A public key of a row and the file that it stands in. */
export interface PlacedKey {
  readonly path: string;
  readonly spkiDer: Uint8Array;
}

/**
 * Every public key of a row, each once: those of its certificates (of a leaf without the chain behind it), of its private key
 * and its public key file, and of the other users of a kubeconfig.
 */
export function keysOf(row: RowEvidence): readonly PlacedKey[] {
  const keys = KEYS.get(row) ?? findKeys(row);
  KEYS.set(row, keys);
  return keys;
}

// Every check over keys asks.
const KEYS = new WeakMap<RowEvidence, readonly PlacedKey[]>();

function findKeys(row: RowEvidence): readonly PlacedKey[] {
  const { desired, files, certificates, key, foreignKey, publicKeys, otherUsers } = row;
  const path = files[0]?.path ?? '';
  const publicPath = fileThatHolds(desired, 'publicKey')?.path ?? path;
  const ownKey = key?.spkiDer ?? foreignKey;
  const own = desired.kind === 'ca' ? certificates : certificates.slice(0, 1);
  const all: readonly PlacedKey[] = [
    ...[...own, ...otherUsers.flatMap((user) => user.certificates)].map(({ spkiDer }) => ({ path, spkiDer })),
    ...(ownKey === undefined ? [] : [{ path, spkiDer: ownKey }]),
    ...publicKeys.map((spkiDer) => ({ path: publicPath, spkiDer })),
  ];
  // By their bytes and in linear time: a bundle may hold thousands.
  const distinct = new Map(
    all.toReversed().map((placed) => [Buffer.from(placed.spkiDer).toString('base64'), placed]),
  );
  return [...distinct.values()].toReversed();
}

/** What is read of a row by itself, before the rows are looked at together. */
type ParsedRow = Omit<RowEvidence, 'signedBy' | 'authority' | 'strays'>;

/** A field of a kubeconfig that holds something or names a file for it. */
type Part = readonly [field: string, part: Embedded | undefined];

/** What stands in a field of a kubeconfig, or in the file that it names, where that is looked at. */
function openPart(
  [field, part]: Part,
  path: string,
  present: ReadonlyMap<string, PresentFile>,
  placeOf: NamedPlaceOf,
): { readonly source?: Source; readonly named?: NamedFile } {
  if (part === undefined) return {};
  if ('pem' in part) return { source: { path, text: part.pem, field } };
  const { file } = part;
  const place = placeOf(path, file);
  if (place.kind === 'elsewhere') return { named: { field, file, state: 'unseen' } };
  const named = { field, file, path: place.path };
  const found = present.get(place.path);
  if (found === undefined) return { named: { ...named, state: 'absent' } };
  const { contents: text, obstacle } = found;
  if (text !== undefined) return { source: { path, text, field }, named: { ...named, state: 'read' } };
  if (obstacle !== undefined) return { named: { ...named, state: 'absent', obstacle } };
  // A name alone: that it is there is all that is known of it.
  return { named: { ...named, state: 'unseen' } };
}

function tokenFileOf(user: Pick<KubeconfigUser, 'tokenFile'> | undefined): Embedded | undefined {
  return user?.tokenFile === undefined ? undefined : { file: user.tokenFile };
}

const ELSEWHERE: NamedPlaceOf = () => ({ kind: 'elsewhere' });

/** What a file asks for that lies where the request of a row does. */
function requestIn(
  file: PresentFile | undefined,
  reader: CertificateReader,
  collector: Collector,
): CertificateRequest | undefined {
  if (file === undefined) return undefined;
  const { path, contents: text, obstacle = 'cannot be read' } = file;
  if (text !== undefined) return findRequest({ path, text }, reader, collector);
  collector.unreadable.push({ path, what: 'request', message: obstacle });
  return undefined;
}

async function parseRow(
  desired: DesiredRow,
  { present, placeOf }: { present: ReadonlyMap<string, PresentFile>; placeOf: NamedPlaceOf | undefined },
  reader: CertificateReader,
): Promise<ParsedRow> {
  const collector = new Collector();
  const files = desired.files.flatMap((file) => present.get(file.path) ?? []);
  for (const { path, contents, obstacle = 'cannot be read', link } of files) {
    // What lies behind a link that is not followed is no fault of the file: the link is a finding of its own.
    if (contents === undefined && link?.isFollowed !== false)
      collector.unreadable.push({ path, what: 'file', message: obstacle });
  }
  const textOf = (holds: Parameters<typeof fileThatHolds>[1]): Source | undefined => {
    const path = fileThatHolds(desired, holds)?.path;
    const text = path === undefined ? undefined : present.get(path)?.contents;
    return path === undefined || text === undefined ? undefined : { path, text };
  };
  const certificatesIn = (source: Source | undefined): FoundCertificates =>
    source === undefined ? { certificates: [], others: [] } : findCertificates(source, reader, collector);
  const keyIn = (source: Source | undefined): FoundKey =>
    source === undefined ? {} : findKey(source, collector);

  const asked = requestIn(present.get(requestFileOf(desired)?.path ?? ''), reader, collector);
  const request = asked === undefined ? {} : { request: asked };

  if (desired.kind === 'kubeconfig') {
    const source = textOf('kubeconfig');
    const kubeconfig = source && (await findKubeconfig(source, collector));
    const path = source?.path ?? '';
    const open = (...part: Part): ReturnType<typeof openPart> =>
      openPart(part, path, present, placeOf ?? ELSEWHERE);
    const certificate = open('client-certificate', kubeconfig?.clientCertificate);
    const clientKey = open('client-key', kubeconfig?.clientKey);
    const authority = open('certificate-authority', kubeconfig?.certificateAuthority);
    const token = open('tokenFile', tokenFileOf(kubeconfig));
    const key = keyIn(clientKey.source);
    // Who completes a PKI asks for the current user alone.
    const others = (placeOf === undefined ? [] : (kubeconfig?.otherUsers ?? [])).map((user) => {
      const field = `users[${JSON.stringify(user.name)}]`;
      return {
        name: user.name,
        certificate: open(field, user.clientCertificate),
        rest: [open(field, user.clientKey), open(field, tokenFileOf(user))],
      };
    });
    const own = certificatesIn(certificate.source);
    const trust = certificatesIn(authority.source);
    return {
      desired,
      files,
      ...own,
      ...key,
      ...request,
      publicKeys: [],
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      trust: [...trust.certificates, ...trust.others],
      named: [
        certificate,
        clientKey,
        authority,
        token,
        ...others.flatMap((user) => [user.certificate, ...user.rest]),
      ].flatMap(({ named }) => named ?? []),
      otherUsers: others.map((user) => ({
        name: user.name,
        certificates: certificatesIn(user.certificate.source).certificates,
      })),
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
    ...certificatesIn(main),
    ...(copy === undefined || copy === main ? {} : { copy: certificatesIn(copy).certificates }),
    ...key,
    ...request,
    publicKeys: publicKey === undefined ? [] : findPublicKeys(publicKey, collector),
    trust: [],
    named: [],
    otherUsers: [],
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
  /** Given where the files that kubeconfigs name are to be looked at, if they are among the files. */
  readonly placeOf?: NamedPlaceOf;
}

/**
 * Reads everything that is there of the rows, each file once. What cannot be read is in `unreadable`, nothing throws.
 * Does not judge: the checks do.
 */
export async function parseEvidence(
  { rows, files, signers, placeOf }: PresentPki,
  reader: CertificateReader,
): Promise<Evidence> {
  const present = new Map(files.map((file) => [file.path, file]));
  const parsed = await Promise.all(rows.map((row) => parseRow(row, { present, placeOf }, reader)));
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
    ({ certificates, otherUsers, unreadable }) =>
      [certificates, ...otherUsers.map((user) => user.certificates)].flat().every(isOfIssuedKind) &&
      unreadable.every(({ what }) => what !== 'certificate' && what !== 'request'),
  );
  if (isIssuedHere) return { evidence, reader: strictReader };
  const reader = await loadForeignReader();
  return { evidence: await parseEvidence(present, reader), reader };
}
