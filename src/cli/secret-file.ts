import { resolve } from 'node:path';
import type { Arguments } from 'yargs';
import type { Parsed } from '../cluster/parsed.ts';
import type { SpecIssue } from '../errors.ts';
import { isStream } from '../store/files.ts';
import { readInput } from './interrupt.ts';
import { textOf } from './words.ts';

const MAXIMUM_BYTES = 64 * 1024;

/** A secret that was read, or what is wrong with where it was to come from. What was read is in no issue. */
export type ReadSecret = { readonly secret: string } | { readonly issue: SpecIssue };

/**
 * Reads a secret on one line from a file, a pipe or, for `-`, from stdin. The end of the line is no part of it.
 *
 * @param option The flag that names where it is.
 */
export async function readSecret(option: string, path: string): Promise<ReadSecret> {
  const issue = (rule: string): ReadSecret => ({
    issue: { option, value: path, rule, hint: `name a file with --${option}, or - for stdin` },
  });
  if (path !== '-' && !isStream(resolve(path))) return issue('is not there, or no file');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readInput(path === '-' ? undefined : resolve(path))) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAXIMUM_BYTES) return issue('holds too much for a secret');
  }
  const all = Buffer.concat(chunks);
  const text = all.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(all)) return issue('holds something else than UTF-8');
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') return issue('is empty');
  return /[\r\n\0]/.test(secret) ? issue('must hold one line') : { secret };
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
  const secret = read?.secret ?? text;
  if (secret === undefined) return { issues: [] };
  const understood = parse(secret);
  return 'value' in understood
    ? { value: understood.value, issues: [] }
    : { issues: [{ option: file === undefined ? name : fileOption, ...understood }] };
}
