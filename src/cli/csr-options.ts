import type { Argv, Options } from 'yargs';
import { addClusterOptions, addConfigOption, addOutputOption } from './options.ts';
import { HOOK_OPTIONS, SNAPSHOT_OPTIONS } from './snapshot-options.ts';

const NODE: Options = {
  type: 'string',
  array: true,
  describe: 'also for the kubelet of this node, whose kubeconfig lies in nodes/NAME; repeatable',
  requiresArg: true,
};

const DRY_RUN: Options = { type: 'boolean', describe: 'print the plan and change nothing' };

const EARLY_CLOCK: Options = {
  type: 'boolean',
  describe: 'go on although the clock shows a time before this release',
};

const addAsked = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser), ['text', 'json'])).option('node', NODE);

/** What `certs generate-csr` takes. */
export const addGenerateCsrOptions = (parser: Argv): Argv =>
  addAsked(parser)
    .option('dry-run', DRY_RUN)
    .example(
      '$0 certs generate-csr --host-ip 10.0.0.5 --cert-dir out/pki',
      'keys, and requests for their certificates',
    );

/** What `certs import` takes. */
export const addImportOptions = (parser: Argv): Argv =>
  addAsked(parser)
    .positional('certificates', {
      type: 'string',
      array: true,
      describe: 'files with certificates in PEM or DER, or directories of such; in any order',
    })
    .option('ca', {
      type: 'string',
      array: true,
      describe: 'trust the one certificate in this file as this CA: etcd-ca=FILE; repeatable',
      requiresArg: true,
    })
    .option('dry-run', DRY_RUN)
    .option('allow-early-clock', EARLY_CLOCK)
    .options(SNAPSHOT_OPTIONS)
    .options(HOOK_OPTIONS)
    .example('$0 certs import signed --ca ca=ca.crt', 'whatever came back so far');

/** What `certs status` takes. */
export const addStatusOptions = (parser: Argv): Argv => addAsked(parser);

/** What `certs sign` takes. */
export const addSignOptions = (parser: Argv): Argv =>
  addAsked(parser)
    .positional('requests', {
      type: 'string',
      array: true,
      describe: 'files with one request each, in PEM or DER, or directories of such',
    })
    .option('as', {
      type: 'string',
      describe: 'which certificate is meant, where a request could be for several',
      requiresArg: true,
    })
    .option('output-dir', {
      type: 'string',
      describe: 'where the certificates go (default: beside the requests)',
      requiresArg: true,
    })
    .option('dry-run', DRY_RUN)
    .option('allow-early-clock', EARLY_CLOCK)
    .example('$0 certs sign requests --config kubeadm.yaml --output-dir signed', 'where the CA keys are');
