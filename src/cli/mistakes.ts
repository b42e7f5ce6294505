import type { Arguments, Options } from 'yargs';
import { nearest } from '../cluster/nearest.ts';
import { PkiError } from '../errors.ts';

/** Words of kubeadm that mean nothing here: why, and what to do instead. */
interface Foreign {
  readonly words: readonly string[];
  readonly why: string;
  readonly instead: string;
}

const FOREIGN_FLAGS: readonly Foreign[] = [
  {
    words: ['kubeconfig'],
    why: 'no cluster is asked for its configuration',
    instead:
      "give it by --config: kubectl -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}'",
  },
  {
    words: ['rootfs'],
    why: 'the root directory is never changed',
    instead: 'name the directories below it with --cert-dir and --kubeconfig-dir',
  },
  {
    words: ['ignore-preflight-errors'],
    why: 'there is no preflight, and nothing that is checked is passed over',
    instead: 'leave it out',
  },
  {
    words: ['skip-phases'],
    why: 'init has no phases but what it makes',
    instead: 'ask for single ones with init phase certs and init phase kubeconfig',
  },
  {
    words: ['upload-certs', 'certificate-key', 'skip-certificate-key-print'],
    why: 'nothing is uploaded',
    instead: 'k8s-pki export secret prints the Secret kubeadm-certs, and kubectl applies it',
  },
  {
    words: ['token', 'token-ttl', 'skip-token-print', 'discovery-token', 'discovery-token-ca-cert-hash'],
    why: 'no token is made or taken',
    instead: 'leave it to kubeadm token',
  },
  {
    words: ['use-api', 'csr-only', 'csr-dir'],
    why: 'no cluster is asked to sign, and kubeadm of the releases known here has none of them',
    instead: 'k8s-pki certs generate-csr makes requests',
  },
  {
    words: ['allow-missing-template-keys', 'show-managed-fields'],
    why: 'there are no templates, nor objects of a cluster',
    instead: 'take fields out of -o json',
  },
  {
    words: ['cri-socket', 'feature-gates', 'image-repository', 'patches', 'pod-network-cidr'],
    why: 'it shapes nothing of a PKI but by --config',
    instead: 'leave it out',
  },
];

/** Flags that every command of kubeadm has and that change nothing of what it makes. */
export const WITHOUT_EFFECT: Readonly<Record<string, Options>> = {
  v: { type: 'string', hidden: true, requiresArg: true, global: true },
  vmodule: { type: 'string', hidden: true, requiresArg: true, global: true },
};

/** Says of those that were given that they have no effect. */
export function effectlessIn(parsed: Arguments): readonly string[] {
  return Object.keys(WITHOUT_EFFECT)
    .filter((name) => parsed[name] !== undefined)
    .map((name) => `notice: --${name} has no effect: there is no log; --debug shows stack traces of errors`);
}

const FOREIGN_COMMANDS: readonly Foreign[] = [
  {
    words: ['upload-certs'],
    why: 'nothing is uploaded',
    instead: 'k8s-pki export secret prints the Secret kubeadm-certs, and kubectl applies it',
  },
  {
    words: ['join', 'download-certs'],
    why: 'no cluster is joined',
    instead: 'k8s-pki import secret takes the Secret kubeadm-certs, and k8s-pki init makes the rest',
  },
  {
    words: ['alpha'],
    why: 'kubeadm has it no more',
    instead: 'what was there is k8s-pki certs and kubeconfig',
  },
  {
    words: ['addon', 'bootstrap-token', 'control-plane', 'etcd', 'preflight', 'reset', 'token', 'upgrade'],
    why: 'it is not about the PKI',
    instead: 'leave it to kubeadm',
  },
];

const HINT = 'k8s-pki --help lists the commands, k8s-pki COMMAND --help their flags';

/** A certificate key, and a bootstrap token: a word in the wrong place may be one. */
const SECRET = /\b(?:[0-9a-f]{64}|[a-z0-9]{6}\.[a-z0-9]{16})\b/gi;

/** What is wrong with the words of a command line. */
export function usageError(message: string, hint: string = HINT): PkiError<'ERR_USAGE'> {
  // yargs says some things over several lines, and repeats what was typed.
  const shown = message.replaceAll(/\s*\n\s*/g, ' ').replaceAll(SECRET, '(not shown: it may be a secret)');
  return new PkiError('ERR_USAGE', shown, { detail: {}, hint });
}

/** The flags, or the commands, that a help text lists. */
function listedIn(help: string, kind: 'argument' | 'command'): readonly string[] {
  // The examples begin as the commands do.
  const [, commands = ''] = /^Commands:\n((?: .*\n)*)/m.exec(help) ?? [];
  // A command stands there behind those above it: `  k8s-pki certs renew <names..>  …`.
  const listed =
    kind === 'argument'
      ? help.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)
      : commands.matchAll(/^ {2}k8s-pki (?:[a-z-]+ )*([a-z-]+)/gm);
  return [...listed].map(([, word = '']) => word);
}

/** What to do about a word that is not known. */
function hintOf(word: string, foreign: Foreign | undefined, known: readonly string[]): string | undefined {
  if (foreign !== undefined) return foreign.instead;
  const meant = nearest(word, known);
  return meant === undefined ? undefined : `did you mean ${meant}`;
}

/** What is missing of a command line, in place of the words of yargs, which count words and name none; undefined where it is something else. */
function missingIn(message: string, help: string): PkiError<'ERR_USAGE'> | undefined {
  const [usage = ''] = help.split('\n');
  const command = usage.replace(/ [<[].*$/, '');
  const [, flags] = /^Missing required arguments?: (.+)$/.exec(message) ?? [];
  const needed = message.startsWith('Not enough non-option arguments')
    ? [...usage.matchAll(/<([^>]+?)(?:\.\.)?>/g)].map(([, word = '']) => word.toUpperCase())
    : (flags?.split(', ').map((name) => `--${name}`) ?? []);
  if (needed.length === 0) return undefined;
  return usageError(`${command} needs ${needed.join(' and ')}`, `${command} --help says what that is`);
}

/**
 * The same mistake, with the reason where kubeadm knows the words, or else the nearest one that is known here.
 *
 * @param help The help text of what was asked for.
 */
export function explained(error: PkiError<'ERR_USAGE'>, help: string): PkiError<'ERR_USAGE'> {
  const missing = missingIn(error.message, help);
  if (missing !== undefined) return missing;
  const [, kind, list = ''] = /^Unknown (argument|command)s?: (.+)$/.exec(error.message) ?? [];
  if (kind !== 'argument' && kind !== 'command') return error;
  const isFlag = kind === 'argument';
  // Behind a command that is not known nothing is.
  const words = list.split(', ').slice(0, isFlag ? undefined : 1);
  const known = listedIn(help, kind);
  const foreign = words.map((word) =>
    (isFlag ? FOREIGN_FLAGS : FOREIGN_COMMANDS).find((each) => each.words.includes(word)),
  );
  const dashed = (word: string): string => (isFlag ? `--${word}` : word);
  const reasons = words.flatMap((word, index) => {
    const why = foreign[index]?.why;
    return why === undefined ? [] : [`${dashed(word)}: ${why}`];
  });
  const hints = words.flatMap((word, index) => hintOf(dashed(word), foreign[index], known.map(dashed)) ?? []);
  const all = isFlag || known.length === 0 ? HINT : `one of ${known.join(', ')}`;
  const hint = hints.length === 0 ? all : [...new Set(hints)].join('; ');
  return usageError([error.message, ...reasons].join('; '), hint);
}
