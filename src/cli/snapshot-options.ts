import type { Arguments, Options } from 'yargs';
import { PkiError } from '../errors.ts';
import { LOCAL } from './options.ts';
import { textOf } from './words.ts';

/** How many snapshots stay where nobody says. */
const SNAPSHOTS_KEPT = 10;

/** What every command takes that replaces files. */
export const SNAPSHOT_OPTIONS: Readonly<Record<string, Options>> = {
  keep: {
    ...LOCAL,
    type: 'string',
    describe: `how many snapshots of replaced files stay in pki-backups, beside the certificate directory (default: ${SNAPSHOTS_KEPT})`,
    requiresArg: true,
  },
};

/** What every command takes that issues again what components have open. */
export const HOOK_OPTIONS: Readonly<Record<string, Options>> = {
  hook: {
    ...LOCAL,
    type: 'string',
    describe: 'run this by the shell after files were replaced, with the reload plan as JSON on its stdin',
    requiresArg: true,
  },
};

/**
 * How many snapshots stay.
 *
 * @throws {PkiError} `ERR_CONFIG` for what is no number from 1 on: the last one is the way back.
 */
export function keptSnapshots(parsed: Arguments): number {
  const text = textOf(parsed, 'keep') ?? String(SNAPSHOTS_KEPT);
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  const issue = { option: 'keep', value: text, rule: 'must be a number from 1 to 999999' };
  throw new PkiError('ERR_CONFIG', `keep ${JSON.stringify(text)}: ${issue.rule}`, {
    detail: { issues: [issue] },
  });
}
