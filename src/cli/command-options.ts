import type { Argv, Options } from 'yargs';
import { SEVERITIES } from '../finding.ts';
import { COMPONENTS } from '../table/row.ts';
import { addBundleOptions } from './bundle-options.ts';
import { COMPONENT_OPTIONS } from './component-options.ts';
import { addClusterOptions, addConfigOption, addOutputOption, INFERRED, LOCAL } from './options.ts';
import { addRecoverOptions, addRenewOptions, addRollbackOptions } from './renew-options.ts';
import { addExportSecretOptions, addImportSecretOptions } from './secret-options.ts';
import { addGenerateCsrOptions, addImportOptions, addSignOptions, addStatusOptions } from './csr-options.ts';
import { SELECTION_OPTIONS } from './selection-options.ts';
import { HOOK_OPTIONS, SNAPSHOT_OPTIONS } from './snapshot-options.ts';
import { addJoinOptions } from './join-options.ts';
import { addUserOptions } from './user-options.ts';

const RULING = ['profile', 'kubernetes-version'] as const;

const addInitOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser), ['text', 'json']))
    .option('dry-run', { ...LOCAL, type: 'boolean', describe: 'print the plan and change nothing' })
    .option('reissue', {
      ...LOCAL,
      type: 'boolean',
      describe: 'issue again what has drifted from the request, instead of refusing; what was there is kept',
    })
    .options(SNAPSHOT_OPTIONS)
    .options(HOOK_OPTIONS)
    .option('allow-early-clock', {
      ...LOCAL,
      type: 'boolean',
      describe: 'go on although the clock shows a time before this release',
    })
    .example('$0 init --host-ip 10.0.0.5', 'the PKI of the first control-plane host, below /etc/kubernetes')
    .example('$0 init --host-ip 192.0.2.10 --cert-dir ./out/pki', 'the same in a local folder');

const AT: Options = {
  type: 'string',
  describe: 'ask about another moment: 2027-01-01',
  requiresArg: true,
};

const WARN_WITHIN: Options = {
  type: 'string',
  default: '30d',
  describe: 'warn of what ends within this period',
  requiresArg: true,
};

const addDirectory = (parser: Argv): Argv =>
  parser
    .positional('dir', {
      type: 'string',
      describe:
        'the certificate directory, or the one that holds it (default: --cert-dir); a tar archive of either or Secrets as kubectl prints them, in a file or, for -, on stdin',
    })
    .option('follow-links', {
      type: 'boolean',
      describe: 'read what symbolic links lead to outside of the directories; not on a copy of a disk',
    })
    .option('secrets-of', {
      type: 'string',
      describe: 'of Secrets of several clusters, those of this one: namespace/cluster',
      requiresArg: true,
    });

const addVerifyOptions = (parser: Argv): Argv =>
  addDirectory(
    addConfigOption(
      addOutputOption(addClusterOptions(parser, undefined, INFERRED), [
        'text',
        'json',
        'sarif',
        'junit',
        'markdown',
        'html',
      ]),
    ),
  )
    .option('at', AT)
    .option('warn-within', WARN_WITHIN)
    .option('policy', {
      type: 'string',
      describe: 'hold keys, signatures and validity against the policy in this file',
      requiresArg: true,
    })
    .option('weak-keys', {
      type: 'string',
      array: true,
      describe: "look for every key in this list of weak ones, as Debian's openssl-blacklist; repeatable",
      requiresArg: true,
    })
    .option('cis', {
      type: 'string',
      describe: 'hold modes and owners to this version of the CIS Kubernetes Benchmark, or auto: 1.12',
      requiresArg: true,
    })
    .option('fail-on', {
      choices: [...SEVERITIES, 'never'],
      default: 'error',
      describe: 'end with 1 where something as bad was found',
      requiresArg: true,
    })
    .option('live', {
      type: 'boolean',
      describe: 'ask the components for the certificates that they show, by a handshake and no more',
    })
    .option('live-address', {
      type: 'string',
      array: true,
      describe: 'where to ask one of them instead: etcd=192.0.2.10:2379',
      requiresArg: true,
    })
    .option('live-timeout', {
      type: 'string',
      default: '3s',
      describe: 'how long to wait for each',
      requiresArg: true,
    })
    .options(SELECTION_OPTIONS)
    .options(COMPONENT_OPTIONS)
    .example('$0 verify /etc/kubernetes', 'what is wrong with the PKI of this host')
    .example(
      '$0 verify ./evidence/pki --profile kubeadm --kubernetes-version 1.31',
      'held against that release',
    )
    .example('$0 verify evidence.tar.gz --cert-dir cp1/pki', 'one of several hosts in an archive')
    .example('kubectl get secrets -A -o yaml | $0 verify -', 'what a management cluster keeps in Secrets');

const addTableOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser, RULING), ['text', 'json', 'yaml', 'markdown']));

const addTreeOptions = (parser: Argv): Argv =>
  addDirectory(
    addConfigOption(
      addOutputOption(addClusterOptions(parser, [...RULING, 'cert-dir', 'kubeconfig-dir', 'root-ca-dir']), [
        'text',
        'json',
        'mermaid',
        'dot',
      ]),
    ),
  );

const addArgumentsOptions = (parser: Argv): Argv =>
  addOutputOption(
    addClusterOptions(addConfigOption(parser), [
      ...RULING,
      'cert-dir',
      'kubeconfig-dir',
      'service-dns-domain',
      'external-etcd',
      'root-ca',
      'root-ca-dir',
    ]),
    ['text', 'json', 'yaml'],
  ).positional('component', { describe: 'only the arguments of this one', choices: COMPONENTS });

const addRbacOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser, RULING), ['yaml', 'json']));

const addShowConfigOptions = (parser: Argv): Argv =>
  addConfigOption(addOutputOption(addClusterOptions(parser), ['yaml', 'json'])).example(
    '$0 show config --config kubeadm.yaml',
    'a configuration with every default filled in',
  );

const addExpirationOptions = (parser: Argv): Argv =>
  addDirectory(
    addConfigOption(
      addOutputOption(
        addClusterOptions(
          parser,
          [...RULING, 'external-etcd', 'cert-dir', 'kubeconfig-dir', 'root-ca-dir'],
          INFERRED,
        ),
        ['text', 'json', 'yaml', 'prometheus'],
      ),
    ),
  )
    .options({ role: SELECTION_OPTIONS['role'] ?? {} })
    .option('all', {
      type: 'boolean',
      describe:
        "also what kubeadm leaves out: the kubelet's, chains, what kubeconfigs trust, and files that belong to nothing",
    })
    .option('kubeconfig-file', {
      type: 'string',
      array: true,
      describe: 'a further kubeconfig of this host, with what it names; repeatable',
      requiresArg: true,
    })
    .option('at', AT)
    .option('warn-within', WARN_WITHIN)
    .option('exit-code', {
      type: 'boolean',
      describe: 'end with 1 where something is missing, has expired or ends within --warn-within',
    })
    .option('output-file', {
      type: 'string',
      describe: 'put the data there, whole and at once, in place of stdout',
      requiresArg: true,
    })
    .option('timeline', { type: 'boolean', describe: 'draw below the tables how far each end is' })
    .example('$0 certs check-expiration --all --timeline', 'what ends when on this host')
    .example(
      '$0 certs check-expiration -o prometheus --output-file /var/lib/node_exporter/k8s-pki.prom',
      "for node_exporter's textfile collector",
    );

const addCaHashOptions = (parser: Argv): Argv =>
  addDirectory(
    addConfigOption(
      addOutputOption(addClusterOptions(parser, ['cert-dir', 'kubeconfig-dir']), ['text', 'json']),
    ),
  ).example('$0 show ca-hash', 'what --discovery-token-ca-cert-hash of kubeadm join takes');

export type CommandName =
  | 'init'
  | 'initPhase'
  | 'certsRenew'
  | 'recover'
  | 'generateCsr'
  | 'certsImport'
  | 'certsStatus'
  | 'certsSign'
  | 'rollback'
  | 'verify'
  | 'showTable'
  | 'showTree'
  | 'showArguments'
  | 'showConfig'
  | 'showRbac'
  | 'checkExpiration'
  | 'certificateKey'
  | 'kubeconfigUser'
  | 'showCaHash'
  | 'showJoin'
  | 'exportBundle'
  | 'exportSecret'
  | 'importSecret';

/** What each command takes. Apart from what they do, so that help and mistakes need not wait for that to be loaded. */
export const COMMAND_OPTIONS: Readonly<Record<Exclude<CommandName, 'initPhase'>, (parser: Argv) => Argv>> = {
  init: addInitOptions,
  certsRenew: addRenewOptions,
  recover: addRecoverOptions,
  generateCsr: addGenerateCsrOptions,
  certsImport: addImportOptions,
  certsStatus: addStatusOptions,
  certsSign: addSignOptions,
  rollback: addRollbackOptions,
  verify: addVerifyOptions,
  showTable: addTableOptions,
  showTree: addTreeOptions,
  showArguments: addArgumentsOptions,
  showConfig: addShowConfigOptions,
  showRbac: addRbacOptions,
  checkExpiration: addExpirationOptions,
  certificateKey: (parser) => parser,
  kubeconfigUser: addUserOptions,
  showCaHash: addCaHashOptions,
  exportBundle: addBundleOptions,
  showJoin: (parser) => addJoinOptions(addDirectory(parser)),
  exportSecret: addExportSecretOptions,
  importSecret: addImportSecretOptions,
};
