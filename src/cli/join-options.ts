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
      describe:
        'bootstrap token that goes into the line, which everybody on this host can see meanwhile; without one a placeholder stands there',
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
      describe:
        'key of the kubeadm-certs Secret, for one more control plane; everybody on this host can see it meanwhile',
      requiresArg: true,
    })
    .option('certificate-key-file', {
      type: 'string',
      describe: 'read it from this file, or - for stdin',
      requiresArg: true,
    })
    .example('kubeadm token create | $0 show join --token-file -', 'the line for a worker');
