import type { Arguments } from 'yargs';
import { PkiError } from '../errors.ts';

/**
 * What was said for a word or a flag that takes one text.
 *
 * @throws {PkiError} `ERR_USAGE` where it was said several times: yargs makes a list of it.
 */
export function textOf(parsed: Arguments, name: string): string | undefined {
  const value: unknown = parsed[name];
  if (Array.isArray(value))
    throw new PkiError('ERR_USAGE', `--${name} must be given once, and as one value`, { detail: {} });
  return typeof value === 'string' ? value : undefined;
}
