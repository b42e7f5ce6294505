import type { Argv } from 'yargs';
import { addClusterOptions, addConfigOption, addOutputOption } from './options.ts';

/** What `kubeconfig user` takes. */
export const addUserOptions = (parser: Argv): Argv =>
  addConfigOption(
    addOutputOption(
      addClusterOptions(parser, [
        'control-plane-endpoint',
        'apiserver-advertise-address',
        'apiserver-bind-port',
        'cluster-name',
        'key-algorithm',
        'not-before-skew',
        'profile',
        'kubernetes-version',
        'cert-dir',
        'kubeconfig-dir',
      ]),
      ['text', 'json'],
    ),
  )
    .option('client-name', {
      type: 'string',
      demandOption: true,
      describe: 'name of the user; the CN of the certificate',
      requiresArg: true,
    })
    .option('org', {
      type: 'string',
      array: true,
      describe: 'a group of the user, or several with commas; an O of the certificate; repeatable',
      requiresArg: true,
    })
    .option('token', {
      type: 'string',
      describe:
        'put this token into the kubeconfig, in place of a certificate; everybody on this host can see it meanwhile',
      requiresArg: true,
    })
    .option('token-file', {
      type: 'string',
      describe: 'read the token from this file, or - for stdin',
      requiresArg: true,
    })
    .option('validity-period', {
      type: 'string',
      describe: 'how long the certificate is valid (default: 8760h)',
      requiresArg: true,
    })
    .option('output-file', {
      type: 'string',
      describe:
        'put the kubeconfig there, readable by its owner alone, in place of stdout; nothing may be there yet',
      requiresArg: true,
    })
    .option('yes', {
      type: 'boolean',
      describe: 'make also a user of system:masters, without being asked',
    })
    .option('dry-run', { type: 'boolean', describe: 'print what would be made and make nothing' })
    .option('allow-early-clock', {
      type: 'boolean',
      describe: 'go on although the clock shows a time before this release',
    })
    .example('$0 kubeconfig user --client-name alice --org dev > alice.conf', 'a user of the group dev')
    .example(
      '$0 kubeconfig user --client-name ci --validity-period 30d --output-file ci.conf',
      'for a month',
    );
