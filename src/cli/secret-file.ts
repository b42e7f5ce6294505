import { resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { Parsed } from '../cluster/parsed.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import { obstacleOf } from '../present.ts';
import { isStream, readFileBytes } from '../store/files.ts';
import { readSmallInput } from './interrupt.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

const MAXIMUM_BYTES = 64 * 1024;

const TOO_MUCH = 'holds too much for a secret';

/** A secret that was read, or what is wrong with where it was to come from. What was read is in no issue. */
export type ReadSecret = { readonly secret: string } | { readonly issue: SpecIssue };

/** What a flag is about: `certificate-key-file` about a key. */
const nounOf = (option: string): string =>
  option
    .replace(/-file$/, '')
    .split('-')
    .at(-1) ?? option;

/** Warns of a secret in a file of that mode, where others can read it. */
export function warnOfReadable(option: string, path: string, mode: number): void {
  if ((mode & 0o044) !== 0)
    printMessages([`warning: ${path}: others than its owner can read the ${nounOf(option)}`]);
}

/** Bytes, or why there are none. */
type ReadBytes = { readonly bytes: Uint8Array } | { readonly rule: string };

async function readStream(path?: string): Promise<ReadBytes> {
  const bytes = await readSmallInput(MAXIMUM_BYTES, path);
  return bytes.length > MAXIMUM_BYTES ? { rule: TOO_MUCH } : { bytes };
}

async function readBytes(option: string, word: string): Promise<ReadBytes> {
  if (word === '-') return readStream();
  const path = resolve(word);
  const state = readFileBytes(path, MAXIMUM_BYTES);
  if (state.kind === 'too-large') return { rule: TOO_MUCH };
  if (state.kind !== 'file')
    // A shell hands over what a command prints as a pipe.
    return state.kind === 'special' && isStream(path) ? readStream(path) : { rule: obstacleOf(state) };
  warnOfReadable(option, path, state.mode);
  return { bytes: state.bytes };
}

const issueOf = (option: string, value: string, rule: string): ReadSecret => ({
  issue: { option, value, rule, hint: `name a file with --${option}, or - for stdin` },
});

/**
 * Reads a text that is secret from a file, a pipe or, for `-`, from stdin, and warns where others can read that file.
 *
 * @param option The flag that names where it is.
 */
export async function readSecretText(option: string, word: string): Promise<ReadSecret> {
  const read = await readBytes(option, word);
  if ('rule' in read) return issueOf(option, word, read.rule);
  const secret = Buffer.from(read.bytes).toString('utf8');
  return Buffer.from(secret, 'utf8').equals(read.bytes)
    ? { secret }
    : issueOf(option, word, 'holds something else than UTF-8');
}

/** The same of a secret on one line. The end of the line is no part of it. */
export async function readSecret(option: string, word: string): Promise<ReadSecret> {
  const read = await readSecretText(option, word);
  if ('issue' in read) return read;
  const secret = read.secret.replace(/\r?\n$/, '');
  if (secret === '') return issueOf(option, word, 'is empty');
  return /[\r\n\0]/.test(secret) ? issueOf(option, word, 'must hold one line') : { secret };
}

/** Warns of a secret that is a word of the command line. */
export function warnOfPlain(option: string): void {
  printMessages([
    `warning: --${option}: while this runs, everybody on this host can see the ${nounOf(option)} in the list of processes`,
    `  hint: --${option}-file FILE, or - for stdin`,
  ]);
}

/** @throws {PkiError} `ERR_USAGE` where stdin is to be two things: a secret that is read as something else might be shown. */
export function assertOneStandardInput(parsed: Arguments): void {
  const names = ['config', 'certificate-key-file', 'token-file', 'password-file', 'file', 'dir'];
  const words = names.filter((name) => parsed[name] === '-');
  if (words.length <= 1) return;
  const called: Readonly<Record<string, string>> = { file: 'the Secret', dir: 'the directory' };
  const said = words.map((name) => called[name] ?? `--${name}`).join(' and ');
  throw new PkiError('ERR_USAGE', `${said} cannot both be on stdin`, { detail: {} });
}

/** A secret that is given as such or in a file, and what is wrong with it. Wrong or right, its value is in no issue. */
export async function secretOf(
  parsed: Arguments,
  name: string,
  parse: (text: string) => Parsed<string>,
): Promise<{ readonly value?: string; readonly issues: readonly SpecIssue[] }> {
  const fileOption = `${name}-file`;
  const [text, file] = [textOf(parsed, name), textOf(parsed, fileOption)];
  if (text !== undefined && file !== undefined)
    return { issues: [{ option: fileOption, rule: `must not be given beside --${name}` }] };
  const read = file === undefined ? undefined : await readSecret(fileOption, file);
  if (read !== undefined && 'issue' in read) return { issues: [read.issue] };
  if (text !== undefined) warnOfPlain(name);
  const secret = read?.secret ?? text;
  if (secret === undefined) return { issues: [] };
  const understood = parse(secret);
  return 'value' in understood
    ? { value: understood.value, issues: [] }
    : { issues: [{ option: file === undefined ? name : fileOption, ...understood }] };
}
