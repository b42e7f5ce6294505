import { type HostFacts, type ParsedSpec, parseClusterSpec } from '../../src/cluster/parse.ts';
import type { ClusterSpec } from '../../src/cluster/spec.ts';
import { isPkiError, type SpecIssue } from '../../src/errors.ts';

export const HOST: HostFacts = { hostname: 'cp1', addresses: ['10.0.0.5', '2001:db8::5'] };

/** Options of any shape beside the one address that is always needed. */
export function parseWith(options: object, host: HostFacts = HOST): ParsedSpec {
  return parseClusterSpec({ hostIp: '10.0.0.5', ...options }, host);
}

export function specWith(options: object, host: HostFacts = HOST): ClusterSpec {
  return parseWith(options, host).spec;
}

/** The issues with which `parse` ends; empty where it does not. Any other exception goes through. */
export function issuesOf(parse: () => unknown): readonly SpecIssue[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (isPkiError(error, 'ERR_CONFIG')) return error.detail.issues;
    throw error;
  }
}

export function issuesWith(options: object, host: HostFacts = HOST): readonly SpecIssue[] {
  return issuesOf(() => parseWith(options, host));
}
