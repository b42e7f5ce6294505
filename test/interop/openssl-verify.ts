import { spawnSync } from 'node:child_process';

/** What `openssl verify` says of a certificate: the number of its first error, or that there is none. */
export type Verdict = 'OK' | `error ${number}`;

/** The verify errors that are expected here (openssl-verification-options(1), X509_STORE_CTX_get_error(3)). */
export const NO_ISSUER: readonly Verdict[] = ['error 2', 'error 18', 'error 19', 'error 20', 'error 21'];
export const WRONG_PURPOSE: Verdict = 'error 26';
export const WRONG_HOSTNAME: Verdict = 'error 62';
export const WRONG_IP: Verdict = 'error 64';

/**
 * Verifies files of a folder, each by its first certificate, with -x509_strict as of `now`.
 *
 * @returns The verdict on each file, in order.
 */
export function verify(
  folder: string,
  files: readonly string[],
  options: { readonly now: Date; readonly args: readonly string[] },
): readonly Verdict[] {
  const attime = String(Math.floor(options.now.getTime() / 1000));
  const args = ['verify', '-x509_strict', '-attime', attime, ...options.args, ...files];
  const { stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  const verdicts = new Map<string, Verdict>();
  for (const [, file = ''] of stdout.matchAll(/^(.*): OK$/gm)) verdicts.set(file, 'OK');
  let first: Verdict | undefined;
  for (const [, number, file] of stderr.matchAll(/^error (?:(\d+) at .*|(.*): verification failed)$/gm)) {
    if (file === undefined) first ??= `error ${Number(number)}`;
    else {
      verdicts.set(file, first ?? 'error 1');
      first = undefined;
    }
  }
  return files.map((file) => {
    const verdict = verdicts.get(file);
    if (verdict === undefined) throw new Error(`openssl says nothing about ${file}: ${stderr}`);
    return verdict;
  });
}
