import { type Evidence, isSameDer, type PresentFile } from './checks/evidence.ts';
import { type ClusterOptions, OPTIONS } from './cluster/options.ts';
import { type HostFacts, parseClusterSpec } from './cluster/parse.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { isPkiError, PkiError, type SpecIssue } from './errors.ts';
import { type PlannedPki, planPki } from './pki.ts';
import { COMPLETE, type Intent, NOT_RENEWABLE, type Plan } from './plan.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { type PhaseRequest, rowsOfPhase, WHOLE_PHASE } from './resolve/phases.ts';
import { existingRows, resolveRows } from './resolve/rows.ts';
import { PROFILES } from './table/profiles.ts';
import type { Row } from './table/row.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from './table/versions.ts';
import { algorithmOfSpki } from './x509/keys.ts';
import type { Signer } from './x509/signer.ts';

/** Each profile; of kubeadm each minor release from the newest down, with all of its backports and with none. */
export function rulings(): readonly ClusterOptions[] {
  const minors = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => NEWEST_MINOR - index);
  return PROFILES.flatMap((profile): readonly ClusterOptions[] =>
    profile === 'kubeadm'
      ? minors.flatMap((minor) => [
          { profile, kubernetesVersion: `1.${minor}` },
          { profile, kubernetesVersion: `1.${minor}.0` },
        ])
      : [{ profile }],
  );
}

function specOf(options: ClusterOptions, host: HostFacts): ClusterSpec | undefined {
  try {
    return parseClusterSpec(options, host).spec;
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return undefined;
    throw error;
  }
}

/** The rows that only a cluster with its own etcd has; none where the request is about one that it has. */
function etcdRows(request: Request): readonly DesiredRow[] {
  const spec = specOf({ ...request.options, externalEtcd: true }, request.host);
  if (spec === undefined) return [];
  const others = new Set(resolveRows(spec).map(({ id }) => id));
  return resolveRows({ ...spec, etcd: 'stacked' }).filter(({ id }) => !others.has(id));
}

/** What can be seen from the files themselves and was asked for otherwise: the algorithm of the leaves, a root, no etcd. */
function seenOptions(request: Request, spec: ClusterSpec, evidence: Evidence): ClusterOptions {
  const rows = [...evidence.values()];
  const leaves = rows.filter(({ desired }) => desired.kind === 'certificate');
  const algorithms = new Set(
    leaves
      .flatMap(({ certificates }) => certificates.slice(0, 1))
      .map(({ spkiDer }) => algorithmOfSpki(spkiDer)),
  );
  const [algorithm] = algorithms;
  const isOther = algorithms.size === 1 && algorithm !== undefined && algorithm !== spec.keyAlgorithm;
  const isRooted =
    spec.rootCa === 'none' &&
    rows.some(
      ({ authority }) => authority !== undefined && !isSameDer(authority.issuer.der, authority.subject.der),
    );
  const etcd = etcdRows(request);
  const hasNoEtcd =
    spec.etcd === 'stacked' &&
    etcd.length > 0 &&
    etcd.every(({ id }) => evidence.get(id)?.files.length === 0);
  return {
    ...(isOther ? { keyAlgorithm: algorithm } : {}),
    ...(isRooted ? { rootCa: true } : {}),
    ...(hasNoEtcd ? { externalEtcd: true } : {}),
  };
}

/** Options as they are typed. */
function argumentsOf(options: ClusterOptions): string {
  return OPTIONS.flatMap(({ key, name, valueName }) => {
    const value = options[key];
    if (value === undefined) return [];
    return [valueName === undefined ? `--${name}` : `--${name} ${String(value)}`];
  }).join(' ');
}

type PlanFor = (spec: ClusterSpec) => Promise<Plan>;

/** Plans for the same files under other specifications. Many of those want the same rows: each wish is planned once. */
function plannerOf({ existing, signers }: Request, intent: Intent, now: Date): PlanFor {
  const plans = new Map<string, Promise<Plan>>();
  return (spec) => {
    const rows = resolveRows(spec);
    const wish = JSON.stringify(rows);
    const plan =
      plans.get(wish) ?? planPki({ rows, existing, signers }, now, intent).then((made) => made.plan);
    plans.set(wish, plan);
    return plan;
  };
}

/** Among which requests to look for one that would keep everything. */
interface Keeping {
  readonly seen: ClusterOptions;
  readonly changes: readonly ClusterOptions[];
  readonly planFor: PlanFor;
}

/**
 * Requests under which everything that is there would be kept, as arguments: first the one that was made with what can be
 * seen from the files, then of each profile the newest release that does.
 */
async function findKeeping(
  request: Request,
  { seen, changes, planFor }: Keeping,
): Promise<readonly string[]> {
  const keeping = new Map<string, string>();
  const tried = new Set<Plan>();
  for (const ruling of [{}, ...changes]) {
    const profile = ruling.profile ?? request.options.profile ?? '';
    if (keeping.has(profile)) continue;
    const change = { ...ruling, ...seen };
    const spec = specOf({ ...request.options, ...change }, request.host);
    if (spec === undefined) continue;
    const plan = await planFor(spec);
    if (tried.has(plan)) continue;
    tried.add(plan);
    if (!plan.isRefused) keeping.set(spec.profile, argumentsOf(change));
  }
  return [...keeping.values()];
}

/** How much of what is there contradicts a request; that some of it cannot be issued again comes on top. */
const contradictionsIn = ({ rows }: Plan): number =>
  rows
    .flatMap(({ findings }) => findings)
    .filter(({ severity, code }) => severity === 'error' && code !== NOT_RENEWABLE.code).length;

/**
 * The profile, with a release, as arguments, that less of what is there contradicts than the one that holds where none is given:
 * what was made by it would become something else unasked.
 */
async function findFitting(request: Request, plan: Plan, planFor: PlanFor): Promise<string | undefined> {
  const { options, host } = request;
  if (options.profile !== undefined || request.only !== undefined) return undefined;
  const { kubernetesVersion } = options;
  let fewest = contradictionsIn(plan);
  let fitting: string | undefined;
  for (const ruling of fewest === 0 ? [] : rulings()) {
    const change = { ...ruling, ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }) };
    const spec = specOf({ ...options, ...change }, host);
    const other = spec && (await planFor(spec));
    if (other === undefined || contradictionsIn(other) >= fewest) continue;
    fewest = contradictionsIn(other);
    fitting = argumentsOf(ruling);
  }
  return fitting;
}

function unsaidProfile({ profile }: ClusterSpec, fitting: string): PkiError<'ERR_REFUSED'> {
  return new PkiError(
    'ERR_REFUSED',
    `no --profile was given, and what is there fits another one than ${profile}`,
    {
      detail: { findings: [], wouldKeep: [] },
      hint: `nothing was changed: say which is meant: ${fitting} fits what is there, --profile ${profile} makes something else of it`,
    },
  );
}

/** What is asked for, where, and what is there already. */
export interface Request {
  readonly options: ClusterOptions;
  readonly host: HostFacts;
  readonly existing: readonly PresentFile[];
  /** By the id of the CA for which they sign. */
  readonly signers: ReadonlyMap<string, Signer>;
  /** Whether a leaf or a kubeconfig that has drifted from the request is issued again instead of refused. */
  readonly reissues?: boolean;
  /** What of the cluster this is about; absent: all of it. */
  readonly only?: PhaseRequest | undefined;
}

/** A request understood: what it would do, what was odd about it, and, where it is refused, what would not be. */
export interface PlannedRequest {
  readonly spec: ClusterSpec;
  readonly warnings: readonly SpecIssue[];
  readonly planned: PlannedPki;
  /** Arguments under which everything that is there would be kept; empty where nothing is refused. */
  readonly wouldKeep: readonly string[];
  /** What has to be asked for to have issued again what has drifted; absent where that was asked for. */
  readonly reissue?: string;
  /** What of a phase this cluster has not, because of what it is. */
  readonly passedOver: readonly Row[];
}

/** The rows of a phase in one cluster. */
interface PhaseRows {
  readonly ids: ReadonlySet<string>;
  /** Those that this cluster has not, because of what it is. */
  readonly passedOver: readonly Row[];
  /** Those that the release knows nothing of. */
  readonly unknown: readonly Row[];
}

/** Divides the rows of a phase by whether this cluster has them. */
function phaseIn(request: PhaseRequest, spec: ClusterSpec): PhaseRows {
  const existing = existingRows(spec);
  const rows = rowsOfPhase(request);
  const absent = rows.filter((row) => !existing.includes(row));
  // What hangs on the kind of cluster is known to the release all the same (kubeadm.md 3.1).
  const [passedOver, unknown] = [true, false].map((isConditional) =>
    absent.filter((row) => (row.when !== undefined) === isConditional),
  );
  return {
    ids: new Set(rows.filter((row) => existing.includes(row)).map(({ id }) => id)),
    passedOver: passedOver ?? [],
    unknown: unknown ?? [],
  };
}

/** Releases alone: a phase has no flags for anything else. */
const releases = (): readonly ClusterOptions[] =>
  rulings().flatMap(({ kubernetesVersion }) =>
    kubernetesVersion === undefined ? [] : [{ kubernetesVersion }],
  );

/** @throws {PkiError} `ERR_USAGE` for what the release does not know. */
function assertKnown(
  { unknown: [first] }: PhaseRows,
  { phase, name }: PhaseRequest,
  spec: ClusterSpec,
): void {
  if (first === undefined || name === WHOLE_PHASE) return;
  throw new PkiError(
    'ERR_USAGE',
    `kubeadm ${spec.kubernetesVersion.text} has no init phase ${phase} ${name}: it makes no ${first.id}`,
    { detail: {}, hint: 'ask for a release that has it with --kubernetes-version' },
  );
}

/**
 * Whether what is asked for says something else on a host of another address.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 */
export function dependsOnAddress(options: ClusterOptions, host: HostFacts, only: PhaseRequest): boolean {
  const [one, other] = ['192.0.2.1', '192.0.2.2'].map((apiserverAdvertiseAddress) => {
    const { spec } = parseClusterSpec({ ...options, apiserverAdvertiseAddress }, host);
    const { ids } = phaseIn(only, spec);
    return JSON.stringify(resolveRows(spec).filter(({ id }) => ids.has(id)));
  });
  return one !== other;
}

/**
 * From options to a plan. Generates and writes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_USAGE` for a phase that the release does not have;
 * `ERR_REFUSED` where what has drifted is to be issued again and only the profile that nobody has said may be wrong.
 */
export async function planRequest(request: Request, now: Date): Promise<PlannedRequest> {
  const { spec, warnings } = parseClusterSpec(request.options, request.host);
  const { existing, signers, only } = request;
  const rows = only === undefined ? undefined : phaseIn(only, spec);
  if (only !== undefined && rows !== undefined) assertKnown(rows, only, spec);
  const intent = { kind: 'complete', reissues: request.reissues === true, only: rows?.ids } as const;
  const planned = await planPki({ rows: resolveRows(spec), existing, signers }, now, intent);
  const planFor = plannerOf(request, rows === undefined ? COMPLETE : intent, now);
  const fitting = await findFitting(request, planned.plan, planFor);
  if (intent.reissues && fitting !== undefined) throw unsaidProfile(spec, fitting);
  const reissue = fitting === undefined ? 'init --reissue' : `with --profile said, init --reissue`;
  const keeping = (): Keeping =>
    rows === undefined
      ? { seen: seenOptions(request, spec, planned.evidence), changes: rulings(), planFor }
      : { seen: {}, changes: releases(), planFor };
  const wouldKeep = planned.plan.isRefused ? await findKeeping(request, keeping()) : [];
  return {
    spec,
    warnings,
    planned,
    wouldKeep,
    ...(intent.reissues ? {} : { reissue }),
    passedOver: rows?.passedOver ?? [],
  };
}
