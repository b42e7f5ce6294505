import { basename, dirname, resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { Directories } from '../cluster/directories.ts';
import { isKubeconfig } from '../kubeconfig/parse.ts';
import { USUAL_DIRECTORIES } from '../layout.ts';
import { knownPaths } from '../resolve/paths.ts';
import { backupsDirectory } from '../snapshot.ts';
import { followLinks, isInside } from '../store/directories.ts';
import { readFileState } from '../store/files.ts';
import { replaceFile } from '../store/replace.ts';
import { holdsPrivateKey } from '../x509/pem-form.ts';
import { readPem } from '../x509/pem.ts';
import { assertNoIssues } from './issues.ts';
import { textOf } from './words.ts';
import { placeOf } from './write-new.ts';

const OPTION = 'output-file';

/** What names a file that is read, of every command that has an output file. */
const READ_WORDS = [
  'dir',
  'config',
  'certificate-key-file',
  'token-file',
  'password-file',
  'source',
  'key-file',
  'ca-file',
];

/** What a command has read, and where that lies. */
export interface Consulted {
  /** Where the PKI lies; absent where it came in an archive or in Secrets. */
  readonly directories?: Directories | undefined;
  /** Absolute paths of what was read beside what the words name. */
  readonly files?: readonly string[] | undefined;
}

/** Why nothing may be put at a place in the directories of a PKI. */
function breachIn(place: string, directories: Directories): string | undefined {
  const { certDir, kubeconfigDir, rootCaDir } = directories;
  if (isInside(place, certDir)) return 'must not lie in the certificate directory';
  if (rootCaDir !== undefined && isInside(place, rootCaDir)) return "must not lie beside the root CA's key";
  if (isInside(place, backupsDirectory(directories))) return 'must not lie among the snapshots';
  const isOfTable = dirname(place) === kubeconfigDir && knownPaths().includes(basename(place));
  return isOfTable ? 'must not be a kubeconfig of the table, which init and certs renew make' : undefined;
}

function breachOf(
  place: string,
  parsed: Arguments,
  { directories, files = [] }: Consulted,
): string | undefined {
  const named = READ_WORDS.flatMap((word) => textOf(parsed, word) ?? []).map((word) => resolve(word));
  if ([...named, ...files].some((path) => followLinks(path) === place))
    return 'must not be a file that is read';
  return [...(directories === undefined ? [] : [directories]), USUAL_DIRECTORIES]
    .map((each) => breachIn(place, each))
    .find((breach) => breach !== undefined);
}

function assertNone(file: string, rule: string | undefined): void {
  const hint = 'name a file outside of the PKI, or leave --output-file out and redirect stdout';
  assertNoIssues(rule === undefined ? [] : [{ option: OPTION, value: file, rule, hint }]);
}

/**
 * Looks whether the output file of a command belongs to what the command is about.
 *
 * @throws {PkiError} `ERR_CONFIG` where it is read, or lies where a PKI has its files.
 */
export async function assertOutputApart(parsed: Arguments, consulted: Consulted): Promise<void> {
  const file = textOf(parsed, OPTION);
  if (file !== undefined) assertNone(file, breachOf(await placeOf(file), parsed, consulted));
}

/** Whether a file may be one of a PKI, whichever: no output that is put in place of another holds any of it. */
function isOfSomePki(path: string): boolean {
  const state = readFileState(path);
  if (state.kind !== 'file') return false;
  const { contents } = state;
  return holdsPrivateKey(contents) || readPem(contents).parts.length > 0 || isKubeconfig(contents);
}

/**
 * Puts lines into the output file, in place of what an earlier run has put there.
 *
 * @throws {PkiError} `ERR_CONFIG` as {@link assertOutputApart}, and where the file holds something of a PKI; `ERR_OBSTACLE`, `ERR_STORE`.
 */
export async function writeOutput(
  parsed: Arguments,
  { lines, mode, ...consulted }: Consulted & { readonly lines: readonly string[]; readonly mode: number },
): Promise<void> {
  await assertOutputApart(parsed, consulted);
  const file = textOf(parsed, OPTION) ?? '';
  assertNone(file, isOfSomePki(file) ? 'must not be a key, a certificate or a kubeconfig' : undefined);
  await replaceFile(resolve(file), `${lines.join('\n')}\n`, mode);
}
