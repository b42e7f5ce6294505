import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseDirectories } from '../cluster/parse.ts';
import { isPkiError, PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readClock } from '../library/clock.ts';
import { keptCertificates } from '../pki.ts';
import { pathsOf } from '../plan.ts';
import { knownPlaces, presentFiles, resolveDirectories } from '../present.ts';
import { type PlannedRenewal, planRenewal } from '../renew.ts';
import type { RenewalSource } from '../renewal-names.ts';
import { findingLines } from '../report/findings.ts';
import type { RenewReport } from '../report/renew.ts';
import { resolveReload } from '../resolve/reload.ts';
import { snapshotPlaces } from '../snapshot.ts';
import { type FileState, readFiles } from '../store/files.ts';
import { openStore } from '../store/store.ts';
import { generate } from './generate.ts';
import { pendingSentences } from '../library/pending.ts';
import { assertPlaceable, recoverySentence, writeGenerated } from './write.ts';

/** What `certs renew` takes. */
export interface RenewOptions {
  readonly cluster: ClusterOptions;
  readonly names: readonly string[];
  readonly from?: RenewalSource | undefined;
  readonly withinSeconds?: number | undefined;
  readonly keepsKeys: boolean;
  readonly keep: number;
  readonly isDryRun: boolean;
  readonly isEarlyClockAllowed: boolean;
  readonly signal: AbortSignal;
}

/** What `certs renew` has to say. */
export interface RenewResult {
  readonly report: RenewReport;
  readonly messages: readonly string[];
}

interface Target {
  readonly options: RenewOptions;
  readonly directories: Directories;
  readonly now: Date;
}

async function planTarget(
  { options, directories, now }: Target,
  read: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>,
): Promise<PlannedRenewal> {
  const places = knownPlaces(directories);
  const files = presentFiles(places, await read([...places.values()]));
  const { names, from, withinSeconds, keepsKeys, cluster } = options;
  const { certDir: _, kubeconfigDir: __, rootCaDir: ___, ...rest } = cluster;
  const request = { files, readFrom: directories, options: rest, names, from, withinSeconds, keepsKeys };
  try {
    return await planRenewal({ ...request, signers: new Map() }, now);
  } catch (error) {
    throw isPkiError(error, 'ERR_REFUSED') ? placed(error, directories) : error;
  }
}

/** The same refusal, with the files as they are called here. */
function placed(error: PkiError<'ERR_REFUSED'>, directories: Directories): PkiError<'ERR_REFUSED'> {
  const findings = error.detail.findings.map((finding) => ({
    ...finding,
    path: absolutePath(finding.path, directories),
  }));
  return new PkiError('ERR_REFUSED', error.message, {
    detail: { ...error.detail, findings },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

function resultOf(
  { directories, options }: Target,
  renewal: PlannedRenewal,
  rest: Pick<RenewReport, 'outcome' | 'certificates' | 'recovery' | 'snapshot'>,
): RenewResult {
  const pathOf = (path: string): string => absolutePath(path, directories);
  const { spec, differences, planned } = renewal;
  const replaced = pathsOf(planned.plan, 'replace');
  const report: RenewReport = {
    ...rest,
    spec,
    directories: targetDirectories(directories),
    plan: planned.plan,
    differences,
    from: options.from,
    ...(replaced.length === 0 ? {} : { reload: resolveReload(spec, replaced) }),
    pathOf,
  };
  const findings = planned.plan.rows.flatMap((row) => row.findings);
  const messages = [
    ...rest.recovery.map((sentence) => `notice: ${sentence}`),
    ...differences.flatMap((finding) => findingLines({ ...finding, severity: 'notice' }, pathOf)),
    ...findings.flatMap((finding) => findingLines(finding, pathOf)),
  ];
  return { report, messages };
}

const isChanging = ({ planned }: PlannedRenewal): boolean =>
  planned.plan.rows.some(({ action }) => action === 'renew');

async function dryRun(target: Target): Promise<RenewResult> {
  const recovery = await pendingSentences(targetDirectories(target.directories));
  const renewal = await planTarget(target, readFiles);
  assertPlaceable(renewal.planned.plan, target.directories);
  const outcome = isChanging(renewal) ? 'planned' : 'unchanged';
  return resultOf(target, renewal, { outcome, certificates: keptCertificates(renewal.planned), recovery });
}

async function writingRun(target: Target): Promise<RenewResult> {
  const { directories, options, now } = target;
  const store = await openStore(targetDirectories(directories), {
    self: process,
    ...snapshotPlaces(directories),
  });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const renewal = await planTarget(target, (paths) => store.read(paths));
    if (!isChanging(renewal)) {
      const certificates = keptCertificates(renewal.planned);
      return resultOf(target, renewal, { outcome: 'unchanged', certificates, recovery });
    }
    const generated = await generate(renewal.planned, now, options.signal);
    const { signal, keep } = options;
    const writing = { ...generated, directories, now, command: 'certs renew', signal, keep };
    const { snapshot } = await writeGenerated(store, writing);
    const { certificates } = generated;
    return resultOf(target, renewal, {
      outcome: 'renewed',
      certificates,
      recovery,
      ...(snapshot && { snapshot }),
    });
  } finally {
    await store.close();
  }
}

/**
 * Renews certificates and kubeconfigs in place, all in one transaction, with a snapshot of what they replace.
 *
 * @throws {PkiError} whatever the request, the clock, the store or the generation have to say.
 */
export async function renew(options: RenewOptions): Promise<RenewResult> {
  const { certDir, kubeconfigDir, rootCa, rootCaDir } = options.cluster;
  const directories = parseDirectories({ certDir, kubeconfigDir, rootCa, rootCaDir }, process.cwd());
  const now = options.isEarlyClockAllowed ? new Date() : readClock();
  const target = { options, directories: await resolveDirectories(directories), now };
  return options.isDryRun ? dryRun(target) : writingRun(target);
}
