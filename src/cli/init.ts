import type { PresentFile } from '../checks/evidence.ts';
import { MENDS } from '../checks/mends.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseRequest } from '../cluster/parse.ts';
import type { SpecIssue } from '../errors.ts';
import type { Directories } from '../cluster/directories.ts';
import type { Finding } from '../finding.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readClock } from '../library/clock.ts';
import { type GeneratedPki, keptCertificates } from '../pki.ts';
import { type PlannedRow, pathsOf, refusalOf } from '../plan.ts';
import { knownPlaces, presentFiles, resolveDirectories } from '../present.ts';
import { errorLines, issueLines } from '../report/errors.ts';
import { findingLines } from '../report/findings.ts';
import type { InitReport } from '../report/init.ts';
import { type PlannedRequest, planRequest } from '../request.ts';
import { type FileState, readFiles } from '../store/files.ts';
import { showsAny } from '../resolve/paths.ts';
import type { PhaseRequest } from '../resolve/phases.ts';
import { resolveReload } from '../resolve/reload.ts';
import { storePlaces } from '../snapshot.ts';
import { openStore, type Store } from '../store/store.ts';
import { generate } from './generate.ts';
import { findUntold, NOTHING_UNTOLD, type Untold, untoldLines } from './hook.ts';
import { readHost } from './host.ts';
import { pendingSentences } from '../library/pending.ts';
import { assertPlaceable, recoverySentence, writeGenerated, type Written } from './write.ts';

/** What `init` takes beside the options of the cluster. */
export interface InitOptions {
  readonly cluster: ClusterOptions;
  /** Says where what is odd about them comes from. */
  readonly place: (warnings: readonly SpecIssue[]) => readonly SpecIssue[];
  readonly isDryRun: boolean;
  readonly isEarlyClockAllowed: boolean;
  /** Whether what has drifted is issued again. */
  readonly reissues: boolean;
  /** The phase of kubeadm that this is; absent: everything. */
  readonly only?: PhaseRequest | undefined;
  /** How many snapshots stay. */
  readonly keep: number;
  readonly signal: AbortSignal;
}

/** What `init` has to say: the report is data, the messages are not. */
export interface InitResult {
  readonly report: InitReport;
  readonly messages: readonly string[];
}

interface Target {
  readonly options: InitOptions;
  readonly directories: Directories;
  readonly now: Date;
}

/** No word of kubeadm says that its CAs stand below a root: that one is there does. */
function rootIn(existing: readonly PresentFile[]): Pick<ClusterOptions, 'rootCa'> {
  const there = new Set(existing.map(({ path }) => path));
  return showsAny('rootCa', (path) => there.has(path)) ? { rootCa: true } : {};
}

async function planTarget(
  { options, directories, now }: Target,
  read: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>,
): Promise<PlannedRequest> {
  const places = knownPlaces(directories);
  const existing = presentFiles(places, await read([...places.values()]));
  // With the directories as resolved: whether the root is kept apart shows only then.
  const { reissues, only } = options;
  const cluster = { ...options.cluster, ...directories, ...(only === undefined ? {} : rootIn(existing)) };
  const request = { options: cluster, host: readHost(), existing, signers: new Map(), reissues, only };
  return planRequest(request, now);
}

async function carryOut(
  target: Target,
  request: PlannedRequest,
  store: Store,
): Promise<GeneratedPki & Written> {
  const { options, directories, now } = target;
  const generated = await generate(request.planned, now, options.signal);
  const written = await writeGenerated(store, {
    ...generated,
    directories,
    now,
    command: 'init --reissue',
    signal: options.signal,
    keep: options.reissues ? options.keep : undefined,
  });
  return { ...generated, ...written };
}

/** Whether that which was found of a row is what this run mends: there is nothing left to do about it. */
const isMended = ({ action }: PlannedRow, { severity, code }: Finding): boolean =>
  (action === 'reissue' || action === 'amend') && (severity === 'error' || MENDS.has(code));

function resultOf(
  target: Target,
  request: PlannedRequest,
  {
    untold,
    ...rest
  }: Pick<InitReport, 'outcome' | 'certificates' | 'recovery' | 'snapshot'> & {
    readonly untold: Untold;
  },
): InitResult {
  const { spec, planned, wouldKeep } = request;
  const warnings = target.options.place(request.warnings);
  const pathOf = (path: string): string => absolutePath(path, target.directories);
  const directories = targetDirectories(target.directories);
  const replaced = planned.plan.isRefused ? [] : pathsOf(planned.plan, 'replace');
  const changed = [...new Set([...untold.paths, ...replaced])];
  const reload = changed.length === 0 ? {} : { reload: resolveReload(spec, changed) };
  const report: InitReport = {
    ...rest,
    ...reload,
    untold: untold.snapshots,
    spec,
    directories,
    plan: planned.plan,
    warnings,
    wouldKeep,
    pathOf,
  };
  const findings = planned.plan.rows.flatMap((row) => row.findings.filter((one) => !isMended(row, one)));
  const messages = [
    ...rest.recovery.map((sentence) => `notice: ${sentence}`),
    ...untoldLines(untold),
    ...warnings.flatMap((issue) => issueLines(issue, 'warning')),
    ...request.passedOver.map(({ id }) => `notice: this cluster has no ${id}: its etcd is external`),
    ...planned.plan.rows
      .flatMap((row) => row.findings.filter((finding) => isMended(row, finding)))
      .flatMap((finding) => findingLines({ ...finding, severity: 'notice' }, pathOf)),
    ...findings
      .filter(({ severity }) => severity !== 'error')
      .flatMap((finding) => findingLines(finding, pathOf)),
    ...(planned.plan.isRefused
      ? errorLines(refusalOf(planned.plan, wouldKeep, request.reissue), pathOf)
      : []),
  ];
  return { report, messages };
}

const untoldIn = ({ options, directories }: Target): Untold =>
  options.reissues ? findUntold(directories) : NOTHING_UNTOLD;

async function dryRun(target: Target): Promise<InitResult> {
  const recovery = await pendingSentences(targetDirectories(target.directories));
  const request = await planTarget(target, readFiles);
  const { isRefused, isComplete } = request.planned.plan;
  if (!isRefused) assertPlaceable(request.planned.plan, target.directories);
  const certificates = keptCertificates(request.planned);
  const outcome = isComplete ? 'unchanged' : 'planned';
  return resultOf(target, request, {
    outcome: isRefused ? 'refused' : outcome,
    certificates,
    recovery,
    untold: isRefused ? NOTHING_UNTOLD : untoldIn(target),
  });
}

async function writingRun(target: Target): Promise<InitResult> {
  const { directories, options } = target;
  const store = await openStore(targetDirectories(directories), {
    self: process,
    ...(options.reissues ? storePlaces(directories) : {}),
  });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const untold = untoldIn(target);
    const request = await planTarget(target, (paths) => store.read(paths));
    const { plan } = request.planned;
    if (plan.isRefused) {
      const kept = keptCertificates(request.planned);
      return resultOf(target, request, {
        outcome: 'refused',
        certificates: kept,
        recovery,
        untold: NOTHING_UNTOLD,
      });
    }
    const { certificates, snapshot } = await carryOut(target, request, store);
    const outcome = plan.isComplete ? 'unchanged' : 'created';
    return resultOf(target, request, {
      outcome,
      certificates,
      recovery,
      untold,
      ...(snapshot && { snapshot }),
    });
  } finally {
    await store.close();
  }
}

/**
 * Creates what is missing of a PKI and keeps what is valid, or refuses and changes nothing.
 *
 * @throws {PkiError} whatever the request, the clock, the store or the generation have to say.
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { directories } = parseRequest(options.cluster, { host: readHost(), cwd: process.cwd() });
  const now = options.isEarlyClockAllowed ? new Date() : readClock();
  const target = { options, directories: await resolveDirectories(directories), now };
  return options.isDryRun ? dryRun(target) : writingRun(target);
}
