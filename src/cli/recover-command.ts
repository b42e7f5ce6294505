import { resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { parsePath } from '../cluster/directories.ts';
import { parseNodeName } from '../cluster/names.ts';
import type { SpecIssue } from '../errors.ts';
import { EVERYTHING, RENEWAL_SOURCES } from '../renewal-names.ts';
import { recoverJson, recoverText } from '../report/recover.ts';
import { isPartial } from '../report/renew.ts';
import { askedOptionsOf } from './config.ts';
import { announce } from './hook.ts';
import { assertNoIssues } from './issues.ts';
import { renew } from './renew.ts';
import { keptSnapshots } from './snapshot-options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';

interface Nodes {
  readonly nodes: readonly string[];
  readonly nodesDir?: string;
}

/** @throws {PkiError} `ERR_CONFIG` with everything that is wrong with them. */
function nodesOf(parsed: Arguments): Nodes {
  const given: unknown = parsed['node'];
  const texts = (Array.isArray(given) ? given : []).flatMap((text) => String(text).split(','));
  const names = texts.map((value) => ({ value, name: parseNodeName(value.trim()) }));
  const directory = textOf(parsed, 'output-dir');
  const path = directory === undefined ? undefined : parsePath(directory);
  const wrong = names.flatMap(({ value, name }): readonly SpecIssue[] =>
    'value' in name ? [] : [{ option: 'node', value, ...name }],
  );
  const hint = 'name a directory for a folder of each node: --output-dir ./nodes';
  const unpaired: readonly SpecIssue[] =
    texts.length > 0 && directory === undefined
      ? [{ option: 'output-dir', rule: 'is needed with --node', hint }]
      : texts.length === 0 && directory !== undefined
        ? [{ option: 'output-dir', value: directory, rule: 'is for what nodes need: name them with --node' }]
        : [];
  const odd: readonly SpecIssue[] =
    path === undefined || 'value' in path ? [] : [{ option: 'output-dir', value: directory ?? '', ...path }];
  assertNoIssues([...wrong, ...unpaired, ...odd]);
  const nodes = [...new Set(names.flatMap(({ name }) => ('value' in name ? [name.value] : [])))];
  return { nodes, ...(directory === undefined ? {} : { nodesDir: resolve(directory) }) };
}

/** `k8s-pki recover`. */
export async function runRecover(parsed: Arguments, signal: AbortSignal): Promise<number> {
  const recovery = nodesOf(parsed);
  const { options } = await askedOptionsOf(parsed, { isAnyHost: true });
  const { report, messages } = await renew({
    command: 'recover',
    cluster: options,
    names: [EVERYTHING],
    from: RENEWAL_SOURCES.find((source) => source === parsed['from']),
    recovery,
    keepsKeys: false,
    keep: keptSnapshots(parsed),
    isDryRun: parsed['dry-run'] === true,
    isEarlyClockAllowed: parsed['allow-early-clock'] === true,
    signal,
  });
  const own = recovery.nodes.filter((name) => report.nodes.every((node) => node.name !== name));
  printMessages([
    ...messages,
    ...own.map((name) => `notice: ${name} is this host: what it needs is made in its place`),
  ]);
  printData(
    parsed['output'] === 'json' ? [JSON.stringify(recoverJson(report), null, 2)] : recoverText(report),
  );
  const isTold = await announce(parsed, report, signal);
  return isPartial(report) || !isTold ? EXIT.findings : EXIT.done;
}
