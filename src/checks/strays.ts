import { PkiError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { isKubeconfig, type NamedUser, parseKubeconfigUsers } from '../kubeconfig/parse.ts';
import { fileThatHolds } from '../resolve/desired.ts';
import { isCopyPath, knownPaths } from '../resolve/paths.ts';
import { companionOf } from '../table/companions.ts';
import {
  type CertificateReader,
  isOfIssuedKind,
  loadForeignReader,
  strictReader,
} from '../x509/certificate-reader.ts';
import { describeKey, isPrivateKeyBlock, parsePrivateKeyBlock } from '../x509/keys.ts';
import type { Certificate } from '../x509/model.ts';
import { readableBlocks, readPem } from '../x509/pem.ts';
import { describeOddText, holdsPrivateKey } from '../x509/pem-form.ts';
import { type CheckRow, listText } from './check.ts';
import { Collector } from './contents.ts';
import { type Evidence, isSameDer, type PresentFile, type RowEvidence } from './evidence.ts';
import { KEY_READABLE, octal } from './files.ts';
import { nameText } from './text.ts';

/** A certificate that anybody may have made, with the reader that it takes. */
export interface ReadCertificate {
  readonly certificate: Certificate;
  readonly reader: CertificateReader;
}

/** A file that no row of this cluster has, read. */
export interface Stray {
  readonly file: PresentFile;
  /** Whether a kubeconfig names it: it belongs to that. */
  readonly isNamed: boolean;
  /** Whether a private key stands in it, also one that cannot be read, or a token. */
  readonly hasSecret: boolean;
  /** DER of the public keys of those that can be read. */
  readonly spkiDers: readonly Uint8Array[];
  readonly certificates: readonly ReadCertificate[];
  /** Given where it is a kubeconfig that can be read. */
  readonly users?: readonly NamedUser[];
}

// Nobody asks where it was: what cannot be read of a stray is left out.
const NOWHERE = { path: '', text: '' };

/** Reads a certificate of whatever kind; undefined where it cannot be read. */
export async function readCertificate(der: Uint8Array): Promise<ReadCertificate | undefined> {
  const collector = new Collector();
  const own = collector.attempt(NOWHERE, 'certificate', () => strictReader.parse(der));
  if (own !== undefined && isOfIssuedKind(own)) return { certificate: own, reader: strictReader };
  const reader = await loadForeignReader();
  const certificate = collector.attempt(NOWHERE, 'certificate', () => reader.parse(der));
  return certificate && { certificate, reader };
}

/** Of the certificates in a text those that can be read, in order. */
async function readCertificates(pem: string): Promise<readonly ReadCertificate[]> {
  const found: ReadCertificate[] = [];
  for (const { label, der } of readableBlocks(readPem(pem))) {
    const read = label === 'CERTIFICATE' ? await readCertificate(der) : undefined;
    if (read !== undefined) found.push(read);
  }
  return found;
}

/** Of the client certificates that a user of a kubeconfig carries in it those that can be read: its own first. */
export async function clientCertificatesOf({
  clientCertificate,
}: NamedUser): Promise<readonly ReadCertificate[]> {
  return clientCertificate !== undefined && 'pem' in clientCertificate
    ? readCertificates(clientCertificate.pem)
    : [];
}

/** The users of a kubeconfig; undefined where it cannot be read. */
export async function readUsers(text: string): Promise<readonly NamedUser[] | undefined> {
  try {
    return await parseKubeconfigUsers(text);
  } catch (error) {
    if (error instanceof PkiError) return undefined;
    throw error;
  }
}

/** YAML takes its time: more of it than all the kubeconfigs of a cluster is not read. */
const MAXIMUM_YAML_LENGTH = 1024 * 1024;
/** A key takes OpenSSL a fraction of a millisecond, a thousand files full of them a minute. */
const MAXIMUM_BLOCKS = 2000;

/** The files that kubeconfigs name, by their logical paths, and whether as what holds a token and nothing else. */
function namedIn(evidence: Evidence): ReadonlyMap<string, { readonly holdsToken: boolean }> {
  const named = [...evidence.values()].flatMap((row) => {
    const users = row.kubeconfig === undefined ? [] : [row.kubeconfig, ...row.kubeconfig.otherUsers];
    return row.named.flatMap(({ path, file }) =>
      path === undefined
        ? []
        : [[path, { holdsToken: users.some(({ tokenFile }) => tokenFile === file) }] as const],
    );
  });
  return new Map(named.toSorted(([, a], [, b]) => Number(a.holdsToken) - Number(b.holdsToken)));
}

async function readStray(
  file: PresentFile,
  {
    isReadable,
    named,
  }: { readonly isReadable: boolean; readonly named: { readonly holdsToken: boolean } | undefined },
): Promise<Stray> {
  const { contents = '' } = file;
  const collector = new Collector();
  const users = isReadable ? await readUsers(contents) : undefined;
  const embedded = (users ?? []).flatMap(({ clientKey }) =>
    clientKey !== undefined && 'pem' in clientKey ? [clientKey.pem] : [],
  );
  const blocks = readableBlocks(readPem(contents));
  const keys = [...blocks, ...embedded.flatMap((pem) => readableBlocks(readPem(pem)))]
    .filter(isPrivateKeyBlock)
    .flatMap((block) => collector.attempt(NOWHERE, 'key', () => parsePrivateKeyBlock(block)) ?? []);
  const isCredential = embedded.length > 0 || users?.some(({ token }) => token !== undefined) === true;
  return {
    file,
    isNamed: named !== undefined,
    hasSecret: isCredential || named?.holdsToken === true || holdsPrivateKey(contents),
    spkiDers: keys.map(({ spkiDer }) => spkiDer),
    certificates: await readCertificates(contents),
    ...(users === undefined ? {} : { users }),
  };
}

/**
 * Reads the files that no row of this cluster has. What cannot be read of them is left out; of kubeconfigs 1 MiB is read, of
 * PEM 2,000 blocks.
 */
export async function readStrays(
  files: readonly PresentFile[],
  evidence: Evidence,
): Promise<readonly Stray[]> {
  const known = new Set(
    [...evidence.values()].flatMap(({ desired }) => [
      ...desired.files.map(({ path }) => path),
      ...(desired.absent ?? []),
    ]),
  );
  const namedFiles = namedIn(evidence);
  const strays: Stray[] = [];
  let length = 0;
  let blocks = 0;
  for (const file of files.filter(({ path }) => !known.has(path))) {
    const { path, contents = '' } = file;
    const isYaml = isKubeconfig(contents);
    if (isYaml) length += contents.length;
    const ownBlocks = contents.split('-----BEGIN ').length - 1;
    const bounds: readonly (readonly [isBeyond: boolean, obstacle: string])[] = [
      [isYaml && length > MAXIMUM_YAML_LENGTH, 'is a kubeconfig of more than is looked into'],
      [ownBlocks > 0 && blocks >= MAXIMUM_BLOCKS, 'holds more keys or certificates than are looked into'],
    ];
    blocks += ownBlocks;
    const [, obstacle] = bounds.find(([isBeyond]) => isBeyond) ?? [];
    const read = { isReadable: isYaml && obstacle === undefined, named: namedFiles.get(path) };
    strays.push(await readStray(obstacle === undefined ? file : { path, obstacle }, read));
  }
  return strays;
}

const FILE_UNKNOWN: CheckRow = {
  code: 'file-unknown',
  severity: 'notice',
  says: 'Every file in the certificate directory belongs to something',
  citation: 'R5',
  remedy: 'find out whose it is: a forgotten key is a key that nobody renews and nobody misses',
};

const FILE_COMPANION: CheckRow = {
  code: 'file-companion',
  severity: 'notice',
  says: 'Beside the files of the table lie some that others are known to put there',
  citation: 'kubeadm.md 1.6, kubelet --cert-dir',
  remedy: 'nothing to do where it is still of use',
};

const STRAY_UNREAD: CheckRow = {
  code: 'stray-unread',
  severity: 'warning',
  says: 'Of a file that belongs to nothing it can be seen whether it holds a key',
  citation: 'R5',
  remedy: 'run as a user who may read it, or look into it yourself',
};

const STRAY_KEY: CheckRow = {
  code: 'stray-key',
  severity: 'warning',
  says: 'A private key belongs to a row: any other is one that nobody renews, and that nobody misses when it is lost',
  citation: 'R5',
  remedy: 'find out what it is for, and remove the file where it is of no use',
};

const AUTHORITY_KEY_COPIED: CheckRow = {
  code: 'authority-key-copied',
  severity: 'warning',
  says: 'The key of a CA, and the one that signs service account tokens, lies in one place: whoever has a copy can be anybody',
  citation: 'R2.4, NIST SP 800-57 part 1, 5.3',
  remedy: 'remove the copy; where somebody may have taken it, rotate what it signs for',
};

const LAYOUT_UNKNOWN: CheckRow = {
  code: 'layout-unknown',
  severity: 'warning',
  says: 'A PKI has the file names of the table: k3s, cfssl and others have their own, and what their files are for is not told from these',
  citation: 'R5',
  remedy: 'give copies of the files the names that k8s-pki show table prints, and audit those',
};

/** In place of the remedies above, where to remove the file may be to lose the key. */
const MOVE_KEY =
  'move it to where it belongs, or off this host where it is kept elsewhere on purpose: it may be the only one';

/** What there is to find in files that no row has. */
export const STRAY_CHECKS: readonly CheckRow[] = Object.freeze([
  LAYOUT_UNKNOWN,
  FILE_UNKNOWN,
  FILE_COMPANION,
  STRAY_UNREAD,
  STRAY_KEY,
  AUTHORITY_KEY_COPIED,
]);

/** The remedy only where it is not that of the row. */
type Found = Omit<Finding, 'code' | 'severity' | 'path'>;

/** The row that one of the public keys is a key of; a CA's also where its own key is kept elsewhere. */
function ownerOf(spkiDers: readonly Uint8Array[], evidence: Evidence): RowEvidence | undefined {
  const isOwn = (spkiDer: Uint8Array): boolean => spkiDers.some((own) => isSameDer(own, spkiDer));
  return [...evidence.values()].find(
    ({ key, certificates: [first], publicKeys }) =>
      (key !== undefined && isOwn(key.spkiDer)) ||
      (first !== undefined && isOwn(first.spkiDer)) ||
      publicKeys.some(isOwn),
  );
}

/** Whether the row has the key itself, so that another file with it is a copy. */
function isInPlace({ key, foreignKey }: RowEvidence, spkiDers: readonly Uint8Array[]): boolean {
  const own = key?.spkiDer ?? foreignKey;
  return own !== undefined && spkiDers.some((spkiDer) => isSameDer(own, spkiDer));
}

function isAuthority({ desired: { kind } }: RowEvidence): boolean {
  return kind === 'ca' || kind === 'keyPair';
}

function keyFinding(
  { file, spkiDers }: Stray,
  owner: RowEvidence | undefined,
  certificates: readonly Certificate[],
): readonly [CheckRow, Found] {
  if (spkiDers.length === 0) {
    const form = describeOddText(file.contents ?? '');
    const message = 'holds a private key that cannot be compared: it is encrypted, or not in PEM';
    return [STRAY_KEY, { message, ...(form === undefined ? {} : { found: form }) }];
  }
  const found = listText(spkiDers.map(describeKey));
  const certified = certificates.find(({ spkiDer }) => spkiDers.some((own) => isSameDer(own, spkiDer)));
  if (owner === undefined && certified !== undefined) {
    const message = `holds the private key of a certificate that no row has, "${nameText(certified.subject)}"`;
    return [STRAY_KEY, { message, found }];
  }
  if (owner === undefined)
    return [STRAY_KEY, { message: 'holds a private key that belongs to nothing here', found }];
  const { id, purpose } = owner.desired;
  const row = isAuthority(owner) ? AUTHORITY_KEY_COPIED : STRAY_KEY;
  const message = `holds the private key of ${id} (${purpose})`;
  if (isInPlace(owner, spkiDers)) return [row, { message: `${message} a second time`, found }];
  return [row, { message: `${message}, which is not in its place`, found, remedy: MOVE_KEY }];
}

/** What is in a file that nothing else is to be said of. */
function describeStray({ file: { contents }, hasSecret, certificates, users }: Stray): string | undefined {
  if (users !== undefined) return `a kubeconfig of ${listText(users.map(({ name }) => name))}`;
  const names = certificates.map(({ certificate }) => `"${nameText(certificate.subject)}"`);
  if (names.length > 0) return listText(names);
  if (hasSecret) return 'a private key';
  return contents === undefined ? undefined : describeOddText(contents);
}

function judge(
  stray: Stray,
  evidence: Evidence,
  certificates: readonly Certificate[],
): readonly (readonly [CheckRow, Found])[] {
  const { file, isNamed, hasSecret, users } = stray;
  const companion = companionOf(file.path);
  if (file.obstacle !== undefined) {
    // What is wrong with the file that it names, the checks of the kubeconfig say.
    if (isNamed || companion?.isUsual === true) return [];
    return [[STRAY_UNREAD, { message: `is none of the files of a Kubernetes PKI, and ${file.obstacle}` }]];
  }
  const isOfTable = knownPaths().includes(file.path);
  const isMeant = isOfTable || companion?.mayHoldKey === true || users !== undefined;
  const owner = ownerOf(stray.spkiDers, evidence);
  const isCopy = isCopyPath(file.path);
  // What is beside the certificate directory and has no key of this PKI is somebody else's, or of another PKI.
  if (isCopy && !isNamed && owner === undefined) return [];
  const isCopied = owner !== undefined && isAuthority(owner);
  const isReadable =
    hasSecret && file.isShutOff !== true && file.mode !== undefined && (file.mode & 0o004) !== 0;
  const readable: readonly (readonly [CheckRow, Found])[] = isReadable
    ? [
        [
          KEY_READABLE,
          {
            field: 'mode',
            message: 'holds a private key or a token, and can be read by others',
            expected: '0600',
            found: octal(file.mode ?? 0),
          },
        ],
      ]
    : [];
  if (isNamed && !isCopied) return readable;
  if (isCopied || (hasSecret && !isMeant)) return [...readable, keyFinding(stray, owner, certificates)];
  if (isCopy) return readable;
  if (companion !== undefined) return [...readable, [FILE_COMPANION, { message: companion.says }]];
  const found = describeStray(stray);
  const message = isOfTable
    ? 'is of no use in a cluster like this one'
    : 'is none of the files of a Kubernetes PKI';
  return [...readable, [FILE_UNKNOWN, { message, ...(found === undefined ? {} : { found }) }]];
}

/** Looks at the files that belong to no row. */
export function checkStrays(strays: readonly Stray[], evidence: Evidence): readonly Finding[] {
  const certificates = strays.flatMap((stray) => stray.certificates.map(({ certificate }) => certificate));
  return strays.flatMap((stray) =>
    judge(stray, evidence, certificates).map(([{ code, severity, remedy }, found]) => ({
      code,
      severity,
      path: stray.file.path,
      ...found,
      remedy: found.remedy ?? remedy,
    })),
  );
}

/** Where the table has no name for anything that is there, what it misses says little. */
export function checkLayout(strays: readonly Stray[], evidence: Evidence): readonly Finding[] {
  const count = strays.filter(
    ({ certificates, users }) => certificates.length > 0 && users === undefined,
  ).length;
  if (count === 0 || [...evidence.values()].some(({ files }) => files.length > 0)) return [];
  const { code, severity, remedy } = LAYOUT_UNKNOWN;
  const files = count === 1 ? '1 file' : `${count} files`;
  const message = `holds certificates in ${files}, none under a name of the table: they were held against nothing`;
  return [{ code, severity, path: 'pki/', message, remedy }];
}

/**
 * Looks for keys of CAs behind the key of another row: components take the first key of a file, and whoever reads the file has
 * all of them.
 */
export function checkFurtherKeys(evidence: Evidence): readonly Finding[] {
  const { code, severity, remedy } = AUTHORITY_KEY_COPIED;
  return [...evidence.values()].flatMap(({ desired, files }) => {
    const path = fileThatHolds(desired, 'key')?.path;
    const contents = files.find((file) => file.path === path)?.contents ?? '';
    const [, ...further] = readableBlocks(readPem(contents)).filter(isPrivateKeyBlock);
    const spkiDers = further.flatMap((block) => {
      const key = new Collector().attempt(NOWHERE, 'key', () => parsePrivateKeyBlock(block));
      return key?.spkiDer ?? [];
    });
    const owners = new Set(spkiDers.map((spkiDer) => ownerOf([spkiDer], evidence)));
    const remedyOf = (owner: RowEvidence): string => (isInPlace(owner, spkiDers) ? remedy : MOVE_KEY);
    return [...owners].flatMap((owner): readonly Finding[] => {
      if (path === undefined || owner === undefined || !isAuthority(owner)) return [];
      if (owner.desired.id === desired.id) return [];
      const { id, purpose } = owner.desired;
      const message = `holds the private key of ${id} (${purpose}) behind its own`;
      return [{ code, severity, row: desired.id, path, message, remedy: remedyOf(owner) }];
    });
  });
}
