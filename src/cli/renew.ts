import type { Places } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { parseDirectories } from '../cluster/parse.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readClock } from '../library/clock.ts';
import { keptCertificates } from '../pki.ts';
import { ISSUING, pathsOf } from '../plan.ts';
import { blockedPlaces, knownPlaces, presentFiles, resolveDirectories } from '../present.ts';
import { type PlannedRenewal, planRenewal } from '../renew.ts';
import type { RenewalSource } from '../renewal-names.ts';
import { type Guess, guessOf } from '../reading.ts';
import { guessLines } from '../report/guess.ts';
import { findingLines } from '../report/findings.ts';
import type { RenewReport } from '../report/renew.ts';
import { NODES } from '../resolve/paths.ts';
import { resolveReload } from '../resolve/reload.ts';
import { storePlaces } from '../snapshot.ts';
import { resolveDirectory } from '../store/directories.ts';
import { type FileState, readFiles } from '../store/files.ts';
import { openStore } from '../store/store.ts';
import { ROWS } from '../table/rows.ts';
import { generate } from './generate.ts';
import { findUntold, type Untold, untoldLines } from './hook.ts';
import { pendingSentences } from '../library/pending.ts';
import { placedError } from './placed.ts';
import { assertPlaceable, recoverySentence, writeGenerated } from './write.ts';

/** What `certs renew` takes, and `recover`. */
export interface RenewOptions {
  readonly command: 'certs renew' | 'recover';
  readonly cluster: ClusterOptions;
  readonly names: readonly string[];
  readonly from?: RenewalSource | undefined;
  /** Given where everything is made again; `nodesDir` is where what the nodes need is put. */
  readonly recovery?:
    | { readonly nodes: readonly string[]; readonly nodesDir?: string | undefined }
    | undefined;
  readonly withinSeconds?: number | undefined;
  readonly keepsKeys: boolean;
  readonly keep: number;
  readonly isDryRun: boolean;
  readonly isEarlyClockAllowed: boolean;
  readonly signal: AbortSignal;
}

/** What either has to say. */
export interface RenewResult {
  readonly report: RenewReport;
  readonly messages: readonly string[];
}

interface Target {
  readonly options: RenewOptions;
  readonly directories: Places;
  readonly now: Date;
}

/** A renewal understood, and what of the host was told from its files. */
type Planned = PlannedRenewal & { readonly guess: Guess };

async function planTarget(
  { options, directories, now }: Target,
  read: (paths: readonly string[]) => Promise<ReadonlyMap<string, FileState>>,
): Promise<Planned> {
  const places = knownPlaces(directories);
  const states = await read([...places.values()]);
  const files = presentFiles(places, states);
  const { names, from, withinSeconds, keepsKeys, recovery, cluster } = options;
  const { certDir: _, kubeconfigDir: __, rootCaDir: ___, ...rest } = cluster;
  const request = {
    files,
    readFrom: directories,
    options: rest,
    names,
    from,
    withinSeconds,
    keepsKeys,
    recovery,
    blocked: blockedPlaces(places, states),
  };
  const renewal = await placedError(
    (path) => absolutePath(path, directories),
    () => planRenewal({ ...request, signers: new Map() }, now),
  );
  return { ...renewal, guess: guessOf(request) };
}

/** kubeadm join makes none, and kubeadm init asks to lock its own away: whether it is missed is not for a recovery to say. */
function awaySentence(id: string): string {
  const words = ROWS.find((row) => row.id === id)?.phase?.join(' ') ?? '';
  return `notice: ${id} is not there, as may be meant, and is not made again: k8s-pki init phase ${words} makes it`;
}

function resultOf(
  { directories, options }: Target,
  renewal: Planned,
  {
    untold,
    ...rest
  }: Pick<RenewReport, 'outcome' | 'certificates' | 'recovery' | 'snapshot'> & {
    readonly untold: Untold;
  },
): RenewResult {
  const pathOf = (path: string): string => absolutePath(path, directories);
  const { spec, differences, nodes, planned, away, guess } = renewal;
  // What comes back has to be taken up as what is replaced.
  const changed = [...pathsOf(planned.plan, 'replace'), ...pathsOf(planned.plan, 'create')];
  const own = [...new Set([...untold.paths, ...changed])].filter((path) => !path.startsWith(NODES));
  const report: RenewReport = {
    ...rest,
    untold: untold.snapshots,
    spec,
    directories: targetDirectories(directories),
    plan: planned.plan,
    differences,
    from: options.from,
    nodes,
    ...(own.length === 0 ? {} : { reload: resolveReload(spec, own) }),
    pathOf,
  };
  const findings = planned.plan.rows.flatMap((row) => row.findings);
  const messages = [
    ...rest.recovery.map((sentence) => `notice: ${sentence}`),
    ...untoldLines(untold),
    ...guessLines(guess),
    ...differences.flatMap((finding) => findingLines({ ...finding, severity: 'notice' }, pathOf)),
    ...findings.flatMap((finding) => findingLines(finding, pathOf)),
    ...(options.recovery === undefined ? [] : away.map(awaySentence)),
  ];
  return { report, messages };
}

const isChanging = ({ planned }: PlannedRenewal): boolean =>
  planned.plan.rows.some(({ action }) => ISSUING.includes(action));

async function dryRun(target: Target): Promise<RenewResult> {
  const recovery = await pendingSentences(targetDirectories(target.directories));
  const renewal = await planTarget(target, readFiles);
  assertPlaceable(renewal.planned.plan, target.directories);
  const outcome = isChanging(renewal) ? 'planned' : 'unchanged';
  const certificates = keptCertificates(renewal.planned);
  const untold = findUntold(target.directories);
  return resultOf(target, renewal, { outcome, certificates, recovery, untold });
}

async function writingRun(target: Target): Promise<RenewResult> {
  const { directories, options, now } = target;
  const store = await openStore(targetDirectories(directories), {
    self: process,
    ...storePlaces(directories),
  });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const untold = findUntold(directories);
    const renewal = await planTarget(target, (paths) => store.read(paths));
    if (!isChanging(renewal)) {
      const certificates = keptCertificates(renewal.planned);
      return resultOf(target, renewal, { outcome: 'unchanged', certificates, recovery, untold });
    }
    const generated = await generate(renewal.planned, now, options.signal);
    const { signal, keep } = options;
    const writing = { ...generated, directories, now, command: options.command, signal, keep };
    const { snapshot } = await writeGenerated(store, writing);
    const { certificates } = generated;
    return resultOf(target, renewal, {
      outcome: 'renewed',
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
 * Renews certificates and kubeconfigs in place, or makes all of them again, in one transaction with a snapshot of what they replace.
 *
 * @throws {PkiError} whatever the request, the clock, the store or the generation have to say.
 */
export async function renew(options: RenewOptions): Promise<RenewResult> {
  const { certDir, kubeconfigDir, rootCa, rootCaDir } = options.cluster;
  const directories = parseDirectories({ certDir, kubeconfigDir, rootCa, rootCaDir }, process.cwd());
  const now = options.isEarlyClockAllowed ? new Date() : readClock();
  const nodesDir = options.recovery?.nodesDir;
  const places = {
    ...(await resolveDirectories(directories)),
    ...(nodesDir === undefined ? {} : { nodesDir: await resolveDirectory(nodesDir) }),
  };
  const target = { options, directories: places, now };
  return options.isDryRun ? dryRun(target) : writingRun(target);
}
