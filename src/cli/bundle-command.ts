import { randomBytes } from 'node:crypto';
import type { Arguments } from 'yargs';
import { encodePlannedBundle, planBundle } from '../bundle.ts';
import { isShowable } from '../cluster/names.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import { type BundleReport, bundleJson, bundleText } from '../report/bundle.ts';
import { readBundleSource } from './bundle-source.ts';
import { assertNoIssues } from './issues.ts';
import { assertOutputApart } from './output-file.ts';
import { ask, canAsk } from './prompt.ts';
import { assertOneStandardInput, readSecret } from './secret-file.ts';
import { EXIT, printData, printMessages } from './terminal.ts';
import { textOf } from './words.ts';
import { assertFree, placeOf, writeSecret } from './write-new.ts';

function issuesOfName(friendlyName: string | undefined): readonly SpecIssue[] {
  if (friendlyName === undefined || (friendlyName !== '' && isShowable(friendlyName))) return [];
  const rule = 'must be made of characters that can be shown, and not empty';
  return [{ option: 'friendly-name', value: friendlyName, rule }];
}

/**
 * The password, from a file or from who sits at the terminal, who types it twice and sees nothing of it.
 *
 * @throws {PkiError} `ERR_CONFIG` for a file that holds none; `ERR_USAGE` where nobody can be asked or the two differ.
 */
async function passwordOf(parsed: Arguments, signal: AbortSignal): Promise<string> {
  const file = textOf(parsed, 'password-file');
  if (file !== undefined) {
    const read = await readSecret('password-file', file);
    assertNoIssues('issue' in read ? [read.issue] : []);
    return 'secret' in read ? read.secret : '';
  }
  const usageError = (message: string, hint: string): PkiError<'ERR_USAGE'> =>
    new PkiError('ERR_USAGE', message, { detail: {}, hint });
  if (!canAsk())
    throw usageError('a password is needed, and there is no terminal to ask at', 'give --password-file');
  const password = await ask('Password of the bundle: ', { signal, isSecret: true });
  if (password === '') throw usageError('a password is needed', 'a bundle without one is open to everybody');
  if ((await ask('The same again: ', { signal, isSecret: true })) === password) return password;
  throw usageError('the two passwords differ', 'nothing was written: run again');
}

/** `k8s-pki export bundle`. */
export async function runBundle(parsed: Arguments, signal: AbortSignal): Promise<number> {
  assertOneStandardInput(parsed);
  const friendlyName = textOf(parsed, 'friendly-name');
  assertNoIssues(issuesOfName(friendlyName));
  const path = await placeOf(textOf(parsed, 'output-file') ?? '');
  assertFree(path);
  const source = await readBundleSource(parsed);
  await assertOutputApart(parsed, { directories: source.directories });
  const plan = await planBundle(source, { now: new Date(), friendlyName });
  const isLegacy = parsed['legacy'] === true;
  const tell = (outcome: BundleReport['outcome']): void => {
    const report: BundleReport = { outcome, plan, path, source: source.path, isLegacy };
    printData(
      parsed['output'] === 'json' ? [JSON.stringify(bundleJson(report), null, 2)] : bundleText(report),
    );
  };
  printMessages([
    ...plan.notices.map((sentence) => `warning: ${source.path}: ${sentence}`),
    ...(isLegacy
      ? ['warning: Triple DES and SHA-1 hold off little but time: delete the bundle once it is imported']
      : []),
  ]);
  if (parsed['dry-run'] === true) {
    tell('planned');
    return EXIT.done;
  }
  const password = await passwordOf(parsed, signal);
  if (/[^\x20-\x7e]/.test(password))
    printMessages([
      'warning: the password has characters beside ASCII, which not every program encodes alike',
    ]);
  await writeSecret(path, await encodePlannedBundle(plan, { password, isLegacy, randomBytes }), signal);
  tell('created');
  return EXIT.done;
}
