import { randomBytes } from 'node:crypto';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseRequest } from '../cluster/parse.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import type { Directories } from '../cluster/directories.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readClock } from '../library.ts';
import { type GeneratedPki, generatePki, keptCertificates } from '../pki.ts';
import { refusalOf } from '../plan.ts';
import { knownPlaces, presentFiles, resolveDirectories } from '../present.ts';
import { count } from '../report/columns.ts';
import { errorLines, issueLines } from '../report/errors.ts';
import { findingLines } from '../report/findings.ts';
import type { InitReport } from '../report/init.ts';
import { type PlannedRequest, planRequest } from '../request.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { assertWritable } from '../store/directories.ts';
import { type FileState, readFiles } from '../store/files.ts';
import type { Recovery } from '../store/recovery.ts';
import { openStore, type Store } from '../store/store.ts';
import { generateKeyPair } from '../x509/keys.ts';
import { readHost } from './host.ts';
import { pendingSentences } from './pending.ts';
import { startProgress } from './terminal.ts';

/** What `init` takes beside the options of the cluster. */
export interface InitOptions {
  readonly cluster: ClusterOptions;
  /** Says where what is odd about them comes from. */
  readonly place: (warnings: readonly SpecIssue[]) => readonly SpecIssue[];
  readonly isDryRun: boolean;
  readonly isEarlyClockAllowed: boolean;
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

async function planTarget(
  { options, directories, now }: Target,
  read: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>,
): Promise<PlannedRequest> {
  const places = knownPlaces(directories);
  const existing = presentFiles(places, await read([...places.values()]));
  // With the directories as resolved: whether the root is kept apart shows only then.
  const cluster = { ...options.cluster, ...directories };
  return planRequest({ options: cluster, host: readHost(), existing, signers: new Map() }, now);
}

/** The work itself, stopped short by a signal: generating cannot be undone, but nobody has to wait for its end. */
async function generate(
  planned: PlannedRequest['planned'],
  now: Date,
  signal: AbortSignal,
): Promise<GeneratedPki> {
  const progress = startProgress('generating keys');
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => {
      const detail = { signal: String(signal.reason) };
      reject(
        new PkiError('ERR_INTERRUPTED', `stopped by ${detail.signal} before anything was written`, {
          detail,
        }),
      );
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    const generated = generatePki(planned, {
      now,
      randomBytes,
      generateKeyPair,
      onKeyGenerated: progress.update,
    });
    return await Promise.race([generated, interrupted]);
  } finally {
    progress.stop();
  }
}

async function carryOut(target: Target, request: PlannedRequest, store: Store): Promise<GeneratedPki> {
  const generated = await generate(request.planned, target.now, target.options.signal);
  const files = generated.files.map(({ path, contents, mode }) => ({
    path: absolutePath(path, target.directories),
    contents,
    mode,
    replace: false,
  }));
  await store.commit(files, { signal: target.options.signal });
  return generated;
}

function resultOf(
  target: Target,
  request: PlannedRequest,
  rest: Pick<InitReport, 'outcome' | 'certificates' | 'recovery'>,
): InitResult {
  const { spec, planned, wouldKeep } = request;
  const warnings = target.options.place(request.warnings);
  const pathOf = (path: string): string => absolutePath(path, target.directories);
  const directories = targetDirectories(target.directories);
  const report: InitReport = { ...rest, spec, directories, plan: planned.plan, warnings, wouldKeep, pathOf };
  const findings = planned.plan.rows.flatMap((row) => row.findings);
  const messages = [
    ...rest.recovery.map((sentence) => `notice: ${sentence}`),
    ...warnings.flatMap((issue) => issueLines(issue, 'warning')),
    ...findings
      .filter(({ severity }) => severity !== 'error')
      .flatMap((finding) => findingLines(finding, pathOf)),
    ...(planned.plan.isRefused ? errorLines(refusalOf(planned.plan, wouldKeep), pathOf) : []),
  ];
  return { report, messages };
}

function recoverySentence({ kind, files }: Recovery): string {
  const what = kind === 'finished' ? 'finished what it had begun' : 'took back what it had begun';
  return `an earlier run was interrupted: ${what} (${count(files.length, 'file')})`;
}

/** Looks for what would keep the files from being written: the plan that is printed is the one that would be carried out. */
function assertPlaceable({ planned }: PlannedRequest, directories: Directories): void {
  const targets = targetDirectories(directories);
  const isNew = planned.plan.rows.flatMap((row) => row.files).filter((file) => file.action === 'create');
  surveyDestinations(
    isNew.map(({ path }) => ({ path: absolutePath(path, directories), replace: false })),
    targets,
  );
  if (isNew.length > 0) for (const directory of targets) assertWritable(directory);
}

async function dryRun(target: Target): Promise<InitResult> {
  const recovery = await pendingSentences(targetDirectories(target.directories));
  const request = await planTarget(target, readFiles);
  const { isRefused, isComplete } = request.planned.plan;
  if (!isRefused) assertPlaceable(request, target.directories);
  const certificates = keptCertificates(request.planned);
  const outcome = isComplete ? 'unchanged' : 'planned';
  return resultOf(target, request, { outcome: isRefused ? 'refused' : outcome, certificates, recovery });
}

async function writingRun(target: Target): Promise<InitResult> {
  const store = await openStore(targetDirectories(target.directories), { self: process });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const request = await planTarget(target, (paths) => store.read(paths));
    const { plan } = request.planned;
    if (plan.isRefused) {
      const kept = keptCertificates(request.planned);
      return resultOf(target, request, { outcome: 'refused', certificates: kept, recovery });
    }
    const { certificates } = await carryOut(target, request, store);
    const outcome = plan.isComplete ? 'unchanged' : 'created';
    return resultOf(target, request, { outcome, certificates, recovery });
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
