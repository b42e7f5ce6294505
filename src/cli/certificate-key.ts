import { resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { parseCertificateKey } from '../cluster/join-secrets.ts';
import { assertNoIssues } from './issues.ts';
import { readFileState } from '../store/files.ts';
import { readSecretText, warnOfPlain, warnOfReadable } from './secret-file.ts';
import { KEY_VARIABLE } from './secret-options.ts';
import { textOf } from './words.ts';

async function readKeyFile(word: string): Promise<string> {
  const read = await readSecretText('certificate-key-file', word);
  assertNoIssues('issue' in read ? [read.issue] : []);
  return 'secret' in read ? read.secret : '';
}

/** The key that the configuration names, which was read already. */
async function configuredKey(key: string, config = '-'): Promise<string> {
  const path = resolve(config);
  const state = config === '-' ? undefined : readFileState(path);
  if (state?.kind === 'file') warnOfReadable('certificate-key', path, state.mode);
  return key;
}

/** Where a key comes from. What it is stands in no message. */
interface Given {
  readonly option: string;
  /** Of the environment, where it is not from an option. */
  readonly variable?: string;
  readonly read: () => Promise<string>;
}

function givenKeys(parsed: Arguments, configured: string | undefined): readonly Given[] {
  const file = textOf(parsed, 'certificate-key-file');
  const plain = textOf(parsed, 'certificate-key');
  const config = textOf(parsed, 'config');
  const all = [
    ...(file === undefined ? [] : [{ option: 'certificate-key-file', read: () => readKeyFile(file) }]),
    ...(plain === undefined ? [] : [{ option: 'certificate-key', read: async () => plain }]),
    ...(configured === undefined
      ? []
      : [{ option: 'config', read: () => configuredKey(configured, config) }]),
  ];
  if (all.length > 0) return all;
  const { [KEY_VARIABLE]: variable } = process.env;
  return variable === undefined
    ? []
    : [{ option: 'certificate-key-file', variable: KEY_VARIABLE, read: async () => variable }];
}

/**
 * The certificate key from where it was said to be, or else from the environment. It is never shown.
 *
 * @throws {PkiError} `ERR_CONFIG` where there is none, more than one, or something that is none.
 */
export async function certificateKeyOf(parsed: Arguments, configured?: string): Promise<Uint8Array> {
  const given = givenKeys(parsed, configured);
  const [first, second] = given;
  if (first === undefined) {
    assertNoIssues([
      {
        option: 'certificate-key-file',
        rule: `is needed, or ${KEY_VARIABLE} in the environment`,
        hint: '(umask 077; k8s-pki certs certificate-key > key) makes one',
      },
    ]);
  }
  if (first !== undefined && second !== undefined) {
    const rule = `says the certificate key, as --${second.option} does`;
    assertNoIssues([{ option: first.option, rule, hint: 'leave one of the two out' }]);
  }
  if (first?.option === 'certificate-key') warnOfPlain(first.option);
  const key = parseCertificateKey((await first?.read())?.trim() ?? '');
  if ('rule' in key) {
    const of = first?.variable === undefined ? '' : `what is in ${first.variable} `;
    assertNoIssues([{ option: first?.option ?? '', ...key, rule: `${of}${key.rule}` }]);
  }
  return Buffer.from('value' in key ? key.value : '', 'hex');
}
