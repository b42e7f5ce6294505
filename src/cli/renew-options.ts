import type { Argv, Options } from 'yargs';
import { EVERYTHING, RENEWABLE_NAMES, RENEWAL_SOURCES } from '../renewal-names.ts';
import { addClusterOptions, addConfigOption, addOutputOption, INFERRED } from './options.ts';
import { HOOK_OPTIONS, SNAPSHOT_OPTIONS } from './snapshot-options.ts';

const RENEWAL_OPTIONS: Readonly<Record<string, Options>> = {
  from: {
    choices: RENEWAL_SOURCES,
    describe:
      'where the certificates differ from what is asked for: take subject, names, usages and the server of a kubeconfig from which of the two',
    requiresArg: true,
  },
  'dry-run': { type: 'boolean', describe: 'print the plan and change nothing' },
  'allow-early-clock': {
    type: 'boolean',
    describe: 'go on although the clock shows a time before this release',
  },
  ...SNAPSHOT_OPTIONS,
  ...HOOK_OPTIONS,
};

/** What `certs renew` takes. */
export const addRenewOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser, undefined, INFERRED), ['text', 'json']))
    .positional('names', {
      type: 'string',
      array: true,
      describe: `${EVERYTHING}, or some of: ${RENEWABLE_NAMES.join(', ')}; what renews itself, as kubelet.conf, is not part of ${EVERYTHING}`,
    })
    .option('if-expiring', {
      type: 'string',
      describe: 'renew only what ends within this period and would last longer: 30d',
      requiresArg: true,
    })
    .option('keep-key', { type: 'boolean', describe: 'keep the private keys; without it new ones are made' })
    .options(RENEWAL_OPTIONS)
    .example('$0 certs renew all', 'everything that does not renew itself, below /etc/kubernetes')
    .example('$0 certs renew all --if-expiring 30d', 'for a timer');

/** What `recover` takes. */
export const addRecoverOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser, undefined, INFERRED), ['text', 'json']))
    .option('node', {
      type: 'string',
      array: true,
      describe: 'make the kubeconfig of the kubelet of this other node as well; repeatable',
      requiresArg: true,
    })
    .option('output-dir', {
      type: 'string',
      describe: 'directory for what the nodes need: a folder each, of their names',
      requiresArg: true,
    })
    .options(RENEWAL_OPTIONS)
    .example('$0 recover', 'everything that the CAs have signed, on a host that was off for too long')
    .example('$0 recover --node worker1 --node worker2 --output-dir ./nodes', 'and what its nodes need');

/** What `rollback` takes. */
export const addRollbackOptions = (parser: Argv): Argv =>
  addOutputOption(addClusterOptions(parser, ['cert-dir', 'kubeconfig-dir']), ['text', 'json'])
    .positional('snapshot', {
      type: 'string',
      describe: 'which snapshot, by its name (default: the newest)',
    })
    .option('list', { type: 'boolean', describe: 'list the snapshots and change nothing' })
    .option('dry-run', { type: 'boolean', describe: 'print what would be put back and change nothing' })
    .options(SNAPSHOT_OPTIONS)
    .options(HOOK_OPTIONS);
