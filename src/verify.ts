import { checkCis, cisBenchmarkOf } from './checks/cis.ts';
import { checkComponents } from './checks/components.ts';
import { type Credential, findCredentials } from './checks/credentials.ts';
import { checkDirectories } from './checks/directories.ts';
import {
  type Evidence,
  isSameDer,
  type NamedPlaceOf,
  parseAnyEvidence,
  type PresentDirectory,
  type PresentFile,
  type RowEvidence,
} from './checks/evidence.ts';
import { checkHost } from './checks/hosts.ts';
import { checkHygiene, checkSerials, type PlacedCertificate } from './checks/hygiene.ts';
import { runChecks } from './checks/run.ts';
import { checkServed, type Served } from './checks/served.ts';
import { checkStrays, readStrays } from './checks/strays.ts';
import { sharedModuliIn } from './checks/weakness.ts';
import type { Directories } from './cluster/directories.ts';
import type { Components } from './components/command.ts';
import { type ClusterOptions, type OptionKey, OPTIONS } from './cluster/options.ts';
import { parseClusterSpec } from './cluster/parse.ts';
import type { Policy } from './cluster/policy.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { isPkiError, type PkiError } from './errors.ts';
import type { AuditFinding, Finding, Severity } from './finding.ts';
import { inferOptions } from './infer.ts';
import { namedPath, USUAL_DIRECTORIES } from './layout.ts';
import { rulings } from './request.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { inferRole, needsEtcd, type Presence, rowsOnHost } from './resolve/hosts.ts';
import { knownPaths, pathsOf } from './resolve/paths.ts';
import { resolveRows } from './resolve/rows.ts';
import { type Selected, type Selection, selectFindings } from './select/select.ts';
import type { HostRole } from './table/row.ts';
import { ROWS } from './table/rows.ts';
import { readableBlocks, readPem } from './x509/pem.ts';

/** What is audited, and against what. */
export interface VerifyRequest {
  readonly files: readonly PresentFile[];
  /** The directories that hold them, where there are some. */
  readonly directories?: readonly PresentDirectory[] | undefined;
  /** The version of the CIS Kubernetes Benchmark to hold modes and owners to, or `auto`: the one for the release. */
  readonly cis?: string | undefined;
  /** What is wanted, as for `init`. What is absent is taken from the files themselves. */
  readonly options: ClusterOptions;
  /** What kind of host the files are from; absent: the one that they fit best. */
  readonly role?: HostRole | undefined;
  /** How the components are started; absent: not looked at. */
  readonly components?: Components | undefined;
  readonly now: Date;
  readonly warnWithinSeconds: number;
  /** A logical path of each row that is missed where nothing of it is there; absent: of all that the cluster has. */
  readonly expected?: readonly string[] | undefined;
  /** What was found already about what the files came in; it is selected from with the rest. */
  readonly found?: readonly Finding[] | undefined;
  /**
   * Where the files were read, with whatever kubeconfigs name there: what they name there and is not among the files is
   * absent. Not given: /etc/kubernetes, and of its files those that the table knows.
   */
  readonly readFrom?: Directories | undefined;
  readonly weakKeys?: ReadonlySet<string> | undefined;
  readonly policy?: Policy | undefined;
  /** What of the findings is shown; absent: all of them. */
  readonly selection?: Selection;
  /** Asks the components for the certificates that they show, once it is known what they should; absent: nobody is asked. */
  readonly readServed?: ((audited: Audited) => Promise<readonly Served[]>) | undefined;
}

/** What was audited, understood. */
export interface Audited {
  /** The specification that everything was held against. */
  readonly spec: ClusterSpec;
  readonly evidence: Evidence;
}

/** What an audit found, and against what it was held. */
export interface Verification extends Audited, Selected {
  /** What of the specification was not asked for but taken from the files, as options of `init`. */
  readonly inferred: ClusterOptions;
  /** The kind of host that the files were taken for. */
  readonly role: HostRole;
  /** By row, in the order of the table; what belongs to no row comes last. */
  readonly findings: readonly AuditFinding[];
  /** Who carries a name or a group of Kubernetes' own, or a token. */
  readonly credentials: readonly Credential[];
  /** What the components show, where they were asked. */
  readonly served?: readonly Served[];
  /** The version of the CIS Kubernetes Benchmark that modes and owners were held to; absent where none was asked for. */
  readonly cis?: string;
}

/** Stand in until the files have said something: nothing that is compared comes from them. */
const UNKNOWN_HOST = { hostIp: '192.0.2.1', hostname: 'host' };
/** Stands for the directory in which a root is kept apart: which it is shows in no file. */
const APART = '/root-ca';
const OF_THE_HOST: readonly OptionKey[] = [
  'hostIp',
  'hostname',
  'nodeName',
  'keyAlgorithm',
  'saKeyAlgorithm',
];

const without = (options: ClusterOptions, keys: readonly string[]): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([key]) => !keys.includes(key)));

const only = (options: ClusterOptions, keys: readonly string[]): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([key]) => keys.includes(key)));

const defined = (options: ClusterOptions): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** What shows in which files are there at all: whether there is a root, where it is kept, and whether etcd is here. */
function seenShape(isThere: Presence): ClusterOptions {
  const isApart = ROWS.some(
    (row) => row.kind === 'ca' && row.apart !== undefined && Object.values(row.apart).some(isThere),
  );
  const has = (when: 'rootCa' | 'stackedEtcd'): boolean =>
    ROWS.some((row) => row.when === when && pathsOf(row).some(isThere));
  return {
    ...(has('rootCa') ? { rootCa: true } : {}),
    ...(isApart ? { rootCaDir: APART } : {}),
    ...(has('stackedEtcd') ? {} : { externalEtcd: true }),
  };
}

/** What was found, as far as a cluster can have it with what is fixed. What is odd about the rest, the checks say. */
function parseFound(
  found: ClusterOptions,
  fixed: ClusterOptions,
): { readonly spec: ClusterSpec; readonly options: ClusterOptions } {
  const options = { ...UNKNOWN_HOST, ...found, ...fixed };
  try {
    return { spec: parseClusterSpec(options, {}).spec, options };
  } catch (error) {
    if (!isPkiError(error, 'ERR_CONFIG') || Object.keys(found).length === 0) throw error;
    const refused = new Set(error.detail.issues.map(({ option }) => option));
    const odd = OPTIONS.flatMap(({ key, name }) => (refused.has(name) && key in found ? [key] : []));
    // Of two that contradict each other the fixed one may be named.
    const first = odd.length > 0 ? odd : OF_THE_HOST.filter((key) => key in found);
    return parseFound(first.length > 0 ? without(found, first) : {}, fixed);
  }
}

async function parseAs(rows: readonly DesiredRow[], request: VerifyRequest): Promise<Evidence> {
  const { files } = request;
  const placeOf = namedPlacesIn(request);
  return (await parseAnyEvidence({ rows, files, signers: new Map(), placeOf })).evidence;
}

/** Where kubeconfigs lead, and that the table has what they name is all there is to know where nobody looked further. */
function namedPlacesIn({ files, readFrom }: VerifyRequest): NamedPlaceOf {
  const there = new Set(files.map(({ path }) => path));
  const known = new Set(knownPaths());
  return (kubeconfig, file) => {
    const named = namedPath(file, kubeconfig, readFrom ?? USUAL_DIRECTORIES);
    if (named === undefined) return { kind: 'elsewhere' };
    const isLookedAt = named.isCertain && (readFrom !== undefined || known.has(named.path));
    return there.has(named.path) || isLookedAt ? { kind: 'inside', path: named.path } : { kind: 'elsewhere' };
  };
}

/** What one profile and release would have the files be. */
interface Reading {
  readonly spec: ClusterSpec;
  readonly inferred: ClusterOptions;
  readonly rows: readonly DesiredRow[];
}

/** A request that says what kind of host the files are from. */
type PlacedRequest = VerifyRequest & { readonly role: HostRole; readonly isThere: Presence };

const presenceIn = (files: readonly PresentFile[]): Presence => {
  const paths = new Set(files.map(({ path }) => path));
  return (path) => paths.has(path);
};

/** The options of a ruling, with what was asked for and what shows in which files are there. */
function optionsOf({ isThere, options, role }: PlacedRequest, ruling: ClusterOptions): ClusterOptions {
  // A member of an external etcd has what a cluster with its own has.
  const etcd = needsEtcd(role) ? { externalEtcd: false } : {};
  return { ...seenShape(isThere), ...ruling, ...defined(options), ...etcd };
}

/** The rows of a specification that the host of the files has. */
function rowsFor({ isThere, role }: PlacedRequest, spec: ClusterSpec): readonly DesiredRow[] {
  return rowsOnHost(resolveRows(spec), role, isThere);
}

/** A profile and release, with the specification that what was asked for has under it as long as the host is unknown. */
interface Candidate {
  readonly options: ClusterOptions;
  readonly rules: ClusterSpec;
}

/** What a ruling makes of a request, or what it has against it: kubeadm has not every cluster. */
function candidateOf(request: PlacedRequest, ruling: ClusterOptions): Candidate | PkiError<'ERR_CONFIG'> {
  const options = optionsOf(request, ruling);
  try {
    return { options, rules: parseClusterSpec({ ...UNKNOWN_HOST, ...options }, {}).spec };
  } catch (error) {
    if (!isPkiError(error, 'ERR_CONFIG')) throw error;
    return error;
  }
}

const firstOfEachProfile = (open: readonly ClusterOptions[]): readonly ClusterOptions[] =>
  open.filter(({ profile }, index) => open.findIndex((other) => other.profile === profile) === index);

/** The profiles and releases that a request leaves open. */
function openRulings({ profile, kubernetesVersion }: ClusterOptions): readonly ClusterOptions[] {
  const open = rulings().filter((ruling) => profile === undefined || ruling.profile === profile);
  // A release that is given stands in the place of every other.
  return kubernetesVersion === undefined ? open : firstOfEachProfile(open);
}

function readAs(request: PlacedRequest, { options: fixed, rules }: Candidate, evidence: Evidence): Reading {
  const given = defined(request.options);
  const seen = inferOptions(evidence, rules);
  // Who says what the cluster is says all of it, as to `init`: what is left out has its default, and a name beyond that is
  // surplus. What a host is called and has for keys may still be left to the files.
  const isSpecified = OPTIONS.some(
    ({ key, group }) => given[key] !== undefined && (group === 'This host' || group === 'Cluster'),
  );
  const inferred = isSpecified ? only(seen, OF_THE_HOST) : seen;
  const { spec, options } = parseFound(inferred, fixed);
  const inferredOptions = without(options, [...Object.keys(given), 'rootCaDir']);
  return { spec, inferred: inferredOptions, rows: rowsFor(request, spec) };
}

/** What of a wish decides how its files are read; profiles differ in what the files should hold. */
function shapeOf(row: DesiredRow): string {
  const files = row.files.map(({ holds, path }) => [holds, path]);
  const signer = 'certificate' in row ? row.certificate.signer : undefined;
  return JSON.stringify([row.kind, files, row.absent, signer]);
}

/** The evidence under other wishes. Reads the files again only where the wishes are for other files. */
async function evidenceFor(
  rows: readonly DesiredRow[],
  seen: Evidence,
  read: () => Promise<Evidence>,
): Promise<Evidence> {
  const known = rows.map((desired) => {
    const before = seen.get(desired.id);
    const isAlike = before !== undefined && shapeOf(before.desired) === shapeOf(desired);
    return isAlike ? ([desired.id, { ...before, desired }] as const) : undefined;
  });
  const complete = known.filter((entry) => entry !== undefined);
  return complete.length === rows.length ? new Map(complete) : read();
}

/** Everything that was found in the files of the rows under one reading, before any of it is set aside. */
type Held = Pick<Verification, 'spec' | 'inferred' | 'role' | 'evidence'> & {
  readonly findings: readonly Finding[];
};

/** The files but for those that a kubeconfig names: they belong to it. */
function unnamed(files: readonly PresentFile[], evidence: Evidence): readonly PresentFile[] {
  const named = new Set([...evidence.values()].flatMap((row) => row.named.flatMap(({ path }) => path ?? [])));
  return files.filter(({ path }) => !named.has(path));
}

function holdAgainst(
  { files, now, warnWithinSeconds, role, expected, weakKeys, policy }: PlacedRequest,
  { spec, inferred }: Reading,
  evidence: Evidence,
  sharedModuli: ReadonlySet<bigint>,
): Held {
  const audit = {
    warnWithinSeconds,
    sharedModuli,
    expected,
    ...(weakKeys === undefined ? {} : { weakKeys }),
    ...(policy === undefined ? {} : { policy }),
  };
  const context = { now, evidence, signers: new Set<string>(), audit };
  return { spec, inferred, role, evidence, findings: [...runChecks(context), ...checkHost(files, role)] };
}

/** What there is to find beside the rows: in other files, in directories, and by the benchmark that was asked for. */
async function checkSurroundings(
  { files, directories = [], cis }: VerifyRequest,
  { spec, evidence, findings }: Held,
): Promise<Pick<Verification, 'credentials' | 'cis'> & { readonly findings: readonly Finding[] }> {
  const benchmark = cis === undefined ? undefined : cisBenchmarkOf(cis, spec.kubernetesVersion.minor);
  // What is of the table and not of this host was found already.
  const misplaced = new Set(findings.filter(({ row }) => row !== undefined).map(({ path }) => path));
  const others = unnamed(files, evidence).filter(({ path }) => !misplaced.has(path));
  const strays = await readStrays(others, evidence);
  const secret = new Set(strays.filter(({ hasSecret }) => hasSecret).map(({ file }) => file.path));
  const isSecretStray = (path: string): boolean => secret.has(path);
  return {
    findings: [
      ...(benchmark === undefined ? [] : checkCis(benchmark, { evidence, strays, directories })),
      ...checkStrays(strays, evidence),
      ...checkDirectories({ files, directories, evidence, isSecretStray }),
    ],
    credentials: await findCredentials(evidence, strays),
    ...(benchmark === undefined ? {} : { cis: benchmark.version }),
  };
}

/** The certificates in a text, also such as no reader takes. */
function certificatesIn(pem: string): readonly Uint8Array[] {
  return readableBlocks(readPem(pem)).flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [der] : []));
}

/** The certificates of a row that the reader refuses. How they are encoded may say why. */
function refusedCertificates({ files, kubeconfig, unreadable }: RowEvidence): readonly Uint8Array[] {
  const refused = unreadable.filter(({ what }) => what === 'certificate').map(({ path }) => path);
  if (refused.length === 0) return [];
  const embedded = [kubeconfig?.clientCertificate, kubeconfig?.certificateAuthority].flatMap((part) =>
    part !== undefined && 'pem' in part ? [part.pem] : [],
  );
  const texts = files.filter(({ path }) => refused.includes(path)).map(({ contents = '' }) => contents);
  return [...texts, ...embedded].flatMap(certificatesIn);
}

/** Holds every certificate to what certificates are held to, whatever they are for; one in several places once. */
function checkByThemselves(evidence: Evidence): readonly Finding[] {
  const placed = [...evidence.values()].flatMap((row): readonly PlacedCertificate[] => {
    const place = { row: row.desired.id, path: row.files[0]?.path ?? '' };
    const read = [...row.certificates, ...row.others, ...row.trust];
    return [
      ...read.map((certificate) => ({ ...place, der: certificate.der, certificate })),
      ...refusedCertificates(row).map((der) => ({ ...place, der })),
    ];
  });
  // What one file has unread another may have read.
  const inOrder = placed.toSorted(
    (a, b) => Number(b.certificate !== undefined) - Number(a.certificate !== undefined),
  );
  const distinct = inOrder.filter(
    ({ der }, index) => inOrder.findIndex((other) => isSameDer(other.der, der)) === index,
  );
  const findings = [...distinct.flatMap(checkHygiene), ...checkSerials(distinct)];
  return findings.filter((finding) => !isWanted(finding, evidence));
}

/** What the table itself asks for is worth no notice: keyEncipherment on RSA clients (R4). */
function isWanted({ severity, field, row = '' }: Finding, evidence: Evidence): boolean {
  const { desired, certificates } = evidence.get(row) ?? {};
  if (severity !== 'notice' || field !== 'keyUsage' || desired === undefined || !('certificate' in desired))
    return false;
  const found = certificates?.[0]?.keyUsage ?? [];
  const wanted = desired.certificate.keyUsage;
  return found.length === wanted.length && found.every((usage) => wanted.includes(usage));
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 10_000, warning: 100, notice: 1 };

const weightOf = ({ findings }: Held): number =>
  findings.reduce((sum, { severity }) => sum + WEIGHT[severity], 0);

/**
 * Holds everything that is there against the table and against itself. Reads nothing but `request.files`, writes nothing,
 * connects to nothing, and never throws for what a file holds. Where no profile is asked for, it takes the one, and the
 * newest release of kubeadm, that fits what is there best, and says so in `spec`.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options that were given.
 */
export async function verifyPki(asked: VerifyRequest): Promise<Verification> {
  const isThere = presenceIn(asked.files);
  const request = { ...asked, isThere, role: asked.role ?? inferRole(isThere) };
  const { profile, kubernetesVersion } = request.options;
  const open = openRulings(request.options);
  // No profile of that name: the parser says which there are.
  if (open.length === 0) parseClusterSpec({ ...UNKNOWN_HOST, profile, kubernetesVersion }, {});
  // The newest release of each has most files; those that another has beside them are read when it is its turn.
  const wishes = firstOfEachProfile(open).map((ruling) => {
    const candidate = candidateOf(request, ruling);
    return 'rules' in candidate ? rowsFor(request, candidate.rules) : [];
  });
  const [most = []] = wishes.toSorted((a, b) => b.length - a.length);
  const seen = await parseAs(most, request);
  const sharedModuli = sharedModuliIn(seen);
  const tried = new Set<string>();
  let best: Held | undefined;
  let refusal: PkiError<'ERR_CONFIG'> | undefined;
  for (const ruling of open) {
    const candidate = candidateOf(request, ruling);
    if (!('rules' in candidate)) {
      refusal ??= candidate;
      continue;
    }
    const reading = readAs(request, candidate, seen);
    // Most releases of kubeadm want the same as the one after.
    const wish = JSON.stringify(reading.rows);
    if (tried.has(wish)) continue;
    tried.add(wish);
    const evidence = await evidenceFor(reading.rows, seen, () => parseAs(reading.rows, request));
    const verification = holdAgainst(request, reading, evidence, sharedModuli);
    if (best === undefined || weightOf(verification) < weightOf(best)) best = verification;
    if (weightOf(best) === 0) break;
  }
  if (best === undefined) throw refusal ?? new RangeError('"profile" expected a profile');
  const { now, files, found = [], components, selection = {}, readServed } = request;
  const { findings: around, ...surroundings } = await checkSurroundings(request, best);
  const served = await readServed?.(best);
  const findings = [
    ...found,
    ...best.findings,
    ...checkByThemselves(best.evidence),
    ...around,
    ...(components === undefined ? [] : checkComponents({ ...best, components, files })),
    ...checkServed(served ?? [], { evidence: best.evidence, now }),
  ];
  return {
    ...best,
    ...surroundings,
    ...(served === undefined ? {} : { served }),
    ...selectFindings(findings, selection, now),
  };
}
