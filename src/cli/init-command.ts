import type { Arguments } from 'yargs';
import { initJson, initText } from '../report/init.ts';
import { askedOptionsOf } from './config.ts';
import { announce } from './hook.ts';
import { init } from './init.ts';
import { assertNoIssues } from './issues.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** @throws {PkiError} `ERR_CONFIG` for what is about replaced files, where none are. */
function assertReplacing(parsed: Arguments): void {
  if (parsed['reissue'] === true) return;
  const rule = 'is for files that are replaced, and only --reissue replaces any';
  assertNoIssues(
    ['hook', 'keep'].flatMap((option) => {
      const value = textOf(parsed, option);
      return value === undefined ? [] : [{ option, value, rule }];
    }),
  );
}

/** `k8s-pki init`. */
export async function runInit(parsed: Arguments, signal: AbortSignal): Promise<number> {
  assertReplacing(parsed);
  const { options, place } = await askedOptionsOf(parsed);
  const { report, messages } = await init({
    cluster: options,
    place,
    isDryRun: parsed['dry-run'] === true,
    isEarlyClockAllowed: parsed['allow-early-clock'] === true,
    reissues: parsed['reissue'] === true,
    keep: keptSnapshots(parsed),
    signal,
  });
  printMessages(messages);
  if (parsed['output'] === 'json') printData([JSON.stringify(initJson(report), null, 2)]);
  else if (report.outcome !== 'refused') printData(initText(report));
  if (report.outcome === 'refused') return EXIT.refused;
  const isTold = await announce(parsed, report, signal);
  return isTold ? EXIT.done : EXIT.findings;
}
