import { dirname, isAbsolute, join, resolve } from 'node:path';
import {
  type Evidence,
  type NamedPlaceOf,
  parseAnyEvidence,
  type PresentFile,
  type RowEvidence,
} from './checks/evidence.ts';
import { ROLE_CHECKS } from './checks/role.ts';
import { isOver } from './checks/time.ts';
import type { Directories } from './cluster/directories.ts';
import type { ClusterOptions } from './cluster/options.ts';
import { possibleRows } from './reading.ts';
import { isKubeconfig } from './kubeconfig/parse.ts';
import { absolutePath, hostRootOf, namedPath, USUAL_DIRECTORIES } from './layout.ts';
import { type DesiredRow, fileThatHolds } from './resolve/desired.ts';
import { isCopyPath, knownPaths } from './resolve/paths.ts';
import type { HostRole } from './table/row.ts';
import { ROWS } from './table/rows.ts';
import type { Certificate } from './x509/model.ts';
import { readPem } from './x509/pem.ts';

/** The entry of a kubeconfig that a certificate stands in. */
export interface EmbeddedIn {
  readonly kind: 'user' | 'cluster';
  readonly name: string;
}

/** A certificate that is there or should be, and when it ends. */
export interface Expiration {
  /** The name in the table, as kubeadm's; of a file that no row has, its path. More behind it where a file holds several. */
  readonly name: string;
  /** The logical path of its file; of what a kubeconfig names, of that file. */
  readonly path: string;
  /** Whether it is a CA's. */
  readonly isAuthority: boolean;
  /** Absent where there is none, or none that can be read. */
  readonly certificate?: Certificate;
  /** Whole seconds from the moment that was asked about to the end; negative where that is over, 0 without a certificate. */
  readonly residualSeconds: number;
  /** The name of the CA that is to sign it; absent for CAs and for what belongs to no row. */
  readonly caName?: string;
  /** Whether the CA's certificate is here and its key is not, so that it cannot be renewed here. */
  readonly isExternallyManaged: boolean;
  readonly embeddedIn?: EmbeddedIn;
  /** Why there is no certificate although something is there. */
  readonly obstacle?: string;
  /** A host may do without it: a control plane that joined has no `super-admin.conf`. */
  readonly mayBeAway?: true;
}

/** What is asked about, and by which moment. */
export interface ExpirationRequest {
  readonly files: readonly PresentFile[];
  /** Where the files were read; absent: /etc/kubernetes. Says what kubeconfigs mean by the files that they name. */
  readonly readFrom?: Directories | undefined;
  /** Profile, release and the like: which rows there should be. What is absent is told from the files. */
  readonly options: ClusterOptions;
  /** What kind of host the files are from; absent: the one that they fit best. */
  readonly role?: HostRole | undefined;
  /** Also what kubeadm leaves out: what components renew themselves, chains, what kubeconfigs trust, and files of no row. */
  readonly isAll?: boolean | undefined;
  /** A logical path of each row that is missed where nothing of it is there; absent: of all that the cluster has. */
  readonly expected?: readonly string[] | undefined;
  /** Paths of further kubeconfigs, listed whether they are there or not. */
  readonly further?: readonly string[] | undefined;
  readonly at: Date;
}

/** How a certificate stands at a moment. `ending`: within the period that was asked for; `away`: not there, as it may be. */
export type Standing = 'good' | 'ending' | 'not-yet-valid' | 'expired' | 'unreadable' | 'missing' | 'away';

/** How it stands at a moment, with a warning for what ends within a period. */
export function standingOf(
  { certificate, obstacle, mayBeAway }: Expiration,
  { at, warnWithinSeconds }: { readonly at: Date; readonly warnWithinSeconds: number },
): Standing {
  if (certificate === undefined) {
    if (obstacle !== undefined) return 'unreadable';
    return mayBeAway === true ? 'away' : 'missing';
  }
  const { notBefore, notAfter } = certificate;
  if (isOver(notAfter, at)) return 'expired';
  if (at < notBefore) return 'not-yet-valid';
  return notAfter.getTime() - at.getTime() <= warnWithinSeconds * 1000 ? 'ending' : 'good';
}

/** How many subjects are not those of the rows, which is where releases differ that have not the same files. */
function misfitsOf(rows: readonly DesiredRow[], evidence: Evidence, now: Date): number {
  const context = { now, evidence, signers: new Set<string>() };
  const hits = rows.flatMap((desired) => {
    const row = evidence.get(desired.id);
    const checks = ROLE_CHECKS.filter(({ appliesTo }) => appliesTo.includes(desired.kind));
    return row === undefined ? [] : checks.flatMap((check) => check.run({ ...row, desired }, context));
  });
  return hits.filter(({ field }) => field === 'subject').length;
}

/** Without those whose rows and subjects another before them has, too: most releases differ in something else. */
function distinct(wishes: readonly (readonly DesiredRow[])[]): readonly (readonly DesiredRow[])[] {
  const tried = new Set<string>();
  return wishes.filter((rows) => {
    const subjects = rows.map((row) => {
      const { commonName, organization } = 'certificate' in row ? row.certificate : {};
      return [row.id, commonName, organization];
    });
    const text = JSON.stringify(subjects);
    if (tried.has(text)) return false;
    tried.add(text);
    return true;
  });
}

/** Whether a file is one for certificates: it holds some, or was looked for outside of the directories for that alone. */
function isOfCertificates({ path, contents = '', obstacle }: PresentFile): boolean {
  return (
    (isAbsolute(path) && obstacle !== undefined) ||
    readPem(contents).parts.some(({ label }) => label === 'CERTIFICATE')
  );
}

/** Rows for files that no row of the table has: what they hold is read as that of any other, and held against nothing. */
function rowsBeside(request: ExpirationRequest): readonly DesiredRow[] {
  const { files, isAll = false, further = [] } = request;
  if (!isAll && further.length === 0) return [];
  const model = possibleRows(request)
    .flat()
    .find(({ kind }) => kind === 'kubeconfig');
  const known = new Set([...knownPaths(), ...further]);
  // What was kept of former certificates ends, and nobody is to renew it.
  const others = isAll ? files.filter(({ path }) => !known.has(path) && !isCopyPath(path)) : [];
  const kubeconfigs = [
    ...further,
    ...others.filter(({ contents = '' }) => isKubeconfig(contents)).map(({ path }) => path),
  ];
  const purpose = 'a file that no row has';
  return [
    ...kubeconfigs.flatMap((path): readonly DesiredRow[] =>
      model === undefined
        ? []
        : [{ ...model, id: path, purpose, files: [{ holds: 'kubeconfig', path, mode: 0o600 }] }],
    ),
    ...others
      .filter((file) => !kubeconfigs.includes(file.path) && isOfCertificates(file))
      .map(
        ({ path }): DesiredRow => ({
          kind: 'bundle',
          id: path,
          purpose,
          files: [{ holds: 'bundle', path, mode: 0o600 }],
          of: [],
        }),
      ),
  ];
}

/** Where the files lie that kubeconfigs name. What lies outside of the directories is among the files by its absolute path. */
function placesOf({ files, readFrom }: ExpirationRequest): NamedPlaceOf {
  const directories = readFrom ?? USUAL_DIRECTORIES;
  const there = new Set(files.map(({ path }) => path));
  return (kubeconfig, file) => {
    const named = namedPath(file, kubeconfig, directories);
    const root = isAbsolute(file) && !isAbsolute(kubeconfig) ? hostRootOf(directories) : undefined;
    const onHost = join(root ?? '/', resolve(dirname(absolutePath(kubeconfig, directories)), file));
    const path = [named?.path, onHost].find((candidate) => candidate !== undefined && there.has(candidate));
    if (path !== undefined) return { kind: 'inside', path };
    const isLookedAt = readFrom !== undefined && named?.isCertain === true;
    return isLookedAt ? { kind: 'inside', path: named.path } : { kind: 'elsewhere' };
  };
}

const MAIN = ['certificate', 'kubeconfig', 'bundle', 'copy'] as const;
const CLIENT_CERTIFICATE = 'client-certificate';

/** The file that the certificate of a row stands in: where it is, or else where it should be. */
function mainPath({ desired, files }: RowEvidence): string {
  const candidates = MAIN.flatMap((holds) => fileThatHolds(desired, holds)?.path ?? []);
  return candidates.find((path) => files.some((file) => file.path === path)) ?? candidates[0] ?? '';
}

/** Why there is no certificate in a row, where something is there. */
function obstacleOf(row: RowEvidence): string | undefined {
  const path = mainPath(row);
  if (!row.files.some((file) => file.path === path)) return undefined;
  const [unread] = row.unreadable.filter(
    ({ what, field }) =>
      what !== 'key' && what !== 'publicKey' && (field === undefined || field === CLIENT_CERTIFICATE),
  );
  if (unread !== undefined) return unread.message;
  const [named] = row.named.filter(({ field }) => field === CLIENT_CERTIFICATE);
  if (named === undefined) return 'holds no certificate';
  return `names ${named.file}, which ${named.obstacle ?? (named.state === 'absent' ? 'is not there' : 'was not looked at')}`;
}

/** A CA whose certificate is here and whose key is not (kubeadm.md 3.5). */
function isExternal(authority: RowEvidence | undefined): boolean {
  if (authority?.certificates[0]?.basicConstraints?.isCa !== true) return false;
  const key = fileThatHolds(authority.desired, 'key')?.path;
  return authority.files.every(({ path }) => path !== key);
}

/** One of several certificates that stand together in the file of a row, beside the row's own. */
function furtherExpirations(
  certificates: readonly Certificate[],
  place: { readonly name: string; readonly path: string; readonly embeddedIn?: EmbeddedIn },
  at: Date,
  after = 0,
): readonly Expiration[] {
  const { name, path, embeddedIn } = place;
  const all = certificates.length + after;
  const entry = embeddedIn && `${embeddedIn.kind} ${embeddedIn.name}`;
  return certificates.map((certificate, index) => {
    const number = all > 1 ? `${index + after + 1} of ${all}` : undefined;
    const details = [entry, number].filter((part) => part !== undefined).join(', ');
    return {
      name: details === '' ? name : `${name} (${details})`,
      path,
      isAuthority: certificate.basicConstraints?.isCa === true,
      certificate,
      residualSeconds: secondsLeft(certificate, at),
      isExternallyManaged: false,
      ...(embeddedIn === undefined ? {} : { embeddedIn }),
    };
  });
}

// As kubeadm has it: a second that has begun is not counted.
function secondsLeft({ notAfter }: Certificate, at: Date): number {
  // A zero without a sign.
  return Math.trunc((notAfter.getTime() - at.getTime()) / 1000) + 0;
}

/** Where the row's own certificate stands, and whether that is a file that its kubeconfig names. */
function placeOfOwn(row: RowEvidence): {
  readonly name: string;
  readonly path: string;
  readonly isNamed: boolean;
} {
  const read = row.named.find(({ field, state }) => field === CLIENT_CERTIFICATE && state === 'read');
  return { name: row.desired.id, path: read?.path ?? mainPath(row), isNamed: read !== undefined };
}

/** The row's own certificate, or that there is none. */
function ownExpiration(row: RowEvidence, evidence: Evidence, at: Date): Expiration {
  const { desired, certificates, kubeconfig } = row;
  const [certificate] = certificates;
  const isAuthority = desired.kind === 'ca' || desired.kind === 'bundle';
  const signer = 'certificate' in desired ? desired.certificate.signer : undefined;
  const isOfRow = ROWS.some(({ id }) => id === desired.id);
  const { isNamed, ...place } = placeOfOwn(row);
  const common = { ...place, isAuthority };
  if (certificate === undefined) {
    const obstacle = obstacleOf(row);
    const { mayBeAway } = desired;
    const away = mayBeAway === undefined ? {} : { mayBeAway };
    const nothing = { ...common, residualSeconds: 0, isExternallyManaged: false, ...away };
    return obstacle === undefined ? nothing : { ...nothing, obstacle };
  }
  const caName = isAuthority || !isOfRow ? undefined : signer;
  return {
    ...common,
    certificate,
    residualSeconds: secondsLeft(certificate, at),
    isExternallyManaged:
      isOfRow && isExternal(evidence.get(isAuthority ? desired.id : (caName ?? desired.id))),
    ...(caName === undefined ? {} : { caName }),
    ...(kubeconfig === undefined || isNamed
      ? {}
      : { embeddedIn: { kind: 'user' as const, name: kubeconfig.user } }),
  };
}

/** What stands in the file of a row beside its own certificate: the chain, what a kubeconfig trusts, its other users. */
function besideExpirations(row: RowEvidence, mains: ReadonlySet<string>, at: Date): readonly Expiration[] {
  const { desired, certificates, others, kubeconfig, trust, named, otherUsers } = row;
  const { isNamed: _, ...own } = placeOfOwn(row);
  const chain = furtherExpirations([...certificates.slice(1), ...others], own, at, 1);
  if (kubeconfig === undefined) return chain;
  const authority = named.find(({ field }) => field === 'certificate-authority');
  // What is in a file of its own is listed there.
  const isListed = authority?.path !== undefined && mains.has(authority.path);
  const cluster = { kind: 'cluster' as const, name: kubeconfig.cluster };
  const trusted = {
    name: desired.id,
    path: authority?.path ?? mainPath(row),
    embeddedIn: cluster,
  };
  return [
    ...chain,
    ...(isListed ? [] : furtherExpirations(trust, trusted, at)),
    ...otherUsers.flatMap((user) =>
      furtherExpirations(
        user.certificates,
        {
          name: desired.id,
          path: mainPath(row),
          embeddedIn: { kind: 'user', name: user.name },
        },
        at,
      ),
    ),
  ];
}

function expirationsOf(
  row: RowEvidence,
  {
    evidence,
    mains,
    isAll,
    at,
  }: {
    readonly evidence: Evidence;
    readonly mains: ReadonlySet<string>;
    readonly isAll: boolean;
    readonly at: Date;
  },
): readonly Expiration[] {
  const { desired, certificates } = row;
  if (desired.kind === 'bundle' && certificates.length > 0)
    return furtherExpirations(
      [...certificates, ...row.others],
      { name: desired.id, path: mainPath(row) },
      at,
    );
  return [ownExpiration(row, evidence, at), ...(isAll ? besideExpirations(row, mains, at) : [])];
}

/** Whether kubeadm lists a row (kubeadm.md 4.1), or would if it had one like it: a root. */
function isListedByKubeadm({ kind, id }: DesiredRow): boolean {
  const row = ROWS.find((candidate) => candidate.id === id);
  return kind !== 'keyPair' && kind !== 'bundle' && row !== undefined && !('isRenewedByComponent' in row);
}

/**
 * When each certificate ends: of the rows that kubeadm lists, whether they are there or not, and on request of everything
 * else. Judges nothing, needs no CA key, and never throws for what a file holds. By name, as kubeadm sorts.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options that were given.
 */
export async function expirationsIn(request: ExpirationRequest): Promise<readonly Expiration[]> {
  const { files, isAll = false, further = [], expected, at } = request;
  const wishes = possibleRows(request);
  const [most = []] = wishes.toSorted((a, b) => b.length - a.length);
  const beside = rowsBeside(request);
  const { evidence } = await parseAnyEvidence({
    rows: [...most, ...beside],
    files,
    signers: new Map(),
    placeOf: placesOf(request),
  });
  // Where all have the same rows it is no matter whose they are.
  const isOpen = new Set(wishes.map((rows) => rows.map(({ id }) => id).join())).size > 1;
  const [wanted = []] = isOpen
    ? distinct(wishes)
        .map((rows) => ({ rows, misfits: misfitsOf(rows, evidence, at) }))
        .toSorted((a, b) => a.misfits - b.misfits)
        .map(({ rows }) => rows)
    : [most];
  const ids = new Set(wanted.map(({ id }) => id));
  const rows = [...evidence.values()];
  const named = new Set(rows.flatMap((row) => row.named.flatMap(({ path }) => path ?? [])));
  const mains = new Set(rows.filter(({ desired }) => !named.has(desired.id)).map(mainPath));
  const listed = rows.filter(({ desired, files: present }) => {
    if (further.includes(desired.id)) return true;
    const isExpected = expected === undefined || desired.files.some(({ path }) => expected.includes(path));
    if (present.length === 0 && !isExpected) return false;
    if (!isAll) return ids.has(desired.id) && isListedByKubeadm(desired);
    if (desired.kind === 'keyPair') return false;
    // What a kubeconfig names is listed with it; what the cluster does not have is listed where it is there all the same.
    return !named.has(desired.id) && (ids.has(desired.id) || present.length > 0);
  });
  return listed
    .flatMap((row) => expirationsOf(row, { evidence, mains, isAll, at }))
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
