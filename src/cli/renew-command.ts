import type { Arguments } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError } from '../errors.ts';
import { RENEWAL_SOURCES } from '../renewal-names.ts';
import { isPartial, renewJson, renewText } from '../report/renew.ts';
import { askedOptionsOf } from './config.ts';
import { announce } from './hook.ts';
import { clusterOptionsOf } from './options.ts';
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

/**
 * What is asked for of the cluster. A configuration that does not say the name of the cluster, or the algorithm of the keys, means
 * kubeadm's: no reason to refuse a kubeconfig whose cluster was renamed, or a key that is to be kept.
 */
async function optionsOf(parsed: Arguments): Promise<ClusterOptions> {
  const { options } = await askedOptionsOf(parsed, { isAnyHost: true });
  const { clusterName: _, keyAlgorithm, ...rest } = options;
  const typed = clusterOptionsOf(parsed);
  const algorithm = parsed['keep-key'] === true ? typed.keyAlgorithm : keyAlgorithm;
  return { ...rest, clusterName: typed.clusterName, keyAlgorithm: algorithm };
}

/** `k8s-pki certs renew`. */
export async function runRenew(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const { report, messages } = await renew({
    command: 'certs renew',
    cluster: await optionsOf(parsed),
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
