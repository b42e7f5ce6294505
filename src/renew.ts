import { adopt, type Adopted, algorithmOf, type Knowledge, provide, restore, withNames } from './adopt.ts';
import type { AuditFinding, Finding } from './finding.ts';
import type { Evidence, PresentFile, RowEvidence } from './checks/evidence.ts';
import { MENDS } from './checks/mends.ts';
import { timeText } from './checks/time.ts';
import type { Directories } from './cluster/directories.ts';
import { type ClusterOptions, OPTIONS } from './cluster/options.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { PkiError, type SpecIssue } from './errors.ts';
import { OF_NAME } from './infer.ts';
import { planPki, type PlannedPki } from './pki.ts';
import type { Intent, Obstacle } from './plan.ts';
import { saysCluster } from './reading.ts';
import { EVERYTHING, RENEWABLE_NAMES, type RenewalSource } from './renewal-names.ts';
import { withAlgorithm } from './resolve/algorithm.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { resolveNodeRows } from './resolve/rows.ts';
import { resolveValidity } from './resolve/template.ts';
import { verifyPki } from './verify.ts';
import { KEY_ALGORITHMS } from './x509/algorithms.ts';
import type { Certificate } from './x509/model.ts';
import type { Signer } from './x509/signer.ts';

/** What is to be renewed, and how. */
export interface RenewalRequest {
  readonly files: readonly PresentFile[];
  /** As for an audit. */
  readonly readFrom?: Directories | undefined;
  readonly options: ClusterOptions;
  /** Ids of rows, or {@link EVERYTHING}. */
  readonly names: readonly string[];
  /** Asked for where the certificates and the specification differ. */
  readonly from?: RenewalSource | undefined;
  /** Only what ends within these seconds. */
  readonly withinSeconds?: number | undefined;
  readonly keepsKeys: boolean;
  readonly signers: ReadonlyMap<string, Signer>;
  /** The paths that nothing is written to, with why: `a symbolic link, which is never replaced`. */
  readonly blocked?: ReadonlyMap<string, string> | undefined;
  /**
   * Given where everything is made again, whatever `names` says: also what is missing, and what renews itself. `nodes` are the
   * names of nodes that need theirs; this host has it already.
   */
  readonly recovery?: { readonly nodes: readonly string[] } | undefined;
}

/** A node that is another host than the one that is made again. */
export interface OtherNode {
  readonly name: string;
  /** What it needs, by ids and paths of its own. */
  readonly rows: readonly DesiredRow[];
}

/** A renewal understood. */
export interface PlannedRenewal {
  readonly spec: ClusterSpec;
  readonly planned: PlannedPki;
  /** Where the certificates that are there say something else than the specification that was given. */
  readonly differences: readonly Finding[];
  /** The other nodes; the plan says what of theirs can be made. */
  readonly nodes: readonly OtherNode[];
  /** The ids of what is not there, may be so, and is not made again. */
  readonly away: readonly string[];
}

const given = (options: ClusterOptions): ClusterOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Who says what the cluster is says what its certificates hold; what a key is or how long it lives says nothing of that. */
function isSpecified(options: ClusterOptions): boolean {
  return OPTIONS.some(
    ({ key, group }) =>
      options[key] !== undefined && (group === 'This host' || group === 'Cluster' || group === 'Rules'),
  );
}

function isSelected({ desired, files }: RowEvidence, { names, recovery }: RenewalRequest): boolean {
  if (desired.kind !== 'certificate' && desired.kind !== 'kubeconfig') return false;
  const isMeantAway = files.length === 0 && desired.mayBeAway === true;
  if (recovery !== undefined) return !isMeantAway;
  const renewsItself = desired.kind === 'kubeconfig' && desired.renewsItself === true;
  return names.includes(desired.id) || (names.includes(EVERYTHING) && !renewsItself && !isMeantAway);
}

const isEndingWithin = (seconds: number, { notBefore, notAfter }: Certificate, now: Date): boolean =>
  // As one is that was issued while the clock was ahead.
  notBefore.getTime() > now.getTime() || notAfter.getTime() <= now.getTime() + seconds * 1000;

/** What a renewal would not make last longer: it would be as due as before, and be renewed and restarted every day. */
function outlasts(
  { desired, certificates: [own] }: RowEvidence,
  evidence: Evidence,
  now: Date,
): boolean | Obstacle {
  if (!('certificate' in desired) || own === undefined || own.notBefore.getTime() > now.getTime())
    return true;
  const { signer = '' } = desired.certificate;
  const { notAfter, isCapped } = resolveValidity(desired.certificate, now, evidence.get(signer)?.authority);
  if (notAfter.getTime() > own.notAfter.getTime()) return true;
  return (
    isCapped && {
      message: `ends with its CA, ${signer}, on ${timeText(own.notAfter)}: renewed it would last no longer`,
      remedy: `renew or rotate the CA ${signer}`,
    }
  );
}

/** Why what is renewed of a row could not be put in its place. */
function placeObstacle(
  { files }: DesiredRow,
  { blocked, keepsKeys }: Pick<RenewalRequest, 'blocked' | 'keepsKeys'>,
): Obstacle | undefined {
  const replaced = files.filter(({ holds }) => !keepsKeys || holds !== 'key');
  const [found] = replaced.flatMap(({ path, holds }) => {
    const block = blocked?.get(path);
    return block === undefined ? [] : [`where its ${holds} belongs is ${block}`];
  });
  return found === undefined
    ? undefined
    : { message: found, remedy: 'put the file itself there, or let whoever put that there renew it' };
}

function assertNames(names: readonly string[], rows: readonly DesiredRow[]): void {
  const known = new Set([EVERYTHING, ...rows.map(({ id }) => id)]);
  const unknown = names.filter(
    (name) => !known.has(name) || !(name === EVERYTHING || RENEWABLE_NAMES.includes(name)),
  );
  const [first] = unknown;
  if (first === undefined) return;
  const isOfTable = RENEWABLE_NAMES.includes(first);
  throw new PkiError(
    'ERR_USAGE',
    isOfTable ? `this PKI has no ${first}` : `there is no certificate called ${JSON.stringify(first)}`,
    { detail: {}, hint: `one of ${[EVERYTHING, ...RENEWABLE_NAMES].join(', ')}` },
  );
}

function differencesOf(evidence: Evidence, findings: readonly AuditFinding[]): readonly Finding[] {
  return findings
    .filter(
      ({ row = '', code }) =>
        (MENDS.get(code) === 'identity' || code === 'server') &&
        evidence.get(row)?.certificates[0] !== undefined,
    )
    .map((difference) => {
      const { fingerprint: _, waiver: __, ...finding } = difference;
      return finding;
    });
}

const DECIDE = 'say which is meant: --from spec or --from certificate';

function assertDecided(differences: readonly Finding[], { from }: RenewalRequest): void {
  if (differences.length === 0 || from !== undefined) return;
  throw new PkiError('ERR_REFUSED', 'the certificates that are there differ from what was asked for', {
    detail: {
      // What an audit would have mended by hand, either answer mends here.
      findings: differences.map((finding) => ({ ...finding, severity: 'error' as const, remedy: DECIDE })),
      wouldKeep: [],
    },
    hint: 'nothing was changed: --from spec issues what was asked for, --from certificate what is there',
  });
}

function issueError(issue: SpecIssue): PkiError<'ERR_CONFIG'> {
  return new PkiError('ERR_CONFIG', `${issue.option} ${issue.rule}`, { detail: { issues: [issue] } });
}

function assertSource(hasSpec: boolean, { from }: RenewalRequest): void {
  if (hasSpec || from !== 'spec') return;
  throw issueError({
    option: 'from',
    value: from,
    rule: 'there is no specification: nothing says what the cluster is but its certificates',
    hint: 'say what it is by flags or --config, or leave --from out',
  });
}

/** What a kubeconfig calls its cluster no check holds against anything, so that there is no difference to decide. */
function assertClusterName(
  rows: readonly RowEvidence[],
  { options: { clusterName }, from, recovery }: RenewalRequest,
): void {
  if (clusterName === undefined || from === 'certificate' || recovery !== undefined) return;
  const other = rows.find(
    ({ desired, kubeconfig }) =>
      desired.kind === 'kubeconfig' &&
      kubeconfig !== undefined &&
      kubeconfig.cluster !== desired.kubeconfig.cluster,
  );
  if (other === undefined) return;
  throw issueError({
    option: 'cluster-name',
    value: clusterName,
    rule: `${other.desired.id} calls it ${JSON.stringify(other.kubeconfig?.cluster)}, and a renewal changes no name in a kubeconfig`,
    hint: 'leave it out, or say --from certificate; to change it, move the kubeconfig away and run k8s-pki init again',
  });
}

/** Why a key that is kept cannot be what was asked for. */
function keyObstacle(row: RowEvidence, { keepsKeys, options }: RenewalRequest): Obstacle | undefined {
  const own = algorithmOf(row)?.id;
  if (!keepsKeys || options.keyAlgorithm === undefined || own === undefined) return undefined;
  return own === options.keyAlgorithm
    ? undefined
    : {
        message: `its key is ${own}, and is to be kept, not ${options.keyAlgorithm}`,
        remedy: 'leave --keep-key or --key-algorithm out',
      };
}

/** What a host is called stands in no file of it any more: a name that was made up must not be issued. */
function assertHostKnown(inferred: ClusterOptions, { from, options }: RenewalRequest): void {
  if (from === 'certificate') return;
  const known = {
    hostIp: [inferred.hostIp, options.hostIp, options.apiserverAdvertiseAddress],
    hostname: [inferred.hostname, options.hostname, options.nodeName],
  };
  const issues = (['hostIp', 'hostname'] as const)
    .filter((key) => known[key].every((value) => value === undefined))
    .map((key) => ({
      option: OPTIONS.find((option) => option.key === key)?.name ?? key,
      rule: 'is needed: no certificate that is there says it',
    }));
  if (issues.length === 0) return;
  const message = issues.map(({ option, rule }) => `${option} ${rule}`).join('; ');
  throw new PkiError('ERR_CONFIG', message, { detail: { issues } });
}

/**
 * Decides what a renewal does. Where the options say what the cluster is, certificates are issued from that, else from what is
 * there. Generates and writes nothing.
 *
 * @throws {PkiError} `ERR_USAGE` for a name that is none; `ERR_CONFIG`; `ERR_REFUSED` with every difference where the two
 * say different things and `from` does not say which is meant.
 */
export async function planRenewal(request: RenewalRequest, now: Date): Promise<PlannedRenewal> {
  const { files, options, names, readFrom, signers, from, withinSeconds, keepsKeys, recovery } = request;
  const audited = await verifyPki({ files, options, now, warnWithinSeconds: 0, readFrom });
  const { spec, evidence, inferred } = audited;
  assertNames(
    names,
    [...evidence.values()].map(({ desired }) => desired),
  );
  const hasSpec = isSpecified(options);
  const isAsked = ({ row: id = '' }: Finding): boolean => {
    const row = evidence.get(id);
    return row !== undefined && isSelected(row, request);
  };
  assertSource(hasSpec, request);
  assertClusterName(
    [...evidence.values()].filter((row) => isSelected(row, request)),
    request,
  );
  const differences = hasSpec ? differencesOf(evidence, audited.findings.filter(isAsked)) : [];
  assertDecided(differences, request);
  if (hasSpec) assertHostKnown(inferred, request);

  const due = (row: RowEvidence): boolean | Obstacle => {
    const [own] = row.certificates;
    if (withinSeconds === undefined || own === undefined) return true;
    return isEndingWithin(withinSeconds, own, now) && outlasts(row, evidence, now);
  };
  const isFromCertificate = !hasSpec || from === 'certificate';
  const keepsAlgorithm = keepsKeys || (isFromCertificate && options.keyAlgorithm === undefined);
  const asked = options.keyAlgorithm === undefined ? undefined : KEY_ALGORITHMS[spec.keyAlgorithm];
  const knowledge: Knowledge = {
    spec,
    isSpecified: saysCluster(options),
    said: { ...inferred, ...given(options) },
  };
  const adopted = (row: RowEvidence): Adopted => {
    if (recovery !== undefined && row.certificates[0] === undefined)
      return restore(row.desired, row, knowledge);
    const desired = recovery === undefined ? row.desired : withNames(row.desired, row);
    return isFromCertificate ? adopt(desired, row) : { row: desired };
  };

  const ids = new Set<string>();
  const obstacles = new Map<string, Obstacle>();
  const take = (desired: DesiredRow, own: Adopted): DesiredRow => {
    ids.add(desired.id);
    if ('row' in own) return own.row;
    obstacles.set(desired.id, own.obstacle);
    return desired;
  };
  const wanted = [...evidence.values()].map((row): DesiredRow => {
    const isDue = isSelected(row, request) && due(row);
    if (isDue === false) return row.desired;
    const obstacle =
      isDue === true ? (placeObstacle(row.desired, request) ?? keyObstacle(row, request)) : isDue;
    const own = take(row.desired, obstacle === undefined ? adopted(row) : { obstacle });
    return withAlgorithm(own, keepsAlgorithm ? algorithmOf(row) : asked);
  });
  const own = Object.keys(knowledge.said).some((key) => OF_NAME.some((name) => name === key))
    ? spec.nodeName
    : undefined;
  const others = (recovery?.nodes ?? []).filter((name) => name !== own);
  const nodes = others.map((name): OtherNode => {
    const rows = resolveNodeRows(spec, name).map((row) => take(row, provide(row, knowledge)));
    return { name, rows };
  });
  const intent: Intent = {
    kind: 'renew',
    ids,
    obstacles,
    keepsKeys,
    takesServers: hasSpec && from === 'spec',
    makesMissing: recovery !== undefined,
  };
  const rows = [...wanted, ...nodes.flatMap((node) => node.rows)];
  const planned = await planPki({ rows, existing: files, signers }, now, intent);
  const away = [...evidence.values()].flatMap(({ desired, files: there }) =>
    desired.mayBeAway === true && there.length === 0 ? [desired.id] : [],
  );
  return { spec, planned, differences, nodes, away };
}
