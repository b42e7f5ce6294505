import type { Arguments } from 'yargs';
import { PkiError, type SpecIssue } from '../errors.ts';
import { planImport, type PlannedImport } from '../csr/import.ts';
import type { ReturnedFile } from '../csr/returned.ts';
import { certificatesIn } from '../csr/returned.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readClock } from '../library/clock.ts';
import { importJson, importMessages, type ImportReport, importText, isPartial } from '../report/import.ts';
import { resolveReload } from '../resolve/reload.ts';
import { storePlaces } from '../snapshot.ts';
import { openStore } from '../store/store.ts';
import { askedOptionsOf } from './config.ts';
import { announce } from './hook.ts';
import { assertNoIssues } from './issues.ts';
import {
  nodesOf,
  type PendingTarget,
  pendingTarget,
  placed,
  type GivenFiles,
  readGivenFile,
  readGivenFiles,
  readTarget,
  wordsOf,
} from './pending-pki.ts';
import { pendingSentences } from '../library/pending.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { assertPlaceable, fatesOf, recoverySentence, writeChange } from './write.ts';

/** The CAs that `--ca` names, each with its file. */
function authoritiesOf(parsed: Arguments): ReadonlyMap<string, ReturnedFile> {
  const words = wordsOf(parsed, 'ca').map((word) => ({ word, parts: /^([^=]+)=(.+)$/.exec(word) }));
  assertNoIssues(
    words
      .filter(({ parts }) => parts === null)
      .map(
        ({ word }): SpecIssue => ({ option: 'ca', value: word, rule: 'must be a name and a file: ca=FILE' }),
      ),
  );
  const named = words.map(({ parts }) => [parts?.[1] ?? '', parts?.[2] ?? ''] as const);
  const twice = named.filter(([id], index) => named.findIndex(([other]) => other === id) < index);
  assertNoIssues(twice.map(([id]): SpecIssue => ({ option: 'ca', value: id, rule: 'must be given once' })));
  return new Map(named.map(([id, word]) => [id, readGivenFile('ca', `${id}=${word}`, word)] as const));
}

/** What is named by itself and holds nothing of what is wanted would otherwise be passed over in silence. */
async function returnedOf(parsed: Arguments): Promise<GivenFiles> {
  const given = readGivenFiles('certificates', wordsOf(parsed, 'certificates'));
  const issues: SpecIssue[] = [];
  for (const file of given.files) {
    if (!file.isNamed || (await certificatesIn(file)).length > 0) continue;
    issues.push({ option: 'certificates', value: file.name, rule: 'holds no certificate' });
  }
  const [first] = issues;
  if (first !== undefined)
    throw new PkiError('ERR_CONFIG', `${first.value}: ${first.rule}`, { detail: { issues } });
  return given;
}

function reportOf(
  { directories }: PendingTarget,
  { spec, authorities, fates, renewed }: PlannedImport,
  rest: Pick<ImportReport, 'outcome' | 'recovery' | 'snapshot'>,
): ImportReport {
  return {
    ...rest,
    spec,
    authorities,
    fates,
    directories: targetDirectories(directories),
    ...(renewed.length === 0 ? {} : { reload: resolveReload(spec, renewed) }),
    pathOf: (path) => absolutePath(path, directories),
  };
}

async function importInto(
  parsed: Arguments,
  target: PendingTarget,
  signal: AbortSignal,
): Promise<ImportReport> {
  const { directories, nodes, options } = target;
  if (wordsOf(parsed, 'certificates').length + wordsOf(parsed, 'ca').length === 0)
    throw new PkiError('ERR_USAGE', 'import what? name files, directories, or a CA with --ca', {
      detail: {},
    });
  const { files: returned, unread } = await returnedOf(parsed);
  const given = { returned, unread, authorities: authoritiesOf(parsed) };
  const keep = keptSnapshots(parsed);
  const targets = targetDirectories(directories);
  const now = parsed['allow-early-clock'] === true ? new Date() : readClock();
  const request = { ...given, nodes, options, readFrom: directories };
  if (parsed['dry-run'] === true) {
    const recovery = await pendingSentences(targets);
    const planned = await planImport({ ...request, files: await readTarget(target) }, now);
    assertPlaceable(planned.plan, directories);
    return reportOf(target, planned, {
      outcome: planned.files.length === 0 ? 'unchanged' : 'planned',
      recovery,
    });
  }
  const store = await openStore(targets, { self: process, ...storePlaces(directories) });
  try {
    const recovery = store.recovered.map(recoverySentence);
    const files = await readTarget(target, (paths) => store.read(paths));
    const planned = await planImport({ ...request, files }, now);
    if (planned.files.length === 0) return reportOf(target, planned, { outcome: 'unchanged', recovery });
    const fates = fatesOf(planned.plan);
    // What came for a request that waited for it is no change that there is a way back from.
    const kept = fates.replaced.length === 0 ? {} : { keep };
    const writing = { directories, command: 'certs import', now, signal, ...fates, ...kept };
    const { snapshot } = await writeChange(store, planned.files, writing);
    return reportOf(target, planned, { outcome: 'imported', recovery, ...(snapshot && { snapshot }) });
  } finally {
    await store.close();
  }
}

/** `k8s-pki certs import`. */
export async function runImport(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { options } = await askedOptionsOf(parsed, { isAnyHost: true });
  const target = await pendingTarget(options, nodesOf(parsed));
  const report = await importInto(parsed, target, signal).catch((error: unknown) => {
    throw placed(error, target.directories);
  });
  printMessages([...report.recovery.map((sentence) => `notice: ${sentence}`), ...importMessages(report)]);
  printData(parsed['output'] === 'json' ? [JSON.stringify(importJson(report), null, 2)] : importText(report));
  const isTold = await announce(parsed, report, signal);
  return isPartial(report) || !isTold ? EXIT.findings : EXIT.done;
}
