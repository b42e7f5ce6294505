import { checkCertificates } from './checks/certificates.ts';
import { checkCis, cisBenchmarkOf } from './checks/cis.ts';
import { checkComponents } from './checks/components.ts';
import { type Credential, findCredentials } from './checks/credentials.ts';
import { checkDirectories } from './checks/directories.ts';
import type { Evidence, PresentDirectory } from './checks/evidence.ts';
import { checkHost } from './checks/hosts.ts';
import { runChecks } from './checks/run.ts';
import { checkServed, type Served } from './checks/served.ts';
import { checkFurtherKeys, checkLayout, checkStrays, readStrays } from './checks/strays.ts';
import { checkSubAuthorities } from './checks/sub-authorities.ts';
import { checkComparison, sharedModuliIn } from './checks/weakness.ts';
import type { Components } from './components/command.ts';
import type { Policy } from './cluster/policy.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import type { AuditFinding, Finding, Severity } from './finding.ts';
import { type Reading, type ReadingRequest, readingsOf } from './reading.ts';
import { isCopyPath } from './resolve/paths.ts';
import { type Selected, type Selection, selectFindings } from './select/select.ts';

/** What is audited, and against what. */
export interface VerifyRequest extends ReadingRequest {
  /** The directories that hold the files, where there are some. */
  readonly directories?: readonly PresentDirectory[] | undefined;
  /** The version of the CIS Kubernetes Benchmark to hold modes and owners to, or `auto`: the one for the release. */
  readonly cis?: string | undefined;
  /** How the components are started; absent: not looked at. */
  readonly components?: Components | undefined;
  readonly now: Date;
  readonly warnWithinSeconds: number;
  /** A logical path of each row that is missed where nothing of it is there; absent: of all that the cluster has. */
  readonly expected?: readonly string[] | undefined;
  /** Whether it is a finding where there are no kubeconfigs at all; default: they may have stayed where they are. */
  readonly wantsKubeconfigs?: boolean | undefined;
  /** What was found already about what the files came in; it is selected from with the rest. */
  readonly found?: readonly Finding[] | undefined;
  /** The keys that are known to be weak, as `parseWeakKeyList` gives them. */
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
export interface Verification extends Reading, Selected {
  /** By row, in the order of the table; what belongs to no row comes last. */
  readonly findings: readonly AuditFinding[];
  /** Who carries a name or a group of Kubernetes' own, or a token. */
  readonly credentials: readonly Credential[];
  /** What the components show, where they were asked. */
  readonly served?: readonly Served[];
  /** The version of the CIS Kubernetes Benchmark that modes and owners were held to; absent where none was asked for. */
  readonly cis?: string;
}

/** Everything that was found in the files of the rows under one reading, before any of it is set aside. */
type Held = Reading & { readonly findings: readonly Finding[] };

function holdAgainst(
  { files, now, warnWithinSeconds, expected, isPartial, weakKeys, policy }: VerifyRequest,
  reading: Reading,
  sharedModuli: ReadonlyMap<bigint, readonly string[]>,
): Held {
  const audit = {
    warnWithinSeconds,
    sharedModuli,
    expected,
    isPartial,
    ...(weakKeys === undefined ? {} : { weakKeys }),
    ...(policy === undefined ? {} : { policy }),
  };
  const context = { now, evidence: reading.evidence, signers: new Set<string>(), audit };
  return { ...reading, findings: [...runChecks(context), ...checkHost(files, reading.role)] };
}

/** What there is to find beside the rows: in other files, in directories, and by the benchmark that was asked for. */
async function checkSurroundings(
  { files, directories = [], cis, wantsKubeconfigs = false, isPartial }: VerifyRequest,
  { spec, evidence, findings }: Held,
): Promise<Pick<Verification, 'credentials' | 'cis'> & { readonly findings: readonly Finding[] }> {
  const benchmark = cis === undefined ? undefined : cisBenchmarkOf(cis, spec.kubernetesVersion.minor);
  // What is of the table and not of this host was found already.
  const misplaced = new Set(findings.filter(({ row }) => row !== undefined).map(({ path }) => path));
  const others = files.filter(({ path }) => !misplaced.has(path));
  const strays = await readStrays(others, evidence);
  const secret = new Set(strays.filter(({ hasSecret }) => hasSecret).map(({ file }) => file.path));
  // What is kept of this PKI beside it is no part of it, and what others keep there is no affair of an audit.
  const own = strays.filter(({ file }) => !isCopyPath(file.path));
  const isSecretStray = (path: string): boolean => secret.has(path);
  return {
    findings: [
      ...(benchmark === undefined ? [] : checkCis(benchmark, { evidence, strays: own, directories })),
      ...checkLayout(own, evidence),
      ...checkStrays(strays, evidence),
      ...checkFurtherKeys(evidence),
      // Where some of the files are lost, a CA of the table may be among them.
      ...(isPartial === true ? [] : await checkSubAuthorities(evidence, own)),
      ...checkComparison(evidence),
      ...checkDirectories({ files, directories, evidence, isSecretStray, wantsKubeconfigs }),
    ],
    // What a kubeconfig names is a credential of that kubeconfig.
    credentials: await findCredentials(
      evidence,
      strays.filter(({ isNamed }) => !isNamed),
    ),
    ...(benchmark === undefined ? {} : { cis: benchmark.version }),
  };
}

/** Nobody reads more of what a file holds, and a certificate may have names by the ten thousand. */
const MAXIMUM_TEXT = 4096;

function shortenText(text: string): string {
  const left = text.length - MAXIMUM_TEXT;
  return left <= 0 ? text : `${text.slice(0, MAXIMUM_TEXT)} … and ${left} characters more`;
}

function shorten(finding: Finding): Finding {
  const { message, expected, found } = finding;
  return {
    ...finding,
    message: shortenText(message),
    ...(expected === undefined ? {} : { expected: shortenText(expected) }),
    ...(found === undefined ? {} : { found: shortenText(found) }),
  };
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 10_000, warning: 100, notice: 1 };

/** How far what is there is from a reading of it. */
export const weightOf = ({ findings }: { readonly findings: readonly Finding[] }): number =>
  findings.reduce((sum, { severity }) => sum + WEIGHT[severity], 0);

/**
 * Holds everything that is there against the table and against itself. Reads nothing but `request.files`, writes nothing,
 * connects to nothing, and never throws for what a file holds. Where no profile is asked for, it takes the one, and the
 * newest release of kubeadm, that fits what is there best, and says so in `spec`.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options that were given.
 */
export async function verifyPki(request: VerifyRequest): Promise<Verification> {
  let sharedModuli: ReadonlyMap<bigint, readonly string[]> | undefined;
  let best: Held | undefined;
  for await (const reading of readingsOf(request)) {
    // The keys are the same in every reading.
    sharedModuli ??= sharedModuliIn(reading.evidence);
    const held = holdAgainst(request, reading, sharedModuli);
    if (best === undefined || weightOf(held) < weightOf(best)) best = held;
    if (weightOf(best) === 0) break;
  }
  if (best === undefined) throw new RangeError('"request" expected a reading');
  const { now, files, found = [], components, selection = {}, readServed } = request;
  const { findings: around, ...surroundings } = await checkSurroundings(request, best);
  const served = await readServed?.(best);
  const findings = [
    ...found,
    ...best.findings,
    ...checkCertificates(best.evidence),
    ...around,
    ...(components === undefined ? [] : checkComponents({ ...best, components, files })),
    ...checkServed(served ?? [], { evidence: best.evidence, now }),
  ];
  return {
    ...best,
    ...surroundings,
    ...(served === undefined ? {} : { served }),
    ...selectFindings(findings.map(shorten), selection, now),
  };
}
