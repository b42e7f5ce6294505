import type { Arguments } from 'yargs';
import { initJson, initText } from '../report/init.ts';
import { askedOptionsOf } from './config.ts';
import { init } from './init.ts';
import { callHook } from './renew-command.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** `k8s-pki init`. */
export async function runInit(parsed: Arguments, signal: AbortSignal): Promise<number> {
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
  const hook = textOf(parsed, 'hook');
  const isHookDone =
    hook === undefined || report.outcome !== 'created' || (await callHook(hook, report, signal));
  return isHookDone ? EXIT.done : EXIT.findings;
}
