import type { Arguments } from 'yargs';
import { parseDirectories } from '../cluster/parse.ts';
import { PkiError } from '../errors.ts';
import { resolveDirectories } from '../present.ts';
import { rollbackJson, rollbackText, snapshotsJson, snapshotsText } from '../report/rollback.ts';
import { damagedSnapshots, listSnapshots } from '../snapshot.ts';
import { announce } from './hook.ts';
import { clusterOptionsOf } from './options.ts';
import { rollback } from './rollback.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** @throws {PkiError} `ERR_USAGE` for what a list has no use for: whoever says it wants something else. */
function assertListing(parsed: Arguments): void {
  const surplus = [
    ...(textOf(parsed, 'snapshot') === undefined ? [] : ['a name']),
    ...(parsed['dry-run'] === true ? ['--dry-run'] : []),
    ...(textOf(parsed, 'hook') === undefined ? [] : ['--hook']),
  ];
  if (surplus.length === 0) return;
  throw new PkiError(
    'ERR_USAGE',
    `--list lists every snapshot and does nothing: it takes no ${surplus.join(', no ')}`,
    {
      detail: {},
      hint: 'leave out either of them',
    },
  );
}

/** `k8s-pki rollback`. */
export async function runRollback(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { certDir, kubeconfigDir } = clusterOptionsOf(parsed);
  const isListing = parsed['list'] === true;
  if (isListing) assertListing(parsed);
  const directories = await resolveDirectories(parseDirectories({ certDir, kubeconfigDir }, process.cwd()));
  const isJson = parsed['output'] === 'json';
  if (isListing) {
    const snapshots = listSnapshots(directories);
    printMessages(damagedSnapshots(directories).map(({ message }) => `warning: ${message}`));
    printData(isJson ? [JSON.stringify(snapshotsJson(snapshots), null, 2)] : snapshotsText(snapshots));
    return EXIT.done;
  }
  const report = await rollback({
    directories,
    name: textOf(parsed, 'snapshot'),
    keep: keptSnapshots(parsed),
    isDryRun: parsed['dry-run'] === true,
    signal,
  });
  printData(isJson ? [JSON.stringify(rollbackJson(report), null, 2)] : rollbackText(report));
  const isTold = await announce(parsed, report, signal);
  return isTold ? EXIT.done : EXIT.findings;
}
