import { type Evidence, type NamedPlaceOf, parseAnyEvidence, type PresentFile } from './checks/evidence.ts';
import type { Directories } from './cluster/directories.ts';
import { type ClusterOptions, type OptionKey, OPTIONS } from './cluster/options.ts';
import { parseClusterSpec } from './cluster/parse.ts';
import { parseSan } from './cluster/sans.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { isPkiError, type PkiError } from './errors.ts';
import { inferOptions, OF_ADDRESS } from './infer.ts';
import { namedPath, USUAL_DIRECTORIES } from './layout.ts';
import { rulings } from './request.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { inferRole, needsEtcd, type Presence, rowsOnHost } from './resolve/hosts.ts';
import { knownPaths, showsAny } from './resolve/paths.ts';
import { resolveRows } from './resolve/rows.ts';
import type { HostRole } from './table/row.ts';
import { ROWS } from './table/rows.ts';

/** Files, and what was said of the cluster that they are from. */
export interface ReadingRequest {
  readonly files: readonly PresentFile[];
  /** What is wanted, as for `init`. What is absent is taken from the files themselves. */
  readonly options: ClusterOptions;
  /** What kind of host the files are from; absent: the one that they fit best. */
  readonly role?: HostRole | undefined;
  /** Whether some of the files are lost: then those that are there do not tell the kind of host. */
  readonly isPartial?: boolean | undefined;
  /**
   * Where the files were read, with whatever kubeconfigs name there: what they name there and is not among the files is
   * absent. Not given: /etc/kubernetes, and of its files those that the table knows.
   */
  readonly readFrom?: Directories | undefined;
}

/** What one profile and release would have the files be, beside what they are. */
export interface Reading {
  readonly spec: ClusterSpec;
  /** What of the specification was not asked for but taken from the files, as options of `init`. */
  readonly inferred: ClusterOptions;
  /** The kind of host that the files were taken for. */
  readonly role: HostRole;
  readonly evidence: Evidence;
}

/** Stand in until the files have said something: nothing that is compared comes from them. */
const UNKNOWN_HOST = { hostIp: '192.0.2.1' };
/** A fact and no option: a node name that was asked for is the hostname as well, as to `init`. */
const UNKNOWN_NAME = { hostname: 'host' };
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
  return {
    ...(showsAny('rootCa', isThere) ? { rootCa: true } : {}),
    ...(isApart ? { rootCaDir: APART } : {}),
    ...(showsAny('stackedEtcd', isThere) ? {} : { externalEtcd: true }),
  };
}

const EXTRA_NAMES: readonly OptionKey[] = [
  'apiserverCertExtraSans',
  'etcdServerCertExtraSans',
  'etcdPeerCertExtraSans',
];

/** Without the extra names that nobody could ask for: they would take the others with them. */
function withSoundNames(options: ClusterOptions): ClusterOptions {
  const sound = EXTRA_NAMES.flatMap((key) => {
    const names = [options[key] ?? []].flat().filter((name) => 'value' in parseSan(String(name)));
    return names.length === 0 ? [] : [[key, names] as const];
  });
  return { ...without(options, EXTRA_NAMES), ...Object.fromEntries(sound) };
}

/** What was found, as far as a cluster can have it with what is fixed. What is odd about the rest, the checks say. */
function parseFound(
  found: ClusterOptions,
  fixed: ClusterOptions,
): { readonly spec: ClusterSpec; readonly options: ClusterOptions } {
  const options = { ...found, ...fixed };
  try {
    return { spec: parseClusterSpec({ ...UNKNOWN_HOST, ...options }, UNKNOWN_NAME).spec, options };
  } catch (error) {
    if (!isPkiError(error, 'ERR_CONFIG') || Object.keys(found).length === 0) throw error;
    const refused = new Set(error.detail.issues.map(({ option }) => option));
    const odd = OPTIONS.flatMap(({ key, name }) => (refused.has(name) && key in found ? [key] : []));
    // Of two that contradict each other the fixed one may be named.
    const first = odd.length > 0 ? odd : OF_THE_HOST.filter((key) => key in found);
    return parseFound(first.length > 0 ? without(found, first) : {}, fixed);
  }
}

async function parseAs(rows: readonly DesiredRow[], request: ReadingRequest): Promise<Evidence> {
  const { files } = request;
  const placeOf = namedPlacesIn(request);
  return (await parseAnyEvidence({ rows, files, signers: new Map(), placeOf })).evidence;
}

/** Where kubeconfigs lead, and that the table has what they name is all there is to know where nobody looked further. */
function namedPlacesIn({ files, readFrom }: ReadingRequest): NamedPlaceOf {
  const there = new Set(files.map(({ path }) => path));
  const known = new Set(knownPaths());
  return (kubeconfig, file) => {
    const named = namedPath(file, kubeconfig, readFrom ?? USUAL_DIRECTORIES);
    if (named === undefined) return { kind: 'elsewhere' };
    const isLookedAt = named.isCertain && (readFrom !== undefined || known.has(named.path));
    return there.has(named.path) || isLookedAt ? { kind: 'inside', path: named.path } : { kind: 'elsewhere' };
  };
}

/**
 * Who says what the cluster is says all of it, as to `init`: what is left out has its default, and a name beyond that is
 * surplus. What a host is called and has for keys may still be left to the files.
 */
export function saysCluster(options: ClusterOptions): boolean {
  const given = defined(options);
  return OPTIONS.some(
    ({ key, group }) => given[key] !== undefined && (group === 'This host' || group === 'Cluster'),
  );
}

/** A specification that the files may have been made for, with its rows. */
interface Wish {
  readonly spec: ClusterSpec;
  readonly inferred: ClusterOptions;
  readonly rows: readonly DesiredRow[];
}

/** A request that says what kind of host the files are from. */
type PlacedRequest = ReadingRequest & { readonly role: HostRole; readonly isThere: Presence };

const presenceIn = (files: readonly PresentFile[]): Presence => {
  const paths = new Set(files.map(({ path }) => path));
  return (path) => paths.has(path);
};

/** The options of a ruling, with what was asked for and what shows in which files are there. */
function optionsOf({ isThere, options, role }: PlacedRequest, ruling: ClusterOptions): ClusterOptions {
  // A member of an external etcd has what a cluster with its own has.
  const etcd = needsEtcd(role) ? { externalEtcd: false } : {};
  // That a root which is asked for is kept apart may still show.
  const kept = options.rootCa === true ? ['rootCaDir'] : [];
  const seen = saysCluster(options) ? only(seenShape(isThere), kept) : seenShape(isThere);
  return { ...seen, ...ruling, ...defined(options), ...etcd };
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
    return { options, rules: parseClusterSpec({ ...UNKNOWN_HOST, ...options }, UNKNOWN_NAME).spec };
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

function wishOf(request: PlacedRequest, { options: fixed, rules }: Candidate, evidence: Evidence): Wish {
  const given = defined(request.options);
  const seen = inferOptions(evidence, rules);
  // A worker has nothing but its kubeconfig that knows an address: one that nobody gave is not made up.
  const isAddressed = [given, seen].some((options) => OF_ADDRESS.some((key) => key in options));
  const open: readonly OptionKey[] = isAddressed ? OF_THE_HOST : [...OF_THE_HOST, 'controlPlaneEndpoint'];
  const inferred = saysCluster(given) ? only(seen, open) : seen;
  const { spec, options } = parseFound(withSoundNames(inferred), fixed);
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

function placed(asked: ReadingRequest): PlacedRequest {
  const isThere = presenceIn(asked.files);
  // On a control plane nothing is out of place.
  const seen = asked.isPartial === true ? 'control-plane' : inferRole(isThere);
  return { ...asked, isThere, role: asked.role ?? seen };
}

/** What was told of a host from which files it has, where that leaves rows out. */
export interface Guess {
  /** The kind of host; absent where it was asked for, or is a control plane, which has all of them. */
  readonly role?: HostRole;
  /** That etcd is elsewhere, as nothing of it is here. */
  readonly isEtcdElsewhere?: true;
}

/** What a request leaves to be told from which files are there, and what that comes to. */
export function guessOf(asked: ReadingRequest): Guess {
  const { isThere, options, role } = placed(asked);
  if (role !== 'control-plane') return asked.role === undefined ? { role } : {};
  const isSaid = options.externalEtcd !== undefined || saysCluster(options);
  return !isSaid && seenShape(isThere).externalEtcd === true ? { isEtcdElsewhere: true } : {};
}

/**
 * The rows that each of the rulings has for this host, as long as nothing is known of it but which files it has.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options, where they fit no ruling.
 */
function rowsOfRulings(
  request: PlacedRequest,
  open: readonly ClusterOptions[],
): readonly (readonly DesiredRow[])[] {
  const candidates = open.map((ruling) => candidateOf(request, ruling));
  const held = candidates.filter((candidate) => 'rules' in candidate);
  const [refusal] = candidates;
  if (held.length === 0 && refusal !== undefined && !('rules' in refusal)) throw refusal;
  return held.map(({ rules }) => rowsFor(request, rules));
}

/**
 * Everything that the rows of the table can be, for what was asked: once for each profile and release that is left open.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options, where they fit no profile and release.
 */
export function possibleRows(asked: ReadingRequest): readonly (readonly DesiredRow[])[] {
  const request = placed(asked);
  const { profile: _, ...rest } = request.options;
  const open = openRulings(request.options);
  // No profile of that name stands for any.
  return rowsOfRulings(
    open.length === 0 ? { ...request, options: rest } : request,
    open.length === 0 ? openRulings(rest) : open,
  );
}

/**
 * The ways in which the files can be read: under each profile and release that the request leaves open, the newest of each
 * first, and none that wants the same as one before. Each comes when the one before has been looked at, so that whoever is
 * content with it need not wait for the others.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options, where no reading is left.
 */
export async function* readingsOf(asked: ReadingRequest): AsyncGenerator<Reading, void> {
  const request = placed(asked);
  const { profile, kubernetesVersion } = request.options;
  const open = openRulings(request.options);
  // No profile of that name: the parser says which there are.
  if (open.length === 0) parseClusterSpec({ ...UNKNOWN_HOST, profile, kubernetesVersion }, UNKNOWN_NAME);
  // The newest release of each has most files; those that another has beside them are read when it is its turn.
  const wishes = rowsOfRulings(request, firstOfEachProfile(open));
  const [most = []] = wishes.toSorted((a, b) => b.length - a.length);
  const seen = await parseAs(most, request);
  const tried = new Set<string>();
  for (const ruling of open) {
    const candidate = candidateOf(request, ruling);
    if (!('rules' in candidate)) continue;
    const wish = wishOf(request, candidate, seen);
    // Most releases of kubeadm want the same as the one after.
    const rows = JSON.stringify(wish.rows);
    if (tried.has(rows)) continue;
    tried.add(rows);
    const { spec, inferred } = wish;
    const evidence = await evidenceFor(wish.rows, seen, () => parseAs(wish.rows, request));
    yield { spec, inferred, role: request.role, evidence };
  }
}
