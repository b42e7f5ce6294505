import { resolve } from 'node:path';
import type { Arguments } from 'yargs';
import { parseCertificateKey } from '../cluster/join-secrets.ts';
import { PkiError } from '../errors.ts';
import { obstacleOf } from '../present.ts';
import { isStream, readFileState } from '../store/files.ts';
import { readInput } from './interrupt.ts';
import { assertNoIssues } from './issues.ts';
import { KEY_VARIABLE } from './secret-options.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** A key has 64 characters. */
const MAXIMUM_BYTES = 4096;

async function readStream(path: string | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readInput(path)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAXIMUM_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readKeyFile(word: string): Promise<string> {
  if (word === '-') return readStream(undefined);
  const path = resolve(word);
  const state = readFileState(path, MAXIMUM_BYTES);
  if (state.kind === 'file') {
    if ((state.mode & 0o044) !== 0)
      printMessages([`warning: ${path}: others than its owner can read the key`]);
    return state.contents;
  }
  // A shell hands over what a command prints as a pipe.
  if (state.kind === 'special' && isStream(path)) return readStream(path);
  const rule = state.kind === 'absent' ? 'is not there' : obstacleOf(state);
  assertNoIssues([
    { option: 'certificate-key-file', value: word, rule, hint: 'name a file that holds the key' },
  ]);
  return '';
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
  const all = [
    ...(file === undefined ? [] : [{ option: 'certificate-key-file', read: () => readKeyFile(file) }]),
    ...(plain === undefined ? [] : [{ option: 'certificate-key', read: async () => plain }]),
    ...(configured === undefined ? [] : [{ option: 'config', read: async () => configured }]),
  ];
  if (all.length > 0) return all;
  const { [KEY_VARIABLE]: variable } = process.env;
  return variable === undefined
    ? []
    : [{ option: 'certificate-key-file', variable: KEY_VARIABLE, read: async () => variable }];
}

/** @throws {PkiError} `ERR_USAGE` where stdin is to be two things: a key that is read as something else might be shown. */
export function assertOneStandardInput(parsed: Arguments): void {
  const words = ['config', 'certificate-key-file', 'file'].filter((name) => parsed[name] === '-');
  if (words.length > 1) {
    const said = words.map((name) => (name === 'file' ? 'the Secret' : `--${name}`)).join(' and ');
    throw new PkiError('ERR_USAGE', `${said} cannot both be on stdin`, { detail: {} });
  }
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
  if (first?.option === 'certificate-key') {
    const says = 'while this runs, everybody on this host can see the key in the list of processes';
    printMessages([
      `warning: --certificate-key: ${says}`,
      '  hint: --certificate-key-file FILE, or - for stdin',
    ]);
  }
  const key = parseCertificateKey((await first?.read())?.trim() ?? '');
  if ('rule' in key) {
    const of = first?.variable === undefined ? '' : `what is in ${first.variable} `;
    assertNoIssues([{ option: first?.option ?? '', ...key, rule: `${of}${key.rule}` }]);
  }
  return Buffer.from('value' in key ? key.value : '', 'hex');
}
