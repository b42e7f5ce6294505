import type { Argv } from 'yargs';
import { addClusterOptions, addConfigOption, addOutputOption } from './options.ts';

/** What `show join` takes beside the directory. */
export const addJoinOptions = (parser: Argv): Argv =>
  addConfigOption(
    addOutputOption(
      addClusterOptions(parser, [
        'control-plane-endpoint',
        'apiserver-advertise-address',
        'apiserver-bind-port',
        'profile',
        'kubernetes-version',
        'cert-dir',
        'kubeconfig-dir',
      ]),
      ['text', 'json'],
    ),
  )
    .option('token', {
      type: 'string',
      describe: 'bootstrap token that goes into the line; without one a placeholder stands there',
      requiresArg: true,
    })
    .option('token-file', {
      type: 'string',
      describe: 'read it from this file, or - for stdin',
      requiresArg: true,
    })
    .option('control-plane', { type: 'boolean', describe: 'the line for one more control plane' })
    .option('certificate-key', {
      type: 'string',
      describe: 'key of the kubeadm-certs Secret, for one more control plane',
      requiresArg: true,
    })
    .option('certificate-key-file', {
      type: 'string',
      describe: 'read it from this file, or - for stdin',
      requiresArg: true,
    })
    .example('$0 show join --token abcdef.0123456789abcdef', 'the line for a worker');
