import type { Arguments } from 'yargs';
import type { VerifyReport } from '../report/verify.ts';
import { VERSION } from '../release.ts';
import { breachOfLayout } from '../select/baseline.ts';
import { type VerifyRequest, verifyPki } from '../verify.ts';
import { readComponents } from './components.ts';
import { askedOptionsOf } from './config.ts';
import { stopping } from './interrupt.ts';
import { assertNoIssues } from './issues.ts';
import type { AskedSelection } from './selection.ts';
import { readSource } from '../library/source.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** What is asked of an audit beside what the cluster should be. */
export interface AuditOptions
  extends Omit<
      VerifyRequest,
      | 'files'
      | 'found'
      | 'expected'
      | 'isPartial'
      | 'directories'
      | 'readFrom'
      | 'wantsKubeconfigs'
      | 'options'
      | 'components'
      | 'now'
    >,
    Pick<AskedSelection, 'former'> {
  readonly at: Date;
}

/** @throws {PkiError} `ERR_CONFIG` where the former audit is of directories that lie in another way than these. */
function assertComparable(former: AskedSelection['former'], directories: readonly string[]): void {
  const breach = former && breachOfLayout(former.audit, directories);
  if (former === undefined || breach === undefined) return;
  assertNoIssues([{ option: 'baseline', value: former.file, ...breach }]);
}

/** Reads what the words name, and holds it against the table. Changes nothing. */
export async function audit(
  parsed: Arguments,
  { at, former, ...request }: AuditOptions,
): Promise<VerifyReport> {
  const dir = textOf(parsed, 'dir');
  const { options } = await askedOptionsOf(parsed, {
    isAnyHost: true,
    isElsewhere: dir !== undefined,
    withoutDirectories: true,
  });
  const { certDir: _, kubeconfigDir: __, rootCaDir: ___, ...cluster } = options;
  const source = await readSource(dir, {
    ...options,
    secretsOf: textOf(parsed, 'secrets-of'),
    signal: stopping.signal,
    followsLinks: parsed['follow-links'] === true,
  });
  const components = await readComponents(parsed);
  printMessages(source.notices.map((text) => `notice: ${text}`));
  const { files, findings, expected, isPartial, places, readFrom, wantsKubeconfigs, directories, pathOf } =
    source;
  assertComparable(former, directories);
  return {
    verification: await verifyPki({
      ...request,
      files,
      found: findings,
      expected,
      isPartial,
      directories: places,
      readFrom,
      wantsKubeconfigs,
      options: cluster,
      components,
      now: at,
    }),
    directories,
    at,
    version: VERSION,
    isProfileGiven: options.profile !== undefined,
    isRoleGiven: request.role !== undefined,
    isPartial,
    pathOf,
  };
}
