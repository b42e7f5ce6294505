import type { Arguments } from 'yargs';
import type { VerifyReport } from '../report/verify.ts';
import { VERSION } from '../release.ts';
import { verifyPki } from '../verify.ts';
import { clusterOptionsOf } from './options.ts';
import { readDirectorySource } from './source.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** Reads what the words name, and holds it against the table. Changes nothing. */
export async function audit(
  parsed: Arguments,
  { at, warnWithinSeconds }: { readonly at: Date; readonly warnWithinSeconds: number },
): Promise<VerifyReport> {
  const options = clusterOptionsOf(parsed);
  const { certDir: _, kubeconfigDir: __, rootCaDir: ___, ...cluster } = options;
  const source = await readDirectorySource(textOf(parsed, 'dir') ?? '/etc/kubernetes/pki', options);
  printMessages(source.notices.map((text) => `notice: ${text}`));
  const { files, directories, pathOf } = source;
  return {
    verification: await verifyPki({ files, options: cluster, now: at, warnWithinSeconds }),
    directories,
    at,
    version: VERSION,
    isProfileGiven: options.profile !== undefined,
    pathOf,
  };
}
