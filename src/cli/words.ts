import type { Arguments } from 'yargs';
import { PkiError } from '../errors.ts';

/**
 * Takes what was said for a word or a flag that takes one text; as `coerce` of an option, before anything is done.
 *
 * @throws {PkiError} `ERR_USAGE` where it was said several times: yargs makes a list of it, which is none of the choices.
 */
export const once =
  (name: string) =>
  (value: unknown): unknown => {
    if (Array.isArray(value))
      throw new PkiError('ERR_USAGE', `--${name} must be given once, and as one value`, { detail: {} });
    return value;
  };

/**
 * What was said for a word or a flag that takes one text.
 *
 * @throws {PkiError} `ERR_USAGE` where it was said several times.
 */
export function textOf(parsed: Arguments, name: string): string | undefined {
  const value = once(name)(parsed[name]);
  return typeof value === 'string' ? value : undefined;
}
