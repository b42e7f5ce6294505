import type { Arguments } from 'yargs';
import { parseDuration } from '../cluster/durations.ts';
import { parseEndpoint } from '../cluster/endpoint.ts';
import type { SpecIssue } from '../errors.ts';
import { LISTENERS } from '../table/listeners.ts';
import { assertNoIssues } from './issues.ts';
import { textOf } from './words.ts';

/** What was asked of the listeners of a cluster. */
export interface LiveOptions {
  /** In place of where the table has them, by name. */
  readonly addresses: ReadonlyMap<string, readonly { readonly host: string; readonly port: number }[]>;
  readonly timeoutMilliseconds: number;
}

const NAMES = [...new Set(LISTENERS.map(({ name }) => name))];

function parseAddress(
  text: string,
): { readonly name: string; readonly host: string; readonly port: number } | SpecIssue {
  const [, name = '', address = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const issue = { option: 'live-address', value: text };
  if (!NAMES.includes(name)) {
    return {
      ...issue,
      rule: `must be NAME=HOST:PORT, the name one of ${NAMES.join(', ')}`,
      hint: 'for example etcd=192.0.2.10:2379',
    };
  }
  const parsed = parseEndpoint(address);
  if ('rule' in parsed) return { ...issue, ...parsed };
  const { host, port } = parsed.value;
  if (port === undefined) return { ...issue, rule: 'must have a port', hint: `${text}:2379` };
  return { name, host, port };
}

/**
 * What the flags say of asking the listeners; undefined where nobody is to be asked.
 *
 * @throws {PkiError} `ERR_CONFIG`.
 */
export async function liveOptionsOf(parsed: Arguments): Promise<LiveOptions | undefined> {
  const given: unknown = parsed['live-address'];
  const texts = Array.isArray(given) ? given.map(String) : [];
  const issues: SpecIssue[] = [];
  const addresses = new Map<string, readonly { readonly host: string; readonly port: number }[]>();
  for (const text of texts) {
    const address = parseAddress(text);
    if ('rule' in address) issues.push(address);
    else addresses.set(address.name, [...(addresses.get(address.name) ?? []), address]);
  }
  const period = textOf(parsed, 'live-timeout') ?? '3s';
  const timeout = parseDuration(period);
  if ('rule' in timeout) issues.push({ option: 'live-timeout', value: period, ...timeout });
  const isLive = parsed['live'] === true;
  if (!isLive && texts.length > 0)
    issues.push({ option: 'live-address', rule: 'says where to ask, and needs --live' });
  assertNoIssues(issues);
  if (!isLive) return undefined;
  const timeoutMilliseconds = 'value' in timeout ? timeout.value * 1000 : 0;
  return { addresses, timeoutMilliseconds };
}
