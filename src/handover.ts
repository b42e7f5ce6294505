import { type PresentFile, parseAnyEvidence } from './checks/evidence.ts';
import { absent } from './checks/presence.ts';
import { runChecks } from './checks/run.ts';
import { readCertificate } from './checks/strays.ts';
import type { Directories } from './cluster/directories.ts';
import type { ClusterOptions } from './cluster/options.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { PkiError } from './errors.ts';
import type { Finding } from './finding.ts';
import type { PkiFile } from './pki.ts';
import { obstacleOf } from './present.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { pathsOf } from './resolve/paths.ts';
import { resolveRows } from './resolve/rows.ts';
import { entriesOf, EXTERNAL_ETCD_ENTRIES, type SecretEntry } from './secret/entries.ts';
import {
  accessManifests,
  type Manifest,
  secretManifest,
  tokenManifest,
  type TokenOwner,
} from './secret/manifests.ts';
import { openSecret, valuePath } from './secret/opening.ts';
import { seal } from './secret/sealing.ts';
import { MAXIMUM_FILE_BYTES } from './store/files.ts';
import { ROWS } from './table/rows.ts';
import { verifyPki } from './verify.ts';
import type { Certificate } from './x509/model.ts';
import { parsePemBlocks } from './x509/pem.ts';

/** What is handed to hosts that join, or was received by one. */
interface HandoverRequest {
  /** What is there. What is for an external etcd stands under its usual path, wherever it lies. */
  readonly files: readonly PresentFile[];
  readonly readFrom?: Directories | undefined;
  /** Profile and release, where they are not left to the files. */
  readonly options: Pick<ClusterOptions, 'profile' | 'kubernetesVersion'>;
  /** The certificate key. */
  readonly key: Uint8Array;
  readonly now: Date;
}

const OF_STACKED_ETCD: ReadonlySet<string> = new Set(
  ROWS.filter(({ when }) => when === 'stackedEtcd').flatMap(pathsOf),
);
const FOR_EXTERNAL_ETCD: ReadonlySet<string> = new Set(EXTERNAL_ETCD_ENTRIES.map(({ path }) => path));

// What another CA put into its certificates is its own affair; that they can be read and used is not.
const OF_ANY_CERTIFICATE: ReadonlySet<string> = new Set([
  'file-unreadable',
  'certificate-unreadable',
  'key-unreadable',
  'half-pair',
  'pair-mismatch',
  'private-key-exposed',
  'expired',
]);

/** What is wrong with a certificate that stays where it is says nothing of its CA, but for this: one of the two is another's. */
const OF_ANOTHER_CA: ReadonlySet<string> = new Set(['signer-mismatch']);

function stackedRows(spec: ClusterSpec): readonly DesiredRow[] {
  return resolveRows({ ...spec, etcd: 'stacked' });
}

/** What keeps the files for an external etcd from being used. */
async function externalEtcdErrors(
  files: readonly PresentFile[],
  spec: ClusterSpec,
  now: Date,
): Promise<readonly Finding[]> {
  const rows = stackedRows(spec)
    .map((row) => ({ ...row, files: row.files.filter(({ path }) => FOR_EXTERNAL_ETCD.has(path)) }))
    .filter((row) => row.files.length > 0);
  const given = files.filter(({ path }) => FOR_EXTERNAL_ETCD.has(path));
  const { evidence } = await parseAnyEvidence({ rows, files: given, signers: new Map() });
  return runChecks({ now, evidence, signers: new Set() }).filter(({ code }) => OF_ANY_CERTIFICATE.has(code));
}

/** The errors in what is handed over, by the checks of an audit, and whatever of it is missing. */
async function judge(
  { files, readFrom, options, now }: Omit<HandoverRequest, 'key'>,
  etcd: 'stacked' | 'external',
): Promise<{ readonly spec: ClusterSpec; readonly errors: readonly Finding[] }> {
  const entries = entriesOf(etcd);
  const own = etcd === 'stacked' ? files : files.filter(({ path }) => !OF_STACKED_ETCD.has(path));
  const { findings, spec } = await verifyPki({
    files: own,
    readFrom,
    options,
    role: 'control-plane',
    now,
    warnWithinSeconds: 0,
    expected: entries.map(({ path }) => path),
  });
  const handed = new Set(entries.map(({ row }) => row));
  const found: readonly Finding[] = findings.filter(
    ({ row = '', code, severity }) => severity === 'error' && (handed.has(row) || OF_ANOTHER_CA.has(code)),
  );
  const there = new Set(files.map(({ path }) => path));
  // What the rest of a row is missing was found with it, but for what init would derive.
  const missing = entries
    .filter(({ path, mayBeAbsent }) => !mayBeAbsent && !there.has(path))
    .filter((entry) => !found.some(({ row }) => row === entry.row))
    .map(({ row, path }) => absent(row, path));
  const ofEtcd = etcd === 'external' ? await externalEtcdErrors(files, spec, now) : [];
  return { spec, errors: [...found, ...missing, ...ofEtcd] };
}

function refusal(says: string, findings: readonly Finding[]): PkiError<'ERR_REFUSED'> {
  const { length } = findings;
  return new PkiError('ERR_REFUSED', `${says}, in ${length} ${length === 1 ? 'place' : 'places'}`, {
    detail: { findings, wouldKeep: [] },
    hint: 'mend what is named; k8s-pki verify tells all there is to say',
  });
}

/** A file of these bytes, or why it is none that a host could read again. What is not text would not come out as it went in. */
function fileOf(path: string, bytes: Uint8Array): PresentFile {
  const { length } = bytes;
  if (length > MAXIMUM_FILE_BYTES)
    return { path, obstacle: obstacleOf({ kind: 'too-large', bytes: length }) };
  const contents = Buffer.from(bytes).toString('utf8');
  return Buffer.from(contents).equals(bytes)
    ? { path, contents }
    : { path, obstacle: 'holds bytes that are no UTF-8' };
}

function withoutDamage(file: PresentFile): PresentFile {
  const { contents, ...rest } = file;
  return contents?.includes('\uFFFD') === true
    ? { ...rest, obstacle: 'holds bytes that are no UTF-8' }
    : file;
}

/** What a Secret is made from. */
export interface ExportRequest extends HandoverRequest {
  readonly etcd: 'stacked' | 'external';
  /** The token that the Secret goes with, where one is there already. */
  readonly owner?: TokenOwner | undefined;
  /** How long the token lives that is made otherwise. */
  readonly tokenSeconds: number;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The Secret with what goes with it. */
export interface SecretExport {
  /** In the order in which they are to be created. */
  readonly manifests: readonly Manifest[];
  /** The logical paths of what is not there, and empty in the Secret. */
  readonly absent: readonly string[];
  /** The logical paths of what hosts that join need beside it, since kubeadm has no place for it. */
  readonly left: readonly string[];
  /** The Secret of the token that was made. */
  readonly token?: string;
}

/** What a cluster has one of and kubeadm does not know. */
function leftOut(files: readonly PresentFile[], entries: readonly SecretEntry[]): readonly string[] {
  const taken = new Set(entries.map(({ path }) => path));
  const others = ROWS.filter(({ when }) => when === 'rootCa').flatMap((row) =>
    row.kind === 'bundle' ? [row.file] : 'certificate' in row ? [row.certificate] : [],
  );
  return files.map(({ path }) => path).filter((path) => others.includes(path) && !taken.has(path));
}

/**
 * Makes the Secret kubeadm-certs of what is there, as `kubeadm init phase upload-certs` does.
 *
 * @throws {PkiError} `ERR_REFUSED` with everything that is missing or wrong.
 */
export async function exportSecret(request: ExportRequest): Promise<SecretExport> {
  const { etcd, key, owner, tokenSeconds, now, randomBytes } = request;
  const files = request.files.map(withoutDamage);
  const entries = entriesOf(etcd);
  const { errors } = await judge({ ...request, files }, etcd);
  if (errors.length > 0) throw refusal('what is there cannot be handed to hosts that join', errors);
  const textOf = new Map(files.map(({ path, contents }) => [path, contents]));
  const values = new Map(
    entries.map(({ key: name, path }) => {
      const text = textOf.get(path);
      return [name, text === undefined ? Buffer.alloc(0) : seal(Buffer.from(text), key, randomBytes)];
    }),
  );
  const expires = new Date(now.getTime() + tokenSeconds * 1000);
  const token = owner === undefined ? tokenManifest(expires, randomBytes) : undefined;
  return {
    manifests: [...(token === undefined ? [] : [token]), secretManifest(values, owner), ...accessManifests()],
    absent: entries.filter(({ path }) => !textOf.has(path)).map(({ path }) => path),
    left: leftOut(files, entries),
    ...(token === undefined ? {} : { token: token.metadata.name }),
  };
}

/** A Secret that came, and what is there already. */
export interface ImportRequest extends HandoverRequest {
  /** What kubectl prints of it, and what that is called in messages. */
  readonly text: string;
  readonly name: string;
}

/** What becomes of a Secret that came. */
export interface SecretImport {
  readonly etcd: 'stacked' | 'external';
  /** What is new. */
  readonly files: readonly PkiFile[];
  /** The logical paths of what is there already, byte for byte. */
  readonly kept: readonly string[];
  /** Every certificate that came, with the logical path of its file, in which there may be several. */
  readonly certificates: readonly { readonly path: string; readonly certificate: Certificate }[];
  /** The logical paths of what was not there where the Secret was made. */
  readonly absent: readonly string[];
  /** The keys of values that belong to nothing. */
  readonly unknown: readonly string[];
}

/** What is there otherwise than it came. Nothing that is there is ever replaced. */
function assertNothingDiffers(
  files: readonly PresentFile[],
  came: ReadonlyMap<string, Pick<PresentFile, 'contents'>>,
): void {
  const obstacles = files.flatMap(({ path, contents, obstacle }) => {
    const other = came.get(path);
    if (other === undefined || (contents !== undefined && contents === other.contents)) return [];
    const found = contents === undefined ? `what ${obstacle ?? 'cannot be read'}` : 'another';
    return [{ path, expected: 'nothing, or the same as in the Secret', found }];
  });
  if (obstacles.length === 0) return;
  throw new PkiError(
    'ERR_OBSTACLE',
    obstacles.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`).join('; '),
    { detail: { obstacles }, hint: 'move these away if the Secret is right, then run again' },
  );
}

async function certificatesIn({ path, contents = '' }: PresentFile): Promise<SecretImport['certificates']> {
  const blocks = parsePemBlocks(contents).filter(({ label }) => label === 'CERTIFICATE');
  const read = await Promise.all(blocks.map(({ der }) => readCertificate(der)));
  return read.flatMap((one) => (one === undefined ? [] : [{ path, certificate: one.certificate }]));
}

/** What was found in a value of the Secret, which is no file yet. */
function ofValue(finding: Finding, etcd: SecretImport['etcd']): Finding {
  const entry = entriesOf(etcd).find(({ path }) => path === finding.path);
  if (entry === undefined) return finding;
  return {
    ...finding,
    path: valuePath(entry.key),
    remedy: 'mend it on the host where the Secret was made, and have the Secret made anew',
  };
}

/**
 * Opens a Secret, holds what it has against the table and what is there already, and says what is new. Writes nothing.
 *
 * @throws {PkiError} `ERR_SOURCE`, `ERR_SEALED`; `ERR_OBSTACLE` where something else is there; `ERR_REFUSED` with everything
 * that is missing or wrong.
 */
export async function importSecret(request: ImportRequest): Promise<SecretImport> {
  const { name, text, key, files } = request;
  const { etcd, values, empty, missing, unknown } = await openSecret(name, text, key);
  const came = values.map(({ entry, plain }) => fileOf(entry.path, plain));
  assertNothingDiffers(files, new Map(came.map((file) => [file.path, file])));
  const there = new Set(files.map(({ path }) => path));
  const fresh = came.filter(({ path }) => !there.has(path));
  const { spec, errors } = await judge({ ...request, files: [...files, ...fresh] }, etcd);
  const lacking = missing.map(({ row, path }) => absent(row, path));
  const isLacking = ({ path }: Finding): boolean => missing.some((entry) => entry.path === path);
  const wrong = [
    ...lacking.map((finding) => ofValue(finding, etcd)),
    ...errors
      .filter((finding) => !isLacking(finding))
      .map((finding) => (there.has(finding.path) ? finding : ofValue(finding, etcd))),
  ];
  if (wrong.length > 0) throw refusal(`what ${name} holds is not what hosts that join need`, wrong);
  const modeOf = new Map(
    stackedRows(spec).flatMap((row) => row.files.map(({ path, mode }) => [path, mode] as const)),
  );
  return {
    etcd,
    files: fresh.map(({ path, contents = '' }) => ({ path, contents, mode: modeOf.get(path) ?? 0o600 })),
    kept: came.map(({ path }) => path).filter((path) => there.has(path)),
    certificates: (await Promise.all(came.map(certificatesIn))).flat(),
    absent: empty.map(({ path }) => path),
    unknown,
  };
}
