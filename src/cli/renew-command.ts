import type { Arguments } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import { PkiError } from '../errors.ts';
import { RENEWAL_SOURCES } from '../renewal-names.ts';
import { reloadJson } from '../report/reload.ts';
import { isPartial, renewJson, type RenewReport, renewText } from '../report/renew.ts';
import { askedOptionsOf } from './config.ts';
import { runHook } from './hook.ts';
import { renew } from './renew.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';

function withinSecondsOf(parsed: Arguments): number | undefined {
  const text = textOf(parsed, 'if-expiring');
  if (text === undefined) return undefined;
  const period = parseDuration(text);
  if ('value' in period) return period.value;
  const issue = { option: 'if-expiring', value: text, ...period };
  throw new PkiError('ERR_CONFIG', `if-expiring ${JSON.stringify(text)}: ${period.rule}`, {
    detail: { issues: [issue] },
  });
}

function namesOf(parsed: Arguments): readonly string[] {
  const names: unknown = parsed['names'];
  return Array.isArray(names) ? names.map(String) : [];
}

/** Whether the hook did what it had to; that it did not, is said, and changes nothing about what was renewed. */
export async function callHook(
  command: string,
  { reload, pathOf }: Pick<RenewReport, 'reload' | 'pathOf'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (reload === undefined) return true;
  const input = `${JSON.stringify(reloadJson(reload, pathOf), null, 2)}\n`;
  const failure = await runHook(command, input, signal);
  if (failure !== undefined)
    printMessages([`error: the hook ${failure}; the files are replaced all the same`]);
  return failure === undefined;
}

/** `k8s-pki certs renew`. */
export async function runRenew(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { options } = await askedOptionsOf(parsed, { isAnyHost: true });
  const { report, messages } = await renew({
    command: 'certs renew',
    cluster: options,
    names: namesOf(parsed),
    from: RENEWAL_SOURCES.find((source) => source === parsed['from']),
    withinSeconds: withinSecondsOf(parsed),
    keepsKeys: parsed['keep-key'] === true,
    keep: keptSnapshots(parsed),
    isDryRun: parsed['dry-run'] === true,
    isEarlyClockAllowed: parsed['allow-early-clock'] === true,
    signal,
  });
  printMessages(messages);
  printData(parsed['output'] === 'json' ? [JSON.stringify(renewJson(report), null, 2)] : renewText(report));
  const hook = textOf(parsed, 'hook');
  const isHookDone =
    hook === undefined || report.outcome !== 'renewed' || (await callHook(hook, report, signal));
  return isPartial(report) || !isHookDone ? EXIT.findings : EXIT.done;
}
