import type { Argv } from 'yargs';
import { addClusterOptions, addConfigOption, addOutputOption } from './options.ts';

/** What `export bundle` takes. */
export const addBundleOptions = (parser: Argv): Argv =>
  addConfigOption(
    addOutputOption(addClusterOptions(parser, ['cert-dir', 'kubeconfig-dir']), ['text', 'json']),
  )
    .positional('source', {
      type: 'string',
      demandOption: true,
      describe:
        'whose: a name of the table, as admin.conf or apiserver-kubelet-client, or a file: a kubeconfig, or a certificate',
    })
    .option('output-file', {
      type: 'string',
      demandOption: true,
      describe: 'put the bundle there, readable by its owner alone; nothing may be there yet',
      requiresArg: true,
    })
    .option('password-file', {
      type: 'string',
      describe: 'read the password from this file, or - for stdin; without it the terminal is asked',
      requiresArg: true,
    })
    .option('key-file', {
      type: 'string',
      describe: 'the key of a certificate in a file (default: in the same file, or beside it as *.key)',
      requiresArg: true,
    })
    .option('ca-file', {
      type: 'string',
      describe: 'the CAs of a certificate in a file, for the chain',
      requiresArg: true,
    })
    .option('friendly-name', {
      type: 'string',
      describe: 'what importers call it (default: the common name of the certificate)',
      requiresArg: true,
    })
    .option('legacy', {
      type: 'boolean',
      describe: 'lock it with Triple DES and SHA-1, for older Windows and macOS that read nothing else',
    })
    .option('dry-run', { type: 'boolean', describe: 'print what would be in it and write nothing' })
    .example('$0 export bundle admin.conf --output-file admin.p12', 'for a browser; asks for a password')
    .example('$0 export bundle alice.conf --password-file pw --output-file alice.p12', 'of any kubeconfig');
