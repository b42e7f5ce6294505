import type { Options } from 'yargs';
import { HOST_ROLES } from '../table/row.ts';

/** What is taken for what kind of host, and what of the findings is shown and counts. */
export const SELECTION_OPTIONS: Readonly<Record<string, Options>> = {
  role: {
    choices: [...HOST_ROLES, 'auto'],
    default: 'auto',
    describe: 'kind of host that the files are from; auto: found from what is there',
    requiresArg: true,
  },
  focus: {
    type: 'string',
    describe: 'only findings that match this regular expression, as `code row path`',
    requiresArg: true,
  },
  skip: { type: 'string', describe: 'no findings that match this one', requiresArg: true },
  waivers: {
    type: 'string',
    describe: 'YAML file of findings that are accepted, with reason and end',
    requiresArg: true,
  },
  baseline: {
    type: 'string',
    describe: 'only what is not in this former output of verify -o json',
    requiresArg: true,
  },
};
