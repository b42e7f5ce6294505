import type { Argv, Options } from 'yargs';
import { addClusterOptions, addConfigOption, addOutputOption } from './options.ts';

/** Where the certificate key is looked for where nothing else is said. */
export const KEY_VARIABLE = 'K8S_PKI_CERTIFICATE_KEY';

const CERTIFICATE_KEY: Readonly<Record<string, Options>> = {
  'certificate-key-file': {
    type: 'string',
    describe: `file that holds the certificate key, or - for stdin (default: the variable ${KEY_VARIABLE})`,
    requiresArg: true,
  },
  'certificate-key': {
    type: 'string',
    describe: 'the key itself, as kubeadm takes it; everybody on this host can see it meanwhile',
    requiresArg: true,
  },
};

const PLACES = ['profile', 'kubernetes-version', 'cert-dir', 'kubeconfig-dir', 'root-ca-dir'] as const;

/** What `export secret` takes. */
export const addExportSecretOptions = (parser: Argv): Argv =>
  addConfigOption(
    addOutputOption(addClusterOptions(parser, [...PLACES, 'root-ca', 'external-etcd']), ['yaml', 'json']),
  )
    .options(CERTIFICATE_KEY)
    .option('token-ttl', {
      type: 'string',
      default: '2h',
      describe: 'how long the bootstrap token lives that the Secret is to go with',
      requiresArg: true,
    })
    .option('owner', {
      type: 'string',
      describe:
        'tie the Secret to a bootstrap token that is there already, and make none: NAME/UID of its Secret',
      requiresArg: true,
    })
    .option('output-file', {
      type: 'string',
      describe: 'put the data there, whole and at once, for its owner alone, in place of stdout',
      requiresArg: true,
    })
    .option('dry-run', {
      type: 'boolean',
      describe: 'look at what is there, and print or write nothing of it',
    })
    .example(
      '$0 export secret --certificate-key-file key | kubectl apply -f -',
      'what kubeadm join --control-plane --certificate-key fetches',
    );

/** What `import secret` takes. */
export const addImportSecretOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser, [...PLACES, 'root-ca']), ['text', 'json']))
    .positional('file', {
      type: 'string',
      describe: 'the Secret as kubectl prints it, in a file or, for -, on stdin',
      demandOption: true,
    })
    .options(CERTIFICATE_KEY)
    .option('dry-run', { type: 'boolean', describe: 'print what would be written and change nothing' })
    .example(
      'kubectl -n kube-system get secret kubeadm-certs -o yaml | $0 import secret - --certificate-key-file key',
      'the CAs and the service account pair for a further control-plane host',
    );
