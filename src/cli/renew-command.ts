import type { Arguments } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import { PkiError } from '../errors.ts';
import { RENEWAL_SOURCES } from '../renewal-names.ts';
import { isPartial, renewJson, renewText } from '../report/renew.ts';
import { askedOptionsOf } from './config.ts';
import { announce } from './hook.ts';
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
  const isTold = await announce(parsed, report, signal);
  return isPartial(report) || !isTold ? EXIT.findings : EXIT.done;
}
