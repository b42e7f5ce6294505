import { type ArchiveOptions, archiveSource } from './archive.ts';
import { type Bytes, openBytes, readText } from './bytes.ts';
import { parseSecrets, type SecretOptions } from './secrets.ts';
import { type Source, unreadableSource } from './source.ts';

/** What of an archive or of a list of Secrets is meant, whichever it is. */
export type ParseOptions = ArchiveOptions & SecretOptions & { readonly name: string };

/**
 * Reads what is told by its bytes: a tar archive, in gzip or not, or Secrets in YAML or JSON.
 *
 * @throws {PkiError} `ERR_SOURCE`.
 */
export async function parseSource(bytes: Bytes, options: ParseOptions): Promise<Source> {
  const { name, certDir, of } = options;
  const { form, chunks } = await openBytes(name, bytes);
  if (form === 'tar') {
    if (of !== undefined) throw unreadableSource(name, 'is an archive: --secrets-of chooses among Secrets');
    return archiveSource(chunks, options);
  }
  if (certDir !== undefined) throw unreadableSource(name, 'is no archive: --cert-dir chooses inside of one');
  return parseSecrets(await readText(name, chunks), options);
}
